"""One request while it is served: what of it is an error, whose hub tells it, and what is left after it."""

from __future__ import annotations

import asyncio
import gc
import threading
import weakref

import pytest

import sentry_like
from sentry_like.hub import Hub
from sentry_like.integrations._common import serving
from sentry_like.integrations._common.request import Request
from sentry_like.integrations._common.serving import WebIntegration, begin, lent, watch_body


class Web(WebIntegration):
    identifier = "web"
    styles = ("endpoint", "url")


class Carrier:
    """What a server hands on."""

    def __init__(self, path="/basket"):
        self.path = path


class Carried(Request):
    __slots__ = ("carrier",)

    def __init__(self, carrier):
        self.carrier = carrier

    def is_carried_by(self, carrier):
        return carrier is self.carrier

    def method(self):
        return "GET"

    def url(self):
        return f"http://shop.example{self.carrier.path}"

    def headers(self):
        return ()


class Refused(Exception):
    """What a framework turns into an answer."""


def start(carrier=None, integration=None):
    return begin(carrier or Carrier(), Carried, integration or Web())


def exception_of(event):
    return event["exception"]["values"][-1]


# -- the options


def test_the_first_style_is_the_default():
    assert Web().transaction_style == "endpoint"


def test_unknown_style_is_refused_with_the_nearest():
    with pytest.raises(
        ValueError, match=r"cannot be .endpiont.; allowed: .endpoint., .url.\. Did you mean .endpoint."
    ):
        Web(transaction_style="endpiont")


@pytest.mark.parametrize("codes", [5, ["500"], [None], {500: 1, "x": 2}], ids=repr)
def test_status_codes_that_are_no_integers_are_refused(codes):
    with pytest.raises(TypeError, match="failed_request_status_codes is a collection of integers"):
        Web(failed_request_status_codes=codes)


@pytest.mark.parametrize("codes", [range(500, 600), {500, 503}, [404], frozenset(), ()], ids=repr)
def test_any_collection_of_integers_will_do(codes):
    assert Web(failed_request_status_codes=codes).failed_request_status_codes == frozenset(codes)


# -- what is an error


def test_what_nobody_has_handled_is_told_at_once(init, events):
    init()
    one = start()
    with one.hub:
        one.failed(ValueError("x"))
    (event,) = events
    assert exception_of(event)["mechanism"] == {"type": "web", "handled": False}
    assert event["request"]["url"] == "http://shop.example/basket"
    assert "response" not in event["contexts"]


@pytest.mark.parametrize(
    ("status", "count"), [(200, 0), (404, 0), (499, 0), (500, 1), (503, 1), (599, 1), (600, 0)]
)
def test_what_is_turned_into_an_answer_is_told_if_the_status_says_so(init, events, status, count):
    init()
    one = start()
    with one.hub:
        one.met(Refused("no"))
        assert len(events) == 0
        one.answered(status)
    assert len(events) == count
    for event in events:
        assert exception_of(event)["mechanism"] == {"type": "web", "handled": True}
        assert event["contexts"]["response"] == {"type": "response", "status_code": status}


def test_statuses_of_ones_own_replace_the_default(init, events):
    init()
    for status in (404, 500):
        one = start(integration=Web(failed_request_status_codes=[404]))
        one.met(Refused(status))
        one.answered(status)
    assert [exception_of(event)["value"] for event in events] == ["404"]


def test_an_answer_that_no_error_led_to_is_told_as_a_message(init, events):
    init()
    one = start()
    one.answered(503)
    (event,) = events
    assert event["message"] == "GET /basket answered 503"
    assert event["level"] == "error"
    assert event["contexts"]["response"]["status_code"] == 503


@pytest.mark.parametrize("how", ["failed", "met", "captured", "logged"])
def test_one_failure_is_one_event(init, events, how):
    from sentry_like.integrations.dedupe import DedupeIntegration

    init(integrations=[DedupeIntegration()])
    one = start()
    error = ValueError("x")
    with one.hub:
        if how == "failed":
            one.failed(error)
        elif how == "met":
            one.met(error)
        elif how == "captured":
            sentry_like.capture_exception(error)
        else:
            sentry_like.capture_message("it failed", level="error")
        one.answered(500)
    assert len(events) == 1


def test_a_message_that_tells_of_no_failure_hides_none(init, events):
    init()
    one = start()
    with one.hub:
        sentry_like.capture_message("all is well")
        one.met(Refused("no"))
        one.answered(503)
    assert [("message" in event) for event in events] == [True, False]


def test_ignored_error_is_not_told_as_a_message_instead(init, events):
    init(ignore_errors=[Refused])
    for handle in ("failed", "met"):
        one = start()
        getattr(one, handle)(Refused("no"))
        one.answered(500)
    assert len(events) == 0


def test_the_last_error_that_is_turned_into_an_answer_counts(init, events):
    init()
    one = start()
    one.met(ValueError("first"))
    one.met(KeyError("second"))
    one.answered(500)
    assert [exception_of(event)["type"] for event in events] == ["KeyError"]


class ClientDisconnect(Exception):
    """As frameworks call it."""


def test_what_comes_of_a_client_that_hung_up_is_no_error(init, events):
    init()
    lost = OSError("gone")
    wrapped = RuntimeError("could not send")
    wrapped.__cause__ = lost
    for error in (ClientDisconnect(), lost, wrapped):
        one = start()
        one.lost = lost
        one.failed(error)
        one.met(error)
        one.answered(500)
    assert len(events) == 0


