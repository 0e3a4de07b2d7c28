"""A `sys.exit` that says the program failed is an event, and exits all the same."""

from __future__ import annotations

import subprocess
import sys

import pytest

from sentry_like.integrations.sys_exit import SysExitIntegration


def leave(*args):
    with pytest.raises(SystemExit) as raised:
        sys.exit(*args)
    return raised.value


FAILED = {
    "number": (3, "3"),
    "text": ("out of luck", "out of luck"),
    "negative": (-1, "-1"),
    "object": (0.5, "0.5"),
    "tuple": ((2,), "2"),
    "true": (True, "True"),
}


@pytest.mark.parametrize(("code", "value"), FAILED.values(), ids=FAILED)
def test_failed_exit_is_an_event(init, events, code, value):
    init(integrations=[SysExitIntegration()])
    leave(code)

    (event,) = events
    (exception,) = event["exception"]["values"]
    assert (exception["type"], exception["value"]) == ("SystemExit", value)
    assert exception["mechanism"] == {"type": "sys_exit", "handled": False}


SUCCESSFUL = {"none given": (), "None": (None,), "zero": (0,), "False": (False,)}


@pytest.mark.parametrize("args", SUCCESSFUL.values(), ids=SUCCESSFUL)
def test_successful_exit_is_none(init, events, args):
    init(integrations=[SysExitIntegration()])
    leave(*args)

    assert len(events) == 0


@pytest.mark.parametrize("args", SUCCESSFUL.values(), ids=SUCCESSFUL)
def test_successful_exit_can_be_asked_for(init, events, args):
    init(integrations=[SysExitIntegration(capture_successful_exits=True)])
    leave(*args)

    (event,) = events
    assert event["exception"]["values"][0]["mechanism"] == {"type": "sys_exit", "handled": True}


def test_stack_is_that_of_the_caller(init, events):
    init(integrations=[SysExitIntegration()])
    leave(3)

    frames = events[0]["exception"]["values"][0]["stacktrace"]["frames"]
    assert (frames[-1]["function"], frames[-1]["context_line"].strip()) == ("leave", "sys.exit(*args)")


def test_exception_that_led_to_the_exit_is_told(init, events):
    init(integrations=[SysExitIntegration()])
    try:
        int("x")
    except ValueError:
        leave(3)

    assert [value["type"] for value in events[0]["exception"]["values"]] == ["ValueError", "SystemExit"]


@pytest.mark.parametrize("code", [3, None, "text"])
def test_code_passes_on_unchanged(init, code):
    init(integrations=[SysExitIntegration(capture_successful_exits=True)])

    assert leave(code).code == code


def test_wrong_call_fails_as_without_us(init, events):
    init(integrations=[SysExitIntegration()])
    with pytest.raises(TypeError, match="at most 1 argument"):
        sys.exit(1, 2)

    assert len(events) == 0


def test_exit_raised_by_hand_is_none(init, events):
    init(integrations=[SysExitIntegration()])
    with pytest.raises(SystemExit):
        raise SystemExit(3)

    assert len(events) == 0


def test_uninstall_gives_the_original_back(init):
    original = sys.exit
    client = init(integrations=[SysExitIntegration()])
    assert sys.exit is not original
    client.close(0, uninstall=True)

    assert sys.exit is original


PROGRAM = """
import sys
import sentry_like
from sentry_like.integrations.atexit import AtexitIntegration
from sentry_like.integrations.sys_exit import SysExitIntegration
sentry_like.init(
    sys.argv[1], default_integrations=False, integrations=[AtexitIntegration(), SysExitIntegration()]
)
sys.exit("out of luck")
"""


def test_program_ends_as_without_us_and_the_event_arrives_once(relay):
    result = subprocess.run([sys.executable, "-c", PROGRAM, relay.dsn], capture_output=True, text=True)

    assert (result.returncode, result.stderr) == (1, "out of luck\n")
    (event,) = relay.events
    assert event["exception"]["values"][0]["value"] == "out of luck"
