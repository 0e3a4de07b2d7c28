"""Installs, starts and stops the throw-away Bugsink; its environment and data live under .cache/bugsink.

Every start begins with empty data. What a later command needs to know stands in `state.json`. Only the
process that was started here is ever stopped: its id counts only together with its start time.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SCRIPTS = Path(__file__).resolve().parents[2]
FOLDER = SCRIPTS.parent / ".cache" / "bugsink"
ENVIRONMENT = FOLDER / "env"
DATA = FOLDER / "data"
STATE = FOLDER / "state.json"
REQUIREMENT = "bugsink==2.6.1"
START_PATIENCE = 30.0


class NotRunning(Exception):
    """There is no Bugsink that an earlier `up` started."""


def install() -> None:
    """Makes the environment when it is missing; about 200 MB."""
    mark = ENVIRONMENT / REQUIREMENT
    if mark.exists():
        return
    print(f"installing {REQUIREMENT} into {ENVIRONMENT}", flush=True)
    subprocess.run([python_for_bugsink(), "-m", "venv", "--clear", str(ENVIRONMENT)], check=True)
    pip = [str(ENVIRONMENT / "bin" / "pip"), "install", "-qq", "--disable-pip-version-check"]
    subprocess.run([*pip, REQUIREMENT], check=True)
    mark.touch()


def python_for_bugsink() -> str:
    """An interpreter of at least 3.11, which Bugsink needs. Raises: SystemExit when there is none."""
    if sys.version_info >= (3, 11):
        return sys.executable
    for minor in (13, 12, 11):
        found = shutil.which(f"python3.{minor}")
        if found:
            return found
    raise SystemExit("Bugsink needs Python 3.11 or newer, and none was found")


def up() -> dict[str, Any]:
    """Starts Bugsink with a project and no events; returns the state that `running` reads."""
    install()
    down()
    shutil.rmtree(DATA, ignore_errors=True)
    DATA.mkdir(parents=True)
    port = free_port()
    manage(port, "migrate", "-v", "0")
    manage(port, "migrate", "snappea", "--database=snappea", "-v", "0")
    made = json.loads(run(port, "python", "-m", "receivers.bugsink.project").splitlines()[-1])
    url = f"http://127.0.0.1:{port}"
    process = serve(port)
    state = {
        "pid": process.pid,
        "birth": birth_of(process.pid),
        "url": url,
        "dsn": f"http://{made['key']}@127.0.0.1:{port}/{made['project']}",
        "project": made["project"],
        "token": made["token"],
    }
    STATE.write_text(json.dumps(state), encoding="utf-8")
    wait_until_ready(url, process)
    return state


def manage(port: int, *arguments: str) -> None:
    run(port, "bugsink-manage", *arguments)


def run(port: int, program: str, *arguments: str) -> str:
    """Runs a program of the environment to its end; returns what it printed."""
    command = [str(ENVIRONMENT / "bin" / program), *arguments]
    done = subprocess.run(command, env=variables(port), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr}")
    return done.stdout


def serve(port: int) -> subprocess.Popen[bytes]:
    """Starts the web server in a process group of its own, so that it outlives this command."""
    command = [str(ENVIRONMENT / "bin" / "gunicorn"), "--bind", f"127.0.0.1:{port}"]
    command += ["--workers", "1", "--threads", "8", "bugsink.wsgi"]
    with open(DATA / "server.log", "ab") as log:
        return subprocess.Popen(
            command,
            env=variables(port),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def variables(port: int) -> dict[str, str]:
    own = {
        "PYTHONPATH": str(SCRIPTS),
        "DJANGO_SETTINGS_MODULE": "receivers.bugsink.settings",
        "BUGSINK_FOLDER": str(DATA),
        "BUGSINK_PORT": str(port),
    }
    return {name: value for name, value in os.environ.items() if not name.startswith("SENTRY_")} | own


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def wait_until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_PATIENCE
    while not is_ready(url):
        if process.poll() is not None or time.monotonic() > end:
            raise SystemExit(f"Bugsink did not come up:\n{log_text()[-3000:]}")
        time.sleep(0.1)


def is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/health/ready", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def running() -> dict[str, Any]:
    """What `up` wrote down. Raises: NotRunning."""
    if not STATE.exists():
        raise NotRunning
    state: dict[str, Any] = json.loads(STATE.read_text(encoding="utf-8"))
    if birth_of(state["pid"]) != state["birth"]:
        raise NotRunning
    return state


def down() -> None:
    """Stops the server that `up` started; does nothing when it is not running."""
    try:
        state = running()
    except NotRunning:
        STATE.unlink(missing_ok=True)
        return
    os.killpg(state["pid"], signal.SIGTERM)
    for _ in range(100):
        if birth_of(state["pid"]) != state["birth"]:
            break
        time.sleep(0.1)
    else:
        os.killpg(state["pid"], signal.SIGKILL)
    STATE.unlink()


def birth_of(pid: int) -> str | None:
    """When the process started, in the kernel's ticks; None when it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else fields[19]


def log_text() -> str:
    return (DATA / "server.log").read_text(encoding="utf-8", errors="replace")


def complaints() -> list[str]:
    """What Bugsink found wrong with the events, held against Sentry's schema: one line each."""
    mark = "event data validation failed: "
    return [line.partition(mark)[2] for line in log_text().splitlines() if mark in line]
