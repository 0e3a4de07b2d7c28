"""Values become strict JSON within bounds of depth, breadth and size, and `_meta` says what was cut."""

from __future__ import annotations

import copy
import dataclasses
import json
import os
import threading
import time
import types
from collections import ChainMap, OrderedDict, defaultdict, namedtuple

import pytest
from capture_room import caught, raised_among, remarks
from hypothesis import given, settings
from hypothesis import strategies as st

from sentry_like.capture import scrub
from sentry_like.capture.limits import Limits
from sentry_like.capture.scrub import FILTERED, EventScrubber
from sentry_like.capture.serialize import CYCLE, Walk


def bag(value, path=("extra",), *, scrubber=None, depth=5, breadth=10, text=1024, event=200_000):
    walk = Walk(Limits(depth, breadth, text, event), scrubber or EventScrubber())
    return walk.bag(value, path)


def never(*args):
    raise AssertionError("was evaluated")


class S(str):
    __len__ = __getitem__ = __repr__ = __hash__ = None
    __str__ = never


class Items(list):
    __iter__ = __len__ = __getitem__ = never


class Fields(dict):
    __iter__ = __len__ = items = keys = get = never


PLAIN = {
    "text": ("a", "a"),
    "number": (5, 5),
    "float": (1.5, 1.5),
    "nan": (float("nan"), "nan"),
    "infinity": (float("-inf"), "-inf"),
    "none": (None, None),
    "truth": (True, True),
    "large int": (1_763_730_000_123, 1_763_730_000_123),
    "too large int": (2**64, "18446744073709551616"),
    "huge int": (10**5000, "<int of 16610 bits>"),
    "card number": (4111111111111111, FILTERED),
    "bytes": (b"a\xff", "a\ufffd"),
    "str subclass": (S("abc"), "abc"),
    "list": ([1, [2]], [1, [2]]),
    "tuple": ((1, (2,)), [1, [2]]),
    "set": ({1}, [1]),
    "frozenset": (frozenset((1,)), [1]),
    "list subclass": (Items([1, 2]), [1, 2]),
    "dict subclass": (Fields(a=1), {"a": 1}),
    "ordered dict": (OrderedDict(a=1), {"a": 1}),
    "default dict": (defaultdict(list, a=[1]), {"a": [1]}),
    "chain map": (ChainMap({"a": 1}), {"a": 1}),
    "proxy of a dict": (types.MappingProxyType({"a": 1}), {"a": 1}),
    "named tuple": (namedtuple("P", "x, token")(1, "s"), "P(x=1, token=[Filtered])"),
    "odd keys": (
        {1: "a", None: "b", (1, 2): "c", b"k": "d"},
        {"1": "a", "None": "b", "(1, 2)": "c", "b'k'": "d"},
    ),
    "secret": (
        {"password": "hunter2", "x": {"api_key": "k"}},
        {"password": FILTERED, "x": {"api_key": FILTERED}},
    ),
    "pair": ([("password", "hunter2")], [["password", FILTERED]]),
    "pair of bytes": ([(b"cookie", b"hunter2")], [["cookie", FILTERED]]),
    "command line": (["x", "--token", "hunter2"], ["x", "--token", FILTERED]),
    "no secret at all": ({"password": None}, {"password": None}),
}


@pytest.mark.parametrize(("value", "expected"), PLAIN.values(), ids=PLAIN)
def test_value_in_a_bag_is(value, expected, room):
    assert room().extra(value) == expected


QUOTED = {
    "text": ("a", "'a'"),
    "number": (5, "5"),
    "none": (None, "None"),
    "float": (1.5, "1.5"),
    "large int": (1_763_730_000_123, "1763730000123"),
    "card number": (4111111111111111, FILTERED),
    "bytes": (b"a", "b'a'"),
    "list": ([1, "a", 4111111111111111], ["1", "'a'", FILTERED]),
    "dict": ({"a": None, "b": "x", "n": 1.0}, {"a": "None", "b": "'x'", "n": "1.0"}),
    "secret in a dict": ({"a": {"password": "x"}}, {"a": {"password": FILTERED}}),
    "pair": ([("authorization", "x")], [["'authorization'", FILTERED]]),
    "str subclass": (S("abc"), "<unprintable S: TypeError in __repr__>"),
}


@pytest.mark.parametrize(("value", "expected"), QUOTED.values(), ids=QUOTED)
def test_local_variable_is_text(value, expected, room):
    assert room().locals(it=value)["it"] == expected


