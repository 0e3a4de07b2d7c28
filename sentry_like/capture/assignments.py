"""Secrets in text that a name in front of them gives away: `token=...`, `"password": "..."`, `--api-key ...`.

The patterns find what is assigned to any name; whether that name is secret is the caller's knowledge. They
start only where a word starts and repeat over disjoint classes: linear in the text.
"""

from __future__ import annotations

import re

from sentry_like.capture.names import FILTERED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_NAME = r"(?P<name>[A-Za-z_][\w.-]{1,80})"
_WHOLE_NAME = rf"(?<![\w.-])(?:--?)?{_NAME}"
# A text that was cut may end within quotes; JSON within a literal has its quotes escaped.
_QUOTED = (
    r"(?P<value>'''.*?(?:'''|\Z)|\"\"\".*?(?:\"\"\"|\Z)"
    r"|\"(?:[^\"\\]|\\.)*(?:\"|\\?\Z)|'(?:[^'\\]|\\.)*(?:'|\\?\Z)"
    r"|\\+\"(?:[^\"\\]|\\+[^\"\\])*|\\+'(?:[^'\\]|\\+[^'\\])*)"
)
_PREFIX = "[rbufRBUF]{0,2}"
_SIGN = r"(?:\\*['\"]\s*\]?)?\s*(?:[:=!]?=>?|:)\s*"
_ANNOTATION = r"\s*:\s*[\w.\[\]| ]{1,60}=\s*"

LITERAL = re.compile(rf"{_WHOLE_NAME}{_SIGN}{_PREFIX}{_QUOTED}", re.DOTALL)
PAIR = re.compile(
    rf"[(\[]{_PREFIX}\\*['\"]{_NAME}\\*['\"]\s*,\s*{_PREFIX}{_QUOTED}(?=\s*[)\]]|\Z)", re.DOTALL
)
PLAIN = re.compile(rf"{_WHOLE_NAME}=(?P<value>(?!\[Filtered\])[^\s,;&'\"\])}}<][^\s,;&'\"\])}}]*)")
QUERY = re.compile(rf"(?:[?&;]|%3[Ff]|%26){_NAME}(?:=|%3[Dd])(?P<value>(?!\[Filtered\])[^\s&;'\"#%]+)")
OPTION = re.compile(
    rf"(?<![\w-])--?{_NAME}['\"]?,?\s+(?:{_QUOTED}|(?P<plain>[^\s'\"-][^\s'\",]*))", re.DOTALL
)
HEADER = re.compile(
    r"(?<![\w-])(?P<name>(?:proxy-)?authorization|(?:set-)?cookie):\s*(?P<value>[^\s'\"\\][^\r\n'\"\\]*)",
    re.IGNORECASE,
)
COLON = re.compile(r"(?<![\w-])(?P<name>[A-Za-z_][\w-]{1,80}):\s+(?P<value>[^\s'\",;\\]+)")
ELEMENT = re.compile(rf"<{_NAME}(?: [^<>]{{0,200}})?>(?P<value>[^<>]+)")
ANNOTATED = re.compile(rf"{_WHOLE_NAME}{_ANNOTATION}{_PREFIX}{_QUOTED}", re.DOTALL)

IN_TEXT = (
    ("'", LITERAL),
    ('"', LITERAL),
    (",", PAIR),
    ("=", PLAIN),
    ("%", QUERY),
    ("-", OPTION),
    (":", HEADER),
    (": ", COLON),
    ("</", ELEMENT),
)
"""The patterns for any text, each with what the text must hold."""
IN_SOURCE = (("'", LITERAL), ('"', LITERAL), (":", ANNOTATED), (",", PAIR), ("?", QUERY), ("&", QUERY))
"""Those for source code: only what is written as a literal is replaced, other code stays readable."""

NAME_HINTS = (
    *("pass", "pwd", "secret", "token", "auth", "key", "cred", "cookie", "sess", "sid", "srf", "jwt", "sso"),
    *("saml", "card", "cvv", "cvc", "ssn", "bearer", "otp", "pin_code", "_ip", "remote", "forwarded", "symf"),
    *("ip_addr", "-ip"),
)
"""What a text holds, in lower case, in which something is assigned to a name that is secret by default."""

_OPENING = re.compile(r"(?:\\*(?:'''|\"\"\"|['\"]))?")
_HARMLESS = frozenset(("None", "True", "False", "null", "true", "false", "%s", "{}", "''", '""'))
_HAS_DIGIT = re.compile(r"\d")


def clean(
    text: str, patterns: tuple[tuple[str, re.Pattern[str]], ...], is_secret: Callable[[str], bool]
) -> str:
    """The text without the values that are assigned to a secret name."""
    for sign, pattern in patterns:
        if sign in text:
            text = _without_values(text, pattern, is_secret)
    return text


def _without_values(text: str, pattern: re.Pattern[str], is_secret: Callable[[str], bool]) -> str:
    """One pattern's share. What is assigned to a harmless name is searched again: there may be JSON in it."""
    parts: list[str] = []
    done = at = 0
    while (found := pattern.search(text, at)) is not None:
        group = "value" if found["value"] is not None else "plain"
        value = found[group]
        if value in _HARMLESS or not is_secret(found["name"]) or not _is_assigned(found, value):
            at = found.start(group)
            continue
        parts += text[done : found.start(group)], _masked(value)
        done = at = found.end()
    return "".join((*parts, text[done:])) if parts else text


def _is_assigned(found: re.Match[str], value: str) -> bool:
    """Prose has colons too: `invalid token: identifier`. A value after one has a digit, or a header name."""
    return found.re is not COLON or "-" in found["name"] or _HAS_DIGIT.search(value) is not None


def _masked(value: str) -> str:
    """A value's replacement, in the value's own quotes."""
    found = _OPENING.match(value)
    opening = found[0] if found is not None else ""
    is_closed = len(value) >= 2 * len(opening) and value.endswith(opening)
    return f"{opening}{FILTERED}{opening if is_closed else ''}"
