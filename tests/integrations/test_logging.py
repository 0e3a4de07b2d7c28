"""Log records of the standard library become breadcrumbs and events: which, and what they hold."""

from __future__ import annotations

import asyncio
import gc
import inspect
import io
import logging
import logging.handlers
import queue
import sys
import threading
import weakref

import pytest
from log_lines import Boom, crumbs, exception, messages

import sentry_like
from sentry_like.hub import Hub
from sentry_like.integrations.dedupe import DedupeIntegration
from sentry_like.integrations.logging import (
    BreadcrumbHandler,
    EventHandler,
    LoggingIntegration,
    SentryHandler,
    ignore_logger,
    unignore_logger,
)

CRITICAL, ERROR, WARNING, INFO, DEBUG = 50, 40, 30, 20, 10


@pytest.fixture
def start(init):
    """`start(level, event_level, **options)`: a client with the integration and the deduplication."""

    def start(*args, **options):
        return init(integrations=[LoggingIntegration(*args), DedupeIntegration()], **options)

    return start


def new_logger(name):
    """A logger that nobody else knows, enabled for everything, that writes to nowhere."""
    logger = logging.Logger(name, level=1)
    logger.addHandler(logging.StreamHandler(io.StringIO()))
    return logger


@pytest.fixture
def log():
    return new_logger("shop.orders")


def silence(logger):
    logger.handlers[:] = [logging.NullHandler()]


@pytest.fixture
def ignoring():
    """`ignore_logger` until the end of the test."""
    ignored = []

    def ignore(pattern):
        ignored.append(pattern)
        ignore_logger(pattern)

    yield ignore
    for pattern in ignored:
        unignore_logger(pattern)


def exc_info_of(error):
    return type(error), error, error.__traceback__


def innermost(event):
    """The name of the function that logged; before 3.11 it is not qualified."""
    return event["threads"]["values"][0]["stacktrace"]["frames"][-1]["function"].rpartition(".")[2]


def raised(error=None):
    try:
        raise error or Boom("boom")
    except BaseException as caught:
        return caught


# -- which records


@pytest.mark.parametrize(
    ("number", "crumb_level", "event_level"),
    [
        pytest.param(5, None, None, id="trace"),
        pytest.param(DEBUG, None, None, id="debug"),
        pytest.param(INFO, "info", None, id="info"),
        pytest.param(25, "info", None, id="between info and warning"),
        pytest.param(WARNING, "warning", None, id="warning"),
        pytest.param(39, "warning", None, id="just below error"),
        pytest.param(ERROR, "error", "error", id="error"),
        pytest.param(45, "error", "error", id="between error and critical"),
        pytest.param(CRITICAL, "fatal", "fatal", id="critical"),
        pytest.param(70, "fatal", "fatal", id="above all"),
    ],
)
def test_levels_decide_and_are_the_nearest_below(start, log, events, number, crumb_level, event_level):
    start()
    log.log(number, "what happened")
    assert [crumb.get("level") for crumb in crumbs()] == [crumb_level] * (crumb_level is not None)
    assert [event["level"] for event in events] == [event_level] * (event_level is not None)


@pytest.mark.parametrize(
    ("levels", "crumb_count", "event_count"),
    [
        pytest.param((DEBUG, WARNING), 5, 3, id="lower"),
        pytest.param(("debug", "Warning"), 5, 3, id="by name"),
        pytest.param((None, ERROR), 0, 2, id="no breadcrumbs"),
        pytest.param((INFO, None), 4, 0, id="no events"),
        pytest.param((None, None), 0, 0, id="neither"),
        pytest.param((ERROR, INFO), 2, 4, id="events from lower on than breadcrumbs"),
    ],
)
def test_both_levels_are_chosen(start, log, events, levels, crumb_count, event_count):
    start(*levels)
    for number in (DEBUG, INFO, WARNING, ERROR, CRITICAL):
        log.log(number, "number %d", number)
    assert len(crumbs()) == crumb_count
    assert len(events) == event_count


