"""What is noted of a command to Redis: its name, its keys, how it ended; of a pipeline how many and which."""

from __future__ import annotations

from redis.exceptions import ResponseError

from sentry_like.errors import describe, is_error
from sentry_like.hub import integration_now
from sentry_like.integrations._common.commands import wants_values, without_values
from sentry_like.integrations._common.outgoing import CANCELLED
from sentry_like.integrations._common.scrubber import current_scrubber
from sentry_like.integrations._common.span import Operation
from sentry_like.integrations.redis.words import clean, named, spoken

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from sentry_like.types import Breadcrumb, Hint

REDIS = "redis"
DEFAULT_LIMIT = 1024
MAX_NAMED = 10
IN_PIPELINE, UNKNOWN = ") of pipeline caused error: ", ", with args beginning with"


class RedisCommand(Operation):
    """One command: its name, and what of its arguments is shown."""

    __slots__ = ("host", "name", "number", "port", "words")

    op = "db.redis"

    def __init__(self, client: Any, name: str, words: tuple[str, ...]) -> None:
        super().__init__()
        self.name = name
        self.words = words
        pool = getattr(client, "connection_pool", None)  # a cluster has one for each node
        known = getattr(pool, "connection_kwargs", None) or {}
        self.host = known.get("host") or known.get("path")
        self.port = known.get("port")
        self.number = known.get("db")

    @classmethod
    def begun(cls, client: Any, args: tuple[Any, ...]) -> RedisCommand | None:
        """A note of the command that a client is about to send."""
        return cls(client, *spoken(args, values=wants_values())) if args else None

    def answered(self, result: Any, hint: Hint) -> None:
        """A reply came."""
        self.succeeded(hint)

    def failed(self, error: BaseException, hint: Hint) -> None:
        if self.is_kept:
            return
        if is_error(error):
            self._end("error", reason_of(error), hint)
        else:
            self._end("info", f"{CANCELLED} ({describe(error).removesuffix(': ')})", hint)

    def make(self) -> Breadcrumb:
        made = self.ending(
            {
                "db.system": "redis",
                "db.operation": self.name,
                "db.name": "" if self.number is None else str(self.number),
                "network.peer.address": self.host,
                "network.peer.port": self.port,
                "error": self._reason,
                **self.more(),
            }
        )
        return {**made, "type": "redis", "category": "redis", "message": self.text()}

    def more(self) -> dict[str, Any]:
        return {}

    def text(self) -> str:
        """Name, keys and the like, without secrets, bounded as the integration says."""
        integration = integration_now(REDIS)
        limit = DEFAULT_LIMIT if integration is None else integration.max_data_size
        return " ".join((self.name, *clean(self.words, current_scrubber())))[:limit]


class RedisPipeline(RedisCommand):
    """A pipeline: the names of its first commands, how many they are, and whether they are a transaction."""

    __slots__ = ("count", "is_transaction")

    def __init__(self, client: Any, queue: Sequence[Any]) -> None:
        self.count = len(queue)
        self.is_transaction = is_transaction_in(client)
        names = [named(getattr(one, "args", None) or one[0]) for one in queue[:MAX_NAMED]]
        super().__init__(client, "MULTI" if self.is_transaction else "PIPELINE", (", ".join(names),))

    @classmethod
    def begun(cls, client: Any, args: tuple[Any, ...]) -> RedisPipeline | None:
        """A note of what a pipeline is about to send; none where it is empty."""
        queue = queue_of(client)
        return cls(client, queue) if queue else None

    def answered(self, result: Any, hint: Hint) -> None:
        """The replies came; each may be an exception that was to be returned, not raised."""
        error = next((one for one in result if isinstance(one, Exception)), None)
        if error is None:
            self.succeeded(hint)
        else:
            self.failed(error, hint)

    def more(self) -> dict[str, Any]:
        return {"redis.commands": self.count, "redis.transaction": self.is_transaction}

    def text(self) -> str:
        left = self.count - MAX_NAMED
        return f"{super().text()}{f', and {left} more' if left > 0 else ''}"


def queue_of(pipeline: Any) -> Any:
    """The commands that wait in a pipeline; those of clusters keep them elsewhere."""
    strategy = getattr(pipeline, "_execution_strategy", None)
    if strategy is not None:
        return strategy._command_queue
    queue = getattr(pipeline, "command_stack", None)
    return pipeline._command_stack if queue is None else queue


def is_transaction_in(pipeline: Any) -> bool:
    """Whether a pipeline sends its commands within MULTI and EXEC."""
    strategy = getattr(pipeline, "_execution_strategy", None)
    if strategy is not None:
        return type(strategy).__name__ == "TransactionStrategy"
    # of the async ones `transaction` is a method; old ones of clusters have neither attribute
    wished = getattr(pipeline, "is_transaction", None) or getattr(pipeline, "transaction", None) is True
    return bool(wished or getattr(pipeline, "explicit_transaction", False))


def reason_of(error: BaseException) -> str:
    """What an exception says, without the values that the client or the server repeats in it."""
    if not isinstance(error, ResponseError):
        return describe(error)
    text = str(error)
    if text.startswith("Command # "):
        head, _, said = text.rpartition(IN_PIPELINE)
        number, _, command = (head or text).removeprefix("Command # ").partition(" (")
        text = f"command {number} ({named((command,))}): {untupled(said) if head else ''}"
    text = without_values(text.partition(UNKNOWN)[0])
    return f"{type(error).__name__}: {text}"


def untupled(said: str) -> str:
    """The words of an error where some versions write its arguments: `('WRONGTYPE ...',)`."""
    return said[2:-3] if said[:1] == "(" and said[-2:] == ",)" else said
