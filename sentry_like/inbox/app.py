"""The inbox as a Starlette application: two routes that take deliveries in, and a few that show what came.

Reading a body is asynchronous; decoding, checking and storing run on Starlette's threads, a few at a time,
because each may hold a whole decoded body. Refusals leave as `{"detail": ..., "causes": [...]}`, the shape
the real server uses.
"""

from __future__ import annotations

import json
import re
import sqlite3
import time
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from sentry_like.inbox.auth import key_of_dsn, named_keys, only_key
from sentry_like.inbox.encoding import MAX_COMPRESSED, MAX_UNCOMPRESSED, decode
from sentry_like.inbox.ingest import Delivery, read_envelope, read_event
from sentry_like.inbox.page import SECURITY_HEADERS, page
from sentry_like.inbox.refusal import Refused
from sentry_like.protocol.envelope import Envelope, Item
from sentry_like.protocol.ids import normalise_event_id
from sentry_like.version import VERSION

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Mapping
    from typing import Any, TypeAlias

    from starlette.requests import Request

    from sentry_like.inbox.ingest import Part
    from sentry_like.inbox.render import Renderer
    from sentry_like.inbox.store import Store

    Read: TypeAlias = Callable[[bytes], tuple[dict[str, Any], tuple[Part, ...], str | None]]

DEFAULT_LIMIT = 100
MAX_LIMIT = 1000
_AT_A_TIME = 4
_PROJECT = re.compile(r"[0-9]{1,20}")
_ROW_NUMBER = re.compile(r"[0-9]{1,18}")
_LOOPBACK_HOST = re.compile(r"(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])(:\d+)?", re.IGNORECASE)


