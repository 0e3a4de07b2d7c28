"""What an event loop can raise to nobody is reported once; what somebody awaits is not."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import os
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

import sentry_like
from sentry_like.hub import Hub
from sentry_like.integrations.asyncio import AsyncioIntegration, report_kept
from sentry_like.integrations.dedupe import DedupeIntegration
from sentry_like.testing import TestTransport

ROOT = Path(__file__).parents[2]
HAS_GROUPS = sys.version_info >= (3, 11)
HAS_EAGER_TASKS = sys.version_info >= (3, 12)


def new_uvloop():
    return pytest.importorskip("uvloop").new_event_loop()


LOOPS = {"asyncio": asyncio.new_event_loop, "uvloop": new_uvloop}


@pytest.fixture(scope="module", autouse=True)
def quick_collection():
    """What was there before these tests is not looked at again by each of them."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(autouse=True)
def nothing_left():
    """Tasks that earlier tests have left in cycles are collected before there is a client."""
    gc.collect()


@pytest.fixture
def on(init):
    """The client, with tasks watched."""
    return init(integrations=[AsyncioIntegration(), DedupeIntegration()])


@pytest.fixture(params=LOOPS.values(), ids=LOOPS)
def run(request):
    """`run(coroutine)` on a loop of each kind, to the end of all that is on it."""
    return lambda coroutine, *, debug=False: run_on(request.param(), coroutine, debug)


def run_on(loop, coroutine, debug=False):
    loop.set_debug(debug)
    try:
        result = loop.run_until_complete(coroutine)
        loop.run_until_complete(loop.shutdown_asyncgens())
        return result
    finally:
        loop.close()
        gc.collect()


def texts(events):
    return sorted(event["exception"]["values"][-1]["value"] for event in events)


async def fail(text="nobody awaits this"):
    await asyncio.sleep(0)
    raise ValueError(text)


def ring(text="the callback failed"):
    raise ValueError(text)


async def turns(count=5):
    for _ in range(count):
        await asyncio.sleep(0)


# -- what is reported


async def in_a_callback():
    asyncio.get_running_loop().call_soon(ring, "a")
    await turns()


async def in_a_late_callback():
    asyncio.get_running_loop().call_later(0.001, ring, "a")
    await asyncio.sleep(0.01)


async def in_a_callback_from_a_thread():
    loop = asyncio.get_running_loop()
    await loop.run_in_executor(None, loop.call_soon_threadsafe, ring, "a")
    await turns()


async def in_a_task():
    task = asyncio.ensure_future(fail("a"))
    await turns()
    del task


async def in_a_task_that_is_waited_for():
    await asyncio.wait([asyncio.ensure_future(fail("a"))])


async def in_a_future():
    asyncio.get_running_loop().create_future().set_exception(ValueError("a"))


async def in_an_executor():
    future = asyncio.get_running_loop().run_in_executor(None, ring, "a")
    while not future.done():
        await asyncio.sleep(0.001)
    del future
    await turns()


async def in_a_done_callback():
    task = asyncio.ensure_future(turns(1))
    task.add_done_callback(lambda _: ring("a"))
    await turns()


async def in_an_abandoned_generator():
    async def numbers():
        try:
            yield 1
        finally:
            ring("a")

    async for _ in numbers():
        break
    gc.collect()
    await turns()


async def in_a_generator_at_the_end():
    async def numbers():
        try:
            yield 1
        finally:
            ring("a")

    await numbers().__anext__()


async def in_a_signal_handler():
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR1, ring, "a")
    os.kill(os.getpid(), signal.SIGUSR1)
    await asyncio.sleep(0.05)
    loop.remove_signal_handler(signal.SIGUSR1)


async def in_a_protocol():
    class Protocol(asyncio.Protocol):
        def connection_made(self, transport):
            transport.close()
            ring("a")

    loop = asyncio.get_running_loop()
    server = await loop.create_server(Protocol, "127.0.0.1", 0)
    _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    await asyncio.sleep(0.02)
    writer.close()
    server.close()
    await turns()


async def in_a_connection():
    async def serve(reader, writer):
        writer.close()
        ring("a")

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    await asyncio.sleep(0.02)
    writer.close()
    server.close()
    await turns()


LOST = [
    in_a_callback,
    in_a_late_callback,
    in_a_callback_from_a_thread,
    in_a_task,
    in_a_task_that_is_waited_for,
    in_a_future,
    in_an_executor,
    in_a_done_callback,
    in_an_abandoned_generator,
    in_a_generator_at_the_end,
    in_a_signal_handler,
    in_a_protocol,
    in_a_connection,
]


