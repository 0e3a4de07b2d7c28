"""Each request of requests, and of urllib3 over HTTP/2, leaves one breadcrumb: `stdlib` notes them all."""

from __future__ import annotations

import json
import ssl

import pytest
import requests
import urllib3
from answering import PATIENCE, free_port, told
from relay_server import HttpProxy
from requests.adapters import HTTPAdapter
from requests.auth import HTTPDigestAuth


@pytest.fixture
def bundle(authority, tmp_path):
    """The path of the certificates to trust, as requests wants them."""
    path = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


@pytest.fixture
def session():
    with requests.Session() as session:
        session.trust_env = False
        yield session


def statuses(crumbs):
    return [crumb["data"].get("status_code") for crumb in crumbs()]


# -- requests


def test_request_of_requests_is_one_breadcrumb(noting, server, session, crumbs):
    url = f"http://bob:hunter2@127.0.0.1:{server.port}/200/a"
    session.get(url, params={"q": "1", "token": "hunter2"}, timeout=PATIENCE)

    (crumb,) = crumbs()

    assert 0 <= crumb["data"].pop("duration") < PATIENCE
    assert crumb["data"] == {
        "url": f"http://127.0.0.1:{server.port}/200/a",
        "method": "GET",
        "status_code": 200,
        "reason": "OK",
        "http.query": "q=1&token=[Filtered]",
    }


def test_requests_over_tls_is_one_breadcrumb(noting, tls_server, bundle, session, crumbs):
    session.post(f"https://localhost:{tls_server.port}/404", data=b"abc", verify=bundle, timeout=PATIENCE)

    assert [told(crumb) for crumb in crumbs()] == [
        ("warning", f"https://localhost:{tls_server.port}/404", "POST", 404)
    ]


def test_hops_of_a_redirect_of_requests_are_requests_of_their_own(noting, server, session, crumbs):
    session.get(f"http://127.0.0.1:{server.port}/redirect", timeout=PATIENCE)

    assert statuses(crumbs) == [302, 200]


def test_steps_of_an_authentication_of_requests_are_requests_of_their_own(noting, server, session, crumbs):
    session.get(f"http://127.0.0.1:{server.port}/login", auth=HTTPDigestAuth("a", "b"), timeout=PATIENCE)

    assert statuses(crumbs) == [401, 200]


def test_streamed_answer_of_requests_is_noted_with_its_head(noting, server, session, crumbs):
    url = f"http://127.0.0.1:{server.port}/halves"
    with session.get(url, stream=True, timeout=PATIENCE) as response:
        before = statuses(crumbs)
        server.released.set()
        assert response.content == b"halves"

    assert before == statuses(crumbs) == [200]


def test_requests_through_a_forward_proxy_keeps_the_url(noting, server, session, crumbs):
    with HttpProxy(server.port) as proxy:
        proxies = {"http": f"http://bob:hunter2@127.0.0.1:{proxy.port}"}
        session.get("http://behind.test/200", proxies=proxies, timeout=PATIENCE)

    assert [told(crumb) for crumb in crumbs()] == [("info", "http://behind.test/200", "GET", 200)]


def test_requests_through_a_tunnel_is_one_breadcrumb(noting, tls_server, bundle, session, crumbs):
    with HttpProxy(tls_server.port) as proxy:
        proxies = {"https": proxy.url}
        session.get("https://behind.test/200", proxies=proxies, verify=bundle, timeout=PATIENCE)

    assert [told(crumb) for crumb in crumbs()] == [("info", "https://behind.test/200", "GET", 200)]


def ask_refused(session, server, tls_server):
    session.get(f"http://127.0.0.1:{free_port()}/x?a=1", timeout=PATIENCE)


def ask_refused_by_tls_port(session, server, tls_server):
    session.get(f"https://127.0.0.1:{free_port()}/x?a=1", timeout=PATIENCE)


def ask_unresolved(session, server, tls_server):
    session.get("https://no.such.host.invalid/x?a=1", timeout=PATIENCE)


def ask_without_tls(session, server, tls_server):
    session.get(f"https://127.0.0.1:{server.port}/x?a=1", timeout=PATIENCE)


def ask_untrusted(session, server, tls_server):
    session.get(f"https://localhost:{tls_server.port}/x?a=1", timeout=PATIENCE)


def ask_slow(session, server, tls_server):
    session.get(f"http://127.0.0.1:{server.port}/slow/x?a=1", timeout=0.2)


def ask_reset(session, server, tls_server):
    session.get(f"http://127.0.0.1:{server.port}/reset/x?a=1", timeout=PATIENCE)


def ask_hung_up(session, server, tls_server):
    session.get(f"http://127.0.0.1:{server.port}/hang_up/x?a=1", timeout=PATIENCE)


def ask_garbage(session, server, tls_server):
    session.get(f"http://127.0.0.1:{server.port}/garbage/x?a=1", timeout=PATIENCE)


def ask_missing_proxy(session, server, tls_server):
    proxies = {"http": f"http://127.0.0.1:{free_port()}"}
    session.get("http://behind.test/x?a=1", proxies=proxies, timeout=PATIENCE)


