"""Random ids as the protocol writes them: hexadecimal, lower case, without dashes.

Taken from the operating system each time, so a forked child never repeats its parent's.
"""

from __future__ import annotations

from os import urandom

DIGITS = frozenset("0123456789abcdef")
DASHES = (8, 13, 18, 23)
"""Where a UUID of 36 characters has its dashes."""


def new_event_id() -> str:
    """32 hex digits laid out as a version 4 UUID."""
    octets = bytearray(urandom(16))
    octets[6] = octets[6] & 0x0F | 0x40
    octets[8] = octets[8] & 0x3F | 0x80
    return octets.hex()


def new_span_id() -> str:
    """16 hex digits."""
    return urandom(8).hex()


def normalise_event_id(text: object) -> str | None:
    """The id as 32 lower-case hex digits; `None` for what is not a UUID, with or without dashes."""
    if not isinstance(text, str):
        return None
    digits = text.lower()
    if len(digits) == 36 and all(digits[position] == "-" for position in DASHES):
        digits = digits.replace("-", "")
    return digits if len(digits) == 32 and DIGITS.issuperset(digits) else None