def test_an_unknown_level_is_refused_when_it_is_given():
    with pytest.raises(ValueError, match="no log level is called 'loud'; known are notset, trace, debug"):
        LoggingIntegration(event_level="loud")


def test_a_logger_below_its_level_is_not_even_looked_at(start, log, events):
    start(1, 1)
    log.setLevel(ERROR)
    assert "isEnabledFor" not in vars(log)
    log.info("x")
    logging.disable(CRITICAL)
    log.error("x")
    logging.disable(logging.NOTSET)
    assert (crumbs(), len(events)) == ([], 0)


def test_no_handler_is_needed(start, log, events):
    start()
    log.handlers.clear()
    log.info("before")
    log.error("now")
    assert events[0]["logentry"]["formatted"] == "now"
    assert messages(events[0]["breadcrumbs"]["values"]) == ["before"]


def test_without_the_integration_nothing_is_taken(init, start, log, events):
    start()
    init()
    log.error("x")
    Hub.main.bind_client(None)
    log.error("x")
    assert len(events) == 0


def test_uninstalling_gives_the_original_back(start, log):
    original = vars(logging.Logger)["callHandlers"]
    client = start()
    replaced = vars(logging.Logger)["callHandlers"]
    client.close(0, uninstall=True)
    assert replaced is not original
    assert (replaced.__wrapped__, inspect.signature(replaced)) == (original, inspect.signature(original))
    assert vars(logging.Logger)["callHandlers"] is original


# -- what a breadcrumb and an event hold


def test_breadcrumb_has_all_fields(start, log):
    start()
    log.warning("order %s of %s", 7, "ada", extra={"shop": "north", "lines": [1, {"sku": "tea"}]})
    (crumb,) = crumbs()
    assert crumb.pop("timestamp").endswith("Z")
    assert crumb == {
        "type": "log",
        "category": log.name,
        "level": "warning",
        "message": "order 7 of ada",
        "data": {"shop": "north", "lines": [1, {"sku": "tea"}]},
    }


def test_breadcrumb_has_the_time_of_its_record(start, log):
    start()
    record = log.makeRecord(log.name, INFO, "x.py", 1, "late", (), None)
    record.created = 1_700_000_000.25
    log.handle(record)
    assert crumbs()[0]["timestamp"] == "2023-11-14T22:13:20.250000Z"


def test_event_has_all_fields(start, log, events):
    start()
    log.error("order %s of %s", 7, "ada", extra={"shop": "north"})
    event = events[0]
    assert event["level"] == "error"
    assert event["logger"] == log.name
    assert event["logentry"] == {
        "message": "order %s of %s",
        "params": [7, "ada"],
        "formatted": "order 7 of ada",
    }
    assert event["extra"] == {"shop": "north"}
    assert "exception" not in event
    assert "threads" not in event


def test_event_comes_before_its_own_breadcrumb(start, log, events):
    start()
    log.error("first")
    log.error("second")
    assert "breadcrumbs" not in events[0]
    assert messages(events[1]["breadcrumbs"]["values"]) == ["first"]


@pytest.mark.parametrize(
    "report",
    [
        pytest.param(lambda log, error: log.error("went wrong", exc_info=error), id="the exception"),
        pytest.param(
            lambda log, error: log.error("went wrong", exc_info=exc_info_of(error)),
            id="a triple",
        ),
    ],
)
def test_exception_given_is_captured_as_handled(start, log, events, report):
    start()
    error = raised()
    report(log, error)
    assert exception(events[0])["type"] == "Boom"
    assert exception(events[0])["mechanism"] == {"type": "logging", "handled": True}
    assert exception(events[0])["stacktrace"]["frames"][-1]["function"] == "raised"
    assert events[0]["logentry"]["formatted"] == "went wrong"
    assert "threads" not in events[0]