FAILURES = {
    "refused": (ask_refused, requests.ConnectionError),
    "refused, for TLS": (ask_refused_by_tls_port, requests.ConnectionError),
    "unresolved": (ask_unresolved, requests.ConnectionError),
    "no TLS": (ask_without_tls, requests.exceptions.SSLError),
    "certificate that nobody trusts": (ask_untrusted, requests.exceptions.SSLError),
    "timeout": (ask_slow, requests.ReadTimeout),
    "reset": (ask_reset, requests.ConnectionError),
    "closed without an answer": (ask_hung_up, requests.ConnectionError),
    "no HTTP": (ask_garbage, requests.ConnectionError),
    "proxy that is not there": (ask_missing_proxy, requests.exceptions.ProxyError),
}


@pytest.mark.parametrize(("fail", "error"), FAILURES.values(), ids=FAILURES)
def test_request_of_requests_without_an_answer_is_a_breadcrumb(
    noting, server, tls_server, session, crumbs, fail, error
):
    with pytest.raises(error):
        fail(session, server, tls_server)

    (crumb,) = crumbs()

    assert (crumb["level"], crumb["data"]["method"], crumb["data"]["http.query"]) == ("error", "GET", "a=1")
    assert crumb["data"]["url"].endswith("/x")
    assert ": " in crumb["data"]["reason"]
    assert "status_code" not in crumb["data"]


def test_tunnel_that_requests_cannot_make_is_one_breadcrumb(noting, tls_server, session, crumbs):
    with HttpProxy(tls_server.port, refuse=407) as proxy, pytest.raises(requests.exceptions.ProxyError):
        session.get("https://behind.test/x", proxies={"https": proxy.url}, timeout=PATIENCE)

    assert [told(crumb) for crumb in crumbs()] == [("error", "https://behind.test/", "CONNECT", None)]


RETRIES = {
    "no connection": (lambda server: f"https://127.0.0.1:{free_port()}/", [None] * 3),
    "no answer": (lambda server: f"http://127.0.0.1:{server.port}/hang_up", [None] * 3),
    "status": (lambda server: f"http://127.0.0.1:{server.port}/503", [503] * 3),
}


@pytest.mark.parametrize(("where", "expected"), RETRIES.values(), ids=RETRIES)
def test_each_attempt_of_requests_is_a_breadcrumb(noting, server, session, crumbs, where, expected):
    retries = urllib3.Retry(2, backoff_factor=0, status_forcelist=[503])
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(max_retries=retries))
    with pytest.raises(requests.RequestException):
        session.get(where(server), timeout=PATIENCE)

    found = crumbs()

    assert [crumb["data"].get("status_code") for crumb in found] == expected
    assert {crumb["level"] for crumb in found} == {"error"}


def test_breadcrumb_of_requests_holds_no_secret(noting, session, crumbs):
    with pytest.raises(requests.ConnectionError):
        session.get(f"https://bob:hunter2@127.0.0.1:{free_port()}/?token=hunter2", timeout=PATIENCE)

    found = crumbs()

    assert len(found) == 1
    assert "hunter2" not in json.dumps(found)


# -- urllib3 over HTTP/2


@pytest.fixture
def http2_pools(trust):
    """A manager of pools that speak HTTP/2."""
    http2 = pytest.importorskip("urllib3.http2", reason="urllib3 of before 2.1 has no HTTP/2")
    http2.inject_into_urllib3()
    try:
        with urllib3.PoolManager(retries=False, timeout=PATIENCE, ssl_context=trust) as pools:
            yield pools
    finally:
        http2.extract_from_urllib3()


def test_requests_of_urllib3_over_http2_are_a_breadcrumb_each(noting, http2_pools, http2_port, crumbs):
    origin = f"https://localhost:{http2_port}"
    versions = {
        http2_pools.request("GET", f"{origin}/200?token=hunter2").version,
        http2_pools.request("GET", f"{origin}/404").version,
        http2_pools.request("POST", f"{origin}/500", body=b"abc").version,
        http2_pools.request("GET", f"{origin}/redirect").version,
    }

    assert versions == {20}
    assert [told(crumb) for crumb in crumbs()] == [
        ("info", f"{origin}/200", "GET", 200),
        ("warning", f"{origin}/404", "GET", 404),
        ("error", f"{origin}/500", "POST", 500),
        ("info", f"{origin}/redirect", "GET", 302),
    ]


def refuse_http2(port, pools):
    pools.request("GET", f"https://localhost:{free_port()}/x")


def distrust_http2(port, pools):
    with urllib3.PoolManager(retries=False, ssl_context=ssl.create_default_context()) as distrustful:
        distrustful.request("GET", f"https://localhost:{port}/x")


def exceed_time_of_http2(port, pools):
    pools.request("GET", f"https://localhost:{port}/slow/x", timeout=0.3)


HTTP2_FAILURES = {
    "refused": (refuse_http2, urllib3.exceptions.NewConnectionError),
    "certificate that nobody trusts": (distrust_http2, urllib3.exceptions.SSLError),
    "timeout": (exceed_time_of_http2, urllib3.exceptions.ReadTimeoutError),
}


@pytest.mark.parametrize(("fail", "error"), HTTP2_FAILURES.values(), ids=HTTP2_FAILURES)
def test_request_over_http2_without_an_answer_is_a_breadcrumb(
    noting, http2_pools, http2_port, crumbs, fail, error
):
    with pytest.raises(error):
        fail(http2_port, http2_pools)

    (crumb,) = crumbs()

    assert crumb["level"] == "error"
    assert crumb["data"]["url"].endswith("/x")
    assert "status_code" not in crumb["data"]
