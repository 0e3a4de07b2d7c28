"""A real local server that takes envelopes, and answers as badly as a test wants; and proxies to it.

with RelayServer() as relay:
    relay.answer(429, {"Retry-After": "60"})  # the next answer; afterwards 200 again
    ...
    assert relay.events[0]["message"] == "hi"
"""

from __future__ import annotations

import gzip
import select
import socket
import ssl
import struct
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from sentry_like.protocol.envelope import Envelope

KEY = "0123456789abcdef0123456789abcdef"
PATIENCE = 10.0
"""Seconds that a test waits for what must come; only a failing one waits so long."""


def eventually(condition, seconds=PATIENCE):
    """Wait until `condition()` is true; whether it came to be."""
    deadline = time.perf_counter() + seconds
    while time.perf_counter() < deadline:
        if condition():
            return True
        time.sleep(0.005)
    return bool(condition())


class Request:
    """One request: `method`, `path`, `headers` (names in lower case), `raw` bytes, `client` address."""

    def __init__(self, method, path, headers, raw, client):
        self.method, self.path, self.raw, self.client = method, path, raw, client
        self.headers = {name.lower(): value for name, value in headers.items()}

    @property
    def body(self):
        """The body with its content encoding undone."""
        encoding = self.headers.get("content-encoding")
        if encoding == "gzip":
            return gzip.decompress(self.raw)
        if encoding == "br":
            import brotli

            return brotli.decompress(self.raw)
        if encoding == "zstd":
            import zstandard

            return zstandard.ZstdDecompressor().decompress(self.raw, max_output_size=1 << 27)
        return self.raw

    @property
    def envelope(self):
        return Envelope.parse(self.body)


class Answer:
    """What is answered to a request. `how`: `None`, or a misdeed of `RelayServer.misbehave`."""

    def __init__(self, status=200, headers=None, body=b"{}", how=None, delay=0.0):
        self.status, self.headers, self.body = status, headers or {}, body
        self.how, self.delay = how, delay


class RelayServer:
    """A server on a port of its own, while the `with` block lasts; https when `tls` is given.

    `tls`: a `trustme.CA`. `client_ca`: a `trustme.CA` from which clients must show a certificate. `host`:
    what the DSN calls it. `names`: what its certificate is for. `huge_written`: how much of a huge answer
    went out before the client hung up. `max_body`: larger ones are refused with 413 before they are read.
    """

    def __init__(
        self,
        *,
        tls=None,
        client_ca=None,
        host="127.0.0.1",
        port=0,
        names=("127.0.0.1", "localhost", "relay.test"),
    ):
        self.requests = []
        self.connections = 0
        self.huge_written = None
        self.max_body = None
        self.default = Answer()
        self._answers = []
        self._released = threading.Event()
        self._lock = threading.Lock()
        self._host = host
        self._server = _Server(("127.0.0.1", port), _handler_for(self))
        self._server.relay = self
        self._server.tls = None if tls is None else _server_context(tls, client_ca, names)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, kind, error, tb):
        self._released.set()
        self._server.shutdown()
        self._server.server_close()
        self._server.drop_all()
        self._thread.join()

    # -- where it is

    @property
    def port(self):
        return self._server.server_address[1]

    @property
    def scheme(self):
        return "http" if self._server.tls is None else "https"

    @property
    def url(self):
        return f"{self.scheme}://{self._host}:{self.port}"

    @property
    def dsn(self):
        return f"{self.scheme}://{KEY}@{self._host}:{self.port}/1"

    # -- what came

    @property
    def envelopes(self):
        return [request.envelope for request in list(self.requests)]

    @property
    def events(self):
        """The events received so far, in order."""
        return [event for envelope in self.envelopes if (event := envelope.get_event()) is not None]

    @property
    def messages(self):
        return [event.get("message") for event in self.events]

    @property
    def discarded(self):
        """`{(reason, category): quantity}` of all client reports received so far."""
        told = {}
        for envelope in self.envelopes:
            for item in envelope.items_of("client_report"):
                for loss in item.value()["discarded_events"]:
                    key = loss["reason"], loss["category"]
                    told[key] = told.get(key, 0) + loss["quantity"]
        return told

    def wait_for(self, count):
        """Wait until that many requests have arrived; whether they did."""
        return eventually(lambda: len(self.requests) >= count)

    # -- how it answers

    def answer(self, status=200, headers=None, body=b"{}", *, delay=0.0, times=1):
        """Answer the next requests so; those after them get the default again."""
        self._answers += [Answer(status, headers, body, delay=delay)] * times

    def misbehave(self, how, *, times=1):
        """Answer the next requests wrongly.

        `close`: close without an answer. `drop`: answer, then close the kept connection. `drip_headers`,
        `drip_body`: a byte now and then, for ever. `huge`: 100 MB of answer. `half`: less than was
        announced. `hole`: never answer. `garbage`: no HTTP. `reset`: reset the connection.
        """
        self._answers += [Answer(how=how)] * times

    def always(self, status=200, headers=None, *, how=None, delay=0.0):
        """Answer all requests so from now on."""
        self.default = Answer(status, headers, how=how, delay=delay)

    def release(self):
        """Let go of every request that is being held or dripped to."""
        self._released.set()

    def _next_answer(self):
        with self._lock:
            return self._answers.pop(0) if self._answers else self.default


