"""Whole events, one of a GET and one of a POST, are what is stored for the framework, on every server and
version.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from framework import described, visits
from test_web_requests import BODY
from web_events import HEADERS, only
from web_snapshot import normalised

SNAPSHOTS = Path(__file__).parent / "snapshots"


@pytest.mark.parametrize("kind", ["error", "body"])
@visits("/error", "/body")
def test_the_snapshot_is_what_comes(site, kind):
    if kind == "error":
        headers = [pair for pair in HEADERS if pair[0] != "X-Forwarded-For"]  # which some servers keep back
        site.get("/error?page=2&token=s3cr3t", headers)
    else:
        site.post("/body", json.dumps(BODY).encode(), "application/json")
    event = normalised(only(site.events(1)), site)
    path = SNAPSHOTS / f"{site.framework.name}.json"
    stored = json.loads(path.read_text()) if path.exists() else {}
    is_first = site.choice.server == next(iter(site.framework.servers)) and site.choice.version == "newest"
    if os.environ.get("UPDATE_SNAPSHOTS") and is_first:
        stored[kind] = event
        path.write_text(json.dumps(stored, indent=1, sort_keys=True) + "\n")
    assert event == stored[kind]


def test_there_is_no_snapshot_of_what_is_not_described():
    assert {path.stem for path in SNAPSHOTS.glob("*.json")} == set(described())


@visits(fits=lambda framework: framework.package)
def test_the_version_that_answers_is_the_one_that_was_asked_for(site, tested):
    framework = site.framework
    answered = json.loads(site.get("/versions").body)[framework.package.lower()]
    asked = framework.oldest[0].partition("==")[2] if site.choice.version == "oldest" else answered
    assert answered.split(".")[: len(asked.split("."))] == asked.split(".")
    tested(framework.name, answered, site.choice.version)
