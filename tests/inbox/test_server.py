from __future__ import annotations

import http.client
import socket
import time
from contextlib import closing

import pytest

from sentry_like.inbox.server import CannotListen, is_loopback, listen
from sentry_like.inbox.settings import Settings


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost", True),
        ("LOCALHOST", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.0.7", False),
        ("localhost.example", False),
    ],
)
def test_only_addresses_of_this_machine_are_loopback(host, loopback):
    assert is_loopback(host) is loopback


def test_port_0_is_a_free_port():
    with closing(listen(Settings(port=0))) as one, closing(listen(Settings(port=0))) as other:
        assert one.getsockname()[1] != other.getsockname()[1]


def test_ipv6_is_listened_on_when_asked():
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            pass
    except OSError:
        pytest.skip("no IPv6 on this machine")
    with closing(listen(Settings(host="::1", port=0))) as listening:
        assert listening.getsockname()[0] == "::1"


def test_a_host_that_does_not_exist_is_refused():
    with pytest.raises(CannotListen):
        listen(Settings(host="203.0.113.1", port=0))


def test_requests_on_one_connection_do_not_wait_for_delayed_acknowledgements(inbox):
    connection = http.client.HTTPConnection("127.0.0.1", inbox.port, timeout=10)
    started = time.perf_counter()
    for _ in range(50):
        connection.request("GET", "/health")
        connection.getresponse().read()
    connection.close()
    assert time.perf_counter() - started < 50 * 0.030  # a delayed acknowledgement alone takes 40 ms
