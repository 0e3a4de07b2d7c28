"""From `send` to the account: answers, limits, reports, a full queue, flushing, and the end."""

from __future__ import annotations

import json
import os
import signal
import threading
import time

import pytest
from relay_server import KEY, BlackHole, eventually

from sentry_like.protocol.envelope import Item

LIMITS = "X-Sentry-Rate-Limits"
DEAD = f"http://{KEY}@127.0.0.1:9/1"


@pytest.fixture
def hole():
    with BlackHole() as black_hole:
        yield black_hole


def threads():
    return [thread for thread in threading.enumerate() if "sentry" in thread.name]


# -- delivery


def test_events_arrive_in_order_and_are_counted_as_sent(relay, carry):
    carrier = carry(relay.dsn)
    for number in range(20):
        carrier.send(f"{number}")
    assert carrier.flush()
    assert relay.messages == [f"{number}" for number in range(20)]
    assert carrier.stats == {"error": {"captured": 20, "sent": 20, "queued": 0, "lost": {}}}


def test_events_of_many_threads_all_arrive_once(relay, carry):
    carrier = carry(relay.dsn)
    senders = [
        threading.Thread(target=lambda name=name: [carrier.send(f"{name} {n}") for n in range(25)])
        for name in range(4)
    ]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert carrier.flush()
    assert sorted(relay.messages) == sorted(f"{name} {number}" for name in range(4) for number in range(25))


def test_no_thread_runs_before_the_first_event(relay, carry):
    before = threads()
    carrier = carry(relay.dsn)
    assert carrier.flush()
    assert carrier.transport.drain(1)
    assert threads() == before
    assert relay.connections == 0


def test_an_attachment_travels_with_its_event_and_counts_in_bytes(relay, carry):
    carrier = carry(relay.dsn)
    carrier.send(attachments=[b"\x00\xff" * 50, b""])
    assert carrier.flush()
    assert [item.type for item in relay.envelopes[0].items] == ["event", "attachment", "attachment"]
    assert relay.envelopes[0].items[1].payload == b"\x00\xff" * 50
    assert carrier.sent("attachment") == 101


# -- statuses


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 500, 502, 503, 504])
def test_a_refusal_is_a_send_error_reported_and_said(relay, carry, status):
    carrier = carry(relay.dsn)
    relay.answer(status, {"Retry-After": "60"})
    carrier.send()
    assert not carrier.flush()
    assert carrier.lost() == {"send_error": 1}
    assert carrier.told == [("send_error", "error", 1)]
    assert any(str(status) in line or "too large" in line for line in carrier.logged)
    assert relay.discarded == {("send_error", "error"): 1}


def test_413_is_said_with_the_size(relay, carry):
    carrier = carry(relay.dsn, compression="none")
    relay.answer(413)
    carrier.send("x" * 5000)
    carrier.flush()
    said = " ".join(carrier.logged)
    assert "too large" in said
    assert str(len(relay.requests[0].raw)) in said


def test_every_2xx_is_success(relay, carry):
    carrier = carry(relay.dsn)
    relay.answer(202)
    carrier.send()
    assert carrier.flush()


def test_429_is_counted_but_not_reported(relay, carry):
    carrier = carry(relay.dsn)
    relay.answer(429, {LIMITS: "60:session:key"})
    carrier.send(attachments=[b"abc"])
    assert not carrier.flush()
    assert sum(carrier.lost().values()) == 1
    assert sum(carrier.lost("attachment").values()) == 3
    assert relay.discarded == {}


# -- rate limits


def test_a_limit_on_200_holds_for_its_category_only(relay, carry):
    carrier = carry(relay.dsn)
    relay.answer(200, {LIMITS: "60:error:key"})
    carrier.send("first")
    assert carrier.flush()
    carrier.send_session()
    assert not carrier.flush()
    assert carrier.lost() == {"ratelimit_backoff": 1}
    assert carrier.sent("session") == 1
    assert relay.messages == ["first"]
    assert [item.type for item in relay.envelopes[1].items if item.type != "client_report"] == ["session"]


def test_attachments_fall_with_their_event_though_a_session_goes_on(relay, carry):
    carrier = carry(relay.dsn)
    relay.answer(200, {LIMITS: "60:error:key"})
    carrier.send()
    assert carrier.flush()
    carrier.send_session(attachments=[b"abc"])
    carrier.flush()
    assert carrier.lost("attachment") == {"ratelimit_backoff": 3}
    assert carrier.sent("session") == 1


