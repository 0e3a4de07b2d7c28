"""What is encoded is JSON that a strict server takes, whatever it is made of."""

from __future__ import annotations

import datetime
import decimal
import enum
import fractions
import json
import pathlib
import time
import uuid
from collections import OrderedDict, defaultdict, deque, namedtuple
from itertools import repeat
from types import MappingProxyType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentry_like.protocol.jsontext import MAX_DEPTH, MAX_VALUES, decode, encode

UTC = datetime.timezone.utc


def strict(data: bytes) -> object:
    """What a strict parser makes of it; fails for NaN, lone surrogates and bytes that are not UTF-8."""
    text = data.decode("utf-8")
    value = json.loads(text, parse_constant=pytest.fail)
    json.dumps(value, ensure_ascii=False).encode("utf-8")
    return value


class Red(enum.Enum):
    RED = 1


class Size(enum.IntEnum):
    LARGE = 3


class Word(str):
    __slots__ = ()

    def __str__(self):
        raise AssertionError("foreign code ran")


class Number(int):
    def __int__(self):
        raise AssertionError("foreign code ran")

    __repr__ = __index__ = __le__ = __ge__ = __int__


class Real(float):
    def __float__(self):
        raise AssertionError("foreign code ran")

    __repr__ = __sub__ = __eq__ = __float__
    __hash__ = None


Point = namedtuple("Point", "x y")

