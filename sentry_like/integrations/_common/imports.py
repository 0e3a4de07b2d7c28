"""Acts once a module is there, without ever importing it.

A finder stands first on `sys.meta_path`. Python asks it only for modules that were not imported yet, and
then it costs one dictionary lookup. It stays until `forget_all`: to take it from the list while another
thread imports would have that thread skip the finder behind it.
Process-wide state: the modules waited for, and that finder.
"""

from __future__ import annotations

import sys

from sentry_like.errors import contained

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any

    Action = Callable[[ModuleType], object]


def when_imported(name: str, action: Action) -> None:
    """Call `action(module)` now if the module of that name is imported, else right after its first import.

    A module that is being imported at this moment counts as not imported yet. An import that fails leaves
    the action waiting for the next. Of a namespace package, which has no code, nothing is noticed. A reload
    calls nothing.
    """
    _watcher.wait_for(name, action)
    if is_imported(name):
        _watcher.came(name)
    elif name in sys.modules:
        _watcher.half_imported.add(name)


def is_imported(name: str) -> bool:
    """Whether the module is there and its own code has run to the end."""
    module = sys.modules.get(name)
    return module is not None and not getattr(getattr(module, "__spec__", None), "_initializing", False)


def forget_all() -> None:
    """Wait for nothing any more."""
    _watcher.forget_all()


class Watcher:
    """The finder: hands the work to the finders behind it, and has the loader tell when it is done."""

    def __init__(self) -> None:
        self.half_imported: set[str] = set()
        self._waiting: dict[str, tuple[Action, ...]] = {}

    def wait_for(self, name: str, action: Action) -> None:
        self._waiting[name] = (*self._waiting.get(name, ()), action)
        if self not in sys.meta_path:
            sys.meta_path.insert(0, self)

    def forget_all(self) -> None:
        self._waiting.clear()
        self.half_imported.clear()
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def came(self, name: str) -> None:
        """Call what waits for this module; each action once, whichever thread is first."""
        self.half_imported.discard(name)
        actions = self._waiting.pop(name, ())
        for action in actions:
            with contained(f"after the import of {name}"):
                action(sys.modules[name])

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Called by Python for each module that is not imported yet."""
        if self.half_imported:
            self._look_again()
        if name not in self._waiting:
            return None
        spec = self._found_by_others(name, path, target)
        if spec is None or spec.loader is None:
            return None
        if hasattr(spec.loader, "exec_module"):
            spec.loader = TellingLoader(spec.loader, self)  # type: ignore[assignment]  # for any loader
        else:  # a loader of the time before exec_module: nobody tells when it is done
            self.half_imported.add(name)
        return spec

    def _found_by_others(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None
    ) -> ModuleSpec | None:
        for finder in tuple(sys.meta_path):
            find = None if finder is self else getattr(finder, "find_spec", None)
            spec: ModuleSpec | None = None if find is None else find(name, path, target)
            if spec is not None:
                return spec
        return None

    def _look_again(self) -> None:
        """See to modules that were in the middle of their import when they were asked for."""
        for name in tuple(self.half_imported):
            if is_imported(name):
                self.came(name)


class TellingLoader:
    """Stands in for a loader until the module is to be executed; then the module gets its own one back."""

    def __init__(self, loader: Any, watcher: Watcher) -> None:
        self._loader = loader
        self._watcher = watcher

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        create = getattr(self._loader, "create_module", None)
        made: ModuleType | None = None if create is None else create(spec)
        return made

    def exec_module(self, module: ModuleType) -> None:
        spec: Any = module.__spec__
        if spec is not None and spec.loader is self:
            spec.loader = module.__loader__ = self._loader
        self._loader.exec_module(module)
        if spec is not None:
            self._watcher.came(spec.name)


_watcher = Watcher()
