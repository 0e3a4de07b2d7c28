"""Runs the programs of this folder to their end, four at a time: each with a server of its own, and once more
without any client.

What comes back is what a test may look at: the events as lines, how the program ended, and what it printed.
"""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

from relay_server import RelayServer

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
CLIENT = ROOT / "sentry_like"
AT_ONCE = 4
PATIENCE = 30.0
"""Seconds until a program that does not end is killed; its row fails then."""
PASSING = re.compile(r"0x[0-9a-fA-F]+|\bpid[ =]\d+|\d{4}-\d\d-\d\d|\d\d:\d\d:\d\d(\.\d+)?")
"""What differs from run to run."""
FRAME = re.compile(r'[ |]*File "(.+)", line \d+, in (.+)')
QUIET = 0.2
"""Seconds without a request after which nothing more is expected; by then all processes have ended."""


class Run:
    """How one run ended: `exit` (negative: a signal), `out` and `err` as text, `has_hung`."""

    def __init__(self, exit_code, out, err, has_hung):
        self.exit, self.out, self.err, self.has_hung = exit_code, out, err, has_hung


class Outcome:
    """`watched`: the runs with the client; `alone`: the same without one. `events`, `discarded`, `kinds`:
    what the server got over all of them.
    """

    def __init__(self, watched, alone, relay):
        self.watched, self.alone = watched, alone
        self.events = relay.events
        self.discarded = relay.discarded
        self.kinds = {item.headers["type"] for envelope in relay.envelopes for item in envelope.items}


class Runs:
    """The outcomes of all ways given, which begin to run at once."""

    def __init__(self, ways, folder):
        self._pool = ThreadPoolExecutor(AT_ONCE)
        self._outcomes = {
            way.name: self._pool.submit(run_both, way, folder / str(number))
            for number, way in enumerate(ways)
        }

    def __getitem__(self, way):
        return self._outcomes[way.name].result()

    def close(self):
        self._pool.shutdown(cancel_futures=True)


def run_both(way, folder):
    """Run a way's program with and without the client, as often as it takes."""
    folder.mkdir()
    alone = [run(way, environment(HERE / "without_client"), folder, number) for number in range(way.times)]
    with RelayServer() as relay:
        if way.server is not None:
            way.server(relay)
        surroundings = environment(ROOT) | {"SENTRY_DSN": relay.dsn}
        watched = [run(way, surroundings, folder, number, relay) for number in range(way.times)]
        wait_for_quiet(relay)
        return Outcome(watched, alone, relay)


def environment(package_folder):
    """This environment, as an ordinary shell has it, with that `sentry_like` and no client configured."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SENTRY_", "PYTHON"))}
    # a process with threads that forks is warned of from 3.12 on; whether there are threads is ours to know
    return kept | {"PYTHONPATH": str(package_folder), "PYTHONWARNINGS": "ignore::DeprecationWarning"}


def run(way, surroundings, folder, number, relay=None):
    """One run, to the end of every process that it started: they all hold its output open."""
    program = HERE / "programs" / f"{way.program}.py"
    arguments = way.arguments if way.times == 1 else (*way.arguments, str(number + 1))
    with subprocess.Popen(
        [sys.executable, str(program), *arguments],
        cwd=folder,
        env=surroundings,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        has_hung = False
        if way.kill_after is not None:
            kill(process, way.kill_after, relay)
        try:
            out, err = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            has_hung = True
            os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
        return Run(process.returncode, out, err, has_hung)


def kill(process, requests, relay):
    """Send the default signal once the server has that many requests; without one, when it has printed."""
    if relay is None:
        select.select([process.stdout], [], [], PATIENCE)
    else:
        relay.wait_for(requests)
    process.terminate()


def wait_for_quiet(relay):
    count = -1
    while count != len(relay.requests):
        count = len(relay.requests)
        time.sleep(QUIET)


def line_of(event):
    """An event in one line: what, how serious unless "error", and how it came to us.

    `RuntimeError: no basket < ValueError < KeyError (excepthook, unhandled)`, the captured exception first
    and only the types of what led to it; `shop: no tea (fatal)` for a record of the logger `shop`.
    """
    told = []
    if event.get("exception"):
        *others, last = event["exception"]["values"]
        mechanism = last["mechanism"]
        text = " < ".join(
            [f"{last['type']}: {last['value']}", *(other["type"] for other in reversed(others))]
        )
        told += [mechanism["type"], "handled" if mechanism["handled"] else "unhandled"]
    else:
        text = message_of(event)
    if event["level"] != "error":
        told.append(event["level"])
    return f"{text} ({', '.join(told)})" if told else text


def message_of(event):
    entry = event.get("logentry") or {}
    message = entry.get("formatted") or entry.get("message") or event.get("message")
    return f"{event['logger']}: {message}" if event.get("logger") else message


def frames_of(event):
    """All frames of an event's exceptions."""
    values = (event.get("exception") or {}).get("values", ())
    return [frame for value in values for frame in (value.get("stacktrace") or {}).get("frames", ())]


def value_at(event, path):
    """`value_at(event, "tags.job")`."""
    value = event
    for key in path.split("."):
        value = value[int(key)] if isinstance(value, list) else (value or {}).get(key)
    return value


def spoken(text):
    """What a program said, line by line in order of the alphabet, without what differs from run to run, and
    without our own frames where an exception passed by them.

    Those are in our files, or pass for the function that they were laid around, and stand right before it.
    """
    blocks = [Block("")]
    for line in text.splitlines():
        if FRAME.match(line) or not re.match(r"[ |]*    ", line):  # not a line of source below a frame
            blocks.append(Block(line))
        blocks[-1].lines.append(PASSING.sub("...", line))
    kept = [block for block, following in pairwise([*blocks, Block("")]) if not block.is_ours(following)]
    return sorted(line for block in kept for line in block.lines)


class Block:
    """A frame in a printed traceback with its lines of source, or another line."""

    def __init__(self, line):
        frame = FRAME.match(line)
        self.place = frame and frame.groups()
        self.lines = []

    def is_ours(self, following):
        return self.place is not None and (
            self.place[0].startswith(str(CLIENT)) or self.place == following.place
        )
