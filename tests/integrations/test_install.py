"""Which integrations a client gets, and that each is set up once."""

from __future__ import annotations

import pytest

import sentry_like
from sentry_like.integrations.registry import DEFAULT, REGISTRY
from sentry_like.integrations.base import Integration
from sentry_like.integrations.dedupe import DedupeIntegration
from sentry_like.integrations.modules import ModulesIntegration


@pytest.fixture
def made():
    """A fresh integration class, counting its set-ups."""

    class Counting(Integration):
        identifier = "counting"
        set_ups = 0

        def setup_once(self):
            type(self).set_ups += 1

    return Counting


def names(client):
    return sorted(client.integrations)


def test_every_default_is_there(init):
    client = init(default_integrations=True)
    sentry_like.capture_message("the first event loads what only adds to events")
    there = {*client.integrations, *client.integrations.waiting}
    assert {name for name, row in REGISTRY.items() if row.mode == DEFAULT} <= there
    assert {"argv", "modules", "excepthook"} <= set(client.integrations)


def test_defaults_may_be_left_out(init):
    assert names(init(default_integrations=False)) == []


@pytest.mark.parametrize(
    "form", [DedupeIntegration, DedupeIntegration(), "dedupe"], ids=["class", "instance", "name"]
)
def test_one_default_may_be_disabled(init, form):
    client = init(default_integrations=True, disabled_integrations=[form])
    assert client.get_integration("dedupe") is None
    assert client.get_integration("modules") is not None


def test_given_one_wins_over_the_default_of_its_name(init):
    mine = ModulesIntegration()
    client = init(default_integrations=True, integrations=[mine])
    assert client.get_integration("modules") is mine
    assert client.get_integration(ModulesIntegration) is mine


def test_integration_is_set_up_once_for_all_clients(init, made):
    init(integrations=[made()])
    init(integrations=[made()])
    assert made.set_ups == 1


def test_integration_whose_set_up_fails_is_left_out_and_tried_again(init, lenient, capsys):
    class Failing(Integration):
        identifier = "failing"
        attempts = 0

        def setup_once(self):
            type(self).attempts += 1
            if self.attempts == 1:
                raise RuntimeError("not yet")

    assert init(integrations=[Failing()]).get_integration("failing") is None
    assert "not yet" in capsys.readouterr().err
    assert init(integrations=[Failing()]).get_integration("failing") is not None


def test_event_names_the_integrations(init, events, made):
    init(integrations=[made(), DedupeIntegration()])
    sentry_like.capture_message("x")
    assert events[0]["sdk"]["integrations"] == ["counting", "dedupe"]


def test_what_a_foreign_integration_adds_is_made_plain_and_scrubbed(init, events):
    class Adding(Integration):
        identifier = "adding"

        def process_event(self, event, hint):
            event["extra"] = {"object": object(), "password": "hunter2"}

    init(integrations=[Adding()])
    sentry_like.capture_message("x")
    assert events[0]["extra"]["object"].startswith("<object object")
    assert events[0]["extra"]["password"] == "[Filtered]"


def test_hub_finds_no_integration_without_a_client():
    assert sentry_like.Hub.current.get_integration("dedupe") is None
    assert sentry_like.Hub.current.get_integration(DedupeIntegration) is None


def test_integration_that_fails_on_an_event_does_not_lose_it(init, events, lenient):
    class Failing(Integration):
        identifier = "failing"

        def process_event(self, event, hint):
            raise RuntimeError

        def on_captured(self, event, hint):
            raise RuntimeError

    init(integrations=[Failing()])
    assert sentry_like.capture_message("x") == events[0]["event_id"]
