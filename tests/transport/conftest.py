"""A transport as a client would make it, with its account, which must add up whatever a test does."""

from __future__ import annotations

import sys
import time

import pytest
from relay_server import RelayServer, eventually

from sentry_like.options import Options
from sentry_like.protocol.dsn import Dsn
from sentry_like.protocol.envelope import Envelope, Item
from sentry_like.protocol.ids import new_event_id
from sentry_like.transport.base import make_transport
from sentry_like.transport.reports import Reports


class Carrier:
    """`make_transport` with the options, and the part of a client that counts what it captures."""

    def __init__(self, dsn, **options):
        self.logged = []
        self.told = []
        options.setdefault("on_lost", lambda *loss: self.told.append(loss))
        self.options = Options(dsn=dsn, **options)
        self.reports = Reports(on_lost=self.options.on_lost)
        self.transport = make_transport(
            self.options, Dsn.parse(dsn) if dsn else None, self.reports, log=self.logged.append
        )

    def envelope(self, message="hi", *, attachments=(), weight=None, **event):
        envelope = Envelope.of_event({"event_id": new_event_id(), "message": message, **event})
        for data in attachments:
            envelope.add_attachment(data, "a.bin")
        envelope.weight = len(envelope.serialize()) if weight is None else weight
        return envelope

    def send(self, message="hi", **event):
        """Capture and send an event."""
        self.send_envelope(self.envelope(message, **event))

    def send_envelope(self, envelope):
        for item in envelope.items:
            self.reports.captured(item.category, item.quantity)
        self.transport.send(envelope)

    def send_session(self, **with_event):
        """Send an event and a session in one envelope."""
        envelope = self.envelope(**with_event)
        envelope.add(Item({"type": "session"}, {"sid": "1"}))
        self.send_envelope(envelope)

    def flush(self, timeout=10.0):
        return self.transport.flush(timeout)

    @property
    def stats(self):
        return self.reports.stats()

    def lost(self, category="error"):
        """`{reason: quantity}`."""
        return self.stats.get(category, {}).get("lost", {})

    def sent(self, category="error"):
        return self.stats.get(category, {}).get("sent", 0)

    def queued(self, category="error"):
        return self.stats.get(category, {}).get("queued", 0)

    def has_settled(self):
        return not any(count["queued"] for count in self.stats.values())

    def assert_adds_up(self):
        for category, count in self.stats.items():
            assert count["captured"] - count["queued"] == count["sent"] + sum(count["lost"].values()), (
                category
            )
            assert count["queued"] >= 0, category


@pytest.fixture
def carry():
    """`carry(dsn, **options)`: a `Carrier`, closed afterwards; then everything captured was sent or lost."""
    made = []

    def make(dsn, **options):
        made.append(Carrier(dsn, **options))
        return made[-1]

    yield make
    for carrier in made:
        carrier.assert_adds_up()
        carrier.transport.close(0)
        assert eventually(carrier.has_settled)
        carrier.assert_adds_up()


@pytest.fixture
def serve():
    """`serve(**how)`: another `RelayServer`, closed afterwards."""
    open_servers = []

    def make(**how):
        server = RelayServer(**how)
        server.__enter__()
        open_servers.append(server)
        return server

    yield make
    for server in open_servers:
        server.__exit__(None, None, None)


@pytest.fixture
def frozen_clock(monkeypatch):
    """The clocks stand still for our modules and who asks the `time` module, as under freezegun."""
    import sentry_like.transport.connection  # loaded, so that it is frozen as well
    import sentry_like.transport.worker  # noqa: F401

    for name, value in (("monotonic", 1_000_000.0), ("time", 1_700_000_000.0), ("perf_counter", 5.0)):
        real = getattr(time, name)
        ours = [module for key, module in list(sys.modules.items()) if key.startswith("sentry_like")]
        for module in ours:
            for attribute, found in list(vars(module).items()):
                if found is real:
                    monkeypatch.setattr(module, attribute, lambda value=value: value)
        if name != "perf_counter":
            monkeypatch.setattr(time, name, lambda value=value: value)
