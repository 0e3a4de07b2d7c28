"""What a log call says: the text that `logging` makes, bounded, without secrets, objects asked once."""

from __future__ import annotations

import datetime
import decimal
import enum
import fractions
import logging
import pathlib
import uuid
from collections import OrderedDict, defaultdict, namedtuple
from dataclasses import dataclass

import pytest

import sentry_like
from sentry_like.hub import Hub
from sentry_like.integrations.logging import LoggingIntegration

Point = namedtuple("Point", "x y")


class Colour(enum.Enum):
    RED = 1


class Number(enum.IntEnum):
    ONE = 1


class Text(str):
    pass


class Said:
    """Counts how often it is asked, and never says the same twice."""

    def __init__(self):
        self.asked = []

    def __str__(self):
        self.asked.append("str")
        return f"said {len(self.asked)}"

    def __repr__(self):
        self.asked.append("repr")
        return f"<repr {len(self.asked)}>"


@dataclass
class Account:
    owner: str
    password: str


@pytest.fixture
def start(init):
    def start(**options):
        return init(integrations=[LoggingIntegration()], **options)

    return start


@pytest.fixture
def log():
    """A logger that nobody else knows, whose handler asks for nothing."""
    logger = logging.Logger("shop", level=1)
    logger.addHandler(logging.NullHandler())
    return logger


def last_crumb():
    return Hub.current.scope.breadcrumbs[-1]


def finished(crumb):
    return crumb.finish(Hub.current.client.start_cleaning().breadcrumb)


def is_waiting(crumb):
    """Whether the message is yet to be put together."""
    return not crumb.finished and crumb.fields[3] != ()


NOW = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)


@pytest.mark.parametrize(
    ("template", "args"),
    [
        ("plain", ()),
        ("100 % of it", ()),
        ("", ()),
        ("%s", ("text",)),
        ("%s %s %s %s", (True, None, 1.5, -7)),
        ("%5.2f|%-6s|%06d|%x|%o|%e|%g|%c|%%", (1.239, "ab", 42, 255, 8, 12345.678, 0.0001, "z")),
        ("%r %a", ("tü\n", "tü\n")),
        ("%*d", (6, 7)),
        ("%s", (float("nan"),)),
        ("%s %r", (decimal.Decimal("1.10"), decimal.Decimal("1.10"))),
        ("%.1f %d %s", (decimal.Decimal("1.19"), decimal.Decimal("7.9"), fractions.Fraction(1, 3))),
        ("%x", (Number.ONE,)),
        ("%s %s %d", (Colour.RED, Number.ONE, Number.ONE)),
        ("%s %r", (Text("a"), Text("a"))),
        ("%s %r", (pathlib.PurePosixPath("/srv"), pathlib.PurePosixPath("/srv"))),
        ("%s", (uuid.UUID(int=7),)),
        ("%s %r", (NOW, NOW)),
        ("%s %r", (b"bytes", b"bytes")),
        ("%s", (ValueError("why"),)),
        ("%r", (ValueError("why"),)),
        ("%s", (KeyError("k"),)),
        ("%s", ([1, "two", None, 3.0],)),
        ("%s", (list(range(60)),)),
        ("%s %s", ((1, 2), {3})),
        ("%s", ((),)),
        ("%s", ({"a": 1, "b": [1, 2]},)),
        ("%(a)s and %(b)03d, %(a)r", ({"a": "x", "b": 5},)),
        ("%(a)s", (OrderedDict(a=[1]),)),
        ("%(a)s%(missing)s", (defaultdict(str, a=1),)),
        ("%s", (Point(1, 2),)),
        ("%s", (range(3),)),
        ("%s", (int,)),
        (ValueError("the message itself"), ()),
        (17, ()),
        (Text("%s"), ("in a subclass",)),
    ],
    ids=repr,
)
def test_text_is_the_one_of_logging(start, log, events, template, args):
    start()
    expected = log.makeRecord("shop", 20, "x.py", 1, template, args, None).getMessage()
    log.info(template, *args)
    log.error(template, *args)
    assert finished(last_crumb())["message"] == expected
    assert events[0]["logentry"]["formatted"] == expected
    assert events[0]["breadcrumbs"]["values"][0]["message"] == expected


@pytest.mark.parametrize(
    ("args", "waits"),
    [
        ((), False),
        (("text", 7, 1.5, True, None), True),
        ((2**63,), True),
        ((10**40,), False),
        (("x" * 2000,), False),
        ((Text("x"),), False),
        (([1],), False),
        ((Said(),), False),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_texts_and_numbers_wait_for_an_event(start, log, args, waits):
    start()
    log.info("said" + " %s" * len(args), *args)
    assert is_waiting(last_crumb()) == waits


def test_a_text_without_arguments_waits_as_it_is(start, log):
    start()
    log.info("100 %")
    crumb = last_crumb()
    assert (crumb.finished, crumb.fields[2:4]) == (False, ("100 %", ()))


def test_flat_extra_waits_as_well(start, log):
    start()
    extra = {"shop": "north"}
    log.info("order %d", 7, extra=extra)
    assert is_waiting(last_crumb())
    assert finished(last_crumb())["data"] == {"shop": "north"}


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda value: value["list"].append(2), id="list"),
        pytest.param(lambda value: value["dict"].update(a=2), id="dict"),
        pytest.param(lambda value: value["set"].clear(), id="set"),
        pytest.param(lambda value: value["bytes"].extend(b"x"), id="bytearray"),
    ],
)
def test_what_is_changed_after_the_call_is_sent_as_it_was(start, log, change):
    start()
    value = {"list": [1], "dict": {"a": 1}, "set": {1}, "bytes": bytearray(b"b")}
    expected = "[1]|{'a': 1}|{1}|b'b'"
    log.info("%s|%s|%s|%s", *value.values(), extra={"also": value["list"]})
    log.info("%(list)s|%(dict)s|%(set)s|%(bytes)s", value)
    change(value)
    first, second = (finished(crumb) for crumb in Hub.current.scope.breadcrumbs)
    assert first["message"] == second["message"] == expected
    assert first["data"] == {"also": [1]}


