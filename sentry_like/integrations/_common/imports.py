"""Acts once a module is there, without ever importing it.

A finder stands first on `sys.meta_path`. Python asks it only for modules that were not imported yet, and
then it costs a dictionary lookup or two. Actions run without the interpreter's global import lock.
Process-wide state: the modules waited for, and that finder.
"""

from __future__ import annotations

import sys
from _thread import get_ident

from sentry_like.errors import contained

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any

    Action = Callable[[ModuleType], object]


def when_imported(name: str, action: Action) -> None:
    """Call `action(module)` now if the module of that name is imported, else right after its import, on the
    thread that imports it.

    An import that fails leaves the action waiting for the next. A lazy module counts as imported once it is
    loaded, and what is being imported at this moment once some later import finds it complete; so do
    namespace packages, which have no code. A reload calls nothing.
    """
    _watcher.wait_for(name, action)
    if is_imported(name):
        _watcher.came(name)
    elif name in sys.modules:
        _watcher.half_imported.add(name)


def is_imported(name: str) -> bool:
    """Whether the module is there and its own code has run to the end; loads no lazy module."""
    module = sys.modules.get(name)
    if module is None or type(module).__name__ == "_LazyModule":
        return False
    return not getattr(_own(module, "__spec__"), "_initializing", False)


def is_half_imported(name: str) -> bool:
    """Whether the module's own code is being run at this moment."""
    return getattr(_own(sys.modules.get(name), "__spec__"), "_initializing", False) is True


def forget_all() -> None:
    """Wait for nothing any more."""
    _watcher.forget_all()


class Watcher:
    """The finder: hands the work to the finders behind it, and has the loader tell when it is done."""

    def __init__(self) -> None:
        self.half_imported: set[str] = set()
        self._waiting: dict[str, list[Action]] = {}
        self._asking: set[tuple[str, int]] = set()

    def wait_for(self, name: str, action: Action) -> None:
        # The list stays, empty, when the module came: an action added at that moment is not lost with it.
        self._waiting.setdefault(name, []).append(action)
        if self not in sys.meta_path:
            sys.meta_path.insert(0, self)

    def forget_all(self) -> None:
        self._waiting.clear()
        self.half_imported.clear()
        # A new list: another thread that imports may be on its way through the old one, and would miss the
        # finder behind us if we were taken out.
        sys.meta_path = [finder for finder in sys.meta_path if finder is not self]

    def came(self, name: str) -> None:
        """Call what waits for this module; each action once, whichever thread is first."""
        self.half_imported.discard(name)
        waiting = self._waiting.get(name)
        module = sys.modules.get(name)
        if not waiting or module is None:
            return
        with contained(f"after the import of {name}"):
            _bind_to_parent(name, module)
        while waiting:
            try:
                action = waiting.pop(0)
            except IndexError:  # another thread was faster
                return
            with contained(f"after the import of {name}"):
                action(module)

    def look_again(self) -> None:
        """See to modules that could not tell when their import was done."""
        for name in self._complete():
            self.came(name)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Called by Python for each module that is not imported yet."""
        is_awaited = bool(self._waiting.get(name))
        if not is_awaited and not (self.half_imported and self._complete()):
            return None
        key = (name, get_ident())
        if key in self._asking:  # another finder like this one asks all the others, too
            return None
        self._asking.add(key)
        try:
            spec = self._found_by_others(name, path, target)
        finally:
            self._asking.discard(key)
        if spec is not None:
            if hasattr(spec.loader, "exec_module"):
                spec.loader = TellingLoader(spec.loader, name, self)  # type: ignore[assignment]  # for any loader
            elif is_awaited:  # a namespace, or a loader of the time before exec_module: nobody tells
                self.half_imported.add(name)
        return spec

    def _found_by_others(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None
    ) -> ModuleSpec | None:
        for finder in tuple(sys.meta_path):
            spec = None if finder is self else _ask(finder, name, path, target)
            if spec is not None:
                return spec
        return None

    def _complete(self) -> list[str]:
        """The modules to look at again that are complete. While a loader of the time before `exec_module`
        is at work, `__spec__` is None.
        """
        names = tuple(self.half_imported)
        return [
            name
            for name in names
            if is_imported(name) and _own(sys.modules.get(name), "__spec__", name) is not None
        ]


class TellingLoader:
    """Stands in for a loader until the module is to be executed; then the module gets its own one back."""

    def __init__(self, loader: Any, name: str, watcher: Watcher) -> None:
        self._loader = loader
        self._name = name
        self._watcher = watcher

    def __getattr__(self, name: str) -> Any:
        if name == "_loader":  # a copy is asked for what it has before it has anything
            raise AttributeError(name)
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        create = getattr(self._loader, "create_module", None)
        made: ModuleType | None = None if create is None else create(spec)
        return made

    def exec_module(self, module: ModuleType) -> None:
        self._give_back(module)
        self._loader.exec_module(module)
        self._watcher.came(self._name)
        self._watcher.look_again()

    def _give_back(self, module: ModuleType) -> None:
        """Let the module have its own loader, as if we had never been."""
        with contained("giving a loader back"):
            spec = _own(module, "__spec__")
            if getattr(spec, "loader", None) is self:
                spec.loader = self._loader
            if _own(module, "__loader__") is self:
                module.__loader__ = self._loader


def _ask(finder: Any, name: str, path: Sequence[str] | None, target: ModuleType | None) -> ModuleSpec | None:
    """What Python would be told by a finder, be it one of the time before `find_spec`."""
    if hasattr(finder, "find_spec"):
        spec: ModuleSpec | None = finder.find_spec(name, path, target)
        return spec
    if sys.version_info >= (3, 12) or not hasattr(finder, "find_module"):
        return None
    from importlib.util import spec_from_loader

    loader = finder.find_module(name, path)
    return None if loader is None else spec_from_loader(name, loader)


def _own(module: Any, name: str, default: Any = None) -> Any:
    """An attribute as it is stored: to ask a lazy module for one would load it."""
    try:
        return object.__getattribute__(module, name)
    except AttributeError:
        return default


def _bind_to_parent(name: str, module: ModuleType) -> None:
    """What Python does a moment later, so that an action may write `package.module`."""
    parent, _, child = name.rpartition(".")
    if parent in sys.modules:
        setattr(sys.modules[parent], child, module)


_watcher = Watcher()
