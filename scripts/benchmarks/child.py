"""One measurement of one client, in its own process: `python -m benchmarks.child SIDE MEASUREMENT SECONDS`.

Prints one JSON line of figures: microseconds (`us`), their floors (`format_exc_us`, `raise_us`), what a call
of others costs more than without a client (`added_us`, `ratio`), sizes, and what the last event held
(`frames`, `complete_frames`, `breadcrumbs`). An exception is raised anew before each capture of it; only the
capture itself is timed.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
import traceback
import urllib.request
from functools import partial
from importlib import import_module

from benchmarks import websites, workload
from benchmarks.twin import with_and_without

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from logging import Logger
    from types import ModuleType
    from typing import Any

    Call = Callable[[], object]
    Program = Callable[[Call], None]

RELEASE = "bench@1.0"
NOWHERE = "http://public@127.0.0.1:9/1"
CRUMBS = 100
FLUSH_EVERY = 50
BURST = 2000
JOBS = 50


def microseconds_handling(program: Program, call: Call, seconds: float) -> float:
    """Median time of `call` made while the exception of `program` is being handled."""
    samples: list[float] = []

    def timed() -> None:
        begin = time.perf_counter()
        call()
        samples.append(time.perf_counter() - begin)

    repeat(lambda: program(timed), seconds / 4)
    samples.clear()
    repeat(lambda: program(timed), seconds)
    return statistics.median(samples) * 1e6


def microseconds(call: Call, seconds: float) -> float:
    """Median over batches of the time of one `call`; a batch lasts 2 ms to hide the clock's own time."""
    repeat(call, seconds / 4)
    size = 1
    while size < 20_000 and timeit(call, size) * size < 0.002:
        size *= 2
    samples: list[float] = []
    repeat(lambda: samples.append(timeit(call, size)), seconds)
    return statistics.median(samples) * 1e6


def timeit(call: Call, times: int) -> float:
    begin = time.perf_counter()
    for _ in range(times):
        call()
    return (time.perf_counter() - begin) / times


def repeat(call: Call, seconds: float) -> None:
    """Calls at least three times, and on until `seconds` have passed."""
    end = time.perf_counter() + seconds
    count = 0
    while count < 3 or time.perf_counter() < end:
        call()
        count += 1


def measure_exception(side: ModuleType, program: Program, crumbs: int, seconds: float) -> dict[str, Any]:
    """`capture_exception` of the program's exception, with `crumbs` breadcrumbs held, beside its floors."""
    transport = side.start_without_network(NOWHERE, RELEASE)
    for number in range(crumbs):
        side.add_breadcrumb(
            category="shop.basket", message=f"article {number} added", data={"sku": f"sku-{number}"}
        )
    figures = {
        "format_exc_us": microseconds_handling(program, traceback.format_exc, seconds),
        "us": microseconds_handling(program, side.capture_exception, seconds),
        "raise_us": microseconds(lambda: program(do_nothing), seconds),
    }
    return figures | content_of(side.event_of(transport.last))


def content_of(event: dict[str, Any]) -> dict[str, Any]:
    """Raw bytes of an event, its frames, and how many of them have source context and locals."""
    frames = event["exception"]["values"][-1]["stacktrace"]["frames"]
    wanted = ("context_line", "pre_context", "post_context", "vars")
    return {
        "raw_bytes": len(json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode()),
        "frames": len(frames),
        "complete_frames": sum(all(frame.get(key) for key in wanted) for frame in frames),
        "breadcrumbs": len((event.get("breadcrumbs") or {}).get("values", ())),
    }


def do_nothing() -> None:
    pass


def exception(side: ModuleType, seconds: float) -> dict[str, Any]:
    return measure_exception(side, workload.check_out, 0, seconds)


def exception_with_breadcrumbs(side: ModuleType, seconds: float) -> dict[str, Any]:
    return measure_exception(side, workload.check_out, CRUMBS, seconds)


def deep_exception(side: ModuleType, seconds: float) -> dict[str, Any]:
    return measure_exception(side, workload.evaluate, 0, seconds)


