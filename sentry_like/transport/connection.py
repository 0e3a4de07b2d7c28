"""Connections to the server, directly or through a proxy: the one module that imports urllib3, ssl, socket
and certifi.

It is imported when the first request is made, by the thread that makes it. urllib3 speaks HTTP and checks
certificates; the sockets are ours, so that each of their operations keeps to the request's deadline. There
is no pool: a pool has locks, which a forked child may inherit locked, and one connection needs none.
"""

from __future__ import annotations

import os
import socket
import ssl
from functools import cache
from http.client import HTTPException
from urllib.parse import unquote

import certifi
from urllib3._base_connection import ProxyConfig
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.util import Url, make_headers, parse_url
from urllib3.util.ssl_ import create_urllib3_context
from urllib3.util.wait import wait_for_read, wait_for_write

from sentry_like.transport import forks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, TypeAlias

    from sentry_like.options import Options
    from sentry_like.protocol.dsn import Dsn
    from sentry_like.transport.http import Deadline

    SocketOption: TypeAlias = "tuple[int, int, int | bytes]"

FAILURES = (OSError, HTTPException, HTTPError)
"""What urllib3 and all below it raise when no answer comes."""

KEEP_ALIVE = {"TCP_KEEPIDLE": 45, "TCP_KEEPALIVE": 45, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 6}
"""Seconds until the first probe (Linux; macOS), between probes, and probes without an answer, where the
platform has them.
"""


class Timed(socket.socket):
    """A socket whose every operation ends with the deadline."""

    deadline: Deadline

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        self.settimeout(self.deadline.left())
        count = super().recv_into(*args, **kwargs)
        self.deadline.has_heard |= count > 0
        return count

    def recv(self, *args: Any, **kwargs: Any) -> bytes:
        self.settimeout(self.deadline.left())
        return super().recv(*args, **kwargs)

    def sendall(self, *args: Any, **kwargs: Any) -> None:
        self.settimeout(self.deadline.left())
        super().sendall(*args, **kwargs)

    def send(self, *args: Any, **kwargs: Any) -> int:
        self.settimeout(self.deadline.left())
        return super().send(*args, **kwargs)


class TimedTls(Timed, ssl.SSLSocket):
    """The same, encrypted; made by an `SSLContext`, which has a subclass that knows the deadline."""

    def do_handshake(self, block: bool = False) -> None:
        """Shake hands in steps, so that a fork need not wait for the network (`forks.Undivided`)."""
        self.deadline.socket = self
        self.settimeout(0)
        step = super().do_handshake
        while True:
            try:
                return forks.undivided.run(step)
            except ssl.SSLWantReadError:
                wait_for_read(self, self.deadline.left())
            except ssl.SSLWantWriteError:
                wait_for_write(self, self.deadline.left())


class Http(HTTPConnection):
    """urllib3's connection, on a socket that `dial` has connected."""

    dial: Callable[[], socket.socket]

    def _new_conn(self) -> socket.socket:
        return self.dial()


class Https(HTTPSConnection):
    """The same with TLS."""

    dial: Callable[[], socket.socket]

    def _new_conn(self) -> socket.socket:
        return self.dial()


def prepare() -> None:
    """Import what the standard library would, in the midst of the first request."""
    "name".encode("idna")  # `ssl` asks for this codec
    certifi.where()


