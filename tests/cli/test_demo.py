from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

DEMO = Path(__file__).parents[2] / "scripts" / "demo"


@pytest.fixture
def demo(tmp_path):
    """Starts the demo with its own directory for temporary files, in which nothing must be left."""

    def start(**environ: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, str(DEMO)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "TMPDIR": str(tmp_path), **environ},
        )

    yield start
    assert list(tmp_path.iterdir()) == []


def is_anybody_there(dsn: str) -> bool:
    host, _, port = dsn.partition("@")[2].rpartition("/")[0].partition(":")
    with socket.socket() as client:
        return client.connect_ex((host, int(port))) == 0


def test_the_demo_shows_what_arrived_and_leaves_nothing_behind(demo):
    process = demo()
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0, out
    for shown in ("> ", "sku = 'S-300'", "warehouse", "nightly-clerk", "orders@1.4.2", "query: SELECT stock"):
        assert shown in out
    (dsn,) = {line.rpartition(" ")[2] for line in out.splitlines() if "DSN: " in line}
    assert not is_anybody_there(dsn)


def test_the_demo_fails_and_says_what_is_missing(demo):
    process = demo(SENTRY_INCLUDE_LOCAL_VARIABLES="off")
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "TypeError: the frame of find_article lacks its source line or the variable sku" in err


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demo_stops_its_inbox(demo, ending):
    process = demo()
    dsn = next(line for line in process.stdout if "DSN: " in line).rpartition(" ")[2].strip()
    process.send_signal(ending)
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert not is_anybody_there(dsn)
