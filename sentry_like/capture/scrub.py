"""What must not leave the process: secrets, told by the name they are kept under or by their own shape.

Keys are judged by `EventScrubber.is_secret`. Values are judged by detectors that are certain (a JWT, a private key, a card number that
passes Luhn) and by assignments in text (`password=...`) whose name is secret. Nothing is edited: cleaned copies are made.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from sentry_like.types import Event

    Detector = tuple[tuple[str, ...], Callable[[str], str]]
    """What a text must hold for it to be worth a look, and the function that cleans it."""

FILTERED = "[Filtered]"

DEFAULT_DENYLIST = [
    *(
        "password",
        "passwd",
        "secret",
        "api_key",
        "apikey",
        "auth",
        "credentials",
        "mysql_pwd",
        "privatekey",
        "private_key",
    ),
    *("token", "session", "csrftoken", "sessionid", "x_csrftoken", "x_forwarded_for", "set_cookie", "cookie"),
    *(
        "authorization",
        "proxy-authorization",
        "x_api_key",
        "aiohttp_session",
        "connect.sid",
        "csrf_token",
        "csrf",
        "_csrf",
    ),
    *("_csrf_token", "PHPSESSID", "_session", "symfony", "user_session", "_xsrf", "XSRF-TOKEN"),
    *(
        "pwd",
        "passphrase",
        "jwt",
        "bearer",
        "sso",
        "saml",
        "sid",
        "cvv",
        "cvc",
        "card",
        "card_number",
        "otp",
        "pin_code",
    ),
]
"""Names whose values are replaced: the official client's list and what it lets through."""

DEFAULT_PII_DENYLIST = ["x_forwarded_for", "x_real_ip", "ip_address", "remote_addr"]
"""Further names that are replaced unless `send_default_pii` is on."""

# A name is secret when one of its words is here: access_token, userPassword, X-Csrf-Token.
SECRET_WORDS = frozenset(
    [
        "password",
        "passwd",
        "passwords",
        "pwd",
        "passphrase",
        "secret",
        "secrets",
        "token",
        "auth",
        "authorization",
        "credential",
        "credentials",
        "apikey",
        "cookie",
        "csrf",
        "xsrf",
        "csrftoken",
        "jwt",
        "bearer",
        "session",
        "sessionid",
        "sid",
        "sso",
        "saml",
        "cvv",
        "cvc",
        "card",
        "ssn",
    ]
)
# ... or when it holds one of these, however it is written: MYSQL_PWD, dbpassword, x-api-key, accesstoken.
SECRET_STEMS = (
    *(
        "password",
        "passwd",
        "passphrase",
        "secret",
        "apikey",
        "privatekey",
        "accesskey",
        "credential",
        "accesstoken",
    ),
    *(
        "refreshtoken",
        "authtoken",
        "sessionid",
        "sessionkey",
        "authorization",
        "creditcard",
        "cardnumber",
        "setcookie",
    ),
)
MEMO_BOUND = 4096


