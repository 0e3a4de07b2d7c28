"""Crumbs are sent in the protocol's form, whatever was handed in, and without secrets."""

from __future__ import annotations

import copy
import json
from datetime import datetime, timezone

import pytest

from sentry_like.capture.crumbs import make_lasting
from sentry_like.capture.scrub import FILTERED

NOW = 1_763_730_000.5
AS_TEXT = "2025-11-21T13:00:00.500000Z"


def raises(*args):
    raise SystemExit


class Unhashable(type):
    """The metaclass of classes that cannot be looked up in a set."""

    __hash__ = None


class Hostile(metaclass=Unhashable):
    __str__ = __repr__ = __bool__ = __eq__ = __len__ = isoformat = timestamp = raises
    __hash__ = None


def test_crumb_keeps_what_the_protocol_knows(room):
    given = {
        "timestamp": NOW,
        "type": "http",
        "category": "httplib",
        "level": "info",
        "message": "m",
        "data": {"status_code": 200},
        "event_id": "9ec79c33ec9942ab8353589fcb2e04dc",
        "origin": "auto",
    }
    assert room().crumb(**given) == {**given, "timestamp": AS_TEXT}


def test_type_has_a_default(room):
    assert room().crumb(message="m", timestamp=NOW)["type"] == "default"
    assert room().crumb(message="m", timestamp=NOW, type="")["type"] == "default"


def test_unknown_fields_join_the_data(room):
    assert room().crumb(timestamp=NOW, status=5, data={"a": 1})["data"] == {"a": 1, "status": 5}


@pytest.mark.parametrize(
    ("data", "expected"), [("x", {"value": "x"}), ([1], {"value": [1]}), (5, {"value": 5})]
)
def test_data_that_is_no_mapping_becomes_one(data, expected, room):
    assert room().crumb(timestamp=NOW, data=data)["data"] == expected


@pytest.mark.parametrize("data", [None, {}], ids=["none", "empty"])
def test_no_data_is_left_out(data, room):
    assert "data" not in room().crumb(timestamp=NOW, data=data)


LEVELS = {
    "fatal": "fatal",
    "critical": "fatal",
    "WARN": "warning",
    "Error": "error",
    "debug": "debug",
    "loud": None,
}


@pytest.mark.parametrize(("level", "expected"), [*LEVELS.items(), (5, None), ([], None), (Hostile(), None)])
def test_level_is_one_that_the_server_knows(level, expected, room):
    assert room().crumb(timestamp=NOW, level=level).get("level") == expected


STAMPS = {
    "seconds": (NOW, AS_TEXT),
    "whole seconds": (1_763_730_000, "2025-11-21T13:00:00.000000Z"),
    "aware": (datetime(2025, 11, 21, 13, tzinfo=timezone.utc), "2025-11-21T13:00:00+00:00"),
    "naive": (datetime(2025, 11, 21, 13), "2025-11-21T13:00:00"),
    "text": (AS_TEXT, AS_TEXT),
    "nan": (float("nan"), None),
    "out of range": (1e30, None),
    "none": (None, None),
    "hostile": (Hostile(), None),
}


@pytest.mark.parametrize(("stamp", "expected"), STAMPS.values(), ids=STAMPS)
def test_timestamp_is_rfc_3339_or_left_out(stamp, expected, room):
    assert room().crumb(message="m", timestamp=stamp).get("timestamp") == expected


@pytest.mark.parametrize(
    "field", ["type", "category", "level", "message", "data", "event_id", "origin", "other"]
)
def test_hostile_value_is_survived(field, room):
    made = room()
    crumb = made.capture.start().breadcrumb({"timestamp": NOW, field: Hostile()})
    json.dumps(crumb)


def test_message_that_is_no_text_is_told_as_text(room):
    assert room().crumb(timestamp=NOW, message=ValueError("x"))["message"] == "x"
    assert room().crumb(timestamp=NOW, message=5)["message"] == "5"


def test_secrets_are_replaced(room):
    crumb = room().crumb(
        timestamp=NOW,
        message="GET https://bob:hunter2@h/?token=hunter2",
        data={
            "password": "hunter2",
            "url": "/?token=hunter2",
            "argv": ["--password", "hunter2"],
            "n": {"pwd": "hunter2"},
        },
    )
    assert "hunter2" not in json.dumps(crumb)
    assert crumb["data"]["password"] == FILTERED
    assert crumb["data"]["url"] == "/?token=[Filtered]"


def test_the_applications_data_is_not_edited(room):
    data = {"password": "hunter2", "list": [{"token": "x"}]}
    before = copy.deepcopy(data)
    room().crumb(timestamp=NOW, data=data)
    assert data == before


def test_crumb_is_small_whatever_it_is_given(room):
    data = {f"k{i}": {f"j{j}": ["x" * 2000] * 20 for j in range(20)} for i in range(20)}
    crumb = room().crumb(timestamp=NOW, message="m" * 100_000, category="c" * 1000, data=data)
    assert len(crumb["category"]) == 128
    assert len(json.dumps(crumb)) < 8000


def test_each_crumb_has_its_own_room(room):
    cleaning = room().capture.start()
    crumbs = [cleaning.breadcrumb({"timestamp": NOW, "message": "m" * 900}) for _ in range(50)]
    assert {crumb["message"] for crumb in crumbs} == {"m" * 900}


def test_depth_of_data_is_three(room):
    crumb = room().crumb(timestamp=NOW, data={"k": {"a": {"b": {"c": {"d": 1}}}}})
    assert crumb["data"]["k"]["a"]["b"]["c"] == "{'d': 1}"


# -- while it waits


def test_texts_are_shortened_whatever_field_they_are_in():
    crumb = {"message": "x" * 10**6, "other": "y" * 10**6, "level": "info", "data": {"a": 1}}
    make_lasting(crumb)
    assert {name: len(value) for name, value in crumb.items()} == {
        "message": 8192,
        "other": 8192,
        "level": 4,
        "data": 1,
    }


@pytest.mark.parametrize(
    ("value", "lasting"),
    [
        ("a", True),
        (1.5, True),
        (5, True),
        (None, True),
        ({"a": 1, "b": "text", "c": None}, True),
        ({"a": []}, False),
        ({"a": "x" * 200}, False),
        (dict.fromkeys(range(21)), False),
        ([], False),
        (object(), False),
        (Hostile(), False),
    ],
    ids=[
        "text",
        "float",
        "int",
        "none",
        "flat dict",
        "nested dict",
        "long text",
        "large dict",
        "list",
        "object",
        "hostile",
    ],
)
def test_crumb_lasts_if_nobody_can_change_it(value, lasting):
    assert make_lasting({"message": "m", "other": value}) is lasting


def test_flat_data_is_a_snapshot():
    data = {"a": 1}
    crumb = {"message": "m", "data": data}
    make_lasting(crumb)
    data["a"] = 2
    assert crumb["data"] == {"a": 1}
