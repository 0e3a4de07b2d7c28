"""What waits to be sent, in order: envelopes, bounded in number and bytes, and tickets of those who wait
for them.

No lock: every operation is one of a deque, and may be interrupted by a signal handler or a finaliser that
does the same.
"""

from __future__ import annotations

import threading
from collections import deque

from sentry_like.protocol.envelope import Envelope

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


class Ticket:
    """Somebody waits until everything before it in the backlog is done.

    A bare lock instead of an event: a signal handler may interrupt the wait at any point, and the worker
    never waits in `answer`.
    """

    __slots__ = ("_done", "last_loss")

    weight = 0

    def __init__(self) -> None:
        self.last_loss: object = None
        self._done = threading.Lock()
        self._done.acquire()

    def answer(self, last_loss: object) -> None:
        """Everything before the ticket is done, and this was the last loss so far."""
        self.last_loss = last_loss
        self._done.release()

    def wait(self, seconds: float | None) -> bool:
        """Whether the answer came in time. The time is the system's own, whatever became of the `time`
        module.
        """
        if seconds is None:
            return self._done.acquire()
        return self._done.acquire(timeout=min(max(seconds, 0.0), threading.TIMEOUT_MAX))


class Backlog:
    """At most `size` envelopes that weigh at most `size_bytes` together; an empty one takes a single
    heavier one.

    The envelope being sent does not count. Threads that add at the same moment may each exceed the bound by
    one.
    """

    def __init__(self, size: int, size_bytes: int) -> None:
        self._size = size
        self._size_bytes = size_bytes
        self._entries: deque[Envelope | Ticket] = deque()
        self._is_sending = False

    def __bool__(self) -> bool:
        return bool(self._entries)

    def has_room_for(self, envelope: Envelope) -> bool:
        """Whether the envelope may be added. Weighs what waits anew each time, so that no count can go
        wrong.
        """
        if not self._entries:
            return True
        if len(self._entries) >= self._size:
            return False
        waiting = sum(entry.weight for entry in self._entries.copy())
        return waiting + envelope.weight <= self._size_bytes

    def add(self, entry: Envelope | Ticket) -> None:
        """Put it behind the others."""
        self._entries.append(entry)

    def discard(self, ticket: Ticket) -> None:
        """Take a ticket away that nobody waits for any more, if it is still there."""
        try:
            self._entries.remove(ticket)
        except (ValueError, IndexError):  # answered meanwhile, or others added and took at the same moment
            return

    def take(self) -> Envelope | Ticket | None:
        """The next entry, which counts as pending until `done`; `None` if nothing waits."""
        self._is_sending = True
        try:
            return self._entries.popleft()
        except IndexError:
            self._is_sending = False
            return None

    def done(self) -> None:
        """What was taken last is settled."""
        self._is_sending = False

    def clear(self) -> Iterator[Envelope | Ticket]:
        """Give away what waits, to be sent by nobody."""
        while self._entries:
            try:
                yield self._entries.popleft()
            except IndexError:  # the worker was faster
                return

    def pending(self) -> int:
        """How many envelopes wait or are being sent."""
        waiting = sum(isinstance(entry, Envelope) for entry in self._entries.copy())
        return waiting + self._is_sending