@pytest.mark.parametrize("debug", [False, True], ids=["", "debug"])
@pytest.mark.parametrize("lose", LOST, ids=lambda one: one.__name__)
def test_exception_that_a_loop_cannot_raise_is_reported_once(on, events, run, lose, debug):
    run(lose(), debug=debug)
    assert texts(events) == ["a"]
    mechanism = events[0]["exception"]["values"][-1]["mechanism"]
    assert (mechanism["type"], mechanism["handled"]) == ("asyncio", False)


@pytest.mark.parametrize("cancel", [ValueError("a"), asyncio.CancelledError()], ids=["badly", "well"])
def test_task_that_the_end_cancels_is_reported_if_it_fails(on, events, cancel):
    async def work():
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            raise cancel from None

    async def main():
        task = asyncio.create_task(work())
        await turns()
        return task.done()

    assert asyncio.run(main()) is False
    assert texts(events) == (["a"] if isinstance(cancel, ValueError) else [])


@pytest.mark.skipif(not HAS_GROUPS, reason="no task groups here")
def test_failure_of_a_group_whose_parent_is_gone_is_reported(on, events):
    async def main():
        group = asyncio.TaskGroup()
        await group.__aenter__()
        group.create_task(fail("a"))

    loop = asyncio.new_event_loop()
    loop.run_until_complete(main())
    run_on(loop, turns())
    assert texts(events) == ["a"]


# -- what is not


async def awaited():
    task = asyncio.ensure_future(fail())
    with pytest.raises(ValueError, match="nobody"):
        await task


async def asked():
    task = asyncio.ensure_future(fail())
    await turns()
    assert isinstance(task.exception(), ValueError)


async def gathered():
    with pytest.raises(ValueError, match="nobody"):
        await asyncio.gather(fail(), fail())
    assert len(await asyncio.gather(fail(), fail(), return_exceptions=True)) == 2


async def timed_out():
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(asyncio.sleep(10), 0.001)
    with pytest.raises(ValueError, match="nobody"):
        await asyncio.wait_for(fail(), 10)


async def cancelled():
    task = asyncio.ensure_future(asyncio.sleep(10))
    await turns()
    task.cancel()
    await turns()
    del task


async def shielded():
    with pytest.raises(ValueError, match="nobody"):
        await asyncio.shield(fail())


async def completed():
    for future in asyncio.as_completed([fail(), fail()]):
        with pytest.raises(ValueError, match="nobody"):
            await future


async def grouped():
    with pytest.raises(BaseExceptionGroup):  # noqa: F821, PT012  # only called where it exists; the block raises
        async with asyncio.TaskGroup() as group:
            group.create_task(fail())
            group.create_task(fail())


async def grouped_by_anyio():
    anyio = pytest.importorskip("anyio")
    with pytest.raises(Exception):  # noqa: PT012  # the block is what raises
        async with anyio.create_task_group() as group:
            group.start_soon(fail)
            group.start_soon(anyio.sleep, 10)
    with anyio.move_on_after(0.001):
        await anyio.sleep(10)


async def called_in_a_thread():
    with pytest.raises(ValueError, match="the callback"):
        await asyncio.to_thread(ring)


async def forgotten():
    asyncio.get_running_loop().create_future()
    task = asyncio.ensure_future(asyncio.Event().wait())
    await turns()
    task._log_destroy_pending = True
    del task
    gc.collect()


HANDLED = [awaited, asked, gathered, timed_out, cancelled, shielded, completed, grouped_by_anyio]
HANDLED += [called_in_a_thread, forgotten, *([grouped] if HAS_GROUPS else [])]


@pytest.mark.parametrize("handle", HANDLED, ids=lambda one: one.__name__)
def test_what_somebody_handles_is_not_reported(on, events, run, handle):
    run(handle())
    assert len(events) == 0


def test_exception_that_leaves_the_loop_is_whoever_ran_its(on, events, run):
    with pytest.raises(ValueError, match="nobody"):
        run(fail())
    assert len(events) == 0


def test_context_without_an_exception_is_left_alone(on, events, run):
    async def main():
        asyncio.get_running_loop().call_exception_handler({"message": "unclosed"})

    run(main())
    assert len(events) == 0


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), asyncio.CancelledError()], ids=repr)
def test_the_end_of_a_program_or_task_is_no_error(on, events, run, error):
    async def main():
        asyncio.get_running_loop().call_exception_handler({"message": "ended", "exception": error})

    run(main())
    assert len(events) == 0


