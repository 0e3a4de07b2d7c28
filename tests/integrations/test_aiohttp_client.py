"""Each request of aiohttp's client leaves one breadcrumb, however it ends."""

from __future__ import annotations

import asyncio
import gc
import json
import socket
import ssl
import weakref

import aiohttp
import pytest
from answering import PATIENCE, free_port, told
from relay_server import HttpProxy

import sentry_like
from sentry_like.integrations.aiohttp import AioHttpIntegration
from sentry_like.integrations.stdlib import StdlibIntegration


def run(use, **options):
    """What `use(session)` answers, or its error, once an event was captured."""

    async def main():
        try:
            async with aiohttp.ClientSession(**options) as session:
                return await use(session)
        except Exception as error:
            return error
        finally:
            sentry_like.capture_message("now")

    return asyncio.run(main())


def ask(method, url, *, session=None, **request):
    """The answer to one request, whose body was read, or the error."""

    async def use(session):
        async with session.request(method, url, **request) as response:
            await response.read()
            return response

    return run(use, **session or {})


@pytest.fixture
def noting_aiohttp(init):
    init(integrations=[AioHttpIntegration(), StdlibIntegration()])


@pytest.fixture
def kept(events):
    """`kept()`: the breadcrumbs of the event that was captured last."""
    return lambda: events[-1].get("breadcrumbs", {}).get("values", [])


@pytest.fixture
def noted(init):
    """The breadcrumbs of whatever hub, in their order."""
    found = []
    init(integrations=[AioHttpIntegration()], before_breadcrumb=lambda crumb, hint: found.append(crumb))
    return found