def test_exception_being_handled_is_captured(start, log, events):
    start()
    try:
        raise Boom("now")
    except Boom:
        log.exception("while %s", "saving")
    assert (exception(events[0])["value"], events[0]["level"]) == ("now", "error")


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param({"stack_info": True}, id="stack_info"),
        pytest.param({"exc_info": True}, id="exc_info with nothing active"),
        pytest.param({"exc_info": Boom("never raised")}, id="an exception that was never raised"),
    ],
)
def test_stack_leads_to_the_call(start, log, events, arguments):
    start()

    def save():
        log.error("where", **arguments)

    save()
    assert innermost(events[0]) == "save"


def test_stack_respects_stacklevel(start, log, events):
    start()

    def warn_about(text):
        log.error(text, stack_info=True, stacklevel=2)

    def caller():
        warn_about("deprecated")

    caller()
    assert innermost(events[0]) == "caller"


def test_attach_stacktrace_is_for_records_as_well(start, log, events):
    start(attach_stacktrace=True)
    log.error("where")
    log.error("here", exc_info=raised())
    assert innermost(events[0]) == "test_attach_stacktrace_is_for_records_as_well"
    assert "threads" not in events[1]


def test_attributes_of_every_record_are_no_extra(start, log, events):
    start()
    log.handlers[0].setFormatter(logging.Formatter("%(asctime)s %(message)s %(name)s"))
    log.info("plain")
    record = log.makeRecord(log.name, ERROR, "x.py", 1, "x", (), None, sinfo="stack")
    record.taskName = "Task-1"
    log.handle(record)
    assert "extra" not in events[0]
    assert "data" not in events[0]["breadcrumbs"]["values"][0]


def test_what_filters_of_handlers_add_is_extra(start, log, events):
    start()

    def add_request(record):
        record.request_id = "r-1"
        return True

    log.handlers[0].addFilter(add_request)
    log.info("x")
    log.error("y")
    assert events[0]["extra"] == {"request_id": "r-1"}
    assert crumbs()[0]["data"] == {"request_id": "r-1"}


def test_what_filters_of_handlers_mask_is_masked(start, log, events):
    start()

    def mask(record):
        record.msg, record.args = record.getMessage().replace("4711", "****"), ()
        return True

    log.handlers[0].addFilter(mask)
    log.error("pin %s", 4711)
    assert events[0]["logentry"] == {"message": "pin ****", "params": [], "formatted": "pin ****"}


def test_long_and_odd_logger_names_fit(start, events):
    start()
    logger = logging.getLogger("odd\nname." + "x" * 100)
    logger.error("x")
    assert len(events[0]["logger"]) == 64
    assert events[0]["logger"].startswith("odd name.xxx")


def test_record_is_left_as_it_was(start, log):
    start()
    argument = ["a"]
    silence(log)  # a formatter adds to it
    record = log.makeRecord(log.name, ERROR, "x.py", 1, "%s", (argument,), exc_info_of(raised()))
    before = dict(vars(record))
    log.handle(record)
    assert vars(record) == before
    assert argument == ["a"]


def test_records_that_put_their_message_together_themselves_are_asked(start, log, events):
    start()
    silence(log)  # these would complain

    class Braces(logging.LogRecord):
        def getMessage(self):
            return str(self.msg).format(*self.args)

    log.handle(Braces(log.name, INFO, "x.py", 1, "order {} of {}", (7, "ada"), None))
    log.handle(Braces(log.name, ERROR, "x.py", 1, "order {} of {}", (8, "bob"), None))
    log.handle(Braces(log.name, ERROR, "x.py", 1, "order {} of {}", (9,), None))
    assert messages(crumbs()) == ["order 7 of ada", "order 8 of bob", "order {} of {}"]
    assert events[0]["logentry"] == {
        "message": "order {} of {}",
        "params": [],
        "formatted": "order 8 of bob",
    }
    assert events[1]["logentry"]["formatted"] == "order {} of {}"


# -- hooks


