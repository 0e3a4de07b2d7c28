"""The kinds of values that only code can give: functions, integrations, transports, exception classes.

Judged by what they can do, not by their base class, so that anything that fits is taken; nothing is called.
Checks return what is kept and raise `Refused`.
"""

from __future__ import annotations

from sentry_like.errors import code_of
from sentry_like.options.field import Kind
from sentry_like.options.kinds import entries_of, split
from sentry_like.options.problems import Refused, describe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Flags of code objects, from the data model ("Code objects"); `inspect` names them but costs milliseconds.
CO_VARARGS = 0x04
CO_GENERATOR = 0x20
CO_COROUTINE = 0x80
CO_ASYNC_GENERATOR = 0x200


def function(*arguments: str) -> Kind:
    """A function that can be called with these arguments and answers at once, or None."""
    words = f"a function called with ({', '.join(arguments)})"

    def check(value: object) -> object:
        if not callable(value):
            raise Refused
        _refuse_waiting(value)
        _refuse_arity(value, len(arguments))
        return value

    return Kind(words, check)


def errors() -> Kind:
    """Exception classes, or their names; names alone can be written as text."""

    def check(value: object) -> tuple[Any, ...]:
        if isinstance(value, type):
            raise Refused("wrap it in a list")
        entries = entries_of(value)
        for entry in entries:
            if isinstance(entry, BaseException):
                raise Refused(f"name the class {type(entry).__name__}, not an instance")
            if not _is_exception_class(entry) and not (isinstance(entry, str) and entry.strip()):
                raise Refused(f"{describe(entry)} is neither an exception class nor the name of one")
        return entries

    return Kind("a list of exception classes and names of classes", check, split)


def integrations() -> Kind:
    """Integrations: with an `identifier` and a `setup_once`. A class stands for its default settings."""

    def check(value: object) -> tuple[Any, ...]:
        if _is_integration(value):
            name = value.__name__ if isinstance(value, type) else type(value).__name__
            raise Refused(f"pass [{name}()], a list")
        entries = entries_of(value)
        for entry in entries:
            if not _is_integration(entry):
                raise Refused(f"{describe(entry)} is not an integration: it lacks identifier or setup_once")
        return entries

    return Kind("a list of integrations", check)


def integration_names() -> Kind:
    """Integrations told by identifier, class or instance; kept as identifiers."""

    def check(value: object) -> tuple[str, ...]:
        if isinstance(value, type):
            raise Refused("wrap it in a list")
        return tuple(_identifier(entry) for entry in entries_of(value))

    return Kind("a list of integrations, classes of them, or identifiers such as 'celery'", check, split)


def scrubber() -> Kind:
    """An object with a `scrub_event` method."""

    def check(value: object) -> object:
        if isinstance(value, type):
            raise Refused(_advice(value))
        if not callable(getattr(value, "scrub_event", None)):
            raise Refused
        return value

    return Kind("an EventScrubber, or an object with scrub_event(event)", check)


def transport() -> Kind:
    """A transport, a class of one, or a function that is handed events."""

    def check(value: object) -> object:
        if callable(getattr(value, "send", None)) or callable(getattr(value, "capture_envelope", None)):
            return value
        if isinstance(value, type):
            raise Refused("it has no send(envelope)")
        if not callable(value):
            raise Refused
        _refuse_waiting(value)
        _refuse_arity(value, 1)
        return value

    return Kind("a Transport, a class of Transport, or a function called with (event)", check)


def socket_options() -> Kind:
    """Arguments of `socket.setsockopt`, one tuple for each call."""

    def check(value: object) -> tuple[tuple[Any, ...], ...]:
        entries = entries_of(value)
        for entry in entries:
            if not isinstance(entry, (list, tuple)) or not _is_setting(entry):
                raise Refused(f"{describe(entry)} is not (level, option, value)")
        return tuple(tuple(entry) for entry in entries)

    return Kind("a list of (level, option, value)", check)


def _is_setting(entry: list[Any] | tuple[Any, ...]) -> bool:
    return (
        len(entry) == 3
        and isinstance(entry[0], int)
        and isinstance(entry[1], int)
        and isinstance(entry[2], (int, bytes))
    )


def _is_exception_class(entry: object) -> bool:
    return isinstance(entry, type) and issubclass(entry, BaseException)


def _is_integration(entry: object) -> bool:
    return isinstance(getattr(entry, "identifier", None), str) and callable(
        getattr(entry, "setup_once", None)
    )


def _identifier(entry: object) -> str:
    name = entry if isinstance(entry, str) else getattr(entry, "identifier", None)
    if isinstance(name, str) and name.strip():
        return name
    raise Refused(f"{describe(entry)} is no integration")


def _advice(cls: type) -> str:
    return f"pass {cls.__name__}(), an instance"


def _refuse_waiting(value: object) -> None:
    """Nobody awaits a hook: the coroutine itself would be taken for its answer."""
    code = code_of(value)
    flags = code.co_flags if code else 0
    if flags & (CO_COROUTINE | CO_ASYNC_GENERATOR):
        raise Refused("an async function cannot be awaited here, give an ordinary one")
    if flags & CO_GENERATOR:
        raise Refused("a generator function gives no answer, return instead of yield")


def _refuse_arity(value: object, given: int) -> None:
    """Plain functions and methods are judged; of anything else `inspect` alone knows the arguments."""
    code: Any = getattr(value, "__code__", None)
    if not hasattr(code, "co_argcount") or code.co_flags & CO_VARARGS:
        return
    takes = code.co_argcount - (getattr(value, "__self__", None) is not None)
    needs = takes - len(getattr(value, "__defaults__", None) or ())
    if not needs <= given <= takes:
        raise Refused(f"it takes {takes} argument{'' if takes == 1 else 's'}")
