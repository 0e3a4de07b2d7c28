"""The function that stands in the place of somebody else's, such that nobody can tell from outside.

It keeps the signature and the kind of the original (plain, coroutine, generator), its results and its
exceptions, with their causes and contexts. A fault of ours never costs the call: the original is called
once, come what may.
"""

from __future__ import annotations

from sentry_like.errors import absorb, code_of, is_applications_own
from sentry_like.hub import Hub
from sentry_like.layers import INHERITED
from sentry_like.units import carried

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Function = Callable[..., Any]

GENERATOR, COROUTINE, ITERABLE_COROUTINE, ASYNC_GENERATOR = 0x20, 0x80, 0x100, 0x200
"""Flags of a code object (`inspect.CO_*`, without the module)."""
FAULTS = (Exception, KeyboardInterrupt, SystemExit)
"""What a fault of ours may be: data that we look at may raise the latter two."""
ASGI_PARAMETERS = ("scope", "receive", "send")
COPIED = ("__module__", "__name__", "__qualname__", "__doc__", "__type_params__")


class Switch:
    """Whether what an integration laid around something acts: for clients that have the integration, until it
    is uninstalled.
    """

    __slots__ = ("identifier",)

    def __init__(self, identifier: str) -> None:
        self.identifier: str | None = identifier

    def is_on(self) -> bool:
        """Whether the current client has the integration.

        A thread or task that only begins has the client of where its context was copied, so the hub that it
        will fork is not needed to tell.
        """
        try:
            active = carried.get(None)
            client = INHERITED if active is None else active.stack[-1].client
            if client is INHERITED:
                client = Hub._process_client
            return client is not None and client.get_integration(self.identifier) is not None  # type: ignore[union-attr]  # it is no Inherited
        except Exception:  # noqa: BLE001  # as the interpreter ends, our modules may be emptied before others
            return False

    def passes(self, error: BaseException) -> bool:
        """Whether it ends what the application does, and is no fault of ours: Ctrl-C, a cancellation,
        `GeneratorExit`.
        """
        try:
            return not isinstance(error, FAULTS) or is_applications_own(error)
        except RecursionError:  # so near the limit even to look at it may fail
            return False

    def absorb(self, error: BaseException) -> None:
        """Say what failed."""
        try:
            absorb(f"the integration {self.identifier}", error)
        except RecursionError:
            return


class SharedSwitch(Switch):
    """The same for what several integrations need, and one of them has laid around: on for clients that have
    any of them. `given` is the switch of that one.
    """

    __slots__ = ("_given", "_others")

    def __init__(self, given: Switch, identifiers: tuple[str, ...]) -> None:
        super().__init__(" or ".join(identifiers))
        self._given = given
        self._others = tuple(Switch(one) for one in identifiers if one != given.identifier)

    def is_on(self) -> bool:
        given = self._given
        if given.identifier is None:
            return False
        return given.is_on() or any(switch.is_on() for switch in self._others)


class Call:
    """The original as our function gets it: knows whether it was called, and how that ended."""

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

    def passes(self, error: BaseException, switch: Switch) -> bool:
        """Whether what came out of our function is no fault of ours, and must pass; a fault dies here."""
        if error is self.error or switch.passes(error):
            self.error = None  # else it would hold itself alive, with all its frames
            return True
        switch.absorb(error)
        return False

    def outcome(self) -> Any:
        """How the original ended: its result, or its exception as it was."""
        error, self.error = self.error, None
        if error is None:
            return self.result
        context = error.__context__
        try:
            raise error
        except BaseException:
            error.__context__ = context  # `raise` replaces it by what the caller is handling
            raise
        finally:
            del error, context


class AwaitedCall(Call):
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


def wrap_around(switch: Switch, original: Function, function: Function) -> Function:
    """What calls `function(original, ...)`."""
    if flags_of(original) & COROUTINE:
        return _disguised(_awaiting_around(switch, original, function), original)
    return _of_its_kind(_calling_around(switch, original, function), original)


def wrap_before(switch: Switch, original: Function, function: Function) -> Function:
    """What calls `function(...)`, then the original."""
    return _of_its_kind(_calling_before(switch, original, function), original)


