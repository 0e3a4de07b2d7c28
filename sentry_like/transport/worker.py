"""A transport that hands envelopes to a thread of its own.

`send` never waits for the network. The thread starts with the first envelope; a forked child has its own,
and its own backlog and connection. Where no thread can be started, and after `drain`, the caller sends, for
a short time.
"""

from __future__ import annotations

from time import monotonic

from sentry_like.transport import forks
from sentry_like.transport.backlog import Backlog, Ticket
from sentry_like.transport.base import Transport
from sentry_like.transport.crew import CLOSED, Crew
from sentry_like.transport.delivery import Delivery

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from sentry_like.protocol.envelope import Envelope
    from sentry_like.transport.compression import Encoding
    from sentry_like.transport.post import Post
    from sentry_like.transport.reports import Reports

CALLER_SECONDS = 2.0
"""The longest that an application's thread sends where no worker can be started."""


class WorkerTransport(Transport):
    """Sends through `post`, within `timeout` seconds for each request, from a thread of its own.

    Refuses, and counts as `queue_overflow`, what comes while `queue_size` envelopes or `queue_bytes` wait.
    `log` is told in words what happens. Any thread, signal handler or finaliser may call any method.
    """

    def __init__(
        self,
        post: Post,
        reports: Reports,
        *,
        queue_size: int = 1000,
        queue_bytes: int = 10 * 1024 * 1024,
        timeout: float = 30.0,
        encoding: Encoding | None = None,
        wants_reports: bool = True,
        log: Callable[[str], object],
    ) -> None:
        super().__init__()
        self._is_closed = False
        self._patience: float | None = None
        delivery = Delivery(post, reports, encoding=encoding, wants_reports=wants_reports, log=log)
        self._delivery = delivery
        self._told = delivery.last_loss
        self._make_crew: Callable[[], Crew] = lambda: Crew(
            delivery, Backlog(queue_size, queue_bytes), timeout, log
        )
        self._crew = self._make_crew()
        forks.follow(self)

    def start_anew(self) -> None:
        """In a forked child: own thread, backlog and connection, none of the parent's envelopes."""
        self._delivery.start_anew()
        self._told = self._delivery.last_loss
        self._crew = self._make_crew()

    def send(self, envelope: Envelope) -> None:
        """Hand the envelope over, or count it as lost."""
        forks.notice()
        crew = self._crew
        if self._is_closed:
            self._delivery.lose(envelope.items, CLOSED)
        elif not crew.backlog.has_room_for(envelope):
            self._delivery.lose(envelope.items, "queue_overflow")
        else:
            crew.backlog.add(envelope)
            if self._patience is None:
                crew.see_to_it(CALLER_SECONDS)
            else:
                self._send_at_exit(self._patience)
            if crew.is_stopping:  # closed by another thread, since we looked
                crew.stop()

    def flush(self, timeout: float | None = None) -> bool:
        """Wait until everything handed over before is done, or the time is over; `None` waits as long as it
        takes.

        True only if all of it was in time and nothing was lost since the last call that was answered. Also
        has the server told of losses. With 0 nothing is waited for.
        """
        forks.notice()
        known = self._told
        last_loss = self._last_loss_when_done(timeout)
        if last_loss is None:
            return False
        self._told = last_loss
        return last_loss is known

    def drain(self, timeout: float | None = None) -> bool:
        """Flush at the interpreter's exit. What is handed over later is sent at once, in as much time
        again, all in all. Calling again does not wait again.
        """
        if self._patience is not None:
            return self.flush(0)
        delivered = self.flush(timeout)
        self._patience = CALLER_SECONDS if timeout is None else timeout
        return delivered

    def close(self, timeout: float | None = None) -> bool:
        """Flush, then end the thread and release the connection, whatever is still under way.

        Calling again does nothing. What is handed over later is lost, and counted.
        """
        if self._is_closed:
            return True
        delivered = self.flush(timeout)
        self._is_closed = True
        self._crew.stop()
        return delivered

    def pending(self) -> int:
        """How many envelopes wait or are being sent."""
        return self._crew.backlog.pending()

    def _last_loss_when_done(self, timeout: float | None) -> object | None:
        """The last loss after everything handed over so far was done; `None` when that took too long."""
        crew, may_wait = self._crew, timeout is None or timeout > 0
        is_pending = self.pending() > 0
        if crew.is_sent_here() or (is_pending and not may_wait):
            return None
        if not is_pending and not self._delivery.has_untold():
            return self._delivery.last_loss
        ticket = Ticket()
        crew.backlog.add(ticket)
        if not may_wait:  # only a report is left to send
            crew.see_to_it(0)
            return self._delivery.last_loss
        return ticket.last_loss if crew.wait_for(ticket, timeout) else None

    def _send_at_exit(self, patience: float) -> None:
        started = monotonic()
        if patience > 0:
            self.flush(patience)
        self._patience = patience - (monotonic() - started)

    def __del__(self) -> None:
        crew = getattr(self, "_crew", None)
        if crew is not None:
            crew.retire()
