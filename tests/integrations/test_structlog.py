"""What structlog's loggers are told becomes breadcrumbs and events, however they are configured."""

from __future__ import annotations

import asyncio
import gc
import inspect
import logging
import weakref

import pytest
import structlog
from log_lines import Boom, crumbs, exception, messages, raise_and_log

from sentry_like.hub import Hub
from sentry_like.integrations.dedupe import DedupeIntegration
from sentry_like.integrations.logging import LoggingIntegration, ignore_logger, unignore_logger
from sentry_like.integrations.structlog import SentryProcessor, StructlogIntegration

INFO, WARNING, ERROR = 20, 30, 40
NATIVE = structlog.make_filtering_bound_logger(0)
HAS_ASYNC_METHODS = hasattr(NATIVE, "ainfo")


@pytest.fixture(autouse=True)
def defaults():
    """structlog as it is after its import, but printing to nowhere."""
    structlog.reset_defaults()
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    yield
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


@pytest.fixture
def start(init):
    """`start(...)`: a client with the integration, the one of logging, and the deduplication."""

    def start(*args, options=None, **settings):
        integrations = [StructlogIntegration(*args, **settings), LoggingIntegration(), DedupeIntegration()]
        return init(integrations=integrations, **(options or {}))

    return start


@pytest.fixture
def stdlib():
    """A logger of the standard library that nobody else knows, and the records that it passed on."""
    logger = logging.Logger("shop.orders", level=1)
    logger.records = []

    class Keep(logging.Handler):
        def emit(self, record):
            logger.records.append(record)

    logger.addHandler(Keep())
    return logger


def generic():
    return structlog.wrap_logger(structlog.ReturnLogger(), wrapper_class=structlog.BoundLogger)


def native():
    return structlog.get_logger()


def native_cached():
    structlog.configure(cache_logger_on_first_use=True)
    return structlog.get_logger()


def rendering_json():
    return structlog.wrap_logger(
        structlog.ReturnLogger(),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
    )


def without_processors():
    return structlog.wrap_logger(structlog.ReturnLogger(), processors=[lambda logger, name, fields: "said"])


ANY_LOGGER = pytest.mark.parametrize(
    "make",
    [generic, native, native_cached, rendering_json, without_processors],
    ids=lambda make: make.__name__,
)


@ANY_LOGGER
@pytest.mark.parametrize(
    ("method", "crumb_level", "event_level"),
    [
        ("debug", None, None),
        ("info", "info", None),
        ("msg", "info", None),
        ("warning", "warning", None),
        ("warn", "warning", None),
        ("error", "error", "error"),
        ("critical", "fatal", "fatal"),
        ("fatal", "fatal", "fatal"),
    ],
)
def test_methods_decide_on_any_logger(start, events, make, method, crumb_level, event_level):
    start()
    getattr(make(), method)("what happened")
    assert [crumb["level"] for crumb in crumbs()] == [crumb_level] * (crumb_level is not None)
    assert [event["level"] for event in events] == [event_level] * (event_level is not None)


@pytest.mark.parametrize(
    ("levels", "crumb_count", "event_count"),
    [
        pytest.param(("debug", "warning"), 5, 3, id="lower"),
        pytest.param((None, ERROR), 0, 2, id="no breadcrumbs"),
        pytest.param((INFO, None), 4, 0, id="no events"),
        pytest.param((None, None), 0, 0, id="neither"),
    ],
)
def test_both_levels_are_chosen(start, events, levels, crumb_count, event_count):
    start(*levels)
    for method in ("debug", "info", "warning", "error", "critical"):
        getattr(structlog.get_logger(), method)("x")
    assert (len(crumbs()), len(events)) == (crumb_count, event_count)


def test_a_level_by_number_and_a_method_of_one_s_own_are_understood(start, events):
    start()
    structlog.get_logger().log(ERROR, "by number")

    class Own(structlog.ReturnLogger):
        user_error = structlog.ReturnLogger.msg

    own = structlog.wrap_logger(Own(), wrapper_class=structlog.BoundLogger)
    own.user_error("unknown methods are worth a breadcrumb")
    own.user_error("unless the level says more", level="error")
    assert messages(events) == ["by number", "unless the level says more"]


