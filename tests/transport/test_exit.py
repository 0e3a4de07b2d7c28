"""What is captured shortly before, and while, the interpreter exits; programs of their own."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import time

import pytest
from relay_server import BlackHole


def run(program, dsn, *, timeout=30):
    """Run a program to its end; (seconds it took, what it said on stderr)."""
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), dsn],
        stderr=subprocess.PIPE,
        text=True,
        timeout=timeout,
        check=True,
    )
    return time.perf_counter() - started, done.stderr


def test_what_is_pending_is_sent_before_the_end(relay):
    relay.always(delay=0.05)
    run(
        """
        import sys, sentry_like
        sentry_like.init(sys.argv[1])
        for number in range(10):
            sentry_like.capture_message(f"{number}")
        """,
        relay.dsn,
    )
    assert relay.messages == [f"{number}" for number in range(10)]


@pytest.mark.parametrize("earlier", ["", "sentry_like.capture_message('earlier')"], ids=["first", "later"])
def test_a_capture_in_an_exit_hook_that_runs_after_ours_arrives(relay, earlier):
    run(
        f"""
        import atexit, sys, sentry_like
        atexit.register(lambda: sentry_like.capture_message("late"))
        sentry_like.init(sys.argv[1])
        {earlier}
        """,
        relay.dsn,
    )
    assert relay.messages[-1] == "late"


def test_a_capture_in_a_finaliser_at_the_end_neither_hangs_nor_complains(relay):
    seconds, said = run(
        """
        import sys, sentry_like
        sentry_like.init(sys.argv[1])
        sentry_like.capture_message("first")
        class Dying:
            def __del__(self, capture=sentry_like.capture_message):
                capture("dying")
        sys.dying = Dying()
        """,
        relay.dsn,
    )
    assert "first" in relay.messages
    assert seconds < 10
    assert "Traceback" not in said


def test_a_black_hole_holds_the_end_up_no_longer_than_allowed():
    with BlackHole() as hole:
        seconds, _ = run(
            """
            import sys, sentry_like
            sentry_like.init(sys.argv[1], shutdown_timeout=0.5)
            for _ in range(20):
                sentry_like.capture_message("x")
            """,
            hole.dsn,
        )
    assert seconds < 5


def test_without_stdio_what_is_pending_is_sent(relay):
    run(
        """
        import sys, sentry_like
        sentry_like.init(sys.argv[1])
        sentry_like.capture_message("x")
        sys.stdout = sys.stderr = None
        """,
        relay.dsn,
    )
    assert relay.messages == ["x"]


def test_an_unhandled_exception_arrives(relay):
    with pytest.raises(subprocess.CalledProcessError):
        run("import sys, sentry_like; sentry_like.init(sys.argv[1]); 1 / 0", relay.dsn)
    assert relay.events[0]["exception"]["values"][-1]["type"] == "ZeroDivisionError"