def _server_context(authority, client_authority, names):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    if client_authority is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        client_authority.configure_trust(context)
    return context


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, *args):
        self._open = set()
        super().__init__(*args)

    def process_request_thread(self, request, client_address):
        self._open.add(request)
        try:
            if self.tls is not None:
                request.settimeout(PATIENCE)
                request = self.tls.wrap_socket(request, server_side=True)
                self._open.add(request)
            request.settimeout(60)
            self.relay.connections += 1
            self.finish_request(request, client_address)
        except OSError:
            pass
        finally:
            self._open.discard(request)
            self.shutdown_request(request)

    def drop_all(self):
        for connection in list(self._open):
            _shut(connection)

    def handle_error(self, request, client_address):
        """A client that goes away is no news."""


def _shut(connection):
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass


def _handler_for(relay):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self):
            length = int(self.headers.get("Content-Length", 0))
            if relay.max_body is not None and length > relay.max_body:
                self.close_connection = True
                self._give(Answer(413))
                self.rfile.read(length)  # else the client's system would drop the answer with the connection
                return
            raw = self.rfile.read(length)
            if len(raw) < length:
                self.close_connection = True
                return
            relay.requests.append(
                Request(self.command, self.path, dict(self.headers.items()), raw, self.client_address)
            )
            answer = relay._next_answer()
            if answer.delay:
                relay._released.wait(answer.delay)
            if answer.how is None:
                self._give(answer)
            else:
                getattr(self, f"_{answer.how}")(answer)

        def _give(self, answer):
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def _close(self, answer):
            self.close_connection = True

        def _reset(self, answer):
            # closing with a linger of 0 sends RST in place of FIN
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True

        def _drop(self, answer):
            self._give(Answer())
            self.close_connection = True

        def _hole(self, answer):
            relay._released.wait(60)
            self.close_connection = True

        def _garbage(self, answer):
            self.wfile.write(b"what is HTTP?\r\n\r\n")
            self.close_connection = True

        def _half(self, answer):
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
            self.close_connection = True

        def _drip_headers(self, answer):
            self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            self._drip()

        def _drip_body(self, answer):
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
            self._drip()

        def _drip(self):
            self.close_connection = True
            while not relay._released.wait(0.05):
                self.wfile.write(b"a")

        def _huge(self, answer):
            self.close_connection = True
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
            piece, written = b"a" * 100_000, 0
            try:
                while written < 100_000_000:
                    self.wfile.write(piece)
                    written += len(piece)
            finally:
                relay.huge_written = written

        def log_message(self, *args):
            """Tests speak for themselves."""

    return Handler


