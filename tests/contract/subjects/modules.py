"""The installed packages on events."""

from __future__ import annotations

from subject import Adding


class Modules(Adding):
    identifier = "modules"

    def shows(self, event):
        return "modules" in event


SUBJECT = Modules()
