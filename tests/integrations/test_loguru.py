"""Loguru's messages become breadcrumbs and events, whatever the application does to its sinks."""

from __future__ import annotations

import copy
import io
import logging
import pickle
import sys

import pytest
from log_lines import Boom, crumbs, exception, messages, raise_and_log
from loguru import logger

from sentry_like.hub import Hub
from sentry_like.integrations.dedupe import DedupeIntegration
from sentry_like.integrations.logging import (
    LoggingIntegration,
    SentryHandler,
    ignore_logger,
    unignore_logger,
)
from sentry_like.integrations.loguru import LoguruIntegration

INFO, WARNING, ERROR = 20, 30, 40


@pytest.fixture(autouse=True)
def one_sink():
    """Loguru as it is after its import, but writing to a buffer."""
    logger.remove()
    yield logger.add(io.StringIO(), level="TRACE")
    logger.remove()
    logger.configure(extra={}, patcher=None, activation=[("", True)])


@pytest.fixture
def start(init):
    """`start(...)`: a client with the integration, the one of logging, and the deduplication."""

    def start(*args, options=None, **settings):
        integrations = [LoguruIntegration(*args, **settings), LoggingIntegration(), DedupeIntegration()]
        return init(integrations=integrations, **(options or {}))

    return start


@pytest.fixture
def log():
    """A logger of the standard library that nobody else knows."""
    log = logging.Logger("shop.orders", level=1)
    log.addHandler(logging.NullHandler())
    return log


@pytest.mark.parametrize(
    ("level", "crumb_level", "event_level"),
    [
        ("TRACE", None, None),
        ("DEBUG", None, None),
        ("INFO", "info", None),
        ("SUCCESS", "info", None),
        ("WARNING", "warning", None),
        ("ERROR", "error", "error"),
        ("CRITICAL", "fatal", "fatal"),
        (33, "warning", None),
        (47, "error", "error"),
    ],
)
def test_levels_decide_and_are_the_nearest_below(start, events, level, crumb_level, event_level):
    start()
    logger.log(level, "what happened")
    assert [crumb["level"] for crumb in crumbs()] == [crumb_level] * (crumb_level is not None)
    assert [event["level"] for event in events] == [event_level] * (event_level is not None)


def test_own_levels_count_by_their_number(start, events):
    start()
    try:
        logger.level("NOTICE")
    except ValueError:
        logger.level("NOTICE", no=32)
    logger.log("NOTICE", "x")
    assert crumbs()[0]["level"] == "warning"


@pytest.mark.parametrize(
    ("levels", "crumb_count", "event_count"),
    [
        pytest.param(("TRACE", "WARNING"), 7, 3, id="lower"),
        pytest.param((None, ERROR), 0, 2, id="no breadcrumbs"),
        pytest.param((INFO, None), 5, 0, id="no events"),
        pytest.param((None, None), 0, 0, id="neither"),
    ],
)
def test_both_levels_are_chosen(start, events, levels, crumb_count, event_count):
    start(*levels)
    for level in ("TRACE", "DEBUG", "INFO", "SUCCESS", "WARNING", "ERROR", "CRITICAL"):
        logger.log(level, "x")
    assert (len(crumbs()), len(events)) == (crumb_count, event_count)


def test_breadcrumb_has_all_fields(start):
    start()
    logger.bind(shop="north", lines=[1]).warning("order {} of {name}", 7, name="ada")
    (crumb,) = crumbs()
    assert crumb.pop("timestamp").endswith("Z")
    assert crumb == {
        "type": "log",
        "category": __name__,
        "level": "warning",
        "message": "order 7 of ada",
        "data": {"shop": "north", "lines": [1], "name": "ada"},
    }


