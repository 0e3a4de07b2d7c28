"""A request served through WSGI: a unit of work from the call of the application until the response is
closed.

The request's hub is current only while the application runs: in the call, in each step of the response, and
in its `close()`. So nothing stays behind on the server's thread, whatever the server does or leaves out.
"""

from __future__ import annotations

from functools import partial

from sentry_like.errors import contained
from sentry_like.integrations._common.request import Request
from sentry_like.integrations._common.serving import Serving, begin, watch_body

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Any

    from sentry_like.integrations._common.bodies import Body
    from sentry_like.integrations._common.serving import WebIntegration

    Environ = dict[str, Any]
    App = Callable[..., Iterable[bytes]]

EMPTY = ("", "0")
AT_ONCE = (list, tuple)
"""Responses in which nothing of the application runs any more. They stay as they are, so that the server
knows their length.
"""
NO_STEPS: tuple[type, ...] = (type(iter([])), type(iter(())))
"""Iterators that run nothing of the application either."""
NOT_PREFIXED = {"CONTENT_TYPE": "Content-Type", "CONTENT_LENGTH": "Content-Length"}


class WsgiRequest(Request):
    """A request as its environment tells of it (PEP 3333)."""

    __slots__ = ("environ",)

    def __init__(self, environ: Environ) -> None:
        self.environ = environ

    def is_carried_by(self, carrier: Any) -> bool:
        environ = self.environ
        return carrier is environ or carrier.get("wsgi.input", 0) is environ.get("wsgi.input", 1)

    def method(self) -> str:
        return str(self.environ.get("REQUEST_METHOD", ""))

    def url(self) -> str:
        from urllib.parse import quote

        environ = self.environ
        path = quote(f"{environ.get('SCRIPT_NAME', '')}{environ.get('PATH_INFO', '')}", "/;=,@:", "latin-1")
        return f"{environ.get('wsgi.url_scheme', 'http')}://{self.host()}{path}"

    def host(self) -> str:
        """Host and port, as the client has called them."""
        environ = self.environ
        found = environ.get("HTTP_HOST")
        return str(found or f"{environ.get('SERVER_NAME', '')}:{environ.get('SERVER_PORT', '')}".rstrip(":"))

    def query_string(self) -> str:
        return str(self.environ.get("QUERY_STRING") or "")

    def headers(self) -> Iterator[tuple[str, str]]:
        for key, value in self.environ.items():
            if key.startswith("HTTP_"):
                yield key[5:].replace("_", "-").title(), str(value)
            elif key in NOT_PREFIXED and value:
                yield NOT_PREFIXED[key], str(value)

    def server(self) -> Mapping[str, Any]:
        return {
            name: str(self.environ[name]) for name in ("SERVER_NAME", "SERVER_PORT") if name in self.environ
        }

    def remote_address(self) -> str | None:
        return self.environ.get("REMOTE_ADDR")


class ForwardedRequest(WsgiRequest):
    """The same behind a proxy that tells which host the client has called."""

    __slots__ = ()

    def host(self) -> str:
        return self.environ.get("HTTP_X_FORWARDED_HOST") or WsgiRequest.host(self)


def serve(
    app: App,
    environ: Environ,
    start_response: Callable[..., Any],
    make_request: Callable[[Environ], Request],
    integration: WebIntegration,
) -> Iterable[bytes]:
    """Call `app(environ, start_response)` as a unit of work; what it answers and raises passes.

    `integration` holds the settings. Within a framework that has begun with the request already, it only is
    told more of it.
    """
    serving = None
    with contained("wsgi"):
        serving = begin(environ, make_request, integration)
        if serving is not None and may_have_body(environ):
            watch_input(environ, serving)
    if serving is None:
        return app(environ, start_response)
    try:
        with serving:
            response = app(environ, noting(start_response, serving))
    except BaseException:
        with contained("wsgi"):
            serving.ended()
        raise
    with contained("wsgi"):
        if type(response) in AT_ONCE or is_a_file(response, environ):
            serving.ended()
            return response
    return SizedResponse(response, serving) if hasattr(response, "__len__") else Response(response, serving)


