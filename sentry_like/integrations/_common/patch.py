"""Lays a function of ours around one of somebody else's, such that nobody can tell from outside, and takes
it away again.

What it replaces keeps its signature, its kind (plain, coroutine, generator; static, class method, property)
and its results and exceptions; a fault of ours never costs the call. Process-wide state: the patches, by
integration.
"""

from __future__ import annotations

import sys

from sentry_like.errors import absorb, debug, is_applications_own
from sentry_like.hub import Hub

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Function = Callable[..., Any]

GENERATOR, COROUTINE, ASYNC_GENERATOR = 0x20, 0x80, 0x200
"""Flags of a code object (`inspect.CO_*`, without the module)."""
COPIED = ("__module__", "__name__", "__qualname__", "__doc__", "__type_params__")
ANNOTATIONS = "__annotate__" if sys.version_info >= (3, 14) else "__annotations__"
"""Since 3.14 the values are worked out when they are asked for, which we must not do."""

_undoings: dict[str, list[Callable[[], object]]] = {}


def around(owner: Any, name: str, identifier: str) -> Callable[[Function], Function]:
    """Decorator: from now on `owner.name(...)` calls `function(original, ...)`.

    It does so while the current client has the integration `identifier`; else the original alone is called.
    `owner` is a class or a module, `name` an attribute of it. For a coroutine function `function` is one as
    well and awaits `original(...)`; for generator functions it is an ordinary function that answers the
    generator to run.

    Raises:
        AttributeError: `owner` has no such attribute.
    """

    def install(function: Function) -> Function:
        patch = Patch(owner, name, identifier, function)
        on_uninstall(identifier, patch.uninstall)
        return function

    return install


def on_uninstall(identifier: str, undo: Callable[[], object]) -> None:
    """Have `undo` called when the integration is uninstalled, last one first."""
    _undoings.setdefault(identifier, []).append(undo)


def uninstall(identifier: str) -> None:
    """Undo everything that the integration did to the process."""
    for undo in reversed(_undoings.pop(identifier, [])):
        try:
            undo()
        except BaseException as error:  # noqa: BLE001  # absorb() lets through what is the application's
            absorb(f"uninstalling {identifier}", error)


class Patch:
    """One attribute of somebody else's, replaced."""

    def __init__(self, owner: Any, name: str, identifier: str, function: Function) -> None:
        self.identifier: str | None = identifier
        self._owner = owner
        self._name = name
        self._is_own = name in vars(owner)
        self._before = _as_stored(owner, name)
        self._replacement = self._replace(function)
        setattr(owner, name, self._replacement)

    def is_wanted(self) -> bool:
        """Whether the current client has the integration; a patch that was uninstalled asks for none."""
        return self.identifier is not None and Hub.current.get_integration(self.identifier) is not None

    def uninstall(self) -> None:
        """Put the original back; where somebody patched on top of us, only do nothing from now on."""
        where = f"{getattr(self._owner, '__name__', self._owner)}.{self._name}"
        self.identifier = None
        if vars(self._owner).get(self._name) is not self._replacement:
            debug(f"{where} was replaced by somebody else: our part of it stays and does nothing")
        elif self._is_own:
            setattr(self._owner, self._name, self._before)
        else:
            delattr(self._owner, self._name)

    def _replace(self, function: Function) -> Any:
        """What to store in the place of the original: a wrapper, in a descriptor of the same kind."""
        before = self._before
        if isinstance(before, (staticmethod, classmethod)):
            return type(before)(self._wrap(before.__func__, function))
        if isinstance(before, property):
            return property(
                before.fget and self._wrap(before.fget, function), before.fset, before.fdel, before.__doc__
            )
        wrapper = self._wrap(before, function)
        binds = hasattr(type(before), "__get__")
        return wrapper if binds or not isinstance(self._owner, type) else staticmethod(wrapper)

    def _wrap(self, original: Function, function: Function) -> Function:
        flags = getattr(getattr(original, "__code__", None), "co_flags", 0)
        if flags & COROUTINE:
            wrapper = _coroutine_wrapper(self, original, function)
        elif flags & GENERATOR:
            wrapper = _generator_wrapper(self, original, function)
        elif flags & ASYNC_GENERATOR:
            wrapper = _async_generator_wrapper(self, original, function)
        else:
            wrapper = _plain_wrapper(self, original, function)
        return _disguised(wrapper, original)


