"""Child processes report like their parent, however they are started, and until their last event is sent.

Each test runs programs of its own: a start of a process copies, or imports, all of what starts it.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
import textwrap
import time
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

import sentry_like
from sentry_like.integrations.dedupe import DedupeIntegration
from sentry_like.integrations.multiprocessing import MultiprocessingIntegration

ROOT = Path(__file__).parents[2]
TOUR = Path(__file__).parent / "programs" / "child_processes.py"
METHODS = [
    name for name in ("fork", "spawn", "forkserver") if name in multiprocessing.get_all_start_methods()
]
PATIENCE = 120

each_method = pytest.mark.parametrize("method", METHODS)

START = """
import multiprocessing, os, sys, threading, time
import sentry_like
from sentry_like.integrations.atexit import AtexitIntegration
from sentry_like.integrations.dedupe import DedupeIntegration
from sentry_like.integrations.multiprocessing import MultiprocessingIntegration

DSN, METHOD = sys.argv[1:3]

def init(**options):
    usual = [MultiprocessingIntegration(), DedupeIntegration(), AtexitIntegration()]
    options.setdefault("integrations", usual)
    options.setdefault("shutdown_timeout", 10)
    sentry_like.init(DSN, default_integrations=False, **options)
"""


class Ended:
    """How a program ended, and how long it took."""

    def __init__(self, done, seconds):
        self.out, self.err, self.code, self.seconds = done.stdout, done.stderr, done.returncode, seconds


def run(path, *arguments, given=""):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SENTRY_")}
    surroundings = kept | {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore::DeprecationWarning"}
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, str(path), *arguments],
        input=given,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        env=surroundings,
        check=False,
    )
    return Ended(done, time.perf_counter() - started)


@pytest.fixture
def program(tmp_path, relay):
    """`program(text, method)` runs a program whose children can import it."""

    def run_text(text, method):
        path = tmp_path / "program.py"
        path.write_text(START + textwrap.dedent(text))
        return run(path, relay.dsn, method)

    return run_text


def name_of(event):
    if "exception" not in event:
        return event["message"]
    error = event["exception"]["values"][-1]
    return f"{error['type']}: {error['value']}"


def names(relay):
    return sorted(map(name_of, relay.events))


# -- all kinds of children


class Tour:
    def __init__(self, ended, events):
        self.told, self.err, self.events = json.loads(ended.out), ended.err, events

    def named(self, name):
        (event,) = (event for event in self.events if name_of(event) == name)
        return event


@pytest.fixture(scope="module")
def tours():
    """The tour for each method, when it is first asked for."""
    from relay_server import RelayServer

    made = {}

    def tour(method):
        if method not in made:
            with RelayServer() as relay:
                ended = run(TOUR, method, given=relay.dsn)
                assert ended.code == 0, ended.err
                made[method] = Tour(ended, relay.events)
        return made[method]

    return tour


@each_method
def test_each_crash_and_each_message_arrives_once(tours, method):
    assert sorted(map(name_of, tours(method).events)) == [
        "ValueError: the child of the nested one crashed",
        "ValueError: the plain one crashed",
        "ValueError: the subclass crashed",
        "from pool 0",
        "from pool 1",
        "from pool 2",
        "from pool 3",
        "from the child of the nested one",
        "from the daemon",
        "from the executor",
        "from the manager",
        "from the nested one",
    ]


@each_method
def test_crash_is_unhandled(tours, method, sentry_accepts):
    event = tours(method).named("ValueError: the plain one crashed")
    sentry_accepts(event)
    assert event["exception"]["values"][-1]["mechanism"] == {"type": "multiprocessing", "handled": False}
    frames = event["exception"]["values"][-1]["stacktrace"]["frames"]
    functions = [frame["function"].rpartition(".")[2] for frame in frames]
    assert functions == ["_bootstrap", "run", "crash"]


@each_method
def test_traceback_is_printed_and_exit_codes_are_as_ever(tours, method):
    tour = tours(method)
    assert tour.err.count("ValueError: the plain one crashed") == 1
    assert "Process plain:" in tour.err
    assert "that is all" in tour.err
    assert "sentry_like" not in tour.err
    assert tour.told["exits"] == {
        "crash": 1,
        "subclass": 1,
        "leaves": 0,
        "leaves with 3": 3,
        "leaves with words": 1,
        "daemon": 0,
        "nested": 0,
        "handled": 0,
        "looks": 0,
    }


@each_method
def test_child_knows_what_was_true_where_it_was_started(tours, method):
    event = tours(method).named("ValueError: the plain one crashed")
    assert event["tags"] == {"job": "import", "child": "the plain one", "processor": "stamp"}
    assert event["user"] == {"id": "7"}
    assert event["transaction"] == "nightly"
    assert event["transaction_info"] == {"source": "task"}
    assert event["fingerprint"] == ["import"]
    assert event["contexts"]["basket"] == {"size": 3}
    assert event["extra"]["live"] == "<a live object>"
    (crumb,) = event["breadcrumbs"]["values"]
    assert crumb["message"] == "one crumb"
    assert crumb["data"] == {"live": "<a live object>"}


@each_method
def test_child_knows_nothing_of_other_blocks(tours, method):
    event = tours(method).named("ValueError: the subclass crashed")
    assert event["tags"] == {"job": "later", "child": "the subclass"}
    assert not event.keys() & {"user", "transaction", "fingerprint", "breadcrumbs"}


@each_method
def test_threads_of_a_child_know_it_too(tours, method):
    assert tours(method).named("from the manager")["tags"] == {"job": "later"}


@each_method
def test_hooks_of_the_parent_judge_the_childs_events(tours, method):
    assert {event["extra"]["hook"] for event in tours(method).events} == {"mark"}


@each_method
def test_dsn_is_nowhere_to_be_read(tours, method):
    assert tours(method).told["is secret seen"] is False


@each_method
def test_nothing_of_ours_stays_on_a_process(tours, method):
    assert tours(method).told["ours on processes"] == []


# -- who makes the client


@each_method
def test_client_that_the_target_makes_reports_and_delivers(relay, program, method):
    ended = program(
        """
        def work():
            init(release="of the child")
            sentry_like.capture_message("said")
            raise ValueError("crashed")

        if __name__ == "__main__":
            process = multiprocessing.get_context(METHOD).Process(target=work)
            process.start()
            process.join()
            print(process.exitcode)
        """,
        method,
    )
    assert ended.out == "1\n"
    assert names(relay) == ["ValueError: crashed", "said"]


@pytest.mark.parametrize("method", [name for name in METHODS if name != "fork"])
def test_client_that_the_main_module_makes_in_the_child_stays(relay, program, method):
    program(
        """
        init(release="of the parent" if __name__ == "__main__" else "of the child")

        def work():
            sentry_like.capture_message("said")

        if __name__ == "__main__":
            sentry_like.set_tag("job", "import")
            process = multiprocessing.get_context(METHOD).Process(target=work)
            process.start()
            process.join()
        """,
        method,
    )
    assert [(event["release"], event["tags"]) for event in relay.events] == [
        ("of the child", {"job": "import"})
    ]


UNPICKLABLE = {
    "hook": "init(before_send=lambda event, hint: event)",
    "processor": "init(); sentry_like.get_current_scope().add_event_processor(lambda event, hint: event)",
    "error processor": """init(); sentry_like.get_isolation_scope().add_error_processor(
                lambda event, exc_info: event, ValueError)""",
    "global processor": "init(); sentry_like.add_global_event_processor(lambda event, hint: event)",
}


@pytest.mark.parametrize("start", UNPICKLABLE.values(), ids=UNPICKLABLE)
def test_what_cannot_be_pickled_leaves_the_child_alone_and_is_said_once(relay, program, start):
    ended = program(
        f"""
        def work():
            sentry_like.capture_message("from the child")
            print("worked", flush=True)

        if __name__ == "__main__":
            {start}
            for _ in range(2):
                process = multiprocessing.get_context(METHOD).Process(target=work)
                process.start()
                process.join()
            sentry_like.capture_message("from the parent")
        """,
        "spawn",
    )
    assert ended.out == "worked\nworked\n"
    assert relay.messages == ["from the parent"]
    assert ended.err.count("[sentry_like]") == 1
    assert "cannot be pickled" in ended.err
    assert "sentry_like.init()" in ended.err


def test_hook_that_the_child_cannot_find_leaves_it_without_a_client(relay, program):
    ended = program(
        """
        def work():
            sentry_like.capture_message("from the child")
            print("worked", flush=True)

        if __name__ == "__main__":
            def hide(event, hint):
                return event

            init(before_send=hide)
            process = multiprocessing.get_context(METHOD).Process(target=work)
            process.start()
            process.join()
        """,
        "spawn",
    )
    assert ended.out == "worked\n"
    assert relay.events == []
    assert "taking over the client of the parent process failed: AttributeError" in ended.err


def test_closed_client_is_not_carried(relay, program):
    program(
        """
        def work():
            sentry_like.capture_message("from the child")

        if __name__ == "__main__":
            init()
            sentry_like.get_client().close()
            process = multiprocessing.get_context(METHOD).Process(target=work)
            process.start()
            process.join()
        """,
        "spawn",
    )
    assert relay.events == []


@each_method
def test_off_means_that_a_crash_is_nobodys_business(relay, program, method):
    program(
        """
        def crash():
            raise ValueError("crashed")

        if __name__ == "__main__":
            init(integrations=[AtexitIntegration()])
            process = multiprocessing.get_context(METHOD).Process(target=crash)
            process.start()
            process.join()
        """,
        method,
    )
    assert relay.events == []


# -- the end of a child


@pytest.mark.skipif("fork" not in METHODS, reason="no fork here")
def test_end_of_a_child_waits_no_longer_than_the_shutdown_timeout(relay, program):
    relay.always(how="hole")
    ended = program(
        """
        def work():
            sentry_like.capture_message("from the child")

        if __name__ == "__main__":
            init(shutdown_timeout=1)
            process = multiprocessing.get_context(METHOD).Process(target=work)
            started = time.perf_counter()
            process.start()
            process.join()
            print(time.perf_counter() - started)
            print(process.exitcode)
        """,
        "fork",
    )
    seconds, code = ended.out.split()
    assert 1 <= float(seconds) < 5
    assert code == "0"


@each_method
def test_what_exit_hooks_of_a_child_capture_arrives(relay, program, method):
    program(
        """
        import multiprocessing.util

        def work():
            multiprocessing.util.Finalize(None, say, args=("from a finaliser",), exitpriority=10)
            threading.Thread(target=say_late).start()

        def say_late():
            time.sleep(0.2)
            say("from a thread")

        def say(text):
            sentry_like.capture_message(text)

        if __name__ == "__main__":
            init()
            process = multiprocessing.get_context(METHOD).Process(target=work)
            process.start()
            process.join()
        """,
        method,
    )
    assert names(relay) == ["from a finaliser", "from a thread"]


@pytest.mark.skipif("fork" not in METHODS, reason="no fork here")
def test_processes_start_from_a_thread_while_others_capture(relay, program):
    ended = program(
        """
        def work(number):
            sentry_like.capture_message(f"from child {number}")

        def start_all():
            for number in range(100):
                process = multiprocessing.get_context("fork").Process(target=work, args=(number,))
                process.start()
                process.join(20)
                codes.append(process.exitcode)

        def chatter():
            while thread.is_alive():
                try:
                    raise ValueError("chatter")
                except ValueError as error:
                    sentry_like.capture_exception(error)
                time.sleep(0.001)

        if __name__ == "__main__":
            init()
            codes = []
            thread = threading.Thread(target=start_all)
            thread.start()
            others = [threading.Thread(target=chatter) for _ in range(2)]
            for other in others:
                other.start()
            for one in (thread, *others):
                one.join()
            print(set(codes), len(codes))
        """,
        "fork",
    )
    assert ended.out == "{0} 100\n"
    children = [name for name in names(relay) if name.startswith("from child")]
    assert children == sorted(f"from child {number}" for number in range(100))


# -- results of pools


def fail(number=0):
    raise ValueError(f"job {number} failed")


def succeed(number=0):
    return number


def wait_for(result):
    result.wait(10)
    assert result.ready()


@pytest.fixture
def pool(init):
    """Jobs on threads: their results are those of processes."""
    init(integrations=[MultiprocessingIntegration(), DedupeIntegration()])
    from multiprocessing.pool import ThreadPool

    with ThreadPool(1) as pool:
        yield pool


def let_go(pool):
    """The pool's own threads hold a result for a moment longer than they need it."""
    pool.close()
    pool.join()


