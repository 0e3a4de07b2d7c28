"""From any framework's request to the request interface of an event, made only when an event needs it.

An adapter is a class with one-line methods that answer what a request says of itself. Whatever one of them
fails to answer is left out, and the rest is kept. What must not leave the process is decided here, once.
"""

from __future__ import annotations

from sentry_like.capture.names import FILTERED, holds_secret
from sentry_like.errors import contained
from sentry_like.integrations._common.bodies import Content, bound_of, show
from sentry_like.integrations._common.outgoing import clean_query, split_url

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from sentry_like.capture.cleaning import Cleaning
    from sentry_like.integrations._common.bodies import Body
    from sentry_like.types import Event

MAX_URL, MAX_NAME = 2048, 200
PERSONAL_PARTS = ("forwarded", "-ip", "remote-", "via", "-user")
"""A header with one of these in its name says who asks (protocol, "Scrubbing and PII")."""


class Request:
    """What a request says of itself. Every method but the first four may be left as it is here."""

    __slots__ = ()

    def is_carried_by(self, carrier: Any) -> bool:
        """Whether this is the request that a server or framework hands on in `carrier`."""
        raise NotImplementedError

    def method(self) -> str:
        raise NotImplementedError

    def url(self) -> str:
        """With or without its query, which is told apart."""
        raise NotImplementedError

    def headers(self) -> Iterable[tuple[str, str]]:
        """Names as they are spelled in HTTP; a name may come more than once."""
        raise NotImplementedError

    def query_string(self) -> str:
        return ""

    def cookies(self) -> Mapping[str, Any] | None:
        """`None`: as they stand in the header."""
        return None

    def server(self) -> Mapping[str, Any]:
        """`{"SERVER_NAME": ..., "SERVER_PORT": ...}`, as far as known."""
        return {}

    def remote_address(self) -> str | None:
        """Who is at the other end of the connection."""
        return None

    def user(self) -> Mapping[str, Any] | None:
        """Who is logged in: any of id, email, username. Asked only where personal data is wanted; it must not
        make the application load anything.
        """
        return None

    def transaction(self, style: str) -> tuple[str, str] | None:
        """`(name, source)` in a style of the integration; `None` for the path."""
        return None

    def form(self) -> Mapping[str, Any] | None:
        """The fields of a form, if the application has had them parsed; without files."""
        return None

    def files(self) -> Iterable[tuple[str, Any]]:
        """The files of that form, by field."""
        return ()

    def raw(self) -> bytes | None:
        """The body, if the application has read it; asked where nobody watched it being read."""
        return None

    def settle(self) -> None:
        """The head of the answer is about to be sent: the last moment to note what the framework lets go of
        before the answer is complete.
        """

    # -- worked out from the above

    def header(self, name: str) -> str:
        """The value of a header, by its name in lower case; empty without it."""
        return next((value for key, value in self.headers() if key.lower() == name), "")

    def path(self) -> str:
        """The path of the URL."""
        tail = split_url(self.url())[0].partition("://")[2]
        return "/" + tail.partition("/")[2]

    def address(self) -> str:
        """The address of the client, as proxies tell it; they may tell anything."""
        forwarded = self.header("x-forwarded-for").partition(",")[0].strip()
        return forwarded or self.header("x-real-ip").strip() or self.remote_address() or ""

    def content(self, body: Body | None) -> Content:
        """All that is known of the body."""
        announced = self.header("content-length")
        content = Content(self.header("content-type"), int(announced) if announced.isdigit() else None)
        content.form, content.files = self.form(), tuple(self.files())
        if body is None:
            content.raw = self.raw()
        else:
            content.raw, content.seen = body.bytes(), body.size
        return content


def describe(
    request: Request, body: Body | None, style: str, event: Event, cleaning: Cleaning, options: Any
) -> None:
    """Add to an event what a request says of itself, where the event does not say it."""
    wishes = Wishes(options)
    if not event.get("transaction"):
        with contained("transaction name"):
            name, source = request.transaction(style) or (request.path(), "url")
            event["transaction"] = cleaning.text(name, MAX_NAME, ("transaction",))
            event["transaction_info"] = {"source": source}
    shown: dict[str, Any] = {}
    for name, show_part in PARTS:
        with contained(f"request.{name}"):
            value = show_part(request, cleaning, wishes)
            if value not in (None, "", {}):
                shown[name] = value
    with contained("request.data"):
        data = show(request.content(body), bound_of(options), cleaning)
        if data is not None:
            shown["data"] = data
    given = event.get("request")
    event["request"] = {**shown, **given} if isinstance(given, dict) else shown
    if wishes.personal:
        with contained("user"):
            _add_user(request, event, cleaning)