def test_a_filtering_logger_costs_nothing_below_its_level(start):
    start("debug")
    log = structlog.wrap_logger(
        structlog.ReturnLogger(), wrapper_class=structlog.make_filtering_bound_logger(WARNING)
    )
    log.info("x")
    assert crumbs() == []


@ANY_LOGGER
def test_breadcrumb_has_all_fields(start, make):
    start()
    make().bind(shop="north").warning("order paid", number=7, lines=[1, {"sku": "tea"}])
    (crumb,) = crumbs()
    assert crumb.pop("timestamp").endswith("Z")
    assert crumb == {
        "type": "log",
        "category": "structlog",
        "level": "warning",
        "message": "order paid",
        "data": {"shop": "north", "number": 7, "lines": [1, {"sku": "tea"}]},
    }


@ANY_LOGGER
def test_event_has_all_fields(start, events, make):
    start()
    make().bind(shop="north").error("order lost", number=7)
    event = events[0]
    assert event["logentry"] == {"message": "order lost", "params": [], "formatted": "order lost"}
    assert event["extra"] == {"shop": "north", "number": 7}
    assert "logger" not in event
    assert "exception" not in event
    assert "threads" not in event


@ANY_LOGGER
@pytest.mark.parametrize(
    "log_it",
    [
        pytest.param(lambda log, error: log.exception("failed"), id="exception()"),
        pytest.param(lambda log, error: log.error("failed", exc_info=True), id="exc_info=True"),
        pytest.param(lambda log, error: log.error("failed", exc_info=error), id="exc_info=error"),
        pytest.param(
            lambda log, error: log.error("failed", exc_info=(Boom, error, error.__traceback__)), id="a triple"
        ),
    ],
)
def test_exceptions_are_captured_as_handled(start, events, make, log_it):
    start()
    raise_and_log(lambda error: log_it(make(), error))
    assert exception(events[0])["type"] == "Boom"
    assert exception(events[0])["mechanism"] == {"type": "structlog", "handled": True}
    assert exception(events[0])["stacktrace"]["frames"][-1]["function"] == "raise_and_log"
    assert events[0].get("extra") is None


@pytest.mark.parametrize(
    "arguments", [{"stack_info": True}, {"exc_info": True}, {"exc_info": Boom("never raised")}], ids=repr
)
def test_stack_leads_to_the_call(start, events, arguments):
    start()

    def save():
        structlog.get_logger().error("where", **arguments)

    save()
    frames = events[0]["threads"]["values"][0]["stacktrace"]["frames"]
    assert frames[-1]["function"].endswith("save")


@pytest.mark.parametrize(
    ("make", "name"),
    [
        pytest.param(lambda std: structlog.get_logger().bind(logger="by.key"), "by.key", id="logger"),
        pytest.param(
            lambda std: structlog.get_logger().bind(logger_name="by.key"), "by.key", id="logger_name"
        ),
        pytest.param(lambda std: structlog.wrap_logger(std), "shop.orders", id="of the standard library"),
    ],
)
def test_logger_s_name_is_found(start, events, stdlib, make, name):
    start()
    make(stdlib).error("x")
    assert events[0]["logger"] == name
    assert crumbs()[0]["category"] == name
    assert "extra" not in events[0]


def test_context_variables_go_along_where_they_are_merged(start, events):
    start()
    structlog.contextvars.bind_contextvars(request="r-1")
    structlog.get_logger().error("x")
    assert events[0]["extra"] == {"request": "r-1"}


def test_values_are_what_the_processors_made_of_them(start, events):
    start()

    def mask(logger, name, fields):
        return {**fields, "number": "****", "event": fields["event"].replace("4711", "****")}

    log = structlog.wrap_logger(
        structlog.ReturnLogger(), processors=[mask, structlog.processors.KeyValueRenderer()]
    )
    log.error("card 4711", number=4711)
    assert events[0]["extra"] == {"number": "****"}
    assert messages(events) == ["card ****"]


def test_what_a_processor_drops_is_not_told(start, events):
    def drop(logger, name, fields):
        raise structlog.DropEvent

    start()
    for place in (0, 1):
        processors = [structlog.processors.add_log_level]
        processors.insert(place, drop)
        structlog.wrap_logger(structlog.ReturnLogger(), processors=processors).error("x")
    assert (len(events), crumbs()) == (0, [])