# -- the application notices nothing


def test_handler_of_the_application_gets_what_it_always_got(on, events, run):
    told = []

    async def main():
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda *arguments: told.append(arguments))
        context = {"message": "strange", "exception": ValueError("a"), "more": 1}
        assert loop.call_exception_handler(context=context) is None
        assert told == [(loop, context)]
        assert told[0][1] is context

    run(main())
    assert texts(events) == ["a"]


def test_default_handler_logs_as_ever(on, run, caplog):
    run(in_a_callback())
    (record,) = caplog.records
    assert record.name == "asyncio"
    assert "Exception in callback" in record.getMessage()
    assert str(record.exc_info[1]) == "a"


def test_handler_that_captures_by_hand_sends_nothing_twice(on, events, run):
    async def main():
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: sentry_like.capture_exception(context["exception"]))
        loop.call_soon(ring, "a")
        await turns()

    run(main())
    assert texts(events) == ["a"]
    assert events[0]["exception"]["values"][-1]["mechanism"]["handled"] is False


def test_off_means_nothing_is_reported(init, events, run):
    init()
    run(in_a_task())
    assert len(events) == 0


def test_uninstalling_gives_every_loop_its_handler_back(init):
    uvloop = pytest.importorskip("uvloop")
    before = asyncio.BaseEventLoop.call_exception_handler
    client = init(integrations=[AsyncioIntegration()])
    assert asyncio.BaseEventLoop.call_exception_handler is not before
    assert "call_exception_handler" in vars(uvloop.Loop)
    client.close(uninstall=True)
    assert asyncio.BaseEventLoop.call_exception_handler is before
    assert "call_exception_handler" not in vars(uvloop.Loop)


# -- when and where


def test_loops_made_earlier_are_watched_also_on_other_threads(init, events):
    ready, go_on = threading.Event(), threading.Event()

    async def main():
        ready.set()
        while not go_on.is_set():
            await asyncio.sleep(0.001)
        await in_a_task()

    thread = threading.Thread(target=lambda: run_on(asyncio.new_event_loop(), main()))
    thread.start()
    assert ready.wait(10)
    init(integrations=[AsyncioIntegration()])
    go_on.set()
    thread.join(10)
    assert texts(events) == ["a"]


def output_of(program, *arguments):
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore::DeprecationWarning"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


PRINTING_CLIENT = """
import os, sys
import sentry_like
from sentry_like.integrations.atexit import AtexitIntegration
from sentry_like.integrations.dedupe import DedupeIntegration

class Printing:
    def send(self, envelope):
        event = envelope.get_event()
        print(event["exception"]["values"][-1]["value"], event.get("tags", {}).get("job"), flush=True)

def init():
    from sentry_like.integrations.asyncio import AsyncioIntegration

    integrations = [AsyncioIntegration(), AtexitIntegration(), DedupeIntegration()]
    sentry_like.init(transport=Printing(), default_integrations=False, integrations=integrations)
"""


def test_uvloop_that_is_imported_later_is_watched():
    pytest.importorskip("uvloop")
    program = """
        init()
        import uvloop

        def ring():
            raise ValueError("failed")

        loop = uvloop.new_event_loop()
        loop.call_soon(ring)
        loop.call_soon(loop.stop)
        loop.run_forever()
        loop.close()
    """
    assert output_of(PRINTING_CLIENT + textwrap.dedent(program)) == ["failed", "None"]


def test_task_that_is_kept_to_the_end_is_reported_once_also_if_there_was_a_fork():
    program = """
        import asyncio
        init()
        kept = []

        async def work():
            sentry_like.set_tag("job", "import")
            raise ValueError("kept")

        async def main():
            kept.append(asyncio.create_task(work()))
            await asyncio.sleep(0.01)

        asyncio.run(main())
        if hasattr(os, "fork") and os.fork() == 0:
            sys.exit()
        if hasattr(os, "fork"):
            os.wait()
    """
    assert output_of(PRINTING_CLIENT + textwrap.dedent(program)) == ["kept", "import"]


def test_kept_task_that_somebody_may_be_about_to_ask_is_left_alone(on, events):
    async def main():
        task = asyncio.create_task(fail("a"))
        await turns()
        report_kept(os.getpid())
        assert len(events) == 0
        return task

    task = asyncio.run(main())
    report_kept(os.getpid())
    assert texts(events) == ["a"]
    del task


# -- whose hub


def tags(events):
    return [event.get("tags") for event in events]


