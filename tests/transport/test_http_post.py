"""What goes over the wire, and how every misbehaving server is survived."""

from __future__ import annotations

import gc
import socket
import time

import pytest
import trustme
from relay_server import KEY, BlackHole, eventually

from sentry_like.version import SDK_NAME, VERSION


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture(scope="module")
def ca_file(authority, tmp_path_factory):
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


@pytest.fixture(scope="module")
def clients(tmp_path_factory):
    """(authority, certificate file, key file) of a client."""
    authority = trustme.CA()
    folder = tmp_path_factory.mktemp("client")
    certificate = authority.issue_cert("client@example.com")
    certificate.cert_chain_pems[0].write_to_path(str(folder / "cert.pem"))
    certificate.private_key_pem.write_to_path(str(folder / "key.pem"))
    return authority, str(folder / "cert.pem"), str(folder / "key.pem")


def test_an_event_is_posted_to_the_envelope_endpoint_with_its_key(relay, carry):
    carrier = carry(relay.dsn)
    carrier.send("hi")
    assert carrier.flush()
    (request,) = relay.requests
    assert (request.method, request.path) == ("POST", "/api/1/envelope/")
    client = f"{SDK_NAME}/{VERSION}"
    assert (
        request.headers["x-sentry-auth"]
        == f"Sentry sentry_key={KEY}, sentry_version=7, sentry_client={client}"
    )
    assert request.headers["user-agent"] == client
    assert request.headers["content-type"] == "application/x-sentry-envelope"
    assert int(request.headers["content-length"]) == len(request.raw)
    assert request.envelope.headers["sent_at"].endswith("Z")
    assert relay.messages == ["hi"]


def test_the_path_of_the_dsn_is_kept(relay, carry):
    carrier = carry(f"{relay.url.replace('//', f'//{KEY}@')}/a/b/42")
    carrier.send()
    assert carrier.flush()
    assert relay.requests[0].path == "/a/b/api/42/envelope/"


def test_many_events_use_one_connection(relay, carry):
    carrier = carry(relay.dsn)
    for number in range(50):
        carrier.send(f"{number}")
    assert carrier.flush()
    assert relay.messages == [f"{number}" for number in range(50)]
    assert relay.connections == 1


@pytest.mark.parametrize("status", [200, 400, 429, 500])
def test_the_connection_is_kept_whatever_the_status(relay, carry, status):
    carrier = carry(relay.dsn)
    relay.answer(status, {"X-Sentry-Rate-Limits": "60:transaction:key"}, b'{"detail":"whatever"}')
    for _ in range(3):
        carrier.send()
        carrier.flush()
    assert len(relay.events) == 3
    assert relay.connections == 1


def test_a_connection_dropped_while_idle_is_replaced(relay, carry):
    carrier = carry(relay.dsn)
    relay.misbehave("drop")
    carrier.send("before")
    assert carrier.flush()
    time.sleep(0.1)
    carrier.send("after")
    assert carrier.flush()
    assert relay.messages == ["before", "after"]
    assert relay.connections == 2


@pytest.mark.parametrize("how", ["close", "reset"])
def test_a_kept_connection_that_dies_as_the_request_arrives_is_replaced_once(relay, carry, how):
    carrier = carry(relay.dsn)
    carrier.send("before")
    assert carrier.flush()
    relay.misbehave(how)
    carrier.send("after")
    assert carrier.flush()
    assert relay.messages == ["before", "after", "after"]
    assert carrier.sent() == 2


@pytest.mark.parametrize("how", ["close", "reset"])
def test_a_request_is_repeated_no_more_than_once(relay, carry, how):
    carrier = carry(relay.dsn)
    carrier.send("before")
    assert carrier.flush()
    relay.misbehave(how, times=3)
    carrier.send("after")
    assert not carrier.flush()
    assert relay.messages == ["before", "after", "after"]
    assert carrier.lost() == {"network_error": 1}


