"""The background worker: a bounded queue, one daemon thread, and the one place where the fate of an envelope is accounted for.

`send` never waits: not for the network, not for a lock. The thread starts with the first envelope; where none can be started
(the interpreter is ending, the host has no threads) envelopes are sent on the caller's thread. A forked child starts anew.
"""

from __future__ import annotations

import os
from collections import deque
from threading import Event, Lock, Thread, current_thread
from time import monotonic, time
from weakref import WeakSet

from sentry_like.errors import describe
from sentry_like.protocol.categories import INTERNAL
from sentry_like.protocol.client_report import payload
from sentry_like.protocol.envelope import Envelope, Item
from sentry_like.protocol.ratelimit import RateLimits
from sentry_like.protocol.time import format_timestamp
from sentry_like.transport.base import Transport
from sentry_like.transport.compression import Compressor
from sentry_like.transport.reports import RATE_LIMITED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Protocol

    from sentry_like.options import Options
    from sentry_like.transport.reports import Reports
    from sentry_like.types import Response

    class Post(Protocol):
        """One request to the server: answered, or raising whatever kept it from being answered."""

        def __call__(self, body: bytes, headers: dict[str, str]) -> Response: ...
        def close(self) -> None: ...
        def forget(self) -> None: ...


REPORT_EVERY = 30.0
"""Seconds between client reports that ride along with other envelopes (protocol, "Client reports")."""
STOP = object()


class Flush:
    """A mark in the queue: once the worker comes to it, all that was before it has been dealt with."""

    __slots__ = ("delivered", "reached")

    def __init__(self) -> None:
        self.reached = Event()
        self.delivered = False


