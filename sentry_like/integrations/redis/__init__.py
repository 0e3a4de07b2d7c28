"""Keeps commands of redis-py's clients as breadcrumbs: those of one server, of clusters, sync and async.

One call of the application leaves one breadcrumb, whatever the client sends besides: redirections, retries,
the discovery of a cluster or through a sentinel. What a connection says when it opens leaves none.
"""

from __future__ import annotations

from contextvars import ContextVar

from sentry_like.integrations._common.imports import when_imported
from sentry_like.integrations._common.patch import around
from sentry_like.integrations.base import Integration
from sentry_like.integrations.redis.commands import DEFAULT_LIMIT, REDIS, RedisCommand, RedisPipeline

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import ModuleType
    from typing import Any

    Function = Callable[..., Any]
    Begin = Callable[[Any, tuple[Any, ...]], RedisCommand | None]

SENDERS = (
    ("Redis", "execute_command"),
    ("Pipeline", "immediate_execute_command"),
    ("PubSub", "execute_command"),
    ("RedisCluster", "execute_command"),
    ("ClusterPubSub", "execute_command"),
)
PIPELINES = (("Pipeline", "execute"), ("ClusterPipeline", "execute"))
MODULES = ("redis.client", "redis.cluster", "redis.asyncio.client", "redis.asyncio.cluster")

under_way: ContextVar[bool] = ContextVar("sentry_like_redis", default=False)
"""Whether a command of the application is: what is sent meanwhile belongs to it."""


class RedisIntegration(Integration):
    """Keeps a breadcrumb for each command and each pipeline.

    `max_data_size` bounds the text of a command, in characters. `cache_prefixes` says which keys are those of
    caches, for traces; breadcrumbs do not tell caches apart.
    """

    identifier = REDIS

    def __init__(
        self, max_data_size: int | None = DEFAULT_LIMIT, cache_prefixes: Iterable[str] | None = None
    ) -> None:
        self.max_data_size = DEFAULT_LIMIT if max_data_size is None else max_data_size
        self.cache_prefixes = tuple(cache_prefixes or ())

    def setup_once(self) -> None:
        for name in MODULES:
            when_imported(name, watch)


def watch(module: ModuleType) -> None:
    """Note what the clients send that are defined in this module."""
    for names, begin in ((SENDERS, RedisCommand.begun), (PIPELINES, RedisPipeline.begun)):
        for owner_name, method in names:
            owner = vars(module).get(owner_name)
            if method in vars(owner or object) and owner.__module__ == module.__name__:
                watch_calls(owner, method, begin, is_async=".asyncio." in module.__name__)


def watch_calls(owner: Any, name: str, begin: Begin, *, is_async: bool) -> None:
    def call(original: Function, client: Any, *args: Any, **options: Any) -> Any:
        command = None if under_way.get() else begin(client, args)
        if command is None:
            return original(client, *args, **options)
        token = under_way.set(True)
        try:
            result = original(client, *args, **options)
        except BaseException as error:
            command.failed(error, {"redis_client": client})
            raise
        finally:
            under_way.reset(token)
        command.answered(result, {"redis_client": client})
        return result

    async def call_async(original: Function, client: Any, *args: Any, **options: Any) -> Any:
        command = None if under_way.get() else begin(client, args)
        if command is None:
            return await original(client, *args, **options)
        token = under_way.set(True)
        try:
            result = await original(client, *args, **options)
        except BaseException as error:
            command.failed(error, {"redis_client": client})
            raise
        finally:
            under_way.reset(token)
        command.answered(result, {"redis_client": client})
        return result

    around(owner, name, REDIS)(call_async if is_async else call)