def test_secret_local_is_replaced_and_noted(room):
    made = room()
    assert made.locals(pwd="hunter2", access_token="x", ok=1, card=4111111111111111)["pwd"] == FILTERED
    event = made.built[-1]
    noted = [path[-1] for path, about in remarks(event).items() if path[-2] == "vars"]
    assert noted == ["pwd", "access_token", "card"]


def test_os_environ_is_read_as_a_mapping(room, monkeypatch):
    monkeypatch.setattr(os, "environ", os.environ)
    monkeypatch.setenv("AAA_SECRET", "hunter2")
    shown = room(max_breadth=1000).extra(os.environ)
    assert shown["AAA_SECRET"] == FILTERED


# -- bounds


def nested(depth):
    value = "bottom"
    for _ in range(depth):
        value = {"d": value}
    return value


def test_depth_is_bounded_and_noted(room):
    made = room()
    shown = made.extra(nested(9))
    assert shown["d"]["d"]["d"]["d"]["d"] == "{'d': {'d': {...}}}"
    assert remarks(made.built[-1]) == {("extra", "it", *"ddddd"): {"rem": [["!limit", "x"]]}}


def test_depth_of_locals_is_three(room):
    assert room().locals(it=nested(9))["it"]["d"]["d"]["d"] == "{'d': {'d': {...}}}"


@pytest.mark.parametrize("value", [list(range(50)), {str(i): i for i in range(50)}], ids=["list", "dict"])
def test_breadth_is_bounded_and_noted(value, room):
    made = room()
    assert len(made.extra(value)) == 10
    assert remarks(made.built[-1]) == {("extra", "it"): {"len": 50}}


def test_breadth_does_not_cut_the_entries_of_extra_nor_contexts_nor_user(room):
    many = {f"k{i}": i for i in range(40)}
    event = room().bags(extra=many, contexts={"a": many}, user={"id": 1, **many})
    assert event["extra"] == many
    assert event["contexts"]["a"] == many
    assert len(event["user"]) == 41


def test_long_text_is_cut_and_noted(room):
    made = room()
    assert made.extra("x" * 5000) == "x" * 1021 + "..."
    assert remarks(made.built[-1]) == {("extra", "it"): {"rem": [["!limit", "x", 1021, 1024]], "len": 5000}}


def test_long_key_is_cut(room):
    assert list(room().extra({"k" * 500: 1})) == ["k" * 197 + "..."]


def test_secret_in_a_key_is_replaced(room):
    assert room().extra({"4111111111111111": 1}) == {FILTERED: 1}


def test_smallest_limits_still_give_an_event(room):
    event = room(max_value_length=1, max_depth=1, max_breadth=1).bags(
        extra={"a": ["bcd", 1], "e": {"f": "g"}}
    )
    assert event["extra"]["a"] == ["..."]


def test_cycles_end(room):
    value = {"a": 1}
    value["self"] = value
    value["list"] = [value]
    assert room().extra(value) == {"a": 1, "self": CYCLE, "list": [CYCLE]}


def test_value_seen_twice_is_shown_twice_with_its_notes(room):
    shared = {"password": "hunter2", "long": list(range(20))}
    made = room()
    shown = made.extra({"a": shared, "b": shared})
    assert shown["a"] == shown["b"]
    noted = remarks(made.built[-1])
    for place in ("a", "b"):
        assert noted["extra", "it", place, "long"] == {"len": 20}
        assert noted["extra", "it", place, "password"] == {"rem": [["!config", "s"]]}


def test_local_seen_in_two_frames_is_noted_in_both(room):
    shared = {"token": "hunter2", "long": list(range(20))}

    def inner(it):
        raise ValueError

    def outer(it):
        inner(it)

    made = room()
    frames = made.exception(caught(outer, shared))["exception"]["values"][0]["stacktrace"]["frames"]
    assert frames[1]["vars"]["it"] == frames[2]["vars"]["it"]
    noted = remarks(made.built[-1])
    for place in ("1", "2"):
        path = ("exception", "values", "0", "stacktrace", "frames", place, "vars", "it")
        assert noted[(*path, "token")] == {"rem": [["!config", "s"]]}
        assert noted[(*path, "long")] == {"len": 20}


def test_nothing_is_noted_of_what_a_replaced_value_held(room):
    made = room()
    assert made.extra(["password", {"long": list(range(20)), "token": "x"}]) == ["password", FILTERED]
    assert remarks(made.built[-1]) == {("extra", "it", "1"): {"rem": [["!config", "s"]]}}


