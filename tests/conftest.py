"""The fixtures that every test may ask for, and the two rules that hold for all: our errors surface, and
Sentry takes our events.
"""

from __future__ import annotations

import pytest

from sentry_like import hub as hub_module
from sentry_like import integrations, pipeline
from sentry_like.errors import voice
from sentry_like.hub import Hub
from sentry_like.testing import DSN, TestTransport


@pytest.fixture(autouse=True)
def clean_process(monkeypatch):
    """The process as it was before any `init`: the state listed in docs/architecture.md, and no option in
    the environment.
    """
    import os

    for name in list(os.environ):
        if name.startswith("SENTRY_"):
            monkeypatch.delenv(name)
    voice.reset()
    voice.reraise = True
    Hub.main.bind_client(None)
    Hub.main._stack = Hub.main._stack[:1]
    Hub.main.scope.clear()
    Hub.main.scope._event_processors = Hub.main.scope._error_processors = ()
    Hub.main._last_event_id = None
    hub_module._global_scope.clear()
    hub_module._global_scope._event_processors = ()
    hub_module._activate(Hub.main, hub_module.Unit(), None)
    pipeline._GLOBAL_PROCESSORS.clear()
    yield
    client = Hub.main.client
    if client is not None:
        client.close(0)
    Hub.main.bind_client(None)
    integrations.uninstall()
    integrations._living.clear()
    voice.reset()


@pytest.fixture
def lenient():
    """Errors of ours and of hooks die where they do in production."""
    voice.reraise = False


@pytest.fixture
def transport():
    """Keeps what the client of `init` sends."""
    return TestTransport()


@pytest.fixture
def init(transport, sentry_accepts):
    """`init(**options)`: a client whose events stay in `transport`, and are shown to Sentry's normaliser
    afterwards.
    """
    import sentry_like

    def make(dsn=DSN, **options):
        options.setdefault("transport", transport)
        options.setdefault("default_integrations", False)
        options.setdefault("auto_enabling_integrations", False)  # tests import what they are for
        sentry_like.init(dsn, **options)
        return Hub.main.client

    yield make
    for event in transport.events:
        sentry_accepts(event)


@pytest.fixture
def events(transport):
    """The events sent so far, read anew at each look."""

    class Events:
        def __len__(self):
            return len(transport.events)

        def __getitem__(self, index):
            return transport.events[index]

        def __iter__(self):
            return iter(transport.events)

    return Events()


@pytest.fixture
def relay():
    """A real local server; `relay.dsn` leads to it, `relay.events` came."""
    from relay_server import RelayServer

    with RelayServer() as server:
        yield server


@pytest.fixture(scope="session")
def sentry_accepts():
    """`sentry_accepts(event)` fails when Sentry's own normaliser finds an error in the event."""
    from sentry_relay.processing import StoreNormalizer

    normalizer = StoreNormalizer(
        project_id=1,
        protocol_version="7",
        remove_other=True,
        is_renormalize=False,
        max_secs_in_future=3600,
        max_secs_in_past=30 * 86400,
    )

    def check(event):
        normal = normalizer.normalize_event(event=dict(event))
        assert not normal.get("errors"), normal["errors"]
        assert not list(errors_in(normal.get("_meta"))), normal["_meta"]

    return check


def errors_in(meta, path=""):
    """The paths that the normaliser marked as wrong."""
    for key, node in (meta or {}).items():
        if key == "" and node.get("err"):
            yield path, node["err"]
        elif isinstance(node, dict):
            yield from errors_in(node, f"{path}.{key}")