def test_event_has_the_tags_of_the_task_that_failed(on, events, run):
    async def work(number):
        sentry_like.set_tag("part", f"{number}")
        raise ValueError(f"{number}")

    async def main():
        sentry_like.set_tag("job", "import")
        tasks = [asyncio.ensure_future(work(number)) for number in range(3)]
        await turns()
        sentry_like.set_tag("part", "main")
        del tasks

    run(main())
    assert texts(events) == ["0", "1", "2"]
    for event, own in zip(events, tags(events), strict=True):
        assert own == {"job": "import", "part": event["exception"]["values"][-1]["value"]}


def test_event_has_the_tags_of_the_callback_that_failed(on, events, run):
    def work():
        sentry_like.set_tag("part", "callback")
        ring()

    async def main():
        sentry_like.set_tag("job", "import")
        asyncio.get_running_loop().call_soon(work)
        await turns()

    run(main())
    assert tags(events) == [{"job": "import", "part": "callback"}]


def test_task_of_a_client_without_the_integration_is_left_alone(on, events, run):
    other = TestTransport()
    client = sentry_like.Client("https://a@sentry.example/1", transport=other, default_integrations=False)

    async def main():
        with Hub(client):
            task = asyncio.ensure_future(fail())
            await asyncio.sleep(0)
        await turns()
        del task

    run(main())
    assert len(events) == 0
    assert other.events == []


def test_failure_that_comes_up_in_the_midst_of_a_capture_is_not_lost(init, events, run):
    tasks = []

    def let_go(event, hint):
        tasks.clear()
        return event

    init(integrations=[AsyncioIntegration()], before_send=let_go)

    async def main():
        tasks.append(asyncio.ensure_future(fail("a")))
        await turns()
        sentry_like.capture_exception(ValueError("b"))

    run(main())
    assert texts(events) == ["a", "b"]


def test_nothing_is_kept_alive(on, events, run):
    import weakref

    class Basket:
        pass

    watched = []

    async def work():
        basket = Basket()
        watched.append(weakref.ref(basket))
        await asyncio.sleep(0)
        raise ValueError("a")

    async def main():
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)  # what pytest sees, it keeps
        task = asyncio.ensure_future(work())
        await turns()
        del task

    run(main())
    assert texts(events) == ["a"]
    assert watched[0]() is None


# -- no leak between tasks, whoever starts them


async def mark_and_say(number):
    sentry_like.set_tag("number", f"{number}")
    sentry_like.add_breadcrumb(message=f"{number}")
    with sentry_like.push_scope() as scope:
        scope.set_tag("block", f"{number}")
        await asyncio.sleep(0.001 * (number % 3))
        contextvars.copy_context().run(sentry_like.set_tag, "copied", f"{number}")
        sentry_like.capture_message(f"{number}")


async def all_at_once():
    await asyncio.gather(*map(mark_and_say, range(300)))


async def in_a_task_group():
    async with asyncio.TaskGroup() as group:
        for number in range(300):
            group.create_task(mark_and_say(number))


async def in_an_anyio_group():
    anyio = pytest.importorskip("anyio")
    async with anyio.create_task_group() as group:
        for number in range(300):
            group.start_soon(mark_and_say, number)


def eager_task(loop, coroutine, *, context=None, **_):
    return asyncio.Task(coroutine, loop=loop, context=context, eager_start=True)


async def as_eager_tasks():
    asyncio.get_running_loop().set_task_factory(eager_task)
    await asyncio.gather(*[asyncio.create_task(mark_and_say(number)) for number in range(300)])


async def within_generators():
    async def number_after_number(number):
        with sentry_like.push_scope() as scope:
            scope.set_tag("generator", f"{number}")
            yield
            yield

    async def work(number):
        async for _ in number_after_number(number):
            await mark_and_say(number)
            break

    await asyncio.gather(*map(work, range(300)))


SPREADING = [all_at_once, in_an_anyio_group, within_generators]
SPREADING += [in_a_task_group] if HAS_GROUPS else []
SPREADING += [as_eager_tasks] if HAS_EAGER_TASKS else []


@pytest.mark.parametrize("spread", SPREADING, ids=lambda one: one.__name__)
def test_300_tasks_share_nothing(on, events, run, spread):
    run(spread())
    assert len(events) == 300
    for event in events:
        number = event["message"]
        own = {"number": number, "block": number, "copied": number}
        assert {name: event["tags"][name] for name in own} == own
        assert [crumb["message"] for crumb in event["breadcrumbs"]["values"]] == [number]
    sentry_like.capture_message("afterwards")
    assert tags(events)[-1] is None
