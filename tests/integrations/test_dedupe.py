"""An exception is sent once each time it is raised, however it comes back."""

from __future__ import annotations

import asyncio
import builtins
import contextlib
import copy
import dataclasses
import gc
import json
import os
import pickle
import sys
import threading
import types
import weakref
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.pool import ThreadPool

import pytest

import sentry_like
from sentry_like.integrations.dedupe import MARK, DedupeIntegration

Group = getattr(builtins, "ExceptionGroup", None)
needs_groups = pytest.mark.skipif(Group is None, reason="groups came with 3.11")


@pytest.fixture(autouse=True)
def dedupe(init):
    return init(integrations=[DedupeIntegration()])


capture = sentry_like.capture_exception


def raised(error):
    """The exception, after it was raised and caught in a function that has ended."""
    try:
        raise error
    except type(error) as caught:
        return caught


def told(events):
    return [event["exception"]["values"][-1]["value"] for event in events]


# -- the same, once more


def test_exceptions_that_alternate_are_sent_once_each(events):
    a, b = raised(ValueError("a")), raised(ValueError("b"))
    for error in (a, b, a, b):
        capture(error)
    assert told(events) == ["a", "b"]


def passes_on(act):
    def inner():
        try:
            raise ValueError("inner")
        except ValueError as error:
            capture(error)
            act(error)

    inner()


def bare(error):
    raise


def in_finally(error):
    try:
        raise
    finally:
        gc.get_count()


PASSING_ON = {
    "bare raise": bare,
    "through a finally": in_finally,
}


@pytest.mark.parametrize("act", PASSING_ON.values(), ids=PASSING_ON)
def test_exception_that_passes_on_is_sent_once(events, act):
    try:
        passes_on(act)
    except ValueError as error:
        capture(error)
    assert told(events) == ["inner"]


def test_exception_that_the_handler_raises_again_is_sent_once(events):
    def inner():
        try:
            raise ValueError("inner")
        except ValueError as error:
            capture(error)
            raise error

    try:
        inner()
    except ValueError as error:
        capture(error)
    assert told(events) == ["inner"]


def test_exception_that_a_caller_of_the_handler_raises_is_sent_once(events):
    def service():
        error = raised(ValueError("kept in the answer"))
        capture(error)
        return error

    def controller():
        raise service()

    try:
        controller()
    except ValueError as error:
        capture(error)
    assert len(events) == 1


def test_exception_that_was_sent_before_it_was_raised_is_sent_once(events):
    error = ValueError("made")
    capture(error)
    try:
        raise error
    except ValueError:
        capture()
    assert len(events) == 1


def test_exception_that_was_never_raised_is_sent_once(events):
    error = ValueError("made")
    capture(error)
    capture(error)
    assert len(events) == 1


def test_exception_whose_traceback_was_cut_off_is_sent_once(events):
    error = raised(ValueError("cut"))
    capture(error)
    error.__traceback__ = None
    capture(error)
    assert len(events) == 1


@contextlib.contextmanager
def reporting():
    try:
        yield
    except ValueError as error:
        capture(error)
        raise


def test_exception_that_passes_a_context_manager_is_sent_once(events):
    def work():
        with reporting(), contextlib.ExitStack() as stack:
            stack.enter_context(reporting())
            raise ValueError("inner")

    try:
        work()
    except ValueError as error:
        capture(error)
    assert len(events) == 1


def test_exception_that_passes_generators_is_sent_once(events):
    def numbers():
        with reporting():
            yield 1
            raise ValueError("inner")

    def all_numbers():
        yield from numbers()

    try:
        list(all_numbers())
    except ValueError as error:
        capture(error)
    assert len(events) == 1


def reraise(kind, error, tb):
    raise error.with_traceback(tb)


def test_exception_that_an_old_helper_raises_again_is_sent_once(events):
    def work():
        try:
            raise ValueError("inner")
        except ValueError:
            capture()
            reraise(*sys.exc_info())

    try:
        work()
    except ValueError as error:
        capture(error)
    assert len(events) == 1


def fails_and_reports():
    try:
        raise ValueError("in the worker")
    except ValueError:
        capture()
        raise


def via_future():
    with ThreadPoolExecutor(1) as pool:
        pool.submit(fails_and_reports).result()


def via_pool():
    with ThreadPool(1) as pool:
        pool.apply(fails_and_reports)


def via_tasks():
    async def work():
        fails_and_reports()

    async def main():
        await asyncio.create_task(asyncio.wait_for(asyncio.create_task(work()), 10))

    asyncio.run(main())


def via_to_thread():
    asyncio.run(asyncio.to_thread(fails_and_reports))


