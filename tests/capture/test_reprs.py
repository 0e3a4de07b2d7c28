"""Any object as bounded text: foreign code is guarded, and what must not be looked at is only named."""

from __future__ import annotations

import array
import collections
import dataclasses
import functools
import importlib.util
import io
import sys
import threading
import time
import types
from enum import Enum

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentry_like.capture import kinds
from sentry_like.capture.reprs import REPR_SECONDS, Reprs
from sentry_like.capture.scrub import EventScrubber


def text(value, limit=1024, custom=None):
    return Reprs(limit, EventScrubber(), custom).text(value)


@dataclasses.dataclass
class Account:
    name: str
    password: str = "hunter2"
    hidden: str = dataclasses.field(default="hunter2", repr=False)
    more: object = None
    shared: dataclasses.InitVar[int] = 0


class Child(Account):
    """Inherits the generated repr."""


@dataclasses.dataclass
class Slotted:
    __slots__ = ("name", "token")
    name: str
    token: str


@dataclasses.dataclass
class Written:
    name: str

    def __repr__(self):
        return f"<my own {self.name}>"


Point = collections.namedtuple("Point", "x, secret")


class Colour(Enum):
    RED = 1


class Hidden(str):
    def __repr__(self):
        return "<hidden>"


class Loud(dict):
    def __init__(self, *args):
        super().__init__(*args)

    def __raise(self, *args):
        raise SystemExit

    items = keys = __iter__ = __len__ = __repr__ = __getitem__ = __bool__ = __raise


AS_TEXT = {
    "str": ("a'b", '"a\'b"'),
    "bytes": (b"ab", "b'ab'"),
    "bytearray": (bytearray(b"ab"), "b'ab'"),
    "int": (5, "5"),
    "huge int": (10**5000, "<int of 16610 bits>"),
    "float": (1.5, "1.5"),
    "nan": (float("nan"), "nan"),
    "list": ([1, "a", None], "[1, 'a', None]"),
    "empty list": ([], "[]"),
    "tuple": ((1,), "(1,)"),
    "empty tuple": ((), "()"),
    "set": ({1}, "{1}"),
    "empty set": (set(), "set()"),
    "frozenset": (frozenset((1,)), "frozenset({1})"),
    "dict": ({"a": 1, 2: [3]}, "{'a': 1, 2: [3]}"),
    "dict with a secret": ({"password": "hunter2"}, "{'password': [Filtered]}"),
    "dict subclass": (Loud({"a": 1}), "{'a': 1}"),
    "many": (list(range(20)), "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, ...]"),
    "deep": ([[[[1]]]], "[[[...]]]"),
    "deque": (collections.deque([1, 2]), "deque([1, 2])"),
    "dict view": ({"a": 1}.keys(), "<dict_keys of 1>"),
    "array": (array.array("i", [1, 2]), "array('i', [1, 2])"),
    "range": (range(3), "range(0, 3)"),
    "namedtuple": (Point(1, "hunter2"), "Point(x=1, secret=[Filtered])"),
    "dataclass": (Account("bob"), "Account(name='bob', password=[Filtered], more=None)"),
    "inheriting a generated repr": (Child("bob"), "Child(name='bob', password=[Filtered], more=None)"),
    "dataclass with slots": (Slotted("bob", "hunter2"), "Slotted(name='bob', token=[Filtered])"),
    "dataclass with its own repr": (Written("bob"), "<my own bob>"),
    "enum": (Colour.RED, "<Colour.RED: 1>"),
    "str subclass with its own repr": (Hidden("hunter2"), "<hidden>"),
    "namespace": (types.SimpleNamespace(a=1, token="hunter2"), "namespace(a=1, token=[Filtered])"),
    "exception": (ValueError("a", 1), "ValueError('a', 1)"),
    "module": (types.ModuleType("m"), "<module 'm'>"),
    "class": (Account, f"<class '{__name__}.Account'>"),
    "None": (None, "None"),
    "partial": (functools.partial(text, 1), f"functools.partial({text!r}, (1,), ...)"),
}


@pytest.mark.parametrize(("value", "expected"), AS_TEXT.values(), ids=AS_TEXT)
def test_object_is_written_as(value, expected):
    assert text(value) == expected


def test_unset_field_is_named_as_unset():
    account = Account("bob")
    del account.__dict__["name"]
    assert text(account).startswith("Account(name=<unset>")