def test_an_error_of_a_processor_is_the_application_s(start, events):
    def fail(logger, name, fields):
        raise Boom("in a processor")

    start()
    with pytest.raises(Boom, match="in a processor"):
        structlog.wrap_logger(structlog.ReturnLogger(), processors=[fail]).error("x")
    assert len(events) == 0


def test_hooks_see_the_event_dictionary(start, events):
    seen = []

    def before_breadcrumb(crumb, hint):
        seen.append(hint["structlog_event"]["number"])
        return crumb

    def before_send(event, hint):
        seen.append((hint["structlog_event"]["event"], hint["exc_info"][0]))
        return event

    start(options={"before_breadcrumb": before_breadcrumb, "before_send": before_send})
    structlog.get_logger().info("first", number=1)
    raise_and_log(lambda error: structlog.get_logger().exception("second", number=2))
    assert seen == [1, ("second", Boom), 2]


# -- the application notices nothing


@pytest.mark.parametrize(
    "make",
    [
        generic,
        native,
        rendering_json,
        without_processors,
        lambda: structlog.wrap_logger(structlog.ReturnLogger(), context_class=dict, processors=()),
    ],
)
def test_results_and_loggers_stay_the_same(start, make):
    def use(logger):
        bound = logger.bind(a=1)
        return bound.info("x", b=2), structlog.get_context(bound), [*bound._processors], bound._logger

    logger = make()
    structlog.configure(processors=[structlog.processors.JSONRenderer(sort_keys=True)])
    before = use(logger)[1:]
    start()
    result, *after = use(logger)
    assert after == list(before)
    assert "sentry" not in repr(result)


def test_places_that_processors_find_are_the_application_s(start):
    start()
    parameter = structlog.processors.CallsiteParameter
    adder = structlog.processors.CallsiteParameterAdder([parameter.MODULE, parameter.FUNC_NAME])
    log = structlog.wrap_logger(
        structlog.ReturnLogger(),
        processors=[
            adder,
            structlog.processors.StackInfoRenderer(),
            lambda logger, name, fields: ((), fields),
        ],
    )
    _, fields = log.error("x", stack_info=True)
    assert (fields["module"], fields["func_name"]) == (
        "test_structlog",
        "test_places_that_processors_find_are_the_application_s",
    )
    assert "sentry_like" not in fields["stack"]


def test_uninstalling_gives_everything_back(start, events):
    original = vars(structlog.BoundLoggerBase)["_process_event"]
    contextvars = structlog.stdlib.contextvars
    client = start()
    replaced = vars(structlog.BoundLoggerBase)["_process_event"]
    assert (replaced is not original, replaced.__wrapped__) == (True, original)
    assert inspect.signature(replaced) == inspect.signature(original)
    client.close(0, uninstall=True)
    assert vars(structlog.BoundLoggerBase)["_process_event"] is original
    assert structlog.stdlib.contextvars is contextvars
    assert inspect.ismodule(contextvars)


def test_without_the_integration_nothing_is_taken(start, init, events):
    start()
    init()
    structlog.get_logger().error("x")
    Hub.main.bind_client(None)
    structlog.get_logger().error("x")
    assert len(events) == 0


def test_ignored_loggers_are_ignored(start, events):
    start()
    ignore_logger("noisy.*")
    try:
        structlog.get_logger().error("x", logger="noisy.part")
    finally:
        unignore_logger("noisy.*")
    assert (len(events), crumbs()) == (0, [])


def test_hooks_that_log_do_not_go_round_in_circles(start, events):
    def before_send(event, hint):
        structlog.get_logger().error("in the hook")
        return event

    start(options={"before_send": before_send})
    structlog.get_logger().error("x")
    assert messages(events) == ["x"]


def test_objects_that_fail_reach_nobody(start, events, lenient):
    class Hostile:
        def __repr__(self):
            raise SystemExit(3)

    start()
    log = structlog.wrap_logger(structlog.ReturnLogger(), processors=[lambda logger, name, fields: "x"])
    log.error(Hostile(), it=Hostile())
    log.error(None)
    assert len(events) == 2
    assert len(crumbs()) == 2


def test_nothing_is_kept_alive(start, events):
    class Thing:
        pass

    start()
    log = structlog.wrap_logger(structlog.ReturnLogger(), processors=[lambda logger, name, fields: "x"])
    gc.collect()
    gc.disable()
    try:
        thing = Thing()
        log.info("x", thing=thing)
        log.bind(thing=thing).error("y")
        reference = weakref.ref(thing)
        del thing
        assert reference() is None
    finally:
        gc.enable()
    assert len(events) == 1


