"""Each request of an httpx client leaves one breadcrumb, however it ends, sync and async."""

from __future__ import annotations

import asyncio
import gc
import json
import ssl
import weakref

import httpx
import pytest
from answering import PATIENCE, free_port, told
from relay_server import HttpProxy

import sentry_like
from sentry_like.integrations.httpx import HttpxIntegration
from sentry_like.integrations.stdlib import StdlibIntegration


class Sync:
    """The one way to use httpx."""

    transport = httpx.HTTPTransport
    stream = httpx.SyncByteStream

    @staticmethod
    def client(**options):
        return httpx.Client(trust_env=False, **options)

    def run(self, use, **options):
        """What `use(client)` answers."""
        with self.client(**options) as client:
            return use(client)

    def ask(self, method, url, request=None, **options):
        """The answer to one request, or the error, once an event was captured."""
        try:
            return self.run(lambda client: client.request(method, url, **request or {}), **options)
        except Exception as error:
            return error
        finally:
            sentry_like.capture_message("now")


class Async:
    """The other."""

    transport = httpx.AsyncHTTPTransport
    stream = httpx.AsyncByteStream

    @staticmethod
    def client(**options):
        return httpx.AsyncClient(trust_env=False, **options)

    def run(self, use, **options):
        async def main():
            async with self.client(**options) as client:
                return await use(client)

        return asyncio.run(main())

    def ask(self, method, url, request=None, **options):
        async def main():
            try:
                async with self.client(**options) as client:
                    return await client.request(method, url, **request or {})
            except Exception as error:
                return error
            finally:
                sentry_like.capture_message("now")

        return asyncio.run(main())


@pytest.fixture(params=[Sync(), Async()], ids=["sync", "async"])
def way(request):
    return request.param


@pytest.fixture
def noting_httpx(init):
    init(integrations=[HttpxIntegration(), StdlibIntegration()])


@pytest.fixture
def kept(events):
    """`kept()`: the breadcrumbs of the event that was captured last."""
    return lambda: events[-1].get("breadcrumbs", {}).get("values", [])


@pytest.fixture
def noted(init):
    """The breadcrumbs of whatever hub, in their order."""
    found = []
    init(integrations=[HttpxIntegration()], before_breadcrumb=lambda crumb, hint: found.append(crumb))
    return found


def answer_with(status=200, **how):
    return httpx.MockTransport(lambda request: httpx.Response(status, **how))


# -- requests that are answered


def test_httpx_request_is_one_breadcrumb(noting_httpx, way, server, kept):
    response = way.ask("GET", f"http://bob:hunter2@127.0.0.1:{server.port}/200/a?q=1&token=hunter2#part")

    (crumb,) = kept()

    assert response.text == "ok"
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


@pytest.mark.parametrize(("status", "level"), [(204, "info"), (404, "warning"), (503, "error")])
def test_level_of_an_httpx_answer_follows_its_status(noting_httpx, way, kept, status, level):
    way.ask("POST", "https://server.example/", transport=answer_with(status))

    assert [told(crumb) for crumb in kept()] == [(level, "https://server.example/", "POST", status)]


def test_https_of_httpx_is_named(noting_httpx, way, tls_server, trust, kept):
    way.ask("GET", f"https://localhost:{tls_server.port}/200", verify=trust)

    assert [told(crumb) for crumb in kept()] == [
        ("info", f"https://localhost:{tls_server.port}/200", "GET", 200)
    ]


def test_request_over_http2_is_one_breadcrumb(noting_httpx, way, http2_port, trust, kept):
    url = f"https://localhost:{http2_port}/404"
    response = way.ask("POST", url, {"content": b"abc"}, verify=trust, http2=True)

    (crumb,) = kept()

    assert response.http_version == "HTTP/2"
    assert told(crumb) == ("warning", url, "POST", 404)
    assert crumb["data"]["reason"] == "Not Found"


def test_requests_at_once_over_one_http2_connection_are_a_breadcrumb_each(noted, http2_port, trust):
    paths = [f"/{status}/{number}" for number in range(20) for status in (200, 500)]

    async def use(client):
        await asyncio.gather(*(client.get(f"https://localhost:{http2_port}{path}") for path in paths))

    Async().run(use, verify=trust, http2=True)

    assert sorted(crumb["data"]["url"].partition(str(http2_port))[2] for crumb in noted) == sorted(paths)
    assert {crumb["data"]["status_code"] for crumb in noted} == {200, 500}


