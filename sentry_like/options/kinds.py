"""The kinds of values that can be written as text, so that a variable or a file can give them too.

A check takes what was given and returns it as it is kept (lists become tuples: options never change); a
parser takes the text of an environment variable, which was stripped and is not empty. Both raise `Refused`.
"""

from __future__ import annotations

import os

from sentry_like.options.field import Kind
from sentry_like.options.problems import Refused
from sentry_like.protocol.dsn import BadDsn, Dsn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

TRUE_WORDS = frozenset(("1", "true", "t", "yes", "y", "on"))
FALSE_WORDS = frozenset(("0", "false", "f", "no", "n", "off"))
PROXY_SCHEMES = frozenset(("http", "https", "socks4", "socks4a", "socks5", "socks5h"))


def flag() -> Kind:
    """True or False."""

    def check(value: object) -> bool:
        if isinstance(value, bool):
            return value
        raise Refused

    def parse(text: str) -> bool:
        word = text.lower()
        if word in TRUE_WORDS or word in FALSE_WORDS:
            return word in TRUE_WORDS
        raise Refused("it is neither a yes (true, 1, on) nor a no (false, 0, off)")

    return Kind("True or False", check, parse)


def whole(low: int, high: int | None = None) -> Kind:
    """An int within bounds; True is none."""

    def check(value: object) -> int:
        if (
            isinstance(value, int)
            and not isinstance(value, bool)
            and low <= value
            and (high is None or value <= high)
        ):
            return value
        raise Refused

    bounds = f", {low} or more" if high is None else f" from {low} to {high}"
    return Kind(f"a whole number{bounds}", check, lambda text: check(_read(int, text)))


def number(low: float, high: float) -> Kind:
    """An int or float within bounds; neither True nor NaN is one."""

    def check(value: object) -> float:
        if isinstance(value, (int, float)) and not isinstance(value, bool) and low <= value <= high:
            return value
        raise Refused

    return Kind(f"a number from {low} to {high}", check, lambda text: check(_read(float, text)))


def text(fault: Callable[[str], str | None] | None = None, words: str = "a str") -> Kind:
    """A str, kept without the white space around it; `fault` tells what is wrong with it."""

    def check(value: object) -> str:
        if not isinstance(value, str):
            raise Refused
        stripped = value.strip()
        reason = fault(stripped) if fault else None if stripped else "it is empty"
        if reason:
            raise Refused(reason)
        return stripped

    return Kind(words, check, check)


def choice(*values: str) -> Kind:
    """One of a few words."""

    def check(value: object) -> str:
        if isinstance(value, str) and value in values:
            return value
        raise Refused

    return Kind(
        "one of " + ", ".join(repr(value) for value in values), check, lambda given: check(given.lower())
    )


def texts(words: str = "a list of str") -> Kind:
    """A list of str, kept as a tuple; in a variable the entries stand between commas."""

    def check(value: object) -> tuple[str, ...]:
        entries = entries_of(value)
        for entry in entries:
            if not isinstance(entry, str) or not entry.strip():
                raise Refused("each entry must be a str that is not empty")
        return entries

    return Kind(words, check, split)


def headers() -> Kind:
    """A mapping of str to str; JSON in a variable."""

    def check(value: object) -> dict[str, str]:
        if not isinstance(value, dict):
            raise Refused
        for name, content in value.items():
            if not isinstance(name, str) or not isinstance(content, str):
                raise Refused("each name and each value must be a str")
            if not name or not {"\r", "\n"}.isdisjoint(name + content):
                raise Refused("a header has no empty name and no line breaks")
        return dict(value)

    return Kind("a dict of str to str", check, lambda given: check(read_json(given)))


def file() -> Kind:
    """The path of a file (or of a directory of certificates) that exists."""

    def check(value: object) -> str:
        path = _path(value)
        if not os.path.exists(path):
            raise Refused("there is no such file")
        return path

    return Kind("the path of an existing file", check, check)


def directory() -> Kind:
    """A path, made absolute; it need not exist."""

    def check(value: object) -> str:
        path = _path(value)
        try:
            return os.path.abspath(path)
        except OSError:  # relative to a working directory that was deleted
            return path

    return Kind("a path", check, check)


def proxy() -> Kind:
    """A proxy's URL with its scheme; an empty str says "no proxy"."""
    words = "a URL such as 'http://proxy:3128', or '' for no proxy"

    def check(value: object) -> str:
        if not isinstance(value, str):
            raise Refused
        scheme, mark, place = value.partition("://")
        if not value:
            return value
        if not mark or scheme.lower() not in PROXY_SCHEMES:
            raise Refused("it needs a scheme: " + ", ".join(sorted(PROXY_SCHEMES)))
        if not place.rpartition("@")[2].strip("/:") or any(character.isspace() for character in value):
            raise Refused("it needs a host, and holds no white space")
        return value

    return Kind(words, check, check)


def dsn() -> Kind:
    """The text of a DSN that can be parsed; an empty one says "send nothing"."""

    def check(value: object) -> str:
        if not isinstance(value, str):
            raise Refused
        stripped = value.strip()
        if stripped:
            _parse_dsn(stripped)
        return stripped

    return Kind("the DSN of a project, or '' to send nothing", check, check)


def _parse_dsn(text: str) -> None:
    try:
        Dsn.parse(text)
    except BadDsn as bad:
        raise Refused(str(bad).rstrip(".")) from None


def organisation() -> Kind:
    """The number of an organisation, kept as text."""

    def check(value: object) -> str:
        digits = str(value) if isinstance(value, (int, str)) and not isinstance(value, bool) else ""
        if digits.isascii() and digits.isdigit() and len(digits) <= 20:
            return digits
        raise Refused

    return Kind("the number of an organisation", check, check)


def entries_of(value: object) -> tuple[Any, ...]:
    """A list (or tuple, or set) as a tuple; a lone entry is refused with advice."""
    if isinstance(value, (list, tuple, set, frozenset)):
        return tuple(value)
    raise Refused("wrap it in a list")


def split(text: str) -> tuple[str, ...]:
    """The entries of `a, b,c`."""
    return tuple(entry.strip() for entry in text.split(",") if entry.strip())


def read_json(text: str) -> Any:
    """The value that a JSON text stands for; `json` is loaded when the first such variable is set."""
    import json

    try:
        return json.loads(text)
    except ValueError:
        raise Refused("it is not JSON") from None


def _read(type_: Callable[[str], Any], text: str) -> Any:
    try:
        return type_(text)
    except ValueError:
        raise Refused("it is not a number") from None


def _path(value: object) -> str:
    if isinstance(value, (str, os.PathLike)) and os.fspath(value):
        return os.fsdecode(value)
    raise Refused
