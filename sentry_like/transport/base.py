"""What carries envelopes away: the interface that people implement, and the choice of what a client uses."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from sentry_like.options import Options
    from sentry_like.protocol.dsn import Dsn
    from sentry_like.protocol.envelope import Envelope
    from sentry_like.transport.reports import Reports


class Transport:
    """Derive from this, implement `send`, and give the class or an instance as the option `transport`.

    A class is called with the client's options. `send` must not wait for the network, for it runs on the thread that captures.
    """

    def __init__(self, options: Options | None = None) -> None:
        self.options = options

    def send(self, envelope: Envelope) -> None:
        """Take an envelope over. The base class does nothing with it."""

    def flush(self, timeout: float | None = None) -> bool:
        """Wait at most `timeout` seconds; whether everything taken over so far was delivered."""
        return True

    def close(self, timeout: float | None = None) -> bool:
        """Release what is held; nothing is sent afterwards."""
        return self.flush(timeout)

    def drain(self, timeout: float) -> bool:
        """Flush because the interpreter exits; what comes later must be sent at once, for no thread will be there to do it."""
        return self.flush(timeout)

    def pending(self) -> int:
        """How many envelopes wait."""
        return 0


class FunctionTransport(Transport):
    """A function as transport: called with the event of every envelope that has one, attachments or not."""

    def __init__(self, function: Callable[[dict[str, Any]], object]) -> None:
        super().__init__()
        self._function = function

    def send(self, envelope: Envelope) -> None:
        event = envelope.get_event()
        if event is not None:
            self._function(event)


class PeerTransport(Transport):
    """A transport written for the official client: `capture_envelope`, `flush(timeout, callback)`, `kill`."""

    def __init__(self, peer: Any) -> None:
        super().__init__()
        self._peer = peer

    def send(self, envelope: Envelope) -> None:
        self._peer.capture_envelope(envelope)

    def flush(self, timeout: float | None = None) -> bool:
        flush = getattr(self._peer, "flush", None)
        return True if flush is None else flush(timeout) is not False

    def close(self, timeout: float | None = None) -> bool:
        flushed = self.flush(timeout)
        kill = getattr(self._peer, "kill", None)
        if kill is not None:
            kill()
        return flushed


class AccountedTransport(Transport):
    """A transport of the user's, with the account kept: what it took over without raising is sent."""

    def __init__(self, inner: Transport, reports: Reports) -> None:
        super().__init__()
        self.inner = inner
        self._reports = reports

    def send(self, envelope: Envelope) -> None:
        self.inner.send(envelope)
        for item in envelope.items:
            self._reports.sent(item.category, item.quantity)

    def flush(self, timeout: float | None = None) -> bool:
        return self.inner.flush(timeout)

    def close(self, timeout: float | None = None) -> bool:
        return self.inner.close(timeout)

    def drain(self, timeout: float) -> bool:
        return self.inner.drain(timeout)

    def pending(self) -> int:
        return self.inner.pending()


def make_transport(
    options: Options, dsn: Dsn | None, reports: Reports, log: Callable[[str], None]
) -> Transport | None:
    """The transport that the options ask for; `None` when there is nowhere to send.

    Raises:
        ValueError: the options ask for something that is not installed, or for a file that is not there.
    """
    wanted = options.transport
    if wanted is not None:
        return AccountedTransport(_adapted(wanted, options), reports)
    if dsn is None:
        return None
    from sentry_like.transport.http import HttpPost
    from sentry_like.transport.worker import WorkerTransport

    return WorkerTransport(HttpPost(dsn, options), reports, options, log)


def _adapted(wanted: Any, options: Options) -> Transport:
    if isinstance(wanted, type):
        wanted = wanted(options)
    if isinstance(wanted, Transport):
        return wanted
    if hasattr(wanted, "capture_envelope"):
        return PeerTransport(wanted)
    if hasattr(wanted, "send"):
        made: Transport = wanted
        return made
    return FunctionTransport(wanted)
