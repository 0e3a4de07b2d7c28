"""What is noted of requests that the application makes: one breadcrumb for each, whoever makes them.

URLs are taken apart and cleaned only when an event needs them.
"""

from __future__ import annotations

from sentry_like.capture.names import FILTERED
from sentry_like.errors import describe, is_error
from sentry_like.hub import Hub, integration_now
from sentry_like.integrations._common.scrubber import current_scrubber
from sentry_like.integrations._common.span import Operation

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from sentry_like.capture.scrub import EventScrubber
    from sentry_like.types import Breadcrumb, Hint

MAX_URL, MAX_METHOD = 2048, 64
DEFAULT_PORTS = {"http": 80, "https": 443}
NO_ANSWER = "closed before an answer was read"
CANCELLED = "cancelled by the application"
OPENERS = frozenset(("key", "sig", "signature", "x-amz-signature", "x-goog-signature"))
"""Parameters that make a URL a key to something, though their names are harmless elsewhere."""


class RequestCrumb(Operation):
    """One outgoing request. Its duration, in seconds, ends with the head of the answer."""

    __slots__ = ("_status", "is_sent", "method", "url")

    op = "http.client"

    def __init__(self, method: str, url: str) -> None:
        super().__init__()
        self.is_sent = False
        self.method = str(method)[:MAX_METHOD]
        if len(url) > MAX_URL:  # cut within a password, it would no longer be known as one
            url = "{}?{}#{}".format(*split_url(url))
        self.url = url[:MAX_URL]
        self._status: int | None = None

    def answered(self, status: Any, reason: Any, hint: Hint) -> None:
        """The head of an answer came."""
        self._status = int(status)
        self._end(level_of(self._status), reason, hint)

    def failed(self, error: BaseException, hint: Hint) -> None:
        """No answer came. Of several failures the first tells most.

        A coroutine that is thrown away says nothing: whoever throws it away has another hub.
        """
        if self.is_kept or isinstance(error, GeneratorExit):
            return
        told = describe(error).removesuffix(": ")
        if is_error(error):
            self._end("error", told, hint)
        else:
            self._end("info", f"{CANCELLED} ({told})", hint)

    def abandoned(self, hint: Hint) -> None:
        """The connection was closed before anybody asked for the answer."""
        if not self.is_kept:
            self._end("info", NO_ANSWER, hint)

    def make(self) -> Breadcrumb:
        url, query, fragment = split_url(self.url)
        scrubber, wishes = current_scrubber(), query_wishes()
        made = self.ending(
            {
                "url": url,
                "method": self.method,
                "status_code": self._status,
                "reason": self._reason,
                "http.query": clean_query(query, scrubber, wishes),
                "http.fragment": clean_query(fragment, scrubber, wishes),
            }
        )
        return {**made, "type": "http", "category": "httplib"}


class Patterns:
    """What an option `ignore` holds: patterns as of `fnmatch`.

    Raises:
        TypeError: there is something else than text among them.
    """

    __slots__ = ("texts",)

    def __init__(self, given: str | Iterable[str]) -> None:
        self.texts = (given,) if isinstance(given, str) else tuple(given)
        for one in self.texts:
            if not isinstance(one, str):
                raise TypeError(f"ignore holds {one!r}, which is no pattern")

    def match_url(self, url: str) -> bool:
        """Whether one of them matches a URL, with or without its query. Credentials are not looked at."""
        if not self.texts:
            return False
        plain, query, _ = split_url(url)
        return self.match(plain, f"{plain}?{query}")

    def match(self, *texts: str) -> bool:
        """Whether one of them matches one of the texts."""
        if not self.texts:
            return False
        from fnmatch import fnmatchcase

        return any(fnmatchcase(text, pattern) for pattern in self.texts for text in texts)


def note_of(identifier: str, method: str, url: str) -> RequestCrumb | None:
    """A note for a request that begins now, unless the client's integration of that name leaves it out."""
    integration = integration_now(identifier)
    if integration is None or not integration.wants_request(url):
        return None
    return RequestCrumb(method, url)


def level_of(status: int) -> str:
    """The level of a breadcrumb for an answer (protocol, "Breadcrumbs")."""
    if status < 400:
        return "info"
    return "warning" if status < 500 else "error"


def url_of(scheme: str, host: str, port: int | None, target: str) -> str:
    """The URL of a request as a connection knows it: scheme, host, port, and what stands in the request line.

    A proxy is asked for a whole URL; that one is the answer then.
    """
    if target[:7] == "http://" or target[:8] == "https://":
        return target
    name = f"[{host}]" if ":" in host and host[0] != "[" else host
    place = name if port is None or port == DEFAULT_PORTS.get(scheme) else f"{name}:{port}"
    return f"{scheme}://{place}{'' if target[:1] == '/' else '/'}{target}"


def split_url(url: str) -> tuple[str, str, str]:
    """`(url, query, fragment)`, the first without credentials and without its scheme's default port."""
    rest, _, fragment = url.partition("#")
    base, _, query = rest.partition("?")
    scheme, mark, tail = base.partition("://")
    if not mark:
        return base, query, fragment
    authority, slash, path = tail.partition("/")
    place = authority.rpartition("@")[2]
    place = place.removesuffix(f":{DEFAULT_PORTS.get(scheme.lower(), '')}")
    return f"{scheme}://{place}{slash}{path}", query, fragment


def query_wishes() -> Mapping[str, Any]:
    """What the option `data_collection` says of query parameters: `{"mode", "terms"}`, or nothing."""
    collection = getattr(getattr(Hub.current.client, "options", None), "data_collection", None)
    wishes: Mapping[str, Any] = (collection or {}).get("url_query_params") or {}
    return wishes


def clean_query(query: str, scrubber: EventScrubber, wishes: Mapping[str, Any]) -> str:
    """A query string whose secret values are replaced, however their names are encoded.

    By `wishes` it is left out altogether, has more values replaced, or all but those listed.
    """
    mode = wishes.get("mode")
    if not query or mode == "off":
        return ""
    from urllib.parse import unquote_plus

    terms = {term.lower() for term in wishes.get("terms", ())}

    def cleaned(part: str) -> str:
        encoded, _, value = part.partition("=")
        name = unquote_plus(encoded)
        folded = name.lower()
        is_listed = folded in terms
        is_unwanted = not is_listed if mode == "allowlist" else is_listed
        is_hidden = is_unwanted or folded in OPENERS or scrubber.is_secret(name)
        return f"{encoded}={FILTERED}" if value and is_hidden else part

    return scrubber.clean_text("&".join(map(cleaned, query.split("&"))))
