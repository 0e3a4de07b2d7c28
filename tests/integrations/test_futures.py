"""What fails in a future is reported once if nobody asks; each job runs in the hub of who submitted it."""

from __future__ import annotations

import asyncio
import gc
import operator
import os
import threading
import weakref
from concurrent import futures
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import pytest
from whole_programs import run_to_end

import sentry_like
from sentry_like.hub import Hub
from sentry_like.integrations._common import unread
from sentry_like.integrations.dedupe import DedupeIntegration
from sentry_like.integrations.futures import JOB, FuturesIntegration
from sentry_like.integrations.threading import ThreadingIntegration
from sentry_like.testing import DSN, TestTransport


@pytest.fixture(autouse=True)
def told_in_time():
    """Nothing is left for the next test to be told."""
    yield
    gc.collect()
    assert not unread._unread


@pytest.fixture
def watched(init):
    return init(integrations=[FuturesIntegration(), ThreadingIntegration(), DedupeIntegration()])


@pytest.fixture
def pool():
    with ThreadPoolExecutor(1) as pool:
        yield pool


def fail(text="no tea"):
    raise ValueError(text)


def done(pool, function=fail, *args):
    """A future whose job is over, also for the thread that did it."""
    future = pool.submit(function, *args)
    pool.submit(int).result(10)
    return future


def told(events):
    return [event["exception"]["values"][-1]["value"] for event in events]


# -- who asks, and who does not


def test_exception_that_nobody_asks_for_is_reported_when_its_future_dies(watched, pool, events):
    future = done(pool)
    assert not events
    del future
    assert told(events) == ["no tea"]
    assert events[0]["exception"]["values"][0]["mechanism"] == {"type": "futures", "handled": False}


def result_of(future):
    with pytest.raises(ValueError, match="no tea"):
        future.result()


def result_in_time(future):
    with pytest.raises(ValueError, match="no tea"):
        future.result(timeout=1)


async def wrap(future):
    with pytest.raises(ValueError, match="no tea"):
        await asyncio.wrap_future(future)


ASKING = {
    "result": result_of,
    "result in time": result_in_time,
    "exception": lambda future: future.exception(),
    "a callback that asks": lambda future: future.add_done_callback(lambda done: done.exception()),
    "as_completed, then result": lambda future: [result_of(done) for done in futures.as_completed([future])],
    "wrap_future": lambda future: asyncio.run(wrap(future)),
    "too late a cancel": lambda future: future.cancel(),
}


@pytest.mark.parametrize("ask", ASKING.values(), ids=ASKING)
def test_exception_that_somebody_asked_for_is_theirs(watched, pool, events, ask):
    future = done(pool)
    ask(future)
    del future
    gc.collect()
    assert not events


NOT_ASKING = {
    "a callback that does not ask": lambda future: future.add_done_callback(lambda done: None),
    "as_completed": lambda future: list(futures.as_completed([future])),
    "wait": lambda future: futures.wait([future]),
    "wait for the first exception": lambda future: futures.wait(
        [future], return_when=futures.FIRST_EXCEPTION
    ),
    "repr": repr,
    "done": lambda future: future.done(),
    "running and cancelled": lambda future: (future.running(), future.cancelled()),
}


@pytest.mark.parametrize("look", NOT_ASKING.values(), ids=NOT_ASKING)
def test_to_see_that_a_future_is_done_is_not_to_ask(watched, pool, events, look):
    future = done(pool)
    look(future)
    del future
    gc.collect()
    assert told(events) == ["no tea"]


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt, GeneratorExit, futures.CancelledError])
def test_job_that_is_only_ended_is_not_reported(watched, pool, events, error):
    def end():
        raise error

    future = done(pool, end)
    del future
    assert not events


def test_who_waited_before_it_failed_has_asked(watched, pool, events):
    may_go = threading.Event()
    future = pool.submit(lambda: may_go.wait(10) and fail())
    with ThreadPoolExecutor(1) as other:
        waiting = other.submit(future.exception)
        may_go.set()
        assert isinstance(waiting.result(10), ValueError)
    del future, waiting
    assert not events