class WorkerTransport(Transport):
    """Sends through `post` on a thread of its own. The queue is bounded in envelopes and in bytes."""

    def __init__(
        self,
        post: Post,
        reports: Reports,
        options: Options,
        log: Callable[[str], None] = lambda message: None,
    ) -> None:
        super().__init__(options)
        self._post = post
        self._reports = reports
        self._log = log
        self._compress = Compressor(options.compression, options.compression_level)
        self._most_envelopes = options.transport_queue_size
        self._most_bytes = options.transport_queue_bytes
        self._reporting = options.send_client_reports
        self._limits = RateLimits()
        self._reported_at = monotonic()
        self._closed = False
        self._draining = False
        self._start_anew()
        _alive.add(self)

    def _start_anew(self) -> None:
        """An empty queue and no thread, in this process."""
        self._pid = os.getpid()
        self._queue: Any = None
        self._weights: deque[int] = deque()
        self._in_hand = 0
        self._thread: Thread | None = None
        self._starting = Lock()
        self._undelivered = 0
        self._threadless = False

    def forget_parent(self) -> None:
        """In a forked child: what the parent had queued, counted or connected is the parent's."""
        self._start_anew()
        self._reports.reset()
        self._post.forget()

    # -- the caller's side

    def send(self, envelope: Envelope) -> None:
        """Queue an envelope; when the queue is full, or the transport closed, count it as lost."""
        if self._pid != os.getpid():  # a fork in C, as uWSGI's, runs no hook
            self.forget_parent()
        if self._closed or self._is_full(envelope.weight):
            self._lose(envelope.items, "queue_overflow")
        elif self._draining or self._threadless:
            self._deliver(envelope)
        else:
            self._weights.append(envelope.weight)
            self._waiting().put(envelope)
            self._ensure_thread()

    def _is_full(self, weight: int) -> bool:
        waiting = len(self._weights)
        if waiting == 0:
            return False
        return waiting >= self._most_envelopes or sum(self._weights.copy()) + weight > self._most_bytes

    def _waiting(self) -> Any:
        """The queue; looked up when first needed, so that it is gevent's where gevent has patched the library."""
        if self._queue is None:
            from queue import SimpleQueue

            self._queue = SimpleQueue()
        return self._queue

    def _ensure_thread(self) -> None:
        """Start the worker unless it runs; a signal handler that comes in between finds the lock taken and goes on."""
        if self._thread is not None and self._thread.is_alive():
            return
        if not self._starting.acquire(blocking=False):
            return
        try:
            if self._thread is None or not self._thread.is_alive():
                thread = Thread(target=self._work, name="sentry-like.worker", daemon=True)
                thread.start()
                self._thread = thread
        except RuntimeError as error:
            self._log(f"no thread can be started ({error}): events are sent by the thread that captures them")
            self._threadless = True
        finally:
            self._starting.release()
        if self._threadless:
            self._work_off()

    def pending(self) -> int:
        return len(self._weights) + self._in_hand

    def flush(self, timeout: float | None = None) -> bool:
        """Wait at most `timeout` seconds (`None`: 2) until all that was taken over is dealt with, and its losses reported.

        True only if none of it was lost on the way since the last flush.
        """
        if self._pid != os.getpid():
            self.forget_parent()
        mark = Flush()
        self._waiting().put(mark)
        if self._threadless or self._closed:
            self._work_off()
        else:
            self._ensure_thread()
        reached = mark.reached.wait(2.0 if timeout is None else timeout)
        return reached and mark.delivered

    def drain(self, timeout: float) -> bool:
        """Flush at interpreter exit; from here on envelopes are sent by the thread that brings them."""
        delivered = self.flush(timeout)
        self._draining = True
        return delivered

    def close(self, timeout: float | None = None) -> bool:
        """Flush, stop the thread, release the connection. What still waits then is counted as lost."""
        if self._closed:
            return True
        delivered = self.flush(timeout) if timeout is None or timeout > 0 else self.pending() == 0
        self._closed = True
        self._waiting().put(STOP)
        thread = self._thread
        if thread is None or not thread.is_alive():
            self._work_off()
        elif thread is not current_thread():
            thread.join(0.2)
        return delivered

    # -- the worker's side

    def _work(self) -> None:
        queue = self._waiting()
        while self._take(queue.get()):
            pass

    def _work_off(self) -> None:
        """Do what the thread would, for what waits now."""
        from queue import Empty

        queue = self._waiting()
        while True:
            try:
                item = queue.get_nowait()
            except Empty:
                return
            self._take(item)

    def _take(self, item: Any) -> bool:
        """Deal with one thing from the queue; false at the end."""
        if item is STOP:
            self._post.close()
            return False
        if isinstance(item, Flush):
            self._reach(item)
            return True
        self._weights.popleft()
        self._in_hand += 1
        try:
            if self._closed:
                self._lose(item.items, "queue_overflow")
            else:
                self._deliver(item)
        finally:
            self._in_hand -= 1
        return True

    def _reach(self, mark: Flush) -> None:
        mark.delivered = self._undelivered == 0
        self._undelivered = 0
        if not self._closed:
            self._deliver(Envelope(), is_forced=True)
        mark.reached.set()

    def _deliver(self, envelope: Envelope, *, is_forced: bool = False) -> None:
        """Send an envelope and account for each of its items exactly once."""
        try:
            items = self._without_limited(envelope.items)
        except Exception as error:  # noqa: BLE001  # whatever went wrong, the worker lives and the account adds up
            self._log(f"an envelope could not be sent: {describe(error)}")
            self._lose(envelope.items, "internal_sdk_error")
            return
        if not items and not is_forced:
            return
        discarded = self._report_due(is_forced=is_forced)
        if not items and not discarded:
            return
        if not self._send(Envelope(envelope.headers, [*items, *_report_items(discarded)]), items):
            self._reports.give_back(discarded)

    def _send(self, envelope: Envelope, counted: list[Item]) -> bool:
        """Post an envelope; whether the server took it. `counted` are the items that the account knows of."""
        try:
            body, encoding = self._compress(envelope.serialize(sent_at=format_timestamp(time())))
        except Exception as error:  # noqa: BLE001  # see _deliver
            self._log(f"an envelope could not be written: {describe(error)}")
            self._lose(counted, "internal_sdk_error")
            return False
        headers = {} if encoding is None else {"Content-Encoding": encoding}
        try:
            response = self._post(body, headers)
        except Exception as error:  # noqa: BLE001  # the network's errors come from several libraries
            self._log(f"no answer from the server: {describe(error)}")
            self._lose(counted, "network_error")
            return False
        self._limits.update(response.status, response.headers, now=monotonic(), wall_now=time())
        return self._settle(response.status, counted, len(body))

    def _settle(self, status: int, counted: list[Item], size: int) -> bool:
        """Account for answered items (protocol, "Responses and client duties")."""
        if 200 <= status < 300:
            for item in counted:
                self._reports.sent(item.category, item.quantity)
            return True
        if status == 429:
            self._lose(counted, RATE_LIMITED, report=False)
            return False
        if status == 413:
            self._log(f"the server refused an envelope of {size} bytes as too large (413)")
        else:
            self._log(f"the server refused an envelope with status {status}")
        self._lose(counted, "send_error")
        return False

    def _without_limited(self, items: list[Item]) -> list[Item]:
        """The items that may be sent now; an attachment falls with the event it belongs to."""
        now = monotonic()
        allowed = [item for item in items if not self._limits.is_limited(item.category, now)]
        if len(allowed) < len(items):
            if not any(item.type != "attachment" for item in allowed):
                allowed = []
            self._lose([item for item in items if item not in allowed], "ratelimit_backoff")
        return allowed

    def _report_due(self, *, is_forced: bool) -> list[tuple[str, str, int]]:
        """The losses to tell the server of with this envelope."""
        now = monotonic()
        if not self._reporting or (now - self._reported_at < REPORT_EVERY and not is_forced):
            return []
        if self._limits.is_limited(INTERNAL, now):
            return []
        self._reported_at = now
        return self._reports.take()

    def _lose(self, items: list[Item], reason: str, *, report: bool = True) -> None:
        for item in items:
            self._undelivered += 1
            self._reports.lost(reason, item.category, item.quantity, report=report)


def _report_items(discarded: list[tuple[str, str, int]]) -> list[Item]:
    if not discarded:
        return []
    return [Item({"type": "client_report"}, payload(discarded, format_timestamp(time())))]


_alive: WeakSet[WorkerTransport] = WeakSet()


def _after_fork_in_child() -> None:
    for transport in list(_alive):
        transport.forget_parent()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