def test_hooks_see_the_record(start, log, events):
    seen = []

    def before_breadcrumb(crumb, hint):
        seen.append(("crumb", hint["log_record"], "exc_info" in hint))
        return None if hint["log_record"].name == "noise" else crumb

    def before_send(event, hint):
        seen.append(("event", hint["log_record"], hint.get("exc_info", (None,))[0]))
        return event

    start(before_breadcrumb=before_breadcrumb, before_send=before_send)
    log.info("kept")
    new_logger("noise").info("dropped")
    log.error("sent", exc_info=raised())
    kinds = [kind for kind, _, _ in seen]
    records = [record.msg for _, record, _ in seen]
    assert kinds == ["crumb", "crumb", "event", "crumb"]
    assert records == ["kept", "dropped", "sent", "sent"]
    assert [about for _, _, about in seen] == [False, False, Boom, True]
    assert messages(events[0]["breadcrumbs"]["values"]) == ["kept"]


@pytest.mark.parametrize("hook", ["before_breadcrumb", "before_send"])
def test_hooks_that_log_do_not_go_round_in_circles(start, log, events, hook):
    calls = []

    def noisy(thing, hint):
        calls.append(thing)
        log.error("in the hook")
        return thing

    start(**{hook: noisy})
    log.error("x")
    assert len(calls) == 1
    assert len(events) == 1


def test_ignored_errors_are_ignored_in_records(start, log, events):
    start(ignore_errors=[LookupError, "Boo*"])
    for error in (KeyError("k"), Boom("b")):
        log.error("ignored", exc_info=raised(error))
    log.error("kept", exc_info=raised(ValueError("v")))
    assert [exception(event)["type"] for event in events] == ["ValueError"]
    assert messages(crumbs()) == ["ignored", "ignored", "kept"]


def test_sampled_out_before_anything_is_formatted(start, log, events):
    start(None, ERROR, sample_rate=0.0)
    asked = []

    class Costly:
        def __str__(self):
            asked.append(1)
            return "costly"

    silence(log)
    log.error("%s", Costly())
    assert (len(events), asked) == (0, [])


# -- no duplicates


def test_an_exception_is_sent_once_however_often_it_is_logged(start, log, events):
    start()
    error = raised()
    sentry_like.capture_exception(error)
    log.error("again", exc_info=error)
    other = raised(ValueError("other"))
    log.error("first", exc_info=other)
    log.error("again", exc_info=other)
    sentry_like.capture_exception(other)
    assert [exception(event)["type"] for event in events] == ["Boom", "ValueError"]


def test_an_exception_raised_from_a_logged_one_is_not_sent_again(start, log, events):
    start()
    try:
        try:
            raise Boom("inner")
        except Boom as inner:
            log.exception("inner failed")
            raise RuntimeError("outer") from inner
    except RuntimeError:
        log.exception("outer failed")
    assert [exception(event)["value"] for event in events] == ["inner"]


def test_a_task_whose_exception_nobody_fetched_is_one_event(start, events):
    start()

    async def main():
        async def fail():
            raise Boom("in a task")

        task = asyncio.get_running_loop().create_task(fail())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        del task
        gc.collect()

    asyncio.run(main())
    assert [exception(event)["value"] for event in events] == ["in a task"]
    assert events[0]["logger"] == "asyncio"
    assert events[0]["logentry"]["formatted"].startswith("Task exception was never retrieved")


def test_a_record_handed_on_to_another_logger_is_told_once(start, log, events):
    start()
    archive = new_logger("archive")

    class Forward(logging.Handler):
        def emit(self, record):
            archive.handle(record)

    log.addHandler(Forward())
    log.error("once")
    assert len(events) == 1


@pytest.mark.parametrize(
    ("template", "args"),
    [("order lost", ()), ("order %d lost", (7,)), ("order %s lost", ([7],)), ("%(n)s lost", ({"n": [7]},))],
)
def test_what_a_handler_logs_itself_is_told(start, log, events, template, args):
    start()
    other = new_logger("handler")

    class Failing(logging.Handler):
        def emit(self, record):
            other.error("cannot write")

    log.addHandler(Failing())
    log.error(template, *args)
    assert [event["logentry"]["message"] for event in events] == ["cannot write", template]