def test_a_limit_on_attachments_lets_the_event_pass(relay, carry):
    carrier = carry(relay.dsn)
    relay.answer(200, {LIMITS: "60:attachment:key"})
    carrier.send("first")
    assert carrier.flush()
    carrier.send("second", attachments=[b"abc"])
    assert not carrier.flush()
    assert relay.messages == ["first", "second"]
    assert carrier.lost("attachment") == {"ratelimit_backoff": 3}


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({LIMITS: "60::key"}, id="header for everything"),
        pytest.param({"Retry-After": "60"}, id="Retry-After"),
        pytest.param({}, id="nothing said"),
    ],
)
def test_a_limit_on_everything_stops_all_but_reports(relay, carry, headers):
    carrier = carry(relay.dsn)
    relay.answer(429, headers)
    carrier.send("first")
    carrier.flush()
    carrier.send_session()
    assert not carrier.flush()
    assert relay.messages == ["first"]
    assert carrier.lost()["ratelimit_backoff"] == 1
    assert relay.discarded == {("ratelimit_backoff", "error"): 1, ("ratelimit_backoff", "session"): 1}


def test_a_limit_ends(relay, carry):
    carrier = carry(relay.dsn)
    relay.answer(200, {LIMITS: "0.2:error:key"})
    carrier.send("first")
    assert carrier.flush()
    time.sleep(0.25)
    carrier.send("second")
    assert carrier.flush()
    assert relay.messages == ["first", "second"]


def test_a_limit_read_from_a_failure_holds(relay, carry):
    carrier = carry(relay.dsn)
    relay.answer(503, {LIMITS: "60:error:key"})
    carrier.send("first")
    carrier.flush()
    carrier.send("second")
    carrier.flush()
    assert relay.messages == ["first"]


# -- client reports


def test_flush_tells_the_server_of_losses_even_without_an_event(relay, carry):
    carrier = carry(relay.dsn)
    carrier.reports.captured("error", 2)
    carrier.reports.lost("sample_rate", "error", 2)
    assert carrier.flush()
    (envelope,) = relay.envelopes
    assert "event_id" not in envelope.headers
    (item,) = envelope.items
    assert item.value()["discarded_events"] == [{"reason": "sample_rate", "category": "error", "quantity": 2}]


def test_losses_are_told_once(relay, carry):
    carrier = carry(relay.dsn)
    carrier.reports.captured("error")
    carrier.reports.lost("before_send", "error")
    for _ in range(3):
        carrier.send()
        assert carrier.flush()
    assert relay.discarded == {("before_send", "error"): 1}


def test_without_losses_there_is_no_report(relay, carry):
    carrier = carry(relay.dsn)
    carrier.send()
    assert carrier.flush()
    assert [item.type for item in relay.envelopes[0].items] == ["event"]
    assert len(relay.requests) == 1


@pytest.mark.parametrize("failure", ["close", 500])
def test_a_report_whose_request_failed_is_told_later(relay, carry, failure):
    carrier = carry(relay.dsn)
    carrier.reports.captured("error", 3)
    carrier.reports.lost("sample_rate", "error", 3)
    if failure == "close":
        relay.misbehave("close")
    else:
        relay.answer(failure)
    carrier.flush()
    sent_before = len(relay.requests)
    carrier.flush()
    assert len(relay.requests) == sent_before + 1
    (item,) = relay.envelopes[-1].items_of("client_report")
    assert item.value()["discarded_events"][0]["quantity"] == 3


def test_reports_are_never_sent_when_not_wanted(relay, carry):
    carrier = carry(relay.dsn, send_client_reports=False)
    carrier.reports.captured("error")
    carrier.reports.lost("sample_rate", "error")
    carrier.send()
    assert carrier.flush()
    assert carrier.flush()
    assert [[item.type for item in envelope.items] for envelope in relay.envelopes] == [["event"]]


# -- on_lost


def test_on_lost_hears_of_every_loss(carry):
    carrier = carry(DEAD)
    carrier.send(attachments=[b"abc"])
    carrier.flush()
    assert carrier.told == [("network_error", "error", 1), ("network_error", "attachment", 3)]


def test_a_failing_on_lost_stops_nothing(relay, carry, lenient):
    def fail(*loss):
        raise ZeroDivisionError

    carrier = carry(relay.dsn, on_lost=fail)
    relay.answer(500)
    carrier.send("first")
    carrier.send("second")
    assert not carrier.flush()
    assert relay.messages == ["first", "second"]


