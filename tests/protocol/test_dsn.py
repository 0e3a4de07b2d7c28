"""A DSN is taken apart as the protocol says; what is not one is refused in words that give nothing away."""

from __future__ import annotations

import copy
import pickle
from string import ascii_letters, digits
from traceback import format_exception

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sentry_like.protocol.dsn import BadDsn, Dsn

KEY = "0123456789abcdef0123456789abcdef"
SECRET = "fedcba9876543210fedcba9876543210"

PARSED = {
    "plain": (f"https://{KEY}@example.com/42", ("https", KEY, None, "example.com", 443, "", "42", None)),
    "http": (f"http://{KEY}@example.com/42", ("http", KEY, None, "example.com", 80, "", "42", None)),
    "scheme and host in capitals": (
        f"HTTPS://{KEY}@Example.COM/42",
        ("https", KEY, None, "example.com", 443, "", "42", None),
    ),
    "secret": (
        f"https://{KEY}:{SECRET}@example.com/42",
        ("https", KEY, SECRET, "example.com", 443, "", "42", None),
    ),
    "empty secret": (
        f"https://{KEY}:@example.com/42",
        ("https", KEY, None, "example.com", 443, "", "42", None),
    ),
    "port": (f"https://{KEY}@example.com:8443/42", ("https", KEY, None, "example.com", 8443, "", "42", None)),
    "default port": (
        f"http://{KEY}@example.com:80/42",
        ("http", KEY, None, "example.com", 80, "", "42", None),
    ),
    "the other scheme's port": (
        f"http://{KEY}@example.com:443/42",
        ("http", KEY, None, "example.com", 443, "", "42", None),
    ),
    "path": (
        f"https://{KEY}@example.com/a/b/42",
        ("https", KEY, None, "example.com", 443, "/a/b", "42", None),
    ),
    "numbers in the path": (
        f"https://{KEY}@example.com/1/2/42",
        ("https", KEY, None, "example.com", 443, "/1/2", "42", None),
    ),
    "percent-encoded path": (
        f"https://{KEY}@example.com/a%20b/42",
        ("https", KEY, None, "example.com", 443, "/a%20b", "42", None),
    ),
    "trailing slash": (
        f"https://{KEY}@example.com/42/",
        ("https", KEY, None, "example.com", 443, "", "42", None),
    ),
    "trailing slash after a path": (
        f"https://{KEY}@example.com/a/42/",
        ("https", KEY, None, "example.com", 443, "/a", "42", None),
    ),
    "project zero": (f"https://{KEY}@example.com/0", ("https", KEY, None, "example.com", 443, "", "0", None)),
    "ipv4": (f"http://{KEY}@127.0.0.1:9000/1", ("http", KEY, None, "127.0.0.1", 9000, "", "1", None)),
    "ipv6": (f"http://{KEY}@[::1]/1", ("http", KEY, None, "::1", 80, "", "1", None)),
    "ipv6 with port": (
        f"http://{KEY}@[2001:DB8::7]:9000/1",
        ("http", KEY, None, "2001:db8::7", 9000, "", "1", None),
    ),
    "ipv6 with ipv4": (
        f"http://{KEY}@[::ffff:10.0.0.1]/1",
        ("http", KEY, None, "::ffff:10.0.0.1", 80, "", "1", None),
    ),
    "container name": (
        f"http://{KEY}@sentry_web:9000/1",
        ("http", KEY, None, "sentry_web", 9000, "", "1", None),
    ),
    "international host": (
        f"https://{KEY}@xn--mnchen-3ya.example/1",
        ("https", KEY, None, "xn--mnchen-3ya.example", 443, "", "1", None),
    ),
    "fully qualified host": (
        f"https://{KEY}@example.com./1",
        ("https", KEY, None, "example.com.", 443, "", "1", None),
    ),
    "organisation": (
        f"https://{KEY}@o17.ingest.de.sentry.io/1",
        ("https", KEY, None, "o17.ingest.de.sentry.io", 443, "", "1", "17"),
    ),
    "no organisation in a bare label": (
        f"https://{KEY}@o17/1",
        ("https", KEY, None, "o17", 443, "", "1", None),
    ),
    "no organisation in another label": (
        f"https://{KEY}@x.o17.example/1",
        ("https", KEY, None, "x.o17.example", 443, "", "1", None),
    ),
    "key that is not hexadecimal": (
        "https://public.key_1-2~3@example.com/1",
        ("https", "public.key_1-2~3", None, "example.com", 443, "", "1", None),
    ),
}


