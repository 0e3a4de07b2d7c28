"""Notes the requests that go through `http.client`, and those of urllib3 that fail before they get there.

A request under way is an attribute of its connection, from the request line to the head of the answer.
"""

from __future__ import annotations

from sentry_like.integrations._common.outgoing import note_of, url_of
from sentry_like.integrations._common.patch import around, before

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

    from sentry_like.integrations._common.outgoing import RequestCrumb

    Function = Callable[..., Any]

STDLIB = "stdlib"
UNDER_WAY = "_sentry_like_request"


def watch_http_client(http_client: ModuleType) -> None:
    """Note each request of an `HTTPConnection`, of whatever subclass."""
    owner = http_client.HTTPConnection

    @around(owner, "putrequest", STDLIB)
    def putrequest(
        original: Function, connection: Any, method: str, url: str, *args: Any, **kwargs: Any
    ) -> Any:
        result = original(connection, method, url, *args, **kwargs)
        if not is_ours(connection):
            begin(connection, method, url)
        return result

    @around(owner, "send", STDLIB)
    def send(original: Function, connection: Any, data: Any) -> Any:
        request = take(connection)
        if request is None:
            return original(connection, data)
        is_connected = connection.sock is not None
        try:
            result = original(connection, data)
        except BaseException as error:
            request.failed(error, hint_for(connection))
            if is_connected and isinstance(error, ConnectionError):
                put(connection, request)  # the server may have answered before it hung up
            raise
        put(connection, request)
        return result

    @around(owner, "getresponse", STDLIB)
    def getresponse(original: Function, connection: Any, *args: Any, **kwargs: Any) -> Any:
        request = take(connection)
        if request is None:
            return original(connection, *args, **kwargs)
        try:
            response = original(connection, *args, **kwargs)
        except BaseException as error:
            request.failed(error, hint_for(connection))
            raise
        request.answered(response.status, response.reason, hint_for(connection, response))
        return response

    @before(owner, "close", STDLIB)
    def close(connection: Any) -> None:
        request = under_way(connection)
        if request is not None and request.is_sent:
            take(connection)
            request.abandoned(hint_for(connection))


def watch_urllib3(connectionpool: ModuleType) -> None:
    """Note requests of urllib3's pools that never reach `http.client`: for TLS and tunnels a pool connects
    first, and HTTP/2 has a connection of its own.
    """
    pool_class = connectionpool.HTTPConnectionPool

    @around(pool_class, "_make_request", STDLIB)
    def make_request(
        original: Function, pool: Any, connection: Any, method: str, url: str, *args: Any, **kwargs: Any
    ) -> Any:
        request = note_of(STDLIB, method, url_of(pool.scheme, pool.host, pool.port, url))
        if request is None:
            return original(pool, connection, method, url, *args, **kwargs)
        put(connection, request)
        try:
            response = original(pool, connection, method, url, *args, **kwargs)
        except BaseException as error:
            request.failed(error, hint_for(connection))
            raise
        finally:
            take(connection)
        if not request.is_kept:
            request.answered(response.status, response.reason, hint_for(connection, response))
        return response

    @around(connectionpool.HTTPSConnectionPool, "_prepare_proxy", STDLIB)
    def prepare_proxy(original: Function, pool: Any, connection: Any) -> Any:
        request = note_of(STDLIB, "CONNECT", url_of(pool.scheme, pool.host, pool.port, ""))
        try:
            return original(pool, connection)
        except BaseException as error:
            if request is not None:
                request.failed(error, hint_for(connection))
            raise


def is_ours(connection: object) -> bool:
    """Whether our own transport sends through it."""
    return type(connection).__module__.startswith("sentry_like.transport.")


def begin(connection: Any, method: str, target: str) -> None:
    """The request line is written: from here on the request is under way, unless urllib3 has announced it."""
    request = under_way(connection)
    if request is None or request.is_sent:
        request = note_of(STDLIB, method, url_on(connection, str(target or "/")))
    if request is not None:
        request.is_sent = True
        put(connection, request)


def url_on(connection: Any, target: str) -> str:
    """The URL of what is asked for on a connection; through a tunnel that is the host behind the proxy."""
    scheme = "https" if connection.default_port == 443 else "http"
    if connection._tunnel_host:
        return url_of(scheme, connection._tunnel_host, connection._tunnel_port, target)
    return url_of(scheme, connection.host, connection.port, target)


def hint_for(connection: Any, response: Any = None) -> dict[str, Any]:
    hint = {"httplib_request": connection}
    if response is not None:
        hint["httplib_response"] = response
    return hint


def under_way(connection: Any) -> RequestCrumb | None:
    request: RequestCrumb | None = vars(connection).get(UNDER_WAY)
    return request


def put(connection: Any, request: RequestCrumb) -> None:
    vars(connection)[UNDER_WAY] = request


def take(connection: Any) -> RequestCrumb | None:
    """What is under way on the connection, which forgets it."""
    request: RequestCrumb | None = vars(connection).pop(UNDER_WAY, None)
    return request