class EventScrubber:
    """Which names are secret, and what of an event is therefore replaced by `[Filtered]`.

    Without lists, the default denylist and its words decide. Lists given by the user replace these; a listed name matches with case,
    `-` and `_` folded. With `recursive=False` only the top level of each bag is judged by name.
    """

    def __init__(
        self,
        denylist: Iterable[str] | None = None,
        recursive: bool = True,
        send_default_pii: bool = False,
        pii_denylist: Iterable[str] | None = None,
    ) -> None:
        self.denylist = list(DEFAULT_DENYLIST if denylist is None else denylist)
        self.pii_denylist = list(DEFAULT_PII_DENYLIST if pii_denylist is None else pii_denylist)
        self.recursive = recursive
        self.send_default_pii = send_default_pii
        self._by_words = denylist is None
        listed = self.denylist if send_default_pii else [*self.denylist, *self.pii_denylist]
        self._names = frozenset(_fold(name) for name in listed)
        names = NAME_HINTS if denylist is None else (*NAME_HINTS, *self._names)
        self._detectors: tuple[Detector, ...] = (*DETECTORS, (names, self.clean_assignments))
        self.known: dict[str, bool] = {}

    def is_secret(self, name: str) -> bool:
        """Whether what is kept under `name` must not be sent; judged once per name."""
        known = self.known.get(name)
        if known is None:
            known = self._judge(name)
            if len(self.known) >= MEMO_BOUND:
                self.known.clear()
            if len(name) <= 200:
                self.known[name] = known
        return known

    def _judge(self, name: str) -> bool:
        if _fold(name) in self._names:
            return True
        if not self._by_words:
            return False
        if not SECRET_WORDS.isdisjoint(_words(name)):
            return True
        squashed = re.sub(r"[\W_]+", "", name).lower()
        return any(stem in squashed for stem in SECRET_STEMS)

    def scrub_event(self, event: Event) -> None:
        """Replace the secrets of a finished event in place; for code that calls a scrubber itself."""
        event.update(self.clean_event(event))

    def clean_event(self, event: Event) -> Event:
        """A copy of an event without secrets. What users set as tags and user is judged by its shape only."""
        return {
            field: self.clean_values(value) if field in ("tags", "user") else self.clean(value)
            for field, value in event.items()
        }

    def clean_values(self, tree: Any) -> Any:
        """A copy of JSON-safe data without the secrets that show by their shape."""
        if isinstance(tree, str):
            return self.clean_text(tree)
        if isinstance(tree, dict):
            return {key: self.clean_values(value) for key, value in tree.items()}
        if isinstance(tree, list):
            return [self.clean_values(value) for value in tree]
        return tree

    def clean(self, tree: Any) -> Any:
        """A copy of JSON-safe data without secrets."""
        if isinstance(tree, str):
            return self.clean_text(tree)
        if isinstance(tree, dict):
            return {
                key: FILTERED if isinstance(key, str) and value and self.is_secret(key) else self.clean(value)
                for key, value in tree.items()
            }
        if isinstance(tree, list):
            return [self.clean(value) for value in tree]
        return tree

    def clean_text(self, text: str) -> str:
        """The text without the secrets in it."""
        for _, clean in suspects(text, self._detectors):
            text = clean(text)
        return text

    def clean_assignments(self, text: str) -> str:
        """The text without values that are assigned to a secret name: `token=...`, `"password": "..."`, `--api-key ...`."""
        for sign, pattern in ASSIGNMENTS:
            if sign in text:
                text = pattern.sub(self._clean_assignment, text)
        return text

    def _clean_assignment(self, found: re.Match[str]) -> str:
        if not self.is_secret(found["name"]):
            return found[0]
        quote = found["value"][0] if found["value"][0] in "'\"" else ""
        return f"{found['name']}{found['sign']}{quote}{FILTERED}{quote}"

    def clean_source(self, line: str) -> str:
        """A source line without secrets written as literals; other code stays readable."""
        for _, clean in suspects(line, DETECTORS):
            line = clean(line)
        return LITERAL.sub(self._clean_assignment, line)

    def dirty(self, texts: list[str]) -> dict[str, str]:
        """Of many texts those that hold a secret, each with its cleaned form.

        One cheap look at all texts joined tells in the usual case that no detector has anything to do.
        """
        detectors = suspects("\n".join(texts), self._detectors)
        if not detectors:
            return {}
        cleaned = {}
        for text in texts:
            clean = text
            for _, detect in suspects(text, detectors):
                clean = detect(clean)
            if clean is not text and clean != text:
                cleaned[text] = clean
        return cleaned


def replace_texts(tree: Any, replacements: dict[str, str]) -> Any:
    """The same tree with some texts exchanged; branches without any of them are shared, not copied."""
    if isinstance(tree, str):
        return replacements.get(tree, tree)
    if isinstance(tree, dict):
        changed = {
            key: new
            for key, value in tree.items()
            if (new := replace_texts(value, replacements)) is not value
        }
        return {**tree, **changed} if changed else tree
    if isinstance(tree, list):
        made = [replace_texts(value, replacements) for value in tree]
        return made if any(a is not b for a, b in zip(made, tree, strict=True)) else tree
    return tree


# -- certain by their shape

