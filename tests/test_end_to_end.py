"""Real programs in processes of their own, against a real local server: what arrives, what they print."""

from __future__ import annotations

import socket
import subprocess
import sys
import textwrap
import time

import pytest


@pytest.fixture
def program(relay, tmp_path):
    """`program(source)` runs a script with its DSN in the environment; the finished process."""

    def run(source, **environ):
        path = tmp_path / "program.py"
        path.write_text(textwrap.dedent(source))
        return subprocess.run(
            [sys.executable, str(path)],
            env={"PATH": "", "SENTRY_DSN": relay.dsn, **environ},
            capture_output=True,
            text=True,
            timeout=60,
            cwd=tmp_path,
        )

    return run


def test_uncaught_exception_arrives_and_the_program_fails_as_before(program, relay, sentry_accepts):
    done = program("""
        import sentry_like
        sentry_like.init()

        def divide(a, b):
            return a / b

        divide(1, 0)
    """)
    assert done.returncode == 1
    assert done.stderr.rstrip().endswith("ZeroDivisionError: division by zero")
    (event,) = relay.events
    value = event["exception"]["values"][0]
    assert value["mechanism"] == {"type": "excepthook", "handled": False}
    frame = value["stacktrace"]["frames"][-1]
    assert (frame["function"], frame["vars"], frame["context_line"]) == (
        "divide",
        {"a": "1", "b": "0"},
        "    return a / b",
    )
    assert event["modules"]
    assert event["extra"]["sys.argv"][0].endswith("program.py")
    sentry_accepts(event)


def test_what_is_queued_at_exit_is_sent(program, relay):
    done = program("""
        import sentry_like
        sentry_like.init()
        for number in range(50):
            sentry_like.capture_message(f"message {number}")
    """)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert [event["message"] for event in relay.events] == [f"message {number}" for number in range(50)]


def test_capture_in_an_exit_hook_that_runs_later_is_sent(program, relay):
    program("""
        import atexit
        import sentry_like
        atexit.register(lambda: sentry_like.capture_message("last words"))
        sentry_like.init()
        sentry_like.capture_message("first words")
    """)
    assert [event["message"] for event in relay.events] == ["first words", "last words"]


def test_program_without_standard_streams_delivers(program, relay):
    program("""
        import sys
        sys.stdout = sys.stderr = None
        import sentry_like
        sentry_like.init(debug=True)
        sentry_like.capture_message("from a daemon")
    """)
    assert [event["message"] for event in relay.events] == ["from a daemon"]


def test_exit_does_not_wait_longer_than_shutdown_timeout(program):
    with socket.socket() as silent:  # accepts by its backlog, and never answers
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        begun = time.monotonic()
        done = program(
            """
            import sentry_like
            sentry_like.init()
            sentry_like.capture_message("nobody answers")
            """,
            SENTRY_DSN=f"http://key@127.0.0.1:{silent.getsockname()[1]}/1",
            SENTRY_SHUTDOWN_TIMEOUT="0.5",
        )
    assert done.returncode == 0
    assert time.monotonic() - begun < 10


def test_signal_that_ends_the_program_by_an_exit_still_delivers(program, relay):
    program("""
        import os, signal, sys
        import sentry_like
        sentry_like.init()
        signal.signal(signal.SIGTERM, lambda *args: sys.exit(3))
        sentry_like.capture_message("before the signal")
        os.kill(os.getpid(), signal.SIGTERM)
    """)
    assert [event["message"] for event in relay.events] == ["before the signal"]


def test_forked_children_each_deliver_their_own(program, relay):
    program("""
        import os
        import sentry_like
        sentry_like.init()
        sentry_like.capture_message("parent")
        sentry_like.flush(5)
        for number in range(3):
            if os.fork() == 0:
                sentry_like.capture_message(f"child {number}")
                sentry_like.flush(5)
                os._exit(0)
        for _ in range(3):
            os.wait()
        sentry_like.capture_message("parent again")
    """)
    told = sorted(event["message"] for event in relay.events)
    assert told == ["child 0", "child 1", "child 2", "parent", "parent again"]


def test_interactive_interpreter_does_not_report(program, relay):
    program("""
        import sys
        import sentry_like
        sentry_like.init()
        sys.ps1 = ">>> "
        raise ValueError("typed by hand")
    """)
    assert relay.events == []
