"""A client of the web tests: one connection for each request, and every byte of the answer kept."""

from __future__ import annotations

import socket

PATIENCE = 20.0


class Answer:
    """What came: `status`, `headers` (pairs, as sent), `body` with chunks joined, and whether its end came.

    Without a length or chunks nothing but the end of the connection tells it: that is no end.
    """

    def __init__(self, raw):
        head, _, rest = raw.partition(b"\r\n\r\n")
        status, *lines = head.decode("latin-1").split("\r\n")
        self.status = int(status.split()[1]) if status.startswith("HTTP/") else None
        self.headers = [tuple(line.split(": ", 1)) for line in lines]
        named = {name.lower(): value for name, value in (pair for pair in self.headers if len(pair) == 2)}
        self.body, self.is_whole = rest, False
        if named.get("transfer-encoding", "").lower() == "chunked":
            self.body, self.is_whole = unchunk(rest)
        elif "content-length" in named:
            self.is_whole = len(rest) == int(named["content-length"])

    @property
    def text(self):
        return self.body.decode()

    @property
    def comparable(self):
        """What must not differ between two runs of one server."""
        volatile = ("date", "server")
        kept = [pair for pair in self.headers if pair[0].lower() not in volatile]
        return self.status, kept, self.body, self.is_whole


def unchunk(data):
    """The body of a chunked answer, and whether its end came."""
    pieces = []
    while data:
        size, _, data = data.partition(b"\r\n")
        length = int(size.partition(b";")[0] or b"0", 16)
        if length == 0:
            return b"".join(pieces), bool(size)
        pieces.append(data[:length])
        data = data[length + 2 :]
    return b"".join(pieces), False


class Visitor:
    """Asks a server on this machine."""

    def __init__(self, port):
        self.port = port

    def get(self, target, headers=()):
        return self.ask("GET", target, headers)

    def post(self, target, body=b"", content_type="text/plain", headers=(), *, chunked=False):
        """Post a body, in one piece with its length or in pieces of 4,000 bytes without."""
        headers = [("Content-Type", content_type), *headers]
        if not chunked:
            return self.ask("POST", target, [*headers, ("Content-Length", str(len(body)))], [body])
        pieces = [body[at : at + 4000] for at in range(0, len(body), 4000)]
        framed = [b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces]
        return self.ask("POST", target, [*headers, ("Transfer-Encoding", "chunked")], [*framed, b"0\r\n\r\n"])

    def ask(self, method, target, headers=(), pieces=()):
        with self.connected() as connection:
            connection.sendall(self.head(method, target, headers))
            try:
                for piece in pieces:
                    connection.sendall(piece)
            except (BrokenPipeError, ConnectionResetError):
                pass  # the server has answered without reading all of it
            return Answer(_read(connection))

    def leave(self, method, target, headers=(), pieces=(), *, after=0.1):
        """Ask, and hang up some seconds later, whatever is still to come."""
        import time

        with self.connected() as connection:
            connection.sendall(self.head(method, target, headers) + b"".join(pieces))
            time.sleep(after)

    def head(self, method, target, headers=()):
        lines = [f"{method} {target} HTTP/1.1", f"Host: 127.0.0.1:{self.port}"]
        lines += [f"{name}: {value}" for name, value in headers]
        return ("\r\n".join([*lines, "Connection: close"]) + "\r\n\r\n").encode("latin-1")

    def connected(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)


def _read(connection):
    raw = b""
    try:
        while not (raw and Answer(raw).is_whole) and (piece := connection.recv(65536)):
            raw += piece
    except ConnectionResetError:
        pass  # some servers end a broken answer so
    return raw
