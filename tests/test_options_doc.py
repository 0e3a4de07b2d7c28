from __future__ import annotations

from pathlib import Path

import pytest

from sentry_like.options import Options
from sentry_like.options.page import render

PAGE = Path(__file__).parent.parent / "docs" / "options.md"


def rows():
    return [line for line in render().splitlines() if line.startswith("| `")]


def test_the_page_is_fresh():
    assert PAGE.read_text(encoding="utf-8") == render(), (
        "docs/options.md is stale: run scripts/write_options_doc"
    )


def test_the_page_has_one_row_for_each_option():
    assert len(rows()) == len(Options.fields())


@pytest.mark.parametrize("field", Options.fields(), ids=lambda field: field.name)
def test_a_row_tells_name_variables_and_help(field):
    (row,) = [row for row in rows() if row.startswith(f"| `{field.name}` |")]

    assert field.help in row
    for variable in field.env:
        assert f"`{variable}`" in row
    assert row.replace("\\|", "").count("|") == 5


def test_options_are_grouped():
    headings = [line for line in render().splitlines() if line.startswith("## ")]

    assert headings == ["## Errors", "## Privacy", "## Network", "## Sessions"]


def test_a_former_name_is_told():
    (row,) = [row for row in rows() if row.startswith("| `include_local_variables`")]

    assert "Former name: `with_locals`." in row
