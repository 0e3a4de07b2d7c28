"""Who is current, what a hub's stack holds, and that units of work do not leak into each other."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

import sentry_like
from sentry_like import Hub, Scope
from sentry_like.breadcrumbs import Crumb


def tags(event):
    return event.get("tags", {})


class Silent:
    """A client that only can be told apart."""

    def __init__(self, name):
        self.name = name

    def close(self, timeout=None):
        return True


def test_hub_of_the_importing_thread_is_main():
    assert Hub.current is Hub.main


def test_clone_has_the_client_and_a_fork_of_the_scope():
    client = Silent("own")
    hub = Hub(client)
    hub.scope.set_tag("a", "1")
    clone = Hub(hub)
    clone.scope.set_tag("b", "2")
    assert clone.client is client
    assert (hub.scope.tags, clone.scope.tags) == ({"a": "1"}, {"a": "1", "b": "2"})


def test_hub_made_from_a_client_starts_empty():
    hub = Hub(Silent("x"))
    assert hub.scope.is_empty()


def test_hub_without_a_client_is_silent_even_after_init(init):
    init()
    assert Hub().client is None


def test_hub_is_current_within_its_block_only():
    hub = Hub(Hub.current)
    with hub as entered:
        assert entered is hub
        assert Hub.current is hub
    assert Hub.current is Hub.main


def test_blocks_of_hubs_nest_and_repeat():
    outer, inner = Hub(), Hub()
    with outer:
        with inner, outer:
            assert Hub.current is outer
        assert Hub.current is outer
    assert Hub.current is Hub.main


def test_run_gives_the_result_and_lets_exceptions_pass():
    hub = Hub(Hub.current)
    assert hub.run(lambda: Hub.current is hub) is True
    with pytest.raises(KeyError):
        hub.run(lambda: {}["missing"])
    assert Hub.current is Hub.main


def test_client_bound_to_main_holds_for_hubs_that_inherit(init):
    clone = Hub(Hub.current)
    client = init()
    assert clone.client is client


def test_client_bound_to_a_hub_holds_for_it_alone(init):
    client = init()
    hub = Hub(Hub.current)
    own = Silent("own")
    hub.bind_client(own)
    assert (hub.client, Hub.main.client) == (own, client)


def test_hub_may_be_silenced(init, events):
    init()
    with Hub(Hub.current) as hub:
        hub.bind_client(None)
        assert sentry_like.capture_message("unheard") is None
    assert not events


def test_one_hub_may_be_current_in_two_threads():
    hub = Hub(Hub.current)
    seen = []
    with hub:
        thread = threading.Thread(target=lambda: hub.run(lambda: seen.append(Hub.current)))
        thread.start()
        thread.join()
        assert Hub.current is hub
    assert seen == [hub]
    assert Hub.current is Hub.main


# -- the stack


def test_pushed_scope_starts_as_a_fork_and_is_gone_afterwards():
    Hub.current.scope.set_tag("outer", "1")
    with Hub.current.push_scope() as scope:
        scope.set_tag("inner", "2")
        assert Hub.current.scope is scope
        assert scope.tags == {"outer": "1", "inner": "2"}
    assert Hub.current.scope.tags == {"outer": "1"}


def test_push_scope_calls_a_callback_with_the_scope():
    seen = []
    assert Hub.current.push_scope(seen.append) is None
    assert isinstance(seen[0], Scope)
    assert Hub.current.scope is not seen[0]


def test_exception_leaves_the_stack_as_it_was():
    before = Hub.current.scope
    with pytest.raises(ValueError), Hub.current.push_scope():
        raise ValueError
    assert Hub.current.scope is before


def test_scopes_leaked_within_a_block_are_closed_with_it():
    before = Hub.current.scope
    with Hub.current.push_scope():
        Hub.current.push_scope().__enter__()
        Hub.current.push_scope().__enter__()
    assert Hub.current.scope is before


def test_scope_popped_within_its_block_is_not_popped_twice():
    before = Hub.current.scope
    with Hub.current.push_scope() as outer:
        with Hub.current.push_scope():
            Hub.current.pop_scope_unsafe()
        assert Hub.current.scope is outer
    assert Hub.current.scope is before


def test_pop_gives_client_and_scope_of_the_layer(init):
    client = init()
    Hub.current.push_scope().__enter__()
    scope = Hub.current.scope
    assert Hub.current.pop_scope_unsafe() == (client, scope)


def test_base_scope_cannot_be_popped():
    with pytest.raises(RuntimeError, match="base scope"):
        Hub.current.pop_scope_unsafe()


def test_init_within_a_pushed_scope_takes_effect(init, events):
    with Hub.current.push_scope() as scope:
        scope.set_tag("a", "1")
        init()
        sentry_like.capture_message("inside")
    sentry_like.capture_message("outside")
    assert [tags(event) for event in events] == [{"a": "1"}, {}]


def test_configure_scope_edits_the_present_scope(init):
    init()
    with Hub.current.configure_scope() as scope:
        assert scope is Hub.current.scope


def test_configure_scope_gives_a_scope_nobody_reads_without_a_client():
    with Hub.current.configure_scope() as scope:
        assert scope is not Hub.current.scope


# -- units of work


def test_new_thread_starts_from_what_holds_for_the_process():
    Hub.main.scope.set_tag("process", "1")
    seen = {}

    def work():
        seen.update(Hub.current.scope.tags)
        Hub.current.scope.set_tag("thread", "1")

    with Hub.current.push_scope() as scope:
        scope.set_tag("block", "1")
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert seen == {"process": "1"}
    assert Hub.main.scope.tags == {"process": "1"}


def test_threads_do_not_see_each_others_tags():
    barrier = threading.Barrier(8)

    def work(number):
        Hub.current.scope.set_tag("number", number)
        barrier.wait(5)
        return Hub.current.scope.tags

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(8))) == [{"number": number} for number in range(8)]


def test_tasks_do_not_see_each_others_tags():
    async def work(number):
        Hub.current.scope.set_tag("number", number)
        await asyncio.sleep(0)
        with Hub.current.push_scope() as scope:
            scope.set_tag("inner", number)
            await asyncio.sleep(0)
            return Hub.current.scope.tags

    async def main():
        Hub.current.scope.set_tag("main", "1")
        found = await asyncio.gather(*(work(number) for number in range(300)))
        return found, Hub.current.scope.tags

    found, own = asyncio.run(main())
    assert found == [{"main": "1", "number": number, "inner": number} for number in range(300)]
    assert own == {"main": "1"}


def test_task_sees_the_scope_in_which_it_was_created():
    async def child():
        return Hub.current.scope.tags

    async def main():
        with Hub.current.push_scope() as scope:
            scope.set_tag("block", "1")
            task = asyncio.create_task(child())
        return await task, Hub.current.scope.tags

    assert asyncio.run(main()) == ({"block": "1"}, {})


def test_thread_of_a_task_sees_its_scope_and_keeps_its_own_edits():
    def work():
        Hub.current.scope.set_tag("thread", "1")
        return Hub.current.scope.tags

    async def main():
        Hub.current.scope.set_tag("task", "1")
        return await asyncio.to_thread(work), Hub.current.scope.tags

    assert asyncio.run(main()) == ({"task": "1", "thread": "1"}, {"task": "1"})


def test_pooled_thread_forgets_the_task_that_used_it_before():
    def work():
        return dict(Hub.current.scope.tags)

    async def one(loop, pool, number):
        Hub.current.scope.set_tag("number", number)
        return await loop.run_in_executor(pool, contextvars.copy_context().run, work)

    async def main():
        with ThreadPoolExecutor(1) as pool:
            loop = asyncio.get_running_loop()
            return await asyncio.gather(*(one(loop, pool, number) for number in range(3)))

    assert asyncio.run(main()) == [{"number": 0}, {"number": 1}, {"number": 2}]


def test_block_entered_in_one_context_may_end_in_another():
    hub = Hub(Hub.current)
    contextvars.copy_context().run(hub.__enter__)
    hub.__exit__(None, None, None)
    assert Hub.current is Hub.main


# -- 2.x names over the same model


def test_new_scope_is_local_and_the_isolation_scope_outlives_it(init, events):
    init()
    with sentry_like.new_scope() as scope:
        scope.set_tag("local", "1")
        sentry_like.set_tag("outer", "2")
        sentry_like.capture_message("inside")
    sentry_like.capture_message("outside")
    assert [tags(event) for event in events] == [{"outer": "2", "local": "1"}, {"outer": "2"}]


def test_nested_new_scopes_inherit(init, events):
    init()
    with sentry_like.new_scope() as outer:
        outer.set_tag("a", "1")
        with sentry_like.new_scope() as inner:
            inner.set_tag("b", "2")
            assert sentry_like.get_current_scope() is inner
            sentry_like.capture_message("x")
        assert outer.tags == {"a": "1"}
    assert tags(events[0]) == {"a": "1", "b": "2"}


def test_isolation_scope_keeps_everything_to_itself(init, events):
    init()
    sentry_like.set_tag("outer", "1")
    with sentry_like.isolation_scope() as scope:
        scope.set_tag("inner", "2")
        assert sentry_like.get_isolation_scope() is scope
        sentry_like.capture_message("inside")
    sentry_like.capture_message("outside")
    assert [tags(event) for event in events] == [{"outer": "1", "inner": "2"}, {"outer": "1"}]


def test_global_scope_holds_in_every_thread_and_gives_way_to_others(init, events):
    init()
    sentry_like.get_global_scope().set_tags({"everywhere": "1", "shadowed": "global"})
    sentry_like.set_tag("shadowed", "own")

    def work():
        sentry_like.capture_message("thread")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert tags(events[0])["everywhere"] == "1"
    assert tags(events[0])["shadowed"] == "own"


def test_use_scope_lays_a_scope_of_ones_own_over_the_present(init, events):
    init()
    mine = Scope()
    mine.set_tag("mine", "1")
    with sentry_like.use_scope(mine) as scope:
        assert scope is mine
        sentry_like.capture_message("x")
    assert tags(events[0]) == {"mine": "1"}


def test_use_isolation_scope_replaces_the_present(init, events):
    init()
    sentry_like.set_tag("outer", "1")
    mine = Scope()
    with sentry_like.use_isolation_scope(mine):
        sentry_like.set_tag("mine", "1")
        sentry_like.capture_message("x")
    assert tags(events[0]) == {"mine": "1"}


# -- what integrations ask of a hub


MECHANISM = {"type": "made", "handled": False}


def error_of(text):
    try:
        raise ValueError(text)
    except ValueError as error:
        return error


def test_event_that_is_refused_is_never_built(init, events):
    built = []
    init(ignore_errors=[ValueError])
    error = error_of("x")
    hint = {"exc_info": (ValueError, error, error.__traceback__)}
    assert Hub.current.capture_built(built.append, hint) is None
    assert not built
    assert not events


def test_event_that_is_built_has_its_own_fields_the_exception_and_the_scope(init, events):
    init()
    sentry_like.set_tag("a", "1")
    error = error_of("x")
    hint = {"exc_info": (ValueError, error, error.__traceback__)}
    event_id = Hub.current.capture_built(lambda cleaning: {"logger": "shop"}, hint, MECHANISM)
    assert event_id == events[0]["event_id"] == sentry_like.last_event_id()
    assert (events[0]["logger"], events[0]["tags"], events[0]["level"]) == ("shop", {"a": "1"}, "error")
    assert events[0]["exception"]["values"][0]["mechanism"] == MECHANISM


def test_event_may_be_built_without_an_exception(init, events):
    init()

    def build(cleaning):
        return {"level": "warning", "message": cleaning.text("x" * 20, 10, ("message",))}

    Hub.current.capture_built(build, {})
    assert (events[0]["level"], len(events[0]["message"])) == ("warning", 10)


def test_builder_that_fails_costs_only_the_event(init, events, lenient):
    client = init()
    assert Hub.current.capture_built(lambda cleaning: 1 / 0, {}) is None
    assert not events
    assert client.stats()["error"]["lost"] == {"internal_sdk_error": 1}


def test_what_a_finaliser_reports_during_a_capture_is_sent_after_it(init, events):
    def before_send(event, hint):
        if "outer" in event.get("message", ""):
            Hub.current.report(error_of("inner"), MECHANISM)
        return event

    init(before_send=before_send)
    sentry_like.capture_message("outer")
    assert [event.get("message") for event in events] == ["outer", None]
    assert events[1]["exception"]["values"][0]["value"] == "inner"


def test_finalisers_that_report_in_each_capture_come_to_an_end(init, events):
    def before_send(event, hint):
        Hub.current.report(error_of("again"), MECHANISM)
        return event

    init(before_send=before_send)
    sentry_like.capture_message("outer")
    assert 1 < len(events) < 50
    before = len(events)
    sentry_like.capture_message("outer")
    assert len(events) == 2 * before


def test_crumb_is_made_when_an_event_first_needs_it(init, events):
    made = []

    class Late(Crumb):
        def make(self):
            made.append(1)
            return {"timestamp": 1.0, "message": "late"}

    init()
    Hub.current.keep_crumb(Late({}), {})
    assert not made
    for _ in range(2):
        sentry_like.capture_message("x")
    assert made == [1]
    assert [event["breadcrumbs"]["values"][0]["message"] for event in events] == ["late", "late"]


def test_hook_for_breadcrumbs_sees_a_late_crumb_and_its_hint(init, events):
    seen = []

    class Late(Crumb):
        def make(self):
            return {"timestamp": 1.0, "message": "late"}

    init(before_breadcrumb=lambda crumb, hint: seen.append((crumb["message"], hint)))
    Hub.current.keep_crumb(Late({}), {"log_record": 5})
    sentry_like.capture_message("x")
    assert seen == [("late", {"log_record": 5})]
    assert "breadcrumbs" not in events[0]


def test_nothing_is_kept_without_a_client():
    Hub.current.keep_crumb(Crumb({"message": "x"}), {})
    assert Hub.current.capture_built(lambda cleaning: {}, {}) is None
    assert not list(Hub.current.scope.breadcrumbs)


def test_late_crumb_that_the_hook_has_seen_may_still_learn_more(init, events):
    class Growing(Crumb):
        def make(self):
            return {"timestamp": 1.0, "message": "started"}

    init(before_breadcrumb=lambda crumb, hint: {**crumb, "category": "seen"})
    crumb = Growing({})
    Hub.current.keep_crumb(crumb, {})
    crumb.fields = {**crumb.fields, "message": "ended"}
    sentry_like.capture_message("x")
    kept = events[0]["breadcrumbs"]["values"][0]
    assert (kept["message"], kept["category"]) == ("ended", "seen")


def test_block_ends_where_another_unit_has_carried_its_context_back(init):
    """As `asgiref.sync.async_to_sync` does: the caller gets the variables that the coroutine ended with."""
    init()
    before = Hub.current
    with Hub(before) as hub:
        sentry_like.set_tag("who", "request")
        seen = {}

        def work():
            sentry_like.set_tag("in", "thread")
            seen.update({variable: variable.get() for variable in contextvars.copy_context()})

        context = contextvars.copy_context()
        thread = threading.Thread(target=context.run, args=(work,))
        thread.start()
        thread.join()
        for variable, value in seen.items():
            variable.set(value)
        assert Hub.current is not hub
        assert Hub.current.scope.tags == {"who": "request", "in": "thread"}
    assert Hub.current is before
    assert before.scope.tags == {}


def test_hub_entered_again_within_itself_is_left_step_by_step(init):
    init()
    before = Hub.current
    with Hub(before) as hub:
        with hub:
            assert Hub.current is hub
        assert Hub.current is hub
    assert Hub.current is before


def test_threads_that_share_a_hub_leave_it_on_their_own(init):
    init()
    before, gate, found = Hub.current, threading.Barrier(2), []
    hub = Hub(before)

    def work():
        with hub:
            gate.wait()
            gate.wait()
        found.append(Hub.current is hub)

    thread = threading.Thread(target=work)
    thread.start()
    gate.wait()
    with hub:
        gate.wait()
        thread.join()
        assert Hub.current is hub
    assert Hub.current is before
    assert found == [False]


def test_left_hub_holds_nothing_of_where_it_was_current(init):
    init()
    hub = Hub(Hub.current)
    with hub, hub:
        assert len(hub._entries) == 2
    assert hub._entries == []