@pytest.fixture
def silent():
    """The port of a server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


# -- requests that are answered


def test_aiohttp_request_is_one_breadcrumb(noting_aiohttp, server, kept):
    response = ask(
        "GET", f"http://bob:hunter2@127.0.0.1:{server.port}/200/a?q=1", params={"token": "hunter2"}
    )

    (crumb,) = kept()

    assert response.status == 200
    assert 0 <= crumb["data"].pop("duration") < PATIENCE
    assert crumb["data"] == {
        "url": f"http://127.0.0.1:{server.port}/200/a",
        "method": "GET",
        "status_code": 200,
        "reason": "OK",
        "http.query": "q=1&token=[Filtered]",
    }
    assert (crumb["type"], crumb["category"], crumb["level"]) == ("http", "httplib", "info")


def test_each_request_on_a_kept_connection_of_aiohttp_is_a_breadcrumb(noting_aiohttp, server, kept):
    async def use(session):
        for status in (200, 404, 500):
            async with session.post(f"http://127.0.0.1:{server.port}/{status}", data=b"abc"):
                pass

    run(use)

    assert [(crumb["level"], crumb["data"]["status_code"]) for crumb in kept()] == [
        ("info", 200),
        ("warning", 404),
        ("error", 500),
    ]


def test_requests_at_once_are_a_breadcrumb_each(noted, server):
    targets = [f"/{status}/{number}" for number in range(20) for status in (200, 500)]

    async def use(session):
        async def get(target):
            async with session.get(f"http://127.0.0.1:{server.port}{target}"):
                pass

        await asyncio.gather(*map(get, targets))

    run(use)

    assert sorted(crumb["data"]["url"].partition(str(server.port))[2] for crumb in noted) == sorted(targets)


def test_https_of_aiohttp_is_named(noting_aiohttp, tls_server, trust, kept):
    ask("GET", f"https://localhost:{tls_server.port}/200", ssl=trust)

    assert [told(crumb) for crumb in kept()] == [
        ("info", f"https://localhost:{tls_server.port}/200", "GET", 200)
    ]


def test_answer_that_is_raised_is_an_answer(noting_aiohttp, server, kept):
    error = ask("GET", f"http://127.0.0.1:{server.port}/404", raise_for_status=True)

    assert type(error) is aiohttp.ClientResponseError
    assert [crumb["data"]["status_code"] for crumb in kept()] == [404]


def test_hops_of_a_redirect_of_aiohttp_are_requests_of_their_own(noting_aiohttp, server, kept):
    ask("GET", f"http://127.0.0.1:{server.port}/redirect")

    assert [crumb["data"]["status_code"] for crumb in kept()] == [302, 200]


def test_redirect_that_aiohttp_does_not_follow_is_one_request(noting_aiohttp, server, kept):
    ask("GET", f"http://127.0.0.1:{server.port}/redirect", allow_redirects=False)

    assert [crumb["data"]["status_code"] for crumb in kept()] == [302]


def test_streamed_answer_of_aiohttp_is_noted_with_its_head(noted, server):
    async def use(session):
        async with session.get(f"http://127.0.0.1:{server.port}/halves") as response:
            before = len(noted)
            server.released.set()
            return before, await response.read()

    assert run(use) == (1, b"halves")
    assert len(noted) == 1


def test_streamed_answer_of_aiohttp_that_ends_too_early_stays_what_it_was(noting_aiohttp, server, kept):
    error = ask("GET", f"http://127.0.0.1:{server.port}/torn")

    assert type(error) is aiohttp.ClientPayloadError
    assert [crumb["data"]["status_code"] for crumb in kept()] == [200]


def test_websocket_begins_with_one_request(noting_aiohttp, server, kept):
    async def use(session):
        async with session.ws_connect(f"http://127.0.0.1:{server.port}/websocket") as websocket:
            return (await websocket.receive()).type

    assert run(use) is aiohttp.WSMsgType.CLOSE
    assert [told(crumb) for crumb in kept()] == [
        ("info", f"http://127.0.0.1:{server.port}/websocket", "GET", 101)
    ]


def test_websocket_that_is_refused_is_one_request(noting_aiohttp, server, kept):
    async def use(session):
        await session.ws_connect(f"http://127.0.0.1:{server.port}/404")

    assert type(run(use)) is aiohttp.WSServerHandshakeError
    assert [crumb["data"]["status_code"] for crumb in kept()] == [404]


def test_aiohttp_through_a_forward_proxy_keeps_the_url(noting_aiohttp, server, kept):
    with HttpProxy(server.port) as proxy:
        ask("GET", "http://behind.test/200", proxy=f"http://bob:hunter2@127.0.0.1:{proxy.port}")

    assert [told(crumb) for crumb in kept()] == [("info", "http://behind.test/200", "GET", 200)]


def test_aiohttp_through_a_tunnel_is_one_request(noting_aiohttp, tls_server, trust, kept):
    async def use(session):
        async with session.get("https://behind.test/200", proxy=proxy.url, ssl=trust):
            pass
        await session.close()
        await asyncio.sleep(0.1)  # old versions do not wait for the end of TLS

    with HttpProxy(tls_server.port) as proxy:
        run(use)

    assert [told(crumb) for crumb in kept()] == [("info", "https://behind.test/200", "GET", 200)]


@pytest.mark.skipif(not hasattr(aiohttp, "DigestAuthMiddleware"), reason="this aiohttp has no middlewares")
def test_requests_of_a_middleware_are_requests_of_their_own(noting_aiohttp, server, kept):
    async def twice(request, handler):
        (await handler(request)).release()
        return await handler(request)

    ask("GET", f"http://127.0.0.1:{server.port}/503", middlewares=[twice])

    assert [crumb["data"]["status_code"] for crumb in kept()] == [503, 503]


# -- requests that are not answered


def ask_refused(servers):
    return ask("POST", f"http://127.0.0.1:{free_port()}/x?a=1")


def ask_unresolved(servers):
    return ask("POST", "http://no.such.host.invalid/x?a=1")


def ask_without_tls(servers):
    return ask("POST", f"https://127.0.0.1:{servers['plain'].port}/x?a=1", ssl=servers["trust"])


def ask_untrusted(servers):
    context = ssl.create_default_context()
    return ask("POST", f"https://localhost:{servers['tls'].port}/x?a=1", ssl=context)


def ask_reset(servers):
    return ask("POST", f"http://127.0.0.1:{servers['plain'].port}/reset/x?a=1")


def ask_hung_up(servers):
    return ask("POST", f"http://127.0.0.1:{servers['plain'].port}/hang_up/x?a=1")


def ask_garbage(servers):
    return ask("POST", f"http://127.0.0.1:{servers['plain'].port}/garbage/x?a=1")


def ask_refusing_proxy(servers):
    with HttpProxy(servers["tls"].port, refuse=407) as proxy:
        return ask("POST", "https://behind.test/x?a=1", proxy=proxy.url)


def ask_missing_proxy(servers):
    return ask("POST", "http://behind.test/x?a=1", proxy=f"http://127.0.0.1:{free_port()}")


FAILURES = {
    "refused": (ask_refused, aiohttp.ClientConnectorError),
    "unresolved": (ask_unresolved, aiohttp.ClientConnectorError),
    "no TLS": (ask_without_tls, aiohttp.ClientConnectorSSLError),
    "certificate that nobody trusts": (ask_untrusted, aiohttp.ClientConnectorCertificateError),
    "reset": (ask_reset, aiohttp.ClientOSError),
    "closed without an answer": (ask_hung_up, aiohttp.ServerDisconnectedError),
    "no HTTP": (ask_garbage, aiohttp.ClientResponseError),
    "proxy that refuses": (ask_refusing_proxy, aiohttp.ClientHttpProxyError),
    "proxy that is not there": (ask_missing_proxy, aiohttp.ClientProxyConnectionError),
}


@pytest.mark.parametrize(("fail", "expected"), FAILURES.values(), ids=FAILURES)
def test_aiohttp_request_without_an_answer_is_a_breadcrumb(
    noting_aiohttp, server, tls_server, trust, kept, fail, expected
):
    error = fail({"plain": server, "tls": tls_server, "trust": trust})

    (crumb,) = kept()

    assert isinstance(error, expected)
    assert (crumb["level"], crumb["data"]["method"], crumb["data"]["http.query"]) == ("error", "POST", "a=1")
    assert crumb["data"]["url"].endswith("/x")
    assert crumb["data"]["reason"].partition(":")[0].endswith(("Error", "Exception"))
    assert "status_code" not in crumb["data"]


def test_each_attempt_of_aiohttp_is_a_breadcrumb(noting_aiohttp, server, kept):
    error = ask("GET", f"http://127.0.0.1:{server.port}/hang_up")

    assert type(error) is aiohttp.ServerDisconnectedError
    assert [crumb["level"] for crumb in kept()] == ["error"] * len(server.seen)


LIMITS = {
    "all": {"total": 0.2},
    "to connect": {"connect": 0.2},
    "all, to connect": {"total": 9, "connect": 0.2},
}


@pytest.mark.parametrize("limits", LIMITS.values(), ids=LIMITS)
def test_time_that_is_over_while_aiohttp_connects_is_an_error(noting_aiohttp, silent, kept, limits):
    error = ask("GET", f"https://127.0.0.1:{silent}/", timeout=aiohttp.ClientTimeout(**limits))

    (crumb,) = kept()

    assert isinstance(error, asyncio.TimeoutError)
    assert (crumb["level"], crumb["data"]["reason"]) == ("error", "TimeoutError")


@pytest.mark.parametrize("limits", [{"total": 0.2}, {"sock_read": 0.2}], ids=["all", "to read"])
def test_time_that_is_over_while_aiohttp_waits_for_the_answer_is_an_error(
    noting_aiohttp, server, kept, limits
):
    error = ask("GET", f"http://127.0.0.1:{server.port}/slow", timeout=aiohttp.ClientTimeout(**limits))

    (crumb,) = kept()

    assert isinstance(error, asyncio.TimeoutError)
    assert crumb["level"] == "error"
    assert "Timeout" in crumb["data"]["reason"]


def test_time_that_is_over_before_a_connection_is_free_is_an_error(noted, server):
    async def use(session):
        async with session.get(f"http://127.0.0.1:{server.port}/halves"):
            with pytest.raises(asyncio.TimeoutError):
                await session.get(f"http://127.0.0.1:{server.port}/200", timeout=aiohttp.ClientTimeout(0.1))

    async def main():
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=1)) as session:
            await use(session)

    asyncio.run(main())

    assert [(crumb["level"], crumb["data"].get("status_code")) for crumb in noted] == [
        ("info", 200),
        ("error", None),
    ]


CANCELLATIONS = ("by its task", "by a time limit")
PLACES = ("while it connects", "while it waits for the answer")


@pytest.mark.parametrize("how", CANCELLATIONS)
@pytest.mark.parametrize("where", PLACES)
def test_cancelled_request_of_aiohttp_is_no_error(noted, server, silent, how, where):
    url = f"https://127.0.0.1:{silent}/" if where == PLACES[0] else f"http://127.0.0.1:{server.port}/slow"

    async def use(session):
        async def get():
            async with session.get(url):
                pass

        task = asyncio.ensure_future(get())
        if how == CANCELLATIONS[0]:
            asyncio.get_running_loop().call_later(0.05, task.cancel)
            await asyncio.wait([task])
            return task.cancelled()
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(task, 0.05)
        return task.cancelled()

    assert run(use) is True

    (crumb,) = noted
    assert told(crumb) == ("info", url, "GET", None)
    assert crumb["data"]["reason"].startswith("cancelled by the application (CancelledError")


def test_request_of_aiohttp_that_was_never_made_is_none(noting_aiohttp, kept):
    error = ask("GET", "http:///nowhere")

    assert isinstance(error, ValueError)
    assert kept() == []


# -- what stands around a request


def test_session_that_was_made_before_is_noted_and_nothing_stays_attached(init, server, events):
    async def main():
        async with aiohttp.ClientSession() as session:
            before = set(vars(session))
            init(integrations=[AioHttpIntegration()])
            async with session.get(f"http://127.0.0.1:{server.port}/200") as response:
                pass
            sentry_like.capture_message("now")
            assert session.trace_configs == []
            return set(vars(session)) - before, [name for name in vars(response) if "sentry" in name]

    assert asyncio.run(main()) == (set(), [])
    assert len(events[-1]["breadcrumbs"]["values"]) == 1


def test_hint_is_the_request_and_the_response_of_aiohttp(init, server):
    hints = []
    init(integrations=[AioHttpIntegration()], before_breadcrumb=lambda crumb, hint: hints.append(dict(hint)))

    response = ask("GET", f"http://127.0.0.1:{server.port}/200")
    ask("GET", f"http://127.0.0.1:{free_port()}/")

    assert hints[0]["aiohttp_response"] is response
    assert [type(hint["aiohttp_request"]) for hint in hints] == [aiohttp.ClientRequest] * 2
    assert "aiohttp_response" not in hints[1]


def test_breadcrumb_keeps_no_session_alive(noting_aiohttp, server, kept):
    gone = []

    async def use(session):
        async with session.get(f"http://127.0.0.1:{server.port}/200") as response:
            gone.extend((weakref.ref(session), weakref.ref(response)))

    run(use)
    gc.collect()

    assert [ref() for ref in gone] == [None, None]
    assert len(kept()) == 1


IGNORED = {"URL": "http://127.0.0.1:*/200/a", "URL with query": ["*?token=hunter2"], "any": "*"}


@pytest.mark.parametrize("pattern", IGNORED.values(), ids=IGNORED)
def test_ignored_url_of_aiohttp_leaves_no_breadcrumb(init, server, kept, pattern):
    init(integrations=[AioHttpIntegration(ignore=pattern)])
    response = ask("GET", f"http://127.0.0.1:{server.port}/200/a?token=hunter2")

    assert response.status == 200
    assert kept() == []


def test_breadcrumb_of_aiohttp_holds_no_secret(noting_aiohttp, kept):
    ask("GET", f"http://bob:hunter2@127.0.0.1:{free_port()}/?token=hunter2")

    assert len(kept()) == 1
    assert "hunter2" not in json.dumps(kept())
