"""The option `data_collection`: which data integrations may collect, each kind on its own.

It is kept in one shape, whatever shorthand was given: `{"user_info": bool, "cookies" | "http_headers" |
"url_query_params": {"mode": "off" | "denylist" | "allowlist", "terms": (str, ...)}, "http_bodies":
("request", "response"), "stack_frame_variables": bool, "frame_context_lines": int}`, with only the keys that
were given.
"""

from __future__ import annotations

from sentry_like.options.field import Kind
from sentry_like.options.kinds import flag, read_json, texts, whole
from sentry_like.options.problems import Refused, cut, describe, did_you_mean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MODES = ("off", "denylist", "allowlist")
BODIES = ("request", "response")
MOST_CONTEXT_LINES = 20


def data_collection() -> Kind:
    """A mapping with some of the keys above; JSON in a variable."""

    def check(value: object) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise Refused
        return {_known(key): _checked(key, content) for key, content in value.items()}

    return Kind(
        f"a dict with some of the keys {', '.join(ENTRIES)}", check, lambda text: check(read_json(text))
    )


def _known(key: object) -> str:
    if isinstance(key, str) and key in ENTRIES:
        return key
    if not isinstance(key, str):
        raise Refused(f"{describe(key)} is no key of it")
    question = did_you_mean(key, ENTRIES)
    raise Refused(f"{cut(key)!r} is no key of it{'.' if question else ''}{question}")


def _checked(key: str, content: object) -> Any:
    kind = ENTRIES[key]
    try:
        return kind.check(content)
    except Refused as refused:
        why = f": {refused}" if str(refused) else ""
        raise Refused(f"its {key} cannot be {describe(content)}{why}; allowed is {kind.words}") from None


def _filtering() -> Kind:
    words = "True, False or {'mode': 'off' | 'denylist' | 'allowlist', 'terms': [str, ...]}"

    def check(value: object) -> dict[str, Any]:
        if isinstance(value, bool):
            return {"mode": "denylist" if value else "off", "terms": ()}
        if not isinstance(value, dict):
            raise Refused
        if not value.keys() <= {"mode", "terms"}:
            raise Refused("it has other keys than mode and terms")
        if value.get("mode") not in MODES:
            raise Refused(f"its mode is none of {', '.join(MODES)}")
        return {"mode": value["mode"], "terms": texts().check(value.get("terms", ()))}

    return Kind(words, check)


def _bodies() -> Kind:
    def check(value: object) -> tuple[str, ...]:
        if isinstance(value, bool):
            return BODIES if value else ()
        named = texts().check(value)
        if not set(named) <= set(BODIES):
            raise Refused
        return tuple(body for body in BODIES if body in named)

    return Kind("True, False or a list of 'request' and 'response'", check)


ENTRIES: dict[str, Kind] = {
    "user_info": flag(),
    "cookies": _filtering(),
    "http_headers": _filtering(),
    "url_query_params": _filtering(),
    "http_bodies": _bodies(),
    "stack_frame_variables": flag(),
    "frame_context_lines": whole(0, MOST_CONTEXT_LINES),
}
