"""Each request through `http.client`, by whatever library, leaves one breadcrumb, however it ends."""

from __future__ import annotations

import gc
import http.client
import json
import socket
import ssl
import subprocess
import sys
import threading
import urllib.error
import urllib.request
import weakref

import pytest
import urllib3
from answering import PATIENCE, free_port, run_server, stop, told
from relay_server import HttpProxy

import sentry_like
from sentry_like.hub import Hub
from sentry_like.integrations.stdlib import StdlibIntegration
from sentry_like.transport.base import THREAD_NAME


def connect(server, **options):
    return http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE, **options)


def get(connection, path, method="GET", **options):
    connection.request(method, path, **options)
    response = connection.getresponse()
    response.read()
    return response.status


# -- requests that are answered


def test_request_is_one_breadcrumb(noting, server, crumbs):
    connection = connect(server)
    get(connection, "/200/a?q=1&token=hunter2#part")
    connection.close()

    (crumb,) = crumbs()

    assert 0 <= crumb["data"].pop("duration") < PATIENCE
    assert crumb["data"] == {
        "url": f"http://127.0.0.1:{server.port}/200/a",
        "method": "GET",
        "status_code": 200,
        "reason": "OK",
        "http.query": "q=1&token=[Filtered]",
        "http.fragment": "part",
    }
    assert (crumb["type"], crumb["category"], crumb["level"]) == ("http", "httplib", "info")


def test_each_request_on_a_kept_connection_is_a_breadcrumb(noting, server, crumbs):
    connection = connect(server)
    for status in (200, 404, 500):
        get(connection, f"/{status}")
    connection.close()

    assert [(crumb["level"], crumb["data"]["status_code"]) for crumb in crumbs()] == [
        ("info", 200),
        ("warning", 404),
        ("error", 500),
    ]


def test_duration_ends_with_the_head_of_the_answer(noting, server, crumbs):
    connection = connect(server)
    timer = threading.Timer(0.2, server.released.set)
    timer.start()
    connection.request("GET", "/slow")
    with pytest.raises(http.client.RemoteDisconnected):
        connection.getresponse()
    timer.join()

    (crumb,) = crumbs()

    assert 0.15 < crumb["data"]["duration"] < PATIENCE


def test_chunked_body_is_one_request(noting, server, crumbs):
    connection = connect(server)
    get(connection, "/200", "POST", body=iter([b"a" * 1000] * 5))
    connection.close()

    (crumb,) = crumbs()

    assert told(crumb)[2:] == ("POST", 200)


def test_request_written_piece_by_piece_is_one_request(noting, server, crumbs):
    connection = connect(server)
    connection.putrequest(method="POST", url="/200")
    connection.putheader("Content-Length", "4")
    connection.endheaders()
    connection.send(b"ab")
    connection.send(b"cd")
    connection.getresponse().read()
    connection.close()

    (crumb,) = crumbs()

    assert told(crumb)[2:] == ("POST", 200)


def test_continue_is_not_the_answer(noting, server, crumbs):
    connection = connect(server)
    get(connection, "/404", "POST", body=b"abc", headers={"Expect": "100-continue"})
    connection.close()

    (crumb,) = crumbs()

    assert told(crumb)[2:] == ("POST", 404)


def test_url_over_ipv6_has_brackets(noting, crumbs):
    try:
        server = run_server(socket.AF_INET6, "::1")
    except OSError:
        pytest.skip("no IPv6 here")
    connection = http.client.HTTPConnection("::1", server.port, timeout=PATIENCE)
    get(connection, "/200")
    connection.close()
    stop(server)

    (crumb,) = crumbs()

    assert crumb["data"]["url"] == f"http://[::1]:{server.port}/200"


def test_https_is_named(noting, tls_server, trust, crumbs):
    connection = http.client.HTTPSConnection("localhost", tls_server.port, context=trust, timeout=PATIENCE)
    get(connection, "/200")
    connection.close()

    (crumb,) = crumbs()

    assert told(crumb) == ("info", f"https://localhost:{tls_server.port}/200", "GET", 200)


def test_redirects_are_requests_of_their_own(noting, server, crumbs):
    urllib.request.urlopen(f"http://127.0.0.1:{server.port}/redirect", timeout=PATIENCE).read()

    assert [
        (crumb["data"]["url"].rpartition("/")[2], crumb["data"]["status_code"]) for crumb in crumbs()
    ] == [
        ("redirect", 302),
        ("200", 200),
    ]


def test_answer_and_connection_are_those_of_the_library(noting, server):
    connection = connect(server)
    connection.request("GET", "/200")
    response = connection.getresponse()

    assert type(response) is http.client.HTTPResponse
    assert response.read() == b"ok"
    connection.close()


# -- requests that are not


