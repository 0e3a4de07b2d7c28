"""Where our own errors die, and the only voice we have: one line on stderr.

`contained(where)` stands where the application enters us and around each call of foreign code. It never swallows what the
application raised on purpose: a Ctrl-C, or a `SystemExit` from the application's own signal handler, passes through.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType


class Voice:
    """What is said aloud: everything with `debug`, else only failures, each cause once."""

    def __init__(self) -> None:
        self.debug = False
        self.reraise = False
        self._said: set[str] = set()

    def reset(self) -> None:
        self.__init__()  # type: ignore[misc]  # back to how the process began; used between tests

    def once(self, cause: str, message: str) -> None:
        if self.debug or cause not in self._said:
            if len(self._said) < 1000:
                self._said.add(cause)
            say(message)


voice = Voice()


def say(message: str) -> None:
    """Write one line to stderr; a closed or missing stderr (daemons, pythonw) is not an error."""
    try:
        sys.stderr.write(f"[sentry_like] {message}\n")
    except (AttributeError, OSError, ValueError):
        return


def debug(message: str) -> None:
    """Say it only when `debug` is on."""
    if voice.debug:
        say(message)


class contained:  # noqa: N801  # reads as a statement: `with contained("before_send"):`
    """Keep an error of ours, or of foreign code that we call, from reaching the application.

    `on_error` is called with the error after it was said (once per place and type); what it counts is its business.
    """

    __slots__ = ("on_error", "where")

    def __init__(self, where: str, on_error: Callable[[BaseException], object] | None = None) -> None:
        self.where = where
        self.on_error = on_error

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> bool:
        if kind is None or error is None:
            return False
        if voice.reraise or is_applications_own(error):
            return False
        voice.once(f"{self.where} {kind}", f"{self.where} failed: {describe(error)}")
        if self.on_error is not None:
            self.on_error(error)
        return True


def describe(error: BaseException) -> str:
    """`TypeName: text` of an error, whatever its `__str__` does."""
    try:
        return f"{type(error).__name__}: {str(error)[:300]}"
    except BaseException as broken:  # a hostile __str__ may raise anything
        if is_applications_own(broken):
            raise
        return type(error).__name__


def is_applications_own(error: BaseException) -> bool:
    """Whether the application interrupts itself: Ctrl-C, or an exit or error from one of its signal handlers.

    Data may raise the same classes (`__repr__` calling `sys.exit`); those are told apart by where they were raised.
    """
    if isinstance(error, Exception):
        return False
    frames = _frames_of(error)
    if isinstance(error, KeyboardInterrupt) and not _ends_in_raise_statement(error):
        return True
    return _passes_signal_handler(frames)


def _frames_of(error: BaseException) -> list[object]:
    codes: list[object] = []
    tb = error.__traceback__
    while tb is not None:
        codes.append(tb.tb_frame.f_code)
        tb = tb.tb_next
    return codes


def _ends_in_raise_statement(error: BaseException) -> bool:
    """A real Ctrl-C arrives between two instructions; data that raises does so in a `raise`."""
    from opcode import opmap

    tb = error.__traceback__
    if tb is None:
        return False
    while tb.tb_next is not None:
        tb = tb.tb_next
    return tb.tb_lasti >= 0 and tb.tb_frame.f_code.co_code[tb.tb_lasti] == opmap["RAISE_VARARGS"]


def _passes_signal_handler(codes: list[object]) -> bool:
    import signal

    for number in signal.valid_signals():
        handler = signal.getsignal(number)
        code = getattr(getattr(handler, "__func__", handler), "__code__", None)
        if code is not None and code in codes:
            return True
    return False