class _Listener:
    """Hands each connection to `serve` on a thread of its own, while the `with` block lasts."""

    def __init__(self):
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._open = []
        self._thread = threading.Thread(target=self._accept, daemon=True)

    @property
    def port(self):
        return self._socket.getsockname()[1]

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, kind, error, tb):
        _shut(self._socket)
        self._socket.close()
        for connection in self._open:
            _shut(connection)
            connection.close()
        self._thread.join()

    def _accept(self):
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self._open.append(connection)
            threading.Thread(target=self._serve_safely, args=(connection,), daemon=True).start()

    def _serve_safely(self, connection):
        try:
            self.serve(connection)
        except (OSError, ValueError):  # the latter from `select`, when `__exit__` has closed the connection
            pass
        finally:
            _shut(connection)

    def _connect(self, host, port):
        upstream = socket.create_connection((host, port), timeout=PATIENCE)
        self._open.append(upstream)
        return upstream


class BlackHole(_Listener):
    """Accepts connections, and neither reads nor writes."""

    @property
    def dsn(self):
        return f"http://{KEY}@127.0.0.1:{self.port}/1"

    @property
    def connections(self):
        return len(self._open)

    def serve(self, connection):
        threading.Event().wait(60)


class HttpProxy(_Listener):
    """A forward proxy for http, and a tunnel (CONNECT) for https.

    `heads`: the requests' heads that came, as bytes. `target_port`: where every connection goes, whatever
    host it asks for, so that names need not resolve. `refuse`: the status that all get. `tls`: a
    `trustme.CA` with which the proxy itself speaks TLS.
    """

    def __init__(self, target_port, *, refuse=None, tls=None):
        super().__init__()
        self.heads = []
        self._tls = None if tls is None else _server_context(tls, None, ("127.0.0.1",))
        self._target_port = target_port
        self._refuse = refuse

    @property
    def url(self):
        return f"{'http' if self._tls is None else 'https'}://127.0.0.1:{self.port}"

    def serve(self, connection):
        if self._tls is not None:
            connection = self._tls.wrap_socket(connection, server_side=True)
            self._open.append(connection)
        head = b""
        while b"\r\n\r\n" not in head:
            piece = connection.recv(65536)
            if not piece:
                return
            head += piece
        self.heads.append(head.partition(b"\r\n\r\n")[0])
        if self._refuse is not None:
            connection.sendall(b"HTTP/1.1 %d No\r\nContent-Length: 0\r\n\r\n" % self._refuse)
            return
        upstream = self._connect("127.0.0.1", self._target_port)
        if head.startswith(b"CONNECT "):
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            upstream.sendall(head)
        _pump(connection, upstream)


class DrippingProxy(_Listener):
    """Answers to CONNECT a byte now and then, for ever."""

    def serve(self, connection):
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while True:
            time.sleep(0.05)
            connection.sendall(b"a")


class SocksProxy(_Listener):
    """A SOCKS 5 server (RFC 1928), open or with a login (RFC 1929). `targets`: (host, port) asked for."""

    def __init__(self, target_port, *, user=None, password=None):
        super().__init__()
        self.targets = []
        self._target_port = target_port
        self._login = None if user is None else (user.encode(), password.encode())

    def serve(self, connection):
        reader = connection.makefile("rb")
        _, count = reader.read(2)
        reader.read(count)
        connection.sendall(b"\x05\x00" if self._login is None else b"\x05\x02")
        if self._login is not None:
            reader.read(1)
            given = tuple(reader.read(reader.read(1)[0]) for _ in range(2))
            connection.sendall(b"\x01\x00" if given == self._login else b"\x01\x01")
            if given != self._login:
                return
        _, _, _, kind = reader.read(4)
        host = socket.inet_ntoa(reader.read(4)) if kind == 1 else reader.read(reader.read(1)[0]).decode()
        (port,) = struct.unpack("!H", reader.read(2))
        self.targets.append((host, port))
        upstream = self._connect("127.0.0.1", self._target_port)
        connection.sendall(b"\x05\x00\x00\x01" + bytes(6))
        _pump(connection, upstream)


def _pump(left, right):
    """Carry bytes both ways until one side ends."""
    while True:
        ready, _, _ = select.select([left, right], [], [], 30)
        if not ready:
            return
        for source in ready:
            data = source.recv(65536)
            while getattr(source, "pending", int)():  # decrypted already, so `select` does not tell of it
                data += source.recv(65536)
            if not data:
                return
            (right if source is left else left).sendall(data)
