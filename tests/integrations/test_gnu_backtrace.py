"""Native stack lines move from an exception's message to its frames."""

from __future__ import annotations

import pytest

import sentry_like
from sentry_like.capture.scrub import EventScrubber
from sentry_like.integrations.gnu_backtrace import NOTHING_LEFT, GnuBacktraceIntegration

MESSAGE = """Code: 60. Table t doesn't exist. Stack trace:

0. DB::a() @ 0x1 in /usr/bin/clickhouse
1. DB::b() @ 0x2 in /usr/bin/clickhouse
"""


@pytest.fixture
def enriching(init):
    return init(integrations=[GnuBacktraceIntegration()])


def fail(message):
    raise RuntimeError(message)


def capture(message):
    try:
        fail(message)
    except RuntimeError:
        sentry_like.capture_exception()


def values(event):
    return event["exception"]["values"]


def functions(value):
    return [frame.get("function") for frame in value["stacktrace"]["frames"]]


def test_native_frames_follow_the_python_ones(enriching, events):
    capture(MESSAGE)
    (value,) = values(events[0])
    assert value["value"] == "Code: 60. Table t doesn't exist."
    assert functions(value) == ["capture", "fail", "DB::b()", "DB::a()"]
    assert value["stacktrace"]["frames"][-1] == {
        "platform": "native",
        "function": "DB::a()",
        "package": "/usr/bin/clickhouse",
        "instruction_addr": "0x1",
    }


def test_every_exception_of_a_chain_is_looked_at(enriching, events):
    try:
        try:
            fail(MESSAGE)
        except RuntimeError as error:
            raise ValueError("1. c() @ 0x3") from error
    except ValueError:
        sentry_like.capture_exception()
    cause, value = values(events[0])
    assert functions(cause)[-2:] == ["DB::b()", "DB::a()"]
    assert functions(value)[-1] == "c()"


def test_message_of_nothing_else_says_where_it_went(enriching, events):
    capture("/lib/x.so(f+0x1f) [0x7fe8]")
    assert values(events[0])[0]["value"] == NOTHING_LEFT


@pytest.mark.parametrize("message", ["boom", "<object at 0x7f00>", "", "see 1. foo @ 0x12\n"])
def test_message_without_native_lines_is_untouched(message, enriching, events):
    capture(message)
    assert values(events[0])[0]["value"] == message
    assert functions(values(events[0])[0]) == ["capture", "fail"]


def test_without_the_integration_nothing_changes(init, events):
    init()
    capture(MESSAGE)
    assert values(events[0])[0]["value"] == MESSAGE


def test_message_that_was_cut_gives_the_frames_it_has(enriching, events):
    capture("boom\n" + "\n".join(f"{n}. f{n}{'_' * 100}() @ 0x1 in /x.so" for n in range(100)))
    (value,) = values(events[0])
    assert value["value"] == "boom"
    assert len(value["stacktrace"]["frames"]) > 50
    assert functions(value)[-1].startswith("f0_")


def test_secrets_in_a_shortened_message_are_replaced(enriching, events):
    capture("no route to postgres://bob:hunter2@db/x\n0. https://eve:hunter2@h/ @ 0x1 in /usr/bin/x")
    assert "hunter2" not in str(events[0]["exception"])
    assert values(events[0])[0]["value"] == "no route to postgres://[Filtered]@db/x"


def test_shortened_message_is_judged_by_the_clients_own_scrubber(init, events):
    init(integrations=[GnuBacktraceIntegration()], event_scrubber=EventScrubber(denylist=["shoe_size"]))
    capture("shoe_size=46\n0. a() @ 0x1")
    assert values(events[0])[0]["value"] == "shoe_size=[Filtered]"


def test_exception_without_a_stack_gets_one(enriching, events):
    sentry_like.capture_event({"exception": {"values": [{"type": "E", "value": MESSAGE}]}})
    assert functions(values(events[0])[0]) == ["DB::b()", "DB::a()"]


def test_frame_that_is_a_secret_stays_in_the_message_and_is_replaced(enriching, events):
    capture('0. api_key="f @ 0x1 in /usr/x"')
    (value,) = values(events[0])
    assert value["value"] == '0. api_key="[Filtered]"'
    assert functions(value) == ["capture", "fail"]


ODD = {
    "no exception": {},
    "None": {"exception": None},
    "text": {"exception": "0. a() @ 0x1"},
    "no values": {"exception": {"values": None}},
    "text among values": {"exception": {"values": ["0. a() @ 0x1", None]}},
    "no text": {"exception": {"values": [{"value": 5}, {"value": None}, {}]}},
}


@pytest.mark.parametrize("event", ODD.values(), ids=ODD)
def test_odd_event_is_survived_and_untouched(event):
    before = repr(event)
    GnuBacktraceIntegration().process_event(event, {})
    assert repr(event) == before


@pytest.mark.parametrize("stack", [None, "x", {"frames": None}, {"frames": "x"}, {}])
def test_odd_stack_is_replaced(stack):
    event = {"exception": [{"value": "0. a() @ 0x1", "stacktrace": stack}]}
    GnuBacktraceIntegration().process_event(event, {})
    assert functions(event["exception"][0]) == ["a()"]
