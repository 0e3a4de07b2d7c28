"""The address of a project: a DSN taken apart, checked, and turned into URLs and the auth header.

Strict, because what passes here ends up in a request line and a header: every part has its own alphabet,
and none of them holds a space, a control character, a comma, an equals sign or a quote. Messages are fixed
texts that repeat nothing of the input, since a mistyped DSN has its key anywhere. Parsed by hand: `re` and
`urllib` would be felt by `import sentry_like`.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

FORM = "<scheme>://<public_key>@<host>/<project_id>"
DEFAULT_PORTS = {"http": 80, "https": 443}
PROTOCOL_VERSION = 7

MAX_HOST = 253
MAX_LABEL = 63
MAX_PORT = 65535
MAX_PROJECT_DIGITS = 20
"""Twenty digits hold any unsigned 64-bit number, the widest that a server stores."""

DIGITS = frozenset("0123456789")
HEX = DIGITS | frozenset("abcdefABCDEF")
LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
KEY_CHARACTERS = LETTERS | DIGITS | frozenset("-._~")
LABEL_CHARACTERS = LETTERS | DIGITS | frozenset("-_")
PATH_CHARACTERS = KEY_CHARACTERS | frozenset("!$&'()*+,;=:@%")


class BadDsn(ValueError):
    """The text is not a DSN. The message names the part that is wrong and what is allowed, never the key."""


class Dsn:
    """Where a project's data goes and with which key; made by `Dsn.parse`, immutable, hashable.

    `host` is in lower case and has no brackets; `port` is the one to connect to, given or not; `path` is ""
    or "/a/b".
    """

    __slots__ = ("host", "org_id", "path", "port", "project_id", "public_key", "scheme", "secret_key")

    scheme: str
    public_key: str
    secret_key: str | None
    host: str
    port: int
    path: str
    project_id: str
    org_id: str | None

    def __init__(
        self,
        *,
        scheme: str,
        public_key: str,
        secret_key: str | None,
        host: str,
        port: int,
        path: str,
        project_id: str,
    ) -> None:
        fix = object.__setattr__
        fix(self, "scheme", scheme)
        fix(self, "public_key", public_key)
        fix(self, "secret_key", secret_key)
        fix(self, "host", host)
        fix(self, "port", port)
        fix(self, "path", path)
        fix(self, "project_id", project_id)
        fix(self, "org_id", _org_id(host))

    @classmethod
    def parse(cls, text: str) -> Dsn:
        """The parts of `scheme://public_key[:secret_key]@host[:port][/path]/project_id`.

        Raises:
            BadDsn: for anything else, whatever its type.
        """
        scheme, authority, tail = _split(_checked_text(text))
        userinfo, at, address = authority.rpartition("@")
        public_key, secret_key = _keys(userinfo if at else "")
        host, port = _address(address, DEFAULT_PORTS[scheme])
        path, project_id = _path_and_project(tail)
        return cls(
            scheme=scheme,
            public_key=public_key,
            secret_key=secret_key,
            host=host,
            port=port,
            path=path,
            project_id=project_id,
        )

    @property
    def netloc(self) -> str:
        """`host[:port]` as a URL spells it: without the scheme's own port, IPv6 in brackets."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        """`scheme://host[:port]`."""
        return f"{self.scheme}://{self.netloc}"

    @property
    def envelope_url(self) -> str:
        """Where envelopes are posted (protocol, "URLs")."""
        return f"{self.origin}{self.path}/api/{self.project_id}/envelope/"

    @property
    def store_url(self) -> str:
        """Where a plain event was posted before there were envelopes; deprecated by the servers."""
        return f"{self.origin}{self.path}/api/{self.project_id}/store/"

    def auth_header(self, client: str) -> str:
        """The value of `X-Sentry-Auth`; `client` is "name/version" (protocol, "Authentication")."""
        value = (
            f"Sentry sentry_key={self.public_key}, sentry_version={PROTOCOL_VERSION}, sentry_client={client}"
        )
        return value if self.secret_key is None else f"{value}, sentry_secret={self.secret_key}"

    def __str__(self) -> str:
        """The DSN again, without the secret key, which no server asks for any more."""
        return f"{self.scheme}://{self.public_key}@{self.netloc}{self.path}/{self.project_id}"

    def __repr__(self) -> str:
        return f"<Dsn {self}>"

    def _parts(self) -> tuple[str, str, str | None, str, int, str, str]:
        return (
            self.scheme,
            self.public_key,
            self.secret_key,
            self.host,
            self.port,
            self.path,
            self.project_id,
        )

    def __eq__(self, other: object) -> bool:
        return self._parts() == other._parts() if isinstance(other, Dsn) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._parts())

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"a Dsn does not change: cannot set {name!r}")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"a Dsn does not change: cannot delete {name!r}")

    def __reduce__(self) -> tuple[object, ...]:
        return _restored, self._parts()


def _restored(
    scheme: str, public_key: str, secret_key: str | None, host: str, port: int, path: str, project_id: str
) -> Dsn:
    """What `copy` and `pickle` call, for they cannot set attributes."""
    return Dsn(
        scheme=scheme,
        public_key=public_key,
        secret_key=secret_key,
        host=host,
        port=port,
        path=path,
        project_id=project_id,
    )


