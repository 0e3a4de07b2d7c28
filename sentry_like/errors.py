"""Where our own errors die, and the only voice we have: one line on stderr.

`contained(where)` stands where the application enters us and around each call of foreign code. It never
swallows what the application raised on purpose: a Ctrl-C, or what its own signal handlers raise, such as
`SystemExit` or a time limit, passes through.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType, TracebackType
    from typing import Any


ENDINGS = (KeyboardInterrupt, SystemExit, GeneratorExit)
CANCELLATIONS = (("asyncio", "CancelledError"), ("trio", "Cancelled"), ("greenlet", "GreenletExit"))
"""How tasks are ended, where the application has imported what has tasks."""


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
    """Write one line to stderr; a closed, missing or failing stderr (daemons, pythonw) is not an error.

    Nothing is said once the interpreter empties its modules: what fails then tells nobody anything.
    """
    if sys.is_finalizing():
        return
    line = " ".join(message.splitlines())
    try:
        sys.stderr.write(f"[sentry_like] {line}\n")
    except Exception:  # noqa: BLE001  # an application's own stream may raise anything
        return


def debug(message: str) -> None:
    """Say it only when `debug` is on."""
    if voice.debug:
        say(message)


class contained:  # noqa: N801  # reads as a statement: `with contained("before_send"):`
    """Keep an error of ours, or of foreign code that we call, from reaching the application.

    `on_error` is called with the error after it was said (once per place and type); what it counts is its
    business.
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
        bury(self.where, error, self.on_error)
        return True


def absorb(
    where: str, error: BaseException, on_error: Callable[[BaseException], object] | None = None
) -> None:
    """What `contained` does, for the `except` clause of a hot path: to enter a `try` block costs nothing."""
    if voice.reraise or is_applications_own(error):
        raise error
    bury(where, error, on_error)


def bury(where: str, error: BaseException, on_error: Callable[[BaseException], object] | None) -> None:
    """Say what failed, once per place and type, and let `on_error` count it."""
    voice.once(f"{where} {type_name(type(error))}", f"{where} failed: {describe(error)}")
    if on_error is not None:
        on_error(error)


_name_as_stored = type.__dict__["__name__"].__get__


def type_name(kind: type) -> str:
    """The name of a class as `type` itself knows it, whatever a metaclass pretends."""
    name: str = _name_as_stored(kind)
    return name


def describe(error: BaseException) -> str:
    """`TypeName: text` of an error, whatever its `__str__` does."""
    name = type_name(type(error))
    try:
        return f"{name}: {str(error)[:300]}"
    except BaseException as broken:  # a hostile __str__ may raise anything
        if is_applications_own(broken):
            raise
        return name


def is_error(error: BaseException) -> bool:
    """Whether somebody should be told: not of the ways in which a program, task or generator is ended, nor of
    a group of nothing else.
    """
    members = () if isinstance(error, Exception) else getattr(error, "exceptions", ())
    if isinstance(members, tuple) and any(isinstance(member, BaseException) for member in members):
        return any(is_error(member) for member in members)
    return not isinstance(error, ENDINGS) and not any(
        isinstance(error, getattr(sys.modules.get(module), name, ())) for module, name in CANCELLATIONS
    )


def is_applications_own(error: BaseException) -> bool:
    """Whether the application interrupts itself: Ctrl-C, or what one of its signal handlers raises.

    Data may raise the same classes (`__repr__` calling `sys.exit`); those are told apart by where they were
    raised.
    """
    if isinstance(error, KeyboardInterrupt) and not _ends_in_raise_statement(error):
        return True
    return _passes_signal_handler(error)


def _ends_in_raise_statement(error: BaseException) -> bool:
    """A real Ctrl-C arrives between two instructions; data that raises does so in a `raise`."""
    tb = error.__traceback__
    if tb is None:
        return False
    while tb.tb_next is not None:
        tb = tb.tb_next
    return is_at_raise(tb)


def is_at_raise(entry: TracebackType) -> bool:
    """Whether the exception left the entry's frame by a `raise` statement, not out of what that called."""
    from opcode import opmap

    at = entry.tb_lasti  # code that was compiled to C may have none to look at
    return at >= 0 and entry.tb_frame.f_code.co_code[at : at + 1] == bytes((opmap["RAISE_VARARGS"],))


def _passes_signal_handler(error: BaseException) -> bool:
    """Whether a Python function that handles a signal is among the frames that the error came through."""
    handlers = _signal_handlers()
    tb = error.__traceback__ if handlers else None
    while tb is not None:
        if tb.tb_frame.f_code in handlers:
            return True
        tb = tb.tb_next
    return False


def _signal_handlers() -> list[CodeType]:
    signal = sys.modules.get("signal")
    if signal is None:  # nobody can have set a handler
        return []
    handlers = (signal.getsignal(number) for number in signal.valid_signals())
    return [code for handler in handlers if callable(handler) and (code := code_of(handler)) is not None]


def code_of(function: Any) -> CodeType | None:
    """The code that runs when a function, a method, a partial or a callable object is called; `None` for a
    class, and for what is not written in Python.
    """
    while type(function).__name__ == "partial" and hasattr(function, "func"):
        function = function.func
    if isinstance(function, type):
        return None
    if not hasattr(function, "__code__") and not hasattr(function, "__func__"):
        function = getattr(type(function), "__call__", None)  # noqa: B004  # it is wanted, not just its presence
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    return code if hasattr(code, "co_flags") else None