def refused():
    http.client.HTTPConnection("127.0.0.1", free_port(), timeout=PATIENCE).request("GET", "/x?a=1")


def unresolved():
    http.client.HTTPConnection("no.such.host.invalid", timeout=PATIENCE).request("GET", "/x?a=1")


FAILURES = {"refused": (refused, OSError), "unresolved": (unresolved, socket.gaierror)}


@pytest.mark.parametrize(("fail", "error"), FAILURES.values(), ids=FAILURES)
def test_request_that_cannot_connect_is_a_breadcrumb(noting, crumbs, fail, error):
    with pytest.raises(error) as raised:
        fail()

    (crumb,) = crumbs()

    assert (crumb["level"], crumb["data"]["method"], crumb["data"]["http.query"]) == ("error", "GET", "a=1")
    assert crumb["data"]["url"].endswith("/x")
    assert crumb["data"]["reason"] == f"{type(raised.value).__name__}: {raised.value}"
    assert "status_code" not in crumb["data"]


def test_failed_tls_is_a_breadcrumb(noting, server, crumbs):
    connection = http.client.HTTPSConnection("127.0.0.1", server.port, timeout=PATIENCE)
    with pytest.raises(ssl.SSLError):
        connection.request("GET", "/200")
    connection.close()

    (crumb,) = crumbs()

    assert told(crumb) == ("error", f"https://127.0.0.1:{server.port}/200", "GET", None)
    assert "SSL" in crumb["data"]["reason"]


ENDS = {
    "reset": ("reset", ConnectionResetError),
    "closed without an answer": ("hang_up", http.client.RemoteDisconnected),
    "no HTTP": ("garbage", http.client.BadStatusLine),
    "timeout": ("slow", TimeoutError),
}


@pytest.mark.parametrize(("path", "error"), ENDS.values(), ids=ENDS)
def test_request_without_an_answer_is_a_breadcrumb(noting, server, crumbs, path, error):
    connection = connect(server)
    connection.timeout = 0.2 if error is TimeoutError else PATIENCE
    connection.request("GET", f"/{path}")
    with pytest.raises(error):
        connection.getresponse()
    connection.close()

    (crumb,) = crumbs()

    assert told(crumb) == ("error", f"http://127.0.0.1:{server.port}/{path}", "GET", None)
    assert crumb["data"]["reason"].startswith(error.__name__)


def test_request_whose_answer_nobody_reads_is_a_breadcrumb(noting, server, crumbs):
    connection = connect(server)
    connection.request("GET", "/200")
    connection.close()

    (crumb,) = crumbs()

    assert told(crumb) == ("info", f"http://127.0.0.1:{server.port}/200", "GET", None)
    assert "closed" in crumb["data"]["reason"]


def test_request_that_was_never_made_is_none(noting, server, crumbs):
    connection = connect(server)
    with pytest.raises(http.client.InvalidURL):
        connection.request("GET", "/a b")
    connection.close()

    assert crumbs() == []


# -- proxies


def test_tunnel_is_named_after_the_host_behind_it(noting, tls_server, trust, crumbs):
    with HttpProxy(tls_server.port) as proxy:
        connection = http.client.HTTPSConnection("127.0.0.1", proxy.port, context=trust, timeout=PATIENCE)
        connection.set_tunnel("behind.test", 443)
        get(connection, "/200")
        connection.close()

    (crumb,) = crumbs()

    assert told(crumb) == ("info", "https://behind.test/200", "GET", 200)


def test_refused_tunnel_is_a_breadcrumb_of_the_request(noting, tls_server, crumbs):
    with HttpProxy(tls_server.port, refuse=407) as proxy:
        connection = http.client.HTTPSConnection("127.0.0.1", proxy.port, timeout=PATIENCE)
        connection.set_tunnel("behind.test", 443)
        with pytest.raises(OSError, match="407"):
            connection.request("GET", "/200")
        connection.close()

    (crumb,) = crumbs()

    assert told(crumb) == ("error", "https://behind.test/200", "GET", None)
    assert "407" in crumb["data"]["reason"]


def test_forward_proxy_is_not_taken_for_the_host(noting, server, crumbs):
    with HttpProxy(server.port) as proxy:
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({"http": f"http://bob:hunter2@127.0.0.1:{proxy.port}"})
        )
        opener.open("http://behind.test/200?token=hunter2", timeout=PATIENCE).read()

    (crumb,) = crumbs()

    assert told(crumb) == ("info", "http://behind.test/200", "GET", 200)
    assert "hunter2" not in json.dumps(crumb)


# -- urllib3, on which requests stands


@pytest.fixture
def pools(trust):
    with urllib3.PoolManager(retries=False, timeout=PATIENCE, ssl_context=trust) as manager:
        yield manager


