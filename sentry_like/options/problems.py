"""What is wrong with options, in words: which option, what was given, what is allowed; never a secret.

`difflib` (and the `re` it brings) is imported only once a name is wrong.
"""

from __future__ import annotations

from sentry_like.protocol.dsn import BadDsn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# Lower, and 'traces_sample_rate' would be answered with 'sample_rate', which throws errors away.
ALIKE = 0.78
SHOWN_LENGTH = 40


class BadOptions(TypeError, ValueError):
    """Options that cannot be used; `problems` holds one sentence for each.

    A `TypeError` because that is what an unknown keyword argument is, and a `ValueError` because a bad value
    is one: one call can meet both, and all problems are told at once.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(
            problems[0] if len(problems) == 1 else "\n  ".join([f"{len(problems)} problems:", *problems])
        )
        self.problems = tuple(problems)


class BadDsnOption(BadOptions, BadDsn):
    """`BadOptions` of which one is a malformed DSN: caught as either."""


class Refused(ValueError):
    """Why a value cannot be used, as a clause; empty where the words on what is allowed say it all."""


def refusal(label: str, value: object, reason: str, allowed: str, *, secret: bool) -> str:
    """`Option 'sample_rate' got '0.5' (a str): <reason>. Allowed: <allowed>.`"""
    shown = name_type(value) if secret else describe(value)
    because = f": {reason}" if reason else ""
    stop = "" if because.endswith("?") else "."
    return f"{label} got {shown}{because}{stop} Allowed: {allowed}."


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """` Did you mean 'sample_rate'?`, or nothing when no known name is near."""
    alike = nearest(name, known)
    return f" Did you mean {alike!r}?" if alike else ""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that was probably meant, or `None`; `sampleRate` means `sample_rate`."""
    from difflib import get_close_matches

    alike = get_close_matches(name.lower().replace("-", "_"), known, n=1, cutoff=ALIKE)
    return alike[0] if alike else None


def describe(value: object) -> str:
    """A short view of a value for a message: plain scalars are shown, of all else only the type."""
    if isinstance(value, type):
        return f"the class {value.__name__}"
    if value is None or type(value) in (bool, float) or (type(value) is int and value.bit_length() < 64):
        return repr(value)  # of an int with thousands of digits repr() raises
    if type(value) is not str:
        return name_type(value)
    if "://" in value or "@" in value:
        return "a URL or address"  # a DSN that was put under the wrong name must not be told
    return f"{cut(value)!r} (a str)"


def name_type(value: object) -> str:
    """`a str`, `an int`, `a coroutine`."""
    name = type(value).__name__
    return f"{'an' if name[:1] in 'aeiouAEIOU' else 'a'} {name}"


def cut(text: str) -> str:
    """The beginning of a long text."""
    return text if len(text) <= SHOWN_LENGTH else text[:SHOWN_LENGTH] + "..."


def without_credentials(text: str) -> str:
    """A URL without what stands before its `@`; any other text unchanged."""
    scheme, mark, rest = text.partition("://")
    _, at, place = rest.rpartition("@")
    return f"{scheme}://***@{place}" if mark and at else text