def test_failure_that_nobody_asks_for_is_reported_with_the_tags_of_who_started_it(pool, events):
    with sentry_like.push_scope() as scope:
        scope.set_tag("job", "import")
        result = pool.apply_async(fail)
    wait_for(result)
    let_go(pool)
    assert len(events) == 0
    del result
    (event,) = events
    assert event["exception"]["values"][-1]["mechanism"] == {"type": "multiprocessing", "handled": False}
    assert event["tags"] == {"job": "import"}


def test_first_failure_of_an_unread_map_is_reported(pool, events):
    wait_for(pool.map_async(fail, [1, 2, 3], chunksize=1))
    let_go(pool)
    assert [name_of(event) for event in events] == ["ValueError: job 1 failed"]


def get(result):
    with pytest.raises(ValueError, match="failed"):
        result.get()


ASKING = {
    "get": get,
    "successful": lambda result: result.successful(),
    "get twice": lambda result: (get(result), get(result)),
}


@pytest.mark.parametrize("ask", ASKING.values(), ids=ASKING)
@pytest.mark.parametrize("method", ["apply_async", "map_async"])
def test_failure_that_somebody_asks_for_is_not_reported(pool, events, method, ask):
    arguments = (fail,) if method == "apply_async" else (fail, [1])
    result = getattr(pool, method)(*arguments)
    wait_for(result)
    ask(result)
    del result
    let_go(pool)
    assert len(events) == 0


