from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sentry_relay.processing import StoreNormalizer

from sentry_like.protocol.naming import dist_fault, environment_fault, release_fault

FAULTS = {"release": release_fault, "environment": environment_fault, "dist": dist_fault}
RELAY = StoreNormalizer(project_id=1)

AWKWARD = [
    "",
    ".",
    "..",
    "...",
    "latest",
    "Latest",
    "latest2",
    "none",
    "NONE",
    "null",
    "production",
    "app@1.2.3+build",
    "a b",
    "a/b",
    "a\\b",
    "a\tb",
    "a\nb",
    "a\x00b",
    "a\x7fb",
    "a\x85b",
    "a\u2028b",
    "ü",
    "x" * 64,
    "x" * 65,
    "x" * 200,
    "x" * 201,
    "é" * 32,
    "é" * 33,
    "é" * 100,
    "é" * 101,
]


def relay_keeps(field: str, text: str) -> bool:
    return RELAY.normalize_event({field: text}).get(field) == text


@pytest.mark.parametrize("field", FAULTS)
@pytest.mark.parametrize("text", AWKWARD, ids=ascii)
def test_a_name_is_faultless_exactly_when_the_server_keeps_it(field, text):
    assert (FAULTS[field](text) is None) == relay_keeps(field, text)


@pytest.mark.parametrize("field", FAULTS)
@settings(max_examples=150, deadline=None)
@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=70).map(str.strip))
def test_any_stripped_text_is_judged_as_the_server_judges_it(field, text):
    assert (FAULTS[field](text) is None) == relay_keeps(field, text)


@pytest.mark.parametrize("fault", [release_fault, environment_fault, dist_fault])
def test_a_lone_surrogate_is_a_fault(fault):
    assert fault("a\ud800") is not None
