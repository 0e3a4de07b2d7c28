"""Servers that come as Python packages: installed once into .cache/servers, run while they are needed."""

from __future__ import annotations

import fcntl
import os
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SERVERS = Path(__file__).resolve().parent.parent.parent / ".cache" / "servers"
PATIENCE = 30


def installed(*requirements: str) -> Path:
    """The folder that holds these packages, installed now if it is missing."""
    version = f"py{sys.version_info[0]}.{sys.version_info[1]}"
    place = SERVERS / f"{requirements[0].replace('==', '-')}-{version}"
    folder, mark = place / "packages", place / "installed"
    place.mkdir(parents=True, exist_ok=True)
    with (place / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests of several processes may want it at once
        if not mark.exists():
            pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            wheels = ["--only-binary=:all:", "--target", str(folder)]
            subprocess.run([*pip, *wheels, *requirements], check=True, env=environment(), stdout=sys.stderr)
            mark.touch()
    return folder


def environment(**more: str) -> dict[str, str]:
    """That of this process, which may look for old versions of its own packages, without their places."""
    return {**{name: value for name, value in os.environ.items() if name != "PYTHONPATH"}, **more}


def free_ports(count: int) -> list[int]:
    """Different ports that nobody listens on."""
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [probe.getsockname()[1] for probe in probes]


def free_port() -> int:
    return free_ports(1)[0]


@contextmanager
def running(command: Sequence[str], port: int, env: dict[str, str]) -> Iterator[None]:
    """The server, from when it can be reached on; what it prints goes to stderr."""
    process = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=sys.stderr)
    try:
        await_server(process, port)
        yield
    finally:
        process.kill()  # nothing of it is to last, and some wait for their clients
        process.wait()


def await_server(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise SystemExit(f"no server came up on port {port}, exit status {process.poll()}")


def offer(address: str) -> None:
    """Print where the server is, and wait until nobody needs it: stdin ends, or Ctrl-C."""
    print(address, flush=True)
    try:
        sys.stdin.read()
    except KeyboardInterrupt:
        return
