"""Each program that is started through `subprocess` leaves one breadcrumb, which learns how it ended."""

from __future__ import annotations

import asyncio
import gc
import json
import pathlib
import signal
import subprocess
import sys
import weakref

import pytest

from sentry_like.integrations.stdlib import StdlibIntegration
from sentry_like.integrations.stdlib.processes import ProcessCrumb


def python(code):
    return [sys.executable, "-c", code]


def test_program_is_one_breadcrumb(noting, crumbs, tmp_path):
    result = subprocess.run(["sh", "-c", "echo $$"], cwd=tmp_path, capture_output=True, check=True)

    (crumb,) = crumbs()

    assert 0 < crumb["data"].pop("duration") < 10
    assert crumb["data"] == {"pid": int(result.stdout), "cwd": str(tmp_path), "returncode": 0}
    assert crumb["message"] == "sh -c 'echo $$'"
    assert (crumb["type"], crumb["category"], crumb["level"]) == ("subprocess", "subprocess", "info")


def by_call():
    subprocess.call(["sh", "-c", "exit 3"])


def by_run():
    subprocess.run(["sh", "-c", "exit 3"], check=False)


def by_wait():
    process = subprocess.Popen(["sh", "-c", "exit 3"])
    process.wait()
    process.wait()


def by_communicate():
    subprocess.Popen(["sh", "-c", "exit 3"], stdout=subprocess.PIPE, stderr=subprocess.PIPE).communicate()


def by_block():
    with subprocess.Popen(["sh", "-c", "exit 3"], stdout=subprocess.PIPE):
        pass


def by_poll():
    process = subprocess.Popen(["sh", "-c", "exit 3"])
    while process.poll() is None:
        pass


def by_check_output():
    with pytest.raises(subprocess.CalledProcessError):
        subprocess.check_output(["sh", "-c", "exit 3"])


WAYS = [by_call, by_run, by_wait, by_communicate, by_block, by_poll, by_check_output]


@pytest.mark.parametrize("run", WAYS)
def test_failure_is_a_warning_whoever_learns_of_it(noting, crumbs, run):
    run()

    (crumb,) = crumbs()

    assert (crumb["level"], crumb["data"]["returncode"]) == ("warning", 3)


def test_signal_that_ended_it_is_its_return_code(noting, crumbs):
    process = subprocess.Popen(["sleep", "30"])
    process.send_signal(signal.SIGTERM)
    process.wait()

    (crumb,) = crumbs()

    assert crumb["data"]["returncode"] == -signal.SIGTERM


def test_program_that_does_not_exist_is_an_error(noting, crumbs, tmp_path):
    missing = str(tmp_path / "nothing")
    with pytest.raises(FileNotFoundError) as raised:
        subprocess.run([missing, "--token", "hunter2"], check=False)

    (crumb,) = crumbs()

    assert crumb["message"] == f"{missing} --token [Filtered]"
    assert crumb["level"] == "error"
    assert crumb["data"] == {"reason": f"FileNotFoundError: {raised.value}"}


def test_program_that_still_runs_is_known_and_completed_later(noting, crumbs):
    process = subprocess.Popen(["sleep", "0.2"])
    (before,) = crumbs()
    assert process.poll() is None
    process.wait()
    (after,) = crumbs()

    assert before["data"] == {"pid": process.pid}
    assert after["data"].pop("duration") >= 0.1
    assert after["data"] == {"pid": process.pid, "returncode": 0}


def test_event_that_was_made_does_not_change_afterwards(noting):
    note = ProcessCrumb(["sleep"], None)
    sent = note.finish(lambda fields: fields)
    before = json.dumps(sent)
    note.ended(3)

    assert json.dumps(sent) == before
    assert note.fields["data"]["returncode"] == 3


LINES = {
    "argument after an option": (["true", "--password", "hunter2"], "true --password [Filtered]"),
    "argument with =": (["true", "--api-key=hunter2"], "true --api-key=[Filtered]"),
    "credentials in a URL": (["true", "https://bob:hunter2@h/"], "true https://[Filtered]@h/"),
    "shell": ("true --password hunter2", "true --password [Filtered]"),
    "shell with assignment": ("PGPASSWORD=hunter2 true", "PGPASSWORD=[Filtered] true"),
    "bytes": ([b"true", b"--token", b"hunter2"], "true --token [Filtered]"),
    "path": ([pathlib.PurePath("true"), "a"], "true a"),
    "tuple": (("true", "a b", ""), "true 'a b' ''"),
    "program alone": ("true", "true"),
}


