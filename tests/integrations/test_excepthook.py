"""What nothing caught is reported once, whoever prints it."""

from __future__ import annotations

import sys

import pytest
from whole_programs import run_to_end

import sentry_like
from sentry_like.hub import Hub
from sentry_like.integrations.excepthook import ExcepthookIntegration
from sentry_like.testing import DSN, TestTransport


@pytest.fixture
def printed(monkeypatch):
    """What the hook of before was called with."""
    calls = []
    monkeypatch.setattr(sys, "excepthook", lambda *args: calls.append(args))
    return calls


@pytest.fixture
def watched(printed, init):
    return init(integrations=[ExcepthookIntegration()])


def caught(error):
    try:
        raise error
    except BaseException as raised:
        return type(raised), raised, raised.__traceback__


def test_uncaught_exception_is_reported_and_the_hook_of_before_called(watched, printed, events):
    happened = caught(ValueError("no tea"))
    sys.excepthook(*happened)
    (event,) = events
    assert event["exception"]["values"][0]["mechanism"] == {"type": "excepthook", "handled": False}
    assert printed == [happened]


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_what_only_ends_the_program_is_not_reported(watched, printed, events, error):
    sys.excepthook(*caught(error()))
    assert not events
    assert len(printed) == 1


@pytest.mark.parametrize(("always_run", "expected"), [(False, 0), (True, 1)])
def test_interactive_interpreter_reports_only_when_asked_to(
    init, printed, events, monkeypatch, always_run, expected
):
    init(integrations=[ExcepthookIntegration(always_run=always_run)])
    monkeypatch.setattr(sys, "ps1", ">>> ", raising=False)
    sys.excepthook(*caught(ValueError("typed wrong")))
    assert len(events) == expected


def test_uninstalling_gives_the_hook_back(printed):
    before = sys.excepthook
    sentry_like.init(DSN, transport=TestTransport(), integrations=[ExcepthookIntegration()])
    assert sys.excepthook is not before
    Hub.main.client.close(uninstall=True)
    assert sys.excepthook is before


# -- hooks that do not call ours

UNSEEN = """
import sys
import sentry_like
sentry_like.init({options})
sys.excepthook = lambda kind, error, tb: print("sorry:", error, file=sys.stderr)
"""
UNCAUGHT = "raise ValueError('the end')"
ENDS = {
    "at once": (UNCAUGHT, "ValueError: the end (excepthook)"),
    "deep down": (
        "def f(n): return f(n - 1) if n else {}['x']\nf(5)",
        "KeyError: 'x' (excepthook)",
    ),
    "Ctrl-C": ("raise KeyboardInterrupt", None),
    "reported before": (
        f"try:\n    {UNCAUGHT}\nexcept ValueError:\n    sentry_like.capture_exception()\n    raise",
        "ValueError: the end (generic)",
    ),
    "printed as Python does": (
        f"sys.excepthook = sys.__excepthook__\n{UNCAUGHT}",
        "ValueError: the end (excepthook)",
    ),
}


@pytest.mark.parametrize(("text", "expected"), ENDS.values(), ids=ENDS)
def test_exception_that_another_hook_kept_from_us_is_reported_at_exit(relay, text, expected):
    ended = run_to_end(relay, UNSEEN.format(options="") + text)
    assert ended.lines == [expected] * bool(expected)
    assert ended.exit != 0
    assert ended.err.startswith(("sorry: ", "Traceback"))


@pytest.mark.parametrize("how", ["file", "-m", "stdin"])
def test_wherever_the_program_came_from(relay, tmp_path, how):
    ended = run_to_end(relay, UNSEEN.format(options="") + UNCAUGHT, tmp_path, how)
    assert ended.lines == ["ValueError: the end (excepthook)"]


LEFT_BEHIND = {
    "a test runner's": """
def run_tests():
    try:
        raise ValueError("of a test")
    except ValueError as error:
        sys.last_value = sys.last_exc = error
run_tests()
""",
    "a console's": """
import code
sys.excepthook = sys.__excepthook__
code.InteractiveConsole(globals()).push("raise ValueError('typed wrong')")
""",
    "a task's": """
import asyncio
async def work():
    raise ValueError("of a task")
async def main():
    task = asyncio.ensure_future(work())
    await asyncio.wait([task])
    return task.exception()
sys.last_value = sys.last_exc = asyncio.run(main())
""",
    "nothing": "",
    "something else": "sys.last_value = sys.last_exc = 'nonsense'",
    "one without a traceback": "sys.last_value = sys.last_exc = ValueError()",
}


@pytest.mark.parametrize("text", LEFT_BEHIND.values(), ids=LEFT_BEHIND)
def test_exceptions_that_did_not_end_the_program_are_not_reported(relay, text):
    ended = run_to_end(relay, UNSEEN.format(options="") + text)
    assert ended.lines == []
    assert ended.exit == 0


def test_what_the_hook_saw_is_not_reported_at_the_end_once_more(relay):
    program = f"import sentry_like\nsentry_like.init(disabled_integrations=['dedupe'])\n{UNCAUGHT}"
    assert run_to_end(relay, program).lines == ["ValueError: the end (excepthook)"]


def test_end_is_not_looked_at_without_the_integration(relay):
    program = UNSEEN.format(options="disabled_integrations=['excepthook']")
    assert run_to_end(relay, program + UNCAUGHT).lines == []