def test_who_gave_up_waiting_has_not_asked(watched, pool, events):
    may_go = threading.Event()
    future = pool.submit(lambda: may_go.wait(10) and fail())
    with pytest.raises(futures.TimeoutError):
        future.result(timeout=0.01)
    may_go.set()
    pool.submit(int).result(10)
    del future
    assert told(events) == ["no tea"]


def test_job_that_was_cancelled_while_it_ran_is_not_reported(watched, pool, events):
    running, may_go = threading.Event(), threading.Event()
    future = pool.submit(lambda: running.set() or (may_go.wait(10) and fail()))
    running.wait(10)
    assert not future.cancel()
    may_go.set()
    pool.submit(int).result(10)
    del future
    assert not events


def test_map_that_nobody_looks_at_is_reported(watched, pool, events):
    pool.map(fail, ["one", "two"])
    pool.submit(int).result(10)
    gc.collect()
    assert sorted(told(events)) == ["one", "two"]


def test_map_whose_error_somebody_met_is_theirs(watched, pool, events):
    with pytest.raises(ValueError, match="one"):
        list(pool.map(fail, ["one", "two", "three"]))
    pool.submit(int).result(10)
    gc.collect()
    assert not events


def test_what_the_job_reported_itself_is_not_reported_again(watched, pool, events):
    def work():
        try:
            fail()
        except ValueError:
            sentry_like.capture_exception()
            raise

    future = done(pool, work)
    del future
    assert [event["exception"]["values"][0]["mechanism"]["type"] for event in events] == ["generic"]


def test_what_was_reported_is_not_reported_again_by_who_asks(watched, pool, events):
    def work():
        try:
            fail()
        except ValueError:
            sentry_like.capture_exception()
            raise

    try:
        pool.submit(work).result()
    except ValueError:
        sentry_like.capture_exception()
    assert len(events) == 1


def test_futures_made_by_hand_are_watched(watched, events):
    future = Future()
    future.set_exception(ValueError("by hand"))
    del future
    assert told(events) == ["by hand"]


def test_coroutine_that_another_thread_runs_is_watched(watched, events):
    async def work():
        fail("in the loop")

    async def main():
        loop = asyncio.get_running_loop()
        await asyncio.to_thread(lambda: asyncio.run_coroutine_threadsafe(work(), loop) and None)
        await asyncio.sleep(0.02)

    sentry_like.set_tag("job", "import")
    asyncio.run(main())
    gc.collect()
    assert told(events) == ["in the loop"]
    assert events[0]["tags"] == {"job": "import"}


def test_future_that_dies_in_the_midst_of_a_capture_is_reported_after_it(init, events):
    unread = []

    def drop(event, hint):
        unread.clear()
        return event

    init(integrations=[FuturesIntegration()], before_send=drop)
    unread.append(Future())
    unread[0].set_exception(ValueError("later"))
    sentry_like.capture_exception(ValueError("first"))
    assert told(events) == ["first", "later"]


def test_result_of_another_process_is_reported_with_its_traceback(watched, events):
    with sentry_like.push_scope() as scope, ProcessPoolExecutor(1, get_context("spawn")) as pool:
        scope.set_tag("job", "import")
        future = pool.submit(operator.truediv, 1, 0)
        futures.wait([future])
    del future
    gc.collect()
    (event,) = events
    remote, error = event["exception"]["values"]
    assert error["type"] == "ZeroDivisionError"
    assert error["mechanism"]["type"] == "futures"
    assert remote["type"] == "_RemoteTraceback"
    assert "process_worker" in remote["value"]
    assert event["tags"] == {"job": "import"}


# -- where the interpreter ends