# -- ignored loggers


@pytest.mark.parametrize(
    ("pattern", "name", "is_ignored"),
    [
        ("noisy", "noisy", True),
        ("noisy", " noisy ", True),
        ("noisy", "noisy.part", False),
        ("noisy", "noisy2", False),
        ("noisy.*", "noisy.part", True),
        ("noisy.*", "noisy", False),
        ("*.sql", "django.sql", True),
        ("Noisy", "noisy", False),
        ("n[ao]isy", "noisy", True),
    ],
)
def test_ignored_loggers_are_told_by_pattern(start, events, ignoring, pattern, name, is_ignored):
    start()
    ignoring(pattern)
    logging.getLogger(name).error("x")
    assert (len(events) == 0) == is_ignored
    assert (crumbs() == []) == is_ignored


@pytest.mark.parametrize(
    "name", ["sentry_like", "sentry_like.transport", "urllib3.connectionpool", "urllib3.connection"]
)
def test_what_delivery_says_is_ignored_by_default(start, events, name):
    start()
    logging.getLogger(name).error("x")
    assert (len(events), crumbs()) == (0, [])


def test_ignoring_is_taken_back(start, log, events):
    start()
    ignore_logger(log.name)
    log.error("ignored")
    unignore_logger(log.name)
    unignore_logger("never.ignored")
    log.error("told")
    assert [event["logentry"]["formatted"] for event in events] == ["told"]


# -- handlers for manual use


def test_handlers_work_without_the_integration(init, log, events):
    init()
    log.handlers[:] = [BreadcrumbHandler(level=INFO), SentryHandler(level=ERROR)]
    log.debug("nothing")
    log.info("a breadcrumb")
    log.error("an event", exc_info=raised())
    assert [event["logentry"]["formatted"] for event in events] == ["an event"]
    assert exception(events[0])["mechanism"] == {"type": "logging", "handled": True}
    assert messages(events[0]["breadcrumbs"]["values"])[0] == "a breadcrumb"
    assert events[0]["logger"] == log.name


def test_event_handler_is_the_same():
    assert EventHandler is SentryHandler


def test_handlers_beside_the_integration_tell_nothing_twice(start, log, events):
    start()
    log.handlers[:] = [BreadcrumbHandler(), SentryHandler(level=WARNING)]
    log.debug("a breadcrumb by the handler")
    log.info("a breadcrumb by the integration")
    log.warning("an event by the handler")
    log.error("an event by the integration")
    assert [event["logentry"]["formatted"] for event in events] == [
        "an event by the handler",
        "an event by the integration",
    ]
    assert sorted(messages(crumbs())) == sorted(
        [
            "a breadcrumb by the handler",
            "a breadcrumb by the integration",
            "an event by the handler",
            "an event by the integration",
        ]
    )


@pytest.mark.parametrize("with_integration", [True, False], ids=["beside the integration", "alone"])
def test_handlers_behind_a_queue_tell_nothing_twice(init, log, events, with_integration):
    init(integrations=[LoggingIntegration()] if with_integration else [])
    waiting = queue.SimpleQueue()
    listener = logging.handlers.QueueListener(waiting, SentryHandler(level=ERROR))
    log.handlers[:] = [logging.handlers.QueueHandler(waiting)]
    listener.start()
    log.error("once")
    listener.stop()
    assert [event["logentry"]["formatted"] for event in events] == ["once"]


def test_handlers_behind_a_memory_handler_tell_nothing_twice(start, log, events):
    start()
    log.handlers[:] = [logging.handlers.MemoryHandler(10, ERROR, SentryHandler(level=INFO))]
    log.info("early")
    log.error("late")
    assert sorted(event["logentry"]["formatted"] for event in events) == ["early", "late"]


