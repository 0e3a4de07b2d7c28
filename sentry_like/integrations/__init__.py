"""Which integrations a client gets, and setting each up once per process.

An integration is imported only when a client wants it. The tables hold text, so nothing is imported to know
what there is.
"""

from __future__ import annotations

from sentry_like.errors import contained

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sentry_like.options import Options
    from sentry_like.types import Integration

DEFAULT = {
    "argv": "argv:ArgvIntegration",
    "atexit": "atexit:AtexitIntegration",
    "dedupe": "dedupe:DedupeIntegration",
    "excepthook": "excepthook:ExcepthookIntegration",
    "modules": "modules:ModulesIntegration",
}
"""Identifier -> `module:Class` of what every client gets unless `default_integrations=False`."""

_set_up: set[str] = set()


def install(options: Options) -> dict[str, Integration]:
    """`{identifier: integration}` of a client, each set up; given ones win over defaults of the same
    identifier.

    One whose set-up fails is left out, said once, and tried again by the next client.
    """
    wanted: dict[str, Integration] = {one.identifier: one for one in options.integrations}
    disabled = {_identifier(one) for one in options.disabled_integrations}
    if options.default_integrations:
        for identifier, place in DEFAULT.items():
            if identifier not in wanted and identifier not in disabled:
                wanted[identifier] = load(place)
    return {name: one for name, one in wanted.items() if name not in disabled and _set_up_once(one)}


def load(place: str) -> Integration:
    """The integration that `module:Class` names, with its default settings."""
    module, _, name = place.partition(":")
    # not importlib.import_module: importlib alone would add four modules to those that init loads
    made: Integration = getattr(__import__(f"{__name__}.{module}", fromlist=[name]), name)()
    return made


def _identifier(one: object) -> object:
    return one if isinstance(one, str) else getattr(one, "identifier", None)


def _set_up_once(integration: Integration) -> bool:
    if integration.identifier in _set_up:
        return True
    with contained(f"setting up {integration.identifier}"):
        integration.setup_once()
        _set_up.add(integration.identifier)
    return integration.identifier in _set_up
