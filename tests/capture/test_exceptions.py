"""The list of exception values: every link of the tree once, true parents, and no hostile attribute asked."""

from __future__ import annotations

import builtins
import errno
import json
import sys
import time
import types

import pytest
from capture_room import caught, raised, remarks

from sentry_like.capture.exceptions import flatten

ExceptionGroup = getattr(builtins, "ExceptionGroup", None)
groups = pytest.mark.skipif(sys.version_info < (3, 11), reason="exception groups are a feature of 3.11")


@pytest.fixture
def values(build):
    return lambda error, **options: build(error, **options)["exception"]["values"]


def linked(error, cause=None, context=None, suppress=None):
    error.__cause__ = cause
    error.__context__ = context
    error.__suppress_context__ = cause is not None if suppress is None else suppress
    return error


def tree(values):
    """`[(type, id, parent, source), ...]` in the order in which they are sent."""
    return [
        (value["type"], *(value["mechanism"].get(name) for name in ("exception_id", "parent_id", "source")))
        for value in values
    ]


def test_single_exception(values):
    (value,) = values(raised(ValueError("x")))
    assert (value["type"], value["value"]) == ("ValueError", "x")
    assert value["mechanism"] == {"type": "generic", "handled": True}
    assert "module" not in value
    assert value["stacktrace"]["frames"]


def test_mechanism_is_as_given_and_not_shared(room):
    mine = {"type": "excepthook", "handled": False}
    first, last = room().exception(linked(KeyError("a"), ValueError("b")), mine)["exception"]["values"]
    assert last["mechanism"] == {"type": "excepthook", "handled": False, "exception_id": 0}
    assert first["mechanism"]["handled"] is False
    assert mine == {"type": "excepthook", "handled": False}


def test_cause_stands_before_its_effect(values):
    error = linked(KeyError("a"), linked(ValueError("b"), OSError("c")), context=TypeError("ignored"))
    assert tree(values(error)) == [
        ("OSError", 2, 1, "__cause__"),
        ("ValueError", 1, 0, "__cause__"),
        ("KeyError", 0, None, None),
    ]


def test_context_is_followed_unless_suppressed(values):
    assert len(values(linked(KeyError("a"), context=ValueError("b")))) == 2
    assert len(values(linked(KeyError("a"), context=ValueError("b"), suppress=True))) == 1


def test_raise_from_none_is_kept_in_the_middle_of_a_chain(values):
    middle = linked(KeyError("middle"), context=ValueError("hidden"), suppress=True)
    assert [value["type"] for value in values(linked(TypeError("top"), context=middle))] == [
        "KeyError",
        "TypeError",
    ]


def test_cycles_end(values):
    one, two = KeyError("one"), ValueError("two")
    linked(one, two)
    linked(two, context=one)
    assert tree(values(one)) == [("ValueError", 1, 0, "__cause__"), ("KeyError", 0, None, None)]
    assert len(values(linked(one, one))) == 1


def test_every_link_has_its_own_traceback(values):
    inner = caught(lambda: 1 / 0)
    outer = raised(linked(KeyError("x"), inner))
    first, last = values(outer)
    assert first["stacktrace"]["frames"][-1]["context_line"].strip().startswith("inner =")
    assert last["stacktrace"]["frames"][-1]["function"] == "raised"


def test_never_raised_cause_has_no_stack(values):
    assert "stacktrace" not in values(raised(linked(KeyError("x"), ValueError("y"))))[0]


@groups
def test_group_ids_go_depth_first_and_name_true_parents(values):
    leaf = linked(ValueError("a1"), OSError("a2"))
    error = ExceptionGroup("top", [ExceptionGroup("mid", [leaf, TypeError("b")]), linked(KeyError("c"))])
    linked(error, RuntimeError("cause"))
    assert tree(values(raised(error))) == [
        ("KeyError", 6, 0, "exceptions[1]"),
        ("TypeError", 5, 2, "exceptions[1]"),
        ("OSError", 4, 3, "__cause__"),
        ("ValueError", 3, 2, "exceptions[0]"),
        ("ExceptionGroup", 2, 0, "exceptions[0]"),
        ("RuntimeError", 1, 0, "__cause__"),
        ("ExceptionGroup", 0, None, None),
    ]


