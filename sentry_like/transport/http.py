"""One request to the server: the only place that knows urllib3. It is imported with the first request, on the worker's thread.

A request as a whole is bounded in time, and its answer in size. A redirect is not followed, so that neither event nor key go to another
host. A kept connection that the server had closed meanwhile is replaced once.
"""

from __future__ import annotations

import os
from time import monotonic

from sentry_like.transport import proxies
from sentry_like.version import SDK_NAME, VERSION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from sentry_like.options import Options
    from sentry_like.protocol.dsn import Dsn

CLIENT = f"{SDK_NAME}/{VERSION}"
MOST_ANSWER = 64 * 1024
"""Bytes of an answer that are read; a real one has some dozens."""
KEEP_ALIVE = (("TCP_KEEPIDLE", 45), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 6))
"""Seconds idle, seconds between probes, probes: the official client's values."""


class Answer:
    """The status of an answer, and its headers."""

    __slots__ = ("headers", "status")

    def __init__(self, status: int, headers: Mapping[str, str]) -> None:
        self.status = status
        self.headers = headers


class HttpPost:
    """Posts bodies to the envelope endpoint of a DSN over one kept connection.

    Raises:
        ValueError: a proxy URL that cannot be used, or a certificate file that is not there.
    """

    def __init__(self, dsn: Dsn, options: Options, environ: Mapping[str, str] = os.environ) -> None:
        self._url = dsn.envelope_url
        self._headers = {
            "Content-Type": "application/x-sentry-envelope",
            "User-Agent": CLIENT,
            "X-Sentry-Auth": dsn.auth_header(CLIENT),
        }
        self._options = options
        self._seconds = options.transport_timeout
        self._proxy = proxies.choose(
            dsn.scheme,
            dsn.host,
            dsn.port,
            https_proxy=options.https_proxy,
            http_proxy=options.http_proxy,
            environ=environ,
        )
        _require_socks(self._proxy)
        for name in ("ca_certs", "cert_file", "key_file"):
            _require_file(name, getattr(options, name))
        self._pool: Any = None
        self._has_answered = False
        self._deadline = 0.0

    def __call__(self, body: bytes, headers: dict[str, str]) -> Answer:
        """Post the body; raises whatever kept the server from answering within the time."""
        self._deadline = monotonic() + self._seconds
        if self._pool is None:
            self._pool = self._make_pool()
        headers = {**self._headers, **headers}
        try:
            return self._request(body, headers)
        except _stale_errors() as error:
            if not self._has_answered or not _died_before_answering(error):
                raise
            self._has_answered = False
            return self._request(body, headers)

    def close(self) -> None:
        """Release the connection."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.clear()

    def forget(self) -> None:
        """In a forked child: leave the inherited connection to the parent, whose it is."""
        self._pool = None
        self._has_answered = False

    def _request(self, body: bytes, headers: dict[str, str]) -> Answer:
        response = self._pool.request(
            "POST",
            self._url,
            body=body,
            headers=headers,
            timeout=max(self._deadline - monotonic(), 0.001),
            retries=False,
            redirect=False,
            preload_content=False,
        )
        try:
            if len(response.read(MOST_ANSWER + 1, decode_content=False)) > MOST_ANSWER:
                response.close()
        finally:
            response.release_conn()
        self._has_answered = True
        return Answer(response.status, dict(response.headers))

    # -- the pool

    def _make_pool(self) -> Any:
        import urllib3

        options = {
            "num_pools": 2,
            "maxsize": 1,
            "cert_reqs": "CERT_REQUIRED",
            "ca_certs": self._options.ca_certs or _certifi(),
            "cert_file": self._options.cert_file,
            "key_file": self._options.key_file,
            "socket_options": self._socket_options(),
        }
        if self._proxy is None:
            pool: Any = urllib3.PoolManager(**options)
        elif self._proxy.lower().startswith("socks"):
            from urllib3.contrib.socks import SOCKSProxyManager

            pool = SOCKSProxyManager(self._proxy, **options)
        else:
            pool = urllib3.ProxyManager(
                self._proxy, proxy_headers=_proxy_headers(self._proxy, self._options.proxy_headers), **options
            )
        pool.pool_classes_by_scheme = {
            scheme: self._bounded(made) for scheme, made in pool.pool_classes_by_scheme.items()
        }
        return pool

    def _bounded(self, pool_class: Any) -> Any:
        """The pool class with connections whose answers are read against the request's deadline."""
        from http.client import HTTPResponse

        left = self._seconds_left

        class BoundedResponse(HTTPResponse):
            def __init__(self, sock: Any, *args: Any, **kwargs: Any) -> None:
                super().__init__(sock, *args, **kwargs)
                self.fp = _bounded_reader(self.fp, sock, left)

        connection = type(
            "BoundedConnection", (pool_class.ConnectionCls,), {"response_class": BoundedResponse}
        )
        return type("BoundedPool", (pool_class,), {"ConnectionCls": connection})

    def _seconds_left(self) -> float:
        return self._deadline - monotonic()

    def _socket_options(self) -> list[Any]:
        from urllib3.connection import HTTPConnection

        given = self._options.socket_options
        chosen = list(HTTPConnection.default_socket_options if given is None else given)
        if self._options.keep_alive:
            chosen.extend(_keep_alive_options({option[:2] for option in chosen}))
        return chosen


def _bounded_reader(fp: Any, sock: Any, left: Any) -> Any:
    """A reader over the same socket that gives each read only the time that is left of the whole request.

    A socket's own timeout begins anew with every byte, so a server that drips would be waited for without end.
    """
    import io

    raw = fp.detach()

    class DeadlineReader(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> Any:
            seconds = left()
            if seconds <= 0:
                raise TimeoutError("the answer took longer than transport_timeout")
            sock.settimeout(seconds)
            return raw.readinto(buffer)

        def close(self) -> None:
            raw.close()
            super().close()

    return io.BufferedReader(DeadlineReader())


def _stale_errors() -> Any:
    from urllib3.exceptions import ProtocolError

    return ProtocolError


def _died_before_answering(error: Exception) -> bool:
    """Whether the connection ended before the first byte of an answer, as a kept one does that the server had closed."""
    causes = (error, *error.args, error.__cause__, error.__context__)
    return any(
        isinstance(cause, (ConnectionResetError, BrokenPipeError, ConnectionAbortedError)) for cause in causes
    )


def _keep_alive_options(already: set[Any]) -> list[Any]:
    import socket

    wanted = [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)]
    for name, value in KEEP_ALIVE:
        if hasattr(socket, name):
            wanted.append((socket.IPPROTO_TCP, getattr(socket, name), value))
    return [option for option in wanted if option[:2] not in already]


def _proxy_headers(proxy: str, given: Any) -> dict[str, str]:
    """The headers for the proxy, with the credentials that its URL may hold."""
    from urllib3.util import make_headers, parse_url

    credentials = parse_url(proxy).auth
    return {**(make_headers(proxy_basic_auth=credentials) if credentials else {}), **(given or {})}


def _certifi() -> str:
    import certifi

    path: str = certifi.where()
    return path


def _require_socks(proxy: str | None) -> None:
    from importlib.util import find_spec

    if proxy is not None and proxy.lower().startswith("socks") and find_spec("socks") is None:
        raise ValueError("a SOCKS proxy needs the package PySocks: pip install 'sentry-like[socks]'")


def _require_file(name: str, path: str | None) -> None:
    if path is not None and not os.path.exists(path):
        raise ValueError(f"{name}: there is no file {path!r}")