def test_on_lost_may_capture_and_flush(relay, carry, lenient):
    def capture(*loss):
        carrier.send(f"lost for {loss[0]}")
        carrier.flush(1)

    carrier = carry(relay.dsn, on_lost=capture)
    relay.answer(500)
    carrier.send("first")
    assert eventually(lambda: relay.messages == ["first", "lost for send_error"])


# -- bounds


def test_the_queue_is_bounded_by_count(hole, carry):
    carrier = carry(hole.dsn, transport_queue_size=5)
    carrier.send()
    assert eventually(lambda: hole.connections)
    for _ in range(10):
        carrier.send()
    assert carrier.queued() == 6
    assert carrier.lost() == {"queue_overflow": 5}


def test_the_queue_is_bounded_by_bytes(hole, carry):
    carrier = carry(hole.dsn, transport_queue_bytes=1000)
    carrier.send()
    assert eventually(lambda: hole.connections)
    for _ in range(10):
        carrier.send_envelope(carrier.envelope(weight=300))
    assert carrier.queued() == 4
    assert carrier.lost() == {"queue_overflow": 7}


def test_an_envelope_heavier_than_the_bound_is_taken_when_nothing_waits(relay, carry):
    carrier = carry(relay.dsn, transport_queue_bytes=1000)
    carrier.send_envelope(carrier.envelope(weight=10_000))
    assert carrier.flush()
    assert carrier.sent() == 1


def test_overflow_is_reported_and_makes_flush_false(relay, carry):
    carrier = carry(relay.dsn, transport_queue_size=1)
    relay.always(delay=0.3)
    carrier.send()
    assert relay.wait_for(1)
    for _ in range(5):
        carrier.send()
    relay.release()
    assert not carrier.flush()
    assert carrier.stats["error"] == {"captured": 6, "sent": 2, "queued": 0, "lost": {"queue_overflow": 4}}
    assert relay.discarded == {("queue_overflow", "error"): 4}
    assert carrier.flush()


def test_send_does_not_wait_for_the_network(hole, carry):
    carrier = carry(hole.dsn)
    carrier.send()
    assert eventually(lambda: hole.connections)
    started = time.perf_counter()
    for _ in range(100):
        carrier.send()
    assert time.perf_counter() - started < 0.5


# -- our own faults


class Hostile:
    """A payload that cannot be written, whatever is tried."""

    def __repr__(self):
        raise SystemExit

    __str__ = __repr__


def test_an_envelope_that_cannot_be_written_costs_only_itself(relay, carry, lenient):
    carrier = carry(relay.dsn)
    envelope = carrier.envelope()
    envelope.headers = 42
    carrier.send_envelope(envelope)
    carrier.send("next")
    assert not carrier.flush()
    assert relay.messages == ["next"]
    assert carrier.lost() == {"internal_sdk_error": 1}


def test_a_hostile_payload_does_not_end_the_worker(relay, carry, lenient):
    carrier = carry(relay.dsn)
    envelope = carrier.envelope()
    envelope.items[0].payload["extra"] = {"x": Hostile()}
    carrier.send_envelope(envelope)
    carrier.send("next")
    carrier.flush()
    assert "next" in relay.messages
    assert carrier.queued() == 0


# -- flush


def test_flush_is_true_when_there_was_nothing_to_do(relay, carry):
    assert carry(relay.dsn).flush(0)


def test_flush_is_false_after_a_loss_and_true_again_after_that(relay, carry):
    carrier = carry(relay.dsn)
    relay.answer(500)
    carrier.send()
    assert not carrier.flush()
    assert carrier.flush()
    carrier.send()
    assert carrier.flush()


def test_flush_is_false_when_the_time_is_over(hole, carry):
    carrier = carry(hole.dsn)
    carrier.send()
    started = time.perf_counter()
    assert not carrier.flush(0.2)
    assert 0.15 < time.perf_counter() - started < 1.5


def test_flush_with_0_does_not_wait(hole, carry):
    carrier = carry(hole.dsn)
    carrier.send()
    started = time.perf_counter()
    assert not carrier.flush(0)
    assert time.perf_counter() - started < 0.1


def test_flush_with_0_is_true_once_all_was_delivered(relay, carry):
    carrier = carry(relay.dsn)
    carrier.send()
    assert eventually(lambda: carrier.sent() == 1 and carrier.transport.pending() == 0)
    assert carrier.flush(0)


