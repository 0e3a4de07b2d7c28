from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request

import pytest

from sentry_like.cli import main
from sentry_like.version import VERSION


@contextlib.contextmanager
def running(*arguments: str, **options: object):
    process = subprocess.Popen(
        [sys.executable, "-m", "sentry_like", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,  # type: ignore[call-overload]
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def dsn_of(process: subprocess.Popen[str]) -> str:
    for line in process.stdout:
        if line.startswith("DSN: "):
            return line.removeprefix("DSN: ").strip()
    raise AssertionError(process.stderr.read())


def post_event(dsn: str, **event: object) -> None:
    scheme_and_key, _, rest = dsn.partition("@")
    key = scheme_and_key.rpartition("/")[2]
    address = rest.rpartition("/")[0]
    request = urllib.request.Request(
        f"http://{address}/api/1/store/?sentry_key={key}", json.dumps(event).encode(), method="POST"
    )
    with urllib.request.urlopen(request, timeout=10) as response:
        assert response.status == 200


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "terminated"])
def test_the_inbox_prints_its_dsn_then_events_and_leaves_cleanly(ending):
    with running("inbox", "--port", "0") as process:
        post_event(dsn_of(process), message="hello \x1b[31m", level="warning")
        assert "WARNING  hello \\x1b[31m" in process.stdout.readline()
        process.send_signal(ending)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (0, "", "")


def test_the_inbox_stops_at_once_even_with_a_client_connected():
    with running("inbox", "--port", "0") as process:
        port = int(dsn_of(process).rpartition(":")[2].partition("/")[0])
        urllib.request.urlopen(f"http://127.0.0.1:{port}/api/events", timeout=10).close()  # it serves by now
        with socket.create_connection(("127.0.0.1", port)) as idle:
            idle.sendall(
                b"POST /api/1/envelope/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{}\n"
            )
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == 0


def test_the_inbox_keeps_events_in_a_file_when_given_one(tmp_path):
    path = tmp_path / "inbox.db"
    for expected in (1, 2):
        with running("inbox", "--port", "0", "--db", str(path)) as process:
            dsn = dsn_of(process)
            post_event(dsn, message="kept")
            base = "http://" + dsn.partition("@")[2].rpartition("/")[0]
            with urllib.request.urlopen(f"{base}/api/events", timeout=10) as response:
                assert len(json.load(response)["events"]) == expected
            process.send_signal(signal.SIGINT)
            process.wait(20)


def test_the_dsn_names_the_key_that_the_inbox_was_given():
    with running("inbox", "--port", "0", "--key", "abc_1") as process:
        assert dsn_of(process).startswith("http://abc_1@127.0.0.1:")


def test_an_inbox_open_to_the_network_warns():
    with running("inbox", "--port", "0", "--host", "0.0.0.0") as process:
        assert "@127.0.0.1:" in dsn_of(process)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
    assert err.startswith("warning: 0.0.0.0 is no loopback address")


def test_an_inbox_whose_reader_goes_away_goes_on_receiving():
    with running("inbox", "--port", "0") as process:
        dsn = dsn_of(process)
        process.stdout.close()
        for _ in range(3):
            post_event(dsn, message="unheard")
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
        assert process.stderr.read() == ""
        process.stdout = None


def test_a_terminal_that_cannot_show_a_letter_gets_its_escape():
    environ = {**os.environ, "PYTHONIOENCODING": "ascii"}
    with running("inbox", "--port", "0", env=environ) as process:
        post_event(dsn_of(process), message="größe")
        assert "gr\\xf6\\xdfe" in process.stdout.readline()


def test_a_port_in_use_is_said_to_be(capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["inbox", "--port", str(port)]) == 2
    assert f"cannot listen on 127.0.0.1 port {port}" in capsys.readouterr().err


def test_a_database_that_is_none_is_said_to_be(tmp_path, capsys):
    path = tmp_path / "text"
    path.write_text("no database " * 100)
    assert main(["inbox", "--port", "0", "--db", str(path)]) == 2
    assert "cannot use the database" in capsys.readouterr().err


@pytest.mark.parametrize("package", ["starlette", "uvicorn", "anyio"])
def test_a_missing_extra_is_named_with_the_command_that_installs_it(package):
    hidden = f"import sys; sys.modules[{package!r}] = None"
    script = f"{hidden}\nfrom sentry_like.cli import main\nsys.exit(main(['inbox']))"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=30)
    assert result.returncode == 2
    assert "pip install 'sentry-like[inbox]'" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nonsense"],
        ["inbox", "--port", "70000"],
        ["inbox", "--port", "x"],
        ["inbox", "--key", "a b"],
        ["inbox", "--max-events", "0"],
    ],
    ids=" ".join,
)
def test_wrong_arguments_end_with_code_2(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage: sentry-like" in capsys.readouterr().err


def test_version_is_printed(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"sentry-like {VERSION}\n"


def test_options_prints_the_page_of_options(capsys):
    assert main(["options"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("# Options\n")
    assert "| `dsn` |" in out


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sentry_like", *arguments], capture_output=True, text=True, timeout=60
    )


def test_a_test_is_sent_to_an_inbox_and_said_to_have_arrived():
    with running("inbox", "--port", "0") as process:
        dsn = dsn_of(process)
        result = run("send-test", "--dsn", dsn)
        base = "http://" + dsn.partition("@")[2].rpartition("/")[0]
        with urllib.request.urlopen(f"{base}/api/events", timeout=10) as response:
            arrived = {
                event["title"].partition(";")[0]: event["event_id"] for event in json.load(response)["events"]
            }
    assert (result.returncode, result.stderr) == (0, "")
    assert "error: 2 captured, 2 sent, 0 waiting" in result.stdout
    assert list(arrived) == ["SendTest: a test exception", "A test message from sentry-like"]
    assert all(event_id in result.stdout for event_id in arrived.values())


def test_a_test_that_reaches_nobody_is_said_to_be_lost():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound, not listening: connections are refused
        port = unused.getsockname()[1]
        result = run("send-test", "--timeout", "5", "--dsn", f"http://key@127.0.0.1:{port}/1")
    assert result.returncode == 1
    assert "lost 2: network_error" in result.stdout
