"""A flood of events: memory stays bounded, no call waits, and the account adds up."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from relay_server import KEY, BlackHole

PROGRAM = """
import json, sys, time
import sentry_like

dsn, count, options = sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3])

def rss():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * 4096

sentry_like.init(dsn, default_integrations=False, **options)
client = sentry_like.get_client()
for _ in range(200):
    sentry_like.capture_message("warm up")
time.sleep(0.5)
before = rss()
slowest = 0.0
for number in range(count):
    started = time.thread_time()
    sentry_like.capture_message("the same message over and over")
    slowest = max(slowest, time.thread_time() - started)
after = rss()
began = time.monotonic()
client.close(0.2)
closing = time.monotonic() - began
ends = time.monotonic() + 5
while client.stats()["error"]["queued"] and time.monotonic() < ends:
    time.sleep(0.01)
print(json.dumps({
    "growth": after - before, "slowest": slowest, "closing": closing, "stats": client.stats()["error"],
}))
"""

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


def flood(dsn, count, **options):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, dsn, str(count), json.dumps(options)],
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def assert_survived(result, count):
    assert result["growth"] < 40 * 1024 * 1024
    # the time on the processor, for on a busy machine anything may be made to wait
    assert result["slowest"] < 0.1
    assert result["closing"] < 3
    stats = result["stats"]
    assert stats["captured"] == count + 200
    assert stats["captured"] == stats["sent"] + stats["queued"] + sum(stats["lost"].values())
    assert stats["queued"] == 0


def test_a_hundred_thousand_events_for_a_dead_server():
    result = flood(f"http://{KEY}@127.0.0.1:9/1", 100_000)
    assert_survived(result, 100_000)
    assert result["stats"]["sent"] == 0


def test_twenty_thousand_events_for_a_server_that_never_answers():
    with BlackHole() as hole:
        result = flood(hole.dsn, 20_000)
    assert_survived(result, 20_000)
    assert result["stats"]["lost"]["queue_overflow"] >= 19_000


def test_events_for_a_slow_server_that_answers_are_sent_or_counted(relay):
    result = flood(relay.dsn, 2_000, transport_queue_size=10_000)
    assert result["stats"]["captured"] == 2_200
    assert result["stats"]["sent"] + sum(result["stats"]["lost"].values()) == 2_200
    assert len(relay.requests) <= 2_201