@pytest.mark.parametrize(("given", "expected"), LINES.values(), ids=LINES)
def test_command_line_is_shown_without_secrets(noting, crumbs, given, expected):
    subprocess.run(given, shell=isinstance(given, str), check=True)

    (crumb,) = crumbs()

    assert crumb["message"] == expected


def test_list_that_is_changed_afterwards_is_shown_as_it_was(noting, crumbs):
    command = ["true", "a"]
    subprocess.run(command, check=True)
    command[1] = "b"

    (crumb,) = crumbs()

    assert crumb["message"] == "true a"


def test_long_command_lines_are_cut(noting, crumbs):
    subprocess.run(["true", "x" * 50_000] + ["y"] * 10_000, check=True)

    (crumb,) = crumbs()

    assert len(crumb["message"]) < 2100


def test_arguments_that_are_only_there_once_are_left_to_subprocess(noting, crumbs):
    subprocess.run((word for word in ("true", "a")), check=True)

    (crumb,) = crumbs()

    assert crumb["message"] == "<generator>"


def test_misuse_fails_as_without_us(noting):
    with pytest.raises(TypeError, match="expected str, bytes or os"):
        subprocess.Popen([object()])
    with pytest.raises(TypeError, match="missing 1 required positional argument"):
        subprocess.Popen()


def test_environment_of_the_child_is_untouched(noting):
    result = subprocess.run(
        ["/usr/bin/env"], env={"ONLY": "this"}, capture_output=True, text=True, check=True
    )

    assert result.stdout == "ONLY=this\n"


def test_popen_is_as_without_us(noting):
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert type(process) is subprocess.Popen
        assert process.args == ["cat"]
        assert process.communicate(b"hi") == (b"hi", None)
    assert not [name for name in vars(process) if "sentry" in name]


def test_breadcrumb_keeps_no_process_alive(noting, crumbs):
    process = subprocess.Popen(["true"])
    process.wait()
    gone = weakref.ref(process)
    del process
    gc.collect()

    assert gone() is None
    assert len(crumbs()) == 1


def test_hint_is_the_process(init):
    hints = []
    init(integrations=[StdlibIntegration()], before_breadcrumb=lambda crumb, hint: hints.append(hint))
    process = subprocess.Popen(["true"])
    process.wait()

    assert [hint["subprocess"] for hint in hints] == [process]


def test_program_of_asyncio_is_one_breadcrumb(noting, crumbs):
    async def run():
        process = await asyncio.create_subprocess_exec("sh", "-c", "exit 4")
        await process.wait()
        return crumbs()

    (crumb,) = asyncio.run(run())

    assert (crumb["message"], crumb["level"]) == ("sh -c 'exit 4'", "warning")
    assert crumb["data"]["returncode"] == 4
    assert crumb["data"]["duration"] > 0


IGNORED = {
    "name": "true",
    "pattern of the name": "tr*",
    "path": "/bin/*",
    "command line": "*/true --verbose*",
}


@pytest.mark.parametrize("pattern", IGNORED.values(), ids=IGNORED)
def test_ignored_program_leaves_no_breadcrumb(init, crumbs, pattern):
    init(integrations=[StdlibIntegration(ignore=[pattern])])
    subprocess.run(["/bin/true", "--verbose", "a"], check=True)
    subprocess.run("/bin/true --verbose a", shell=True, check=True)

    assert crumbs() == []


def test_pattern_for_another_program_ignores_nothing(init, crumbs):
    init(integrations=[StdlibIntegration(ignore=["false", "http*"])])
    subprocess.run(["true"], check=True)

    assert len(crumbs()) == 1


def test_programs_can_be_switched_off(init, crumbs):
    init(integrations=[StdlibIntegration(subprocess=False)])
    subprocess.run(["true"], check=True)

    assert crumbs() == []


def test_uninstall_gives_the_original_back(init):
    originals = vars(subprocess.Popen).copy()
    client = init(integrations=[StdlibIntegration()])
    assert subprocess.Popen.wait is not originals["wait"]
    client.close(0, uninstall=True)

    assert vars(subprocess.Popen) == originals