@groups
def test_group_within_a_chain_is_followed(values):
    error = linked(KeyError("top"), ExceptionGroup("g", [ValueError("a")]))
    assert tree(values(error)) == [
        ("ValueError", 2, 1, "exceptions[0]"),
        ("ExceptionGroup", 1, 0, "__cause__"),
        ("KeyError", 0, None, None),
    ]


@groups
def test_groups_are_marked(values):
    shown = values(ExceptionGroup("g", [ValueError("a")]))
    assert [value["mechanism"].get("is_exception_group") for value in shown] == [None, True]
    assert shown[1]["value"] == "g"


@groups
def test_groups_nested_1000_deep_are_bounded_and_cheap(room):
    error = ValueError("x")
    for _ in range(1000):
        error = ExceptionGroup("g", [error])
    start = time.perf_counter()
    event = room().exception(error)
    assert time.perf_counter() - start < 0.2
    assert len(event["exception"]["values"]) == 50
    assert remarks(event) == {("exception", "values"): {"len": 500}}


@groups
def test_group_of_many_is_bounded_and_cheap(room):
    error = ExceptionGroup("g", [ValueError(str(i)) for i in range(100_000)])
    start = time.perf_counter()
    values = room().exception(error)["exception"]["values"]
    assert time.perf_counter() - start < 0.2
    assert (len(values), values[-1]["type"], values[-2]["value"]) == (50, "ExceptionGroup", "0")


@groups
def test_member_that_stands_twice_is_sent_once(values):
    shared = ValueError("x")
    assert len(values(linked(ExceptionGroup("g", [shared, shared]), shared))) == 2


def test_backport_of_groups_is_followed(monkeypatch, values):
    class BaseExceptionGroup(Exception):
        exceptions = property(lambda self: self._members)

    error = BaseExceptionGroup("g")
    error._members = (ValueError("x"),)
    monkeypatch.setattr("sentry_like.capture.exceptions._GROUP", None)
    monkeypatch.setitem(
        sys.modules, "exceptiongroup", types.SimpleNamespace(BaseExceptionGroup=BaseExceptionGroup)
    )
    assert [value["type"].rpartition(".")[2] for value in values(error)] == [
        "ValueError",
        "BaseExceptionGroup",
    ]


def test_long_chains_are_bounded():
    error = ValueError()
    for _ in range(5000):
        error = linked(ValueError(), error)
    links, total = flatten(error)
    assert (len(links), total) == (50, 500)


# -- what is said of one


class Custom(Exception):
    class Inner(Exception):
        pass


def test_type_is_the_qualified_name_and_module_is_given(values):
    (value,) = values(Custom.Inner("x"))
    assert (value["type"], value["module"]) == ("Custom.Inner", __name__)


class WithMessage(Exception):
    message = "the message"

    def __str__(self):
        return "the text"


class WithProperty(Exception):
    @property
    def message(self):
        raise SystemExit

    detail = 5

    def __str__(self):
        return "the text"


class Text(str):
    __len__ = __getitem__ = None


class AnswersSubclass(Exception):
    def __str__(self):
        return Text("a text")


MESSAGES = {
    "none": (ValueError(), ""),
    "text": (ValueError("x"), "x"),
    "text subclass": (ValueError(Text("x")), "x"),
    "number": (ValueError(5), "5"),
    "list": (ValueError([1, "a"]), "[1, 'a']"),
    "several": (ValueError("x", 5), "('x', 5)"),
    "key": (KeyError("x"), "'x'"),
    "two keys": (KeyError("x", 1), "('x', 1)"),
    "os error": (OSError(errno.ENOENT, "gone", "f"), "[Errno 2] gone: 'f'"),
    "message attribute": (WithMessage("x"), "the message"),
    "attributes that raise or are no text": (WithProperty("x"), "the text"),
    "str answers a subclass": (AnswersSubclass(), "a text"),
    "secret by name": (ValueError({"password": "hunter2"}), "{'password': [Filtered]}"),
    "secret in text": (ValueError("token=hunter2"), "token=[Filtered]"),
    "card": (ValueError("4111111111111111"), "[Filtered]"),
}


@pytest.mark.parametrize(("error", "expected"), MESSAGES.values(), ids=MESSAGES)
def test_value_is_the_message(error, expected, values):
    assert values(error)[0]["value"] == expected


def test_notes_follow_the_message(values):
    error = ValueError("x")
    error.__notes__ = ["one", 5, "two"]
    assert values(error)[0]["value"] == "x\none\ntwo"


