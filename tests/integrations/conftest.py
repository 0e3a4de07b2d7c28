"""Fixtures of the integrations that leave breadcrumbs."""

from __future__ import annotations

import ssl

import pytest
from answering import http2_server, run_server, stop

import sentry_like


@pytest.fixture
def noting(init):
    """A client that notes what the application does through the standard library."""
    from sentry_like.integrations.stdlib import StdlibIntegration

    init(integrations=[StdlibIntegration()])


@pytest.fixture
def crumbs(events):
    """`crumbs()`: the breadcrumbs of an event that is captured now."""

    def read():
        sentry_like.capture_message("now")
        return events[-1].get("breadcrumbs", {}).get("values", [])

    return read


@pytest.fixture
def server():
    """Answers over plain HTTP."""
    server = run_server()
    yield server
    stop(server)


@pytest.fixture(scope="session")
def authority():
    """Who signs the certificates of the servers here."""
    import trustme

    return trustme.CA()


@pytest.fixture
def tls_server(authority):
    """Answers over TLS."""
    from relay_server import _server_context

    server = run_server(tls=_server_context(authority, None, ("127.0.0.1", "localhost", "behind.test")))
    yield server
    stop(server)


@pytest.fixture
def trust(authority):
    """What a client that trusts these servers needs."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.fixture(scope="session")
def http2_port(authority, tmp_path_factory):
    """The port of a server that speaks HTTP/2."""
    with http2_server(authority, tmp_path_factory.mktemp("http2")) as port:
        yield port
