"""Ids have the layout that servers parse, and those of other clients are read in every spelling."""

from __future__ import annotations

import os
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentry_like.protocol.ids import new_event_id, new_span_id, normalise_event_id

ID = "9ec79c33ec9942ab8353589fcb2e04dc"


def test_an_event_id_is_a_version_4_uuid_without_dashes():
    for _ in range(100):
        event_id = new_event_id()
        parsed = uuid.UUID(hex=event_id)
        assert (parsed.version, parsed.variant, parsed.hex) == (4, uuid.RFC_4122, event_id)


def test_ids_do_not_repeat():
    assert len({new_event_id() for _ in range(1000)} | {new_span_id() for _ in range(1000)}) == 2000


def test_a_span_id_is_16_hex_digits():
    assert len(bytes.fromhex(new_span_id())) == 8


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_child_makes_other_ids():
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, new_event_id().encode())
        os._exit(0)
    mine = new_event_id()
    os.waitpid(child, 0)
    os.close(writing)
    with open(reading, "rb") as pipe:
        assert pipe.read().decode() != mine


SPELLINGS = {
    "plain": ID,
    "capitals": ID.upper(),
    "dashed": str(uuid.UUID(ID)),
    "dashed capitals": str(uuid.UUID(ID)).upper(),
}


@pytest.mark.parametrize("text", SPELLINGS.values(), ids=SPELLINGS)
def test_every_spelling_of_an_id_is_normalised(text):
    assert normalise_event_id(text) == ID


NO_IDS = {
    "empty": "",
    "short": ID[1:],
    "long": ID + "0",
    "not hexadecimal": "g" + ID[1:],
    "dashes elsewhere": "9ec79c33e-c99-42ab-8353-589fcb2e04dc",
    "dashes throughout": "-" * 36,
    "braces": f"{{{uuid.UUID(ID)}}}",
    "spaces": f" {ID[:-2]} ",
    "digits of another script": "\u0661" * 32,
    "letters that lower to two": "\u0130" * 32,
    "bytes": ID.encode(),
    "none": None,
    "number": int(ID, 16),
}


@pytest.mark.parametrize("text", NO_IDS.values(), ids=NO_IDS)
def test_what_is_no_id_is_none(text):
    assert normalise_event_id(text) is None


@given(st.text())
def test_no_text_makes_normalising_raise(text):
    event_id = normalise_event_id(text)
    assert event_id is None or uuid.UUID(event_id).hex == event_id


@given(st.uuids())
def test_any_uuid_normalises_to_its_digits(value):
    assert normalise_event_id(str(value)) == normalise_event_id(value.hex) == value.hex
