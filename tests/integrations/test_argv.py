"""The command line is sent without the secrets on it."""

from __future__ import annotations

import sys

import pytest

from sentry_like.integrations.argv import ArgvIntegration, clean_arguments

LINES = {
    "harmless": ("run --verbose -x 5 file.txt", "run --verbose -x 5 file.txt"),
    "value with =": ("run --password=hunter2", "run --password=[Filtered]"),
    "value after": ("run --password hunter2 file", "run --password [Filtered] file"),
    "one dash": ("run -token hunter2", "run -token [Filtered]"),
    "option after option": ("run --password --verbose", "run --password --verbose"),
    "assignment": ("env DB_PASSWORD=hunter2 run", "env DB_PASSWORD=[Filtered] run"),
    "URL": (
        "run --url https://bob:hunter2@h/?token=hunter2",
        "run --url https://[Filtered]@h/?token=[Filtered]",
    ),
    "card": ("pay 4111111111111111", "pay [Filtered]"),
    "author": ("run --author bob", "run --author bob"),
}


@pytest.mark.parametrize(("given", "expected"), LINES.values(), ids=LINES)
def test_command_line_is_cleaned(given, expected):
    assert clean_arguments(given.split()) == expected.split()


def test_secrets_in_an_argument_with_blanks_are_replaced():
    assert (
        clean_arguments(["curl", "-H", "Authorization: Bearer hunter2-hunter2"])[2]
        == "Authorization: [Filtered]"
    )
    assert clean_arguments(["sh", "-c", "mysql --password hunter2"])[2] == "mysql --password [Filtered]"


def test_number_and_length_are_bounded():
    cleaned = clean_arguments(["x" * 10_000] * 10_000)
    assert (len(cleaned), max(map(len, cleaned))) == (100, 512)


def test_what_is_no_text_becomes_text():
    assert clean_arguments(["run", 5, None, b"x"]) == ["run", "5", "None", "b'x'"]


def test_events_own_extra_wins(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["run", "--token", "x"])
    integration = ArgvIntegration()
    event = {"extra": {"a": 1}}
    integration.process_event(event, {})
    assert event["extra"] == {"sys.argv": ["run", "--token", "[Filtered]"], "a": 1}
    mine = {"extra": {"sys.argv": "mine"}}
    integration.process_event(mine, {})
    assert mine["extra"] == {"sys.argv": "mine"}


def test_missing_argv_is_survived(monkeypatch):
    monkeypatch.delattr(sys, "argv")
    event = {}
    ArgvIntegration().process_event(event, {})
    assert event["extra"] == {"sys.argv": []}