def _checked_text(text: object) -> str:
    """The text, of which each character may stand in a URL."""
    if not isinstance(text, str):
        raise BadDsn(f"DSN must be a str like {FORM}")
    text = str.__str__(text)
    if not text:
        raise BadDsn(f"DSN is empty; expected {FORM}")
    if not text.isascii():
        raise BadDsn("DSN is not plain ASCII; expected a host in its xn-- form and a path percent-encoded")
    if not text.isprintable() or " " in text:
        raise BadDsn("DSN has a space, a line break or another control character; none is allowed")
    return text


def _split(text: str) -> tuple[str, str, str]:
    """`(scheme, authority, path without its first slash)`."""
    scheme, separator, rest = text.partition("://")
    if not separator:
        raise BadDsn(f"DSN has no scheme; expected {FORM} with http or https")
    scheme = scheme.lower()
    if scheme not in DEFAULT_PORTS:
        raise BadDsn("DSN scheme is not supported; expected http or https")
    if "?" in rest or "#" in rest:
        raise BadDsn(f"DSN has a query string or fragment; expected {FORM} and nothing after it")
    authority, _, tail = rest.partition("/")
    return scheme, authority, tail


def _keys(userinfo: str) -> tuple[str, str | None]:
    public_key, _, secret_key = userinfo.partition(":")
    if not public_key:
        raise BadDsn(f"DSN has no public key; expected {FORM}")
    if not KEY_CHARACTERS.issuperset(public_key):
        raise BadDsn("DSN public key is malformed; letters, digits and -._~ are allowed")
    if not KEY_CHARACTERS.issuperset(secret_key):
        raise BadDsn("DSN secret key is malformed; letters, digits and -._~ are allowed (it can be left out)")
    return public_key, secret_key or None


def _address(text: str, default_port: int) -> tuple[str, int]:
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        if not bracket or (rest and rest[0] != ":") or not _is_ipv6(host):
            raise BadDsn("DSN host is malformed; expected an IPv6 address in brackets, like [::1]")
        return host.lower(), _port(rest[1:]) if rest else default_port
    host, colon, port = text.partition(":")
    if not host:
        raise BadDsn(f"DSN has no host; expected {FORM}")
    if not _is_host_name(host):
        raise BadDsn("DSN host is malformed; expected a host name, an IPv4 address or an [IPv6 address]")
    return host.lower(), _port(port) if colon else default_port


def _port(text: str) -> int:
    if text and len(text) <= 5 and DIGITS.issuperset(text) and 0 < int(text) <= MAX_PORT:
        return int(text)
    raise BadDsn(f"DSN port is malformed; expected a number from 1 to {MAX_PORT}")


def _is_host_name(host: str) -> bool:
    """Whether it is an IPv4 address, or labels of letters, digits, - and (as in container names) _."""
    labels = host.removesuffix(".").split(".")
    if DIGITS.issuperset(labels[-1]):
        return _is_ipv4(host)
    return len(host) <= MAX_HOST and all(_is_label(label) for label in labels)


def _is_label(label: str) -> bool:
    fits = 0 < len(label) <= MAX_LABEL
    return fits and LABEL_CHARACTERS.issuperset(label) and label[0] != "-" and label[-1] != "-"


def _is_ipv4(host: str) -> bool:
    """Four decimal numbers without leading zeros, which some resolvers read as octal."""
    parts = host.split(".")
    return len(parts) == 4 and all(
        0 < len(part) <= 3 and DIGITS.issuperset(part) and str(int(part)) == part and int(part) < 256
        for part in parts
    )


def _is_ipv6(host: str) -> bool:
    """Eight groups of hex digits; `::` stands once for one or more, an IPv4 address for the last two."""
    head, gap, tail = host.partition("::")
    groups = head.split(":") if head else []
    after = tail.split(":") if tail else []
    last = after if gap else groups
    if last and "." in last[-1]:
        if not _is_ipv4(last.pop()):
            return False
        last += ["0", "0"]
    groups += after
    if not all(0 < len(group) <= 4 and HEX.issuperset(group) for group in groups):
        return False
    return len(groups) < 8 if gap else len(groups) == 8


def _path_and_project(tail: str) -> tuple[str, str]:
    *segments, project_id = tail.removesuffix("/").split("/")
    if not project_id:
        raise BadDsn(f"DSN has no project id; expected {FORM}")
    if not DIGITS.issuperset(project_id) or len(project_id) > MAX_PROJECT_DIGITS:
        raise BadDsn("DSN project id is malformed; expected a number, as the last part of the path")
    if not all(_is_segment(segment) for segment in segments):
        raise BadDsn("DSN path is malformed; expected URL characters, no empty segment, no '.' and no '..'")
    return "".join(f"/{segment}" for segment in segments), project_id


def _is_segment(segment: str) -> bool:
    if segment in ("", ".", "..") or not PATH_CHARACTERS.issuperset(segment):
        return False
    return all(len(rest) >= 2 and HEX.issuperset(rest[:2]) for rest in segment.split("%")[1:])


def _org_id(host: str) -> str | None:
    """The organisation that hosted servers name in their first label, as in `o123.ingest.example.com`."""
    label, dot, _ = host.partition(".")
    digits = label[1:]
    return digits if dot and label[0] == "o" and digits and DIGITS.issuperset(digits) else None
