"""Which integrations a client gets, and setting each up once per process.

An integration is loaded only when a client wants it and the application has imported what it integrates with.
Process-wide state: the integrations set up, those waited for, and who waits.
"""

from __future__ import annotations

from _weakref import ref

from sentry_like.errors import contained, describe, is_applications_own, voice
from sentry_like.integrations._common import imports, patch
from sentry_like.integrations.base import DidNotEnable, Integration
from sentry_like.integrations.registry import AUTO, DEFAULT, REGISTRY
from sentry_like.options.problems import nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from sentry_like import types
    from sentry_like.client import Client
    from sentry_like.integrations.registry import Row
    from sentry_like.options import Options

__all__ = ["DidNotEnable", "Installed", "Integration", "install", "load", "uninstall"]

_set_up: dict[str, object] = {}
_awaited: set[str] = set()
_living: list[ref[Installed]] = []


class Installed(dict[str, "types.Integration"]):
    """One client's integrations that work, by identifier.

    `failed` says in words why another is missing, `waiting` names those whose framework the application has
    not imported, and the `late` ones, which the first event will load. The tuples are the hooks that the
    client's events go through; a late arrival replaces them.
    """

    def __init__(self) -> None:
        super().__init__()
        self.failed: dict[str, str] = {}
        self.waiting: set[str] = set()
        self.late: set[str] = set()
        self._client: Callable[[], Client | None] = lambda: None
        self._sort()

    def __repr__(self) -> str:
        return f"<integrations {self.names}, failed: {self.failed}, waiting: {sorted(self.waiting)}>"

    def add(self, identifier: str, make: Callable[[], types.Integration]) -> None:
        """Make it and set it up, unless the process has it already; one that fails is named in `failed`."""
        try:
            integration = make()
            _set_up_once(identifier, integration)
        except BaseException as error:  # noqa: BLE001  # _note_failure lets through what is not ours
            self._note_failure(identifier, error)
            return
        self.failed.pop(identifier, None)
        self[identifier] = integration
        self._sort()
        self._tell("on_started", integration)

    def load(self, identifier: str, row: Row) -> None:
        """Add the one that the table names, with its default settings."""
        self.add(identifier, lambda: _fitting(row))

    def start(self, client: Client) -> None:
        """Tell those who want to know that their client is ready to capture, and the late ones when they
        come.
        """
        self._client = ref(client)
        for integration in tuple(self.values()):
            self._tell("on_started", integration)

    def stop(self) -> None:
        """Tell those who want to know that their client captures nothing any more."""
        for integration in tuple(self.values()):
            self._tell("on_closed", integration)

    def load_late(self) -> None:
        """Add those that were left for the first event."""
        for identifier in sorted(self.late):
            self.late.discard(identifier)
            self.waiting.discard(identifier)
            self.load(identifier, REGISTRY[identifier])

    def _tell(self, hook: str, integration: types.Integration) -> None:
        client, tell = self._client(), getattr(integration, hook, None)
        if client is not None and tell is not None:
            with contained(integration.identifier):
                tell(client)

    def _note_failure(self, identifier: str, error: BaseException) -> None:
        if identifier not in _set_up:
            patch.uninstall(identifier)
        if is_applications_own(error) or (voice.reraise and not isinstance(error, DidNotEnable)):
            raise error
        reason = str(error) if isinstance(error, DidNotEnable) else describe(error)
        self.failed[identifier] = reason
        voice.once(f"{identifier} is off: {reason}", f"the integration {identifier} is off: {reason}")

    def _sort(self) -> None:
        processing = [one for one in self.values() if hasattr(one, "process_event")]
        self.names = sorted(self)
        self.refusing = tuple(one for one in self.values() if hasattr(one, "refuses"))
        self.processing = tuple(one for one in processing if _is_ours(one))
        self.foreign = tuple(one for one in processing if not _is_ours(one))
        self.listening = tuple(one for one in self.values() if hasattr(one, "on_captured"))