def test_handlers_tell_what_comes_from_another_process(start, log, events):
    start()
    record = log.makeRecord(log.name, ERROR, "x.py", 1, "from afar", (), None)
    record.process = 1
    SentryHandler().handle(record)
    assert [event["logentry"]["formatted"] for event in events] == ["from afar"]


def test_handlers_do_nothing_without_a_client_or_for_ignored_loggers(init, log, events, ignoring):
    log.handlers[:] = [SentryHandler(), BreadcrumbHandler()]
    log.error("no client")
    init()
    ignoring(log.name)
    log.error("ignored")
    assert (len(events), crumbs()) == (0, [])


# -- never in the way


class Hostile:
    """An object that raises whatever it is asked."""

    def __init__(self, error):
        self.error = error

    def __str__(self):
        raise self.error

    __repr__ = __len__ = __iter__ = __getitem__ = __int__ = __float__ = __str__


@pytest.mark.parametrize("error", [Boom("x"), SystemExit(3), RecursionError()], ids=repr)
@pytest.mark.parametrize("level", [INFO, ERROR])
@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(lambda it: ("%s", it), id="argument"),
        pytest.param(lambda it: ("%d", it), id="number"),
        pytest.param(lambda it: (it,), id="message"),
        pytest.param(lambda it: ("%(a)s", {"a": it}), id="field"),
        pytest.param(lambda it: ("%s", [it]), id="within"),
    ],
)
def test_hostile_objects_reach_nobody(start, log, events, lenient, arguments, level, error):
    start()
    silence(log)  # these would ask the object themselves
    log.log(level, *arguments(Hostile(error)), extra={"also": Hostile(error)})
    assert len(crumbs()) == 1
    assert len(events) == (level == ERROR)


@pytest.mark.parametrize(
    ("template", "args"),
    [
        ("%d items", ("many",)),
        ("%s and %s", (1,)),
        ("%s", (1, 2)),
        ("100 %", (1,)),
        ("%(name)s", ({"other": 1},)),
        ("%(name)s", (1,)),
        ("%y", (1,)),
    ],
)
def test_a_template_that_does_not_fit_is_sent_as_it_is(start, log, events, template, args):
    start()
    silence(log)  # these would complain
    log.info(template, *args)
    log.error(template, *args)
    assert messages(crumbs()) == [template, template]
    assert events[0]["logentry"]["message"] == events[0]["logentry"]["formatted"] == template


def test_an_error_of_a_handler_is_the_application_s(start, log, events):
    start()

    class Strict(logging.Handler):
        def emit(self, record):
            raise Boom("full")

    log.handlers[:] = [Strict()]
    with pytest.raises(Boom, match="full"):
        log.error("told nevertheless")
    assert [event["logentry"]["formatted"] for event in events] == ["told nevertheless"]


@pytest.mark.parametrize(
    "record",
    [
        {"msg": None, "args": None},
        {"msg": "x", "args": "not a tuple"},
        {"msg": "%s", "args": ["a"]},
        {"name": None, "msg": "x"},
        {"msg": "x", "exc_info": "yes"},
        {"msg": "x", "exc_info": (1, 2)},
        {"msg": "x", "threadName": None},
        {"msg": 7, "args": (1,)},
    ],
    ids=repr,
)
def test_odd_records_made_by_hand_are_taken(start, log, events, record):
    start()
    silence(log)  # these would complain
    log.handle(logging.makeLogRecord({"name": log.name, "levelno": ERROR, "created": 1.7e9, **record}))
    assert len(events) == 1
    assert len(crumbs()) == 1


def test_nothing_of_a_record_is_kept_alive(start, log, events):
    class Thing:
        pass

    start(INFO, ERROR)
    gc.collect()
    gc.disable()
    try:
        thing, error = Thing(), raised()
        log.info("%s", thing, extra={"thing": thing})
        log.error("%s", thing, extra={"thing": thing}, exc_info=error)
        log.error(thing)
        thing_ref, error_ref = weakref.ref(thing), weakref.ref(error)
        del thing, error
        assert (thing_ref(), error_ref()) == (None, None)
    finally:
        gc.enable()
    assert len(events) == 2


