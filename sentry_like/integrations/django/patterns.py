"""Patterns of URLs, spelled for people: `/e/{pk}/` for `e/<int:pk>/` and for `^e/(?P<pk>[0-9]+)/$`. Pure."""

from __future__ import annotations

import re

CONVERTER = re.compile(r"(?<!\?P)<(?:[^<>:]+:)?([^<>]+)>")
REGULAR = re.compile(r"[\\^$(]")
"""What a route of `path()` has not (Django warns of it)."""
GROUP_NAME = re.compile(r"\?P<(\w+)>")
QUANTIFIER = re.compile(r"(?:[*+?]|\{\d*,?\d*\})[+?]?")
POSITIONS = "AZzbB"


def readable(route: str) -> str:
    """The route with a name in braces for each part that varies."""
    is_regular = REGULAR.search(route)
    text = CONVERTER.sub(r"{\1}", route)
    return "/" + (_plain(text) if is_regular else text).lstrip("/")


def _plain(pattern: str) -> str:
    """A regular expression without what only says how to match."""
    made, at = [], 0
    while at < len(pattern):
        char = pattern[at]
        if char == "\\":
            made.append(_unescaped(pattern[at + 1 : at + 2]))
            at += 2
        elif char == "(":
            end = _end_of_group(pattern, at)
            made.append(_named(pattern[at + 1 : end - 1]))
            at = _after_quantifier(pattern, end)
        else:
            made.append("" if char in "^$?*+" else char)
            at += 1
    return "".join(made)


def _unescaped(char: str) -> str:
    if char in POSITIONS:
        return ""
    return "\\" + char if char.isalnum() else char


def _named(group: str) -> str:
    """What stands for a group."""
    name = GROUP_NAME.match(group)
    if name is not None:
        return "{" + name[1] + "}"
    if group.startswith("?:"):
        return _plain(group[2:])
    return "" if group.startswith("?") else "{}"


def _end_of_group(pattern: str, begin: int) -> int:
    """Where the group that begins there is over."""
    depth, at, is_class = 0, begin, False
    while at < len(pattern):
        char = pattern[at]
        if char == "\\":
            at += 1
        elif is_class:
            is_class = char != "]"
        elif char == "[":
            is_class = True
        elif char == "(":
            depth += 1
        elif char == ")":
            depth -= 1
            if depth == 0:
                return at + 1
        at += 1
    return len(pattern) + 1


def _after_quantifier(pattern: str, at: int) -> int:
    found = QUANTIFIER.match(pattern, at)
    return at if found is None else found.end()
