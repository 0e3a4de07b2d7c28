"""How the tests of the inbox speak to one: envelopes as bytes, and plain HTTP requests."""

from __future__ import annotations

import http.client
import json
import zlib
from typing import Any, NamedTuple

KEY = "0123456789abcdef0123456789abcdef"
AUTH = {"X-Sentry-Auth": f"Sentry sentry_key={KEY}, sentry_version=7, sentry_client=test/1"}
EVENT_ID = "9ec79c33ec9942ab8353589fcb2e04dc"


def envelope(*items: tuple[str, object], **headers: object) -> bytes:
    """Items as (type, payload); a payload that is not bytes is sent as JSON."""
    lines = [json.dumps(headers).encode()]
    for kind, content in items:
        payload = content if isinstance(content, bytes) else json.dumps(content).encode()
        lines += [json.dumps({"type": kind, "length": len(payload)}).encode(), payload]
    return b"\n".join(lines)


def raw_deflate(body: bytes) -> bytes:
    """Deflate data without the zlib stream around it."""
    compressor = zlib.compressobj(wbits=-15)
    return compressor.compress(body) + compressor.flush()


class Answer(NamedTuple):
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Server:
    """A running inbox and a client for it."""

    def __init__(self, port: int, printed: list[str]) -> None:
        self.port = port
        self.printed = printed

    def request(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(
                method, path, body, headers or {}, encode_chunked=not isinstance(body, bytes | None)
            )
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def post(self, body: Any, path: str = "/api/1/envelope/", **headers: str) -> Answer:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.request("POST", path, body, {**AUTH, **given})

    def get(self, path: str, **headers: str) -> Answer:
        return self.request("GET", path, headers=headers)

    def event(self, event_id: str) -> Any:
        return self.get(f"/api/events/{event_id}").json
