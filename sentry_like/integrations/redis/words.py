"""The words of a command to Redis that may be shown: name and keys; values only where they are wanted.

`***` stands for what is left out. Pure.
"""

from __future__ import annotations

from sentry_like.capture.names import FILTERED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from sentry_like.capture.scrub import EventScrubber

HIDDEN = "***"
MAX_WORD, MAX_WORDS = 128, 32

WITH_SUBCOMMAND = frozenset(
    [
        *("ACL", "CLIENT", "CLUSTER", "COMMAND", "CONFIG", "DEBUG", "FUNCTION", "LATENCY"),
        *("MEMORY", "MODULE", "OBJECT", "PUBSUB", "SCRIPT", "SENTINEL", "SLOWLOG", "XGROUP"),
        *("XINFO",),
    ]
)
KEYLESS = frozenset(
    [
        *("ACL", "AUTH", "CLIENT", "CLUSTER", "COMMAND", "DEBUG", "ECHO", "FUNCTION", "HELLO"),
        *("LATENCY", "MIGRATE", "MODULE", "PING", "PUBSUB", "SCRIPT", "SENTINEL", "SLOWLOG"),
    ]
)
ALL_KEYS = frozenset(
    [
        *("DEL", "EXISTS", "MGET", "PFCOUNT", "PFMERGE", "PSUBSCRIBE", "PUNSUBSCRIBE"),
        *("RENAME", "RENAMENX", "SDIFF", "SDIFFSTORE", "SINTER", "SINTERSTORE", "SSUBSCRIBE"),
        *("SUBSCRIBE", "SUNION", "SUNIONSTORE", "SUNSUBSCRIBE", "TOUCH", "UNLINK"),
        *("UNSUBSCRIBE", "WATCH"),
    ]
)
KEY_AND_VALUE = frozenset(("MSET", "MSETNX"))
NUMBER_OF_KEYS = {
    **dict.fromkeys(("EVAL", "EVALSHA", "EVAL_RO", "EVALSHA_RO", "FCALL", "FCALL_RO", "BLMPOP", "BZMPOP"), 1),
    **dict.fromkeys(("LMPOP", "SINTERCARD", "ZDIFF", "ZINTER", "ZINTERCARD", "ZMPOP", "ZUNION"), 0),
}
"""Where it stands among the arguments; the keys follow it."""
STREAMS = frozenset(("XREAD", "XREADGROUP"))
SPECIAL = WITH_SUBCOMMAND | KEYLESS | ALL_KEYS | KEY_AND_VALUE | NUMBER_OF_KEYS.keys() | STREAMS

NEVER = frozenset(("ACL", "AUTH", "CONFIG", "FUNCTION", "HELLO", "MIGRATE", "MODULE", "SCRIPT", "SENTINEL"))
"""Whose arguments are secrets or programs, be values wanted or not."""
SCRIPTS = frozenset(("EVAL", "EVAL_RO"))


def spoken(args: Sequence[Any], *, values: bool) -> tuple[str, tuple[str, ...]]:
    """`(name, words)` of a command: `("SET", ("user:1", "***"))`, with values all of its arguments."""
    name = args[0]
    if not values and type(name) is str and name not in SPECIAL and is_plain(name):
        shown = tuple(map(word, args[1:2]))
        return name, (*shown, HIDDEN) if len(args) > 2 else shown
    name, rest = split_name(args)
    verb = name.partition(" ")[0]
    is_secret = verb in NEVER or not sounds_harmless(verb)
    if values and not is_secret:
        shown = tuple(map(word, rest[:MAX_WORDS]))
        if verb in SCRIPTS:
            shown = (HIDDEN, *shown[1:])
    elif verb in SPECIAL or is_secret:
        shown = tuple(map(word, keys_of(verb, rest, is_secret=is_secret)[:MAX_WORDS]))
    else:
        shown = tuple(map(word, rest[:1]))
    return name, shown if len(shown) == len(rest) else (*shown, HIDDEN)


def is_plain(name: str) -> bool:
    """Whether it is a name in capitals and nothing else, of nothing secret."""
    return name.isalnum() and name.isupper() and sounds_harmless(name)


def sounds_harmless(verb: str) -> bool:
    return "AUTH" not in verb and "PASS" not in verb


def named(args: Sequence[Any]) -> str:
    """The name of a command alone."""
    return split_name(args)[0]


def split_name(args: Sequence[Any]) -> tuple[str, Sequence[Any]]:
    """The name in capitals, with its subcommand, and the arguments; some of them may come in one text."""
    parts: list[Any] = word(args[0]).split() or [""]
    parts += args[1:]
    name = parts[0].upper()
    if name in WITH_SUBCOMMAND and len(parts) > 1:
        return f"{name} {word(parts[1]).upper()}", parts[2:]
    return name, parts[1:]


def keys_of(verb: str, rest: Sequence[Any], *, is_secret: bool) -> Sequence[Any]:
    """The arguments of a command that are names of keys, channels or settings."""
    if verb in KEYLESS or (is_secret and verb != "CONFIG"):
        return ()
    if verb in ALL_KEYS:
        return rest
    if verb in KEY_AND_VALUE:
        return rest[::2]
    if verb in STREAMS:
        return stream_keys(rest)
    if verb in NUMBER_OF_KEYS:
        return counted_keys(rest, NUMBER_OF_KEYS[verb])
    return rest[:1]


def counted_keys(rest: Sequence[Any], place: int) -> Sequence[Any]:
    number = word(rest[place]) if len(rest) > place else ""
    return rest[place + 1 : place + 1 + int(number)] if number.isdigit() else ()


def stream_keys(rest: Sequence[Any]) -> Sequence[Any]:
    """Of XREAD's arguments the streams, which come before as many ids."""
    words = [word(one).upper() for one in rest[:MAX_WORDS]]
    if "STREAMS" not in words:
        return ()
    start = words.index("STREAMS") + 1
    return rest[start : start + (len(rest) - start) // 2]


def word(value: Any) -> str:
    """An argument as short text."""
    if type(value) is str:
        return value[:MAX_WORD]
    if isinstance(value, str):
        return str.__getitem__(value, slice(MAX_WORD))
    if isinstance(value, bytes):
        return bytes.__getitem__(value, slice(MAX_WORD)).decode("utf-8", "backslashreplace")
    if type(value) is float or (type(value) is int and value.bit_length() < MAX_WORD):
        return str(value)
    return f"<{type(value).__name__}>"


def clean(words: Sequence[str], scrubber: EventScrubber) -> Iterable[str]:
    """The words, but not what stands after a telling one; after a telling key all is secret."""
    hides_all = bool(words) and scrubber.is_secret(words[0])
    for place, one in enumerate(words):
        is_secret = place and (hides_all or scrubber.is_secret(words[place - 1]))
        yield FILTERED if is_secret and one != HIDDEN else one
