"""Events name the installed packages, as many as the server keeps."""

from __future__ import annotations

import json
import sys
import time

import pytest

import sentry_like
from sentry_like.integrations.modules import ModulesIntegration, fitting


@pytest.fixture
def one_package(tmp_path, monkeypatch):
    """A `sys.path` on which one package is installed."""
    (tmp_path / "a-1.dist-info").mkdir()
    monkeypatch.setattr(sys, "path", [str(tmp_path)])


def test_size_is_what_the_server_keeps(sentry_accepts):
    modules = fitting({f"package{'x' * 100}{number}": f"1.0.{number}" for number in range(200)})
    assert 50 < len(modules) < 100
    assert len(json.dumps(modules)) <= 8192
    sentry_accepts(
        {"event_id": "9ec79c33ec9942ab8353589fcb2e04dc", "timestamp": time.time(), "modules": modules}
    )


def test_looked_up_once_and_only_for_errors(monkeypatch, one_package):
    integration = ModulesIntegration()
    event, transaction, mine = {}, {"type": "transaction"}, {"modules": {"x": "1"}}
    for one in (transaction, event, mine):
        integration.process_event(one, {})
    monkeypatch.setattr(sys, "path", [])
    again = {}
    integration.process_event(again, {})
    assert event == again == {"modules": {"a": "1"}}
    assert (transaction, mine) == ({"type": "transaction"}, {"modules": {"x": "1"}})


def test_events_share_no_list_that_a_hook_may_change(init, events, one_package):
    def change(event, hint):
        event["modules"]["b"] = "2"
        return event

    init(integrations=[ModulesIntegration()], before_send=change)
    sentry_like.capture_message("x")
    sentry_like.capture_message("y")
    assert [event["modules"] for event in events] == [{"a": "1", "b": "2"}] * 2
