"""Runs the inbox: binds, says where it listens, serves until it is told to stop.

The only module that knows the web server. Ctrl-C and SIGTERM end it cleanly; the store is closed in any case.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import shutil
import signal
import socket
from typing import TYPE_CHECKING

import uvicorn

from sentry_like.inbox.app import Inbox
from sentry_like.inbox.auth import INBOX_KEY
from sentry_like.inbox.printer import Printer
from sentry_like.inbox.render import Renderer
from sentry_like.inbox.store import Store
from sentry_like.inbox.terminal import wants_colour

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import NoReturn, TextIO

    from sentry_like.inbox.settings import Settings

_GRACE_SECONDS = 2
_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}


class CannotListen(Exception):
    """Why the address cannot be had, in the system's words."""


def serve(settings: Settings, out: TextIO, err: TextIO) -> None:
    """Returns once the inbox was told to stop. Main thread only: it handles signals.

    Raises: CannotListen, BadDatabase.
    """
    _tolerate_any_text(out)
    with contextlib.ExitStack() as stack:
        stack.enter_context(_terminated_like_interrupted())
        listening = stack.enter_context(contextlib.closing(listen(settings)))
        store = stack.enter_context(contextlib.closing(Store(settings.db, max_events=settings.max_events)))
        printer = stack.enter_context(contextlib.closing(Printer(out)))
        if not is_loopback(settings.host):
            print(_warning(settings.host), file=err, flush=True)
        dsn = _dsn(settings, listening.getsockname()[1])
        inbox = Inbox(
            store,
            Renderer(colour=wants_colour(out, os.environ), width=shutil.get_terminal_size((120, 24)).columns),
            printer.show,
            key=settings.key,
            dsn=dsn,
            loopback_only=is_loopback(settings.host),
        )
        printer.show(f"sentry-like inbox, Ctrl-C ends it\nDSN: {dsn}\n")
        _run(inbox, listening)


def _run(inbox: Inbox, listening: socket.socket) -> None:
    server = uvicorn.Server(
        uvicorn.Config(
            inbox.application(),
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
    )
    try:
        server.run(sockets=[listening])
    except KeyboardInterrupt:  # uvicorn has shut down and passes the signal on
        pass


def listen(settings: Settings) -> socket.socket:
    """The listening socket: clients may connect from now on, and wait until `serve` answers.

    Raises: CannotListen.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        listening = socket.create_server((settings.host, settings.port), family=family, backlog=256)
    except OSError as error:
        raise CannotListen(error.strerror or str(error)) from error
    # Accepted sockets inherit it; asyncio sets it only on sockets that name their protocol. Without it the
    # second write of an answer waits for a delayed acknowledgement, 40 ms in each request.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _dsn(settings: Settings, port: int) -> str:
    host = _ANYWHERE.get(settings.host, settings.host)
    bracketed = f"[{host}]" if ":" in host else host
    return f"http://{settings.key or INBOX_KEY}@{bracketed}:{port}/1"


def _warning(host: str) -> str:
    return (
        f"warning: {host} is no loopback address: whoever reaches this port can read and delete what arrives"
    )


def _tolerate_any_text(out: TextIO) -> None:
    """A terminal that cannot show a letter gets its escape instead of ending the output."""
    reconfigure = getattr(out, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")


@contextlib.contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    previous = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


def _interrupt(number: int, frame: object) -> NoReturn:
    raise KeyboardInterrupt
