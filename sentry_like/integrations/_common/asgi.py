"""A request served through ASGI: a unit of work that lasts as long as the application's call.

The body is noted as the application receives it; nothing is received ahead. What the application raises is
raised on as it is.
"""

from __future__ import annotations

from sentry_like.errors import contained
from sentry_like.integrations._common.logs import busy
from sentry_like.integrations._common.request import Request
from sentry_like.integrations._common.serving import Serving, begin, failed, watch_body

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping
    from typing import Any

    from sentry_like.integrations._common.serving import WebIntegration

    Scope = MutableMapping[str, Any]
    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]
    App = Callable[[Scope, Receive, Send], Awaitable[Any]]

REQUESTS = ("http", "websocket")
DEFAULT_SCHEMES = {"http": "http", "websocket": "ws"}
LIFESPAN_FAILURES = ("lifespan.startup.failed", "lifespan.shutdown.failed")
"""Messages that carry a traceback as text. Servers log it, and the error itself is told as it leaves."""
STARTS = ("http.response.start", "websocket.http.response.start")


class AsgiRequest(Request):
    """A request as its scope tells of it (ASGI, "HTTP & WebSocket")."""

    __slots__ = ("scope",)

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    def is_carried_by(self, carrier: Any) -> bool:
        return carrier is self.scope or carrier.get("headers", 0) is self.scope.get("headers", 1)

    def method(self) -> str:
        return str(self.scope.get("method") or "GET")

    def url(self) -> str:
        from urllib.parse import quote

        scope = self.scope
        root, path = scope.get("root_path", ""), scope.get("path", "")
        whole = path if path.startswith(root) else root + path
        return (
            f"{scope.get('scheme') or DEFAULT_SCHEMES[scope['type']]}://{self.host()}{quote(whole, '/;=,@:')}"
        )

    def host(self) -> str:
        """Host and port, as the client has called them, else as the server knows itself."""
        server = at_hand(self.scope.get("server")) or ("", None)
        port = "" if server[1] is None else f":{server[1]}"
        return self.header("host") or f"{server[0]}{port}"

    def query_string(self) -> str:
        query = self.scope.get("query_string") or b""
        return query if isinstance(query, str) else query.decode("latin-1")

    def headers(self) -> Iterator[tuple[str, str]]:
        for name, value in at_hand(self.scope.get("headers")):
            yield name.decode("latin-1").title(), value.decode("latin-1")

    def server(self) -> Mapping[str, Any]:
        name, port = at_hand(self.scope.get("server")) or ("", None)
        return {"SERVER_NAME": name, "SERVER_PORT": str(port)} if port is not None else {}

    def remote_address(self) -> str | None:
        client = at_hand(self.scope.get("client"))
        return client[0] if client else None


def at_hand(values: Any) -> Any:
    """The values, if they can be looked at more than once: ASGI allows any iterables, also those that leave
    nothing for the application.
    """
    return values if isinstance(values, (list, tuple)) else ()


async def serve(
    app: App,
    scope: Scope,
    receive: Receive,
    send: Send,
    make_request: Callable[[Scope], Request],
    integration: WebIntegration,
) -> Any:
    """Await `app(scope, receive, send)` as a unit of work; what it answers and raises passes.

    `integration` holds the settings. Within a framework that has begun with the request already, it only is
    told more of it. What is neither a request nor a WebSocket is no unit; errors at startup and shutdown are
    told all the same.
    """
    if scope["type"] not in REQUESTS:
        return await _called(app, scope, receive, send, integration)
    serving = None
    with contained("asgi"):
        serving = begin(scope, make_request, integration)
    if serving is None:
        return await app(scope, receive, send)
    try:
        with serving:
            return await app(scope, receiving(receive, serving), sending(send, serving))
    finally:
        with contained("asgi"):
            serving.ended()


async def _called(app: App, scope: Scope, receive: Receive, send: Send, integration: WebIntegration) -> Any:
    by_server: list[int] = []

    async def send_noted(message: Message) -> None:
        try:
            if message["type"] in LIFESPAN_FAILURES:
                with busy:
                    await send(message)
            else:
                await send(message)
        except BaseException as error:
            by_server.append(id(error))
            raise

    try:
        return await app(scope, receive, send_noted)
    except BaseException as error:
        # a server that hears of a failed start raises an error of its own: what led to it is to be told
        cause = error.__context__ if id(error) in by_server else error
        if cause is not None:
            with contained("asgi"):
                failed(cause, integration.identifier)
        raise


def receiving(receive: Receive, serving: Serving) -> Receive:
    """The same function, that notes the body as it passes, and that the client is gone."""
    body = watch_body(serving)

    async def receive_noted() -> Message:
        try:
            message = await receive()
        except OSError as error:
            serving.lost = error
            raise
        if body is not None and message["type"] == "http.request":
            with contained("asgi"):
                body.saw(message.get("body") or b"")
        return message

    return receive_noted


def sending(send: Send, serving: Serving) -> Send:
    """The same function, that notes the status of the answer, and that the client is gone."""

    async def send_noted(message: Message) -> None:
        if message["type"] in STARTS:
            with contained("asgi"):
                serving.answered(int(message["status"]))
        try:
            await send(message)
        except OSError as error:
            serving.lost = error
            raise

    return send_noted