def flags_of(function: Any) -> int:
    """The flags of the code that runs when something is called."""
    return getattr(code_of(function), "co_flags", 0)


def _calling_around(switch: Switch, original: Function, function: Function) -> Function:
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        if not switch.is_on():
            return original(*args, **kwargs)
        call = Call(original)
        try:
            result = function(call, *args, **kwargs)
        except BaseException as error:
            if call.passes(error, switch):
                raise
        else:
            call.error = None
            return result
        return call.outcome() if call.was_called else original(*args, **kwargs)

    return wrapper


def _awaiting_around(switch: Switch, original: Function, function: Function) -> Function:
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        if not switch.is_on():
            return await original(*args, **kwargs)
        call = AwaitedCall(original)
        try:
            result = await function(call, *args, **kwargs)
        except BaseException as error:
            if call.passes(error, switch):
                raise
        else:
            call.error = None
            return result
        return call.outcome() if call.was_called else await original(*args, **kwargs)

    return _of_an_application(wrapper) if _is_application(original) else wrapper


def _is_application(original: Function) -> bool:
    """Whether it is what ASGI servers call, a method that takes scope, receive and send."""
    code = code_of(original)
    names = () if code is None else code.co_varnames[1 : code.co_argcount]
    return names == ASGI_PARAMETERS and not getattr(original, "__defaults__", None)


def _of_an_application(wrapper: Function) -> Function:
    """The same for these arguments alone: servers call an application without any to learn whether it is a
    factory, and a function that takes whatever comes would complain only when it is awaited.
    """

    async def application(self: Any, /, scope: Any, receive: Any, send: Any) -> Any:
        return await wrapper(self, scope, receive, send)

    return application


def _calling_before(switch: Switch, original: Function, function: Function) -> Function:
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        if switch.is_on():
            try:
                function(*args, **kwargs)
            except BaseException as error:
                if switch.passes(error):
                    raise
                switch.absorb(error)
        return original(*args, **kwargs)

    return wrapper


def _of_its_kind(call: Function, original: Function) -> Function:
    """The same as a function of the original's kind, whose result `call` answers."""
    flags = flags_of(original)
    if flags & GENERATOR:
        call = _generating(call)
        if flags & ITERABLE_COROUTINE:  # what `types.coroutine` does to a generator function
            call.__code__ = call.__code__.replace(co_flags=call.__code__.co_flags | ITERABLE_COROUTINE)
    elif flags & ASYNC_GENERATOR:
        call = _generating_async(call)
    elif flags & COROUTINE:
        call = _awaiting(call)
    return _disguised(call, original)


def _generating(call: Function) -> Function:
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return (yield from call(*args, **kwargs))

    return wrapper


def _awaiting(call: Function) -> Function:
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        return await call(*args, **kwargs)

    return wrapper


def _generating_async(call: Function) -> Function:
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        generator = call(*args, **kwargs)
        step = generator.asend(None)
        while True:
            try:
                value = await step
            except StopAsyncIteration:
                return
            finally:
                step = None  # it holds what was thrown in, whose traceback holds this frame
            try:
                sent = yield value
            except BaseException as error:  # noqa: BLE001  # GeneratorExit as well: it is the original's to handle
                step = generator.athrow(error)
            else:
                step = generator.asend(sent)

    return wrapper


def _disguised(wrapper: Function, original: Function) -> Function:
    """The wrapper with the name, documentation and signature of the original."""
    for attribute in COPIED:
        value = getattr(original, attribute, None)
        if value is not None:
            setattr(wrapper, attribute, value)
    annotate = getattr(original, "__annotate__", None)
    if annotate is None:
        wrapper.__annotations__ = getattr(original, "__annotations__", None) or {}
    else:  # since 3.14 they are worked out when they are asked for, which we must not do
        wrapper.__annotate__ = annotate  # type: ignore[attr-defined]  # of 3.14
    wrapper.__dict__.update(getattr(original, "__dict__", {}))
    wrapper.__wrapped__ = original  # type: ignore[attr-defined]  # as `functools.wraps` does
    return wrapper