def test_urllib3_request_is_one_breadcrumb(noting, server, tls_server, pools, crumbs):
    pools.request("GET", f"http://127.0.0.1:{server.port}/404?token=hunter2")
    pools.request("POST", f"https://localhost:{tls_server.port}/200", body=b"abc")

    assert [told(crumb) for crumb in crumbs()] == [
        ("warning", f"http://127.0.0.1:{server.port}/404", "GET", 404),
        ("info", f"https://localhost:{tls_server.port}/200", "POST", 200),
    ]


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_urllib3_request_that_cannot_connect_is_a_breadcrumb(noting, pools, crumbs, scheme):
    port = free_port()
    with pytest.raises(urllib3.exceptions.NewConnectionError):
        pools.request("GET", f"{scheme}://127.0.0.1:{port}/x?token=hunter2")

    (crumb,) = crumbs()

    assert told(crumb) == ("error", f"{scheme}://127.0.0.1:{port}/x", "GET", None)
    assert crumb["data"]["http.query"] == "token=[Filtered]"
    assert "refused" in crumb["data"]["reason"]


def test_urllib3_certificate_that_nobody_trusts_is_a_breadcrumb(noting, tls_server, crumbs):
    with urllib3.PoolManager(retries=False) as pools, pytest.raises(urllib3.exceptions.SSLError):
        pools.request("GET", f"https://localhost:{tls_server.port}/200")

    (crumb,) = crumbs()

    assert told(crumb) == ("error", f"https://localhost:{tls_server.port}/200", "GET", None)
    assert "CERTIFICATE_VERIFY_FAILED" in crumb["data"]["reason"]


def test_each_attempt_of_urllib3_is_a_breadcrumb(noting, server, crumbs):
    with urllib3.PoolManager(retries=urllib3.Retry(2, backoff_factor=0)) as pools:
        with pytest.raises(urllib3.exceptions.MaxRetryError):
            pools.request("GET", f"https://127.0.0.1:{free_port()}/x")
        with pytest.raises(urllib3.exceptions.MaxRetryError):
            pools.request("GET", f"http://127.0.0.1:{server.port}/hang_up")

    assert [crumb["level"] for crumb in crumbs()] == ["error"] * 6


def test_urllib3_answer_to_a_body_that_was_not_taken_is_noted(noting, server, pools, crumbs):
    try:
        answer = pools.request("PUT", f"http://127.0.0.1:{server.port}/too_large", body=b"a" * 30_000_000)
        status = answer.status
    except urllib3.exceptions.ProtocolError:  # the system may drop the answer with the connection
        status = None

    (crumb,) = crumbs()

    assert crumb["data"].get("status_code") == status


def test_urllib3_tunnel_is_named_after_the_host_behind_it(noting, tls_server, trust, crumbs):
    with HttpProxy(tls_server.port) as proxy:
        with urllib3.ProxyManager(proxy.url, retries=False, ssl_context=trust) as pools:
            pools.request("GET", "https://behind.test/200")

    (crumb,) = crumbs()

    assert told(crumb) == ("info", "https://behind.test/200", "GET", 200)


def test_urllib3_tunnel_that_is_refused_is_a_breadcrumb(noting, tls_server, crumbs):
    with HttpProxy(tls_server.port, refuse=403) as proxy:
        with urllib3.ProxyManager(proxy.url, retries=False) as pools:
            with pytest.raises(urllib3.exceptions.ProxyError):
                pools.request("GET", "https://behind.test/200")

    (crumb,) = crumbs()

    assert told(crumb) == ("error", "https://behind.test/", "CONNECT", None)
    assert "403" in crumb["data"]["reason"]


class SelfClosing(urllib3.connection.HTTPSConnection):
    """Cleans up after itself when it cannot connect."""

    def connect(self):
        self.close()
        raise OSError("out of luck")


class OtherProtocol(urllib3.connection.HTTPConnection):
    """Stands for HTTP/2: nothing of it goes through `http.client`."""

    def request(self, *args, **kwargs):
        pass

    def getresponse(self):
        return urllib3.HTTPResponse(status=404, reason="Not Found")


def test_connection_that_closes_itself_keeps_the_reason_of_its_failure(noting, crumbs):
    with urllib3.HTTPSConnectionPool("localhost", 1, retries=False) as pool:
        pool.ConnectionCls = SelfClosing
        with pytest.raises(urllib3.exceptions.ProtocolError, match="out of luck"):
            pool.request("GET", "/x")

    (crumb,) = crumbs()

    assert crumb["data"]["reason"] == "OSError: out of luck"


