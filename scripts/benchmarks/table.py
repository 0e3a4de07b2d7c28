"""The rows of docs/performance.md, what each aims at, and the Markdown that shows them.

Pure but for `write_into`: figures in, text out.
"""

from __future__ import annotations

import os
import platform
import re
from dataclasses import dataclass
from pathlib import Path

from benchmarks import workload
from benchmarks.rounds import BURST_DELAYS_MS, PEER, PEER_VERSION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from benchmarks.rounds import Figures

    Medians = dict[str, dict[str, Figures]]

PAGE = Path(__file__).resolve().parents[2] / "docs" / "performance.md"
BEGIN = "<!-- scripts/bench: begin -->"
END = "<!-- scripts/bench: end -->"
HEAD = ("", "ours", f"{PEER} {PEER_VERSION}", "ratio", "at least", "verdict", "floor")

MET = "met"
SHORT = "falls short"


@dataclass(frozen=True)
class Floor:
    """What the same thing costs without any client: a figure of `side`, which our figure is shown beside."""

    label: str
    figure: str
    side: str = "ours"
    measurement: str = ""  # the row's own unless given


@dataclass(frozen=True)
class Row:
    """One line of the table; an aim that is None is not judged."""

    title: str
    measurement: str
    figure: str = "us"
    unit: str = "µs"
    times_cheaper: float | None = None
    at_most: float | None = None
    share_of_floor: float | None = None  # of the first floor
    floors: tuple[Floor, ...] = ()

    def aim(self) -> str:
        parts = []
        if self.times_cheaper is not None:
            parts.append(f"{self.times_cheaper:g}x cheaper" if self.times_cheaper > 1 else "not dearer")
        if self.at_most is not None:
            parts.append(f"<= {shown(self.at_most)} {self.unit}".rstrip())
        if self.share_of_floor is not None:
            parts.append(f"<= {self.share_of_floor:g} x {self.floors[0].label}")
        return ", and ".join(parts)

    def verdict(self, medians: Medians) -> str:
        """Empty without an aim, or when the aim needs a peer that was not measured."""
        ours, peer = self.of("ours", medians), self.of("peer", medians)
        checks = []
        if self.times_cheaper is not None:
            if peer is None:
                return ""
            checks.append(ours * self.times_cheaper <= peer)
        if self.at_most is not None:
            checks.append(ours <= self.at_most)
        if self.share_of_floor is not None:
            checks.append(ours <= self.share_of_floor * self.floor(self.floors[0], medians))
        if not checks:
            return ""
        return MET if all(checks) else SHORT

    def of(self, side: str, medians: Medians) -> float | None:
        figures = medians[self.measurement].get(side)
        return figures[self.figure] if figures else None

    def floor(self, floor: Floor, medians: Medians) -> float:
        return medians[floor.measurement or self.measurement][floor.side][floor.figure]

    def cells(self, medians: Medians) -> tuple[str, ...]:
        ours, peer = self.of("ours", medians), self.of("peer", medians)
        assert ours is not None
        floors = ", ".join(f"{floor.label} {shown(self.floor(floor, medians))}" for floor in self.floors)
        return (
            f"{self.title}, {self.unit}" if self.unit else self.title,
            shown(ours),
            "" if peer is None else shown(peer),
            f"{peer / ours:.1f}x" if peer is not None and ours > 0 else "",
            self.aim(),
            self.verdict(medians),
            floors,
        )


FORMAT_EXC = Floor("`format_exc()`", "format_exc_us")
RAISE = Floor("raise + except", "raise_us")
WITHOUT = Floor("without a client", "without_us")


def cold(figure: str) -> tuple[Floor, ...]:
    return (
        Floor("`import logging, threading, json`", figure, side="standard"),
        Floor("a bare interpreter", figure, side="nothing"),
    )


def site_rows(name: str, title: str) -> tuple[Row, Row]:
    measurement = f"site_{name}"
    return (
        Row(
            f"added to a successful request with 5 log records, {title}",
            measurement,
            "added_us",
            times_cheaper=2,
            floors=(WITHOUT,),
        ),
        Row("the same, as a share of the request's own time", measurement, "share", "%"),
    )