class Inbox:
    """The handlers, and what they share.

    `show` is given the lines for the terminal, from any thread, once a delivery is kept or a request refused.
    `key`: the only public key to accept (None: any). `dsn`: what the empty page recommends. `loopback_only`:
    answer readers only under a name of this machine, so that no web page elsewhere can read the inbox by
    pointing its own name at 127.0.0.1.
    """

    def __init__(
        self,
        store: Store,
        renderer: Renderer,
        show: Callable[[str], None],
        *,
        key: str | None = None,
        dsn: str = "",
        loopback_only: bool = True,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._renderer = renderer
        self._show = show
        self._key = key
        self._dsn = dsn
        self._loopback_only = loopback_only
        self._clock = clock
        self._turns: anyio.CapacityLimiter | None = None  # made within the running loop

    def application(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/api/{project}/envelope/", self.take_envelope, methods=["POST"]),
                Route("/api/{project}/envelope", self.take_envelope, methods=["POST"]),
                Route("/api/{project}/store/", self.take_store, methods=["POST"]),
                Route("/api/{project}/store", self.take_store, methods=["POST"]),
                Route("/", self.show_page),
                Route("/health", self.show_health),
                Route("/api/events", self.list_events),
                Route("/api/events", self.clear_events, methods=["DELETE"]),
                Route("/api/events/{event_id}", self.show_event),
                Route("/api/envelopes/{n}", self.show_envelope),
            ],
            exception_handlers={
                Refused: self._refuse,
                HTTPException: _http_error,
                ClientDisconnect: _gone,
                sqlite3.Error: _no_store,
            },
        )

    async def take_envelope(self, request: Request) -> Response:
        return await self._take(request, read_envelope)

    async def take_store(self, request: Request) -> Response:
        """Old clients send one event as JSON; newer ones may send an envelope here too."""
        is_envelope = request.headers.get("content-type", "").startswith("application/x-sentry-envelope")
        return await self._take(request, read_envelope if is_envelope else read_event)

    async def _take(self, request: Request, read: Read) -> Response:
        body = await _read_body(request.stream())
        self._turns = self._turns or anyio.CapacityLimiter(_AT_A_TIME)
        delivery = await anyio.to_thread.run_sync(self._keep, request, body, read, limiter=self._turns)
        return _json({} if delivery.event_id is None else {"id": delivery.event_id})

    def _keep(self, request: Request, body: bytes, read: Read) -> Delivery:
        project = request.path_params["project"]
        if not _PROJECT.fullmatch(project):
            raise Refused(400, "the project in the path is not a number")
        keys = named_keys(
            request.headers.getlist("x-sentry-auth"),
            request.headers.getlist("authorization"),
            request.query_params.multi_items(),
        )
        headers, parts, event_id = read(decode(body, ", ".join(request.headers.getlist("content-encoding"))))
        if "dsn" in headers:
            keys |= {key_of_dsn(headers["dsn"])}
        key = only_key(keys)
        if self._key not in (None, key):
            raise Refused(403, "this inbox was started for another key")
        delivery = Delivery(project, key, self._clock(), headers, parts, event_id)
        self._store.add(delivery)
        self._show(self._renderer.delivery(delivery))
        return delivery

    async def _refuse(self, request: Request, refused: Exception) -> Response:
        assert isinstance(refused, Refused)
        if request.method == "POST":
            self._show(self._renderer.refusal(self._clock(), refused))
        return _error(refused.status, refused.detail, refused.causes)

    def show_page(self, request: Request) -> Response:
        self._check_reader(request)
        return HTMLResponse(
            page(self._store.events(limit=DEFAULT_LIMIT), self._dsn), headers=SECURITY_HEADERS
        )

    def show_health(self, request: Request) -> Response:
        self._check_reader(request)
        return _json({"status": "ok", "version": VERSION, **self._store.counts()})

    def list_events(self, request: Request) -> Response:
        self._check_reader(request)
        query = request.query_params
        events = self._store.events(
            limit=_limit(query.get("limit")),
            project=query.get("project"),
            level=query.get("level"),
            query=query.get("query"),
        )
        return _json({"events": events})

    def clear_events(self, request: Request) -> Response:
        self._check_reader(request)
        return _json({"deleted": self._store.clear()})

    def show_event(self, request: Request) -> Response:
        self._check_reader(request)
        event_id = normalise_event_id(request.path_params["event_id"])
        event = self._store.event(event_id) if event_id else None
        return _error(404, "no such event") if event is None else _json(event)

    def show_envelope(self, request: Request) -> Response:
        """The envelope as a client would send it: ready to be replayed."""
        self._check_reader(request)
        n = request.path_params["n"]
        found = self._store.envelope(int(n)) if _ROW_NUMBER.fullmatch(n) else None
        if found is None:
            return _error(404, "no such envelope")
        headers, items = found
        envelope = Envelope(headers, [Item(item_headers, payload) for item_headers, payload in items])
        return Response(
            envelope.serialize(), headers=SECURITY_HEADERS, media_type="application/x-sentry-envelope"
        )

    def _check_reader(self, request: Request) -> None:
        if self._loopback_only and not _LOOPBACK_HOST.fullmatch(request.headers.get("host", "")):
            raise Refused(403, "this inbox answers only under a name of this machine, such as localhost")


async def _read_body(stream: AsyncIterator[bytes]) -> bytes:
    """The raw body. One that is too large is read on without being kept, for many clients only look at the
    answer once they have sent everything; but not for ever."""
    body = bytearray()
    size = 0
    async for piece in stream:
        size += len(piece)
        if size <= MAX_COMPRESSED:
            body += piece
        elif size > MAX_UNCOMPRESSED:
            break
    if size > MAX_COMPRESSED:
        raise Refused(413, "the request is too large", f"the body has more than {MAX_COMPRESSED} bytes")
    return bytes(body)


def _limit(given: str | None) -> int:
    if given is None:
        return DEFAULT_LIMIT
    if not re.fullmatch(r"[0-9]{1,9}", given) or int(given) < 1:
        raise Refused(400, "limit is not a positive number")
    return min(int(given), MAX_LIMIT)


def _json(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    # Nothing here needs the care of `jsontext`, which cuts what is nested deeply: only valid JSON was kept.
    return Response(json.dumps(value, allow_nan=False), status, headers, media_type="application/json")


def _error(
    status: int, detail: str, causes: Iterable[str] = (), headers: Mapping[str, str] | None = None
) -> Response:
    return _json({"detail": detail, "causes": list(causes)}, status, headers)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _error(error.status_code, error.detail, headers=error.headers)


async def _no_store(request: Request, error: Exception) -> Response:
    return _error(503, "the inbox could not reach its database", [str(error)])


async def _gone(request: Request, error: Exception) -> Response:
    return _error(400, "the client went away while it was sending")