def test_a_loss_after_a_flush_gave_up_is_told_by_the_next(relay, carry):
    carrier = carry(relay.dsn)
    relay.answer(500, delay=0.3)
    carrier.send()
    assert not carrier.flush(0.05)
    assert not carrier.flush()
    assert carrier.flush()


def test_flush_of_two_threads_ends_for_both(relay, carry):
    carrier = carry(relay.dsn)
    relay.always(delay=0.1)
    results = []
    for _ in range(3):
        carrier.send()
    flushing = [threading.Thread(target=lambda: results.append(carrier.flush())) for _ in range(2)]
    for thread in flushing:
        thread.start()
    for thread in flushing:
        thread.join()
    assert results == [True, True]


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timer signals here")
def test_flush_in_a_signal_handler_that_interrupts_flush_ends_for_both(relay, carry):
    carrier = carry(relay.dsn)
    relay.always(delay=0.2)
    inner = []

    def handle(number, frame):
        carrier.send("from the handler")
        inner.append(carrier.flush(5))

    previous = signal.signal(signal.SIGALRM, handle)
    try:
        carrier.send("first")
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        assert carrier.flush(5)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
    assert inner == [True]
    assert relay.messages == ["first", "from the handler"]


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timer signals here")
def test_a_storm_of_captures_in_signal_handlers_loses_nothing(relay, carry):
    carrier = carry(relay.dsn, transport_queue_size=100_000)
    count = [0]

    def handle(number, frame):
        count[0] += 1
        carrier.send("signal")

    previous = signal.signal(signal.SIGALRM, handle)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
        ends = time.perf_counter() + 0.5
        while time.perf_counter() < ends:
            count[0] += 1
            carrier.send("main")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
    assert "signal" in [event.get("message") for event in relay.events] or carrier.flush(30)
    carrier.flush(30)
    assert carrier.stats["error"] == {"captured": count[0], "sent": count[0], "queued": 0, "lost": {}}


@pytest.mark.parametrize("server", ["relay", "hole"])
def test_flush_ends_under_a_frozen_clock(carry, relay, hole, frozen_clock, server):
    carrier = carry(relay.dsn if server == "relay" else hole.dsn)
    carrier.send()
    assert carrier.flush(1) is (server == "relay")


def test_a_clock_that_is_frozen_in_the_midst_of_a_request_costs_nothing(relay, carry, request):
    carrier = carry(relay.dsn)
    relay.answer(200, {LIMITS: "60:session:key"}, delay=0.5)
    carrier.send("first")
    assert relay.wait_for(1)
    request.getfixturevalue("frozen_clock")
    assert carrier.flush()
    carrier.send_session()
    carrier.flush()
    assert carrier.sent() == 2
    assert carrier.lost("session") == {"ratelimit_backoff": 1}


# -- the end


def test_close_delivers_what_waits(relay, carry):
    carrier = carry(relay.dsn)
    carrier.send()
    assert carrier.transport.close(5)
    assert relay.messages == ["hi"]
    assert eventually(lambda: threads() == [])


def test_close_may_be_called_again(relay, carry):
    carrier = carry(relay.dsn)
    carrier.send()
    assert carrier.transport.close(5)
    assert carrier.transport.close(5)
    assert carrier.flush(1)


def test_what_comes_after_close_is_lost_and_counted(relay, carry):
    carrier = carry(relay.dsn)
    carrier.transport.close(1)
    carrier.send()
    assert sum(carrier.lost().values()) == 1
    assert relay.requests == []


def test_close_on_a_black_hole_returns_in_time_and_counts_what_waited(hole, carry):
    carrier = carry(hole.dsn)
    for _ in range(5):
        carrier.send()
    assert eventually(lambda: hole.connections)
    started = time.perf_counter()
    assert not carrier.transport.close(0.2)
    assert time.perf_counter() - started < 2
    assert eventually(lambda: sum(carrier.lost().values()) == 5)
    assert eventually(lambda: threads() == [])


def test_sixty_transports_leave_neither_thread_nor_descriptor(relay, carry):
    def cycle():
        carrier = carry(relay.dsn)
        carrier.send()
        assert carrier.flush()
        carrier.transport.close(1)

    cycle()
    descriptors = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    for _ in range(60):
        cycle()
    assert eventually(lambda: threads() == [])
    # the server's side of each connection is in this process as well, and ends a moment later
    if descriptors:
        assert eventually(lambda: len(os.listdir("/proc/self/fd")) <= descriptors + 2)


