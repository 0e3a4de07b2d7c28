"""Which proxy is chosen, and that requests go through it."""

from __future__ import annotations

import base64

import pytest
import trustme
from relay_server import KEY, HttpProxy, SocksProxy

from sentry_like.transport import proxies

PROXY = "http://proxy.test:3128"


def chosen(scheme="https", host="sentry.test", port=443, *, https=None, http=None, **environ):
    return proxies.choose(scheme, host, port, https_proxy=https, http_proxy=http, environ=environ)


@pytest.mark.parametrize(
    ("scheme", "options", "environ", "expected"),
    [
        pytest.param("https", {}, {}, None, id="nothing"),
        pytest.param("https", {"https": PROXY}, {}, PROXY, id="https option"),
        pytest.param("https", {"http": PROXY}, {}, PROXY, id="http option serves https"),
        pytest.param("http", {"http": PROXY}, {}, PROXY, id="http option serves http"),
        pytest.param("http", {"https": PROXY}, {}, None, id="https option does not serve http"),
        pytest.param("https", {"https": PROXY, "http": "http://other:1"}, {}, PROXY, id="https option first"),
        pytest.param("https", {"https": PROXY}, {"HTTPS_PROXY": "http://env:1"}, PROXY, id="option over env"),
        pytest.param("https", {"https": PROXY}, {"NO_PROXY": "*"}, PROXY, id="option despite NO_PROXY"),
        pytest.param("https", {"https": ""}, {"HTTPS_PROXY": PROXY}, None, id="empty option: none"),
        pytest.param("http", {"http": ""}, {"HTTP_PROXY": PROXY}, None, id="empty http option: none"),
        pytest.param("https", {}, {"HTTPS_PROXY": PROXY}, PROXY, id="env"),
        pytest.param(
            "https", {}, {"https_proxy": PROXY, "HTTPS_PROXY": "http://b:1"}, PROXY, id="lower first"
        ),
        pytest.param("https", {}, {"https_proxy": "", "HTTPS_PROXY": PROXY}, None, id="empty lower: none"),
        pytest.param("https", {}, {"HTTP_PROXY": PROXY}, None, id="HTTP_PROXY does not serve https"),
        pytest.param("http", {}, {"HTTP_PROXY": PROXY}, PROXY, id="HTTP_PROXY"),
        pytest.param("http", {}, {"HTTP_PROXY": PROXY, "REQUEST_METHOD": "GET"}, None, id="CGI's header"),
        pytest.param(
            "http", {}, {"http_proxy": PROXY, "REQUEST_METHOD": "GET"}, PROXY, id="CGI's environment"
        ),
        pytest.param("https", {}, {"ALL_PROXY": PROXY}, PROXY, id="ALL_PROXY"),
        pytest.param("https", {}, {"HTTPS_PROXY": "proxy.test:3128"}, PROXY, id="env without scheme is http"),
        pytest.param("https", {}, {"HTTPS_PROXY": PROXY, "NO_PROXY": "sentry.test"}, None, id="exempt"),
        pytest.param(
            "https", {}, {"HTTPS_PROXY": PROXY, "no_proxy": "other.test"}, PROXY, id="another exempt"
        ),
    ],
)
def test_options_come_before_the_environment(scheme, options, environ, expected):
    assert chosen(scheme, **options, **environ) == expected


@pytest.mark.parametrize("url", ["proxy:3128", "ftp://proxy:21"])
def test_a_proxy_option_without_a_usable_scheme_is_refused_by_name(url):
    with pytest.raises(ValueError, match=r"'http_proxy'.*socks5h"):
        chosen(http=url)


