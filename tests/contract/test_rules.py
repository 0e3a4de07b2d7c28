"""Each rule of the contract is broken by something, and a healthy integration breaks none."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from rules import RULES
from subject import HOW_TO_ADD, find

HERE = Path(__file__).resolve().parent


@pytest.fixture(scope="module")
def found():
    run = subprocess.run(
        [sys.executable, "-W", "error", str(HERE / "broken.py")],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE.parents[1]), str(HERE)])},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout.splitlines()[-1])


def test_healthy_integration_keeps_every_rule(found):
    assert found["healthy"] == dict.fromkeys(RULES)


def test_every_rule_is_broken_by_something(found):
    assert {rule for rule, _, _ in found["broken"]} == set(RULES)


def test_what_breaks_a_rule_is_found_out(found):
    assert [(rule, what) for rule, what, verdict in found["broken"] if verdict is None] == []


def test_integration_without_a_subject_is_told_what_to_write():
    assert find("no_such_integration") is None
    assert "write tests/contract/subjects/flask.py" in HOW_TO_ADD.format(identifier="flask")
