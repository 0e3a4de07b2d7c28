"""A unit of work is on its own: what is set in it is gone after it, and what ends it is told once."""

from __future__ import annotations

import asyncio
import builtins
import functools
import gc
import inspect
import sys
import threading
import types
import weakref

import pytest

import sentry_like
from sentry_like import isolate
from sentry_like.hub import Hub
from sentry_like.integrations._common.work import is_error, unit_of_work
from sentry_like.integrations.dedupe import DedupeIntegration
from sentry_like.testing import TestTransport


class Lost(Exception):
    """What ends a unit."""


def state():
    """What is true here."""
    scope = Hub.current.scope
    return dict(scope.tags), scope.user, [crumb.make()["message"] for crumb in scope.breadcrumbs]


def spoil():
    """Set one of everything in the present scope."""
    sentry_like.set_tag("inner", "yes")
    sentry_like.set_user({"id": "inner"})
    sentry_like.add_breadcrumb(message="inner")


def as_block(work):
    with isolate("job", "nightly", tags={"kind": "cron"}):
        return work()


def as_async_block(work):
    async def main():
        async with isolate("job", "nightly", tags={"kind": "cron"}):
            return work()

    return asyncio.run(main())


def as_function(work):
    @isolate("job", "nightly", tags={"kind": "cron"})
    def decorated():
        return work()

    return decorated()


def as_coroutine(work):
    @isolate("job", "nightly", tags={"kind": "cron"})
    async def decorated():
        await asyncio.sleep(0)
        return work()

    return asyncio.run(decorated())


def as_method(work):
    class Owner:
        @isolate("job", "nightly", tags={"kind": "cron"})
        def method(self):
            return work()

    return Owner().method()


def as_static_method(work):
    class Owner:
        @isolate("job", "nightly", tags={"kind": "cron"})
        @staticmethod
        def method():
            return work()

    return Owner().method()


def as_class_method(work):
    class Owner:
        @isolate("job", "nightly", tags={"kind": "cron"})
        @classmethod
        def method(cls):
            return work()

    return Owner().method()


def as_partial(work):
    return isolate("job", "nightly", tags={"kind": "cron"})(functools.partial(work))()


def as_object(work):
    class Callable:
        def __call__(self):
            return work()

    return isolate("job", "nightly", tags={"kind": "cron"})(Callable())()


def as_async_object(work):
    class Callable:
        async def __call__(self):
            return work()

    return asyncio.run(isolate("job", "nightly", tags={"kind": "cron"})(Callable())())


def as_iterable_coroutine(work):
    @isolate("job", "nightly", tags={"kind": "cron"})
    @types.coroutine
    def decorated():
        yield from asyncio.sleep(0).__await__()
        return work()

    return asyncio.run(decorated())


FORMS = {
    name.removeprefix("as_").replace("_", " "): form
    for name, form in list(globals().items())
    if name.startswith("as_")
}
EVERY_FORM = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)


# -- in it, and after it


@EVERY_FORM
def test_what_is_set_within_is_gone_afterwards(init, form):
    init()
    sentry_like.set_tag("outer", "yes")
    sentry_like.add_breadcrumb(message="outer")
    before, hub = state(), Hub.current
    form(spoil)
    assert (state(), Hub.current) == (before, hub)


@EVERY_FORM
def test_unit_starts_from_what_is_true_around_it_but_breadcrumbs_begin_anew(init, form):
    init()
    sentry_like.set_tag("outer", "yes")
    sentry_like.add_breadcrumb(message="outer")
    assert form(state) == ({"outer": "yes", "kind": "cron"}, None, [])


@EVERY_FORM
def test_result_comes_back(init, form):
    init()
    assert form(lambda: 5) == 5