def install(options: Options) -> Installed:
    """The integrations of a client, each set up, or waiting for its framework.

    Given ones win over those of the table with the same identifier, and are set up at once. One whose set-up
    fails is left out, said once, and tried again by the next client.
    """
    installed = Installed()
    disabled = {_identifier(one) for one in options.disabled_integrations}
    given: dict[str, Any] = {one.identifier: one for one in options.integrations}
    wanted_modes = {DEFAULT: options.default_integrations, AUTO: options.auto_enabling_integrations}
    _warn_of_unknown(disabled - set(given))
    for identifier, one in given.items():
        if identifier not in disabled:
            installed.add(identifier, _maker(one))
    for identifier, row in REGISTRY.items():
        if wanted_modes.get(row.mode) and identifier not in disabled and identifier not in given:
            _await(installed, identifier, row)
    return installed


def uninstall() -> None:
    """Give the interpreter and all frameworks back what integrations replaced in this process."""
    for identifier in sorted(_set_up):
        patch.uninstall(identifier)
    _set_up.clear()
    _awaited.clear()
    imports.forget_all()


def load(place: str) -> types.Integration:
    """The integration that `module:Class` names, with its default settings."""
    name = place.partition(":")[2]
    # not importlib.import_module: importlib alone would add four modules to those that init loads
    made: types.Integration = getattr(__import__(module_at(place), fromlist=[name]), name)()
    return made


def module_at(place: str) -> str:
    """The name of the module that `module:Class` names."""
    return f"{__name__}.{place.partition(':')[0]}"


def _fitting(row: Row) -> types.Integration:
    """The integration of a row, if what it integrates with is new enough."""
    if row.minimum:
        from sentry_like.integrations._common.packages import demand

        demand(row.package, row.minimum)
    return load(row.place)


def _set_up_once(identifier: str, integration: types.Integration) -> None:
    """Set it up, unless the process has it already, or another thread is at it."""
    claim = object()
    if _set_up.setdefault(identifier, claim) is claim:
        try:
            integration.setup_once()
        except BaseException:
            del _set_up[identifier]
            raise


def _maker(given: Any) -> Callable[[], types.Integration]:
    return given if isinstance(given, type) else lambda: given


def _await(installed: Installed, identifier: str, row: Row) -> None:
    """Load it now if it needs nothing, else with the first event, or once one of its modules is there."""
    if not row.modules and not row.late:
        installed.load(identifier, row)
        return
    installed.waiting.add(identifier)
    if row.late:
        installed.late.add(identifier)
        return
    # by identity: two that are empty are equal
    _living[:] = [one for one in _living if one() is not None and one() is not installed] + [ref(installed)]
    if identifier not in _awaited:
        _awaited.add(identifier)
        _listen(identifier, row)
    elif any(imports.is_imported(module) for module in row.modules):
        _arrive(identifier, row)


def _listen(identifier: str, row: Row) -> None:
    """Have it arrive after the import of one of its modules. Where the application imports our own module
    first, and that the framework, it arrives when ours is complete.
    """
    own = module_at(row.place)
    for module in row.modules:
        imports.when_imported(
            module, lambda _: None if imports.is_half_imported(own) else _arrive(identifier, row)
        )
    imports.when_imported(
        own, lambda _: _arrive(identifier, row) if any(map(imports.is_imported, row.modules)) else None
    )


def _arrive(identifier: str, row: Row) -> None:
    """One of the integration's modules was imported: every client that waits for it gets it."""
    for one in tuple(_living):
        installed = one()
        if installed is not None and identifier in installed.waiting:
            try:
                installed.waiting.remove(identifier)
            except KeyError:  # another thread imported another of its modules at the same moment
                continue
            installed.load(identifier, row)


def _identifier(one: Any) -> Any:
    return one if isinstance(one, str) else getattr(one, "identifier", None)


def _is_ours(integration: types.Integration) -> bool:
    """Whether an integration comes with this package, so that what it adds needs no second look."""
    return type(integration).__module__.startswith("sentry_like.")


def _warn_of_unknown(disabled: set[Any]) -> None:
    for name in sorted(str(one) for one in disabled if one not in REGISTRY):
        alike = nearest(name, REGISTRY)
        hint = f"; did you mean {alike!r}?" if alike else ""
        voice.once(f"disabled {name}", f"disabled_integrations names {name!r}, which is no integration{hint}")
