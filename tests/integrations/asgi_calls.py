"""Calls an ASGI application as a server would, in process: a request, a WebSocket, a lifespan."""

from __future__ import annotations

import asyncio
from urllib.parse import urlencode

BOUNDARY = "xx-boundary-xx"


class Answer:
    """What the application sent, and what left it."""

    def __init__(self):
        self.messages = []
        self.error = None

    @property
    def status_code(self):
        return next(message["status"] for message in self.messages if "status" in message)

    @property
    def text(self):
        return b"".join(message.get("body", b"") for message in self.messages).decode()

    @property
    def kinds(self):
        return [message["type"] for message in self.messages]


def ask(app, target="/", method="GET", body=b"", content_type=None):
    """The answer to a request, whose body comes in one piece."""
    headers = [] if content_type is None else [(b"content-type", content_type.encode())]
    message = {"type": "http.request", "body": body, "more_body": False}
    return call(app, scope_of("http", target, method=method, headers=headers), [message])


def post_form(app, target, fields):
    return ask(
        app, target, "POST", urlencode(fields, doseq=True).encode(), "application/x-www-form-urlencoded"
    )


def post_files(app, target, fields, files):
    """Post `fields`, pairs of name and value, and `files`, `{name: content}`, as a browser would."""
    parts = [f'Content-Disposition: form-data; name="{name}"\r\n\r\n{value}' for name, value in fields]
    parts += [
        f'Content-Disposition: form-data; name="{name}"; filename="{name}.png"\r\n\r\n{content}'
        for name, content in files.items()
    ]
    body = "".join(f"--{BOUNDARY}\r\n{part}\r\n" for part in parts) + f"--{BOUNDARY}--\r\n"
    return ask(app, target, "POST", body.encode(), f"multipart/form-data; boundary={BOUNDARY}")


def talk(app, target="/"):
    """What comes of a WebSocket that is opened and then only listens."""
    return call(app, scope_of("websocket", target, subprotocols=[]), [{"type": "websocket.connect"}])


def live(app):
    """What comes of starting an application up and shutting it down."""
    messages = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    return call(app, {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, messages)


def call(app, scope, messages):
    answer, waiting = Answer(), list(messages)

    async def receive():
        return waiting.pop(0) if waiting else await asyncio.Event().wait()

    async def send(message):
        answer.messages.append(message)

    async def run():
        try:
            await app(scope, receive, send)
        except Exception as error:
            answer.error = error

    asyncio.run(run())
    return answer


def scope_of(kind, target, *, headers=(), **more):
    path, _, query = target.partition("?")
    return {
        "type": kind,
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(b"host", b"testserver"), *headers],
        "client": ("127.0.0.1", 1),
        "server": ("testserver", 80),
        **more,
    }