@pytest.mark.parametrize(("text", "parts"), PARSED.values(), ids=PARSED)
def test_a_dsn_is_taken_apart(text, parts):
    dsn = Dsn.parse(text)
    names = ("scheme", "public_key", "secret_key", "host", "port", "path", "project_id", "org_id")
    assert tuple(getattr(dsn, name) for name in names) == parts


REFUSED = {
    "empty": ("", "empty"),
    "bytes": (b"https://k@h/1", "must be a str"),
    "none": (None, "must be a str"),
    "number": (42, "must be a str"),
    "list": ([f"https://{KEY}@h/1"], "must be a str"),
    "no scheme": (f"{KEY}@example.com/42", "scheme"),
    "scheme without slashes": (f"https:{KEY}@example.com/42", "scheme"),
    "ftp": (f"ftp://{KEY}@example.com/42", "expected http or https"),
    "threaded scheme of old clients": (f"threaded+https://{KEY}@example.com/42", "expected http or https"),
    "empty scheme": (f"://{KEY}@example.com/42", "expected http or https"),
    "key as scheme": (f"{KEY}://{SECRET}@example.com/42", "expected http or https"),
    "no key": ("https://example.com/42", "no public key"),
    "empty key": ("https://@example.com/42", "no public key"),
    "secret alone": (f"https://:{SECRET}@example.com/42", "no public key"),
    "key in the path": (f"https://example.com/{KEY}@x/42", "no public key"),
    "second key injected": (f"https://{KEY},sentry_key=evil@example.com/42", "public key"),
    "comma in the secret": (f"https://{KEY}:{SECRET},a@example.com/42", "secret key"),
    "equals sign in the key": (f"https://{KEY}=@example.com/42", "public key"),
    "double quote in the key": (f'https://{KEY}"@example.com/42', "public key"),
    "single quote in the key": (f"https://{KEY}'@example.com/42", "public key"),
    "two at signs": (f"https://{KEY}@{SECRET}@example.com/42", "public key"),
    "two secrets": (f"https://{KEY}:{SECRET}:x@example.com/42", "secret key"),
    "no host": (f"https://{KEY}@/42", "no host"),
    "port alone": (f"https://{KEY}@:9000/42", "no host"),
    "host with a space": (f"https://{KEY}@exa mple.com/42", "space"),
    "leading space": (f" https://{KEY}@example.com/42", "space"),
    "trailing newline": (f"https://{KEY}@example.com/42\n", "line break"),
    "header injection": (f"https://{KEY}\r\nX-Evil: 1@example.com/42", "line break"),
    "null": (f"https://{KEY}@example.com/42\0", "control character"),
    "delete": (f"https://{KEY}\x7f@example.com/42", "control character"),
    "tab": (f"https://{KEY}@example.com/\t42", "control character"),
    "surrogate": (f"https://{KEY}@exam\ud800ple.com/42", "ASCII"),
    "international host as it is spoken": (f"https://{KEY}@münchen.example/42", "xn--"),
    "empty label": (f"https://{KEY}@example..com/42", "host"),
    "label that begins with a hyphen": (f"https://{KEY}@-example.com/42", "host"),
    "label of 64": (f"https://{KEY}@{'a' * 64}.com/42", "host"),
    "host of 254": (f"https://{KEY}@{'.'.join(['a' * 50] * 5)[:254]}/42", "host"),
    "backslash": (f"https://{KEY}@example.com\\evil.com/42", "host"),
    "host with a percent": (f"https://{KEY}@example%2ecom/42", "host"),
    "ipv4 out of range": (f"https://{KEY}@256.1.1.1/42", "host"),
    "ipv4 too short": (f"https://{KEY}@127.1/42", "host"),
    "ipv4 as one number": (f"https://{KEY}@2130706433/42", "host"),
    "ipv4 with octal": (f"https://{KEY}@127.0.0.01/42", "host"),
    "ipv6 without brackets": (f"https://{KEY}@2001:db8::7/42", "host|port"),
    "ipv6 not closed": (f"https://{KEY}@[::1/42", "IPv6"),
    "ipv6 with a zone": (f"https://{KEY}@[fe80::1%25eth0]/42", "IPv6"),
    "ipv6 of nine groups": (f"https://{KEY}@[1:2:3:4:5:6:7:8:9]/42", "IPv6"),
    "ipv6 of seven groups": (f"https://{KEY}@[1:2:3:4:5:6:7]/42", "IPv6"),
    "ipv6 with a gap for nothing": (f"https://{KEY}@[1:2:3:4::5:6:7:8]/42", "IPv6"),
    "ipv6 with two gaps": (f"https://{KEY}@[1::2::3]/42", "IPv6"),
    "ipv6 with a long group": (f"https://{KEY}@[::12345]/42", "IPv6"),
    "ipv6 with ipv4 in front": (f"https://{KEY}@[10.0.0.1::]/42", "IPv6"),
    "text after the bracket": (f"https://{KEY}@[::1]x/42", "IPv6"),
    "port zero": (f"https://{KEY}@example.com:0/42", "port"),
    "port too large": (f"https://{KEY}@example.com:65536/42", "port"),
    "port in words": (f"https://{KEY}@example.com:http/42", "port"),
    "negative port": (f"https://{KEY}@example.com:-1/42", "port"),
    "empty port": (f"https://{KEY}@example.com:/42", "port"),
    "empty port after ipv6": (f"https://{KEY}@[::1]:/42", "port"),
    "no project": (f"https://{KEY}@example.com", "no project id"),
    "only a slash": (f"https://{KEY}@example.com/", "no project id"),
    "project in words": (f"https://{KEY}@example.com/project", "project id"),
    "negative project": (f"https://{KEY}@example.com/-42", "project id"),
    "project with a sign": (f"https://{KEY}@example.com/+42", "project id"),
    "project with a fraction": (f"https://{KEY}@example.com/4.2", "project id"),
    "project with an underscore": (f"https://{KEY}@example.com/4_2", "project id"),
    "project of 21 digits": (f"https://{KEY}@example.com/{'1' * 21}", "project id"),
    "project of 5000 digits": (f"https://{KEY}@example.com/{'1' * 5000}", "project id"),
    "query": (f"https://{KEY}@example.com/42?a=b", "query"),
    "fragment": (f"https://{KEY}@example.com/42#a", "fragment"),
    "query before the at sign": (f"https://{KEY}?@example.com/42", "query"),
    "empty segment": (f"https://{KEY}@example.com//42", "path"),
    "two trailing slashes": (f"https://{KEY}@example.com/42//", "no project id"),
    "dots in the path": (f"https://{KEY}@example.com/a/../42", "path"),
    "stray percent": (f"https://{KEY}@example.com/a%2/42", "path"),
    "quote in the path": (f'https://{KEY}@example.com/a"b/42', "path"),
}


