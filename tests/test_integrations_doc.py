"""The page of integrations is made from the registry, and speaks of every one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from sentry_like.integrations.registry import REGISTRY

ROOT = Path(__file__).parent.parent
ENRICHING = {"argv", "modules"}
"""What the table says of them is all there is to say."""


def test_the_tables_are_fresh():
    script = [sys.executable, str(ROOT / "scripts" / "write_integrations_doc"), "--check"]
    assert subprocess.run(script, capture_output=True, text=True).stderr == ""


@pytest.mark.parametrize("identifier", sorted(set(REGISTRY) - ENRICHING))
def test_the_page_says_what_each_does(identifier):
    page = (ROOT / "docs" / "integrations.md").read_text(encoding="utf-8")
    headings = [line for line in page.splitlines() if line.startswith("### ")]
    assert any(f"`{identifier}`" in heading for heading in headings)
