"""Which names are secret: what is kept under them must not leave the process.

A name is judged by the words in it, so `access_token`, `userPassword` and `X-Csrf-Token` are secret while
`author`, `monkey` and `max_tokens` are not. Pure; who asks often remembers the answers.
"""

from __future__ import annotations

FILTERED = "[Filtered]"
"""What stands in the place of a secret (protocol, "_meta")."""

DEFAULT_DENYLIST = [
    *("password", "passwd", "secret", "api_key", "apikey", "auth", "credentials", "mysql_pwd"),
    *("privatekey", "private_key", "token", "session", "csrftoken", "sessionid", "x_csrftoken"),
    *("x_forwarded_for", "set_cookie", "cookie", "authorization", "proxy-authorization"),
    *("x_api_key", "aiohttp_session", "connect.sid", "csrf_token", "csrf", "_csrf", "_csrf_token"),
    *("PHPSESSID", "_session", "symfony", "user_session", "_xsrf", "XSRF-TOKEN", "pwd"),
    *("passphrase", "jwt", "bearer", "sso", "saml", "sid", "cvv", "cvc", "card", "card_number"),
    *("otp", "pin_code", "ssn", "csrfmiddlewaretoken"),
]
"""Names whose values are replaced: the official client's list, then what it lets through."""

DEFAULT_PII_DENYLIST = ["x_forwarded_for", "x_real_ip", "ip_address", "remote_addr"]
"""Further names that are replaced unless `send_default_pii` is on."""

SECRET_WORDS = frozenset(
    [
        *("password", "passwords", "passwd", "pwd", "passphrase", "secret", "secrets", "token"),
        *("auth", "authorization", "credential", "credentials", "apikey", "cookie", "csrf", "xsrf"),
        *("csrftoken", "jwt", "bearer", "session", "sessionid", "sid", "sso", "saml", "cvv", "cvc"),
        *("card", "ssn", "otp", "totp"),
    ]
)
"""A name with one of these among its words is secret."""

SECRET_STEMS = (
    *("password", "passwd", "passphrase", "secret", "credential", "authorization", "setcookie"),
    *("creditcard", "cardnumber", "apikey", "privatekey", "accesskey", "sessionkey", "encryptionkey"),
    *("signingkey", "masterkey", "sshkey", "hmackey", "accesstoken", "refreshtoken", "authtoken"),
    *("bearertoken", "sessionid"),
)
"""... and so is one that holds one of these, however it is written: `MYSQLPASSWORD`, `x-api-key`."""

SIGNS = (
    *("pass", "pwd", "secret", "token", "auth", "cred", "key", "cookie", "srf", "jwt", "bearer", "sess"),
    *("sid", "sso", "saml", "cvv", "cvc", "card", "ssn", "otp"),
)
"""Each of these words and stems has one of these in it, and most other names have none."""

HARMLESS_WORDS = ("passwordless", "secretar")
"""What only sounds like a stem."""

HARMLESS_ENDINGS = frozenset(
    [
        *("count", "length", "len", "size", "limit", "type", "timeout", "ttl", "policy", "enabled"),
        *("required",),
    ]
)
"""The last word of names that say something about a secret: `token_type`, `session_timeout`."""


def fold(name: str) -> str:
    """The form in which listed names are compared: case and `-` do not matter, nor WSGI's `HTTP_`."""
    return name.lower().replace("-", "_").removeprefix("http_")


def is_telling(name: str) -> bool:
    """Whether the words of a name say that a secret is kept under it."""
    if not _has_sign(name):
        return False
    words = words_of(name)
    if len(words) > 1 and words[-1] in HARMLESS_ENDINGS:
        return False
    if not SECRET_WORDS.isdisjoint(words):
        return True
    squashed = "".join(words)
    for harmless in HARMLESS_WORDS:
        squashed = squashed.replace(harmless, "")
    return any(stem in squashed for stem in SECRET_STEMS)


def _has_sign(name: str) -> bool:
    """Whether it is worth while to take the name apart; a loop, for `any` with a generator takes longer."""
    letters = (name if name.isalnum() else "".join(filter(str.isalnum, name))).lower()
    for sign in SIGNS:  # noqa: SIM110  # see above
        if sign in letters:
            return True
    return False


def words_of(name: str) -> list[str]:
    """The words of a name, in lower case: `X-Csrf-Token`, `xCsrfToken` and `XCSRFToken` have a `token`."""
    spaced = []
    for before, char, after in zip(f" {name}", name, f"{name[1:]} ", strict=False):
        begins = char.isupper() and (not before.isupper() or after.islower())
        if begins or char.isalpha() != before.isalpha():
            spaced.append(" ")
        spaced.append(char if char.isalnum() else " ")
    return "".join(spaced).lower().split()


def holds_secret(value: object) -> bool:
    """Whether a value can be a secret at all: nothing, a yes, or a no is none."""
    return not (value is None or value is True or value is False or (type(value) is str and not value))