def message(side: ModuleType, seconds: float) -> dict[str, Any]:
    side.start_without_network(NOWHERE, RELEASE)
    return {"us": microseconds(lambda: side.capture_message("the basket is empty"), seconds)}


def breadcrumb(side: ModuleType, seconds: float) -> dict[str, Any]:
    side.start_without_network(NOWHERE, RELEASE)
    data = {"sku": "tea", "quantity": 2}

    def add() -> None:
        side.add_breadcrumb(category="shop.basket", message="article added", data=data)

    return {"us": microseconds(add, seconds)}


def scope(side: ModuleType, seconds: float) -> dict[str, Any]:
    side.start_without_network(NOWHERE, RELEASE)
    return {"us": microseconds(side.push_scope_and_set_tag, seconds)}


def request_scope(side: ModuleType, seconds: float) -> dict[str, Any]:
    side.start_without_network(NOWHERE, RELEASE)
    return {"us": microseconds(side.fork_for_one_request, seconds)}


def unit_of_work(side: ModuleType, seconds: float) -> dict[str, Any]:
    side.start_without_network(NOWHERE, RELEASE)
    return {"us": microseconds(side.run_a_unit_of_work, seconds)}


# -- what others call: the client comes in from the side


def log_breadcrumb(side: ModuleType, seconds: float) -> dict[str, Any]:
    def prepare() -> Call:
        logger = quiet_logger()
        return lambda: logger.info("article %s added, %d in the basket", "tea", 2)

    return with_and_without(prepare, lambda: side.start_without_network(NOWHERE, RELEASE), seconds)


def log_disabled(side: ModuleType, seconds: float) -> dict[str, Any]:
    def prepare() -> Call:
        logger = quiet_logger()
        return lambda: logger.debug("article %s added, %d in the basket", "tea", 2)

    return with_and_without(prepare, lambda: side.start_without_network(NOWHERE, RELEASE), seconds)


def log_exception(side: ModuleType, seconds: float) -> dict[str, Any]:
    """`logger.exception` of the shop's exception, its handler included; and before there is a client."""
    logger = quiet_logger()

    def log() -> None:
        logger.exception("order %s failed", "2026-000417")

    without_us = microseconds_handling(workload.check_out, log, seconds)
    transport = side.start_without_network(NOWHERE, RELEASE)
    for number in range(CRUMBS):
        logger.info("article %d added", number)
    figures = {"without_us": without_us, "us": microseconds_handling(workload.check_out, log, seconds)}
    return figures | content_of(side.event_of(transport.last))


def quiet_logger() -> Logger:
    """A logger at INFO whose records go nowhere."""
    import logging

    logger = logging.getLogger("shop")
    logger.setLevel(logging.INFO)
    logger.handlers = [logging.NullHandler()]
    return logger


def thread(side: ModuleType, seconds: float) -> dict[str, Any]:
    """CPU of a thread that does nothing, from its making to its end."""
    from threading import Thread

    def call() -> None:
        one = Thread(target=do_nothing)
        one.start()
        one.join()

    return cpu_added(side, lambda: call, seconds)


def submit(side: ModuleType, seconds: float) -> dict[str, Any]:
    """CPU of a job that does nothing, on a pool of one thread; `JOBS` at a time, so that neither waits."""
    from concurrent.futures import ThreadPoolExecutor

    def prepare() -> Call:
        pool = ThreadPoolExecutor(1)

        def call() -> None:
            for future in [pool.submit(do_nothing) for _ in range(JOBS)]:
                future.result()

        return call

    figures = cpu_added(side, prepare, seconds)
    return {name: value if name == "ratio" else value / JOBS for name, value in figures.items()}


def http_request(side: ModuleType, seconds: float, address: str) -> dict[str, Any]:
    """CPU of a GET over a kept connection; the server's is not counted."""
    from http.client import HTTPConnection

    def prepare() -> Call:
        connection = HTTPConnection(address.removeprefix("http://"))

        def call() -> None:
            connection.request("GET", "/basket?article=tea")
            connection.getresponse().read()

        return call

    return cpu_added(side, prepare, seconds)