def test_failure_that_is_asked_for_too_early_is_reported(pool, events):
    import threading

    go_on = threading.Event()
    result = pool.apply_async(lambda: go_on.wait(10) and fail())
    with pytest.raises(multiprocessing.TimeoutError):
        result.get(timeout=0.01)
    go_on.set()
    wait_for(result)
    del result
    let_go(pool)
    assert len(events) == 1


def test_error_callback_is_somebody_who_is_told(pool, events):
    told = []
    wait_for(pool.apply_async(fail, error_callback=told.append))
    wait_for(pool.map_async(fail, [1], error_callback=told.append))
    let_go(pool)
    assert [str(error) for error in told] == ["job 0 failed", "job 1 failed"]
    assert len(events) == 0


def test_other_callback_is_told_nothing(pool, events):
    wait_for(pool.apply_async(fail, callback=print))
    let_go(pool)
    assert len(events) == 1


def test_calls_that_wait_raise_and_report_nothing(pool, events):
    for call, arguments in ((pool.apply, ()), (pool.map, ([1],)), (pool.starmap, ([(1,)],))):
        with pytest.raises(ValueError, match="failed"):
            call(fail, *arguments)
    with pytest.raises(ValueError, match="failed"):
        list(pool.imap(fail, [1]))
    assert pool.apply_async(succeed, (7,)).get() == 7
    let_go(pool)
    assert len(events) == 0