def test_hops_of_a_redirect_are_requests_of_their_own(noting_httpx, way, server, kept):
    way.ask("GET", f"http://127.0.0.1:{server.port}/redirect", follow_redirects=True)

    assert [crumb["data"]["status_code"] for crumb in kept()] == [302, 200]


def test_redirect_that_is_not_followed_is_one_request(noting_httpx, way, server, kept):
    way.ask("GET", f"http://127.0.0.1:{server.port}/redirect")

    assert [crumb["data"]["status_code"] for crumb in kept()] == [302]


def test_redirects_without_end_are_noted_up_to_the_last(noting_httpx, way, kept):
    error = way.ask(
        "GET",
        "http://server.example/",
        transport=answer_with(302, headers={"Location": "/"}),
        follow_redirects=True,
        max_redirects=3,
    )

    assert type(error) is httpx.TooManyRedirects
    assert [crumb["data"]["status_code"] for crumb in kept()] == [302] * 4


def test_steps_of_an_authentication_are_requests_of_their_own(noting_httpx, way, kept):
    def challenge(request):
        if "Authorization" in request.headers:
            return httpx.Response(200)
        return httpx.Response(401, headers={"WWW-Authenticate": 'Digest realm="a", nonce="b", qop="auth"'})

    way.ask(
        "GET",
        "http://server.example/",
        transport=httpx.MockTransport(challenge),
        auth=httpx.DigestAuth("bob", "hunter2"),
    )

    assert [(crumb["level"], crumb["data"]["status_code"]) for crumb in kept()] == [
        ("warning", 401),
        ("info", 200),
    ]


def test_streamed_answer_is_noted_with_its_head(noted, server):
    with Sync.client() as client, client.stream("GET", f"http://127.0.0.1:{server.port}/halves") as response:
        before = len(noted)
        server.released.set()
        assert response.read() == b"halves"

    assert before == len(noted) == 1
    assert noted[0]["data"]["status_code"] == 200


def test_streamed_answer_that_ends_too_early_stays_what_it_was(noted, server):
    with Sync.client() as client, pytest.raises(httpx.RemoteProtocolError):
        client.get(f"http://127.0.0.1:{server.port}/torn")

    assert [told(crumb) for crumb in noted] == [("info", f"http://127.0.0.1:{server.port}/torn", "GET", 200)]


def test_async_streamed_answer_is_noted_with_its_head(noted, server):
    async def use(client):
        async with client.stream("GET", f"http://127.0.0.1:{server.port}/halves") as response:
            before = len(noted)
            server.released.set()
            return before, await response.aread()

    before, body = Async().run(use)

    assert (before, body, len(noted)) == (1, b"halves", 1)


def test_request_through_a_forward_proxy_keeps_its_url(noting_httpx, way, server, kept):
    with HttpProxy(server.port) as proxy:
        transport = way.transport(proxy=httpx.Proxy(f"http://bob:hunter2@127.0.0.1:{proxy.port}"))
        way.ask("GET", "http://behind.test/200", transport=transport)

    assert [told(crumb) for crumb in kept()] == [("info", "http://behind.test/200", "GET", 200)]


def test_request_through_a_tunnel_keeps_its_url(noting_httpx, way, tls_server, trust, kept):
    with HttpProxy(tls_server.port) as proxy:
        transport = way.transport(proxy=httpx.Proxy(proxy.url), verify=trust)
        way.ask("GET", "https://behind.test/200", transport=transport)

    assert [told(crumb) for crumb in kept()] == [("info", "https://behind.test/200", "GET", 200)]


# -- requests within the process


def test_call_of_a_wsgi_application_is_a_request(noting_httpx, kept):
    def application(environ, start_response):
        start_response("418 I'm a teapot", [])
        return [b""]

    Sync().ask("GET", "http://app/tea", transport=httpx.WSGITransport(application))

    (crumb,) = kept()
    assert told(crumb) == ("warning", "http://app/tea", "GET", 418)


def test_call_of_an_asgi_application_is_a_request(noting_httpx, kept):
    async def application(scope, receive, send):
        await send({"type": "http.response.start", "status": 500, "headers": []})
        await send({"type": "http.response.body"})

    Async().ask("GET", "http://app/tea", transport=httpx.ASGITransport(application))

    (crumb,) = kept()
    assert told(crumb) == ("error", "http://app/tea", "GET", 500)


