"""The page of integrations is made from the registry, and speaks of every one."""

from __future__ import annotations

import logging
import re
import subprocess
import sys
from pathlib import Path

import pytest

import sentry_like
from sentry_like.integrations.registry import REGISTRY

PAGE = Path(__file__).parent.parent / "docs" / "integrations.md"
ROOT = Path(__file__).parent.parent
ENRICHING = {"argv", "modules"}
"""What the table says of them is all there is to say."""


def test_the_tables_are_fresh():
    script = [sys.executable, str(ROOT / "scripts" / "write_integrations_doc"), "--check"]
    assert subprocess.run(script, capture_output=True, text=True).stderr == ""


@pytest.mark.parametrize("identifier", sorted(set(REGISTRY) - ENRICHING))
def test_the_page_says_what_each_does(identifier):
    page = PAGE.read_text(encoding="utf-8")
    headings = [line for line in page.splitlines() if line.startswith("### ")]
    assert any(f"`{identifier}`" in heading for heading in headings)


def test_every_snippet_runs(relay, capsys):
    (snippet,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    exec(compile(snippet.replace("https://public@sentry.example/1", relay.dsn), "<docs>", "exec"), {})
    logging.getLogger("shop").error("not an event any more")
    logging.getLogger("shop").critical("still one")
    sentry_like.flush(5)
    assert [event["logentry"]["message"] for event in relay.events] == ["still one"]
    assert "modules" not in relay.events[0]
    assert "failed: {}" in capsys.readouterr().out


def test_the_layering_contract_covers_each():
    contract = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert not [name for name in REGISTRY if f'"sentry_like.integrations.{name}"' not in contract]


def test_every_module_of_the_room_has_its_row():
    room = ROOT / "sentry_like" / "integrations"
    modules = {path.stem for path in room.iterdir() if not path.name.startswith("_")}
    assert modules - {"base", "registry"} == set(REGISTRY)
