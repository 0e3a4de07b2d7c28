"""The pages on integrations: the list is made from the registry and from what was tested, each integration is
described, and the snippets are programs.
"""

from __future__ import annotations

import json
import logging
import re
import subprocess
import sys
from pathlib import Path

import pytest

import sentry_like
from sentry_like.integrations.registry import AUTO, REGISTRY

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs" / "integrations"
PAGES = sorted(FOLDER.glob("*.md"))
WITH_LOGGING = {"loguru", "structlog"}
"""Libraries that are described together with `logging`."""
MIDDLEWARES = {"asgi", "wsgi"}
"""Laid around an application by hand, so no client has them of itself, and the registry has no row."""


def test_the_tables_are_fresh():
    script = [sys.executable, str(ROOT / "scripts" / "write_integrations_doc"), "--check"]
    assert subprocess.run(script, capture_output=True, text=True).stderr == ""


@pytest.mark.parametrize("identifier", sorted({*REGISTRY, *MIDDLEWARES}))
def test_each_is_described(identifier):
    needs_page = identifier in MIDDLEWARES or (
        REGISTRY[identifier].package and identifier not in WITH_LOGGING
    )
    if needs_page:
        assert (FOLDER / f"{identifier}.md").exists()
    else:
        page = (FOLDER / "interpreter.md").read_text(encoding="utf-8")
        assert re.search(rf"^### .*`{identifier}`", page, re.MULTILINE)


@pytest.mark.parametrize("identifier", sorted(name for name, row in REGISTRY.items() if row.mode == AUTO))
def test_oldest_and_newest_version_of_each_were_tested(identifier):
    tested = json.loads((FOLDER / "tested.json").read_text(encoding="utf-8"))[identifier]
    assert set(tested) == {"oldest", "newest"}
    minimum = REGISTRY[identifier].minimum.split(".")
    oldest = [*tested["oldest"].split("."), "0", "0"]
    assert oldest[: len(minimum)] == minimum


def test_the_snippet_of_the_list_runs(relay, capsys):
    page = (FOLDER / "index.md").read_text(encoding="utf-8")
    (snippet,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    exec(compile(snippet.replace("https://public@sentry.example/1", relay.dsn), "<docs>", "exec"), {})
    logging.getLogger("shop").error("not an event any more")
    logging.getLogger("shop").critical("still one")
    sentry_like.flush(5)
    assert [event["logentry"]["message"] for event in relay.events] == ["still one"]
    assert "modules" not in relay.events[0]
    assert "failed: {}" in capsys.readouterr().out


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_snippets_are_programs_and_excerpts_are_json(page):
    text = page.read_text(encoding="utf-8")
    for snippet in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        compile(snippet, str(page), "exec")
    for excerpt in re.findall(r"```json\n(.*?)```", text, re.DOTALL):
        json.loads(excerpt)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_somewhere(page):
    targets = re.findall(r"\]\((?!https?:)([^)]+)\)", page.read_text(encoding="utf-8"))
    broken = [target for target in targets if not leads_somewhere(page, target)]
    assert not broken


def leads_somewhere(page, target):
    file, _, anchor = target.partition("#")
    place = page.parent / file if file else page
    return place.exists() and (not anchor or anchor in anchors_of(place))


def anchors_of(page):
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings}


def test_the_layering_contract_covers_each():
    contract = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    names = {*REGISTRY, *MIDDLEWARES}
    assert not [name for name in names if f'"sentry_like.integrations.{name}"' not in contract]


def test_every_module_of_the_room_has_its_row():
    room = ROOT / "sentry_like" / "integrations"
    modules = {path.stem for path in room.iterdir() if not path.name.startswith("_")}
    assert modules - {"base", "registry"} == {*REGISTRY, *MIDDLEWARES}
