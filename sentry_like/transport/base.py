"""What a transport is, and which one a client gets.

Subclass `Transport` to carry envelopes elsewhere; a plain function or an object in the style of older
clients will do as well.
"""

from __future__ import annotations

import os

from sentry_like.errors import absorb, contained
from sentry_like.transport import forks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from sentry_like.options import Options
    from sentry_like.protocol.dsn import Dsn
    from sentry_like.protocol.envelope import Envelope, Item
    from sentry_like.transport.compression import Encoding
    from sentry_like.transport.reports import Reports
    from sentry_like.types import Event


THREAD_NAME = "sentry-like.worker"
"""The thread of ours that sends: what it does is not the application's doing."""


class Transport:
    """Carries envelopes away. Any thread may call any method; none raises, and only `flush`, `drain` and
    `close` take time.
    """

    def __init__(self, options: Options | None = None) -> None:
        self.options = options

    def send(self, envelope: Envelope) -> None:
        """Take the envelope, which is nobody else's from now on, and return at once."""
        raise NotImplementedError

    def flush(self, timeout: float | None = None) -> bool:
        """Wait at most so many seconds until everything is delivered; whether all of it was."""
        return True

    def drain(self, timeout: float | None = None) -> bool:
        """Flush because the interpreter exits: from now on `send` must be done when it returns."""
        return self.flush(timeout)

    def close(self, timeout: float | None = None) -> bool:
        """Flush, then release everything; whether all was delivered. Calling again does nothing."""
        return self.flush(timeout)

    def pending(self) -> int:
        """How many envelopes are not delivered yet."""
        return 0


class CustomTransport(Transport):
    """Around what the user brought, the `carrier`: contains its errors and keeps the ledger for it.

    `take` hands an envelope over and returns the items that were in it for the carrier.
    """

    def __init__(self, carrier: Any, take: Callable[[Envelope], Iterable[Item]], reports: Reports) -> None:
        super().__init__()
        self.carrier = carrier
        self._take = take
        self._reports = reports

    def send(self, envelope: Envelope) -> None:
        """Hand the envelope over; what the carrier does not take, or fails to, is counted as lost."""
        taken: Iterable[Item] = ()
        reason = "send_error"
        try:
            taken = self._take(envelope)
            reason = UNSUPPORTED
        except BaseException as error:  # noqa: BLE001  # absorb() lets through what is the application's
            absorb("transport", error)
        finally:
            self._settle(envelope, list(taken), reason)

    def _settle(self, envelope: Envelope, taken: list[Item], reason: str) -> None:
        for item in envelope.items:
            if item in taken:
                self._reports.sent(item.category, item.quantity)
            else:
                self._reports.lost(reason, item.category, item.quantity)

    def flush(self, timeout: float | None = None) -> bool:
        return self._ask("flush", timeout)

    def drain(self, timeout: float | None = None) -> bool:
        return self._ask("drain" if hasattr(self.carrier, "drain") else "flush", timeout)

    def close(self, timeout: float | None = None) -> bool:
        if hasattr(self.carrier, "close"):
            return self._ask("close", timeout)
        delivered = self.flush(timeout)
        return self._ask("kill") and delivered

    def pending(self) -> int:
        with contained("transport"):
            return int(self.carrier.pending()) if hasattr(self.carrier, "pending") else 0
        return 0

    def _ask(self, method: str, *arguments: Any) -> bool:
        """What the carrier's method says; older ones say nothing, and then all is well."""
        with contained("transport"):
            return getattr(self.carrier, method, done)(*arguments) is not False
        return False


