"""Runs the suite over every framework, server and version; each of these processes is started once.

A test says with `@visits(...)` which routes it needs; it then gets `site`, the running application.
"""

from __future__ import annotations

import json
import os

import pytest
from sites import ROOT, Choice, Site, choices_for

TESTED = ROOT / "docs" / "integrations" / "tested.json"


def pytest_generate_tests(metafunc):
    asked = getattr(metafunc.function, "visits", None)
    if asked is not None:
        choices = [choice for choice in choices_for(asked.options) if asked.is_offered_by(choice)]
        metafunc.parametrize("site", choices, ids=str, indirect=True)


@pytest.hookimpl(trylast=True)  # after the random order
def pytest_collection_modifyitems(items):
    """Put tests of one process next to each other, at the end."""
    groups = {}
    for item in items:
        callspec = getattr(item, "callspec", None)
        choice = callspec.params.get("site") if callspec is not None else None
        groups.setdefault(str(choice) if isinstance(choice, Choice) else "", []).append(item)
    alone = groups.pop("", [])
    items[:] = [*alone, *(item for group in groups.values() for item in group)]


class Running:
    """The one application that runs at this moment, kept until another one is asked for."""

    def __init__(self, relay):
        self._relay = relay
        self._site = None

    def ask_for(self, choice):
        if self._site is not None and (str(self._site.choice) != str(choice) or self._site.has_died()):
            self.end()
        if self._site is None:
            self._site = Site(choice, self._relay).__enter__()
        return self._site

    def end(self):
        if self._site is not None:
            self._site.__exit__(None, None, None)
            self._site = None


@pytest.fixture(scope="session")
def running():
    from relay_server import RelayServer

    with RelayServer() as relay:
        kept = Running(relay)
        yield kept
        kept.end()


@pytest.fixture
def site(request, running, sentry_accepts):
    """The application that the test is parametrized with. Afterwards nothing of ours has failed, and Sentry
    takes every event.
    """
    site = running.ask_for(request.param)
    site.forget()
    yield site
    said = site.newly_printed()
    if "[sentry_like]" in said:
        pytest.fail(f"our own voice: {said}")
    if hasattr(request.node, "has_failed"):
        print(said[-10_000:])
    for event in site.relay.events:
        sentry_accepts(event)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.failed:
        item.has_failed = True
    return report


@pytest.fixture(scope="session")
def tested():
    """`tested(name, version, "oldest" | "newest")` notes what answered, for `WRITE_TESTED=1`."""
    told = {}
    yield lambda name, version, which: told.setdefault(name, {}).update({which: version})
    if os.environ.get("WRITE_TESTED") and told:
        known = json.loads(TESTED.read_text()) if TESTED.exists() else {}
        merged = {name: {**known.get(name, {}), **told.get(name, {})} for name in sorted({*known, *told})}
        TESTED.write_text(json.dumps(merged, indent=1) + "\n")
