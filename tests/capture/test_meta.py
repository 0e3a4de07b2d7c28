"""Notes stand in `_meta` under the path of what they are about."""

from __future__ import annotations

from sentry_like.capture.meta import LEFT_OUT, REPLACED, attach, count, counted, shortened


def test_notes_are_put_beside_those_that_are_there():
    tree = {}
    attach(tree, ("extra",), {"a": REPLACED})
    attach(tree, ("extra",), {"b": LEFT_OUT})
    attach(tree, ("message",), shortened(7, 10, 500))
    assert tree == {
        "extra": {"a": {"": {"rem": [["!config", "s"]]}}, "b": {"": {"rem": [["!limit", "x"]]}}},
        "message": {"": {"rem": [["!limit", "x", 7, 10]], "len": 500}},
    }


def test_attaching_does_not_change_the_notes():
    notes = {"a": REPLACED}
    tree = {}
    attach(tree, ("extra",), notes)
    attach(tree, ("extra",), {"b": LEFT_OUT})
    assert notes == {"a": REPLACED}


def test_attaching_beneath_shared_notes_does_not_change_them():
    tree = {}
    attach(tree, ("request",), {"data": REPLACED})
    attach(tree, ("request", "data", "x"), LEFT_OUT)
    assert tree["request"]["data"] == {**REPLACED, "x": LEFT_OUT}
    assert REPLACED == {"": {"rem": [["!config", "s"]]}}


def test_places_are_counted():
    assert count({}) == 0
    assert count({**counted(20), "a": REPLACED, "b": {"c": LEFT_OUT, "d": counted(5)}}) == 4