def site(side: ModuleType, seconds: float, name: str) -> dict[str, Any]:
    """A successful request to a small site, served in this process."""
    figures = with_and_without(
        lambda: websites.make(name, side), lambda: side.start_without_network(NOWHERE, RELEASE), seconds
    )
    return figures | {"share": 100 * (figures["ratio"] - 1)}


def cpu_added(side: ModuleType, prepare: Callable[[], Call], seconds: float) -> dict[str, Any]:
    return with_and_without(
        prepare, lambda: side.start_without_network(NOWHERE, RELEASE), seconds, clock=time.process_time
    )


def no_client_exception(side: ModuleType, seconds: float) -> dict[str, Any]:
    return {"us": microseconds_handling(workload.check_out, side.capture_exception, seconds)}


def no_client_breadcrumb(side: ModuleType, seconds: float) -> dict[str, Any]:
    return {"us": microseconds(lambda: side.add_breadcrumb(message="article added"), seconds)}


def no_client_tag(side: ModuleType, seconds: float) -> dict[str, Any]:
    return {"us": microseconds(lambda: side.set_tag("shop", "north"), seconds)}


def delivery(side: ModuleType, seconds: float, address: str) -> dict[str, Any]:
    """CPU of this whole process per exception that the server got, with the real transport; and its bytes.

    The first batch, in which the network modules are loaded and the connection is made, is not counted. Every
    `FLUSH_EVERY` exceptions wait for the queue, so that no client's queue runs over.
    """
    side.start(address.replace("http://", "http://public@", 1) + "/1", RELEASE)
    capture_batch(side, FLUSH_EVERY)
    before = statistics_of(address)
    cpu = time.process_time()
    repeat(lambda: capture_batch(side, FLUSH_EVERY), seconds * 2)
    cpu = time.process_time() - cpu
    after = statistics_of(address)
    got = {name: after[name] - before[name] for name in after}
    return {
        "us": cpu / got["events"] * 1e6,
        "wire_bytes": got["wire_bytes"] / got["events"],
        "raw_bytes": got["raw_bytes"] / got["events"],
        "delivered": got["events"],
    }


def capture_batch(side: ModuleType, count: int) -> None:
    for _ in range(count):
        workload.check_out(side.capture_exception)
    side.flush(60)


def burst(side: ModuleType, seconds: float, address: str) -> dict[str, Any]:
    """How many of `BURST` exceptions, captured without a pause, do not arrive; the time until all are sent.

    `seconds` is how long to wait for the queue at most.
    """
    side.start(address.replace("http://", "http://public@", 1) + "/1", RELEASE)
    begin = time.perf_counter()
    for _ in range(BURST):
        workload.check_out(side.capture_exception)
    side.flush(seconds)
    elapsed = time.perf_counter() - begin
    return {"lost": BURST - statistics_of(address)["events"], "seconds": elapsed}


def statistics_of(address: str) -> dict[str, int]:
    with urllib.request.urlopen(address + "/statistics", timeout=10) as answer:
        return dict(json.load(answer))


MEASUREMENTS = {
    "exception": exception,
    "exception_with_breadcrumbs": exception_with_breadcrumbs,
    "deep_exception": deep_exception,
    "message": message,
    "breadcrumb": breadcrumb,
    "scope": scope,
    "request_scope": request_scope,
    "unit_of_work": unit_of_work,
    "log_breadcrumb": log_breadcrumb,
    "log_disabled": log_disabled,
    "log_exception": log_exception,
    "thread": thread,
    "submit": submit,
    "http_request": http_request,
    "no_client_exception": no_client_exception,
    "no_client_breadcrumb": no_client_breadcrumb,
    "no_client_tag": no_client_tag,
    "delivery": delivery,
    "burst": burst,
    **{f"site_{name}": partial(site, name=name) for name in websites.SITES},
}


def main(side: str, measurement: str, seconds: str, *more: str) -> None:
    client = import_module(f"benchmarks.{side}")
    print(json.dumps(MEASUREMENTS[measurement](client, float(seconds), *more)))


if __name__ == "__main__":
    main(*sys.argv[1:])
