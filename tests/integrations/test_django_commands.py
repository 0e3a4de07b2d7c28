"""Commands of Django, run by a program of its own."""

from __future__ import annotations

import subprocess
import sys
import threading
from textwrap import dedent

import django_site
import pytest
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

import sentry_like
from sentry_like.hub import Hub
from sentry_like.integrations.dedupe import DedupeIntegration
from sentry_like.integrations.django import DjangoIntegration
from sentry_like.integrations.excepthook import ExcepthookIntegration
from sentry_like.integrations.threading import ThreadingIntegration


class Command(BaseCommand):
    """Fails as it is told."""

    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("how")

    def handle(self, *args, how, **options):
        sentry_like.set_tag("step", how)
        if how == "message":
            sentry_like.capture_message("within")
        elif how == "thread":
            thread = threading.Thread(target=sentry_like.capture_message, args=("in a thread",))
            thread.start()
            thread.join()
        elif how == "request":
            django_site.visit("/fail/")
        elif how == "command":
            raise CommandError("you did it wrong")
        elif how == "interrupt":
            raise KeyboardInterrupt
        else:
            raise ValueError(how)


@pytest.fixture
def run(init):
    """`run(how)`: the command from the command line, with a client that has the integration."""
    others = [DedupeIntegration(), ExcepthookIntegration(), ThreadingIntegration()]
    init(integrations=[DjangoIntegration(), *others])
    return lambda *argv: Command().run_from_argv(["manage.py", "tidy", *argv])


def only(events):
    (event,) = events
    return event


def test_an_error_that_ends_a_command_is_told_with_its_name(run, events):
    with pytest.raises(ValueError, match="boom") as raised:
        run("boom")
    sys.excepthook(raised.type, raised.value, raised.tb)
    event = only(events)
    assert (event["transaction"], event["transaction_info"]) == ("tidy", {"source": "task"})
    assert event["exception"]["values"][0]["mechanism"] == {"type": "django", "handled": False}
    assert event["tags"] == {"step": "boom"}


def test_what_a_command_captures_has_its_name(run, events):
    run("message")
    assert only(events)["transaction"] == "tidy"


def test_what_its_threads_capture_has_it_too(run, events):
    run("thread")
    assert only(events)["transaction"] == "tidy"


def test_a_request_that_a_command_serves_is_named_after_itself(run, events):
    run("request")
    assert only(events)["transaction"] == "/fail/"


def test_what_a_command_sets_ends_with_it(run, events):
    run("message")
    assert Hub.current.scope.tags == {}
    sentry_like.capture_message("after")
    assert "transaction" not in events[-1]


@pytest.mark.parametrize("argv", [("command",), ("interrupt",)], ids=["command error", "ctrl-c"])
def test_what_is_no_error_is_not_told(run, events, argv):
    with pytest.raises((SystemExit, KeyboardInterrupt)):
        run(*argv)
    assert list(events) == []


def test_a_command_error_that_is_to_be_seen_in_full_is_not_told(run, events):
    with pytest.raises(CommandError) as raised:
        run("command", "--traceback")
    sys.excepthook(raised.type, raised.value, raised.tb)
    assert list(events) == []


def test_a_command_error_in_the_application_is_told_as_any_other(run, events):
    try:
        call_command(Command(), "command")
    except CommandError:
        sentry_like.capture_exception()
    event = only(events)
    assert "transaction" not in event


def test_a_program_tells_of_its_command(relay, tmp_path):
    """Settings start the client, as applications do."""
    commands = tmp_path / "shop" / "management" / "commands"
    commands.mkdir(parents=True)
    for folder in (tmp_path / "shop", tmp_path / "shop" / "management", commands):
        (folder / "__init__.py").write_text("")
    (commands / "tidy.py").write_text(
        "from django.core.management.base import BaseCommand\n"
        "class Command(BaseCommand):\n"
        "    requires_system_checks = []\n"
        "    def handle(self, **options):\n"
        "        raise ValueError('on purpose')\n"
    )
    (tmp_path / "shop" / "settings.py").write_text(
        f"import sentry_like\nsentry_like.init({relay.dsn!r})\n"
        "SECRET_KEY = 'of no use'\nINSTALLED_APPS = ['shop']\nUSE_TZ = True\n"
    )
    program = dedent("""
        import os, sys
        os.environ["DJANGO_SETTINGS_MODULE"] = "shop.settings"
        from django.core.management import execute_from_command_line
        execute_from_command_line(["manage.py", "tidy"])
    """)
    path = [str(tmp_path), *sys.path]
    ended = subprocess.run(
        [sys.executable, "-c", f"import sys\nsys.path[:0] = {path!r}\n{program}"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    assert "[sentry_like]" not in ended.stderr
    event = only(relay.events)
    assert event["transaction"] == "tidy"
    assert event["exception"]["values"][-1]["value"] == "on purpose"