@EVERY_FORM
@pytest.mark.parametrize("has_client", [True, False], ids=["client", "no client"])
def test_exception_passes_as_it_was(init, form, has_client):
    if has_client:
        init()
    failure, context = Lost(), KeyError()

    def work():
        try:
            raise context
        except KeyError:
            raise failure from None

    with pytest.raises(Lost) as caught:
        form(work)
    assert caught.value is failure
    assert (failure.__context__, failure.__cause__, failure.__suppress_context__) == (context, None, True)
    assert Hub.current is Hub.main


@EVERY_FORM
def test_exception_is_captured_once_with_what_the_unit_knows(init, events, form):
    init(integrations=[DedupeIntegration()])

    def work():
        spoil()
        raise Lost

    with pytest.raises(Lost):
        form(work)
    (event,) = events
    (value,) = event["exception"]["values"]
    assert (value["type"], value["mechanism"]) == ("Lost", {"type": "job", "handled": False})
    assert event["tags"] == {"kind": "cron", "inner": "yes"}
    assert event["user"] == {"id": "inner"}
    assert [crumb["message"] for crumb in event["breadcrumbs"]["values"]] == ["inner"]
    assert (event["transaction"], event["transaction_info"]) == ("nightly", {"source": "custom"})


def test_nested_units_send_an_exception_once(init, events):
    init(integrations=[DedupeIntegration()])
    with pytest.raises(Lost), isolate("outer"), isolate("inner"):
        raise Lost
    assert [event["exception"]["values"][0]["mechanism"]["type"] for event in events] == ["inner"]


def test_nested_units_have_names_and_tags_of_their_own(init):
    init()
    with isolate("job", "outer", tags={"a": "1"}) as outer:
        with isolate("job", "inner", tags={"b": "2"}) as inner:
            assert dict(inner.tags) == {"a": "1", "b": "2"}
            assert Hub.current.scope is inner
        assert Hub.current.scope is outer
        assert dict(outer.tags) == {"a": "1"}


def test_one_object_may_be_used_again_nested_and_by_many_threads(init):
    init()
    unit = isolate("job", tags={"a": "1"})
    scopes, gate = [], threading.Barrier(8)

    def work():
        gate.wait()
        for _ in range(50):
            with unit as outer:
                with unit as inner:
                    scopes.append(inner)
                    assert Hub.current.scope is inner
                assert Hub.current.scope is outer
            scopes.append(outer)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(scope) for scope in scopes}) == len(scopes) == 800
    assert not unit._entered