@pytest.mark.parametrize("notes", [5, None, "text", [], [5], type("L", (list,), {"__iter__": None})(["a"])])
def test_odd_notes_are_survived(notes, values):
    error = ValueError("x")
    error.__notes__ = notes
    assert values(error)[0]["value"].startswith("x")


def test_long_message_is_cut_and_noted(room):
    event = room().exception(linked(KeyError("k"), ValueError("x" * 20_000)))
    assert event["exception"]["values"][0]["value"] == "x" * 8189 + "..."
    expected = {"rem": [["!limit", "x", 8189, 8192]], "len": 20_000}
    assert remarks(event) == {("exception", "values", "0", "value"): expected}


def test_many_long_messages_stay_within_the_events_room(room):
    error = None
    for _ in range(60):
        error = linked(ValueError("x" * 20_000), error)
    assert len(json.dumps(room(max_event_bytes=50_000).exception(error))) < 100_000


@pytest.mark.parametrize(
    "arguments",
    [("x" * 10**8,), ("a", "x" * 10**8), ({"a": ["x" * 10**8]},), (b"x" * 10**8,), (list(range(10**6)),)],
    ids=["text", "two", "nested", "bytes", "list"],
)
@pytest.mark.parametrize("kind", [ValueError, KeyError])
def test_huge_argument_is_cheap(kind, arguments, room):
    made = room()
    error = raised(kind(*arguments))
    start = time.perf_counter()
    event = made.exception(error)
    assert time.perf_counter() - start < 0.1
    assert len(json.dumps(event)) < 50_000


def test_errno_is_told(values):
    assert values(OSError(errno.EPIPE, "x"))[0]["mechanism"]["meta"] == {"errno": {"number": errno.EPIPE}}
    assert "meta" not in values(OSError("x"))[0]["mechanism"]


# -- hostile


def raises(error):
    def raising(self, *args):
        raise error

    return raising


def hostile(**attributes):
    return type("Hostile", (Exception,), attributes)("x")


class Meta(type):
    __name__ = __mro__ = property(raises(RuntimeError()))
    __hash__ = None


Meta.__module__ = property(raises(RuntimeError()))


def with_errno():
    kind = type("H", (OSError,), {"errno": property(raises(SystemExit())), "strerror": 5})
    return kind(2, "x")


HOSTILE = {
    "str raises SystemExit": lambda: hostile(__str__=raises(SystemExit())),
    "str raises KeyboardInterrupt": lambda: hostile(__str__=raises(KeyboardInterrupt())),
    "str answers a number": lambda: hostile(__str__=lambda self: 5),
    "str recurses": lambda: hostile(__str__=lambda self: str(self)),
    "attributes raise": lambda: hostile(
        **dict.fromkeys(
            (
                "__cause__",
                "__context__",
                "__suppress_context__",
                "__traceback__",
                "__notes__",
                "args",
                "message",
            ),
            property(raises(SystemExit())),
        )
    ),
    "members raise": lambda: hostile(exceptions=property(raises(SystemExit()))),
    "lies about its class": lambda: hostile(__class__=property(raises(SystemExit()))),
    "getattribute raises": lambda: hostile(__getattribute__=raises(SystemExit())),
    "metaclass raises": lambda: Meta("Hostile", (Exception,), {})("x"),
    "module is no text": lambda: hostile(__module__=5),
    "errno raises": with_errno,
    "argument": lambda: ValueError(
        type("R", (), {"__repr__": raises(SystemExit()), "__str__": raises(SystemExit())})()
    ),
    "huge name": lambda: type("N" * 10**6, (Exception,), {})("x"),
}


@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE)
def test_hostile_exception_becomes_an_event(make, room):
    event = room().exception(linked(KeyError("top"), make()))
    assert len(event["exception"]["values"]) == 2
    assert len(json.dumps(event)) < 10_000


@groups
def test_hostile_group_is_followed_by_its_true_members(values):
    kind = type(
        "H",
        (ExceptionGroup,),
        {"exceptions": property(raises(SystemExit())), "__iter__": raises(SystemExit())},
    )
    assert [value["type"] for value in values(kind("g", [ValueError("a")]))] == ["ValueError", "H"]


def test_error_of_str_is_named(values):
    error = hostile(__str__=raises(SystemExit()))
    assert values(error)[0]["value"] == "<unprintable Hostile: SystemExit in __str__>"