@pytest.mark.parametrize(
    ("log_it", "entry"),
    [
        pytest.param(
            lambda: logger.error("order {} of {}", 7, "ada"),
            {"message": "order {} of {}", "params": [7, "ada"], "formatted": "order 7 of ada"},
            id="arguments",
        ),
        pytest.param(
            lambda: logger.error("order {n} of {name}", n=7, name="ada"),
            {
                "message": "order {n} of {name}",
                "params": {"n": 7, "name": "ada"},
                "formatted": "order 7 of ada",
            },
            id="named arguments",
        ),
        pytest.param(
            lambda: logger.error("{not a template}"),
            {"message": "{not a template}", "params": [], "formatted": "{not a template}"},
            id="no arguments",
        ),
        pytest.param(
            lambda: logger.opt(lazy=True).error("order {}", lambda: 7),
            {"message": "order {}", "params": [7], "formatted": "order 7"},
            id="lazy arguments",
        ),
        pytest.param(
            lambda: logger.opt(colors=True).error("<red>order</red> {}", 7),
            {"message": "<red>order</red> {}", "params": [7], "formatted": "order 7"},
            id="colours",
        ),
        pytest.param(
            lambda: logger.opt(record=True).error("line of {record[function]}"),
            {"message": "line of {record[function]}", "params": {}, "formatted": "line of <lambda>"},
            id="the record",
        ),
        pytest.param(
            lambda: logger.opt(raw=True).error("raw\n"),
            {"message": "raw\n", "params": [], "formatted": "raw\n"},
            id="raw",
        ),
        pytest.param(
            lambda: logger.error(17),
            {"message": "17", "params": [], "formatted": "17"},
            id="no text",
        ),
    ],
)
def test_event_knows_the_template(start, events, log_it, entry):
    start()
    log_it()
    assert events[0]["logentry"] == entry


def test_event_has_bound_values_and_the_name_of_the_module(start, events):
    start()
    with logger.contextualize(task=3):
        logger.bind(shop="north").error("x")
    assert events[0]["extra"] == {"task": 3, "shop": "north"}
    assert events[0]["logger"] == __name__


@pytest.mark.parametrize(
    "log_it",
    [
        pytest.param(lambda error: logger.exception("x"), id="exception()"),
        pytest.param(lambda error: logger.opt(exception=True).error("x"), id="opt(exception=True)"),
        pytest.param(lambda error: logger.opt(exception=error).error("x"), id="opt(exception=error)"),
        pytest.param(
            lambda error: logger.opt(exception=(Boom, error, error.__traceback__)).error("x"), id="a triple"
        ),
    ],
)
def test_exceptions_are_captured_as_handled(start, events, log_it):
    start()
    raise_and_log(log_it)
    assert exception(events[0])["type"] == "Boom"
    assert exception(events[0])["mechanism"] == {"type": "loguru", "handled": True}
    assert exception(events[0])["stacktrace"]["frames"][-1]["function"] == "raise_and_log"
    assert events[0]["logentry"]["formatted"] == "x"


def test_what_catch_catches_is_captured(start, events):
    start()

    @logger.catch
    def work():
        raise Boom("in work")

    with logger.catch(message="while {}".format("closing")):
        raise Boom("in the block")
    work()
    assert [exception(event)["value"] for event in events] == ["in the block", "in work"]
    assert exception(events[1])["stacktrace"]["frames"][-1]["function"].endswith("work")


def test_exception_that_is_not_there_gives_the_stack(start, events):
    start()

    def save():
        logger.opt(exception=True).error("nothing active")

    save()
    frames = events[0]["threads"]["values"][0]["stacktrace"]["frames"]
    assert frames[-1]["function"].endswith("save")


def test_hooks_see_the_record(start, events):
    seen = []

    def before_breadcrumb(crumb, hint):
        seen.append(hint["loguru_record"]["message"])
        return crumb

    def before_send(event, hint):
        seen.append((hint["loguru_record"]["level"].name, hint["exc_info"][0]))
        return event

    start(options={"before_breadcrumb": before_breadcrumb, "before_send": before_send})
    logger.info("first")
    raise_and_log(lambda error: logger.exception("second"))
    assert seen == ["first", ("ERROR", Boom), "second"]


def test_formats_make_the_messages(start, events):
    start(
        breadcrumb_format="{level: <8}|{message}",
        event_format=lambda record: "{extra[shop]}: {message}" if record["extra"] else "{message}",
    )
    logger.bind(shop="north").error("order {}", 7)
    assert events[0]["logentry"]["formatted"] == "north: order 7"
    assert messages(crumbs()) == ["ERROR   |order 7"]


def test_a_format_that_fails_gives_the_message_alone(start, events, lenient, capsys):
    start(event_format="{extra[shop]}: {message}")
    logger.error("order {}", 7)
    logger.error("order {}", 8)
    assert messages(events) == ["order 7", "order 8"]
    assert capsys.readouterr().err.count("a format for loguru fails") == 1


