"""Real servers, each run by one of our scripts for as long as a test module needs it."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parent.parent.parent / "scripts"


@contextmanager
def served(script, *options):
    """The port of the server that the script runs; that there is none is a failure of the test."""
    command = [sys.executable, str(SCRIPTS / script), *options]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        port = process.stdout.readline().strip()
        assert port, f"{' '.join(command)} came up with no server"
        yield int(port)
        process.stdin.close()
