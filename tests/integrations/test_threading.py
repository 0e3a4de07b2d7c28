"""What ends a thread is reported once, with the scope that the thread was started with."""

from __future__ import annotations

import gc
import sys
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context, ContextVar

import pytest
from relay_server import eventually
from whole_programs import run_to_end

import sentry_like
from sentry_like.hub import Hub
from sentry_like.integrations.threading import ThreadingIntegration
from sentry_like.testing import DSN, TestTransport
from sentry_like.transport.base import THREAD_NAME

OURS = sentry_like.__path__[0]


@pytest.fixture(autouse=True)
def hook(monkeypatch):
    """What `threading.excepthook` was told, in place of printing it."""
    told = []
    monkeypatch.setattr(
        threading, "excepthook", lambda args: told.append((args.exc_type, args.thread and args.thread.name))
    )
    return told


@pytest.fixture
def watched(init, hook):
    return init(integrations=[ThreadingIntegration()])


def fail(text="no tea"):
    raise ValueError(text)


def run(thread):
    """Start a thread, and wait for its end."""
    thread.start()
    thread.join(10)
    assert not thread.is_alive()
    return thread


class Worker(threading.Thread):
    def run(self):
        fail()


KINDS = {
    "with a target": lambda: threading.Thread(target=fail),
    "with a run of its own": Worker,
    "timer": lambda: threading.Timer(0, fail),
    "daemon": lambda: threading.Thread(target=fail, daemon=True),
}


# -- what ends a thread


@pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)
def test_dying_thread_is_reported_once_and_its_hook_called_as_ever(watched, events, hook, make):
    thread = run(make())
    (event,) = events
    assert event["exception"]["values"][0]["mechanism"] == {"type": "threading", "handled": False}
    assert event["exception"]["values"][0]["value"] == "no tea"
    assert hook == [(ValueError, thread.name)]


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt, GeneratorExit])
def test_thread_that_is_only_ended_is_not_reported(watched, events, hook, error):
    def end():
        raise error

    run(threading.Thread(target=end))
    assert not events
    assert len(hook) == 1


def test_hook_that_was_put_in_place_of_ours_hides_nothing(watched, events, monkeypatch):
    told, may_go = [], threading.Event()
    thread = threading.Thread(target=lambda: may_go.wait(10) and fail())
    thread.start()
    monkeypatch.setattr(threading, "excepthook", told.append)
    may_go.set()
    thread.join(10)
    assert len(events) == 1
    assert len(told) == 1


def test_hook_that_calls_ours_makes_no_second_report(watched, events, monkeypatch):
    inner = threading.excepthook
    monkeypatch.setattr(threading, "excepthook", lambda args: inner(args))
    run(Worker())
    assert watched.stats()["error"]["captured"] == 1


def test_hook_that_fails_itself_hides_nothing(watched, events, monkeypatch, capsys):
    monkeypatch.setattr(threading, "excepthook", lambda args: fail("the hook is broken"))
    monkeypatch.setattr(sys, "excepthook", lambda *args: None)
    run(Worker())
    assert [event["exception"]["values"][-1]["value"] for event in events] == ["no tea"]
    assert "Exception in threading.excepthook:" in capsys.readouterr().err


def test_thread_that_ran_before_us_is_reported(init, events, hook):
    may_go = threading.Event()
    thread = threading.Thread(target=lambda: may_go.wait(10) and fail())
    thread.start()
    init(integrations=[ThreadingIntegration()])
    may_go.set()
    thread.join(10)
    assert len(events) == 1
    assert len(hook) == 1


def test_who_calls_the_hook_is_heard(watched, events, hook):
    try:
        fail()
    except ValueError as error:
        caught = type(error), error, error.__traceback__
        threading.excepthook(threading.ExceptHookArgs((*caught, threading.current_thread())))
        threading.excepthook(threading.ExceptHookArgs((*caught, None)))
        threading.excepthook(threading.ExceptHookArgs((ValueError, None, None, None)))
    assert len(events) == 2
    assert len(hook) == 3


def test_client_without_the_integration_is_told_nothing(watched, init, transport):
    init(integrations=[])
    run(Worker())
    assert not transport.events


def test_no_frame_of_ours_is_in_the_traceback_or_on_the_stack(watched, events, monkeypatch):
    files = []

    def look():
        frame = sys._getframe()
        while frame is not None:
            files.append(frame.f_code.co_filename)
            frame = frame.f_back
        fail()

    told = []
    monkeypatch.setattr(threading, "excepthook", lambda args: told.append(args.exc_traceback))
    run(threading.Thread(target=look))
    tb = told.pop()
    while tb is not None:
        files.append(tb.tb_frame.f_code.co_filename)
        tb = tb.tb_next
    assert not [file for file in files if file.startswith(OURS)]
    frames = events[0]["exception"]["values"][0]["stacktrace"]["frames"]
    assert [frame["module"] for frame in frames] == ["threading", "threading", __name__, __name__]