def test_handlers_find_nobody_of_ours_between_them_and_the_application(start, log):
    """Some look for the caller by leaving out the frames of `logging`, told by file or by module."""
    seen = []

    class Look(logging.Handler):
        def emit(self, record):
            frame = sys._getframe(1)
            while frame.f_code.co_filename != __file__:
                seen.append((frame.f_code.co_filename, frame.f_globals["__name__"]))
                frame = frame.f_back
            seen.append(frame.f_code.co_name)

    start()
    log.addHandler(Look())
    log.info("x")
    name = "test_handlers_find_nobody_of_ours_between_them_and_the_application"
    assert set(seen) == {(logging.__file__, "logging"), name}


def test_a_client_that_was_closed_or_is_somebody_else_s_is_left_alone(start, log, events):
    class Foreign:
        def get_integration(self, name):
            return None

    client = start()
    client.close(0)
    log.error("closed")
    Hub.main.bind_client(Foreign())
    log.error("foreign")
    Hub.main.bind_client(None)
    assert len(events) == 0


# -- threads and tasks


def test_each_thread_has_its_own_breadcrumbs(start, log, events):
    start()
    log.info("main")

    def work(number):
        log.info("thread %d", number)
        log.error("failed in %d", number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told = {event["logentry"]["formatted"]: messages(event["breadcrumbs"]["values"]) for event in events}
    assert told == {f"failed in {n}": ["main", f"thread {n}"] for n in range(4)}
    assert messages(crumbs()) == ["main"]


def test_each_task_has_its_own_breadcrumbs(start, log, events):
    start()

    async def work(number):
        log.info("task %d", number)
        await asyncio.sleep(0)
        log.error("failed in %d", number)

    async def main():
        log.info("main")
        await asyncio.gather(*(work(number) for number in range(4)))
        assert messages(crumbs()) == ["main"]

    asyncio.run(main())
    told = {event["logentry"]["formatted"]: messages(event["breadcrumbs"]["values"]) for event in events}
    assert told == {f"failed in {n}": ["main", f"task {n}"] for n in range(4)}


# -- our own delivery


def test_delivery_that_logs_does_not_feed_itself(init):
    """urllib3 says at DEBUG what it does, and everything is an event; the server does not answer."""
    said = []

    class Listen(logging.Handler):
        def emit(self, record):
            said.append(record.name)

    urllib3 = logging.getLogger("urllib3")
    urllib3.setLevel(DEBUG)
    urllib3.addHandler(listen := Listen())
    try:
        unignore_logger("urllib3.connectionpool")
        unignore_logger("urllib3.connection")
        client = init(
            "http://key@127.0.0.1:9/1", transport=None, integrations=[LoggingIntegration(DEBUG, DEBUG)]
        )
        sentry_like.capture_message("one")
        sentry_like.flush(3)
        assert client.stats()["error"]["captured"] == 1
        logging.getLogger("urllib3.util").error("by the application")
        assert client.stats()["error"]["captured"] == 2
    finally:
        urllib3.removeHandler(listen)
        urllib3.setLevel(logging.NOTSET)
        ignore_logger("urllib3.connectionpool")
        ignore_logger("urllib3.connection")
    assert said


def test_losses_that_are_logged_do_not_go_round_in_circles(init, log):
    lost = []

    def on_lost(reason, category, quantity):
        lost.append(reason)
        log.error("lost %s", category)

    client = init(
        "http://key@127.0.0.1:9/1", transport=None, on_lost=on_lost, integrations=[LoggingIntegration()]
    )
    sentry_like.capture_message("one")
    sentry_like.flush(3)
    client.drain()
    sentry_like.capture_message("two")
    assert client.stats()["error"]["captured"] == 2
    assert len(lost) == 2