def via_gather():
    async def work():
        fails_and_reports()

    async def main():
        await asyncio.gather(work(), asyncio.sleep(0))

    asyncio.run(main())


HAND_OVERS = {
    "future": via_future,
    "pool": via_pool,
    "tasks": via_tasks,
    "to_thread": via_to_thread,
    "gather": via_gather,
}


@pytest.mark.parametrize("work", HAND_OVERS.values(), ids=HAND_OVERS)
def test_exception_that_is_handed_over_to_who_waits_is_sent_once(events, work):
    try:
        work()
    except ValueError as error:
        capture(error)
    assert told(events) == ["in the worker"]


# -- the same object, raised anew

KEPT = ValueError("kept")


def fails_with_kept():
    raise KEPT


def request():
    """One unit of work, in which the same object is raised."""
    try:
        fails_with_kept()
    except ValueError as error:
        capture(error)
        with contextlib.suppress(ValueError):  # a second layer
            raise
        capture(error)


@pytest.fixture
def kept():
    KEPT.__dict__.clear()
    KEPT.__traceback__ = None
    yield KEPT
    KEPT.__traceback__ = None


def test_object_that_is_raised_anew_is_sent_each_time(events, kept):
    for _ in range(3):
        request()
    assert told(events) == ["kept"] * 3


def test_object_that_several_threads_raise_is_sent_each_time(events, kept):
    for _ in range(3):
        thread = threading.Thread(target=request)
        thread.start()
        thread.join(10)
    assert len(events) == 3


def test_object_that_several_tasks_raise_is_sent_each_time(events, kept):
    async def task():
        await asyncio.sleep(0)
        request()

    async def main():
        for _ in range(3):
            await asyncio.create_task(task())

    asyncio.run(main())
    assert len(events) == 3


def test_object_whose_traceback_is_cleared_is_sent_each_time(events, kept):
    def work():
        raise KEPT.with_traceback(None)

    def serve():
        try:
            work()
        except ValueError as error:
            capture(error)

    serve()
    held = KEPT.__traceback__  # else the next may get the same address
    serve()
    assert held is not KEPT.__traceback__
    assert len(events) == 2


def test_traceback_without_byte_code_is_no_raise(events):
    error = raised(ValueError("from C"))
    capture(error)
    beyond = types.TracebackType(error.__traceback__, sys._getframe(), 10**6, 1)
    capture(error.with_traceback(beyond))
    assert len(events) == 1


def test_object_that_was_raised_a_million_times_costs_no_more_than_a_bound(events, kept):
    for _ in range(30_000):
        with contextlib.suppress(ValueError):
            fails_with_kept()
    request()
    assert len(events) == 1


# -- causes


def test_exception_raised_from_one_that_was_sent_is_not_sent(events):
    try:
        try:
            raise ValueError("cause")
        except ValueError as cause:
            capture(cause)
            raise RuntimeError("wrapper") from cause
    except RuntimeError as error:
        capture(error)
        try:
            raise KeyError("outermost") from error
        except KeyError:
            capture()
    assert told(events) == ["cause"]


def test_wrapper_that_a_helper_of_the_handler_raises_is_not_sent(events):
    def translate(error):
        raise RuntimeError("wrapper") from error

    try:
        try:
            raise ValueError("cause")
        except ValueError as cause:
            capture(cause)
            translate(cause)
    except RuntimeError as error:
        capture(error)
    assert told(events) == ["cause"]


def test_wrapper_that_is_raised_after_the_handler_is_not_sent(events):
    cause = raised(ValueError("cause"))
    capture(cause)
    try:
        raise RuntimeError("wrapper") from cause
    except RuntimeError as error:
        capture(error)
    assert told(events) == ["cause"]


def test_exception_raised_while_one_that_was_sent_was_handled_is_sent(events):
    try:
        try:
            raise ValueError("first")
        except ValueError:
            capture()
            raise KeyError("second")
    except KeyError:
        capture()
    assert told(events) == ["first", "'second'"]


def test_exception_with_a_cause_that_was_not_sent_is_sent(events):
    try:
        raise RuntimeError("wrapper") from raised(ValueError("cause"))
    except RuntimeError:
        capture()
    assert told(events) == ["wrapper"]


class Breaker:
    """Refuses work once it has failed, and names why."""

    last = None

    def work(self):
        if self.last is not None:
            raise RuntimeError("refused") from self.last
        raise ValueError("broken")

    def request(self):
        try:
            self.work()
        except ValueError as error:
            self.last = error
            capture(error)
        except RuntimeError as error:
            capture(error)


def test_error_that_is_kept_as_the_cause_of_later_ones_does_not_hide_them(events):
    breaker = Breaker()
    for _ in range(3):
        breaker.request()
    assert told(events) == ["broken", "refused", "refused"]