TEXT = {
    "compact": ({"a": [1, 2.5, None, True]}, '{"a":[1,2.5,null,true]}'),
    "non-ascii": ("žluť \U0001f40e", '"žluť \U0001f40e"'),
    "control characters": ("a\n\r\t\0\x1f", '"a\\n\\r\\t\\u0000\\u001f"'),
    "line separator": ("\u2028", '"\u2028"'),
    "nan": ([float("nan"), float("inf"), -float("inf")], '["nan","inf","-inf"]'),
    "largest integer that is kept": (2**64 - 1, "18446744073709551615"),
    "integer too large": ({"a": 2**64}, '{"a":"18446744073709551616"}'),
    "smallest integer that is kept": (-(2**63), "-9223372036854775808"),
    "integer too small": ([-(2**63) - 1], '["-9223372036854775809"]'),
    "integer beyond a double": ([10**400], '["<int of 1329 bits>"]'),
    "integer that cannot be printed": ({"a": 10**5000}, '{"a":"<int of 16610 bits>"}'),
    "many digits in a string": (["1" * 30, 1.5], f'["{"1" * 30}",1.5]'),
    "nanoseconds": (time.time_ns() // 10**18 * 10**18, str(time.time_ns() // 10**18 * 10**18)),
    "lone surrogate": ({"\udc80": "a\ud800"}, '{"\ufffd":"a\ufffd"}'),
    "surrogate before a quote": (["\ud800", "b"], '["\ufffd","b"]'),
    "surrogate pair": ("\ud83d\ude00", '"\U0001f600"'),
    "bytes": ({b"k": b"caf\xc3\xa9 \xff"}, '{"k":"café \ufffd"}'),
    "bytearray and memoryview": ([bytearray(b"a"), memoryview(b"b")], '["a","b"]'),
    "tuple": ((1, (2,)), "[1,[2]]"),
    "named tuple": (Point(1, 2), "[1,2]"),
    "set": ([{1}, frozenset("a")], '[[1],["a"]]'),
    "ordered and default dict": ([OrderedDict(a=1), defaultdict(list, b=2)], '[{"a":1},{"b":2}]'),
    "keys of scalars": ({1: 1, None: 2, 2.5: 3, "x": 4}, '{"1":1,"null":2,"2.5":3,"x":4}'),
    "key true": ({True: 1}, '{"true":1}'),
    "key nan": ({float("nan"): 1}, '{"nan":1}'),
    "key tuple": ({("a", 1): 1}, '{"[\\"a\\",1]":1}'),
    "key huge": ({10**5000: 1}, '{"<int of 16610 bits>":1}'),
    "key with its own type": ({Red.RED: 1}, '{"Red.RED":1}'),
    "datetime": (
        [datetime.datetime(2026, 1, 2, 3, 4, 5, 678901, UTC)],
        '["2026-01-02T03:04:05.678901+00:00"]',
    ),
    "date": ([datetime.date(2026, 1, 2)], '["2026-01-02"]'),
    "time": ([datetime.time(3, 4)], '["03:04:00"]'),
    "timedelta": ([datetime.timedelta(1)], '["1 day, 0:00:00"]'),
    "decimal": ([decimal.Decimal("1.50"), decimal.Decimal("NaN")], '["1.50","NaN"]'),
    "fraction": ([fractions.Fraction(1, 3)], '["1/3"]'),
    "uuid": ([uuid.UUID(int=1)], '["00000000-0000-0000-0000-000000000001"]'),
    "path": ([pathlib.PurePosixPath("/a/b")], '["/a/b"]'),
    "enum": ([Red.RED], '["Red.RED"]'),
    "int enum": ([Size.LARGE], "[3]"),
    "class": ([int], "[\"<class 'int'>\"]"),
    "subclasses are read as their base": ([Word("w"), Number(7), Real(1.5), {}], '["w",7,1.5,{}]'),
    "subclasses beside something odd": ([Word("w"), Number(7), Real(1.5), {1}], '["w",7,1.5,[1]]'),
}


@pytest.mark.parametrize(("value", "text"), TEXT.values(), ids=TEXT)
def test_a_value_is_encoded(value, text):
    assert encode(value).decode() == text


def test_an_unknown_object_is_named():
    assert "test_jsontext.test_an_unknown_object_is_named.<locals>.Thing object at" in str(
        strict(encode(Thing()))
    )


class Thing:
    __qualname__ = "test_an_unknown_object_is_named.<locals>.Thing"


class Hostile:
    """Whoever looks at it is punished."""

    def _fail(self, *_):
        raise RuntimeError("foreign code ran")

    __repr__ = __str__ = __iter__ = __len__ = __bool__ = __eq__ = __int__ = __float__ = __getattr__ = _fail
    __class__ = property(_fail)

    def __hash__(self):
        return 1


class Broken:
    """Its text cannot be had, but the tools of the tests can look at it."""

    def __repr__(self):
        raise ZeroDivisionError

    __str__ = __iter__ = __len__ = __repr__


def test_no_code_of_an_unknown_object_runs():
    assert "Hostile object" in encode({"a": [Hostile()], Hostile(): 1}).decode()


def test_a_proxy_that_claims_to_be_a_dict_is_not_read_as_one():
    class Proxy:
        __class__ = dict

    assert "Proxy object" in encode([Proxy()]).decode()


def test_lazy_and_one_way_things_are_not_consumed():
    numbers = (number for number in range(3))
    lines = iter([1, 2])
    text = encode({"a": numbers, "b": lines, "c": deque([1]), "d": MappingProxyType({})}).decode()
    assert "generator object" in text
    assert (list(numbers), list(lines)) == ([0, 1, 2], [1, 2])


def test_a_standard_value_whose_own_text_fails_is_named():
    class Broken(datetime.tzinfo):
        def utcoffset(self, moment):
            raise ZeroDivisionError

    assert "datetime object" in encode([datetime.datetime(2026, 1, 1, tzinfo=Broken())]).decode()


def test_a_container_whose_own_methods_fail_is_read_without_them():
    class Dict(dict):
        def items(self):
            raise ZeroDivisionError

        __iter__ = keys = values = items

    class List(list):
        def __iter__(self):
            return repeat("foreign code ran, and would for ever")

    assert encode([Dict(a=List([1]))]) == b'[{"a":[1]}]'


def test_a_released_memoryview_is_named():
    view = memoryview(b"x")
    view.release()
    assert encode([view]) == b'["<released memoryview>"]'


def test_a_cycle_is_cut_where_it_closes():
    inner: dict[str, object] = {"x": 1}
    inner["self"] = [inner]
    assert encode({"a": inner, "b": inner}).decode().count('{"x":1,"self":["<cyclic>"]}') == 2


def crowd() -> list[object]:
    """Lists that each hold all of them: the ways through are without number."""
    lists: list[list[object]] = [[] for _ in range(12)]
    for one in lists:
        one.extend(lists)
    return [lists[0]]


def doubled() -> list[object]:
    """A list that holds another twice, and so on: 2 to the power of 90 values, though none is in itself."""
    value: list[object] = []
    for _ in range(90):
        value = [value, value]
    return value


@pytest.mark.parametrize("endless", [crowd, doubled])
def test_what_repeats_itself_without_end_is_cut(endless):
    encoded = encode(endless())
    assert f'"<more than {MAX_VALUES} values>"'.encode() in encoded
    assert len(encoded) < 100 * MAX_VALUES


def nested(levels: int, kind: type = list) -> object:
    value: object = "core"
    for _ in range(levels):
        value = {"k": value} if kind is dict else kind([value])
    return value


@pytest.mark.parametrize("kind", [list, dict, tuple])
def test_nesting_is_kept_up_to_the_limit(kind):
    assert b'"core"' in encode(nested(MAX_DEPTH, kind))


@pytest.mark.parametrize("kind", [list, dict, tuple])
@pytest.mark.parametrize("levels", [MAX_DEPTH + 1, 400, 5000])
def test_nesting_beyond_the_limit_is_cut(kind, levels):
    encoded = encode(nested(levels, kind))
    assert f'"<nested deeper than {MAX_DEPTH} levels>"'.encode() in encoded
    assert encoded.count(b"[") + encoded.count(b"{") == MAX_DEPTH


def test_only_the_deep_branch_is_cut():
    value = strict(encode({"shallow": [1, {"a": 2}], "deep": nested(500)}))
    assert value["shallow"] == [1, {"a": 2}]


def test_the_value_itself_is_left_alone():
    value = {"a": {1, 2}, "b": [b"x", float("nan")], "c": "\ud800"}
    encode(value)
    assert value["a"] == {1, 2}
    assert value["b"][0] == b"x"
    assert value["c"] == "\ud800"


def test_a_strict_server_takes_what_was_hostile():
    processing = pytest.importorskip("sentry_relay.processing")
    hostile = {
        "deep": nested(500),
        "int": 10**400,
        "s": "\ud800",
        "nan": float("inf"),
        "b": b"\xff",
        "o": object(),
    }
    event = {"timestamp": time.time(), "platform": "python", "message": "x", "extra": hostile}
    kept = processing.StoreNormalizer().normalize_event(raw_event=encode(event).decode())
    assert set(kept["extra"]) == set(hostile)
    assert not kept.get("errors")


json_scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
)
json_values = st.recursive(
    json_scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4)
    ),
    max_leaves=15,
)


