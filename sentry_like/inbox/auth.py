"""Who sends: the public key of a request, wherever the client wrote it (protocol, "Authentication").

Pure functions. A request may name its key in several places, as long as it names one key.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sentry_like.inbox.refusal import Refused
from sentry_like.protocol.dsn import BadDsn, Dsn

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

INBOX_KEY = b"inbox".hex().ljust(32, "0")
"""The key in the DSN that the inbox prints: always the same, so that it can stay in somebody's settings."""

_VERSION = re.compile(r"[2-7](\.0)?")
_KEY = re.compile(r"[A-Za-z0-9._~-]{1,128}")


def read_auth_header(value: str) -> dict[str, str]:
    """`Sentry sentry_key=..., sentry_version=7` as a dictionary; pairs in any order, spaces and quotes
    optional.

    Raises: Refused 401 for another scheme or for a part that is not `name=value`.
    """
    scheme, _, rest = value.strip().partition(" ")
    if scheme.lower() != "sentry":
        raise Refused(401, "the authentication header does not start with the word Sentry")
    pairs = [part.partition("=") for part in rest.split(",") if part.strip()]
    if not pairs or not all(equals for _, equals, _ in pairs):
        raise Refused(401, "the authentication header is not a list of name=value")
    return {name.strip(): text.strip().strip('"') for name, _, text in pairs}


def named_keys(
    auth_headers: Iterable[str], authorization: Iterable[str], query: Iterable[tuple[str, str]]
) -> frozenset[str]:
    """The keys in a request's headers and query string; none is no error yet, the envelope may name one.

    `auth_headers` and `authorization` are the values of X-Sentry-Auth and Authorization; one of the latter
    that is not `Sentry ...` belongs to a proxy and is passed over.
    Raises: Refused 401 for a malformed header, 400 for a protocol version that does not exist.
    """
    named = [read_auth_header(value) for value in auth_headers]
    named += [
        read_auth_header(value) for value in authorization if value.strip().lower().startswith("sentry ")
    ]
    named += [{name: value} for name, value in query if name in ("sentry_key", "sentry_version")]
    for one in named:
        _check_version(one)
    return frozenset(one["sentry_key"] for one in named if one.get("sentry_key"))


def key_of_dsn(dsn: object) -> str:
    """The public key in the `dsn` of an envelope's own headers.

    Raises: Refused 401 when that is no DSN.
    """
    try:
        return Dsn.parse(dsn if isinstance(dsn, str) else "").public_key
    except BadDsn as error:
        raise Refused(401, "the dsn in the envelope's headers cannot be used", str(error)) from None


def only_key(keys: Iterable[str]) -> str:
    """The one key among those that a request named.

    Raises: Refused 401 for none or several different ones, 400 for a form that no DSN can have.
    """
    distinct = set(keys)
    if not distinct:
        raise Refused(
            401,
            "no public key",
            "send sentry_key in X-Sentry-Auth or in the query string, or a dsn in the envelope",
        )
    if len(distinct) > 1:
        raise Refused(401, "the request names several different public keys")
    key = distinct.pop()
    if not _KEY.fullmatch(key):
        raise Refused(400, "the public key has a form that no DSN can have")
    return key


def _check_version(auth: Mapping[str, str]) -> None:
    if not _VERSION.fullmatch(auth.get("sentry_version", "7")):
        raise Refused(400, "the protocol version is not supported; 7 is the current one")
