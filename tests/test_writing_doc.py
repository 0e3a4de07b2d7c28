"""The worked example of docs/writing-an-integration.md is a real integration, and keeps every rule."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "writing-an-integration.md"
CONTRACT = ROOT / "tests" / "contract"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The blocks of the page as files, by the names on their first lines."""
    made = tmp_path_factory.mktemp("worked_example")
    for name, code in re.findall(
        r"```python\n# (\w+\.py)\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL
    ):
        (made / name).write_text(code, encoding="utf-8")
    return made


def run(folder, *arguments):
    path = os.pathsep.join([str(ROOT), str(folder), str(CONTRACT)])
    return subprocess.run(
        [sys.executable, "-W", "error", *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_the_example_does_what_the_page_says(folder):
    done = run(folder, folder / "try_tiny.py")
    assert (done.returncode, done.stderr) == (0, "")


def test_the_example_keeps_every_rule_of_the_contract(folder):
    done = run(folder, CONTRACT / "worked_example.py", folder)
    assert done.returncode == 0, done.stderr
    verdicts = json.loads(done.stdout.splitlines()[-1])
    assert len(verdicts) > 15
    assert {rule: wrong for rule, wrong in verdicts.items() if wrong} == {}
