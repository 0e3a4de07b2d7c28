"""The account: it always adds up, and recording in it never waits."""

from __future__ import annotations

import signal
import threading
import time

import pytest

from sentry_like.transport.reports import Reports


def test_what_was_neither_sent_nor_lost_is_queued():
    reports = Reports()
    reports.captured("error", 5)
    reports.sent("error", 2)
    reports.lost("sample_rate", "error")
    assert reports.stats() == {"error": {"captured": 5, "sent": 2, "queued": 2, "lost": {"sample_rate": 1}}}


def test_categories_are_kept_apart():
    reports = Reports()
    reports.captured("error")
    reports.captured("attachment", 100)
    reports.lost("queue_overflow", "attachment", 100)
    assert reports.stats()["error"]["queued"] == 1
    assert reports.stats()["attachment"] == {
        "captured": 100,
        "sent": 0,
        "queued": 0,
        "lost": {"queue_overflow": 100},
    }


def test_losses_add_up_by_reason_and_category_until_they_are_taken():
    reports = Reports()
    reports.lost("network_error", "error")
    reports.lost("network_error", "error", 2)
    reports.lost("network_error", "attachment", 7)
    assert sorted(reports.take()) == [("network_error", "attachment", 7), ("network_error", "error", 3)]
    assert reports.take() == []
    assert reports.stats()["error"]["lost"] == {"network_error": 3}


def test_a_loss_that_is_not_to_be_reported_is_only_counted():
    reports = Reports()
    reports.captured("error")
    reports.lost("rate_limited", "error", report=False)
    assert reports.take() == []
    assert reports.stats()["error"]["lost"] == {"rate_limited": 1}


def test_what_was_given_back_is_taken_again_with_what_came_meanwhile():
    reports = Reports()
    reports.lost("sample_rate", "error", 2)
    taken = reports.take()
    reports.lost("sample_rate", "error", 3)
    reports.give_back(taken)
    assert reports.take() == [("sample_rate", "error", 5)]
    assert reports.stats()["error"]["lost"] == {"sample_rate": 5}


def test_on_lost_is_told_of_each_loss_also_of_unreported_ones():
    told = []
    reports = Reports(on_lost=lambda *loss: told.append(loss))
    reports.lost("sample_rate", "error")
    reports.lost("rate_limited", "attachment", 5, report=False)
    assert told == [("sample_rate", "error", 1), ("rate_limited", "attachment", 5)]


def test_a_failing_on_lost_is_contained_and_the_loss_counted(lenient):
    def fail(*loss):
        raise ZeroDivisionError

    reports = Reports(on_lost=fail)
    reports.lost("sample_rate", "error")
    assert reports.stats()["error"]["lost"] == {"sample_rate": 1}


def test_on_lost_may_cause_a_loss_itself():
    told = []

    def lose(*loss):
        told.append(loss)
        if len(told) < 50:
            reports.lost("before_send", "error")

    reports = Reports(on_lost=lose)
    reports.lost("sample_rate", "error")
    assert told[0] == ("sample_rate", "error", 1)
    assert sum(reports.stats()["error"]["lost"].values()) >= 2


def test_nothing_is_counted_twice_or_missed_by_many_threads():
    reports = Reports()
    taken = []

    def record():
        for _ in range(2000):
            reports.captured("error")
            reports.lost("network_error", "error")

    def take():
        for _ in range(200):
            taken.extend(reports.take())
            reports.stats()

    threads = [threading.Thread(target=record) for _ in range(4)] + [threading.Thread(target=take)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taken.extend(reports.take())
    assert sum(quantity for _, _, quantity in taken) == 8000
    assert reports.stats()["error"] == {
        "captured": 8000,
        "sent": 0,
        "queued": 0,
        "lost": {"network_error": 8000},
    }


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timer signals here")
def test_recording_in_a_signal_handler_neither_waits_nor_gets_lost():
    reports = Reports()
    recorded = [0, 0]

    def handle(number, frame):
        recorded[1] += 1
        reports.captured("error")

    previous = signal.signal(signal.SIGALRM, handle)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
        ends = time.perf_counter() + 0.5
        while time.perf_counter() < ends:
            recorded[0] += 1
            reports.captured("error")
            reports.take()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
    assert recorded[1] > 10
    assert reports.stats()["error"]["captured"] == sum(recorded)


def test_a_finaliser_may_record_in_the_midst_of_recording():
    import gc

    reports = Reports()

    class Dying:
        def __del__(self):
            reports.captured("error")

    thresholds = gc.get_threshold()
    gc.set_threshold(1, 1, 1)
    try:
        for _ in range(300):
            cycle = Dying()
            cycle.self = cycle
            del cycle
            reports.captured("error")
            reports.stats()
    finally:
        gc.set_threshold(*thresholds)
        gc.collect()
    assert reports.stats()["error"]["captured"] == 600


def test_memory_does_not_grow_with_what_is_recorded():
    import tracemalloc

    reports = Reports()
    reports.captured("error")
    tracemalloc.start()
    try:
        for _ in range(20_000):
            reports.captured("error")
            reports.lost("queue_overflow", "error")
        current, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert current < 100_000