def noting(start_response: Callable[..., Any], serving: Serving) -> Callable[..., Any]:
    """The same function, that lets us know with what it is called: the last call counts, as it may come late
    or a second time, with an error.
    """

    def start(status: str, headers: Any, exc_info: Any = None) -> Any:
        with contained("wsgi"):
            if exc_info and exc_info[1] is not None:
                serving.met(exc_info[1])
        # it raises where it is too late for another answer: then the error is not handled
        write = start_response(status, headers, exc_info) if exc_info else start_response(status, headers)
        with contained("wsgi"):
            serving.answered(int(status[:3]))
        return write

    return start


def is_a_file(response: Any, environ: Environ) -> bool:
    """Whether the server will send a file by itself; it knows one by its class."""
    wrapper = environ.get("wsgi.file_wrapper")
    return isinstance(wrapper, type) and isinstance(response, wrapper)


class Response:
    """What the application answers, step by step in the hub of its request."""

    def __init__(self, response: Iterable[bytes], serving: Serving) -> None:
        self._response = response
        self._serving = serving
        self._steps: Iterator[bytes] | None = None

    def __iter__(self) -> Iterator[bytes]:
        with self._serving:
            self._steps = iter(self._response)
        return self._steps if type(self._steps) in NO_STEPS else self

    def __next__(self) -> bytes:
        with self._serving:
            return next(self._response if self._steps is None else self._steps)  # type: ignore[call-overload, no-any-return]  # the server may take it for its own iterator

    def close(self) -> None:
        try:
            close = getattr(self._response, "close", None)
            if close is not None:
                with self._serving:
                    close()
        finally:
            with contained("wsgi"):
                self._serving.ended()

    def __getattr__(self, name: str) -> Any:
        if name == "_response":  # a copy is asked for what it has before it has anything
            raise AttributeError(name)
        return getattr(self._response, name)


class SizedResponse(Response):
    """The same for one whose length the server may ask for."""

    def __len__(self) -> int:
        return len(self._response)  # type: ignore[arg-type]  # it has one, else this class was not chosen


# -- the body


def may_have_body(environ: Environ) -> bool:
    return environ.get("CONTENT_LENGTH", "") not in EMPTY or "HTTP_TRANSFER_ENCODING" in environ


def watch_input(environ: Environ, serving: Serving) -> None:
    """Note what the application reads of the body, and that it could not."""
    stream = environ.get("wsgi.input")
    body = watch_body(serving)
    if stream is not None and body is not None:
        environ["wsgi.input"] = Input(stream, body, serving)


def watched(name: str) -> Callable[..., Any]:
    """A method of `Input` that reads by the method of that name of the stream, and notes what comes."""

    def read(self: Input, *args: Any) -> bytes:
        try:
            chunk: bytes = getattr(self._stream, name)(*args)
        except OSError as error:
            self._serving.lost = error
            raise
        with contained("wsgi"):
            self._body.saw(chunk)
        return chunk

    return read


class Input:
    """The stream of the body: whatever is read through it is noted."""

    def __init__(self, stream: Any, body: Body, serving: Serving) -> None:
        self._stream = stream
        self._body = body
        self._serving = serving

    read = watched("read")
    readline = watched("readline")
    __next__ = watched("__next__")

    def readlines(self, *args: Any) -> list[bytes]:
        lines: list[bytes] = list(self._stream.readlines(*args))
        with contained("wsgi"):
            self._body.saw(b"".join(lines))
        return lines

    def __iter__(self) -> Iterator[bytes]:
        for line in self._stream:
            with contained("wsgi"):
                self._body.saw(line)
            yield line

    def __getattr__(self, name: str) -> Any:
        if name == "_stream":  # as above
            raise AttributeError(name)
        found = getattr(self._stream, name)
        with contained("wsgi"):
            if name == "read1":
                return partial(watched(name), self)
            if name == "readinto":
                return partial(self._read_into, found)
            if name == "seek":
                self._body.forget()  # whoever goes back reads again
        return found

    def _read_into(self, read: Callable[..., int], buffer: Any) -> int:
        size = read(buffer)
        with contained("wsgi"):
            self._body.saw(bytes(memoryview(buffer)[:size]))
        return size