# -- the application's sinks


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda sink: logger.remove(), id="remove()"),
        pytest.param(lambda sink: logger.remove(sink), id="remove(id)"),
        pytest.param(lambda sink: (logger.remove(), logger.add(io.StringIO())), id="remove and add"),
        pytest.param(lambda sink: logger.configure(handlers=[]), id="configure"),
        pytest.param(lambda sink: (logger.remove(), logger.remove(), logger.remove()), id="three times"),
        pytest.param(lambda sink: logger.bind(a=1).remove(), id="through a bound logger"),
    ],
)
def test_removing_sinks_does_not_switch_off(start, events, one_sink, change):
    start()
    change(one_sink)
    logger.info("before")
    logger.error("now")
    assert messages(events) == ["now"]
    assert messages(events[0]["breadcrumbs"]["values"]) == ["before"]


def test_removing_without_a_client_does_not_switch_off(start, init, events):
    client = start()
    Hub.main.bind_client(None)
    logger.remove()
    Hub.main.bind_client(client)
    logger.error("now")
    assert messages(events) == ["now"]


def test_errors_of_remove_are_the_application_s(start, events):
    start()
    with pytest.raises(ValueError, match="no existing handler with id 9999"):
        logger.remove(9999)
    with pytest.raises(TypeError):
        logger.remove("all")
    logger.error("once")
    assert messages(events) == ["once"]


def test_sinks_of_the_application_write_the_same(start):
    written = []
    logger.remove()
    style = "{level} {name}:{function} {message} {extra}"
    logger.add(written.append, format=style, diagnose=False, backtrace=False)
    before = log_a_few(written)
    start()
    assert log_a_few(written) == before


def log_a_few(written):
    written.clear()
    logger.debug("one {}", 1)
    logger.bind(a=1).error("two")
    raise_and_log(lambda error: logger.exception("three"))
    return [str(line) for line in written]


def test_queued_sinks_get_everything(start, events):
    start()
    written = []
    sink = logger.add(written.append, format="{message}", enqueue=True)
    logger.error("queued {}", 7)
    logger.remove(sink)
    assert [str(line) for line in written] == ["queued 7\n"]
    assert messages(events) == ["queued 7"]


def test_disabled_modules_stay_silent(start, events):
    start()
    logger.disable(__name__)
    logger.error("x")
    logger.enable(__name__)
    assert (len(events), crumbs()) == (0, [])


def test_levels_that_nobody_asked_for_stay_cheap(start):
    start()
    logger.remove()
    assert logger._core.min_level == INFO


def test_a_later_client_may_listen_to_more(start, init, events):
    start()
    init(integrations=[LoguruIntegration("TRACE")])
    logger.trace("now heard")
    assert messages(crumbs()) == ["now heard"]
    logger.error("once")
    assert messages(events) == ["once"]


def test_copies_of_the_logger_are_heard_as_well(start, events, one_sink):
    logger.remove(one_sink)
    start()
    other = copy.deepcopy(logger)
    other.remove()
    other.add(io.StringIO())
    other.error("by the copy")
    logger.error("by the original")
    assert messages(events) == ["by the copy", "by the original"]


def test_the_logger_is_still_pickled(start, one_sink):
    logger.remove(one_sink)
    start()
    assert pickle.loads(pickle.dumps(logger)) is not None


def test_uninstalling_takes_the_sink_away(start, events):
    logger.remove()
    original = vars(type(logger))["remove"]
    client = start()
    assert "nowhere" in repr(logger)
    client.close(0, uninstall=True)
    assert repr(logger) == "<loguru.logger handlers=[]>"
    assert vars(type(logger))["remove"] is original
    start()
    logger.error("once")
    assert messages(events) == ["once"]


# -- ignored, hostile, endless


def test_ignored_loggers_are_ignored(start, events):
    start()
    ignore_logger(__name__)
    try:
        logger.error("x")
    finally:
        unignore_logger(__name__)
    assert (len(events), crumbs()) == (0, [])


def test_hooks_that_log_do_not_go_round_in_circles(start, events):
    def before_send(event, hint):
        logger.error("in the hook")
        return event

    start(options={"before_send": before_send})
    logger.error("x")
    assert messages(events) == ["x"]


def test_objects_that_fail_reach_nobody(start, events, lenient):
    class Hostile:
        def __repr__(self):
            raise SystemExit(3)

        def __format__(self, spec):
            return "hostile"

    start()
    logger.bind(it=Hostile()).error("x {}", Hostile())
    assert messages(events) == ["x hostile"]
    assert messages(crumbs()) == ["x hostile"]


def test_secrets_given_by_name_stay_here(start, transport):
    start()
    for level in ("INFO", "ERROR"):
        logger.log(level, "logged in with {password}", password="hunter2-canary")
        logger.bind(token="hunter2-canary").log(level, "x {}", "hunter2-canary")
    logger.error("later")
    for envelope in transport.envelopes:
        assert b"hunter2-canary" not in envelope.serialize()