@pytest.mark.parametrize(
    ("host", "no_proxy", "exempt"),
    [
        pytest.param("sentry.test", "", False, id="empty"),
        pytest.param("sentry.test", "*", True, id="star"),
        pytest.param("sentry.test", "sentry.test", True, id="the name"),
        pytest.param("sentry.test", "SENTRY.Test", True, id="case"),
        pytest.param("a.sentry.test", "sentry.test", True, id="below the name"),
        pytest.param("sentry.test", ".sentry.test", True, id="leading dot"),
        pytest.param("a.sentry.test", "*.sentry.test", True, id="star and dot"),
        pytest.param("mysentry.test", "sentry.test", False, id="mere suffix"),
        pytest.param("sentry.test.evil", "sentry.test", False, id="mere prefix"),
        pytest.param("sentry.test", "a, b ,sentry.test", True, id="list with blanks"),
        pytest.param("sentry.test", "a sentry.test", True, id="list of blanks"),
        pytest.param("sentry.test", "sentry.test:8000", True, id="its port"),
        pytest.param("sentry.test", "sentry.test:8001", False, id="another port"),
        pytest.param("sentry.test.", "sentry.test", True, id="root dot"),
        pytest.param("10.1.2.3", "10.1.2.3", True, id="IPv4"),
        pytest.param("10.1.2.3", "10.0.0.0/8", True, id="IPv4 network"),
        pytest.param("11.1.2.3", "10.0.0.0/8", False, id="not in the network"),
        pytest.param("sentry.test", "10.0.0.0/8", False, id="a name is in no network"),
        pytest.param("10.1.2.3", "nonsense/8", False, id="no network"),
        pytest.param("::1", "::1", True, id="IPv6"),
        pytest.param("::1", "[::1]", True, id="IPv6 in brackets"),
        pytest.param("::1", "[::1]:8000", True, id="IPv6 and its port"),
        pytest.param("::1", "[::1]:8001", False, id="IPv6 and another port"),
        pytest.param("fe80::1", "fe80::/10", True, id="IPv6 network"),
        pytest.param("sentry.test", ".", False, id="a lone dot"),
        pytest.param("sentry.test", ",,", False, id="commas"),
    ],
)
def test_no_proxy_names_hosts(host, no_proxy, exempt):
    assert proxies.is_exempt(host, 8000, no_proxy) is exempt


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture(scope="module")
def ca_file(authority, tmp_path_factory):
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


def test_http_goes_through_the_proxy_with_a_whole_url(relay, carry):
    with HttpProxy(relay.port) as proxy:
        carrier = carry(f"http://{KEY}@sentry.test/1", http_proxy=proxy.url)
        carrier.send("one")
        carrier.send("two")
        assert carrier.flush()
    assert relay.messages == ["one", "two"]
    assert relay.connections == 1
    assert proxy.heads[0].startswith(b"POST http://sentry.test/api/1/envelope/ HTTP/1.1\r\n")


def test_https_goes_through_a_tunnel_that_sees_neither_key_nor_event(serve, carry, authority, ca_file):
    relay = serve(tls=authority, host="relay.test")
    with HttpProxy(relay.port) as proxy:
        carrier = carry(relay.dsn, https_proxy=proxy.url, ca_certs=ca_file)
        carrier.send("one")
        carrier.send("two")
        assert carrier.flush()
    assert relay.messages == ["one", "two"]
    assert relay.connections == 1
    (head,) = proxy.heads
    assert head.startswith(f"CONNECT relay.test:{relay.port} HTTP/1.".encode())
    assert KEY.encode() not in head


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_proxy_gets_its_credentials_and_headers_and_the_server_does_not(
    serve, carry, authority, ca_file, scheme
):
    relay = serve(tls=authority if scheme == "https" else None, host="relay.test")
    with HttpProxy(relay.port) as proxy:
        carrier = carry(
            relay.dsn,
            http_proxy=f"http://ann:p%40ss@127.0.0.1:{proxy.port}",
            proxy_headers={"X-Zone": "dmz"},
            ca_certs=ca_file,
        )
        carrier.send()
        assert carrier.flush()
    head = proxy.heads[0].decode().lower()
    assert f"proxy-authorization: basic {base64.b64encode(b'ann:p@ss').decode()}".lower() in head
    assert "x-zone: dmz" in head
    if scheme == "https":
        assert "proxy-authorization" not in relay.requests[0].headers
        assert "x-zone" not in relay.requests[0].headers


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_may_speak_tls_itself(serve, carry, authority, ca_file, scheme):
    relay = serve(tls=authority if scheme == "https" else None, host="relay.test")
    with HttpProxy(relay.port, tls=authority) as proxy:
        carrier = carry(relay.dsn, http_proxy=proxy.url, ca_certs=ca_file)
        carrier.send("one")
        carrier.send("two" * 5000)
        assert carrier.flush()
    assert relay.messages == ["one", "two" * 5000]
    assert len(proxy.heads) == 1


