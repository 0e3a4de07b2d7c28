"""The options of a client: one table, resolved once at init, never changed.

`table.py` declares them, `field.py` is how, `kinds.py`, `objects.py` and `datacollection.py` say what each
may hold, `sources.py` who may say it, `problems.py` what is answered to a wrong one, `page.py` writes the
documentation. Here they come together.
"""

from __future__ import annotations

import os

from sentry_like.options.datacollection import BODIES
from sentry_like.options.field import Field
from sentry_like.options.problems import BadOptions
from sentry_like.options.sources import Settlement, read_config_file
from sentry_like.options.table import ErrorOptions, NetworkOptions, PrivacyOptions, SessionOptions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

__all__ = ["BadOptions", "Field", "Options", "read_config_file"]

HIGHEST_LEVEL = {"gzip": 9, "br": 11, "zstd": 22}
# What `data_collection` decides when the option itself is not given.
DECIDED_BY_DATA_COLLECTION = {
    "user_info": "send_default_pii",
    "stack_frame_variables": "include_local_variables",
    "frame_context_lines": "frame_context_lines",
}


class Options(ErrorOptions, PrivacyOptions, NetworkOptions, SessionOptions):
    """What a client was told. `Options(...)` takes arguments over defaults; `resolve` asks every source.

    Raises: `BadOptions` with all that is wrong; it is a `BadDsn` too if the DSN is malformed.
    """

    if not TYPE_CHECKING:  # type checkers derive the signature from the declarations

        def __init__(self, dsn=None, **given):
            self.__dict__.update(self._holding(_settle({"dsn": dsn, **given}, {}, {})).__dict__)

    @classmethod
    def resolve(
        cls, given: Mapping[str, Any], environ: Mapping[str, str], config: Mapping[str, Any] | None = None
    ) -> Options:
        """What was given, over the environment, over the configuration file, over the defaults.

        `config`: what `read_config_file` returned. What nobody says about this machine and this release is
        found out here. Raises: as the class does.
        """
        values = _settle(given, environ, config or {})
        if "project_root" not in values:
            values["project_root"] = _working_directory()
        if "server_name" not in values:
            values["server_name"] = _host_name(environ)
        if "release" not in values:
            from sentry_like.release import detect  # of no use to those who say their release

            values["release"] = detect(environ, values["project_root"])
        return cls._holding(values)


def _settle(
    given: Mapping[str, Any], environ: Mapping[str, str], config: Mapping[str, Any]
) -> dict[str, Any]:
    settlement = Settlement(Options)
    settlement.settle(given, environ, config)
    _join(settlement)
    settlement.raise_problems()
    return settlement.values


def _join(settlement: Settlement) -> None:
    """Every rule about two options at once; `values` holds only what some source said."""
    values = settlement.values
    collection = values.get("data_collection") or {}
    for key, name in DECIDED_BY_DATA_COLLECTION.items():
        if key in collection:
            values.setdefault(name, collection[key])
    if "request" not in collection.get("http_bodies", BODIES):
        values["max_request_body_size"] = "never"
    if values.get("key_file") and not values.get("cert_file"):
        settlement.refuse("key_file", "is of no use without cert_file")
    level, highest = (
        values.get("compression_level") or 0,
        HIGHEST_LEVEL.get(values.get("compression", "gzip"), 22),
    )
    if level > highest:
        settlement.refuse(
            "compression_level", f"cannot be {level} with this compression. Allowed: 0 to {highest}"
        )


def _working_directory() -> str:
    try:
        return os.getcwd()
    except OSError:  # it was deleted
        return ""


def _host_name(environ: Mapping[str, str]) -> str | None:
    if hasattr(os, "uname"):
        return os.uname().nodename or None
    if "COMPUTERNAME" in environ:
        return environ["COMPUTERNAME"]
    import platform  # loaded only where the system itself has no answer

    return platform.node() or None