def test_application_that_raises_is_a_request_without_an_answer(noting_httpx, kept):
    async def application(scope, receive, send):
        raise LookupError("no tea")

    error = Async().ask("GET", "http://app/tea", transport=httpx.ASGITransport(application))

    (crumb,) = kept()
    assert type(error) is LookupError
    assert told(crumb) == ("error", "http://app/tea", "GET", None)
    assert crumb["data"]["reason"] == "LookupError: no tea"


def test_transport_for_some_hosts_is_noted_like_any(noting_httpx, way, kept):
    way.ask("GET", "http://some.example/", mounts={"all://some.example": answer_with(404)})

    assert [crumb["data"]["status_code"] for crumb in kept()] == [404]


# -- requests that are not answered


def ask_refused(way, server, tls_server, trust):
    return way.ask("GET", f"http://127.0.0.1:{free_port()}/x?a=1")


def ask_unresolved(way, server, tls_server, trust):
    return way.ask("GET", "http://no.such.host.invalid/x?a=1")


def ask_without_tls(way, server, tls_server, trust):
    return way.ask("GET", f"https://127.0.0.1:{server.port}/x?a=1", verify=trust)


def ask_untrusted(way, server, tls_server, trust):
    return way.ask("GET", f"https://localhost:{tls_server.port}/x?a=1", verify=ssl.create_default_context())


def ask_slow(way, server, tls_server, trust):
    return way.ask("GET", f"http://127.0.0.1:{server.port}/slow/x?a=1", {"timeout": 0.2})


def ask_reset(way, server, tls_server, trust):
    return way.ask("GET", f"http://127.0.0.1:{server.port}/reset/x?a=1")


def ask_hung_up(way, server, tls_server, trust):
    return way.ask("GET", f"http://127.0.0.1:{server.port}/hang_up/x?a=1")


def ask_garbage(way, server, tls_server, trust):
    return way.ask("GET", f"http://127.0.0.1:{server.port}/garbage/x?a=1")


def ask_refusing_proxy(way, server, tls_server, trust):
    with HttpProxy(tls_server.port, refuse=407) as proxy:
        transport = way.transport(proxy=httpx.Proxy(proxy.url), verify=trust)
        return way.ask("GET", "https://behind.test/x?a=1", transport=transport)


def ask_missing_proxy(way, server, tls_server, trust):
    transport = way.transport(proxy=httpx.Proxy(f"http://127.0.0.1:{free_port()}"))
    return way.ask("GET", "http://behind.test/x?a=1", transport=transport)


FAILURES = {
    "refused": (ask_refused, httpx.ConnectError),
    "unresolved": (ask_unresolved, httpx.ConnectError),
    "no TLS": (ask_without_tls, (httpx.ConnectError, ssl.SSLError)),  # the latter of httpx before 0.24
    "certificate that nobody trusts": (ask_untrusted, (httpx.ConnectError, ssl.SSLError)),
    "timeout": (ask_slow, httpx.ReadTimeout),
    "reset": (ask_reset, httpx.ReadError),
    "closed without an answer": (ask_hung_up, httpx.RemoteProtocolError),
    "no HTTP": (ask_garbage, httpx.RemoteProtocolError),
    "proxy that refuses": (ask_refusing_proxy, httpx.ProxyError),
    "proxy that is not there": (ask_missing_proxy, httpx.ConnectError),
}


@pytest.mark.parametrize(("ask", "expected"), FAILURES.values(), ids=FAILURES)
def test_httpx_request_without_an_answer_is_a_breadcrumb(
    noting_httpx, way, server, tls_server, trust, kept, ask, expected
):
    error = ask(way, server, tls_server, trust)

    (crumb,) = kept()

    assert isinstance(error, expected)
    assert (crumb["level"], crumb["data"]["method"], crumb["data"]["http.query"]) == ("error", "GET", "a=1")
    assert crumb["data"]["url"].endswith("/x")
    assert crumb["data"]["reason"] == f"{type(error).__name__}: {error}".removesuffix(": ")
    assert "status_code" not in crumb["data"]