def test_value_cut_for_its_depth_is_followed_where_it_stands_higher(room):
    shared = nested(4)
    shown = room().extra({"deep": [[[shared]]], "flat": shared})
    assert shown["flat"] == shared


def test_local_is_shown_as_text_and_the_same_object_in_extra_as_data(room):
    shared = {"n": 1, "s": "x"}
    event = room().exception(raised_among({"it": shared}), extra={"it": shared})
    assert event["exception"]["values"][0]["stacktrace"]["frames"][-1]["vars"]["it"] == {"n": "1", "s": "'x'"}
    assert event["extra"]["it"] == shared


def test_extra_stays_a_mapping_when_the_frames_have_used_up_the_room(room):
    fat = {f"v{i}": "x" * 1000 for i in range(300)}
    event = room(max_event_bytes=10_000).exception(
        raised_among(fat), extra={"a": 1}, contexts={"c": {"b": 2}}
    )
    assert event["extra"] == {"a": 1}
    assert event["contexts"] == {"c": {"b": 2}}


def test_frames_room_keeps_every_name(room):
    shown = room().locals(**{f"v{i:03}": "x" * 600 for i in range(80)}, n=5)
    assert len([name for name in shown if name[0] == "v"]) == 80
    assert shown["v000"] == repr("x" * 600)
    assert shown["v079"] == "<str of 600>"
    assert shown["n"] == "5"


def test_card_number_among_locals_does_not_pass_once_the_room_is_used_up(room):
    shown = room().locals(**{f"v{i}": "x" * 1000 for i in range(9)}, order=4111111111111111, n=10**15)
    assert (shown["order"], shown["n"]) == (FILTERED, "1000000000000000")


def test_one_fat_local_does_not_exceed_the_frames_room(room):
    fat = {str(i): {str(j): ["x" * 900] * 10 for j in range(10)} for i in range(10)}
    assert len(json.dumps(room().locals(it=fat))) < 6000


@pytest.mark.parametrize(
    "value",
    ["x" * 10**8, b"x" * 10**8, ["x" * 10**8], {"a": {"b": "x" * 10**8}}, S("x" * 10**8)],
    ids=["text", "bytes", "list", "dict", "subclass"],
)
def test_100_megabytes_stay_cheap(value, room):
    made = room()
    start = time.perf_counter()
    made.extra(value)
    made.locals(it=value)
    assert time.perf_counter() - start < 0.1


def test_non_ascii_text_counts_its_bytes(room):
    event = room(max_event_bytes=10_000, max_breadth=1000).bags(extra={"it": ["ж" * 500] * 100})
    assert len(json.dumps(event["extra"], ensure_ascii=False).encode()) < 25_000


# -- names


def test_only_the_top_level_is_judged_by_name_without_recursion(room):
    made = room(event_scrubber=EventScrubber(recursive=False))
    event = made.bags(
        extra={"password": "x", "a": {"password": "kept"}},
        contexts={"c": {"password": "x", "a": {"password": "kept"}}},
        request={"headers": {"cookie": "x"}, "data": {"a": {"password": "kept"}}},
    )
    assert event["extra"] == {"password": FILTERED, "a": {"password": "kept"}}
    assert event["contexts"] == {"c": {"password": FILTERED, "a": {"password": "kept"}}}
    assert event["request"] == {"headers": {"cookie": FILTERED}, "data": {"a": {"password": "kept"}}}
    shown = made.locals(password="x", it={"password": "kept"})
    assert (shown["password"], shown["it"]) == (FILTERED, {"password": "'kept'"})


def test_names_of_contexts_are_no_secrets(room):
    assert room().bags(contexts={"session": {"ok": 1, "token": "x"}})["contexts"] == {
        "session": {"ok": 1, "token": FILTERED}
    }


def test_nothing_of_the_application_is_edited(room):
    @dataclasses.dataclass
    class Thing:
        password: str
        more: dict

    value = {"password": "x", "list": ["token=hunter2", {"api_key": "k"}], "t": Thing("p", {"secret": 1})}
    before = copy.deepcopy(value)
    made = room()
    made.extra(value)
    made.locals(it=value)
    assert value == before


# -- what was found clean before