UNREAD_AT_EXIT = """
    import atexit, os, sys
    from concurrent.futures import Future, ThreadPoolExecutor
    import sentry_like

    def fail():
        raise ValueError("kept to the end")

    sentry_like.init()
    pool = ThreadPoolExecutor(1)
    future = pool.submit(fail)
    """


def test_future_that_is_kept_to_the_end_is_reported_then(relay):
    ended = run_to_end(relay, UNREAD_AT_EXIT)
    assert ended.lines == ["ValueError: kept to the end (futures)"]
    assert (ended.exit, ended.err) == (0, "")


def test_integration_that_comes_later_than_the_end_hook_is_heard_before_it(relay):
    # `concurrent.futures` is imported last of all
    ended = run_to_end(
        relay,
        """
        import sentry_like
        sentry_like.init()
        import concurrent.futures
        future = concurrent.futures.Future()
        future.set_exception(ValueError("kept to the end"))
        """,
    )
    assert ended.lines == ["ValueError: kept to the end (futures)"]


def test_future_that_an_exit_hook_asks_for_is_not_reported(relay):
    ended = run_to_end(relay, f"{UNREAD_AT_EXIT}\n    atexit.register(future.exception)")
    assert ended.lines == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_forked_child_does_not_report_the_parents_futures(relay):
    ended = run_to_end(
        relay,
        f"""{UNREAD_AT_EXIT}
    pool.shutdown()
    child = os.fork()
    if child:
        os.waitpid(child, 0)
    """,
    )
    assert ended.lines == ["ValueError: kept to the end (futures)"]


# -- the hub of a job


def test_jobs_see_what_was_true_where_they_were_submitted(watched, pool, events):
    for part in "ab":
        with sentry_like.push_scope() as scope:
            scope.set_tag("part", part)
            pool.submit(sentry_like.capture_message, part)
    pool.submit(sentry_like.capture_message, "none").result(10)
    assert [(event["message"], event.get("tags")) for event in events] == [
        ("a", {"part": "a"}),
        ("b", {"part": "b"}),
        ("none", None),
    ]


def test_jobs_do_not_write_into_each_others_scope_nor_into_the_submitters(watched, pool, events):
    def work(name):
        sentry_like.set_tag(name, "yes")
        sentry_like.add_breadcrumb(message=name)
        fail(name)

    for name in "ab":
        done(pool, work, name)
    sentry_like.capture_message("submitter")
    assert [event.get("tags") for event in events] == [{"a": "yes"}, {"b": "yes"}, None]
    assert [len(event["breadcrumbs"]["values"]) for event in events[:2]] == [1, 1]
    assert not (events[2].get("breadcrumbs") or {}).get("values")


def test_what_the_submitter_changes_later_is_not_seen(watched, pool, events):
    may_go = threading.Event()
    future = pool.submit(lambda: may_go.wait(10) and sentry_like.capture_message("job"))
    sentry_like.set_tag("later", "yes")
    may_go.set()
    future.result(10)
    assert not events[0].get("tags")


def test_initializer_does_not_see_what_is_true_for_the_first_job(watched, events):
    with sentry_like.push_scope() as scope:
        scope.set_tag("job", "first")
        with ThreadPoolExecutor(1, initializer=lambda: sentry_like.capture_message("initializer")) as pool:
            pool.submit(int)
    assert [(event["message"], event.get("tags")) for event in events] == [("initializer", None)]


def test_map_goes_along(watched, pool, events):
    with sentry_like.push_scope() as scope:
        scope.set_tag("job", "import")
        list(pool.map(sentry_like.capture_message, "ab"))
    assert [event["tags"] for event in events] == [{"job": "import"}] * 2


@pytest.mark.parametrize("how", ["run_in_executor", "to_thread"])
def test_threads_of_asyncio_see_the_task(watched, events, how):
    async def task(part):
        sentry_like.set_tag("part", part)
        if how == "to_thread":
            await asyncio.to_thread(sentry_like.capture_message, part)
        else:
            await asyncio.get_running_loop().run_in_executor(None, sentry_like.capture_message, part)

    async def main():
        await asyncio.gather(task("a"), task("b"))
        await asyncio.get_running_loop().run_in_executor(None, sentry_like.capture_message, "c")

    asyncio.run(main())
    assert {event["message"]: (event.get("tags") or {}).get("part") for event in events} == {
        "a": "a",
        "b": "b",
        "c": None,
    }