@pytest.mark.parametrize(
    ("arguments", "asked"),
    [
        (lambda said: ("%s", said), ["str"]),
        (lambda said: ("%r", said), ["repr"]),
        (lambda said: ("%(a)s %(a)s", {"a": said}), ["str"]),
        (lambda said: ("%s", [said]), ["repr"]),
        (lambda said: (said,), ["str"]),
        (lambda said: ("no place for it", said), ["str"]),
    ],
)
def test_objects_are_asked_once_for_event_and_breadcrumb(start, log, events, arguments, asked):
    start()
    said = Said()
    log.error(*arguments(said))
    log.error("next")
    assert said.asked == asked
    entry = events[0]["logentry"]
    assert events[1]["breadcrumbs"]["values"][0]["message"] == entry["formatted"]
    values = entry["params"].values() if isinstance(entry["params"], dict) else entry["params"]
    if "%" in entry["message"] and "(" not in entry["message"]:
        assert list(values) == [entry["formatted"]]


def test_objects_among_extra_are_asked_once_for_event_and_breadcrumb(start, log, events):
    start()
    said = Said()
    log.error("x", extra={"said": said})
    log.error("next")
    assert said.asked == ["repr"]
    assert events[1]["breadcrumbs"]["values"][0]["data"] == events[0]["extra"] == {"said": "<repr 1>"}


@pytest.mark.parametrize(
    ("template", "args"),
    [
        pytest.param("%s", ("x" * 10_000_000,), id="argument"),
        pytest.param("x" * 10_000_000, (), id="template"),
        pytest.param("x" * 10_000_000 + "%s", (1,), id="template with arguments"),
        pytest.param("%s", (["x" * 10_000_000],), id="within a list"),
        pytest.param("%s", (bytearray(10_000_000),), id="bytes"),
        pytest.param("%s", (10**4000,), id="number"),
        pytest.param("%(a)s", ({"a": "x" * 10_000_000},), id="field"),
    ],
)
def test_huge_texts_are_not_kept(start, log, events, template, args):
    start()
    log.info(template, *args)
    log.error(template, *args)
    kept = last_crumb().fields
    assert sum(len(str(part)) for part in kept) < 10_000
    assert len(events[0]["logentry"]["formatted"]) <= 8192
    assert len(str(events[0]["logentry"])) < 30_000


def test_cut_message_is_noted(start, log, events):
    start()
    log.error("x" * 9000)
    assert events[0]["logentry"]["formatted"].endswith("x")
    assert len(events[0]["logentry"]["formatted"]) == 8192


# -- secrets

SECRET = "hunter2-canary"


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("user %(user)s, %(password)s", {"user": "ada", "password": SECRET}), id="named"),
        pytest.param(("%s", {"user": "ada", "password": SECRET}), id="a whole dictionary"),
        pytest.param(("%r %s", [{"token": SECRET}], "x"), id="nested"),
        pytest.param(("password=%s", SECRET), id="assigned in the template"),
        pytest.param(("connecting to %s", f"https://ada:{SECRET}@shop.example/"), id="in a URL"),
        pytest.param((f"api_key={SECRET}",), id="in the text"),
        pytest.param(("%s", Account("ada", SECRET)), id="a record"),
        pytest.param((Account("ada", SECRET),), id="a record as message"),
    ],
)
def test_secrets_stay_here(start, log, transport, arguments):
    start()
    log.info(*arguments)
    log.error(*arguments)
    log.error("later")
    for envelope in transport.envelopes:
        assert SECRET.encode() not in envelope.serialize()


def test_secrets_under_a_telling_name_in_extra_are_not_in_the_message_either(start, log, transport, events):
    start()
    for level in (logging.INFO, logging.ERROR):
        log.log(level, f"logged in with {SECRET}", extra={"access_token": SECRET, "user": "ada"})
    log.error("later")
    assert events[0]["logentry"]["formatted"] == "logged in with [Filtered]"
    assert events[0]["extra"] == {"access_token": "[Filtered]", "user": "ada"}
    for envelope in transport.envelopes:
        assert SECRET.encode() not in envelope.serialize()


def test_harmless_parameters_are_kept(start, log, events):
    start()
    log.error("password=%s for %s, %d tries", SECRET, "ada", 3)
    assert events[0]["logentry"]["params"] == ["[Filtered]", "ada", 3]
    assert events[0]["logentry"]["formatted"] == "password=[Filtered] for ada, 3 tries"


def test_only_the_named_fields_of_a_dictionary_are_sent(start, log, events):
    start()
    log.error("user %(user)s", {"user": "ada", "other": "not asked for"})
    assert events[0]["logentry"]["params"] == {"user": "ada"}


def test_records_and_plain_messages_share_their_breadcrumbs_between_events(start, log, events):
    start()
    log.info("order %d", 7)
    for _ in range(2):
        sentry_like.capture_message("x")
    assert events[0]["breadcrumbs"] == events[1]["breadcrumbs"]
    assert events[0]["breadcrumbs"]["values"][0]["message"] == "order 7"