class Original:
    """The original function as our function gets it: knows whether it was called and how that ended."""

    __slots__ = ("error", "function", "result", "was_called")

    def __init__(self, function: Function) -> None:
        self.function = function
        self.was_called = False
        self.result: Any = None
        self.error: BaseException | None = None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.was_called = True
        try:
            self.result = self.function(*args, **kwargs)
        except BaseException as error:
            self.error = error
            raise
        return self.result

    def is_ours(self, error: BaseException, identifier: str | None) -> bool:
        """Whether what came out of our function is a fault of ours, which dies here; else it must pass."""
        if error is self.error or is_applications_own(error):
            self.error = None  # else it would hold itself alive, with all its frames
            return False
        absorb(identifier or "an uninstalled integration", error)
        return True

    def outcome(self) -> Any:
        """How the original ended: its result, or its exception as it was."""
        error, self.error = self.error, None
        if error is None:
            return self.result
        try:
            raise error
        finally:
            del error


class AwaitedOriginal(Original):
    """The same for a coroutine function."""

    __slots__ = ()

    async def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.was_called = True
        try:
            self.result = await self.function(*args, **kwargs)
        except BaseException as error:
            self.error = error
            raise
        return self.result


def _plain_wrapper(patch: Patch, original: Function, function: Function) -> Function:
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        if not patch.is_wanted():
            return original(*args, **kwargs)
        return _call(patch, original, function, args, kwargs)

    return wrapper


def _call(patch: Patch, original: Function, function: Function, args: Any, kwargs: Any) -> Any:
    call = Original(original)
    try:
        result = function(call, *args, **kwargs)
    except BaseException as error:
        if not call.is_ours(error, patch.identifier):
            raise
    else:
        call.error = None
        return result
    return call.outcome() if call.was_called else original(*args, **kwargs)


def _coroutine_wrapper(patch: Patch, original: Function, function: Function) -> Function:
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        if not patch.is_wanted():
            return await original(*args, **kwargs)
        call = AwaitedOriginal(original)
        try:
            result = await function(call, *args, **kwargs)
        except BaseException as error:
            if not call.is_ours(error, patch.identifier):
                raise
        else:
            call.error = None
            return result
        return call.outcome() if call.was_called else await original(*args, **kwargs)

    return wrapper


def _generator_wrapper(patch: Patch, original: Function, function: Function) -> Function:
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        if patch.is_wanted():
            return (yield from _call(patch, original, function, args, kwargs))
        return (yield from original(*args, **kwargs))

    return wrapper


def _async_generator_wrapper(patch: Patch, original: Function, function: Function) -> Function:
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        if patch.is_wanted():
            generator = _call(patch, original, function, args, kwargs)
        else:
            generator = original(*args, **kwargs)
        step = generator.__anext__()
        try:
            while True:
                value = await step
                try:
                    sent = yield value
                except GeneratorExit:
                    await generator.aclose()
                    raise
                except BaseException as error:  # noqa: BLE001  # it is handed on to whom it was thrown at
                    step = generator.athrow(error)
                else:
                    step = generator.asend(sent)
        except StopAsyncIteration:
            return

    return wrapper


def _as_stored(owner: Any, name: str) -> Any:
    """The attribute itself, not what it becomes when it is asked for.

    Raises:
        AttributeError: there is none.
        TypeError: it is nothing that is called.
    """
    found = getattr(owner, name)
    for place in getattr(owner, "__mro__", (owner,)):
        if name in vars(place):
            found = vars(place)[name]
            break
    if not callable(found) and not isinstance(found, (staticmethod, classmethod, property)):
        raise TypeError(f"{name} of {owner!r:.100} is not a function")
    return found


def _disguised(wrapper: Function, original: Function) -> Function:
    """The wrapper with the name, documentation and signature of the original."""
    for attribute in (*COPIED, ANNOTATIONS):
        value = getattr(original, attribute, None)
        if value is not None:
            setattr(wrapper, attribute, value)
    wrapper.__dict__.update(getattr(original, "__dict__", {}))
    wrapper.__wrapped__ = original  # type: ignore[attr-defined]  # as `functools.wraps` does
    return wrapper
