"""Real inboxes on real sockets, for the whole session."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn
from inbox_client import Server

from sentry_like.inbox.app import Inbox
from sentry_like.inbox.render import Renderer
from sentry_like.inbox.server import listen
from sentry_like.inbox.settings import Settings
from sentry_like.inbox.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture(scope="session")
def start() -> Iterator[Callable[..., Server]]:
    """Starts an inbox on a free port with these arguments of `Inbox`; all end with the session."""
    endings: list[Callable[[], None]] = []

    def begin(store: Any = None, **settings: Any) -> Server:
        printed: list[str] = []
        listening = listen(Settings(port=0))
        store = store or Store()
        inbox = Inbox(store, Renderer(), printed.append, **settings)
        config = uvicorn.Config(
            inbox.application(), log_config=None, lifespan="off", timeout_graceful_shutdown=1
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()

        def end() -> None:
            server.should_exit = True
            thread.join(10)
            listening.close()
            store.close()

        endings.append(end)
        return Server(listening.getsockname()[1], printed)

    yield begin
    for end in endings:
        end()


@pytest.fixture(scope="session")
def running(start: Callable[..., Server]) -> Server:
    """One server for every test that does not mind what else is in it."""
    return start(key=None, dsn="http://key@127.0.0.1:1/1")


@pytest.fixture
def inbox(running: Server) -> Server:
    """The server with nothing in it."""
    running.request("DELETE", "/api/events")
    running.printed.clear()
    return running
