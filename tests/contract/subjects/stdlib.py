"""Requests of `http.client`, without a network, and programs that end at once."""

from __future__ import annotations

import io
import subprocess
from asyncio import base_subprocess
from http.client import HTTPConnection

from subject import Subject


class Answering:
    """A socket behind which a server answers at once."""

    def __init__(self, answer):
        self._answer = answer

    def sendall(self, data):
        """The request goes nowhere."""

    def makefile(self, mode):
        return io.BytesIO(self._answer)

    def close(self):
        """There is nothing to close."""


class Stdlib(Subject):
    """Work is a request that is answered and a program; a failure the same with neither."""

    identifier = "stdlib"
    of_work = 2
    of_failure = 2

    def targets(self):
        methods = [(HTTPConnection, name) for name in ("putrequest", "send", "getresponse", "close")]
        programs = [(subprocess.Popen, name) for name in ("__init__", "wait", "poll")]
        return [*methods, *programs, (base_subprocess.BaseSubprocessTransport, "_process_exited")]

    def work(self):
        connection = HTTPConnection("server.example")
        connection.sock = Answering(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        connection.request("GET", "/path?key=value")
        answer = connection.getresponse()
        return answer.status, answer.read(), subprocess.run(["true"]).returncode

    def fail(self, cargo):
        held = cargo
        ended = []
        for use in (self._ask_nobody, self._start_nothing):
            try:
                use()
            except OSError as error:
                ended.append((type(error).__name__, error.errno))
        return ended, type(held).__name__

    def _ask_nobody(self):
        HTTPConnection("127.0.0.1", 1, timeout=5).request("GET", "/")

    def _start_nothing(self):
        subprocess.run(["/no/such/program"])


SUBJECT = Stdlib()
