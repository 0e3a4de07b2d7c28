"""What users test their own code with: a transport that keeps what it is given, and pytest fixtures.

The fixtures are a pytest plugin: `pytest_plugins = ["sentry_like.testing"]` in a conftest, then ask for
`captured`.
"""

from __future__ import annotations

from sentry_like.api import init
from sentry_like.hub import Hub
from sentry_like.transport.base import Transport

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from sentry_like.options import Options
    from sentry_like.protocol.envelope import Envelope
    from sentry_like.types import Event

DSN = "https://0123456789abcdef0123456789abcdef@sentry.example/1"


class TestTransport(Transport):
    """Keeps every envelope, as a server would have received it."""

    __test__ = False  # pytest would take the name for a test class

    def __init__(self, options: Options | None = None) -> None:
        super().__init__(options)
        self.envelopes: list[Envelope] = []

    def send(self, envelope: Envelope) -> None:
        """Keep the envelope in the form it has after a round trip over the wire."""
        self.envelopes.append(type(envelope).parse(envelope.serialize()))

    @property
    def events(self) -> list[Event]:
        """The error events sent so far, oldest first."""
        return [event for envelope in self.envelopes if (event := envelope.get_event()) is not None]

    def clear(self) -> None:
        """Forget what was sent so far."""
        self.envelopes.clear()


class capture_events:  # noqa: N801  # used as a function: `with capture_events() as events:`
    """A block in which a client of its own keeps what is captured; gives its `TestTransport`.

    Options are those of `init`. Afterwards the client that was there before is back.
    """

    def __init__(self, **options: Any) -> None:
        self._options = options

    def __enter__(self) -> TestTransport:
        self._previous = Hub.main.client
        Hub.main.bind_client(None)
        transport = TestTransport()
        init(**{"dsn": DSN, "transport": transport, **self._options})
        return transport

    def __exit__(self, kind: object, error: object, tb: object) -> None:
        client = Hub.main.client
        Hub.main.bind_client(self._previous)
        if client is not None:
            client.flush(None, None)


def _captured() -> Iterator[TestTransport]:
    with capture_events(default_integrations=False) as transport:
        yield transport


def __getattr__(name: str) -> Any:
    """The pytest fixtures, made only where pytest looks for them."""
    if name == "captured":
        import pytest

        fixture = pytest.fixture(name="captured")(_captured)
        globals()["captured"] = fixture
        return fixture
    raise AttributeError(name)


def __dir__() -> list[str]:
    return [*globals(), "captured"]
