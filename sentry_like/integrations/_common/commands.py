"""What notes of commands to a store may tell: their errors without the values that servers repeat in them."""

from __future__ import annotations

import re

from sentry_like.hub import Hub

QUOTED = re.compile(r"""(?<!\w)(?:'[^']*'|"(?:[^"\\]|\\.)*"|`[^`]*`)""")
BRACED = re.compile(r"\{.*(?:\}|$)", re.DOTALL)


def wants_values() -> bool:
    """Whether the current client sends values of commands: those are data of people."""
    options = getattr(Hub.current.client, "options", None)
    return bool(getattr(options, "send_default_pii", False))


def without_values(text: str) -> str:
    """A server's words without what it quotes: `dup key: {...}`, `unknown command '?'`."""
    return QUOTED.sub("'?'", BRACED.sub("{...}", text))
