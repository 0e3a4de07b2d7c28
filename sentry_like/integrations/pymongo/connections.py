"""Notes where PyMongo got no connection: then no command was sent, and nothing else would tell."""

from __future__ import annotations

from time import perf_counter

from sentry_like.integrations._common.patch import around
from sentry_like.integrations.pymongo.commands import INTERNAL, PYMONGO, MongoCommand

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

    Function = Callable[..., Any]


def watch_topology(module: ModuleType) -> None:
    """Note where no server could be had in time; older versions look for one to begin a session, too."""
    watch_failures(module, "Topology", "select_servers", failed_selection)
    if hasattr(vars(module).get("Topology"), "_check_session_support"):
        watch_failures(module, "Topology", "get_server_session", failed_selection)


def watch_pool(module: ModuleType) -> None:
    """Note where a connection could not be opened, or the server did not let us in."""
    watch_failures(module, "Pool", "connect", failed_connection)


def watch_failures(
    module: ModuleType, owner_name: str, name: str, failed: Callable[..., MongoCommand | None]
) -> None:
    owner = vars(module).get(owner_name)
    if owner is None or owner.__module__ != module.__name__:  # newer versions keep old modules to import from
        return

    def call(original: Function, host: Any, *args: Any, **options: Any) -> Any:
        start = perf_counter()
        try:
            return original(host, *args, **options)
        except Exception as error:
            keep(failed(host, *args), start, error)
            raise

    async def call_async(original: Function, host: Any, *args: Any, **options: Any) -> Any:
        start = perf_counter()
        try:
            return await original(host, *args, **options)
        except Exception as error:
            keep(failed(host, *args), start, error)
            raise

    around(owner, name, PYMONGO)(call_async if ".asynchronous." in module.__name__ else call)


def keep(command: MongoCommand | None, start: float, error: Exception) -> None:
    if command is not None:
        command.began(start)
        command.failed(error, {})


def failed_selection(
    topology: Any, selector: Any = None, operation: Any = "", *more: Any
) -> MongoCommand | None:
    """What is noted where no server was found, but not for the driver's own sake. Older versions do not say
    what for.
    """
    name = str.__str__(operation) if isinstance(operation, str) else ""
    return None if name.lower() in INTERNAL else MongoCommand("select server", name)


def failed_connection(pool: Any, *more: Any) -> MongoCommand | None:
    """What is noted of a connection that cannot be had, unless it is one by which servers are watched."""
    if getattr(pool, "is_sdam", not getattr(pool, "handshake", True)):
        return None
    return MongoCommand("connect", address=pool.address)