def test_failure_of_a_stream_over_http2_is_a_breadcrumb(noting_httpx, way, http2_port, trust, kept):
    url = f"https://localhost:{http2_port}/slow"
    error = way.ask("GET", url, {"timeout": 0.3}, verify=trust, http2=True)

    assert type(error) is httpx.ReadTimeout
    assert [told(crumb) for crumb in kept()] == [("error", url, "GET", None)]


CANCELLATIONS = {
    "by its task": lambda task: asyncio.get_running_loop().call_later(0.05, task.cancel),
    "by a time limit": None,
}


@pytest.mark.parametrize("cancel", CANCELLATIONS.values(), ids=CANCELLATIONS)
def test_cancelled_request_is_no_error(noted, server, cancel):
    async def use(client):
        task = asyncio.ensure_future(client.get(f"http://127.0.0.1:{server.port}/slow"))
        if cancel is not None:
            cancel(task)
            await asyncio.wait([task])
            return
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(task, 0.05)

    Async().run(use)

    (crumb,) = noted
    assert told(crumb) == ("info", f"http://127.0.0.1:{server.port}/slow", "GET", None)
    assert crumb["data"]["reason"].startswith("cancelled by the application (CancelledError")


# -- what stands around a request


def fail(_):
    raise LookupError("the hook's own")


async def fail_async(_):
    raise LookupError("the hook's own")


@pytest.mark.parametrize(("hook", "statuses"), [("response", [200]), ("request", [])])
def test_hook_that_raises_changes_no_breadcrumb(noting_httpx, way, kept, hook, statuses):
    hooks = {hook: [fail if isinstance(way, Sync) else fail_async]}

    error = way.ask("GET", "http://server.example/", event_hooks=hooks, transport=answer_with())

    assert type(error) is LookupError
    assert [crumb["data"]["status_code"] for crumb in kept()] == statuses


def test_client_that_was_made_before_is_noted(init, events):
    client = Sync.client(transport=answer_with())
    init(integrations=[HttpxIntegration()])
    with client:
        client.get("http://server.example/")
    sentry_like.capture_message("now")

    assert len(events[-1]["breadcrumbs"]["values"]) == 1


def test_hint_is_the_request_and_its_answer(init, way):
    hints = []
    init(integrations=[HttpxIntegration()], before_breadcrumb=lambda crumb, hint: hints.append(dict(hint)))

    response = way.ask("GET", "http://server.example/", transport=answer_with())
    error = way.ask("GET", f"http://127.0.0.1:{free_port()}/")

    assert hints[0]["httpx_request"] is response.request
    assert hints[0]["httpx_response"] is response
    assert hints[1]["httpx_request"] is error.request
    assert "httpx_response" not in hints[1]


def test_breadcrumb_keeps_no_request_alive(noting_httpx, way, kept):
    response = way.ask("GET", "http://server.example/", transport=answer_with())
    gone = [weakref.ref(response), weakref.ref(response.request)]
    del response
    gc.collect()

    assert [ref() for ref in gone] == [None, None]
    assert len(kept()) == 1


IGNORED = {"URL": "https://*.example/a", "URL with query": ["*?token=hunter2"], "any": "*"}


@pytest.mark.parametrize("pattern", IGNORED.values(), ids=IGNORED)
def test_ignored_url_of_httpx_leaves_no_breadcrumb(init, way, kept, pattern):
    init(integrations=[HttpxIntegration(ignore=pattern)])
    response = way.ask("GET", "https://bob@server.example:443/a?token=hunter2", transport=answer_with())

    assert response.status_code == 200
    assert kept() == []


def test_other_urls_are_not_ignored(init, way, kept):
    init(integrations=[HttpxIntegration(ignore=["*/health"])])
    way.ask("GET", "https://server.example/a", transport=answer_with())

    assert len(kept()) == 1


def test_pattern_of_httpx_that_is_no_text_is_refused():
    with pytest.raises(TypeError, match="5"):
        HttpxIntegration(ignore=[5])


def test_breadcrumb_holds_no_secret_of_the_url_or_the_error(noting_httpx, way, kept):
    def refuse(request):
        raise httpx.ConnectError("no way to https://bob:hunter2@server.example/?token=hunter2")

    way.ask(
        "GET",
        "https://bob:hunter2@server.example/?token=hunter2",
        transport=httpx.MockTransport(refuse),
    )

    assert len(kept()) == 1
    assert "hunter2" not in json.dumps(kept())
