"""Runs the measurements: each in a fresh process, ours and the peer in turn, round after round.

What comes back is `{measurement: {side: [figures of a round, ...]}}`; `medians` folds it. The peer lives in
an environment of its own, made when it is missing.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    Figures = dict[str, float]
    Results = dict[str, dict[str, list[Figures]]]

SCRIPTS = Path(__file__).resolve().parent.parent
PEER = "sentry-sdk"
PEER_VERSION = "2.75.0"
PEERS = SCRIPTS.parent / ".cache" / "peers"
CROWDED = SCRIPTS.parent / ".cache" / "crowded"
FRAMEWORKS = (
    "flask==3.1.3",
    "django==5.2.19",
    "starlette==1.10.0",
    "celery==5.7.0",
    "sqlalchemy==2.1.9",
    "boto3==1.44.5",
    "fastapi==0.165.0",
)
PACKAGES = {"ours": "sentry_like", "peer": "sentry_sdk"}

CALLER = (
    "exception",
    "exception_with_breadcrumbs",
    "deep_exception",
    "message",
    "breadcrumb",
    "scope",
    "request_scope",
    "unit_of_work",
    "log_breadcrumb",
    "log_disabled",
    "log_exception",
    "thread",
    "submit",
    "no_client_exception",
    "no_client_breadcrumb",
    "no_client_tag",
)
SITES = ("site_wsgi", "site_flask", "site_django", "site_starlette", "site_fastapi")
"""What needs the frameworks, both sides the very same."""
SERVED = ("http_request", "delivery")
"""What needs a server."""
BURST_DELAYS_MS = (0, 20, 100)
BURST_PATIENCE = 300.0  # 2,000 requests of 100 ms, one after the other, take 200 s


def peer_python() -> str:
    """An interpreter that has the peer and its dependencies alone; its environment is made when missing."""
    return environment_with(PEERS, [f"{PEER}=={PEER_VERSION}"])


def crowded_python() -> str:
    """An interpreter that has frameworks too, which nobody imports but a client; made when missing."""
    return environment_with(CROWDED, [f"{PEER}=={PEER_VERSION}", *FRAMEWORKS])


def environment_with(folder: Path, requirements: list[str]) -> str:
    """The interpreter of the environment in `folder`, of this Python's version and with these packages."""
    python = folder / "bin" / "python"
    mark = folder / "made-of"
    made_of = " ".join([platform.python_version(), *requirements])
    if not mark.exists() or mark.read_text(encoding="utf-8") != made_of:
        report(f"making {folder}")
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        install = [str(python), "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
        subprocess.run([*install, *requirements], check=True)
        mark.write_text(made_of, encoding="utf-8")
    return str(python)


def run_rounds(pythons: dict[str, str], *, crowded: str | None, rounds: int, seconds: float) -> Results:
    """Every measurement of every side once a round; the sides take turns within each measurement.

    Both clients run in the peer's environment: in ours are more packages, which events list, and an editable
    install, which imports modules of its own at every start.
    """
    starts = {"cold_start": pythons.get("peer", pythons["ours"])}
    if crowded:
        starts["crowded_start"] = crowded
    for python in starts.values():
        for side in pythons:
            cold_start(python, PACKAGES[side])  # writes the byte code that the counted starts read
    results: Results = {}
    for number in range(1, rounds + 1):
        report(f"round {number} of {rounds}")
        for measurement, python in starts.items():
            for side in pythons:
                keep(results, measurement, side, cold_start(python, PACKAGES[side]))
        for floor in ("standard", "nothing"):
            keep(results, "cold_start", floor, cold_start(starts["cold_start"], floor))
        for measurement in CALLER:
            for side, python in pythons.items():
                keep(results, measurement, side, child(python, side, measurement, seconds))
        for measurement in SITES:
            for side in pythons:
                keep(results, measurement, side, child(crowded or sys.executable, side, measurement, seconds))
        for measurement in SERVED:
            for side, python in pythons.items():
                with receiver(0) as address:
                    keep(results, measurement, side, child(python, side, measurement, seconds, address))
    return results


def run_bursts(pythons: dict[str, str]) -> Results:
    """The bursts, once each: the slow ones take minutes."""
    results: Results = {}
    for delay_ms in BURST_DELAYS_MS:
        report(f"burst at {delay_ms} ms")
        for side, python in pythons.items():
            with receiver(delay_ms) as address:
                figures = child(python, side, "burst", BURST_PATIENCE, address)
                keep(results, f"burst_{delay_ms}", side, figures)
    return results


def keep(results: Results, measurement: str, side: str, figures: Figures) -> None:
    results.setdefault(measurement, {}).setdefault(side, []).append(figures)


def medians(results: Results) -> dict[str, dict[str, Figures]]:
    """`{measurement: {side: {figure: median over the rounds}}}`."""
    return {
        measurement: {side: median_of_each(rounds) for side, rounds in sides.items()}
        for measurement, sides in results.items()
    }


def median_of_each(rounds: list[Figures]) -> Figures:
    return {figure: statistics.median(figures[figure] for figures in rounds) for figure in rounds[0]}


def cold_start(python: str, what: str) -> Figures:
    """Figures of a fresh interpreter; for `nothing`, `ms` is the life of the whole process."""
    begin = time.perf_counter()
    figures = run([python, "-s", str(SCRIPTS / "benchmarks" / "cold_start.py"), what])
    if what == "nothing":
        figures["ms"] = (time.perf_counter() - begin) * 1000
    return figures


def child(python: str, side: str, measurement: str, seconds: float, *more: str) -> Figures:
    return run([python, "-m", "benchmarks.child", side, measurement, str(seconds), *more])


def run(command: list[str]) -> Figures:
    done = subprocess.run(
        command, cwd=SCRIPTS, env=environment(), capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr}")
    figures: Figures = json.loads(done.stdout.splitlines()[-1])
    return figures


@contextmanager
def receiver(delay_ms: int) -> Iterator[str]:
    """The address of a server of our own process that lives as long as the block."""
    command = [sys.executable, "-m", "benchmarks.server", str(delay_ms)]
    pipe: Any = subprocess.PIPE
    with subprocess.Popen(
        command, cwd=SCRIPTS, env=environment(), stdin=pipe, stdout=pipe, text=True
    ) as process:
        assert process.stdin
        assert process.stdout
        yield process.stdout.readline().strip()
        process.stdin.close()


def environment() -> dict[str, str]:
    """This environment without what would configure a client; our package is found in its source tree."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("SENTRY_", "PYTHON")) and not name.lower().endswith("_proxy")
    }
    return kept | {"PYTHONPATH": str(SCRIPTS.parent)}


def report(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
