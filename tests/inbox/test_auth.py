from __future__ import annotations

import pytest

from sentry_like.inbox.auth import key_of_dsn, named_keys, only_key, read_auth_header
from sentry_like.inbox.refusal import Refused


def named(*auth: str, authorization: str | None = None, query=()):
    return named_keys(auth, [] if authorization is None else [authorization], query)


@pytest.mark.parametrize(
    "value",
    [
        "Sentry sentry_key=abc, sentry_version=7",
        "Sentry sentry_version=7,sentry_key=abc",
        "sentry  sentry_key = abc ,sentry_version= 7,",
        'Sentry sentry_key="abc", sentry_version="7"',
    ],
    ids=["usual", "other order, no spaces", "odd spaces", "quotes"],
)
def test_the_auth_header_is_read_in_any_order_and_spacing(value):
    assert read_auth_header(value) == {"sentry_key": "abc", "sentry_version": "7"}


@pytest.mark.parametrize(
    "value", ["", "Bearer abc", "Sentry", "Sentry ,", "Sentry abc", "Sentrysentry_key=abc"]
)
def test_a_malformed_auth_header_is_refused(value):
    with pytest.raises(Refused) as refused:
        named(value)
    assert refused.value.status == 401


def test_a_key_is_found_in_each_place():
    assert named("Sentry sentry_key=a") == {"a"}
    assert named(authorization="Sentry sentry_key=b") == {"b"}
    assert named(query=[("sentry_key", "c"), ("other", "x")]) == {"c"}
    assert key_of_dsn("https://d@host/1") == "d"


def test_an_authorization_for_somebody_else_is_passed_over():
    assert named(authorization="Basic YTpi") == frozenset()


def test_the_same_key_in_two_places_is_one_key():
    assert only_key(named("Sentry sentry_key=a", query=[("sentry_key", "a")])) == "a"


def test_several_different_keys_are_refused():
    with pytest.raises(Refused) as refused:
        only_key(["a", "b"])
    assert refused.value.status == 401


def test_no_key_is_refused():
    with pytest.raises(Refused) as refused:
        only_key([])
    assert refused.value.status == 401


@pytest.mark.parametrize("key", ["a b", "ä", "a\x1b[m", "x" * 129, "a:b"])
def test_a_key_that_no_dsn_can_have_is_refused_and_not_repeated(key):
    with pytest.raises(Refused) as refused:
        only_key([key])
    assert refused.value.status == 400
    assert key not in refused.value.detail


@pytest.mark.parametrize("version", ["8", "1", "x", "", "7.5", "-7", "99999999999999999999"])
def test_a_version_that_does_not_exist_is_refused(version):
    with pytest.raises(Refused) as refused:
        named(query=[("sentry_version", version)])
    assert refused.value.status == 400


@pytest.mark.parametrize("version", ["7", "7.0", "5"])
def test_the_versions_that_exist_are_accepted(version):
    assert named(f"Sentry sentry_key=a, sentry_version={version}") == {"a"}


@pytest.mark.parametrize("dsn", ["", "nonsense", 5, None, {"a": 1}, "https://host/1"])
def test_a_useless_dsn_in_the_envelope_is_refused(dsn):
    with pytest.raises(Refused) as refused:
        key_of_dsn(dsn)
    assert refused.value.status == 401