def test_causes_that_go_in_circles_end(events):
    a, b = ValueError("a"), ValueError("b")
    a.__cause__, b.__cause__ = b, a
    capture(a)
    capture(b)
    assert told(events) == ["a"]


# -- groups


@needs_groups
def test_group_of_what_was_sent_is_not_sent(events):
    members = [raised(ValueError("a")), raised(ValueError("b"))]
    for member in members:
        capture(member)
    capture(raised(Group("both", [members[0], Group("inner", [members[1], members[0]])])))
    assert told(events) == ["a", "b"]


@needs_groups
def test_group_with_something_new_is_sent(events):
    capture(known := raised(ValueError("known")))
    capture(raised(Group("some", [known, raised(ValueError("new"))])))
    assert told(events) == ["known", "some"]


@needs_groups
def test_members_and_parts_of_a_group_that_was_sent_are_not_sent(events):
    group = raised(Group("both", [raised(ValueError("a")), raised(KeyError("b"))]))
    capture(group)
    capture(group.exceptions[0])
    capture(raised(group.subgroup(KeyError)))
    assert told(events) == ["both"]


@needs_groups
def test_tasks_that_reported_themselves_are_not_reported_by_their_group(events):
    async def work():
        fails_and_reports()

    async def main():
        async with asyncio.TaskGroup() as group:
            group.create_task(work())
            group.create_task(work())

    try:
        asyncio.run(main())
    except Group as group:
        capture(group)
    assert told(events) == ["in the worker"] * 2


@needs_groups
def test_huge_and_knotted_groups_end(events):
    group = Group("leaf", [ValueError("a")])
    for _ in range(60):
        group = Group("knot", [group, group])
    capture(group)
    capture(group)
    many = Group("many", [ValueError(f"{number}") for number in range(5000)])
    capture(many)
    capture(many)
    assert len(events) == 2


# -- exceptions of all kinds


class Slotted(Exception):
    __slots__ = ("code",)


@dataclasses.dataclass(frozen=True)
class Frozen(Exception):
    code: int = 1


class Hostile(Exception):
    __cause__ = __context__ = __traceback__ = property(lambda self: 1 / 0)

    def __setattr__(self, name, value):
        raise AssertionError("nobody may write here")

    def __getattribute__(self, name):
        raise AssertionError("nor read")


class Unhashable(Exception):
    __hash__ = None

    def __eq__(self, other):
        raise AssertionError("nobody may compare")


KINDS = [
    ValueError,
    KeyboardInterrupt,
    MemoryError,
    StopIteration,
    OSError,
    Slotted,
    Frozen,
    Hostile,
    Unhashable,
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_kind_of_exception_can_be_marked(events, kind):
    def work():
        try:
            raise kind()
        except kind:
            capture()
            raise

    try:
        work()
    except kind:
        capture()
    assert len(events) == 1


# -- the mark itself


class Picklable(Exception):
    pass


@pytest.mark.parametrize(
    "copied",
    [copy.copy, copy.deepcopy, lambda error: pickle.loads(pickle.dumps(error))],
    ids=["copy", "deepcopy", "pickle"],
)
def test_copy_is_another_exception(events, copied):
    error = raised(Picklable("original"))
    capture(error)
    capture(copied(error))
    capture(raised(copied(error)))
    assert len(events) == 3


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_mark_means_nothing_in_another_process(events):
    capture(raised(error := ValueError("parent's")))
    assert error.__dict__[MARK][0] == os.getpid()
    error.__dict__[MARK] = (os.getpid() + 1, *error.__dict__[MARK][1:])
    capture(error)
    assert len(events) == 2


def test_mark_is_plain_data(events):
    error = raised(ValueError("x"))
    capture(error)
    assert json.loads(json.dumps(vars(error))) == {MARK: list(vars(error)[MARK])}


@pytest.mark.parametrize("nonsense", [True, (), (1,), "x", None], ids=repr)
def test_mark_that_somebody_overwrote_is_none(events, nonsense):
    error = raised(ValueError("x"))
    error.__dict__[MARK] = nonsense
    capture(error)
    assert len(events) == 1


def test_mark_holds_nothing_alive(events):
    class Thing:
        pass

    def work():
        thing = Thing()
        gone.append(weakref.ref(thing))
        raise ValueError("x")

    gone = []
    try:
        work()
    except ValueError as caught:
        error = caught
        capture(error)
    error.__traceback__ = None
    gc.collect()
    assert vars(error)
    assert gone[0]() is None


def test_exception_that_is_sampled_out_or_dropped_has_no_mark(init):
    init(integrations=[DedupeIntegration()], before_send=lambda event, hint: None)
    error = raised(ValueError("x"))
    capture(error)
    assert not vars(error)