def test_secrets_stay_here(start, transport):
    start()
    for method in ("info", "error"):
        getattr(structlog.get_logger(), method)("logged in with hunter2-canary", password="hunter2-canary")
    structlog.get_logger().error("later")
    for envelope in transport.envelopes:
        assert b"hunter2-canary" not in envelope.serialize()


# -- rendered into logging

RENDERERS = [
    pytest.param([structlog.processors.KeyValueRenderer()], id="text"),
    pytest.param([structlog.processors.JSONRenderer()], id="JSON"),
    pytest.param([structlog.stdlib.render_to_log_kwargs], id="keyword arguments"),
    pytest.param([structlog.stdlib.ProcessorFormatter.wrap_for_formatter], id="for the formatter"),
]


@pytest.mark.parametrize("processors", RENDERERS)
@pytest.mark.parametrize("wrapper", [None, structlog.stdlib.BoundLogger], ids=["native", "stdlib"])
def test_what_is_rendered_into_logging_is_told_once(start, events, stdlib, processors, wrapper):
    start()
    log = structlog.wrap_logger(stdlib, processors=processors, wrapper_class=wrapper)
    log.info("paid", number=7)
    log.error("lost", number=8)
    raise_and_log(lambda error: log.exception("failed"))
    assert len(stdlib.records) == 3
    assert messages(events) == ["lost", "failed"]
    assert messages(crumbs()) == ["paid", "lost", "failed"]
    assert events[0]["extra"] == {"number": 8}


def test_positional_arguments_are_put_in(start, events, stdlib):
    start()
    log = structlog.wrap_logger(
        stdlib,
        wrapper_class=structlog.stdlib.BoundLogger,
        processors=[
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.processors.KeyValueRenderer(),
        ],
    )
    log.error("order %d of %s", 7, "ada")
    assert events[0]["logentry"] == {
        "message": "order %d of %s",
        "params": [],
        "formatted": "order 7 of ada",
    }


def test_what_logging_is_not_enabled_for_is_not_told(start, stdlib):
    start()
    stdlib.setLevel(WARNING)
    structlog.wrap_logger(stdlib, processors=[structlog.processors.KeyValueRenderer()]).info("x")
    assert crumbs() == []


def test_what_a_processor_or_handler_logs_itself_is_told(start, events, stdlib):
    start()
    other = logging.Logger("other")
    other.addHandler(logging.NullHandler())

    def complain(logger, name, fields):
        other.error("in a processor")
        return fields

    class Failing(logging.Handler):
        def emit(self, record):
            other.error("in a handler")

    stdlib.addHandler(Failing())
    structlog.wrap_logger(stdlib, processors=[complain, structlog.processors.KeyValueRenderer()]).error("x")
    assert messages(events) == ["in a processor", "x", "in a handler"]


def test_each_library_is_judged_by_its_own_levels(start, events, stdlib):
    """structlog makes a breadcrumb of what it renders into logging; that is told to send it as an event."""
    start(event_level=None)
    structlog.wrap_logger(stdlib, processors=[structlog.processors.KeyValueRenderer()]).error("lost")
    assert messages(events) == ["event='lost'"]
    assert messages(crumbs()) == ["lost"]


def test_without_this_integration_logging_tells_it(init, events, stdlib):
    init(integrations=[LoggingIntegration()])
    structlog.wrap_logger(stdlib, processors=[structlog.processors.KeyValueRenderer()]).error("lost")
    assert messages(events) == ["event='lost'"]


# -- the processor


def chain(*processors):
    return structlog.wrap_logger(
        structlog.ReturnLogger(), processors=[*processors, structlog.processors.JSONRenderer()]
    )


@pytest.mark.parametrize("with_integration", [True, False], ids=["beside the integration", "alone"])
def test_processor_tells_everything_once(init, events, with_integration):
    init(integrations=[StructlogIntegration()] if with_integration else [])
    log = chain(SentryProcessor())
    assert log.info("paid", number=7) == '{"number": 7, "event": "paid"}'
    log.error("lost", number=8)
    raise_and_log(lambda error: log.error("failed", exc_info=error))
    assert messages(events) == ["lost", "failed"]
    assert messages(crumbs()) == ["paid", "lost", "failed"]
    assert events[0]["extra"] == {"number": 8}
    assert exception(events[1])["value"] == "boom"