def test_threads_and_tasks_do_not_write_into_each_others_units(init):
    init()

    @isolate("job")
    def in_thread(number):
        sentry_like.set_tag("number", number)
        gate.wait()
        seen.append((number, dict(Hub.current.scope.tags)))

    @isolate("job")
    async def in_task(number):
        sentry_like.set_tag("number", number)
        await asyncio.sleep(0.001)
        seen.append((number, dict(Hub.current.scope.tags)))

    async def main():
        await asyncio.gather(*map(in_task, range(8)))

    seen, gate = [], threading.Barrier(8)
    threads = [threading.Thread(target=in_thread, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    asyncio.run(main())
    assert len(seen) == 16
    assert all(tags == {"number": number} for number, tags in seen)
    assert state()[0] == {}


def test_task_started_within_knows_the_unit_but_does_not_write_into_it(init):
    init()

    async def child():
        tags = dict(Hub.current.scope.tags)
        sentry_like.set_tag("child", "yes")
        return tags

    async def main():
        async with isolate("job", tags={"a": "1"}) as scope:
            return await asyncio.ensure_future(child()), dict(scope.tags)

    assert asyncio.run(main()) == ({"a": "1"}, {"a": "1"})


# -- what is left open


def leave_a_hub():
    Hub(Hub.current).__enter__()
    sentry_like.set_tag("left", "hub")


def leave_the_same_hub():
    Hub.current.__enter__()


def leave_a_hub_with_another_client():
    Hub(sentry_like.Client(transport=TestTransport(), default_integrations=False)).__enter__()


def leave_a_scope():
    Hub.current.push_scope().__enter__()
    sentry_like.set_tag("left", "scope")


def leave_a_local_scope():
    Hub.current.new_scope().__enter__()


def leave_a_unit():
    isolate("left").__enter__()


def leave_too_early():
    Hub.current.__exit__(None, None, None)


def leave_all():
    for leave in (leave_a_scope, leave_a_hub, leave_a_unit, leave_the_same_hub, leave_a_scope):
        leave()


LEAKS = [leave for name, leave in list(globals().items()) if name.startswith("leave_")]


@pytest.mark.parametrize("leave", LEAKS, ids=lambda leave: leave.__name__)
@pytest.mark.parametrize("is_raising", [True, False], ids=["raises", "returns"])
def test_what_was_left_open_within_is_closed_with_the_unit(init, events, leave, is_raising):
    init()
    hub, before = Hub.current, state()

    def work():
        leave()
        if is_raising:
            raise Lost

    try:
        with isolate("job"):
            work()
    except Lost:
        assert is_raising
    assert (Hub.current, state()) == (hub, before)
    assert len(events) == is_raising


def test_hooks_find_the_unit_current_though_a_hub_was_left_open_within(init):
    seen = []

    def hook(event, hint):
        seen.append(dict(Hub.current.scope.tags))
        return event

    def work():
        leave_a_hub()
        raise Lost

    init(before_send=hook)
    with pytest.raises(Lost):
        as_block(work)
    assert seen == [{"kind": "cron"}]


def test_block_that_ends_in_another_context_changes_nothing_there(init, events):
    from contextvars import copy_context

    init()
    unit, hub = isolate("job"), Hub.current
    context = copy_context()
    context.run(unit.__enter__)
    sentry_like.set_tag("here", "yes")
    unit.__exit__(Lost, Lost(), None)
    assert (Hub.current, state()[0]) == (hub, {"here": "yes"})
    assert len(events) == 1


# -- as a decorator


@pytest.mark.parametrize("decorate", [isolate, isolate(), isolate("job")], ids=["bare", "empty", "job"])
def test_function_stays_what_it_was(decorate):
    def plain(a: int, *, b: str = "x") -> tuple:
        """Documentation."""

    async def coroutine(a: int, *, b: str = "x") -> tuple:
        """Documentation."""

    for function in (plain, coroutine):
        decorated = decorate(function)
        assert inspect.signature(decorated) == inspect.signature(function)
        assert inspect.iscoroutinefunction(decorated) == inspect.iscoroutinefunction(function)
        assert (decorated.__name__, decorated.__doc__) == (function.__name__, function.__doc__)
        assert decorated.__wrapped__ is function


def test_decorated_function_without_a_name_goes_by_its_own(init, events):
    class Callable:
        def __call__(self):
            sentry_like.capture_message("x")

    def job():
        sentry_like.capture_message("x")

    init()
    for function in (job, functools.partial(functools.partial(job)), Callable()):
        isolate("job")(function)()
    assert [event["transaction"].rpartition(".")[2] for event in events] == ["job", "job", "Callable"]


def test_bare_decorator_makes_units(init, events):
    @isolate
    def nightly(a, b=2):
        spoil()
        raise Lost(a, b)

    init()
    with pytest.raises(Lost, match=r"\(1, 3\)"):
        nightly(1, b=3)
    assert state() == ({}, None, [])
    assert events[0]["transaction"].endswith("nightly")
    assert events[0]["exception"]["values"][0]["mechanism"] == {"type": "task", "handled": False}


def test_method_gets_its_object():
    class Owner:
        @isolate
        def method(self, a):
            return self, a

        @isolate
        async def method_async(self, a):
            return self, a

    owner = Owner()
    assert owner.method(5) == asyncio.run(owner.method_async(5)) == (owner, 5)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="there is no such mark before")
def test_function_marked_as_coroutine_is_awaited_in_its_unit(init):
    async def coroutine():
        await asyncio.sleep(0)
        return state()[0]

    init()
    marked = isolate("job", tags={"a": "1"})(inspect.markcoroutinefunction(lambda: coroutine()))
    assert asyncio.run(marked()) == {"a": "1"}


def generator():
    yield 1


async def async_generator():
    yield 1


REFUSED = {
    "generator": (generator, "generator is a generator function.*use the block"),
    "async generator": (async_generator, "async_generator is a generator function.*use the block"),
    "partial of a generator": (functools.partial(generator), "generator is a generator function"),
    "class": (dict, "a unit of work is a function or a block, not <class 'dict'>"),
}


@pytest.mark.parametrize(("function", "message"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_a_unit_is_refused(function, message):
    for decorate in (isolate, isolate("job")):
        with pytest.raises(TypeError, match=message):
            decorate(function)


@pytest.mark.parametrize("op", [5, None, object()], ids=["number", "None", "object"])
def test_what_is_neither_a_name_nor_a_function_is_refused(op):
    with pytest.raises(TypeError):
        isolate(op)
    with pytest.raises(TypeError):
        isolate("job")(op)


# -- flushing


class Slow(TestTransport):
    """Says how it was flushed, and from which thread."""

    def __init__(self):
        super().__init__()
        self.flushed = []

    def flush(self, timeout=None):
        self.flushed.append(
            (timeout, threading.current_thread() is threading.main_thread(), Hub.current.scope.tags)
        )
        return True


@pytest.mark.parametrize("is_raising", [True, False], ids=["raises", "returns"])
def test_unit_flushes_at_its_end_only_if_asked_to(init, is_raising):
    transport = Slow()
    init(transport=transport, shutdown_timeout=7)

    def work():
        if is_raising:
            raise Lost

    for settings in ({}, {"flush": True}, {"flush": True, "flush_timeout": 3}):
        try:
            with isolate("job", **settings):
                work()
        except Lost:
            assert is_raising
    assert [timeout for timeout, *_ in transport.flushed] == [7, 3]


def test_async_unit_flushes_without_holding_up_the_loop(init):
    transport = Slow()
    init(transport=transport)

    async def main():
        async with isolate("job", flush=True, flush_timeout=3):
            pass
        loop = asyncio.get_running_loop()
        await loop.shutdown_default_executor()
        async with isolate("job", flush=True, flush_timeout=4):
            pass

    asyncio.run(main())
    assert [flushed[:2] for flushed in transport.flushed] == [(3, False), (4, True)]


def test_async_unit_flushes_without_asyncio_too(init):
    transport = Slow()
    init(transport=transport)

    async def main():
        async with isolate("job", flush=True, flush_timeout=3):
            pass

    with pytest.raises(StopIteration):
        main().send(None)
    assert [flushed[:2] for flushed in transport.flushed] == [(3, True)]


def test_async_unit_that_is_cancelled_while_it_flushes_is_cancelled(init):
    class Slower(Slow):
        def flush(self, timeout=None):
            gate.wait(5)
            return True

    gate = threading.Event()
    init(transport=Slower())

    async def main():
        task = asyncio.ensure_future(isolate("job", flush=True)(asyncio.sleep)(0))
        await asyncio.sleep(0.02)
        task.cancel()
        try:
            await asyncio.wait([task])
            assert task.cancelled()
        finally:
            gate.set()

    asyncio.run(main())


def test_unit_without_a_client_does_nothing_and_works():
    with isolate("job", "name", tags={"a": "1"}, flush=True) as scope:
        assert Hub.current.scope is scope
    assert asyncio.run(isolate("job", flush=True)(asyncio.sleep)(0, 5)) == 5


def test_unit_in_which_capturing_fails_raises_what_ended_it(init, lenient):
    class Failing(TestTransport):
        def send(self, envelope):
            raise OSError

        def flush(self, timeout=None):
            raise OSError

    init(transport=Failing())
    with pytest.raises(Lost):
        with isolate("job", flush=True):
            raise Lost
    assert Hub.current is Hub.main


def without_loop(work):
    """An event loop would hold what its tasks raised."""

    async def main():
        async with isolate("job", flush=True):
            work()

    main().send(None)


@pytest.mark.parametrize("form", [as_block, as_function, without_loop], ids=lambda form: form.__name__)
def test_unit_holds_nothing_alive(init, form):
    init()
    gc.collect()
    gc.disable()
    try:
        seen = []

        def work():
            failure, processor = Lost(), lambda event, hint: event
            Hub.current.scope.add_event_processor(processor)
            seen.extend([weakref.ref(failure), weakref.ref(processor)])
            try:
                raise failure
            finally:
                del failure  # the frame that holds it is held by it

        def use():
            try:
                form(work)
            except Lost:
                return

        use()
        assert [held() for held in seen] == [None, None]
    finally:
        gc.enable()


# -- what is an error

TROUBLE, CANCELLED = ValueError(), asyncio.CancelledError()
GreenletExit = type("GreenletExit", (BaseException,), {})
ERRORS = {
    "exception": (TROUBLE, True),
    "any other ending": (BaseException(), True),
    "Ctrl-C": (KeyboardInterrupt(), False),
    "exit": (SystemExit(1), False),
    "an exit that is an exception, too": (type("Exit", (SystemExit, Exception), {})(), False),
    "generator exit": (GeneratorExit(), False),
    "cancellation": (CANCELLED, False),
    "timeout": (asyncio.TimeoutError(), True),
    "with a list of its own": (type("Many", (Exception,), {"exceptions": (CANCELLED,)})(), True),
    "with a bad list of its own": (type("Many", (BaseException,), {"exceptions": (5,)})(), True),
    "with an empty list of its own": (type("Many", (BaseException,), {"exceptions": ()})(), True),
}
if sys.version_info >= (3, 11):
    Group = builtins.BaseExceptionGroup
    GROUPS = {
        "of exceptions": (Group("x", [TROUBLE]), True),
        "of cancellations": (Group("x", [CANCELLED, CANCELLED]), False),
        "of both": (Group("x", [CANCELLED, TROUBLE]), True),
        "of groups": (Group("x", [Group("y", [KeyboardInterrupt()])]), False),
        "of groups, one with trouble": (
            Group("x", [CANCELLED, Group("y", [SystemExit(), TROUBLE])]),
            True,
        ),
    }
    ERRORS.update({f"a group {name}": row for name, row in GROUPS.items()})


@pytest.mark.parametrize(("error", "expected"), ERRORS.values(), ids=ERRORS)
def test_who_should_be_told_of(error, expected):
    assert is_error(error) is expected


@pytest.mark.parametrize(("module", "name"), [("trio", "Cancelled"), ("greenlet", "GreenletExit")])
def test_other_kinds_of_tasks_end_in_their_own_ways(monkeypatch, module, name):
    ending = type(name, (BaseException,), {})
    assert is_error(ending())
    monkeypatch.setitem(sys.modules, module, types.SimpleNamespace(**{name: ending}))
    assert not is_error(ending())


def test_what_is_being_imported_is_no_trouble(monkeypatch):
    monkeypatch.setitem(sys.modules, "asyncio", types.ModuleType("asyncio"))
    assert is_error(TROUBLE)
    assert not is_error(KeyboardInterrupt())


@pytest.mark.parametrize("ending", [KeyboardInterrupt, SystemExit, asyncio.CancelledError])
def test_what_nobody_should_be_told_of_ends_a_unit_in_silence(init, events, ending):
    init()
    with pytest.raises(ending):
        with isolate("job"):
            raise ending
    assert len(events) == 0


def test_public_name_is_the_engines():
    assert isinstance(isolate("job"), unit_of_work)