class MadeAtFirstUse(Transport):
    """Stands for a transport that is made with the first envelope, or the first loss to report: a program
    that never fails does not load what sending takes.
    """

    def __init__(self, make: Callable[[], Transport], reports: Reports) -> None:
        super().__init__()
        self._make = make
        self._reports = reports
        self._is_closed = False
        self._exit_timeout: float | None = None

    @property
    def made(self) -> Transport:
        """The transport; if two threads make one at the same moment, the first to store it wins."""
        if "_made" not in self.__dict__:
            forks.undivided.run(lambda: self.__dict__.setdefault("_made", self._make()))
            if self._exit_timeout is not None:
                self.__dict__["_made"].drain(self._exit_timeout)
        made: Transport = self.__dict__["_made"]
        return made

    def _is_needed(self) -> bool:
        return "_made" in self.__dict__ or (not self._is_closed and self._reports.has_untold())

    def send(self, envelope: Envelope) -> None:
        made = self.made
        if self._is_closed:
            made.close(0)
        made.send(envelope)

    def flush(self, timeout: float | None = None) -> bool:
        return self.made.flush(timeout) if self._is_needed() else True

    def drain(self, timeout: float | None = None) -> bool:
        self._exit_timeout = timeout
        return self.made.drain(timeout) if self._is_needed() else True

    def close(self, timeout: float | None = None) -> bool:
        closed = self.made.close(timeout) if self._is_needed() else True
        self._is_closed = True
        return closed

    def pending(self) -> int:
        return self.made.pending() if "_made" in self.__dict__ else 0


BUILT_IN = ("gzip", "none")
"""Compressions that every Python has."""

UNSUPPORTED = "unsupported"
"""A function is handed events and nothing else: a reason of our own."""


def done(*arguments: Any) -> bool:
    """The answer for a carrier that has nothing to do."""
    return True


def make_transport(
    options: Options,
    dsn: Dsn | None,
    reports: Reports,
    log: Callable[[str], object] = done,
    *,
    environ: Mapping[str, str] = os.environ,
) -> Transport | None:
    """The transport that the options ask for; `None` when there is neither a DSN nor a transport of the
    user's.

    `log` is told in words what happens on the way; `environ` has the proxies for clients that name none.

    Raises:
        BadOptions: what the options ask for cannot be had, such as a package that is not installed.
    """
    carrier = options.transport
    if isinstance(carrier, type):
        carrier = carrier(options)
    if carrier is not None:
        return CustomTransport(carrier, taking(carrier), reports)
    return None if dsn is None else _over_http(options, dsn, reports, log, environ)


def taking(carrier: Any) -> Callable[[Envelope], Iterable[Item]]:
    """How to hand an envelope to this carrier: whole, or only its event to a function."""
    take: Callable[[Envelope], object] | None
    take = getattr(carrier, "send", None) or getattr(carrier, "capture_envelope", None)
    if take is None:
        return lambda envelope: _take_event(carrier, envelope)

    def take_all(envelope: Envelope) -> list[Item]:
        items = list(envelope.items)
        take(envelope)
        return items

    return take_all


def _take_event(function: Callable[[Event], object], envelope: Envelope) -> list[Item]:
    events = envelope.items_of("event")[:1]
    for item in events:
        function(item.value())
    return events


def _over_http(
    options: Options, dsn: Dsn, reports: Reports, log: Callable[[str], object], environ: Mapping[str, str]
) -> Transport:
    proxy = _proxy_for(options, dsn, environ)
    if options.compression not in BUILT_IN:
        _encoding_for(options)  # to refuse here what is not installed

    def make() -> Transport:
        from sentry_like.transport.http import HttpPost
        from sentry_like.transport.worker import WorkerTransport

        return WorkerTransport(
            HttpPost(dsn, options, proxy, log=log),
            reports,
            queue_size=options.transport_queue_size,
            queue_bytes=options.transport_queue_bytes,
            timeout=options.transport_timeout,
            encoding=_encoding_for(options),
            wants_reports=options.send_client_reports,
            log=log,
        )

    return MadeAtFirstUse(make, reports)


def _proxy_for(options: Options, dsn: Dsn, environ: Mapping[str, str]) -> str | None:
    given = options.http_proxy or options.https_proxy
    if not given and not any(name.lower().endswith("_proxy") for name in environ):
        return None  # as in most processes, which need not load more to know it
    from sentry_like.transport.proxies import choose

    return choose(
        dsn.scheme,
        dsn.host,
        dsn.port,
        https_proxy=options.https_proxy,
        http_proxy=options.http_proxy,
        environ=environ,
    )


def _encoding_for(options: Options) -> Encoding | None:
    from sentry_like.transport.compression import choose

    return choose(options.compression, options.compression_level)
