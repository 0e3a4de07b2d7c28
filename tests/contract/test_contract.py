"""Every integration of the registry keeps to the same rules; see `rules` for what they are."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from imports_of import added_by, added_by_all
from rules import RULES
from subject import HOW_TO_ADD, find

from sentry_like.integrations.registry import REGISTRY

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
AT_ONCE = 3
EVERY_INTEGRATION = pytest.mark.parametrize("identifier", sorted(REGISTRY))


class Verdicts:
    """What is wrong with each integration, found out for all of them at the first question."""

    def __init__(self):
        self._pool = ThreadPoolExecutor(AT_ONCE)
        self._found = {}

    def of(self, identifier):
        if not self._found:
            self._found = {
                one: self._pool.submit(run_rules, one)
                for one in sorted(REGISTRY)
                if find(one) is not None and find(one).missing() is None
            }
        return self._found[identifier].result()

    def close(self):
        self._pool.shutdown(cancel_futures=True)


def run_rules(identifier):
    """Under `-W error`, as the strictest of applications would run."""
    run = subprocess.run(
        [sys.executable, "-W", "error", str(HERE / "run_rules.py"), identifier],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(HERE)])},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def verdicts():
    found = Verdicts()
    yield found
    found.close()


@pytest.fixture
def subject(identifier):
    subject = find(identifier)
    assert subject is not None, HOW_TO_ADD.format(identifier=identifier)
    if subject.missing() is not None:
        pytest.skip(f"{subject.missing()} is not installed")
    return subject


@EVERY_INTEGRATION
@pytest.mark.parametrize("rule", RULES)
def test_integration_keeps_the_rule(verdicts, subject, identifier, rule):
    wrong = verdicts.of(identifier)[rule]
    assert wrong is None, f"{identifier}: {rule.replace('_', ' ')}\n\n{wrong}"


@EVERY_INTEGRATION
def test_integration_imports_nothing_that_the_application_did_not(subject, identifier):
    added = added_by(identifier)
    foreign = {name for name in added if not name.startswith("sentry_like")}
    assert foreign <= subject.may_import


def test_nothing_that_any_integration_waits_for_is_imported_by_default():
    added = added_by_all()
    assert not {module for row in REGISTRY.values() for module in row.modules if module in added}
