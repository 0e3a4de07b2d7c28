"""A transport that writes down what it gets in a file, so that forked children write into the same book."""

from __future__ import annotations

import fcntl
import json
import os
import tempfile

from sentry_like.transport.base import Transport


class Ledger(Transport):
    """Keeps the events of this process and of its children, and who drained it."""

    def __init__(self):
        super().__init__()
        self._file, path = tempfile.mkstemp()
        os.unlink(path)
        self._read = 0

    def send(self, envelope):
        event = type(envelope).parse(envelope.serialize()).get_event()
        if event is not None:
            self._write({"event": event})

    def drain(self, timeout=None):
        self._write({"drain": os.getpid()})
        return True

    def _write(self, entry):
        fcntl.lockf(self._file, fcntl.LOCK_EX)
        try:
            os.lseek(self._file, 0, os.SEEK_END)
            os.write(self._file, json.dumps(entry).encode() + b"\n")
        finally:
            fcntl.lockf(self._file, fcntl.LOCK_UN)

    def take(self):
        """The entries since the last call."""
        size = os.fstat(self._file).st_size
        text = os.pread(self._file, size - self._read, self._read)
        self._read = size
        return [json.loads(line) for line in text.splitlines()]


class Told:
    """What came of one use: `events` without the probe's own, `crumbs` that the probe found, `drains`."""

    def __init__(self, entries):
        events = [entry["event"] for entry in entries if "event" in entry]
        self.probes = [event for event in events if event.get("message") == PROBE]
        self.events = [event for event in events if event.get("message") != PROBE]
        self.crumbs = [
            crumb for probe in self.probes for crumb in probe.get("breadcrumbs", {}).get("values", ())
        ]
        self.drains = [entry["drain"] for entry in entries if "drain" in entry]


PROBE = "the contract asks what is true here"
