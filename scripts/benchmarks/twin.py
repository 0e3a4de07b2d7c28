"""A twin of this process that never gets a client: what a call costs with one and without, batch by batch.

The twin is forked before the client is made, so that both have the same modules, caches and memory. Both run
on one core; while one times a batch the other waits. Of two twins without a client neither is faster than the
other by more than 1 %.
"""

from __future__ import annotations

import gc
import os
import statistics
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Call = Callable[[], object]
    Clock = Callable[[], float]

BATCH_SECONDS = 0.002


class Twin:
    """Times the call that `prepare` makes, in a process of its own."""

    def __init__(self, prepare: Callable[[], Call], clock: Clock) -> None:
        questions, self._ask = os.pipe()
        self._answers, answers = os.pipe()
        if os.fork() == 0:
            os.close(self._ask)
            answer_all(prepare(), clock, questions, answers)
            os._exit(0)
        os.close(questions)

    def time(self, times: int) -> float:
        """Seconds for one call, on average over so many."""
        os.write(self._ask, b"%8d" % times)
        return float(os.read(self._answers, 100))


def answer_all(call: Call, clock: Clock, questions: int, answers: int) -> None:
    while question := os.read(questions, 8):
        os.write(answers, b"%r" % time_of(call, int(question), clock))


def time_of(call: Call, times: int, clock: Clock) -> float:
    begin = clock()
    for _ in range(times):
        call()
    return (clock() - begin) / times


def stay_on_one_core() -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def with_and_without(
    prepare: Callable[[], Call],
    start_client: Callable[[], object],
    seconds: float,
    clock: Clock = time.perf_counter,
) -> dict[str, float]:
    """The microseconds of a call without a client (`without_us`) and with it (`us`); how much more that is
    (`added_us`), and how many times as much (`ratio`).

    `prepare` makes what the call needs, and the call. Medians over pairs of batches, for `seconds` each.
    """
    stay_on_one_core()
    twin = Twin(prepare, clock)
    start_client()
    call = prepare()
    size = 1
    while size < 20_000 and time_of(call, size, time.perf_counter) * size < BATCH_SECONDS:
        size *= 2
    pairs = []
    gc.collect()
    end = time.perf_counter() + 2 * seconds
    while len(pairs) < 4 or time.perf_counter() < end:
        pairs.append((time_of(call, size, clock), twin.time(size)))
    pairs = pairs[len(pairs) // 4 :]  # the first ones warm up
    return {
        "us": statistics.median(used for used, _ in pairs) * 1e6,
        "without_us": statistics.median(used for _, used in pairs) * 1e6,
        "added_us": statistics.median(more - less for more, less in pairs) * 1e6,
        "ratio": statistics.median(more / less for more, less in pairs if less),
    }