TEXTS = {
    "plain": "north",
    "quotes": 'it\'s "so"',
    "not ASCII": "жук",
    "lone surrogate": "\ud800",
    "long": "x" * 300,
    "secret": "token=hunter2",
    "card": "4111 1111 1111 1111",
    "empty": "",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_text_is_shown_the_same_when_it_comes_again(text, room):
    made = room()
    values = {"it": text, "list": [text, {"k": text}]}
    first, second, third = (made.locals(**values) for _ in range(3))
    assert first == second == third
    assert "hunter2" not in str(third)
    assert "4111" not in str(third)


def test_texts_found_clean_are_remembered_within_bounds(room, monkeypatch):
    monkeypatch.setattr(scrub, "QUOTES_BOUND", 20)
    made = room()
    for number in range(50):
        shown = made.locals(a=f"text {number}", b="x" * 101 + str(number), c=f"token=hunter{number}", d="ж")
        assert shown["a"] == f"'text {number}'"
    known = made.capture.scrubber.quotes
    assert 0 < len(known) <= 20
    assert set(known) <= {f"text {number}" for number in range(50)}


def test_text_found_clean_is_cut_where_less_is_wanted(room):
    scrubber = EventScrubber()
    for limit in (1024, 20):
        made = room(event_scrubber=scrubber, max_value_length=limit)
        for _ in range(2):
            shown = made.locals(it="y" * 60, list=["y" * 60])
    assert shown == {"it": "'" + "y" * 17 + "...'", "list": ["'" + "y" * 17 + "...'"]}


# -- hostile


class Raising(dict):
    __getitem__ = __iter__ = __len__ = __contains__ = items = keys = values = get = never


def test_container_that_changes_meanwhile_is_read_as_far_as_it_goes(room):
    growing = {}

    class Grows:
        def __repr__(self):
            growing[len(growing)] = 1
            return "grows"

    growing.update({f"a{i}": Grows() for i in range(5)})
    assert room().extra(growing)["a0"] == "grows"


def test_dict_that_another_thread_changes_does_not_raise(room):
    shared, stop = {}, threading.Event()

    def churn():
        i = 0
        while not stop.is_set():
            shared[i % 50] = i
            shared.pop((i + 25) % 50, None)
            i += 1

    thread = threading.Thread(target=churn)
    thread.start()
    made = room()
    try:
        for _ in range(300):
            assert isinstance(made.extra(shared), dict)
    finally:
        stop.set()
        thread.join()


def test_class_that_cannot_be_hashed_is_text(room):
    kind = type("Meta", (type,), {"__hash__": None, "__eq__": lambda a, b: True})(
        "K", (), {"__repr__": lambda s: "k"}
    )
    assert room().extra(kind()) == "k"
    assert room().locals(it=[kind()])["it"] == ["k"]


def test_foreign_mapping_that_raises_is_text(room):
    class Map(dict):
        pass

    chain = ChainMap(Map())
    chain.maps = 5
    assert "unprintable" in room().extra(chain)


ODD = ["x" * 3000, "\ud800", 10**4400, object(), S("s"), Items([1]), Raising(a=1), print]


@dataclasses.dataclass(frozen=True)
class Odd:
    """Stands for one of `ODD` while hypothesis has it in its hands, which must be able to print it."""

    place: int


JSON_LIKE = st.recursive(
    st.one_of(
        *(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=30), st.binary(max_size=20)),
        st.builds(Odd, st.integers(0, len(ODD) - 1)),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=14),
        st.tuples(inner, inner),
        st.dictionaries(st.one_of(st.text(max_size=8), st.integers(), st.none()), inner, max_size=14),
    ),
    max_leaves=40,
)


def planted(value):
    """The same data with the odd things in it."""
    if isinstance(value, Odd):
        return ODD[value.place]
    if isinstance(value, dict):
        return {key: planted(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(planted(item) for item in value)
    return value


def depth_of(value):
    if isinstance(value, dict):
        return 1 + max(map(depth_of, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(depth_of, value), default=0)
    return 0


def widths_of(value):
    if isinstance(value, (dict, list)):
        yield len(value)
        for item in value.values() if isinstance(value, dict) else value:
            yield from widths_of(item)


@settings(max_examples=200, deadline=None)
@given(JSON_LIKE, st.integers(1, 5), st.integers(1, 12))
def test_anything_becomes_bounded_strict_json(value, depth, breadth):
    made = bag({"it": planted(value)}, depth=depth, breadth=breadth, text=100)
    json.dumps(made, allow_nan=False)
    assert depth_of(made) <= depth + 1
    assert all(width <= breadth for width in widths_of(made["it"]))


@settings(max_examples=60, deadline=None)
@given(JSON_LIKE, st.integers(200, 4000))
def test_size_is_bounded(value, event):
    made = bag({"it": [planted(value)] * 5}, text=100, event=event, breadth=1000)
    assert len(json.dumps(made)) < 16 * event + 3000
