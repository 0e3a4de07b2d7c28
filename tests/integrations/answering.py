"""Servers that answer as the path of a request says, and what a breadcrumb of one tells."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import socket
import ssl
import struct
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PATIENCE = 10
WEBSOCKET = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""What a server adds to the key of a handshake (RFC 6455, 1.3)."""
CLOSE_FRAME = b"\x88\x02\x03\xe8"
HTTP2_APPLICATION = Path(__file__).with_name("programs") / "answering_http2.py"


class Handler(BaseHTTPRequestHandler):
    """Answers as the first word of the path says."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.seen.append(self.path)
        how = self.path.removeprefix("http://behind.test").split("?")[0].split("/")[1]
        if how.isdigit():
            self.give(int(how))
        else:
            getattr(self, how)()

    def do_POST(self):
        self.read_body()
        self.do_GET()

    def do_PUT(self):
        self.do_GET()  # without a look at the body

    def read_body(self):
        if self.headers.get("Transfer-Encoding") == "chunked":
            while length := int(self.rfile.readline(), 16):
                self.rfile.read(length + 2)
            self.rfile.readline()
        else:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def give(self, status, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def redirect(self):
        self.give(302, Location="/200")

    def login(self):
        if self.headers.get("Authorization"):
            self.give(200)
        else:
            self.give(401, **{"WWW-Authenticate": 'Digest realm="a", nonce="b", qop="auth"'})

    def slow(self):
        self.server.released.wait(PATIENCE)
        self.close_connection = True

    def halves(self):
        """The second half of the body comes once the server is released."""
        self.send_response(200)
        self.send_header("Content-Length", "6")
        self.end_headers()
        self.wfile.write(b"hal")
        self.server.released.wait(PATIENCE)
        self.wfile.write(b"ves")

    def torn(self):
        """The second half never comes."""
        self.send_response(200)
        self.send_header("Content-Length", "6")
        self.end_headers()
        self.wfile.write(b"hal")
        self.close_connection = True

    def websocket(self):
        """Open, and close at once."""
        key = hashlib.sha1((self.headers["Sec-WebSocket-Key"] + WEBSOCKET).encode()).digest()
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", base64.b64encode(key).decode())
        self.end_headers()
        self.wfile.write(CLOSE_FRAME)
        self.close_connection = True

    def hang_up(self):
        self.close_connection = True

    def garbage(self):
        self.wfile.write(b"what is HTTP?\r\n\r\n")
        self.close_connection = True

    def reset(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()  # with a linger of 0 this sends RST
        self.close_connection = True

    def too_large(self):
        self.give(413)
        self.close_connection = True

    def log_message(self, *args):
        """Tests speak for themselves."""


class Server(ThreadingHTTPServer):
    """`seen`: the targets that were asked for. `released`: lets those go on who wait."""

    daemon_threads = True
    request_queue_size = 128
    block_on_close = False
    tls = None

    def process_request_thread(self, request, client_address):
        try:
            if self.tls is not None:
                request = self.tls.wrap_socket(request, server_side=True)
            self.finish_request(request, client_address)
        except OSError:
            pass
        finally:
            self.shutdown_request(request)

    def handle_error(self, request, client_address):
        """A client that goes away is no news."""

    @property
    def port(self):
        return self.server_address[1]


def run_server(family=socket.AF_INET, host="127.0.0.1", tls=None):
    class Local(Server):
        address_family = family

    server = Local((host, 0), Handler)
    server.tls = tls
    server.seen = []
    server.released = threading.Event()
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    return server


def stop(server):
    server.released.set()
    server.shutdown()
    server.server_close()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as unused:
        return unused.getsockname()[1]


def told(crumb):
    """`(level, url, method, status)`."""
    data = crumb["data"]
    return crumb["level"], data["url"], data["method"], data.get("status_code")


@contextlib.contextmanager
def http2_server(authority, folder):
    """The port of a server that speaks nothing but HTTP/2 over TLS, in a process of its own."""
    issued = authority.issue_cert("localhost", "127.0.0.1")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    issued.cert_chain_pems[0].write_to_path(str(certificate))
    issued.private_key_pem.write_to_path(str(key))
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    listening = socket.create_server(("127.0.0.1", 0))
    command = [sys.executable, str(HTTP2_APPLICATION), str(listening.fileno()), str(certificate), str(key)]
    with listening, subprocess.Popen(command, pass_fds=[listening.fileno()], env=environment) as process:
        try:
            port = listening.getsockname()[1]
            wait_for_tls(port)
            yield port
        finally:
            process.kill()


def wait_for_tls(port):
    """Come back once the server at this port shakes hands, so that no test pays for its start."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as raw:
        context.wrap_socket(raw, server_hostname="localhost").close()
