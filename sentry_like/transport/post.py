"""The seam between the worker and the network: what one request is, for whoever makes it."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Protocol

    class Post(Protocol):
        """Sends one body at a time. Calls never overlap; only `cut` may come from another thread."""

        def __call__(self, body: bytes, headers: Mapping[str, str], timeout: float) -> Response:
            """The answer, within `timeout` seconds all in all. Raises: `NetworkError` when there is none."""

        def prepare(self) -> None:
            """Import what requests need."""

        def cut(self) -> None:
            """End the request under way, and refuse any other."""

        def close(self) -> None:
            """Release the connection."""

        def abandon(self) -> None:
            """Drop a connection that is the parent process's, without a word on it."""


class NetworkError(OSError):
    """No answer came: name resolution, connection, TLS, proxy, or time ran out. The message says which."""


class Response:
    """An answer: its `status`, its `headers`, and `text`, the beginning of its body for people to read."""

    __slots__ = ("headers", "status", "text")

    def __init__(self, status: int, headers: Mapping[str, str], text: str = "") -> None:
        self.status = status
        self.headers = headers
        self.text = text
