"""Prints texts as they come, on a thread of its own.

A terminal can stop reading (Ctrl-S, a full pipe, a pager): the thread waits then, the inbox does not. What
piles up is bounded; beyond it texts are left out, and the next one says how many.
"""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TextIO

MAX_WAITING = 1000
_CLOSE_TIMEOUT = 2.0


class Printer:
    """Writes to `stream` what `show` is given, in order. `show` may be called from any thread and returns at
    once."""

    def __init__(self, stream: TextIO, *, max_waiting: int = MAX_WAITING) -> None:
        self._stream = stream
        self._waiting: queue.Queue[str | None] = queue.Queue(max_waiting)
        self._left_out = 0
        self._thread = threading.Thread(target=self._run, name="sentry-like-inbox-printer", daemon=True)
        self._thread.start()

    def show(self, text: str) -> None:
        try:
            self._waiting.put_nowait(text)
        except queue.Full:
            self._left_out += 1

    def close(self) -> None:
        """Lets what waits be printed, for two seconds at most."""
        try:
            self._waiting.put(None, timeout=_CLOSE_TIMEOUT)
        except queue.Full:
            return
        self._thread.join(_CLOSE_TIMEOUT)

    def _run(self) -> None:
        while (text := self._waiting.get()) is not None:
            left_out, self._left_out = self._left_out, 0
            if left_out:
                text = f"({left_out} more were kept but not printed: the terminal was too slow)\n{text}"
            try:
                self._stream.write(text)
                self._stream.flush()
            except (OSError, ValueError):  # nobody reads our output any more; receiving goes on
                return
