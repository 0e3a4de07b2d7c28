"""Lays functions of ours around somebody else's, and takes them away again.

What stands in the place of the original is made in `wrappers`. Process-wide state: the patches, oldest first,
and what is to be undone, by integration.
"""

from __future__ import annotations

from sentry_like.errors import absorb, debug
from sentry_like.integrations._common.wrappers import Switch, wrap_around, wrap_before

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Function = Callable[..., Any]
    Wrap = Callable[[Switch, Function, Function], Function]

BOUND_METHOD = type(Switch("").is_on)
CLASS_METHOD_IN_C = type(vars(dict)["fromkeys"])

_undoings: dict[str, list[Callable[[], object]]] = {}
_patches: list[Patch] = []


def around(owner: Any, name: str, identifier: str) -> Callable[[Function], Function]:
    """Decorator: from now on `owner.name(...)` calls `function(original, ...)`.

    It does so while the current client has the integration `identifier`; else the original alone is called.
    `owner` is a class or a module, `name` an attribute of it: a function, a static or class method, or a
    property, which then is read through `function`. For a coroutine function `function` is one as well and
    awaits `original(...)`. For generator functions it is an ordinary function that answers the generator to
    run; it is called at the first step, and so a mistake in the arguments shows only there. `original` is to
    be called before `function` ends, or not at all.

    Raises:
        AttributeError: `owner` has no such attribute.
        TypeError: it is no function, or `owner` cannot be changed.
    """
    return _installer(owner, name, identifier, wrap_around)


def before(owner: Any, name: str, identifier: str) -> Callable[[Function], Function]:
    """Decorator: from now on `owner.name(...)` calls `function(...)` and then the original, with the same
    arguments.

    The lighter `around`, at half its price, for what only takes note: it adds one frame to the application's
    stacks, and the result is the original's. `function` is a plain function, whatever the original is.
    """
    return _installer(owner, name, identifier, wrap_before)


def replace(owner: Any, name: str, identifier: str, make: Callable[[Function, Switch], Function]) -> None:
    """Put what `make(original, switch)` answers in the place of `owner.name`: where neither `around` nor
    `before` will do, or not cheaply enough. What they promise is up to that function then; `switch.is_on()`
    tells whether the current client has the integration.
    """
    patch = Patch(owner, name, Switch(identifier))
    patch.install(lambda original: make(original, patch.switch))
    on_uninstall(identifier, patch.uninstall)


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


def _installer(owner: Any, name: str, identifier: str, wrap: Wrap) -> Callable[[Function], Function]:
    def install(function: Function) -> Function:
        replace(owner, name, identifier, lambda original, switch: wrap(switch, original, function))
        return function

    return install


class Patch:
    """One attribute of somebody else's, replaced."""

    def __init__(self, owner: Any, name: str, switch: Switch) -> None:
        self.switch = switch
        self._owner = owner
        self._name = name
        self._before = _as_stored(owner, name)
        self._is_own = name in vars(owner)
        self._replacement: Any = None

    def install(self, wrap: Callable[[Function], Function]) -> None:
        self._replacement = self._replace(wrap)
        setattr(self._owner, self._name, self._replacement)
        _patches.append(self)

    def uninstall(self) -> None:
        """Put the original back; where somebody patched on top of us, only do nothing from now on."""
        self.switch.identifier = None
        _patches.remove(self)
        if vars(self._owner).get(self._name) is self._replacement:
            self._restore()
        elif not self._hand_on():
            place = f"{getattr(self._owner, '__name__', self._owner)}.{self._name}"
            debug(f"{place} was replaced by somebody else: our part of it stays and does nothing")

    def _restore(self) -> None:
        if self._is_own:
            setattr(self._owner, self._name, self._before)
        else:
            delattr(self._owner, self._name)

    def _hand_on(self) -> bool:
        """Have the patch of ours that lies on this one, if there is one, put back what was before both."""
        for patch in _patches:
            if patch._before is self._replacement:
                patch._before, patch._is_own = self._before, self._is_own
                return True
        return False

    def _replace(self, wrap: Callable[[Function], Function]) -> Any:
        """What to store in the place of the original: a wrapper, in a descriptor of the same kind."""
        before = self._before
        if isinstance(before, (staticmethod, classmethod)):
            return type(before)(wrap(before.__func__))
        if isinstance(before, property):
            return before.getter(wrap(before.fget))  # type: ignore[arg-type]  # _as_stored() saw to it
        if not isinstance(self._owner, type):
            return wrap(before)
        if isinstance(before, CLASS_METHOD_IN_C):
            return classmethod(wrap(before))
        binds = hasattr(type(before), "__get__") and not isinstance(before, BOUND_METHOD)
        return wrap(before) if binds else staticmethod(wrap(before))


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
    called = found.fget if isinstance(found, property) else found
    is_function = callable(called) or isinstance(called, (staticmethod, classmethod))
    if not is_function or isinstance(found, type):
        raise TypeError(f"{name} of {owner!r:.100} is not a function")
    return found
