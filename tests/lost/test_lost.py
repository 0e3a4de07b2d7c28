"""Real small programs, one for each way an error can get lost: exactly the expected events arrive, and the
program ends and speaks as it does without us.
"""

from __future__ import annotations

import importlib.util
import sys

import pytest
from lost_runs import HERE, Runs, frames_of, line_of, spoken, value_at
from lost_ways import WAYS

DUPLICATE = "event_processor", "error"
"""How an exception that was sent already is counted."""


def cannot_run(way):
    """Why a way cannot be tried here, or nothing."""
    missing = [package for package in way.needs if importlib.util.find_spec(package) is None]
    if missing:
        return f"needs {', '.join(missing)}"
    return "" if way.is_possible else "not in this Python"


@pytest.fixture(scope="module")
def runs(request, tmp_path_factory):
    """The runs of the ways that are to be tested; they begin at once."""
    chosen = [
        item.callspec.params["way"]
        for item in request.session.items
        if item.path == request.path and hasattr(item, "callspec")
    ]
    ways = {way.name: way for way in chosen if not cannot_run(way)}
    runs = Runs(ways.values(), tmp_path_factory.mktemp("lost"))
    yield runs
    runs.close()


@pytest.fixture
def outcome(runs, way):
    reason = cannot_run(way)
    if reason:
        pytest.skip(reason)
    return runs[way]


each_way = pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)


@each_way
def test_exactly_these_events_arrive(way, outcome):
    assert sorted(line_of(event) for event in outcome.events) == sorted(filled_in(way))
    assert outcome.discarded.keys() <= ({DUPLICATE} if way.repeats else set())
    assert outcome.kinds <= {"event", "client_report"}


@each_way
def test_the_events_say_where_they_come_from(way, outcome, sentry_accepts):
    for event in outcome.events:
        sentry_accepts(event)
        assert not [frame for frame in frames_of(event) if frame.get("module", "").startswith("sentry_like")]
    for path, expected in way.details.items():
        wanted = expected if isinstance(expected, list) else [expected] * len(way.told)
        found = [(line_of(event), value_at(event, path)) for event in outcome.events]
        assert sorted(found, key=repr) == sorted(zip(filled_in(way), wanted, strict=True), key=repr)


@each_way
def test_the_program_ends_and_speaks_as_without_us(way, outcome):
    exits = way.exit if isinstance(way.exit, list) else [way.exit] * way.times
    assert [run.exit for run in outcome.alone] == exits, "the table is wrong about Python"
    assert way.says in outcome.alone[-1].err, "the table is wrong about Python"
    for watched, alone in zip(outcome.watched, outcome.alone, strict=True):
        assert not watched.has_hung
        assert watched.exit == alone.exit
        assert spoken(watched.err) == spoken(alone.err)
        assert spoken(watched.out) == spoken(alone.out)


def filled_in(way):
    program = HERE / "programs" / f"{way.program}.py"
    return [line.replace("{python}", sys.executable).replace("{program}", str(program)) for line in way.told]


def test_every_program_is_in_the_table():
    programs = {path.stem for path in (HERE / "programs").glob("*.py")}
    assert programs == {way.program for way in WAYS}