class Route:
    """The way to the server: makes connections that are ready for requests to `target` with `headers` added.

    Raises:
        OSError: a certificate cannot be read.
    """

    def __init__(self, dsn: Dsn, options: Options, proxy: str | None, deadline: Deadline) -> None:
        self._dsn = dsn
        self._deadline = deadline
        self._proxy = None if proxy is None else parse_url(proxy)
        self._proxy_headers = proxy_headers(self._proxy, options.proxy_headers)
        self._socket_options = socket_options(options)
        wants_tls = dsn.scheme == "https" or (self._proxy is not None and self._proxy.scheme == "https")
        self._tls = tls_context(options, deadline) if wants_tls else None
        is_forwarded = dsn.scheme == "http" and self._proxy is not None and not is_socks(self._proxy)
        self.headers = self._proxy_headers if is_forwarded else {}
        self.target = dsn.envelope_url if is_forwarded else dsn.envelope_url.removeprefix(dsn.origin)

    def connect(self) -> HTTPConnection:
        """A new connection, up to and with TLS and the proxy's consent."""
        connection = self._connection()
        try:
            connection.connect()
        except BaseException:
            connection.close()
            raise
        # TLS within a proxy's TLS is no socket itself, but has one.
        self._deadline.socket = getattr(connection.sock, "socket", connection.sock)
        return connection

    def _connection(self) -> Http | Https:
        if self._proxy is None or is_socks(self._proxy):
            return self._to(self._dsn.scheme, self._dsn.host, self._dsn.port)
        scheme, host, port = place_of(self._proxy)
        through = {"proxy": self._proxy, "proxy_config": ProxyConfig(self._tls, False, None, None)}
        if self._dsn.scheme == "http":
            return self._to(scheme, host, port, **through)
        connection = self._to("https", host, port, **through)
        connection.set_tunnel(self._dsn.host, self._dsn.port, headers=self._proxy_headers, scheme=scheme)
        return connection

    def _to(self, scheme: str, host: str, port: int, **through: Any) -> Http | Https:
        timeout = self._deadline.left()
        connection: Http | Https
        if scheme == "https":
            connection = Https(host, port, timeout=timeout, ssl_context=self._tls, **through)
        else:
            connection = Http(host, port, timeout=timeout, **through)
        connection.dial = lambda: self._dial(host, port)
        return connection

    def _dial(self, host: str, port: int) -> socket.socket:
        if self._proxy is None or not is_socks(self._proxy):
            return self._first(host, port, Timed, lambda sock, address: sock.connect(address))
        ask = socks_request(self._proxy, host, port)
        _, proxy_host, proxy_port = place_of(self._proxy)
        return self._first(proxy_host, proxy_port, timed_socks(), ask)

    def _first(
        self, host: str, port: int, make: type[Timed], connect: Callable[[Timed, Any], object]
    ) -> socket.socket:
        """A socket connected to the first of the host's addresses that answers; each gets its share of the
        time.
        """
        # As bytes: a str would be encoded with the codec "idna", whose import a fork could interrupt.
        name = host.encode() if host.isascii() else host
        addresses = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
        failed: OSError | None = None
        for tries_left, (family, kind, protocol, _, address) in zip(
            range(len(addresses), 0, -1), addresses, strict=True
        ):
            sock = make(family, kind, protocol)
            sock.deadline = self._deadline
            self._deadline.socket = sock
            try:
                for option in self._socket_options:
                    sock.setsockopt(*option)
                sock.settimeout(self._deadline.left() / tries_left)
                connect(sock, address)
                return sock
            except OSError as error:
                failed = error
                sock.close()
        raise failed or OSError(f"{host} has no address")


def is_socks(proxy: Url) -> bool:
    return proxy.scheme is not None and proxy.scheme.startswith("socks")


def place_of(proxy: Url) -> tuple[str, str, int]:
    """`(scheme, host, port)` of a proxy."""
    scheme = proxy.scheme or "http"
    default = {"https": 443, "http": 80}.get(scheme, 1080)
    return scheme, (proxy.host or "").strip("[]"), proxy.port or default


def proxy_headers(proxy: Url | None, given: Mapping[str, str] | None) -> dict[str, str]:
    """What is said to an HTTP proxy: the option's headers, and the credentials in the URL."""
    if proxy is None or is_socks(proxy):
        return {}
    credentials = make_headers(proxy_basic_auth=unquote(proxy.auth)) if proxy.auth else {}
    return {**credentials, **(given or {})}


def socks_request(proxy: Url, host: str, port: int) -> Callable[[Any, Any], object]:
    """How to ask a SOCKS proxy at an address for the server; the proxy resolves its name with socks4a and
    socks5h.
    """
    import socks

    version = socks.SOCKS5 if (proxy.scheme or "").startswith("socks5") else socks.SOCKS4
    resolves = proxy.scheme in ("socks4a", "socks5h")
    user, _, password = (proxy.auth or "").partition(":")

    def connect(sock: Any, address: Any) -> object:
        sock.set_proxy(
            version, address[0], address[1], resolves, unquote(user) or None, unquote(password) or None
        )
        return sock.connect((host, port))

    return connect


@cache
def timed_socks() -> type[Timed]:
    """The class of a socket that speaks SOCKS and keeps to a deadline; PySocks is loaded only for such a
    proxy.
    """
    import socks

    return type("TimedSocks", (Timed, socks.socksocket), {})


def socket_options(options: Options) -> list[SocketOption]:
    """What each socket is set to, later ones over earlier: no delay, as urllib3 has it; probes; the user's
    own.
    """
    settings: list[SocketOption] = [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]
    if options.keep_alive:
        settings.append((socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1))
        known = [(getattr(socket, name, None), value) for name, value in KEEP_ALIVE.items()]
        settings += [(socket.IPPROTO_TCP, number, value) for number, value in known if number is not None]
    return [*settings, *(options.socket_options or ())]


def tls_context(options: Options, deadline: Deadline) -> ssl.SSLContext:
    """What certificates to trust and which to show; servers are always verified.

    The option `ca_certs` has been settled from `SSL_CERT_FILE` and `REQUESTS_CA_BUNDLE` where it was not
    given.
    """
    context = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED)
    context.sslsocket_class = type("TimedTls", (TimedTls,), {"deadline": deadline})
    trusted = options.ca_certs or certifi.where()
    if os.path.isdir(trusted):
        context.load_verify_locations(capath=trusted)
    else:
        context.load_verify_locations(cafile=trusted)
    if options.cert_file:
        # An empty password makes an encrypted key an error, where none would ask for it on the terminal.
        context.load_cert_chain(options.cert_file, options.key_file, password="")
    return context