def test_threads_that_die_while_the_interpreter_ends_are_delivered(relay):
    ended = run_to_end(
        relay,
        """
        import threading, time
        import sentry_like

        sentry_like.init()

        def work(number):
            threading.main_thread().join()
            time.sleep(0.05 * number)
            raise ValueError(f"late {number}")

        for number in range(3):
            threading.Thread(target=work, args=(number,)).start()
        """,
    )
    assert ended.lines == [f"ValueError: late {number} (threading)" for number in range(3)]
    assert ended.err.count("Exception in thread") == 3
    assert ended.exit == 0


def test_daemon_threads_do_not_disturb_the_end(relay):
    ended = run_to_end(
        relay,
        """
        import itertools, threading
        import sentry_like

        sentry_like.init(shutdown_timeout=0.2)
        threading.excepthook = lambda args: None

        def work():
            raise ValueError("busy")

        def keep_starting():
            try:
                for _ in itertools.count():
                    threading.Thread(target=work, daemon=True).start()
            except RuntimeError:
                pass

        threading.Thread(target=keep_starting, daemon=True).start()
        threading.Event().wait(0.1)
        """,
    )
    assert ended.exit == 0
    assert ended.err == ""


# -- what a thread starts with


def seen_in(thread_class=threading.Thread, **options):
    """The event of a message that a thread captures."""
    run(thread_class(target=lambda: sentry_like.capture_message("from the thread"), **options))


def test_thread_starts_with_the_scope_of_its_starter(watched, events):
    with sentry_like.push_scope() as scope:
        scope.set_tag("job", "import")
        scope.set_user({"id": "7"})
        sentry_like.add_breadcrumb(message="begun")
        seen_in()
    assert events[0]["tags"] == {"job": "import"}
    assert events[0]["user"] == {"id": "7"}
    assert [crumb["message"] for crumb in events[0]["breadcrumbs"]["values"]] == ["begun"]


def test_local_scope_goes_along(watched, events):
    with sentry_like.new_scope() as scope:
        scope.set_tag("job", "import")
        seen_in()
    assert events[0]["tags"] == {"job": "import"}


def test_thread_of_a_thread_starts_with_both(watched, events):
    def outer():
        sentry_like.set_tag("outer", "yes")
        seen_in()

    sentry_like.set_tag("main", "yes")
    run(threading.Thread(target=outer))
    assert events[0]["tags"] == {"main": "yes", "outer": "yes"}


def test_dying_thread_is_reported_with_its_own_tags(watched, events):
    def work(part):
        sentry_like.set_tag("part", part)
        fail()

    sentry_like.set_tag("job", "import")
    for part in "ab":
        run(threading.Thread(target=work, args=(part,)))
    sentry_like.capture_message("afterwards")
    assert [event["tags"] for event in events] == [
        {"job": "import", "part": "a"},
        {"job": "import", "part": "b"},
        {"job": "import"},
    ]


def test_later_changes_stay_on_either_side(watched, events):
    started, changed = threading.Event(), threading.Event()

    def work():
        sentry_like.set_tag("child", "yes")
        started.set()
        changed.wait(10)
        sentry_like.capture_message("child")

    thread = threading.Thread(target=work)
    thread.start()
    started.wait(10)
    sentry_like.set_tag("parent", "yes")
    changed.set()
    thread.join(10)
    sentry_like.capture_message("parent")
    assert [event["tags"] for event in events] == [{"child": "yes"}, {"parent": "yes"}]


def test_changes_between_the_start_and_the_first_use_are_not_seen(watched, events):
    may_go = threading.Event()
    thread = threading.Thread(target=lambda: may_go.wait(10) and sentry_like.capture_message("child"))
    sentry_like.set_tag("before", "yes")
    thread.start()
    sentry_like.set_tag("after", "yes")
    may_go.set()
    thread.join(10)
    assert events[0]["tags"] == {"before": "yes"}


def test_client_of_its_own_goes_along(init, events):
    own = TestTransport()
    with Hub(sentry_like.Client(DSN, transport=own, integrations=[ThreadingIntegration()])):
        sentry_like.set_tag("job", "import")
        run(Worker())
    assert own.events[0]["tags"] == {"job": "import"}
    assert not events


@pytest.mark.parametrize("name", ["propagate_hub", "propagate_scope"])
def test_thread_starts_anew_where_propagation_is_off(init, events, name):
    init(integrations=[ThreadingIntegration(**{name: False})])
    with sentry_like.push_scope() as scope:
        scope.set_tag("job", "import")
        run(Worker())
    assert len(events) == 1
    assert not events[0].get("tags")