def test_a_variable_that_names_no_usable_proxy_is_left_out_and_said(relay, carry, monkeypatch, capsys):
    monkeypatch.setenv("HTTP_PROXY", "ftp://ann:secret@proxy.test:21")
    carrier = carry(relay.dsn)
    carrier.send()
    assert carrier.flush()
    said = capsys.readouterr().err
    assert "http_proxy" in said
    assert "secret" not in said


@pytest.mark.parametrize("status", [403, 407, 502])
def test_a_proxy_that_refuses_the_tunnel_is_a_network_error(serve, carry, authority, ca_file, status):
    relay = serve(tls=authority)
    with HttpProxy(relay.port, refuse=status) as proxy:
        carrier = carry(relay.dsn, https_proxy=proxy.url, ca_certs=ca_file)
        carrier.send()
        assert not carrier.flush()
    assert relay.requests == []
    assert carrier.lost() == {"network_error": 1}


def test_a_proxy_of_the_environment_is_used_and_no_proxy_heeded(relay, carry, monkeypatch):
    with HttpProxy(relay.port) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        carrier = carry(f"http://{KEY}@sentry.test/1")
        carrier.send("through the proxy")
        assert carrier.flush()
        assert len(proxy.heads) == 1
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        direct = carry(relay.dsn)
        direct.send("directly")
        assert direct.flush()
        assert len(proxy.heads) == 1
    assert relay.messages == ["through the proxy", "directly"]


@pytest.mark.parametrize("login", [None, ("ann", "secret")], ids=["open", "login"])
@pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
def test_socks_is_spoken(serve, carry, authority, ca_file, login, tls):
    relay = serve(tls=authority if tls else None, host="relay.test")
    user, password = login or (None, None)
    with SocksProxy(relay.port, user=user, password=password) as proxy:
        credentials = f"{user}:{password}@" if login else ""
        url = f"socks5h://{credentials}127.0.0.1:{proxy.port}"
        carrier = carry(relay.dsn, http_proxy=url, ca_certs=ca_file)
        carrier.send("one")
        carrier.send("two")
        assert carrier.flush()
    assert relay.messages == ["one", "two"]
    assert proxy.targets == [("relay.test", relay.port)]


def test_socks_with_the_wrong_password_is_a_network_error(relay, carry):
    with SocksProxy(relay.port, user="ann", password="secret") as proxy:
        carrier = carry(relay.dsn, http_proxy=f"socks5://ann:wrong@127.0.0.1:{proxy.port}")
        carrier.send()
        assert not carrier.flush()
    assert carrier.lost() == {"network_error": 1}


def test_a_socks_proxy_needs_its_package(relay, carry, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "socks", None)
    with pytest.raises(ValueError, match=r"PySocks|sentry-like\[socks\]"):
        carry(relay.dsn, http_proxy="socks5://127.0.0.1:1080")


@pytest.mark.parametrize("how", ["drip", "hole"])
def test_a_proxy_that_stalls_is_bounded_in_time(carry, how):
    import time

    from relay_server import BlackHole, DrippingProxy

    with DrippingProxy() if how == "drip" else BlackHole() as proxy:
        url = f"http://127.0.0.1:{proxy.port}"
        carrier = carry(f"https://{KEY}@sentry.test/1", https_proxy=url, transport_timeout=0.4)
        started = time.perf_counter()
        carrier.send()
        assert not carrier.flush()
        assert time.perf_counter() - started < 3
    assert carrier.lost() == {"network_error": 1}