@pytest.mark.parametrize(("text", "part"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_a_dsn_is_refused_with_the_part_that_is_wrong(text, part):
    with pytest.raises(BadDsn, match=part):
        Dsn.parse(text)


@pytest.mark.parametrize("text", [text for text, _ in REFUSED.values() if isinstance(text, str)])
def test_a_refusal_repeats_neither_key_nor_secret(text):
    with pytest.raises(BadDsn) as caught:
        Dsn.parse(text)
    said = f"{caught.value} {caught.value!r} {caught.value.__cause__} {caught.value.__context__}"
    assert KEY not in said
    assert SECRET not in said


URLS = {
    "plain": ("https://k@ex.com/42", "https://ex.com/api/42/envelope/"),
    "port and path": ("https://k@ex.com:8443/a/b/42", "https://ex.com:8443/a/b/api/42/envelope/"),
    "default port left out": ("https://k@ex.com:443/42", "https://ex.com/api/42/envelope/"),
    "ipv6": ("http://k@[::1]:9000/42", "http://[::1]:9000/api/42/envelope/"),
    "ipv6 without port": ("http://k@[::1]/42", "http://[::1]/api/42/envelope/"),
    "key and secret left out": ("https://k:s@ex.com/42/", "https://ex.com/api/42/envelope/"),
}


@pytest.mark.parametrize(("text", "url"), URLS.values(), ids=URLS)
def test_envelopes_go_to_the_projects_endpoint(text, url):
    dsn = Dsn.parse(text)
    assert dsn.envelope_url == url
    assert dsn.store_url == url.replace("/envelope/", "/store/")
    assert url.startswith(dsn.origin)


def test_the_auth_header_has_key_version_and_client():
    header = Dsn.parse(f"https://{KEY}@ex.com/42").auth_header("sentry_like.python/1.0")
    assert header == f"Sentry sentry_key={KEY}, sentry_version=7, sentry_client=sentry_like.python/1.0"


def test_the_auth_header_has_the_secret_of_an_old_dsn():
    header = Dsn.parse(f"https://{KEY}:{SECRET}@ex.com/42").auth_header("c/1")
    assert header == f"Sentry sentry_key={KEY}, sentry_version=7, sentry_client=c/1, sentry_secret={SECRET}"


def test_no_text_of_a_dsn_shows_the_secret():
    dsn = Dsn.parse(f"https://{KEY}:{SECRET}@ex.com/a/42")
    assert str(dsn) == f"https://{KEY}@ex.com/a/42"
    assert SECRET not in repr(dsn) + f"{dsn}" + "".join(format_exception(ValueError(dsn)))


def test_equal_dsns_are_one_key_and_another_secret_makes_another():
    text = f"https://{KEY}@ex.com/42"
    assert {Dsn.parse(text), Dsn.parse(f"{text}/"), Dsn.parse(text.replace("ex.com", "EX.com:443"))} == {
        Dsn.parse(text)
    }
    assert Dsn.parse(text) != Dsn.parse(f"https://{KEY}:{SECRET}@ex.com/42")
    assert Dsn.parse(text) != text


def test_a_dsn_does_not_change():
    dsn = Dsn.parse(f"https://{KEY}@ex.com/42")
    with pytest.raises(AttributeError, match="does not change"):
        dsn.host = "evil.example"
    with pytest.raises(AttributeError, match="does not change"):
        del dsn.host
    assert dsn.host == "ex.com"


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda dsn: pickle.loads(pickle.dumps(dsn))])
def test_a_copy_is_equal_and_keeps_the_secret(copied):
    dsn = Dsn.parse(f"https://{KEY}:{SECRET}@o1.ex.com:8443/a/42")
    again = copied(dsn)
    assert again == dsn
    assert (again.secret_key, again.org_id) == (SECRET, "1")