CARD_LENGTH = "\0digits"
_ENOUGH_DIGITS = b"0" * 13
_DIGITS_TO_ZERO = bytes(48 if 48 <= byte <= 57 else byte for byte in range(256))
JWT = re.compile(r"eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*")
PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL
)
USER_INFO = re.compile(r"(://)[^/\s@'\"?#]+@")
BEARER = re.compile(r"\b(bearer\s+)(?=[^\s'\",;]*[\d._~+/=-])[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE)
BASIC = re.compile(r"\b(basic\s+)([A-Za-z0-9+/]{6,}={0,2})(?![A-Za-z0-9+/=])", re.IGNORECASE)
KNOWN_TOKENS = re.compile(
    r"\b(?:(?:AKIA|ASIA)[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36,}|xox[abprs]-[A-Za-z0-9-]{10,}|[sr]k_live_[A-Za-z0-9]{16,})\b"
)
CARD = re.compile(r"(?<![\d.])\d(?:[ -]?\d){12,18}(?![\d.]*\d)")
# Issuer ranges and lengths; without them one in ten timestamps in milliseconds would pass Luhn (ISO/IEC 7812).
CARD_ISSUER = re.compile(
    r"(?:4(?:\d{12}|\d{15}|\d{18})|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|3[47]\d{13}"
    r"|6(?:011|5\d\d|4[4-9]\d)\d{12}|35(?:2[89]|[3-8]\d)\d{12}|3(?:0[0-5]|[689]\d)\d{11}|62\d{14,17})"
)


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
        decoded = a2b_base64(found[2] + "=" * (-len(found[2]) % 4))
    except Error:
        return found[0]
    return f"{found[1]}{FILTERED}" if b":" in decoded else found[0]


def _clean_known_token(text: str) -> str:
    return KNOWN_TOKENS.sub(FILTERED, text)


def _clean_card(text: str) -> str:
    return CARD.sub(_clean_if_card, text)


def _clean_if_card(found: re.Match[str]) -> str:
    digits = re.sub(r"\D", "", found[0])
    return FILTERED if CARD_ISSUER.fullmatch(digits) and passes_luhn(digits) else found[0]


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
    (("bearer ",), _clean_bearer),
    (("basic ",), _clean_basic),
    (("akia", "asia", "ghp_", "gho_", "ghs_", "ghu_", "ghr_", "xox", "k_live_"), _clean_known_token),
    ((CARD_LENGTH,), _clean_card),
)
"""Each with what its texts hold in lower case, or as digits: looked for first, at the speed of C."""
NAME_HINTS = (
    *(
        "pass",
        "pwd",
        "secret",
        "token",
        "auth",
        "key",
        "cred",
        "cookie",
        "session",
        "sid",
        "srf",
        "jwt",
        "sso",
        "saml",
    ),
    *("card", "cvv", "cvc", "ssn", "bearer", "otp", "_ip", "remote", "forward", "symfony"),
)
"""What a text holds in which something is assigned to a secret name."""


def suspects(text: str, detectors: tuple[Detector, ...]) -> tuple[Detector, ...]:
    """The detectors that may find something in the text; usually none."""
    lowered = text.lower()
    looked_for = lowered if text.isalpha() else f"{lowered}{_digits_of(text)}"
    return tuple(detector for detector in detectors if _holds_any(looked_for, detector[0]))


def _holds_any(text: str, hints: tuple[str, ...]) -> bool:
    for hint in hints:  # a loop, for `any` with a generator takes three times as long
        if hint in text:
            return True
    return False


def _digits_of(text: str) -> str:
    """`#` when the text holds as many digits as a card number has, blanks and dashes between them aside."""
    digits = text.encode("utf-8", "replace").translate(_DIGITS_TO_ZERO, b" -")
    return CARD_LENGTH if _ENOUGH_DIGITS in digits else ""


# -- certain by the name in front of them

_QUOTED = r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'"
_NAME = r"(?<![\w.-])(?P<name>[A-Za-z_][\w.-]{1,80})"
LITERAL = re.compile(rf"{_NAME}(?P<sign>\\?['\"]?\s*[:=]>?\s*[rbuf]?)(?P<value>{_QUOTED})")
ASSIGNMENTS = (
    ("'", LITERAL),
    ('"', LITERAL),
    ("=", re.compile(rf"{_NAME}(?P<sign>=)(?P<value>(?!\[Filtered)[^\s,;&'\"\])}}]+)")),
    ("--", re.compile(r"(?<=--)(?P<name>\w[\w.-]{1,80})(?P<sign>\s+)(?P<value>[^\s'\"-][^\s'\"]*)")),
    (": ", re.compile(r"(?<![\w-])(?P<name>[A-Za-z]+(?:-[A-Za-z]+)+)(?P<sign>:\s+)(?P<value>[^\s'\",;]+)")),
)
"""How values are assigned in text, each with what the text must hold: `name="..."`, `name=...`, `--name ...`, `X-Name: ...`."""

# -- names


def _fold(name: str) -> str:
    return name.lower().replace("-", "_")


def _words(name: str) -> list[str]:
    """The words of a name, lower-cased: `X-Csrf-Token` and `xCsrfToken` give x, csrf, token."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)]
