"""A receiver that takes every envelope and answers its event id: `python -m benchmarks.server [DELAY_MS]`.

Prints its address, then serves until its standard input closes. `GET /statistics` answers the events,
requests and bytes that it got. It unpacks only when asked, so that little of its time is in a measurement.
"""

from __future__ import annotations

import gzip
import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Receiver(ThreadingHTTPServer):
    """Listens on a free loopback port; `delay` seconds pass before each answer."""

    daemon_threads = True

    def __init__(self, delay: float) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.delay = delay
        self.bodies: list[bytes] = []
        self.statistics = {"requests": 0, "events": 0, "wire_bytes": 0, "raw_bytes": 0}
        self.lock = threading.Lock()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def count(self) -> dict[str, int]:
        """Totals since the start; only envelopes that hold an event count as bytes."""
        with self.lock:
            bodies, self.bodies = self.bodies, []
            for body in bodies:
                self.count_body(body)
            return dict(self.statistics)

    def count_body(self, body: bytes) -> None:
        raw = gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body
        events = sum(header.get("type") == "event" for header in item_headers(raw))
        self.statistics["requests"] += 1
        if events:
            self.statistics["events"] += events
            self.statistics["wire_bytes"] += len(body)
            self.statistics["raw_bytes"] += len(raw)


def item_headers(envelope: bytes) -> list[dict[str, Any]]:
    """The headers of each item; relies on the `length` that both clients write."""
    headers = []
    position = envelope.find(b"\n") + 1
    while 0 < position < len(envelope):
        end = envelope.find(b"\n", position)
        if end <= position:
            break
        headers.append(json.loads(envelope[position:end]))
        position = end + 1 + int(headers[-1].get("length", 0)) + 1
    return headers


class Handler(BaseHTTPRequestHandler):
    """Keeps the connection open, as real servers do."""

    server: Receiver
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with self.server.lock:
            self.server.bodies.append(body)
        if self.server.delay:
            time.sleep(self.server.delay)
        self.answer({"id": "0" * 32})

    def do_GET(self) -> None:
        self.answer(self.server.count())

    def answer(self, value: dict[str, Any]) -> None:
        text = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *arguments: object) -> None:
        """Keeps quiet: writing a line per request would be measured too."""


def main(delay_ms: str = "0") -> None:
    receiver = Receiver(float(delay_ms) / 1000)
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    print(receiver.address, flush=True)
    sys.stdin.read()
    receiver.shutdown()


if __name__ == "__main__":
    main(*sys.argv[1:])