@pytest.mark.parametrize("with_integration", [True, False], ids=["beside the integration", "alone"])
def test_processor_s_own_levels_count(init, events, with_integration):
    init(integrations=[StructlogIntegration()] if with_integration else [])
    log = chain(SentryProcessor(level=None, event_level="warning"))
    log.info("nothing")
    log.warning("an event")
    assert messages(events) == ["an event"]
    assert crumbs() == []


def test_processor_tells_what_it_gets(init, events):
    init()
    log = chain(lambda logger, name, fields: {**fields, "number": "****"}, SentryProcessor())
    log.error("x", number=4711)
    assert events[0]["extra"] == {"number": "****"}


def test_processor_and_logging_tell_nothing_twice(init, events, stdlib):
    init(integrations=[LoggingIntegration(), StructlogIntegration()])
    processors = [SentryProcessor(), structlog.processors.KeyValueRenderer()]
    structlog.wrap_logger(stdlib, processors=processors).error("lost")
    assert messages(events) == ["lost"]
    assert messages(crumbs()) == ["lost"]


@pytest.mark.parametrize("through", ["structlog", "logging"])
def test_processor_in_a_formatter_tells_nothing_twice(start, events, stdlib, through):
    start()
    formatter = structlog.stdlib.ProcessorFormatter(
        processor=structlog.processors.KeyValueRenderer(), foreign_pre_chain=[SentryProcessor()]
    )
    handler = logging.StreamHandler(open("/dev/null", "w"))  # noqa: SIM115  # closed below
    handler.setFormatter(formatter)
    stdlib.addHandler(handler)
    if through == "structlog":
        processors = [structlog.stdlib.ProcessorFormatter.wrap_for_formatter]
        structlog.wrap_logger(stdlib, processors=processors).error("once")
    else:
        stdlib.error("once")
    handler.stream.close()
    assert messages(events) == ["once"]
    assert messages(crumbs()) == ["once"]


# -- asynchronous methods


@pytest.mark.skipif(not HAS_ASYNC_METHODS, reason="this structlog has none on its native loggers")
@pytest.mark.parametrize("wrapper", [NATIVE, structlog.stdlib.BoundLogger], ids=["native", "stdlib"])
def test_asynchronous_methods_tell_the_task_s_hub(start, events, wrapper):
    start()

    async def work(number):
        log = structlog.wrap_logger(structlog.ReturnLogger(), wrapper_class=wrapper, processors=[render])
        await log.ainfo("task", number=number)
        Hub.current.scope.set_tag("number", number)
        try:
            raise Boom(f"boom {number}")
        except Boom:
            await log.aexception("failed", number=number)
        return len(crumbs())

    async def main():
        return await asyncio.gather(*(work(number) for number in range(3)))

    def render(logger, name, fields):
        return "x"

    assert asyncio.run(main()) == [2, 2, 2]
    assert crumbs() == []
    for event in sorted(events, key=lambda event: event["extra"]["number"]):
        number = event["extra"]["number"]
        assert exception(event)["value"] == f"boom {number}"
        assert event["tags"] == {"number": str(number)}
        assert [crumb["data"]["number"] for crumb in event["breadcrumbs"]["values"]] == [number]
    assert len(events) == 3


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_asynchronous_logger_tells_the_task_s_hub(start, events, stdlib):
    start()

    async def main():
        log = structlog.stdlib.AsyncBoundLogger(
            stdlib, processors=[structlog.processors.KeyValueRenderer()], context={}
        )
        await log.info("paid")
        try:
            raise Boom("boom")
        except Boom:
            await log.exception("failed")

    asyncio.run(main())
    assert messages(events) == ["failed"]
    assert exception(events[0])["value"] == "boom"
    assert messages(events[0]["breadcrumbs"]["values"]) == ["paid"]
    assert [record.levelname for record in stdlib.records] == ["INFO", "ERROR"]


def test_a_thread_that_logs_has_its_own_breadcrumbs(start, events):
    start()

    async def main():
        await asyncio.to_thread(structlog.get_logger().info, "in a thread of the application's")
        structlog.get_logger().error("in the task")

    asyncio.run(main())
    assert "breadcrumbs" not in events[0]