@pytest.mark.parametrize("how", ["close", "reset", "garbage"])
def test_a_new_connection_without_an_answer_is_a_network_error(relay, carry, how):
    carrier = carry(relay.dsn)
    relay.misbehave(how)
    carrier.send()
    assert not carrier.flush()
    assert len(relay.events) == 1
    assert carrier.lost() == {"network_error": 1}
    assert len(carrier.logged) == 1


@pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
@pytest.mark.parametrize("how", ["hole", "drip_headers", "drip_body"])
def test_a_request_is_bounded_in_time_and_delivery_goes_on(serve, carry, authority, ca_file, how, tls):
    relay = serve(tls=authority if tls else None)
    carrier = carry(relay.dsn, transport_timeout=0.4, ca_certs=ca_file)
    relay.misbehave(how)
    started = time.perf_counter()
    carrier.send("first")
    carrier.flush()
    assert time.perf_counter() - started < 3
    carrier.send("second")
    assert carrier.flush()
    assert relay.messages == ["first", "second"]


def test_a_server_that_never_reads_is_bounded_in_time(carry):
    with BlackHole() as hole:
        carrier = carry(hole.dsn, transport_timeout=0.4, compression="none")
        started = time.perf_counter()
        carrier.send("x" * 30_000_000)
        assert not carrier.flush()
        assert time.perf_counter() - started < 3
        assert carrier.lost() == {"network_error": 1}


def test_a_huge_answer_is_not_read(relay, carry):
    carrier = carry(relay.dsn)
    relay.misbehave("huge")
    carrier.send("first")
    carrier.flush()
    carrier.send("second")
    assert carrier.flush()
    assert relay.messages == ["first", "second"]
    assert eventually(lambda: relay.huge_written is not None)
    assert relay.huge_written < 20_000_000


@pytest.mark.parametrize("how", ["half", "drip_body", "huge"])
def test_an_accepted_event_counts_as_sent_whatever_follows_the_status(relay, carry, how):
    carrier = carry(relay.dsn, transport_timeout=0.4)
    relay.misbehave(how)
    carrier.send("first")
    assert carrier.flush()
    carrier.send("second")
    assert carrier.flush()
    assert relay.messages == ["first", "second"]


def test_an_answer_before_all_was_read_is_heard(relay, carry):
    """A server that finds the body too large says so and hangs up."""
    carrier = carry(relay.dsn, compression="none")
    relay.max_body = 1_000_000
    carrier.send("x" * 20_000_000)
    assert not carrier.flush()
    assert carrier.lost() == {"send_error": 1}


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_and_the_key_stays(relay, serve, carry, status):
    other = serve()
    carrier = carry(relay.dsn)
    relay.answer(status, {"Location": f"{other.url}/api/1/envelope/"})
    carrier.send()
    assert not carrier.flush()
    assert other.connections == 0
    assert carrier.lost() == {"send_error": 1}


def test_a_redirect_to_the_same_host_is_not_followed(relay, carry):
    carrier = carry(relay.dsn)
    relay.answer(302, {"Location": "/elsewhere"})
    carrier.send()
    assert not carrier.flush()
    assert {request.path for request in relay.requests} == {"/api/1/envelope/"}
    assert len(relay.events) == 1


def test_a_server_that_is_down_costs_only_what_is_sent_meanwhile(serve, carry):
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]
    carrier = carry(f"http://{KEY}@127.0.0.1:{port}/1")
    carrier.send("down")
    assert not carrier.flush()
    assert carrier.lost() == {"network_error": 1}
    relay = serve(port=port)
    carrier.send("up")
    assert carrier.flush()
    assert relay.messages == ["up"]


# -- TLS


def test_a_custom_authority_is_trusted(serve, carry, authority, ca_file):
    relay = serve(tls=authority)
    carrier = carry(relay.dsn, ca_certs=ca_file)
    for number in range(5):
        carrier.send(f"{number}")
    assert carrier.flush()
    assert relay.messages == ["0", "1", "2", "3", "4"]
    assert relay.connections == 1