keys = st.text(ascii_letters + digits + "-._~", min_size=1, max_size=40)
labels = st.from_regex(r"[a-z]([a-z0-9_-]{0,20}[a-z0-9])?", fullmatch=True)
hosts = st.one_of(
    st.lists(labels, min_size=1, max_size=4).map(".".join),
    st.ip_addresses(v=4).map(str),
    st.ip_addresses(v=6).map(lambda address: f"[{address}]"),
)
segments = st.text(ascii_letters + digits + "-_~:@!$&'()*+,;=", min_size=1, max_size=8)
ports = st.none() | st.integers(1, 65535)


@given(
    scheme=st.sampled_from(["http", "https"]),
    key=keys,
    secret=st.none() | keys,
    host=hosts,
    port=ports,
    path=st.lists(segments, max_size=3),
    project=st.integers(0, 2**64 - 1).map(str),
)
def test_a_dsn_survives_the_round_trip(scheme, key, secret, host, port, path, project):
    userinfo = key if secret is None else f"{key}:{secret}"
    authority = host if port is None else f"{host}:{port}"
    dsn = Dsn.parse(f"{scheme}://{userinfo}@{authority}/{'/'.join([*path, project])}")
    assert (dsn.scheme, dsn.public_key, dsn.secret_key) == (scheme, key, secret)
    assert (dsn.host, dsn.project_id) == (host.strip("[]"), project)
    assert dsn.port == (port or {"http": 80, "https": 443}[scheme])
    assert dsn.path == "".join(f"/{segment}" for segment in path)
    without_secret = Dsn.parse(str(dsn))
    assert without_secret.envelope_url == dsn.envelope_url
    assert (without_secret == dsn) == (secret is None)


near_dsns = st.text("https:/@ab1.[]%-,=\"' \r\n\0?#\\é\ud800", max_size=40)
nearer_dsns = st.tuples(
    st.sampled_from(["http://", "https://"]), near_dsns, st.sampled_from(["@h/1", "/1", ""])
)


@given(st.one_of(st.text(), near_dsns, nearer_dsns.map("".join), st.binary(), st.none(), st.integers()))
@example("https://[@]/1")
@example("https://k@[::]:/1")
def test_whatever_is_parsed_either_is_a_dsn_or_raises_bad_dsn(text):
    try:
        dsn = Dsn.parse(text)
    except BadDsn:
        return
    told = dsn.envelope_url + dsn.auth_header("c/1").replace(", ", "")
    assert told.isascii()
    assert told.isprintable()
    assert dsn.auth_header("c/1").count(",") == (2 if dsn.secret_key is None else 3)


@given(st.text("abc-,= \n?#", min_size=1).map("k3y".__add__), near_dsns)
def test_no_refusal_repeats_what_stands_in_the_place_of_a_key(key, rest):
    for text in (
        f"https://{key}:{key}@{rest}",
        f"{key}://{rest}",
        f"https://h/{key}@{rest}",
        f"https://{key}",
    ):
        try:
            Dsn.parse(text)
        except BadDsn as error:
            said = str(error)
            assert "k3y" not in said