def test_after_drain_an_event_has_arrived_when_send_returns(relay, carry):
    carrier = carry(relay.dsn)
    carrier.send("before")
    assert carrier.transport.drain(5)
    assert relay.messages == ["before"]
    for number in range(3):
        carrier.send(f"{number}")
        assert relay.messages[-1] == f"{number}"
    assert carrier.sent() == 4


def test_after_a_drain_of_nothing_an_event_has_arrived_when_send_returns(relay, carry):
    carrier = carry(relay.dsn)
    assert carrier.transport.drain(5)
    carrier.send("late")
    assert relay.messages == ["late"]


def test_after_a_drain_in_vain_late_events_do_not_hold_up_the_exit(hole, carry):
    carrier = carry(hole.dsn)
    carrier.send()
    started = time.perf_counter()
    assert not carrier.transport.drain(0.3)
    for _ in range(10):
        carrier.send("late")
    assert time.perf_counter() - started < 2


@pytest.fixture
def no_threads(monkeypatch):
    """A host on which no thread can be started; the test's own server got its threads before."""

    def refuse(thread):
        raise RuntimeError("can't start new thread")

    def start(thread, real=threading.Thread.start):
        return refuse(thread) if "sentry" in thread.name else real(thread)

    monkeypatch.setattr(threading.Thread, "start", start)


def test_where_no_thread_can_be_started_the_caller_sends(relay, carry, no_threads):
    carrier = carry(relay.dsn)
    carrier.send("first")
    assert relay.messages == ["first"]
    carrier.send("second")
    assert relay.messages == ["first", "second"]
    assert carrier.flush()
    assert len([line for line in carrier.logged if "thread" in line]) == 1


def test_where_no_thread_can_be_started_flush_still_tells_the_truth(carry, no_threads):
    carrier = carry(DEAD)
    carrier.send()
    assert not carrier.flush()
    assert carrier.lost() == {"network_error": 1}


def test_where_no_thread_can_be_started_on_lost_may_capture(carry, no_threads, lenient):
    carrier = carry(DEAD, on_lost=lambda *loss: carrier.send(), transport_queue_size=10)
    started = time.perf_counter()
    carrier.send()
    assert time.perf_counter() - started < 5


def test_many_threads_may_send_where_none_can_be_started(relay, carry, no_threads):
    carrier = carry(relay.dsn)
    senders = [threading.Thread(target=lambda: [carrier.send() for _ in range(5)]) for _ in range(4)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert carrier.flush()
    assert carrier.sent() == 20


@pytest.mark.parametrize(
    ("opt", "has_threads"),
    [
        pytest.param({}, False, id="uWSGI without threads"),
        pytest.param({"enable-threads": True}, True, id="enable-threads"),
        pytest.param({"threads": b"4"}, True, id="threads"),
        pytest.param({"enable-threads": b"false"}, False, id="enable-threads off"),
    ],
)
def test_under_uwsgi_a_thread_is_used_only_where_it_would_run(relay, carry, monkeypatch, opt, has_threads):
    import sys
    from types import SimpleNamespace

    monkeypatch.setitem(sys.modules, "uwsgi", SimpleNamespace(opt=opt))
    carrier = carry(relay.dsn)
    carrier.send()
    if not has_threads:
        assert relay.messages == ["hi"]
    assert bool(threads()) is has_threads
    assert carrier.flush()
    assert relay.messages == ["hi"]


def test_a_transport_that_nobody_holds_ends_its_thread(relay, carry):
    import gc

    from sentry_like.options import Options
    from sentry_like.protocol.dsn import Dsn
    from sentry_like.transport.base import make_transport
    from sentry_like.transport.reports import Reports

    transport = make_transport(Options(dsn=relay.dsn), Dsn.parse(relay.dsn), Reports())
    transport.send(carry(relay.dsn).envelope())
    del transport
    gc.collect()
    assert relay.wait_for(1)
    assert eventually(lambda: threads() == [])


def test_the_body_is_lines_of_json_with_exact_lengths(relay, carry):
    carrier = carry(relay.dsn)
    carrier.send("ümlaut")
    assert carrier.flush()
    headers, item, event = relay.requests[0].body.split(b"\n")[:3]
    assert json.loads(item)["length"] == len(event)
    assert json.loads(event)["event_id"] == json.loads(headers)["event_id"]


def test_items_of_an_unknown_type_are_sent_and_counted(relay, carry):
    carrier = carry(relay.dsn)
    envelope = carrier.envelope()
    envelope.add(Item({"type": "tomorrow"}, b"data"))
    carrier.send_envelope(envelope)
    assert carrier.flush()
    assert carrier.sent("default") == 1