@pytest.mark.parametrize("how", ["close", "reset"])
def test_a_kept_tls_connection_that_dies_is_replaced_once(serve, carry, authority, ca_file, how):
    relay = serve(tls=authority)
    carrier = carry(relay.dsn, ca_certs=ca_file)
    carrier.send("before")
    assert carrier.flush()
    relay.misbehave(how)
    carrier.send("after" * 1000)
    assert carrier.flush()
    assert carrier.sent() == 2


def test_a_directory_of_authorities_is_trusted(serve, carry, authority, ca_file, tmp_path):
    import subprocess

    name = subprocess.run(
        ["openssl", "x509", "-hash", "-noout", "-in", ca_file], capture_output=True, text=True, check=True
    ).stdout.strip()
    (tmp_path / f"{name}.0").write_bytes(authority.cert_pem.bytes())
    relay = serve(tls=authority)
    carrier = carry(relay.dsn, ca_certs=str(tmp_path))
    carrier.send()
    assert carrier.flush()


@pytest.mark.parametrize("given", ["default", "another"])
def test_a_server_of_an_unknown_authority_gets_nothing(serve, carry, authority, tmp_path, given):
    relay = serve(tls=authority)
    path = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(str(path))
    carrier = carry(relay.dsn, **({"ca_certs": str(path)} if given == "another" else {}))
    carrier.send()
    assert not carrier.flush()
    assert relay.requests == []
    assert carrier.lost() == {"network_error": 1}
    assert "certificate" in carrier.logged[0].lower()


def test_a_certificate_for_another_host_gets_nothing(serve, carry, authority, ca_file):
    relay = serve(tls=authority, names=("elsewhere.test",))
    carrier = carry(relay.dsn, ca_certs=ca_file)
    carrier.send()
    assert not carrier.flush()
    assert relay.requests == []
    assert carrier.lost() == {"network_error": 1}


def test_a_client_certificate_is_shown(serve, carry, authority, ca_file, clients):
    client_ca, cert_file, key_file = clients
    relay = serve(tls=authority, client_ca=client_ca)
    carrier = carry(relay.dsn, ca_certs=ca_file, cert_file=cert_file, key_file=key_file)
    carrier.send()
    assert carrier.flush()
    assert len(relay.events) == 1


def test_without_the_client_certificate_that_is_required_nothing_arrives(
    serve, carry, authority, ca_file, clients
):
    relay = serve(tls=authority, client_ca=clients[0])
    carrier = carry(relay.dsn, ca_certs=ca_file)
    carrier.send()
    assert not carrier.flush()
    assert relay.requests == []
    assert carrier.lost() == {"network_error": 1}


# -- sockets


def sockets_to(port):
    """Our own open sockets that lead to the port."""
    found = []
    for thing in gc.get_objects():
        is_open = issubclass(type(thing), socket.socket) and thing.fileno() >= 0
        if is_open and thing.family == socket.AF_INET:  # an event loop of another test has a pair of AF_UNIX
            try:
                if thing.getpeername()[1] == port:
                    found.append(thing)
            except OSError:
                continue
    return found


@pytest.mark.parametrize("wanted", [True, False])
def test_keep_alive_has_the_system_probe_the_connection(relay, carry, wanted):
    carrier = carry(relay.dsn, keep_alive=wanted)
    carrier.send()
    assert carrier.flush()
    (connection,) = sockets_to(relay.port)
    assert bool(connection.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)) is wanted
    if wanted and hasattr(socket, "TCP_KEEPIDLE"):
        assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 45


def test_given_socket_options_win_over_keep_alive(relay, carry):
    carrier = carry(
        relay.dsn, keep_alive=True, socket_options=[(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 33)]
    )
    carrier.send()
    assert carrier.flush()
    (connection,) = sockets_to(relay.port)
    assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL) == 33
    assert connection.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)


def test_a_closed_transport_leaves_no_connection(relay, carry):
    carrier = carry(relay.dsn)
    carrier.send()
    assert carrier.flush()
    assert len(sockets_to(relay.port)) == 1
    carrier.transport.close(1)
    assert eventually(lambda: sockets_to(relay.port) == [])