def test_attrs_class_is_read_by_its_fields():
    def made_repr(self):
        raise AssertionError("must not be asked")

    made_repr.__code__ = made_repr.__code__.replace(co_filename="<attrs generated repr x.Y>")
    field = lambda name, shown: types.SimpleNamespace(name=name, repr=shown)
    fields = (field("id", True), field("token", True), field("hidden", False))
    kind = type("Thing", (), {"__attrs_attrs__": fields, "__repr__": made_repr})
    thing = kind()
    thing.id, thing.token, thing.hidden = 1, "hunter2", "hunter2"
    assert text(thing) == "Thing(id=1, token=[Filtered])"


def test_bound_method_does_not_print_its_object():
    assert text(Written("bob").__repr__).startswith("<bound method Written.__repr__ of <")


# -- hostile


def raiser(error):
    def raising(self, *args):
        raise error

    return raising


class Recursing:
    def __repr__(self):
        return repr(self)


class Meta(type):
    """Its classes cannot be hashed, compared, printed, or asked for anything."""

    __hash__ = None


def of_hostile_metaclass():
    kind = Meta("A", (), {"__repr__": lambda self: "fine"})
    value = kind()
    Meta.__getattribute__ = raiser(RuntimeError())
    Meta.__eq__ = Meta.__repr__ = Meta.__dir__ = Meta.__instancecheck__ = raiser(RuntimeError())
    return value


def released_view():
    view = memoryview(b"a")
    view.release()
    return view


HOSTILE = {
    "raises": lambda: type("A", (), {"__repr__": raiser(ValueError())})(),
    "raises SystemExit": lambda: type("A", (), {"__repr__": raiser(SystemExit())})(),
    "raises KeyboardInterrupt": lambda: type("A", (), {"__repr__": raiser(KeyboardInterrupt())})(),
    "recurses": lambda: Recursing(),
    "answers a number": lambda: type("A", (), {"__repr__": lambda self: 5})(),
    "answers None": lambda: type("A", (), {"__repr__": lambda self: None})(),
    "answers a subclass": lambda: type("A", (), {"__repr__": lambda self: Hidden("fine")})(),
    "metaclass raises": lambda: of_hostile_metaclass(),
    "lying about its class": lambda: type("A", (), {"__class__": property(raiser(RuntimeError()))})(),
    "getattribute raises": lambda: type("A", (), {"__getattribute__": raiser(SystemExit())})(),
    "dataclass whose getattribute raises": lambda: dataclasses.dataclass(
        type("A", (), {"__annotations__": {"x": int}, "x": 1, "__getattribute__": raiser(SystemExit())})
    )(),
    "sentry repr raises": lambda: type("A", (), {"__sentry_repr__": raiser(SystemExit())})(),
    "sentry repr of another type": lambda: type("A", (), {"__sentry_repr__": 5})(),
    "fields of a tuple": lambda: type("A", (tuple,), {"_fields": property(raiser(SystemExit()))})((1, 2)),
    "key that cannot be written": lambda: {type("K", (), {"__repr__": raiser(SystemExit())})(): 1},
    "released view": lambda: released_view(),
}


@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE)
def test_hostile_object_becomes_text(make):
    shown = text(make())
    assert type(shown) is str
    assert 0 < len(shown) <= 1024


def test_error_of_a_repr_is_named():
    assert text(HOSTILE["raises SystemExit"]()) == "<unprintable A: SystemExit in __repr__>"


def cyclic_list():
    value = []
    value.append(value)
    return value


def cyclic_record():
    value = Account("bob")
    value.more = value
    return value


@pytest.mark.parametrize("value", [cyclic_list(), cyclic_record()], ids=["list", "dataclass"])
def test_cycles_end(value):
    assert len(text(value)) < 300


@pytest.mark.parametrize(
    "value",
    [
        "x" * 10**8,
        b"x" * 10**8,
        ["x" * 10**8],
        Account("x" * 10**8),
        type("S", (str,), {})("x" * 10**8),
        ValueError("x" * 10**8),
        functools.partial(print, "x" * 10**8),
        list(range(10**6)),
        set(range(10**6)),
        collections.deque(range(10**6)),
        functools.reduce(lambda inner, _: Account("x", more=[inner] * 9), range(200), 1),
    ],
    ids=[
        "str",
        "bytes",
        "list",
        "dataclass",
        "str subclass",
        "exception",
        "partial",
        "ints",
        "set",
        "deque",
        "graph",
    ],
)
def test_large_object_is_cheap_and_its_text_bounded(value):
    start = time.perf_counter()
    shown = text(value)
    assert time.perf_counter() - start < 0.02
    assert len(shown) < 1200


class Slow:
    calls = 0

    def __repr__(self):
        Slow.calls += 1
        time.sleep(0.03)
        return "slow"