class Wishes:
    """What a client's options say of requests: `data_collection` per kind, else `send_default_pii`."""

    __slots__ = ("cookies", "headers", "personal", "query")

    def __init__(self, options: Any) -> None:
        collection: Mapping[str, Any] = options.data_collection or {}
        self.personal = bool(options.send_default_pii)
        unless_given = {"mode": "denylist" if self.personal else "off", "terms": ()}
        self.cookies: Mapping[str, Any] = collection.get("cookies") or unless_given
        self.headers: Mapping[str, Any] = collection.get("http_headers") or {}
        self.query: Mapping[str, Any] = collection.get("url_query_params") or {}


def _method(request: Request, cleaning: Cleaning, wishes: Wishes) -> str:
    return cleaning.text(request.method().upper(), 32, ("request", "method"))


def _url(request: Request, cleaning: Cleaning, wishes: Wishes) -> str:
    return cleaning.text(split_url(request.url())[0], MAX_URL, ("request", "url"))


def _query(request: Request, cleaning: Cleaning, wishes: Wishes) -> str:
    cleaned = clean_query(request.query_string(), cleaning.scrubber, wishes.query)
    return cleaning.text(cleaned, MAX_URL, ("request", "query_string"))


def _headers(request: Request, cleaning: Cleaning, wishes: Wishes) -> Any:
    joined: dict[str, str] = {}
    for name, value in request.headers():
        title = name.title()
        joined[title] = f"{joined[title]}, {value}" if title in joined else value
    joined.pop("Cookie", None)  # they are told on their own
    wanted = chosen(joined, wishes.headers)
    if not wishes.personal:
        wanted = {name: FILTERED if is_personal(name) else value for name, value in wanted.items()}
    return cleaning.bag(wanted, ("request", "headers"))


def _cookies(request: Request, cleaning: Cleaning, wishes: Wishes) -> Any:
    if wishes.cookies.get("mode") == "off":
        return None
    cookies = request.cookies()
    found = parse_cookies(request.header("cookie")) if cookies is None else dict(cookies)
    return cleaning.bag(chosen(found, wishes.cookies), ("request", "cookies"))


def _env(request: Request, cleaning: Cleaning, wishes: Wishes) -> Any:
    env = dict(request.server())
    address = request.remote_address() if wishes.personal else None
    return cleaning.bag({**env, "REMOTE_ADDR": address} if address else env, ("request", "env"))


PARTS: tuple[tuple[str, Callable[[Request, Cleaning, Wishes], Any]], ...] = (
    ("method", _method),
    ("url", _url),
    ("query_string", _query),
    ("headers", _headers),
    ("cookies", _cookies),
    ("env", _env),
)


def _add_user(request: Request, event: Event, cleaning: Cleaning) -> None:
    """Fill in who asks, under what the application said of the user itself."""
    found = {name: value for name, value in (request.user() or {}).items() if value not in (None, "")}
    address = request.address()
    if address:
        found["ip_address"] = address
    if found:
        event["user"] = {**cleaning.bag(found, ("user",)), **(event.get("user") or {})}


def is_personal(header: str) -> bool:
    """Whether a header says who asks."""
    folded = header.lower()
    return any(part in folded for part in PERSONAL_PARTS)


def chosen(found: Mapping[str, Any], wishes: Mapping[str, Any]) -> dict[str, Any]:
    """What `data_collection` leaves of names and values: with an allowlist the values of those listed, with a
    denylist those of the others; what goes is replaced. Names are compared without case.
    """
    mode = wishes.get("mode")
    if mode == "off":
        return {}
    terms = {term.lower() for term in wishes.get("terms", ())}
    if mode not in ("allowlist", "denylist") or (mode == "denylist" and not terms):
        return dict(found)
    keeps_listed = mode == "allowlist"
    return {
        name: value if (name.lower() in terms) is keeps_listed or not holds_secret(value) else FILTERED
        for name, value in found.items()
    }


def parse_cookies(header: str) -> dict[str, str]:
    """The cookies of a `Cookie` header."""
    pairs = (part.partition("=") for part in header.split(";"))
    return {name.strip(): value.strip().strip('"') for name, mark, value in pairs if mark and name.strip()}