def test_client_of_its_own_goes_along(events):
    own = TestTransport()
    client = sentry_like.Client(DSN, transport=own, integrations=[FuturesIntegration()])
    with ThreadPoolExecutor(1) as pool:
        with Hub(client):
            sentry_like.set_tag("job", "import")
            pool.submit(sentry_like.capture_message, "inside")
            done(pool)
        pool.submit(sentry_like.capture_message, "outside")
    assert [event["tags"] for event in own.events] == [{"job": "import"}] * 2
    assert not events


# -- what the application notices of it


def outcome(pool):
    """The exception that `result` raises, and the places in its traceback."""
    future = done(pool)
    with pytest.raises(ValueError, match="no tea") as caught:
        future.result()
    error = caught.value
    places, tb = [error is future.exception()], error.__traceback__
    while tb is not None:
        places.append((tb.tb_frame.f_code.co_name, tb.tb_lineno))
        tb = tb.tb_next
    return places, error.__cause__, error.__context__


def test_result_raises_the_same_with_the_same_traceback(init, pool):
    without = outcome(pool)
    init(integrations=[FuturesIntegration()])
    assert outcome(pool) == without


def test_future_dies_as_soon_as_without_us(watched, pool):
    gc.disable()
    try:
        future = done(pool)
        gone = weakref.ref(future)
        del future
        assert gone() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("function", [int, fail], ids=["succeeds", "fails"])
def test_exception_and_scope_live_no_longer_than_somebody_may_ask(watched, pool, function):
    class Thing:
        def __call__(self, event, hint):
            return event

    with sentry_like.push_scope() as scope:
        thing = Thing()
        gone = weakref.ref(thing)
        scope.add_event_processor(thing)
        future = done(pool, function)
    del thing, scope
    future.exception()
    gc.collect()
    assert gone() is None


def test_client_without_the_integration_leaves_futures_alone(watched, init, pool, transport):
    init(integrations=[])
    future = done(pool)
    assert JOB not in vars(future)
    del future
    assert not transport.events


def test_futures_of_before_are_as_they_were(init, pool, events):
    before = done(pool)
    init(integrations=[FuturesIntegration()])
    result_of(before)
    del before
    assert not events


def test_uninstalling_gives_everything_back(pool, events):
    from concurrent.futures.thread import _WorkItem

    before = {**vars(Future)}, {**vars(_WorkItem)}
    sentry_like.init(DSN, transport=TestTransport(), integrations=[FuturesIntegration()])
    future, successful = done(pool), done(pool, int)
    Hub.main.client.close(uninstall=True)
    assert ({**vars(Future)}, {**vars(_WorkItem)}) == before
    result_of(future)
    assert successful.result() == 0


def test_attribute_behaves_as_any_other(watched):
    future = Future()
    assert future._exception is None
    del future._exception
    assert not hasattr(future, "_exception")
    with pytest.raises(AttributeError, match="_exception"):
        future._exception


def test_references_of_unread_futures_do_not_pile_up(watched, pool):
    for _ in range(50):
        done(pool)
    kept = done(pool)
    assert len(unread._unread) == 1
    result_of(kept)
    assert not unread._unread


def test_jobs_left_in_a_pool_that_was_shut_down_are_not_reported(watched, events):
    may_go = threading.Event()
    pool = ThreadPoolExecutor(1)
    running = pool.submit(may_go.wait, 10)
    waiting = pool.submit(fail)
    pool.shutdown(wait=False, cancel_futures=True)
    may_go.set()
    running.result(10)
    del running, waiting, pool
    gc.collect()
    assert not events
