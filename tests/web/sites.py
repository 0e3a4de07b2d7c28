"""An application on its server, in a process of its own, and what it sent to the relay."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from functools import cache
from pathlib import Path

from framework import described
from visitor import Visitor

ROOT = Path(__file__).resolve().parents[2]
APPS = Path(__file__).parent / "apps"
PATIENCE = 30.0
"""Seconds until a server must answer; only a failing test waits so long."""

SETTLING = 0.1
"""Seconds in which an event that nobody expects would come."""


class Choice:
    """Which process: a framework, one of its servers, `oldest` or `newest`, and a name of `OPTIONS`."""

    def __init__(self, framework, server, version, options="plain"):
        self.framework, self.server, self.version, self.options = framework, server, version, options

    def __str__(self):
        parts = [self.framework.name, self.server, self.version, self.options]
        return "-".join(parts[:3] if self.options == "plain" else parts)


def choices_for(options):
    """The processes that a test runs on: with other options than the usual ones, the first server only."""
    choices = []
    for framework in described().values():
        first, *others = framework.servers
        choices.append(Choice(framework, first, "newest", options))
        if options == "plain":
            choices += [Choice(framework, server, "newest") for server in others]
            if framework.oldest and oldest_versions().CAN_RUN_HERE:
                choices.append(Choice(framework, first, "oldest"))
    return choices


def options_of(choice):
    """`(options of the client, settings of the integration)`."""
    framework = choice.framework
    if choice.options == "personal":
        return (
            {"send_default_pii": True, "max_request_body_size": "small"},
            {"failed_request_status_codes": [404]} if framework.has_failed_codes else {},
        )
    if choice.options == "quiet":
        settings = {"failed_request_status_codes": []} if framework.has_failed_codes else {}
        if framework.style_setting and len(framework.styles) > 1:
            settings[framework.style_setting] = framework.styles[1]
        return {"max_request_body_size": "always"}, settings
    return {}, {}


def environment_of(choice, dsn):
    """The environment of the server's process: nothing of ours but what the test wants."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("SENTRY_", "PYTHON"))}
    path = [str(APPS), str(ROOT)]
    if choice.version == "oldest":
        path.insert(0, str(oldest_versions().folder_of(choice.framework.name)))
    options, settings = options_of(choice)
    asked = {"SENTRY_TEST_OPTIONS": json.dumps(options), "SENTRY_TEST_SETTINGS": json.dumps(settings)}
    if choice.options != "off":
        asked["SENTRY_DSN"] = dsn
    return {**kept, **asked, "PYTHONPATH": os.pathsep.join(path), "PYTHONUNBUFFERED": "1"}


def command_of(choice, port):
    arguments = [
        argument.replace("{port}", str(port)) for argument in choice.framework.servers[choice.server]
    ]
    return [sys.executable, *arguments]


@cache
def oldest_versions():
    """The script that installs them, as a module."""
    path = ROOT / "scripts" / "frameworks"
    loader = importlib.machinery.SourceFileLoader("frameworks_script", str(path))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("frameworks_script", loader))
    loader.exec_module(module)
    return module


class Site(Visitor):
    """The running application, while the `with` block lasts; `relay` is where its events go."""

    def __init__(self, choice, relay):
        super().__init__(free_port())
        self.choice, self.framework, self.relay = choice, choice.framework, relay
        self._seen = 0

    def __enter__(self):
        self._output = tempfile.NamedTemporaryFile()
        written = open(self._output.name, "ab")  # the process has a place in it of its own
        self._process = subprocess.Popen(
            command_of(self.choice, self.port),
            cwd=APPS,
            env=environment_of(self.choice, self.relay.dsn),
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # so that its workers can be ended with it
        )
        written.close()
        try:
            self._await_first_answer()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, kind, error, tb):
        self._end(signal.SIGTERM)
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            pass
        self._end(signal.SIGKILL)
        self._process.wait()
        self._output.close()

    def without_client(self):
        """The same application on the same server, with no client."""
        choice = self.choice
        return Site(Choice(choice.framework, choice.server, choice.version, "off"), self.relay)

    def has_died(self):
        return self._process.poll() is not None

    @property
    def output(self):
        """What the server printed."""
        return Path(self._output.name).read_text(errors="replace")

    def newly_printed(self):
        """What it printed since this was asked last, from its start on."""
        output = self.output
        new, self._seen = output[self._seen :], len(output)
        return new

    # -- what it sent

    def forget(self):
        """Begin anew: what was captured so far is no more."""
        self.get("/flush")
        self.relay.requests.clear()

    def events(self, count):
        """The events since `forget`, once there are `count`; what comes shortly afterwards is among them."""
        deadline = time.perf_counter() + PATIENCE / 3
        while time.perf_counter() < deadline:
            self.get("/flush")
            if len(self.relay.events) >= count:
                break
            time.sleep(0.02)
        time.sleep(SETTLING)
        self.get("/flush")
        return self.relay.events

    def _await_first_answer(self):
        deadline = time.perf_counter() + PATIENCE
        while time.perf_counter() < deadline:
            try:
                if self.get("/flush").status == 200:
                    return
            except OSError:
                pass
            if self.has_died():
                break
            time.sleep(0.05)
        raise AssertionError(f"{self.choice} did not answer:\n{self.output}")

    def _end(self, how):
        try:
            os.killpg(self._process.pid, how)
        except ProcessLookupError:
            pass


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as found:
        return found.getsockname()[1]