def test_asked_result_has_nothing_of_ours(pool):
    result = pool.apply_async(succeed, (7,))
    assert result.get() == 7
    assert not [name for name in vars(result) if "sentry" in name]


@each_method
def test_job_leaves_nothing_to_the_next(relay, program, method):
    program(
        """
        import concurrent.futures

        def work(name):
            sentry_like.set_tag(name, "set")
            sentry_like.get_current_hub().push_scope().__enter__()
            sentry_like.capture_message(name)

        if __name__ == "__main__":
            init()
            sentry_like.set_tag("job", "import")
            context = multiprocessing.get_context(METHOD)
            with context.Pool(1) as pool:
                pool.map(work, ["one", "two"], chunksize=1)
                pool.close()
                pool.join()
            with concurrent.futures.ProcessPoolExecutor(1, mp_context=context) as executor:
                list(executor.map(work, ["three", "four"]))
        """,
        method,
    )
    told = {event["message"]: event["tags"] for event in relay.events}
    assert told == {name: {"job": "import", name: "set"} for name in ("one", "two", "three", "four")}


def test_job_on_a_thread_leaves_nothing_to_the_next(pool, events):
    def work(name):
        sentry_like.set_tag(name, "set")
        sentry_like.capture_message(name)

    pool.map(work, ["one", "two"], chunksize=1)
    assert [event["tags"] for event in events] == [{"one": "set"}, {"two": "set"}]


@each_method
def test_unread_failures_of_processes_arrive_once(relay, program, method):
    program(
        """
        def fail(number):
            raise ValueError(f"job {number} failed")

        if __name__ == "__main__":
            init()
            pool = multiprocessing.get_context(METHOD).Pool(1)
            pool.apply_async(fail, (1,))
            kept = pool.apply_async(fail, (2,))
            pool.close()
            pool.join()
        """,
        method,
    )
    assert names(relay) == ["ValueError: job 1 failed", "ValueError: job 2 failed"]


# -- coming and going


def test_uninstalling_gives_everything_back(init):
    import traceback
    from multiprocessing import pool

    places = [(BaseProcess, "start"), (BaseProcess, "_bootstrap"), (traceback, "print_exc")]
    places += [(pool.ApplyResult, name) for name in ("__init__", "_set", "get", "successful")]
    places += [(pool.MapResult, "_set"), (pool.ThreadPool, "Process")]
    before = [vars(owner)[name] for owner, name in places]
    client = init(integrations=[MultiprocessingIntegration()])
    assert all(vars(owner)[name] is not one for (owner, name), one in zip(places, before, strict=True))
    client.close(uninstall=True)
    assert [vars(owner)[name] for owner, name in places] == before


def test_printing_a_traceback_is_no_crash(init, events, capsys):
    import traceback

    init(integrations=[MultiprocessingIntegration()])
    try:
        fail()
    except ValueError:
        traceback.print_exc()
    assert "job 0 failed" in capsys.readouterr().err
    assert len(events) == 0