@given(json_values)
def test_a_plain_value_is_encoded_as_the_standard_library_does_and_read_back(value):
    data = encode(value)
    assert data == json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    assert decode(data) == decode(data.decode()) == value


def in_a_ring(value: object) -> list[object]:
    """The value in a list that holds itself as well."""
    ring: list[object] = [value]
    ring.append(ring)
    return ring


odd_scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(10**30), 10**30)
    | st.floats()
    | st.text(st.characters())
    | st.text('\ud800\udc00"\\a', max_size=5)
    | st.binary(max_size=5)
    | st.datetimes()
    | st.decimals()
    | st.uuids()
    | st.complex_numbers()
    | st.sampled_from(
        [
            Broken,
            object,
            ValueError,
            lambda: 10**5000,
            lambda: Number(10**30),
            lambda: Word("\ud800"),
            lambda: 0j,
        ]
    ).map(lambda make: make())
    | st.sampled_from([int, len, ..., Red.RED, Size.LARGE])
    | st.builds(iter, st.just([1]))
    | st.builds(bytearray, st.binary(max_size=3))
)
odd_keys = st.one_of(
    st.text(st.characters(), max_size=5),
    st.integers(),
    st.floats(),
    st.none(),
    st.binary(max_size=3),
    st.tuples(st.text(), st.floats()),
)
odd_values = st.recursive(
    odd_scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.dictionaries(odd_keys, inner, max_size=3)
        | st.builds(OrderedDict, st.dictionaries(odd_keys, inner, max_size=2))
        | st.builds(in_a_ring, inner)
    ),
    max_leaves=10,
)


@settings(max_examples=200)
@given(odd_values)
def test_whatever_is_encoded_is_strict_json(value):
    strict(encode(value))


@pytest.mark.parametrize(
    "text", ["", "NaN", "[Infinity]", "{", "[1,]", b"\xff", b"\xef\xbb\xbf{}", "[" * 100_000, "1" * 5000]
)
def test_what_is_not_json_is_refused_with_value_error(text):
    with pytest.raises(ValueError):
        decode(text)
