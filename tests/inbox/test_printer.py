from __future__ import annotations

import io
import threading
import time

from sentry_like.inbox.printer import Printer


class Stuck(io.StringIO):
    """A terminal that stopped reading until it is released."""

    def __init__(self) -> None:
        super().__init__()
        self.reached = threading.Event()
        self.released = threading.Event()

    def write(self, text: str) -> int:
        self.reached.set()
        self.released.wait(10)
        return super().write(text)


class Gone(io.StringIO):
    def write(self, text: str) -> int:
        raise BrokenPipeError


def test_texts_are_printed_in_order_before_close_returns():
    stream = io.StringIO()
    printer = Printer(stream)
    for n in range(50):
        printer.show(f"{n}\n")
    printer.close()
    assert stream.getvalue() == "".join(f"{n}\n" for n in range(50))


def test_a_stuck_terminal_holds_nobody_up_and_is_told_what_it_missed():
    stream = Stuck()
    printer = Printer(stream, max_waiting=2)
    printer.show("first\n")
    assert stream.reached.wait(10)
    started = time.monotonic()
    for n in range(5):
        printer.show(f"{n}\n")
    assert time.monotonic() - started < 1
    stream.released.set()
    printer.close()
    assert stream.getvalue().startswith(
        "first\n(3 more were kept but not printed: the terminal was too slow)\n0\n1\n"
    )


def test_a_reader_that_went_away_ends_the_printing_only():
    printer = Printer(Gone(), max_waiting=2)
    for _ in range(5):
        printer.show("x")
    printer.close()
