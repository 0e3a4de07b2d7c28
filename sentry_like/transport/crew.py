"""Who sends what waits: a thread, or where none can be started whoever hands something over.

No lock is waited for that a signal handler, a finaliser or a fork could find taken: locks are tried, and
who does not get one leaves its work to who has it. Time is waited for in locks, so that a frozen clock does
no harm.
"""

from __future__ import annotations

import sys
import threading
from time import monotonic

from sentry_like.errors import contained
from sentry_like.transport.backlog import Ticket
from sentry_like.transport.base import THREAD_NAME

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from sentry_like.protocol.envelope import Envelope
    from sentry_like.transport.backlog import Backlog
    from sentry_like.transport.delivery import Delivery

REPORT_SECONDS = 60.0
"""So long losses wait for an envelope to travel with (protocol, "Client reports", "Mechanics")."""

GRACE = 0.5
"""Seconds that `stop` waits for the thread to end, which it does at once unless it is resolving a name."""

CLOSED = "closed"
"""Still waiting, or handed over, when the transport was closed: our own reason, which nobody is left to
report.
"""


class Crew:
    """All that a forked child must not inherit: what waits, who sends it, and the locks between them."""

    def __init__(
        self, delivery: Delivery, backlog: Backlog, timeout: float, log: Callable[[str], object]
    ) -> None:
        self.backlog = backlog
        self.is_stopping = False
        self._delivery = delivery
        self._timeout = timeout
        self._log = log
        self._has_said = False
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._turn = threading.Lock()
        self._sender: int | None = None
        self._alarm = threading.Lock()
        self._alarm.acquire()

    # -- called by anybody

    def see_to_it(self, seconds: float | None) -> None:
        """Have the backlog sent: by the worker, or where there can be none by this thread within so many
        seconds.
        """
        if self.is_working():
            self._wake()
        elif self._starting.locked():
            return  # who starts the worker, be it this thread below us, has it find what waits
        elif not self._start():
            self.send_waiting(seconds)

    def is_working(self) -> bool:
        """Whether a worker sees to what waits. At the interpreter's end it lives, but runs no more."""
        return self._thread is not None and self._thread.is_alive() and not sys.is_finalizing()

    def is_sent_here(self) -> bool:
        """Whether this thread is the one that sends, and was interrupted by who asks."""
        return self._sender == threading.get_ident()

    def send_waiting(self, seconds: float | None = None) -> None:
        """Send what waits, oldest first, for about so many seconds.

        Does nothing if another thread is at it, or this one was interrupted in it: what is added meanwhile
        is sent there too.
        """
        ends = None if seconds is None else monotonic() + seconds
        has_time = True
        while has_time and self.backlog and self._turn.acquire(blocking=False):
            try:
                self._sender = threading.get_ident()
                has_time = self._send_until(ends)
                if self.is_stopping:
                    self._delivery.close()
            finally:
                self._sender = None
                self._turn.release()

    def wait_for(self, ticket: Ticket, seconds: float | None) -> bool:
        """Whether everything before the ticket was done in time."""
        ends = None if seconds is None else monotonic() + seconds
        self.see_to_it(seconds)
        if not self.is_working():  # none can be, or none is yet and this thread interrupts its start
            self.send_waiting(left(ends))
        if ticket.wait(left(ends)):
            return True
        self.backlog.discard(ticket)
        return False

    def stop(self) -> None:
        """Lose what waits, end the request under way and the thread, release the connection."""
        self.is_stopping = True
        for entry in self.backlog.clear():
            if isinstance(entry, Ticket):
                entry.answer(self._delivery.last_loss)
            else:
                self._delivery.lose(entry.items, CLOSED)
        self._delivery.cut()
        self.retire()
        if self._thread is not None and self.is_working() and not self.is_sent_here():
            self._thread.join(GRACE)

    def retire(self) -> None:
        """Send what waits, then end the thread and release the connection."""
        self.is_stopping = True
        if self.is_working():
            self._wake()
        else:
            self._release()

    # -- the worker

    def _start(self) -> bool:
        """Whether there is a worker now."""
        if not self._starting.acquire(blocking=False):
            return True
        try:
            if sys.is_finalizing():
                raise RuntimeError(
                    "the interpreter ends"
                )  # up to 3.11 a thread would be waited for, for ever
            if not can_run_threads():
                raise RuntimeError("uWSGI runs without enable-threads")
            thread = threading.Thread(target=self._work, name=THREAD_NAME, daemon=True)
            thread.start()
            self._thread = thread
        except RuntimeError as error:
            if not self._has_said:
                self._has_said = True
                self._log(f"no worker thread ({error}): who captures an event sends it")
            return False
        finally:
            self._starting.release()
        return True

    def _work(self) -> None:
        while True:
            self.send_waiting()
            if self.is_stopping and not self.backlog:
                break
            if not self._alarm.acquire(timeout=REPORT_SECONDS) and self._delivery.has_untold():
                self.backlog.add(Ticket())
        self._release()

    def _wake(self) -> None:
        try:
            self._alarm.release()
        except RuntimeError:  # it is ringing already
            return

    def _release(self) -> None:
        if self._turn.acquire(blocking=False):
            try:
                self._delivery.close()
            finally:
                self._turn.release()

    def _send_until(self, ends: float | None) -> bool:
        """Whether the backlog was emptied before the time was over."""
        timeout = self._timeout
        while self.backlog:
            if ends is not None:
                timeout = min(self._timeout, ends - monotonic())
            if timeout <= 0:
                return False
            self._see_to(self.backlog.take(), timeout)
        return True

    def _see_to(self, entry: Envelope | Ticket | None, timeout: float) -> None:
        try:
            with contained("sending"):
                if isinstance(entry, Ticket):
                    self._delivery.report(timeout)
                elif entry is not None:
                    self._delivery.deliver(entry, timeout)
        finally:
            self.backlog.done()
            if isinstance(entry, Ticket):
                entry.answer(self._delivery.last_loss)


def left(ends: float | None) -> float | None:
    """The seconds until then; `None` for ever."""
    return None if ends is None else ends - monotonic()


def can_run_threads() -> bool:
    """Whether a thread would run; uWSGI without `enable-threads` starts it, but never lets it."""
    given = getattr(sys.modules.get("uwsgi"), "opt", None)
    return given is None or any(is_on(given.get(name)) for name in ("enable-threads", "threads"))


def is_on(value: object) -> bool:
    """Whether an option of uWSGI, which comes as bytes, str or bool, is anything but off."""
    text = value.decode("ascii", "replace") if isinstance(value, bytes) else str(value)
    return text.lower() not in ("none", "false", "off", "no", "0", "")
