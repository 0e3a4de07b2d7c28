"""What is noted of a command to MongoDB: its shape, where it went, how it ended."""

from __future__ import annotations

from pymongo.errors import OperationFailure

from sentry_like.errors import describe
from sentry_like.integrations._common.commands import wants_values, without_values
from sentry_like.integrations._common.span import Operation
from sentry_like.integrations.pymongo.shapes import text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from sentry_like.types import Breadcrumb, Hint

PYMONGO = "pymongo"
INTERNAL = frozenset(
    [
        *("authenticate", "copydbgetnonce", "endsessions", "getnonce", "hello", "ismaster"),
        *("killcursors", "logout", "saslcontinue", "saslstart"),
    ]
)
"""What the driver sends for itself, in lower case."""
SECRET = frozenset(("copydb", "copydbsaslstart", "createuser", "updateuser"))
"""Commands with passwords in them."""


class MongoCommand(Operation):
    """One command. Its text is made at once: the command belongs to the application."""

    __slots__ = ("address", "collection", "database", "name", "status", "text")

    op = "db"

    def __init__(self, text: str, name: str = "", address: Any = None) -> None:
        super().__init__()
        self.text = text
        self.name = name
        self.address = address
        self.database = self.collection = ""
        self.status: int | None = None

    @classmethod
    def begun(cls, name: str, command: Any, database: str, address: Any) -> MongoCommand:
        """A note of a command that is being sent."""
        is_shown = isinstance(command, dict) and name.lower() not in SECRET
        made = cls(text_of(command, values=wants_values()) if is_shown else name, name, address)
        made.collection = collection_in(name, command) if is_shown else ""
        made.database = database
        return made

    def began(self, start: float) -> None:
        """It is noted only now, but began at this time of `perf_counter`."""
        self._duration = -start

    def refused(self, details: Any, hint: Hint) -> None:
        """It failed, as this document says: the server's answer, or the driver's account of it."""
        code = details.get("code")
        self.status = code if type(code) is int else None
        said = str(details.get("errmsg", ""))
        if "errtype" not in details and not wants_values():
            said = without_values(said)
        what = details.get("codeName") or details.get("errtype") or ""
        self._end("error", f"{what}: {said}" if what else said, hint)

    def failed(self, error: BaseException, hint: Hint) -> None:
        if isinstance(error, OperationFailure):
            self.refused(
                {"codeName": type(error).__name__, "code": error.code, **(error.details or {})}, hint
            )
        elif not self.is_kept:
            self._end("error", describe(error), hint)

    def make(self) -> Breadcrumb:
        host, port = self.address or ("", None)
        made = self.ending(
            {
                "db.system": "mongodb",
                "db.name": self.database,
                "db.operation": self.name,
                "db.collection.name": self.collection,
                "db.mongodb.collection": self.collection,
                "db.response.status_code": self.status,
                "network.peer.address": host,
                "network.peer.port": port,
                "error": self._reason,
            }
        )
        return {**made, "type": "query", "category": "query", "message": self.text}


def collection_in(name: str, command: Any) -> str:
    """The collection that a command is about, if any."""
    found = command.get("collection" if name == "getMore" else name)
    return found if type(found) is str else ""


def complaint_in(reply: Any) -> Any:
    """What is wrong in an answer to a command that succeeded as such: of several failed writes the first."""
    if not isinstance(reply, dict):
        return None
    failed = reply.get("writeErrors")
    return failed[0] if failed else reply.get("writeConcernError")
