"""Sends what is in the logs of processes that died; a log is deleted once the server has it.

Runs on a thread of its own. Nothing of the sending process's scope goes with these events.
"""

from __future__ import annotations

import os
from hashlib import blake2b
from time import sleep, time

from sentry_like.errors import contained, voice
from sentry_like.integrations.faulthandler.event import Crash
from sentry_like.integrations.faulthandler.files import LeftFile, newest_first, others
from sentry_like.integrations.faulthandler.log import parse
from sentry_like.integrations.faulthandler.note import parts_of, project_of
from sentry_like.scope import Scope

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from sentry_like.capture.cleaning import Cleaning
    from sentry_like.integrations.faulthandler.files import OwnFile
    from sentry_like.types import Event

MAX_LOGS = 20
"""Crash logs that one start sends."""
MAX_DUMPS = 10
"""Processes that died on one log."""
MAX_AGE = 30 * 86400
"""A server refuses older events (protocol, "Timestamps")."""
PATIENCE = 10.0
"""Seconds that a log's events may take to the server, before it is left to the next start."""
SETTLED = 0.1
"""Seconds without a change after which a dump is taken to be complete."""


class PickUp:
    """What one client does with the logs of processes that died."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._project = project_of(client)

    def of_others(self, directory: str, own: OwnFile | None) -> None:
        """Send what dead processes have left in the directory, the latest first, and delete it."""
        told: list[LeftFile] = []
        too_many = 0
        is_sent = False
        try:
            for path in newest_first(others(directory, own)):
                left = LeftFile.take(path)
                if left is None:
                    continue
                about, text = parts_of(left.read())
                if not text.strip() or not about or left.changed < time() - MAX_AGE:
                    left.delete()
                elif about.get("project") != self._project:
                    left.leave()
                elif len(told) == MAX_LOGS:
                    too_many += 1
                    left.delete()
                else:
                    told.append(left)
                    self._capture(about, text, left.changed)
            is_sent = bool(told) and self._is_delivered()
        finally:
            for left in told:
                left.delete() if is_sent else left.leave()
        if too_many:
            voice.once("crash logs", f"{too_many} crash logs were deleted unsent: one start sends {MAX_LOGS}")

    def of_children(self, own: OwnFile) -> None:
        """Send what children forked from this process wrote to its log as they died."""
        try:
            size, data = 0, own.read()
            while len(data) > size:
                sleep(SETTLED)
                size, data = len(data), own.read()
            self._capture(*parts_of(data), os.fstat(own.fd).st_mtime)
            if self._is_delivered():
                own.forget(len(data))
        finally:
            os.close(own.fd)

    def _capture(self, about: dict[str, Any], text: str, at: float) -> None:
        for number, dump in enumerate(parse(text)[:MAX_DUMPS]):
            with contained("crash log", self._client.on_internal_error):
                self._capture_one(Crash(dump, about, min(at, time())), id_of(about, dump.text, at, number))

    def _capture_one(self, crash: Crash, event_id: str) -> None:
        def build(cleaning: Cleaning) -> Event:
            return crash.event(self._client.options, cleaning, event_id)

        self._client.capture_built(build, {"crash_log": crash.dump.text}, Scope())

    def _is_delivered(self) -> bool:
        return bool(self._client.is_active() and self._client.flush(PATIENCE))


def id_of(about: dict[str, Any], text: str, at: float, number: int) -> str:
    """The same id each time that a dump is sent, so that a server takes it once."""
    seed = f"{about.get('started')} {about.get('project')} {at} {number} {text}"
    return blake2b(seed.encode(), digest_size=16).hexdigest()