@pytest.mark.parametrize(
    "error", [SystemExit(1), KeyboardInterrupt(), asyncio.CancelledError(), GeneratorExit()], ids=repr
)
def test_what_ends_the_program_is_no_error(init, events, error):
    init()
    one = start()
    one.failed(error)
    assert len(events) == 0


# -- the hub


def test_each_request_has_a_hub_without_the_breadcrumbs_of_before(init, events):
    init()
    sentry_like.set_tag("region", "north")
    sentry_like.add_breadcrumb(message="before")
    one = start()
    with one.hub:
        sentry_like.set_tag("who", "ann")
        sentry_like.capture_message("within")
    sentry_like.capture_message("after")
    within, after = events
    assert within["tags"] == {"region": "north", "who": "ann"}
    assert "breadcrumbs" not in within
    assert after["tags"] == {"region": "north"}
    assert "request" not in after


def test_an_error_is_told_by_the_hub_in_which_it_was_met(init, events):
    init()
    one = start()

    def inner(handle, error):
        with Hub(one.hub):
            sentry_like.set_tag("where", "inner")
            handle(error)

    error = ValueError("x")
    with one.hub:
        inner(one.met, error)
        one.failed(error)
    other = start()
    with other.hub:
        inner(other.met, Refused("no"))
        other.answered(500)
    assert [event["tags"] for event in events] == [{"where": "inner"}] * 2


def test_what_a_thread_sets_in_a_lent_hub_is_true_for_the_request(init, events):
    init()
    one = start()
    with one.hub:
        thread = threading.Thread(target=lent(lambda: sentry_like.set_tag("who", "ann")))
        thread.start()
        thread.join()
        sentry_like.capture_message("x")
    assert events[0]["tags"] == {"who": "ann"}


# -- one within another


def test_a_framework_within_another_tells_it_what_it_knows(init, events):
    init()

    class Named(Carried):
        __slots__ = ()

        def transaction(self, style):
            return ("basket", "component")

    class Inner(Web):
        identifier = "inner"

    carrier = Carrier()
    one = start(carrier)
    with one.hub:
        assert begin(carrier, Named, Inner(failed_request_status_codes=[404])) is None
        serving.met(Refused("no"))
        one.answered(404)
    (event,) = events
    assert event["transaction"] == "basket"
    assert exception_of(event)["mechanism"]["type"] == "inner"


def test_another_request_within_a_request_is_one_of_its_own(init, events):
    init()
    outer = start(Carrier("/outer"))
    with outer.hub:
        inner = start(Carrier("/inner"))
        with inner.hub:
            serving.failed(ValueError("x"), "web")
        serving.failed(KeyError("y"), "web")
    assert [event["transaction"] for event in events] == ["/inner", "/outer"]


def test_outside_of_requests_failures_are_told_too(init, events):
    init()
    serving.failed(ValueError("x"), "web")
    serving.met(ValueError("y"))
    serving.refine(Carried(Carrier()), Web())
    (event,) = events
    assert exception_of(event)["mechanism"] == {"type": "web", "handled": False}


# -- after it


def test_nothing_of_a_request_is_held_once_it_is_over(init):
    init()
    carrier = Carrier()
    one = start(carrier)
    watch_body(one).saw(b"x")
    error = Refused("no")
    one.met(error)
    dead = weakref.ref(carrier), weakref.ref(error)
    fork = Hub(one.hub)  # as a thread keeps that goes on
    gc.disable()
    try:
        one.ended()
        del carrier, error
        assert [one() for one in dead] == [None, None]
    finally:
        gc.enable()
    assert fork.scope.work is one


def test_what_outlives_a_request_tells_nothing_of_it(init, events):
    init()
    one = start()
    with one.hub:
        sentry_like.set_tag("who", "ann")
        left = Hub(Hub.current)
    one.ended()
    with left:
        sentry_like.capture_message("later")
        serving.failed(ValueError("x"), "web")
    later, failure = events
    assert "request" not in later
    assert later["tags"] == {"who": "ann"}
    assert exception_of(failure)["mechanism"]["type"] == "web"


def test_bodies_are_not_watched_where_nobody_wants_them(init):
    init(max_request_body_size="never")
    assert watch_body(start()) is None
    init(max_request_body_size="small")
    assert watch_body(start()) is not None


class Group(Exception):
    """As task groups raise them; the class of Python is newer than the oldest version."""

    def __init__(self, message, exceptions):
        super().__init__(message)
        self.exceptions = tuple(exceptions)

    def __str__(self):
        return f"{self.args[0]} ({len(self.exceptions)} sub-exceptions)"


@pytest.mark.parametrize("handle", ["failed", "met"])
def test_an_error_alone_in_the_group_of_a_framework_is_told_as_itself(init, events, handle):
    init()
    one = start()
    error = ValueError("x")
    group = Group("unhandled errors in a TaskGroup", [error])
    getattr(one, handle)(Group("unhandled errors in a TaskGroup", [group]))
    one.failed(error)
    one.answered(500)
    assert [exception_of(event)["type"] for event in events] == ["ValueError"]


@pytest.mark.parametrize(
    "group",
    [
        Group("the application's own", [ValueError("x")]),
        Group("unhandled errors in a TaskGroup", [ValueError("x"), KeyError("y")]),
    ],
    ids=["own", "several"],
)
def test_other_groups_are_told_as_they_are(init, events, group):
    init()
    start().failed(group)
    assert [exception_of(event)["type"] for event in events] == ["Group"]