def test_connection_that_does_without_http_client_is_noted(noting, crumbs):
    with urllib3.HTTPConnectionPool("localhost", 1, retries=False) as pool:
        pool.ConnectionCls = OtherProtocol
        for _ in range(2):
            pool.request("GET", "/x", preload_content=False)

    assert [told(crumb) for crumb in crumbs()] == [("warning", "http://localhost:1/x", "GET", 404)] * 2


# -- what the application sees of it


def test_hint_is_the_connection(init, server):
    hints = []

    def look(crumb, hint):
        hints.append((crumb["data"]["status_code"], hint))
        return crumb

    init(integrations=[StdlibIntegration()], before_breadcrumb=look)
    connection = connect(server)
    connection.request("GET", "/200")
    response = connection.getresponse()
    response.read()
    connection.close()

    ((status, hint),) = hints
    assert status == 200
    assert hint["httplib_request"] is connection
    assert hint["httplib_response"] is response


def test_connection_is_as_it_was_after_the_request(noting, server):
    connection = connect(server)
    before = set(vars(connection))
    get(connection, "/200")
    after_success = set(vars(connection))
    connection.request("GET", "/hang_up")
    with pytest.raises(http.client.RemoteDisconnected):
        connection.getresponse()
    connection.close()

    assert after_success - before == set()
    assert set(vars(connection)) - before == set()


def test_breadcrumb_keeps_no_connection_alive(noting, server, crumbs):
    connection = connect(server)
    get(connection, "/200")
    connection.close()
    gone = weakref.ref(connection)
    del connection
    gc.collect()

    assert gone() is None
    assert len(crumbs()) == 1


def test_breadcrumb_belongs_to_the_hub_of_the_request(noting, server, crumbs):
    with Hub(Hub.current):
        connection = connect(server)
        get(connection, "/200")
        connection.close()
        within = crumbs()

    assert len(within) == 1
    assert crumbs() == []


IGNORED = {
    "URL": "http://127.0.0.1:*/200",
    "URL with query": "*?q=1",
    "any": "*",
}


@pytest.mark.parametrize("pattern", IGNORED.values(), ids=IGNORED)
def test_ignored_url_leaves_no_breadcrumb(init, server, pools, crumbs, pattern):
    init(integrations=[StdlibIntegration(ignore=pattern)])
    connection = connect(server)
    get(connection, "/200?q=1")
    connection.close()
    pools.request("GET", f"http://127.0.0.1:{server.port}/200?q=1")

    assert crumbs() == []


def test_pattern_for_another_url_ignores_nothing(init, server, crumbs):
    init(integrations=[StdlibIntegration(ignore=["*/health", "git"])])
    connection = connect(server)
    get(connection, "/200")
    connection.close()

    assert len(crumbs()) == 1


def test_pattern_that_is_no_text_is_refused():
    with pytest.raises(TypeError, match="5"):
        StdlibIntegration(ignore=[5])


def test_requests_can_be_switched_off(init, server, crumbs):
    init(integrations=[StdlibIntegration(http=False)])
    connection = connect(server)
    get(connection, "/200")
    connection.close()

    assert crumbs() == []


def test_our_own_requests_leave_no_breadcrumb(relay, monkeypatch):
    """Not even where no thread can be started, and the caller sends."""
    start = threading.Thread.start

    def start_others(thread):
        if thread.name == THREAD_NAME:
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", start_others)
    sentry_like.init(relay.dsn, default_integrations=False, integrations=[StdlibIntegration()])
    for _ in range(3):
        sentry_like.capture_message("hi")
        assert sentry_like.flush(PATIENCE)

    assert len(relay.events) == 3
    assert all("breadcrumbs" not in event for event in relay.events)


def test_uninstall_gives_the_original_back():
    original = http.client.HTTPConnection.putrequest
    pool = urllib3.HTTPConnectionPool._make_request
    with sentry_like.Client(
        "http://a@127.0.0.1:1/1", default_integrations=False, integrations=[StdlibIntegration()]
    ) as client:
        assert http.client.HTTPConnection.putrequest is not original
        client.close(0, uninstall=True)

    assert http.client.HTTPConnection.putrequest is original
    assert urllib3.HTTPConnectionPool._make_request is pool


LAZY = """
import sys
import {present}
import sentry_like
from sentry_like.integrations.stdlib import StdlibIntegration
sentry_like.init("http://a@127.0.0.1:1/1", default_integrations=False, integrations=[StdlibIntegration()])
print("{absent}" in sys.modules, "urllib3" in sys.modules, "asyncio" in sys.modules)
"""


@pytest.mark.parametrize(
    ("present", "absent"), [("http.client", "subprocess"), ("subprocess", "http.client"), ("sys", "http")]
)
def test_nothing_is_imported_that_the_application_did_not_import(present, absent):
    program = LAZY.format(present=present, absent=absent)

    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert result.stdout.split() == ["False"] * 3