def test_reprs_of_an_event_share_a_time_budget():
    reprs = Reprs(1024, EventScrubber())
    Slow.calls = 0
    shown = [reprs.text(Slow()) for _ in range(50)]
    assert shown[0] == "slow"
    assert shown[-1].startswith("<")
    assert Slow.calls <= REPR_SECONDS / 0.03 + 1


def test_time_between_reprs_is_not_counted():
    reprs = Reprs(1024, EventScrubber())
    reprs.text(Written("a"))
    time.sleep(REPR_SECONDS * 1.2)
    assert reprs.text(Written("a")) == "<my own a>"


# -- things that must not be looked at


def never(*args):
    raise AssertionError("was evaluated")


LAZY = {
    name: type(name, (), {"__repr__": never, "__iter__": never, "__len__": never, "__str__": never})()
    for name in ("QuerySet", "LocalProxy", "SimpleLazyObject")
}
LAZY["any proxy"] = type("Whatever", (), {"__repr__": never, "__class__": property(never)})()
LAZY["subclass"] = type("Mine", (type(LAZY["QuerySet"]),), {})()
LAZY["sqlalchemy"] = type("Query", (), {"__module__": "sqlalchemy.orm", "__repr__": never})()
LAZY["file"] = type("File", (io.StringIO,), {"__repr__": never, "read": never})()


@pytest.mark.parametrize("name", LAZY)
def test_lazy_object_is_only_named(name):
    assert " object at 0x" in text(LAZY[name])


def test_own_class_of_a_common_name_is_not_taken_for_lazy():
    assert text(type("Query", (), {"__repr__": lambda self: "mine"})()) == "mine"


def test_generators_are_not_consumed():
    value = iter(x for x in (1, 2))
    text([value, value])
    assert list(value) == [1, 2]


def test_coroutines_are_not_awaited():
    async def nothing():
        """Waits for nobody."""

    value = nothing()
    assert text(value).startswith("<coroutine object")
    value.close()


def test_module_that_loads_on_first_use_is_not_loaded(tmp_path, monkeypatch):
    (tmp_path / "lazy_mod_x.py").write_text("raise AssertionError('was loaded')")
    spec = importlib.util.spec_from_file_location("lazy_mod_x", tmp_path / "lazy_mod_x.py")
    spec.loader = importlib.util.LazyLoader(spec.loader)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "lazy_mod_x", module)
    spec.loader.exec_module(module)
    assert text(module) == "<module 'lazy_mod_x'>"


# -- custom reprs


def test_sentry_repr_goes_before_repr():
    kind = type("A", (dict,), {"__sentry_repr__": lambda self: "for Sentry", "__repr__": never})
    assert text(kind()) == "for Sentry"


def test_sentry_repr_of_an_instance_is_not_asked():
    value = Written("bob")
    value.__sentry_repr__ = never
    assert text(value) == "<my own bob>"


def test_custom_repr_is_asked_for_objects_and_may_decline():
    custom = lambda value: "custom" if isinstance(value, Written) else None
    assert text([Written("a"), Account("b"), 1], custom=custom) == (
        "[custom, Account(name='b', password=[Filtered], more=None), 1]"
    )


@pytest.mark.parametrize("custom", [raiser(ValueError()), raiser(SystemExit()), lambda value: 5])
def test_custom_repr_that_fails_is_ignored(custom):
    assert text(Written("bob"), custom=custom) == "<my own bob>"


# -- classes


def test_class_cache_is_bounded_and_right_after_it_was_emptied():
    shown = {text(type(f"K{i}", (), {"__repr__": lambda self: "k"})()) for i in range(kinds.KINDS_BOUND + 50)}
    assert shown == {"k"}
    assert len(kinds.KindCache().known) == 0
    assert text(5) == "5"


def test_class_cache_serves_many_threads():
    wrong = []

    def work():
        for i in range(600):
            kind = type(f"T{i}", (), {"__repr__": lambda self, i=i: f"t{i}"})
            if text(kind()) != f"t{i}" or text([1]) != "[1]":
                wrong.append(i)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


ANYTHING = st.recursive(
    st.one_of(st.none(), st.integers(), st.floats(), st.text(), st.binary(), st.builds(Account, st.text())),
    lambda inner: st.one_of(
        st.lists(inner, max_size=12),
        st.dictionaries(st.one_of(st.text(max_size=5), st.integers()), inner, max_size=12),
        st.builds(Account, st.just("n"), more=inner),
    ),
    max_leaves=30,
)


@settings(max_examples=150, deadline=None)
@given(ANYTHING, st.integers(1, 60))
def test_text_is_bounded_and_without_secrets(value, limit):
    shown = text(value, limit)
    assert len(shown) <= limit + 60
    assert "hunter2" not in shown
