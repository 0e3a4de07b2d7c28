"""The test kit that users get."""

from __future__ import annotations

import subprocess
import sys

import sentry_like
from sentry_like.testing import capture_events

USERS_TEST = """
import sentry_like

pytest_plugins = ["sentry_like.testing"]


def test_mine(captured):
    sentry_like.capture_message("from a user's test")
    assert captured.events[0]["message"] == "from a user's test"
"""


def test_block_keeps_what_is_captured_and_restores_the_client(init, events):
    before = init()
    with capture_events() as sent:
        sentry_like.capture_message("inside")
    assert [event["message"] for event in sent.events] == ["inside"]
    assert sentry_like.Hub.main.client is before
    assert not events


def test_plugin_gives_users_a_fixture(tmp_path):
    path = tmp_path / "test_users.py"
    path.write_text(USERS_TEST)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(path)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "1 passed" in done.stdout, done.stdout + done.stderr
