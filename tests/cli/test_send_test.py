from __future__ import annotations

import pytest

from sentry_like.cli import main
from sentry_like.cli.send_test import everything_went, report

COUNTS = {"captured": 2, "sent": 2, "queued": 0, "lost": {}}


@pytest.mark.parametrize(
    ("stats", "went"),
    [
        ({"error": COUNTS}, True),
        ({"error": {**COUNTS, "sent": 1, "lost": {"network_error": 1}}}, False),
        ({"error": {**COUNTS, "sent": 1, "queued": 1}}, False),
        ({}, False),
    ],
    ids=["all sent", "one lost", "one waiting", "nothing captured"],
)
def test_only_what_was_sent_has_gone(stats, went):
    assert everything_went(stats) is went


def test_the_report_names_what_was_lost_and_why():
    stats = {"error": {"captured": 2, "sent": 1, "queued": 0, "lost": {"network_error": 1}}}
    assert report("http://host, project 1", ["a" * 32, None], stats) == (
        "To http://host, project 1\n"
        f"  event {'a' * 32}\n"
        "  error: 2 captured, 1 sent, 0 waiting\n"
        "    lost 1: network_error"
    )


def test_nothing_captured_is_said():
    assert "nothing was captured" in report("http://host, project 1", [None, None], {})


def test_without_a_dsn_there_is_nothing_to_test(monkeypatch, capsys):
    monkeypatch.delenv("SENTRY_DSN", raising=False)
    assert main(["send-test"]) == 2
    assert "no DSN" in capsys.readouterr().err


def test_a_bad_dsn_is_refused_without_repeating_its_key(capsys):
    assert main(["send-test", "--dsn", "http://secretkey@host"]) == 2
    err = capsys.readouterr().err
    assert "DSN" in err
    assert "secretkey" not in err
