"""At the interpreter's exit: what is still to be captured first, then what is queued."""

from __future__ import annotations

import pytest
from whole_programs import run_to_end

from sentry_like.integrations import atexit
from sentry_like.integrations._common import endings
from sentry_like.integrations._common.patch import uninstall
from sentry_like.integrations.atexit import AtexitIntegration


@pytest.fixture
def asked(monkeypatch):
    """Those who are asked, without what other tests have set up."""
    monkeypatch.setattr(endings, "_asked", {})
    yield
    uninstall("one")
    uninstall("other")


def test_everybody_is_asked_before_the_drain(init, asked, transport):
    order = []
    transport.drain = lambda timeout: order.append("drain")
    init(integrations=[AtexitIntegration()])
    endings.before_drain("one", lambda: order.append("one"))
    endings.before_drain("other", lambda: order.append("other"))
    atexit.finish()
    assert order == ["one", "other", "drain"]


def test_one_that_fails_keeps_neither_others_nor_the_drain(init, lenient, asked, transport):
    order = []
    transport.drain = lambda timeout: order.append("drain")
    init(integrations=[AtexitIntegration()])
    endings.before_drain("one", lambda: 1 / 0)
    endings.before_drain("other", lambda: order.append("other"))
    atexit.finish()
    assert order == ["other", "drain"]


def test_integration_that_was_uninstalled_is_not_asked(init, asked):
    endings.before_drain("one", lambda: 1 / 0)
    uninstall("one")
    endings.ask_all()


def test_callback_is_told_how_much_waits(init, transport):
    told = []
    transport.pending = lambda: 3
    init(shutdown_timeout=1.5, integrations=[AtexitIntegration(lambda *args: told.append(args))])
    atexit.finish()
    assert told == [(3, 1.5)]


def test_what_waits_is_delivered(relay):
    ended = run_to_end(
        relay,
        """
        import sentry_like
        sentry_like.init()
        for number in range(20):
            sentry_like.capture_message(f"{number:02}")
        """,
    )
    assert ended.lines == [f"{number:02}" for number in range(20)]


HOOKS = """
import atexit, sys
import sentry_like

def tell(text):
    print(sentry_like.capture_message(text) is not None)

atexit.register(tell, "after the drain")
sentry_like.init()
atexit.register(tell, "before the drain")
"""


def test_other_exit_hooks_are_heard_whenever_they_come(relay):
    assert run_to_end(relay, HOOKS).lines == ["after the drain", "before the drain"]