def test_context_variables_of_the_starter_do_not_go_along(watched):
    variable = ContextVar("variable", default="none")
    variable.set("the starter's")
    seen = []
    run(threading.Thread(target=lambda: seen.append(variable.get())))
    assert seen == ["the starter's" if getattr(sys.flags, "thread_inherit_context", False) else "none"]


# -- what stays behind


class Processor:
    """Something to hang on a scope, which tells when the scope is gone."""

    def __call__(self, event, hint):
        return event


def scope_with_something(scope):
    processor = Processor()
    scope.add_event_processor(processor)
    return weakref.ref(processor)


def test_nothing_of_ours_stays_on_the_thread(init, hook):
    unwatched = set(vars(run(threading.Thread(target=fail))))
    init(integrations=[ThreadingIntegration()])
    running = threading.Event()
    thread = threading.Thread(target=running.wait, args=(10,))
    thread.start()
    assert "_bootstrap" not in vars(thread)
    running.set()
    thread.join(10)
    assert set(vars(run(threading.Thread(target=fail)))) == unwatched


def test_finished_thread_keeps_no_scope_alive(watched):
    with sentry_like.push_scope() as scope:
        gone = scope_with_something(scope)
        thread = run(Worker())
    del scope
    gc.collect()
    assert thread is not None
    assert gone() is None


def test_thread_of_a_pool_keeps_no_scope_alive(watched):
    with ThreadPoolExecutor(1) as pool:
        with sentry_like.push_scope() as scope:
            gone = scope_with_something(scope)
            pool.submit(sentry_like.set_tag, "job", "first").result()
        del scope
        gc.collect()
        assert gone() is None
        assert pool.submit(lambda: dict(Hub.current.scope.tags)).result() == {"job": "first"}


def test_our_own_worker_keeps_no_scope_alive(relay):
    sentry_like.init(relay.dsn, default_integrations=False, integrations=[ThreadingIntegration()])
    with sentry_like.push_scope() as scope:
        gone = scope_with_something(scope)
        sentry_like.capture_message("starts the worker")
    del scope
    assert sentry_like.flush(10)
    assert any(thread.name == THREAD_NAME for thread in threading.enumerate())
    assert eventually(lambda: gc.collect() is not None and gone() is None)


def test_our_own_worker_does_not_report_itself(watched, events, hook):
    run(threading.Thread(target=fail, name=THREAD_NAME))
    assert not events
    assert len(hook) == 1


@pytest.mark.parametrize(
    "make",
    [lambda: run(threading.Thread()), lambda: threading.Thread.__new__(threading.Thread)],
    ids=["started before", "never made"],
)
def test_thread_that_cannot_be_started_says_so_as_ever(watched, make):
    thread = make()
    with pytest.raises(RuntimeError, match=r"once|not called"):
        thread.start()
    assert "_bootstrap" not in vars(thread)


def test_uninstalling_gives_everything_back(hook):
    before = vars(threading.Thread)["start"], threading.excepthook
    sentry_like.init(DSN, transport=TestTransport(), integrations=[ThreadingIntegration()])
    assert before != (vars(threading.Thread)["start"], threading.excepthook)
    Hub.main.client.close(uninstall=True)
    assert before == (vars(threading.Thread)["start"], threading.excepthook)


# -- since 3.14 a thread has a context of its own


class ModernThread(threading.Thread):
    """Runs its target in `_context`, as every thread does since 3.14."""

    def __init__(self, target, context=None):
        super().__init__()
        self._work, self._context = target, context

    def run(self):
        context = Context() if self._context is None else self._context
        context.run(self._work)


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="every thread is one of these")
class TestThreadsWithAContext:
    def test_hub_goes_along_in_it(self, watched, events):
        def work():
            sentry_like.set_tag("part", "a")
            fail()

        sentry_like.set_tag("job", "import")
        run(ModernThread(work))
        assert events[0]["tags"] == {"job": "import", "part": "a"}

    def test_one_that_the_application_made_is_left_alone(self, watched, events):
        variable, given = ContextVar("variable"), Context()
        given.run(variable.set, "given")
        with sentry_like.push_scope() as scope:
            scope.set_tag("job", "import")
            run(ModernThread(lambda: variable.get() == "given" and fail(), given))
        assert len(events) == 1
        assert not events[0].get("tags")

    def test_it_is_taken_back_from_a_thread_that_did_not_start(self, watched):
        thread = ModernThread(fail)
        thread._initialized = False
        with pytest.raises(RuntimeError, match="not called"):
            thread.start()
        assert thread._context is None
