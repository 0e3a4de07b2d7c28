"""One request to the server over HTTP: auth, keep-alive, one retry on a stale connection, and never longer
than allowed.

Nothing of the network is imported here, but on the first request, by the thread that makes it:
`connection.py` holds all of that. Redirects are not followed, so nothing goes to a host that the DSN does
not name.
"""

from __future__ import annotations

import os
from time import monotonic

from sentry_like.transport import forks
from sentry_like.transport.post import NetworkError, Response
from sentry_like.version import SDK_NAME, VERSION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from socket import socket
    from types import ModuleType
    from typing import Any

    from urllib3.connection import HTTPConnection
    from urllib3.response import HTTPResponse

    from sentry_like.options import Options
    from sentry_like.protocol.dsn import Dsn

MAX_ANSWER = 64 * 1024
"""Bytes of an answer's body that are read; Sentry's has some 50."""

BODY_SECONDS = 2.0
"""Once the status is known the rest matters little: a body that takes longer costs the connection, not the
event.
"""

CLIENT = f"{SDK_NAME}/{VERSION}"


class Deadline:
    """The time one request has in all, and the socket it waits on.

    Sockets ask before each operation (`connection.Timed`), because a timeout of `socket` or urllib3 is one
    per read, and an answer may drip for ever. A second thread as a watchdog would do as well, but not where
    there are no threads, or at exit.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self.socket: socket | None = None
        self.has_heard = False
        self._clock = clock  # kept, so that a test of the application that swaps clocks costs no event
        self._ends = 0.0
        self._is_cut = False

    def start(self, seconds: float) -> None:
        self._ends = self._clock() + seconds

    def shorten(self, seconds: float) -> None:
        self._ends = min(self._ends, self._clock() + seconds)

    def left(self) -> float:
        """The seconds left, more than 0. Raises: `TimeoutError` when there are none."""
        seconds = self._ends - self._clock()
        if self._is_cut:
            raise TimeoutError("the transport was closed")
        if seconds <= 0:
            raise TimeoutError("the time for the request is over")
        return seconds

    def cut(self) -> None:
        """Have the operation under way fail, and all others; any thread may call it."""
        self._is_cut = True
        if self.socket is not None:
            from socket import SHUT_RDWR

            try:
                self.socket.shutdown(SHUT_RDWR)
            except OSError:  # not connected, or closed meanwhile
                return

    def abandon(self) -> None:
        """Close this process's copy of the socket, without TLS's goodbye, which would end the parent's
        connection.
        """
        if self.socket is not None:
            descriptor = self.socket.detach()
            if descriptor >= 0:
                os.close(descriptor)


class HttpPost:
    """Posts to the envelope endpoint of a DSN, over at most one connection, which is kept.

    `proxy` is a URL as `proxy.choose` gives it.
    """

    def __init__(
        self, dsn: Dsn, options: Options, proxy: str | None = None, *, log: Callable[[str], object]
    ) -> None:
        self._dsn = dsn
        self._options = options
        self._proxy = proxy
        self._log = log
        self._headers = {"User-Agent": CLIENT, "X-Sentry-Auth": dsn.auth_header(CLIENT)}
        self._network: ModuleType | Any = None
        self._forget()

    def _forget(self) -> None:
        self._deadline = Deadline()
        self._route: Any = None
        self._kept: HTTPConnection | None = None

    def prepare(self) -> None:
        """Import what requests need."""
        from sentry_like.transport import connection

        connection.prepare()
        self._network = connection

    def __call__(self, body: bytes, headers: Mapping[str, str], timeout: float) -> Response:
        """The server's answer, within so many seconds; only the resolving of a name may take longer.

        Raises:
            NetworkError: there was none.
        """
        if self._network is None:
            self.prepare()
        self._deadline.start(timeout)
        try:
            return self._exchange(body, {**self._headers, **headers})
        except self._network.FAILURES as error:
            raise NetworkError(f"{type(error).__name__}: {error}") from error

    def cut(self) -> None:
        """End the request under way, and refuse any other."""
        self._deadline.cut()

    def close(self) -> None:
        """Release the connection."""
        kept, self._kept = self._kept, None
        if kept is not None:
            kept.close()

    def abandon(self) -> None:
        """Drop a connection that is the parent process's, without a word on it."""
        self._deadline.abandon()
        self._forget()

    def _exchange(self, body: bytes, headers: dict[str, str]) -> Response:
        kept = self._take_kept()
        if kept is not None:
            try:
                return self._ask(kept, body, headers)
            except TimeoutError:
                raise
            except self._network.FAILURES:
                if self._deadline.has_heard:
                    raise
                self._log("the server has closed the connection meanwhile: sending once more on a new one")
        return self._ask(self._connect(), body, headers)

    def _take_kept(self) -> HTTPConnection | None:
        """The connection of the last request, if the server has not closed it."""
        kept, self._kept = self._kept, None
        if kept is None or kept.is_connected:
            return kept
        kept.close()
        return None

    def _connect(self) -> HTTPConnection:
        if self._route is None:
            forks.undivided.run(self._find_route)
        connection: HTTPConnection = self._route.connect()
        return connection

    def _find_route(self) -> None:
        self._route = self._network.Route(self._dsn, self._options, self._proxy, self._deadline)

    def _ask(self, connection: HTTPConnection, body: bytes, headers: dict[str, str]) -> Response:
        self._deadline.has_heard = False
        try:
            self._write(connection, body, headers)
            answer = connection.getresponse()
            text = self._read(answer)
        except BaseException:
            connection.close()
            raise
        if text is None or connection.is_closed:
            answer.close()
            connection.close()
        else:
            self._kept = connection
        return Response(answer.status, dict(answer.headers), _legible(answer, text or b""))

    def _write(self, connection: HTTPConnection, body: bytes, headers: dict[str, str]) -> None:
        try:
            connection.request(
                "POST",
                self._route.target,
                body=body,
                headers={**headers, **self._route.headers},
                preload_content=False,
                decode_content=False,
            )
        except TimeoutError:
            raise
        except OSError:
            # The server may have answered, with a 413 say, and hung up before it had read everything.
            return

    def _read(self, answer: HTTPResponse) -> bytes | None:
        """The answer's body; `None` when it is too long or takes too long: then the connection cannot be
        used again.
        """
        self._deadline.shorten(BODY_SECONDS)
        try:
            body = answer.read(MAX_ANSWER + 1)
        except self._network.FAILURES:
            return None
        return body if len(body) <= MAX_ANSWER else None


def _legible(answer: HTTPResponse, body: bytes) -> str:
    """What an answer says about an error, for the debug log."""
    words = answer.headers.get("X-Sentry-Error") or body[:300].decode("utf-8", "replace")
    return " ".join(words.split())
