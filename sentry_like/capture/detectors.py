"""Secrets that are certain by their own shape: a JWT, a private key, a card number that passes Luhn.

A detector names what a text must hold to be worth its look, so that the usual text costs a few searches at
the speed of C. Patterns start only where a word starts and repeat over disjoint classes: linear in the text.
"""

from __future__ import annotations

import re

from sentry_like.capture.names import FILTERED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Detector = tuple[tuple[str, ...], Callable[[str], str]]
    """What a text must hold, in lower case, for it to be worth a look; and the function that cleans it."""

JWT = re.compile(r"(?<![\w-])eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*")
PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z ]*PRIVATE KEY(?: BLOCK)?-----|\Z)",
    re.DOTALL,
)
# Up to the last @ before the path: passwords hold @ too.
USER_INFO = re.compile(r"(://)[^/\s'\"<>?#]+@")
BEARER = re.compile(r"\b(bearer\s+)(?=[^\s'\",;]*[\d._~+/=-])[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE)
BASIC = re.compile(r"\b(basic\s+)([A-Za-z0-9+/]{6,}={0,2})(?![A-Za-z0-9+/=])", re.IGNORECASE)
KNOWN_TOKENS = re.compile(
    r"\b(?:(?:AKIA|ASIA)[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36,}|github_pat_\w{20,}|glpat-[\w-]{20,}"
    r"|xox[abeprs]-[A-Za-z0-9-]{10,}|[sr]k_live_[A-Za-z0-9]{16,}|sk-[\w-]{20,}|AIza[\w-]{35})(?![\w-])"
)
# In one piece, or in groups as cards print them; no part of a longer number or of a fraction.
CARD = re.compile(
    r"(?<![\d.])(?:\d{13,19}|\d{4}([ -])\d{4}\1\d{4}\1\d{1,7}|\d{4}([ -])\d{6}\2\d{4,5})(?!\d)(?!\.\d)"
)
# Issuers' ranges and lengths; without them one in ten timestamps in milliseconds would pass (ISO/IEC 7812).
CARD_ISSUER = re.compile(
    r"(?:4(?:\d{12}|\d{15}|\d{18})|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|3[47]\d{13}"
    r"|6(?:011|5\d\d|4[4-9]\d)\d{12}|35(?:2[89]|[3-8]\d)\d{12}|3(?:0[0-5]|[689]\d)\d{11}|62\d{14,17})"
)
# Only the words of a key that stands in source code, line by line, look like this.
KEY_LINE = re.compile(r"\s*['\"]?[A-Za-z0-9+/]{40,}={0,2}(?:\\n)?['\"]?\s*\\?,?")

MANY_DIGITS = "\0digits"
_ENOUGH_DIGITS = b"0" * 13
_DIGITS_TO_ZERO = bytes(48 if 48 <= byte <= 57 else byte for byte in range(256))


def _clean_jwt(text: str) -> str:
    return JWT.sub(FILTERED, text)


def _clean_private_key(text: str) -> str:
    return PRIVATE_KEY.sub(FILTERED, text)


def _clean_user_info(text: str) -> str:
    return USER_INFO.sub(rf"\1{FILTERED}@", text)


def _clean_bearer(text: str) -> str:
    return BEARER.sub(rf"\1{FILTERED}", text)


def _clean_basic(text: str) -> str:
    return BASIC.sub(_clean_if_credentials, text)


def _clean_if_credentials(found: re.Match[str]) -> str:
    """`basic` is also a word; what follows is a credential only if it decodes to `user:password`."""
    from binascii import Error, a2b_base64

    try:
        user, colon, _ = a2b_base64(found[2] + "=" * (-len(found[2]) % 4)).partition(b":")
        is_credential = bool(colon) and user.decode().isprintable()
    except (Error, UnicodeDecodeError):
        return found[0]
    return f"{found[1]}{FILTERED}" if is_credential else found[0]


def _clean_known_token(text: str) -> str:
    return KNOWN_TOKENS.sub(FILTERED, text)


def _clean_card(text: str) -> str:
    return CARD.sub(_clean_if_card, text)


def _clean_if_card(found: re.Match[str]) -> str:
    return FILTERED if is_card(found[0].replace(" ", "").replace("-", "")) else found[0]


def is_card(digits: str) -> bool:
    """Whether digits are a payment card's number."""
    return CARD_ISSUER.fullmatch(digits) is not None and passes_luhn(digits)


def passes_luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of the others (ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


DETECTORS: tuple[Detector, ...] = (
    (("-----begin",), _clean_private_key),
    (("eyj",), _clean_jwt),
    (("://",), _clean_user_info),
    (("bearer",), _clean_bearer),
    (("basic",), _clean_basic),
    (("akia", "asia", "ghp_", "gho_", "ghs_", "ghu_", "ghr_"), _clean_known_token),
    (("github_pat_", "glpat-", "xox", "k_live_", "sk-", "aiza"), _clean_known_token),
    ((MANY_DIGITS,), _clean_card),
)


def suspects(text: str, detectors: tuple[Detector, ...]) -> tuple[Detector, ...]:
    """The detectors that may find something in the text; usually none."""
    looked_at = text.lower() + _digits_of(text)
    return tuple([detector for detector in detectors if _holds_any(looked_at, detector[0])])


def _holds_any(text: str, hints: tuple[str, ...]) -> bool:
    """A loop, for `any` with a generator takes three times as long."""
    for hint in hints:  # noqa: SIM110  # see above
        if hint in text:
            return True
    return False


def _digits_of(text: str) -> str:
    """A mark if the text holds as many digits as a card number has, blanks and dashes between them aside."""
    digits = text.encode("utf-8", "replace").translate(_DIGITS_TO_ZERO, b" -")
    return MANY_DIGITS if _ENOUGH_DIGITS in digits else ""
