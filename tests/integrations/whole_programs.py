"""Runs small programs to their end, where what happens at the interpreter's exit is the point."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 30.0
"""Seconds until a program that does not end is killed, and its test fails."""


class Ended:
    """How a program ended: `exit`, `out` and `err` as text, and the `events` that the relay got, as lines."""

    def __init__(self, process, events):
        self.exit, self.out, self.err = process.returncode, process.stdout, process.stderr
        self.events = events
        self.lines = sorted(line_of(event) for event in events)


def line_of(event):
    """`ValueError: no tea (threading)`, or the message."""
    if not event.get("exception"):
        return event["message"]
    error = event["exception"]["values"][-1]
    return f"{error['type']}: {error['value']} ({error['mechanism']['type']})"


def run_to_end(relay, text, folder=None, how="-c"):
    """Run a program, with the relay as its server: as `-c`, `-m`, from a `file` or from `stdin`."""
    text = textwrap.dedent(text)
    if folder is not None:
        (folder / "program.py").write_text(text)
    arguments = {"-c": ["-c", text], "file": ["program.py"], "-m": ["-m", "program"], "stdin": ["-"]}[how]
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("SENTRY_", "PYTHON"))}
    process = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**kept, "PYTHONPATH": str(ROOT), "SENTRY_DSN": relay.dsn},
        input=text if how == "stdin" else "",
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return Ended(process, relay.events)
