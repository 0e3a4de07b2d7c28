"""The command line on events."""

from __future__ import annotations

from subject import Adding


class Argv(Adding):
    identifier = "argv"

    def shows(self, event):
        return "sys.argv" in event.get("extra", {})


SUBJECT = Argv()