ROWS = (
    Row("import + init, default integrations", "cold_start", "ms", "ms", times_cheaper=8, floors=cold("ms")),
    Row("import + init: modules added", "cold_start", "modules", "", at_most=60, floors=cold("modules")),
    Row("import + init: memory added", "cold_start", "mib", "MiB", times_cheaper=5, floors=cold("mib")),
    Row(
        "import + init with seven frameworks installed",
        "crowded_start",
        "ms",
        "ms",
        times_cheaper=8,
        share_of_floor=1.1,
        floors=(Floor("with none", "ms", measurement="cold_start"),),
    ),
    Row("the same: modules added", "crowded_start", "modules", "", at_most=60),
    Row("the same: memory added", "crowded_start", "mib", "MiB", times_cheaper=5),
    Row(
        f"`capture_exception`, {workload.SHALLOW_FRAMES} frames with source and locals",
        "exception",
        times_cheaper=15,
        share_of_floor=0.6,
        floors=(FORMAT_EXC, RAISE),
    ),
    Row(
        "the same with 100 breadcrumbs held",
        "exception_with_breadcrumbs",
        times_cheaper=25,
        floors=(FORMAT_EXC,),
    ),
    Row(
        f"`capture_exception`, {workload.DEEP_FRAMES} frames, fat locals",
        "deep_exception",
        times_cheaper=20,
        floors=(FORMAT_EXC,),
    ),
    Row("the same: raw size of the event", "deep_exception", "raw_bytes", "bytes", at_most=300_000),
    Row("`capture_message`", "message", times_cheaper=10),
    Row("`add_breadcrumb`", "breadcrumb"),
    Row("`push_scope` + `set_tag`", "scope", times_cheaper=2),
    Row("a hub for one request", "request_scope", times_cheaper=2),
    Row("a unit of work", "unit_of_work"),
    Row(
        "added to `logger.info`, kept as a breadcrumb",
        "log_breadcrumb",
        "added_us",
        times_cheaper=4,
        floors=(WITHOUT,),
    ),
    Row(
        "`logger.debug` below the level, times as much as without a client",
        "log_disabled",
        "ratio",
        "",
        at_most=1.05,
        floors=(WITHOUT,),
    ),
    Row(
        f"`logger.exception`, {workload.SHALLOW_FRAMES} frames",
        "log_exception",
        times_cheaper=15,
        floors=(WITHOUT,),
    ),
    Row("CPU added to a thread's start and `join`", "thread", "added_us", times_cheaper=1, floors=(WITHOUT,)),
    Row("CPU added to `ThreadPoolExecutor.submit`", "submit", "added_us", floors=(WITHOUT,)),
    Row(
        "CPU added to an `http.client` request, kept as a breadcrumb",
        "http_request",
        "added_us",
        times_cheaper=2,
        floors=(WITHOUT,),
    ),
    *site_rows("wsgi", "bare WSGI"),
    *site_rows("flask", "Flask"),
    *site_rows("django", "Django"),
    *site_rows("starlette", "Starlette"),
    *site_rows("fastapi", "FastAPI"),
    Row("`capture_exception` before any `init`", "no_client_exception"),
    Row("`add_breadcrumb` before any `init`", "no_client_breadcrumb"),
    Row("`set_tag` before any `init`", "no_client_tag"),
    Row("CPU of the whole process per delivered exception", "delivery", times_cheaper=4),
    Row("bytes per delivered exception, gzip, on the wire", "delivery", "wire_bytes", "bytes"),
    Row("bytes per delivered exception, raw", "delivery", "raw_bytes", "bytes"),
)
BURST_ROWS = tuple(
    Row(f"lost of a burst of 2,000, answers after {delay_ms} ms", f"burst_{delay_ms}", "lost", "", at_most=0)
    for delay_ms in BURST_DELAYS_MS
)


def rows_of(medians: Medians) -> list[Row]:
    return [row for row in ROWS + BURST_ROWS if row.measurement in medians]


def shown(value: float) -> str:
    """Three significant digits, thousands set apart."""
    if value >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def markdown(medians: Medians, *, command: str, day: str, rounds: int) -> str:
    """The table, with the line above that says how it came about and the warnings below."""
    lines = [head_line(command=command, day=day, rounds=rounds), "", line(HEAD), line(("---",) * len(HEAD))]
    lines += [line(row.cells(medians)) for row in rows_of(medians)]
    for warning in warnings(medians):
        lines += ["", f"**Warning:** {warning}"]
    return "\n".join(lines)


def head_line(*, command: str, day: str, rounds: int) -> str:
    return (
        f"Made by `{command}` on {day}: CPython {platform.python_version()}, {os.cpu_count()} cores, "
        f"{platform.system()} {platform.machine()}. Medians over {rounds} rounds; in each round every figure "
        "comes from a fresh process, ours and the peer's in turn."
    )


def line(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(cells) + " |"


def warnings(medians: Medians) -> list[str]:
    """Where the two events did not hold the same, so that the row compares unlike things."""
    found = []
    expected = {
        "exception": (workload.SHALLOW_FRAMES, 0),
        "exception_with_breadcrumbs": (workload.SHALLOW_FRAMES, 100),
        "deep_exception": (workload.DEEP_FRAMES, 0),
        "log_exception": (workload.SHALLOW_FRAMES, 100),
    }
    for measurement, (frames, breadcrumbs) in expected.items():
        for side, figures in medians[measurement].items():
            held = (figures["frames"], figures["complete_frames"], figures["breadcrumbs"])
            if held != (frames, frames, breadcrumbs):
                found.append(
                    f"{measurement}, {side}: {held[0]:g} frames, {held[1]:g} of them with source before and "
                    f"after and locals, {held[2]:g} breadcrumbs; expected {frames}, {frames}, {breadcrumbs}."
                )
    return found


def shortfalls(medians: Medians) -> list[str]:
    """The titles of the rows that miss their aim."""
    return [row.title for row in rows_of(medians) if row.verdict(medians) == SHORT]


def write_into(page: Path, text: str) -> None:
    """Replaces what stands between the page's two markers. Raises: ValueError when one is missing."""
    old = page.read_text(encoding="utf-8")
    pattern = re.compile(re.escape(BEGIN) + ".*?" + re.escape(END), re.DOTALL)
    new, count = pattern.subn(lambda _: f"{BEGIN}\n\n{text}\n\n{END}", old)
    if count != 1:
        raise ValueError(f"{page} must hold {BEGIN} and {END} once each")
    page.write_text(new, encoding="utf-8")