# -- passed on from and to logging


class InterceptHandler(logging.Handler):
    """As loguru's documentation has it."""

    def emit(self, record):
        try:
            level = logger.level(record.levelname).name
        except ValueError:
            level = record.levelno
        frame, depth = sys._getframe(1), 1
        while frame and frame.f_code.co_filename == logging.__file__:
            frame = frame.f_back
            depth += 1
        logger.opt(depth=depth, exception=record.exc_info).log(level, record.getMessage())


class PropagateHandler(logging.Handler):
    """As loguru's documentation has it."""

    target = None

    def emit(self, record):
        self.target.handle(record)


@pytest.mark.parametrize("removed", [True, False], ids=["after remove()", "beside other sinks"])
@pytest.mark.parametrize("with_arguments", [True, False])
def test_what_logging_passes_on_is_told_once(start, events, log, removed, with_arguments):
    start()
    if removed:
        logger.remove()
    log.addHandler(InterceptHandler())
    arguments = ("order %s of %s", 7, ["ada"]) if with_arguments else ("order 7 of ['ada']",)
    log.info(*arguments)
    log.error(*arguments)
    raise_and_log(lambda error: log.exception("failed"))
    assert messages(events) == ["order 7 of ['ada']", "failed"]
    assert messages(crumbs()) == ["order 7 of ['ada']", "order 7 of ['ada']", "failed"]
    assert events[0]["logger"] == "shop.orders"


@pytest.mark.parametrize("first", [True, False], ids=["added before ours", "added after ours"])
@pytest.mark.parametrize("queued", [True, False], ids=["queued", "at once"])
@pytest.mark.parametrize("style", ["{message}", "{time} | {level} | {message}"])
def test_what_loguru_passes_on_is_told_once(start, events, log, first, queued, style):
    handler = PropagateHandler()
    handler.target = log
    logger.remove()
    if first:
        logger.add(handler, format=style, enqueue=queued)
        start()
    else:
        start()
        logger.add(handler, format=style, enqueue=queued)
    logger.info("order {}", 7)
    logger.error("order {}", 8)
    raise_and_log(lambda error: logger.exception("failed"))
    logger.complete()
    assert messages(events) == ["order 8", "failed"]
    assert messages(crumbs()) == ["order 7", "order 8", "failed"]
    assert events[0]["logger"] == __name__


def test_a_function_that_logs_what_it_gets_is_told_once(start, events, log):
    start()
    logger.add(lambda message: log.error(str(message).rstrip()))
    logger.add(lambda message: log.error("%s", message))
    logger.error("order {}", 7)
    assert messages(events) == ["order 7"]


def test_what_a_sink_logs_itself_is_told(start, events, log):
    start()
    logger.add(lambda message: log.error("cannot ship logs"))
    logger.error("order lost")
    assert sorted(messages(events)) == ["cannot ship logs", "order lost"]


def test_each_library_is_judged_by_its_own_levels(start, events, log):
    """logging makes a breadcrumb of what it passes on, and loguru, which is to send warnings, the event."""
    start(event_level="WARNING")
    log.addHandler(InterceptHandler())
    log.warning("careful")
    assert messages(events) == ["careful"]
    assert messages(crumbs()) == ["careful"]


def test_without_the_integration_of_logging_loguru_tells_it(init, events, log):
    init(integrations=[LoguruIntegration()])
    log.addHandler(InterceptHandler())
    log.error("order %d", 7)
    assert messages(events) == ["order 7"]


def test_a_handler_of_ours_as_sink_tells_nothing_twice(start, init, events, one_sink):
    start()
    logger.add(SentryHandler(), format="{message}")
    logger.error("order {}", 7)
    assert messages(events) == ["order 7"]


def test_a_handler_of_ours_as_sink_works_alone(init, events):
    init(integrations=[LoggingIntegration()])
    sink = logger.add(SentryHandler(), format="{message}", level="ERROR")
    logger.error("order {}", 7)
    logger.remove(sink)
    assert messages(events) == ["order 7"]


def test_the_caller_that_intercepted_records_name_is_the_application(start, log):
    written = []
    start()
    logger.add(written.append, format="{name}:{function}")
    log.addHandler(InterceptHandler())
    log.info("x")
    assert written == [f"{__name__}:test_the_caller_that_intercepted_records_name_is_the_application\n"]
