"""A process that a fatal signal ended is reported by the next one: real processes, which really die."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from test_crashlog import BROKEN, FOREIGN_THREAD, PYTHON_3_10, PYTHON_3_11, PYTHON_3_13, PYTHON_3_14, WHOLE

from sentry_like.hub import Hub
from sentry_like.integrations.base import DidNotEnable
from sentry_like.integrations.faulthandler import FaulthandlerIntegration
from sentry_like.integrations.faulthandler.event import Crash
from sentry_like.integrations.faulthandler.files import OwnFile, private_directory
from sentry_like.integrations.faulthandler.log import parse
from sentry_like.integrations.faulthandler.note import head_of, parts_of, project_of
from sentry_like.protocol.jsontext import encode
from sentry_like.scope import Scope

PRELUDE = """
import ctypes, faulthandler, os, resource, shutil, signal, sys, threading, time
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
import sentry_like
from sentry_like.hub import Hub
from sentry_like.integrations.faulthandler import FaulthandlerIntegration
DSN, DIRECTORY = sys.argv[1:3]
def start(dsn=DSN, **options):
    options.setdefault("integrations", [FaulthandlerIntegration(DIRECTORY)])
    options.setdefault("release", "app@1.0")
    sentry_like.init(dsn, **options)
def logs():
    return [name for name in os.listdir(DIRECTORY) if not name.startswith(f"{os.getpid()}-")]
def until(condition):
    deadline = time.monotonic() + 15
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
def child(work):
    pid = os.fork()
    if pid == 0:
        try:
            work()
        finally:
            os._exit(0)
    return pid
def segfault():
    ctypes.string_at(0)
"""
DIE = """
start()
segfault()
"""
NEXT = """
start(release="app@2.0")
until(lambda: not logs())
"""


class Stage:
    """Runs programs that share a directory for their logs and a server."""

    def __init__(self, path, relay):
        self._path = path
        self._programs = 0
        self.relay = relay
        self.directory = str(path / "logs")

    def open(self, program, *flags, dsn=None, **environ):
        """Start a program, from a file of its own."""
        self._programs += 1
        script = self._path / f"program{self._programs}.py"
        script.write_text(PRELUDE + program)
        command = [sys.executable, *flags, str(script), dsn or self.relay.dsn, self.directory]
        environ = {**os.environ, **environ}
        pipe = subprocess.PIPE
        return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=environ)

    def run(self, program, *flags, **settings):
        process = self.open(program, *flags, **settings)
        process.out, process.err = process.communicate(timeout=60)
        return process

    def logs(self):
        return sorted(os.listdir(self.directory)) if os.path.isdir(self.directory) else []

    def write_log(self, text, name="1-1.crash", project=None, age=0.0, **about):
        """A log as a dead process leaves it."""
        os.makedirs(self.directory, 0o700, exist_ok=True)
        about = {"project": project or self.project(), "started": time.time() - 60, **about}
        path = os.path.join(self.directory, name)
        with open(path, "w") as file:
            file.write(json.dumps(about) + "\n" + text)
        os.utime(path, (time.time() - age,) * 2)

    def project(self):
        from sentry_like.protocol.dsn import Dsn

        class Client:
            dsn = Dsn.parse(self.relay.dsn)

        return project_of(Client)

    @property
    def events(self):
        return self.relay.events

    @property
    def types(self):
        return [event["exception"]["values"][0]["type"] for event in self.events]


@pytest.fixture
def stage(tmp_path, relay, sentry_accepts):
    made = Stage(tmp_path, relay)
    yield made
    for event in made.events:
        sentry_accepts(event)


def exception(event):
    (value,) = event["exception"]["values"]
    return value


def functions(stack):
    return [frame.get("function") for frame in stack["stacktrace"]["frames"]]


# -- one death


DEATHS = {
    "null pointer": ("segfault()", "SIGSEGV", "Segmentation fault"),
    "the interpreter's own": ("faulthandler._sigsegv()", "SIGSEGV", "Segmentation fault"),
    "stack overflow": ("faulthandler._stack_overflow()", "SIGSEGV", "Segmentation fault"),
    "abort": ("os.abort()", "SIGABRT", "Aborted"),
    "bus error": ("os.kill(os.getpid(), signal.SIGBUS)", "SIGBUS", "Bus error"),
    "illegal instruction": ("os.kill(os.getpid(), signal.SIGILL)", "SIGILL", "Illegal instruction"),
    "arithmetic": ("os.kill(os.getpid(), signal.SIGFPE)", "SIGFPE", "Floating"),
}


@pytest.mark.parametrize(("death", "name", "text"), DEATHS.values(), ids=DEATHS)
def test_death_is_reported_by_the_next_start(death, name, text, stage):
    number = getattr(signal, name)
    assert stage.run(f"start()\n{death}").returncode == -number
    assert stage.events == []
    stage.run(NEXT)
    (event,) = stage.events
    value = exception(event)
    assert (event["level"], value["type"]) == ("fatal", name)
    assert value["value"].startswith(text)
    assert value["mechanism"] == {
        "type": "signalhandler",
        "handled": False,
        "meta": {"signal": {"number": number, "name": name}},
    }
    assert stage.logs() == []


def test_death_is_reported_once(stage):
    stage.run(DIE)
    stage.run(NEXT)
    stage.run(NEXT)
    assert stage.types == ["SIGSEGV"]


def test_stack_is_shown_with_its_source(stage):
    stage.run("def outer():\n    segfault()  # here\nstart()\nouter()")
    stage.run("start()\nuntil(lambda: not logs())")
    frames = exception(stage.events[0])["stacktrace"]["frames"]
    assert [frame["function"] for frame in frames] == ["<module>", "outer", "segfault", "string_at"]
    assert frames[1]["context_line"] == "    segfault()  # here"
    assert frames[1]["module"] == "__main__"


def test_stacks_of_all_threads_are_shown(stage):
    stage.run("""
def idle(): time.sleep(60)
def dying():
    time.sleep(0.1)
    segfault()
start()
threading.Thread(target=idle, daemon=True).start()
thread = threading.Thread(target=dying)
thread.start()
def main(): thread.join()
main()
""")
    stage.run(NEXT)
    (event,) = stage.events
    value = exception(event)
    threads = event["threads"]["values"]
    (crashed,) = [thread for thread in threads if thread["crashed"]]
    assert crashed == {"id": value["thread_id"], "crashed": True, "current": True}
    assert functions(value)[-3:] == ["dying", "segfault", "string_at"]
    others = {functions(thread)[-1]: thread for thread in threads if not thread["crashed"]}
    assert "idle" in others
    (main,) = [thread for name, thread in others.items() if thread.get("main")]
    assert "main" in functions(main)


def test_event_is_about_the_process_that_died(stage):
    before = time.time()
    stage.run('start(release="old@1", environment="blue", server_name="a", dist="7")\nsegfault()')
    after = time.time()
    stage.run("""
sentry_like.set_tag("of", "the sender")
sentry_like.set_user({"id": "sender"})
start(release="new@2", environment="green", server_name="b", dist="8")
sentry_like.add_breadcrumb(message="of the sender")
until(lambda: not logs())
""")
    (event,) = stage.events
    own = {name: event[name] for name in ("release", "environment", "server_name", "dist")}
    assert own == {"release": "old@1", "environment": "blue", "server_name": "a", "dist": "7"}
    assert {"tags", "user", "breadcrumbs"}.isdisjoint(event)
    assert event["extra"]["sys.argv"][0].endswith("program1.py")
    assert event["contexts"]["runtime"]["version"] == ".".join(map(str, sys.version_info[:3]))
    from sentry_like.protocol.time import parse_timestamp

    assert before - 1 <= parse_timestamp(event["timestamp"]) <= after + 1


def test_hooks_see_the_event_and_the_log(stage):
    stage.run(DIE)
    process = stage.run("""
def drop(event, hint):
    print(event["exception"]["values"][0]["type"], "string_at" in hint["crash_log"])
start(before_send=drop)
until(lambda: not logs())
""")
    assert process.out == "SIGSEGV True\n"
    assert (stage.events, stage.logs()) == ([], [])


# -- the files


def test_orderly_exit_leaves_nothing(stage):
    process = stage.run("start()\nprint(len(os.listdir(DIRECTORY)), logs())")
    assert (process.out, process.err, stage.logs()) == ("1 []\n", "", [])


def test_files_are_private(stage):
    process = stage.run("""
start()
(name,) = os.listdir(DIRECTORY)
print(*(oct(os.stat(path).st_mode & 0o777) for path in (DIRECTORY, os.path.join(DIRECTORY, name))))
""")
    assert process.out == "0o700 0o600\n"


def test_log_of_a_living_process_is_left_alone(stage):
    living = stage.open('start()\nprint("up", flush=True)\nsys.stdin.read()')
    assert living.stdout.readline() == "up\n"
    stage.run("start()\ntime.sleep(0.3)")
    assert len(stage.logs()) == 1
    living.communicate()
    assert stage.logs() == []


def test_log_of_a_process_that_was_killed_is_deleted_unsent(stage):
    stage.run("start()\nos.kill(os.getpid(), signal.SIGKILL)")
    assert len(stage.logs()) == 1
    stage.run(NEXT)
    assert (stage.logs(), stage.events) == ([], [])


def test_log_of_another_project_is_left_to_it(stage):
    stage.write_log(PYTHON_3_13, project="00000000")
    stage.run("start()\ntime.sleep(0.3)")
    assert (stage.logs(), stage.events) == (["1-1.crash"], [])


def test_key_of_the_project_may_change_meanwhile(stage):
    stage.run(DIE)
    stage.run(NEXT, dsn=stage.relay.dsn.replace("://0", "://1"))
    assert stage.types == ["SIGSEGV"]


def test_log_stays_until_the_server_has_it(stage):
    stage.run(DIE)
    stage.relay.always(429, {"Retry-After": "1"})
    stage.run("start()\ntime.sleep(0.5)")
    assert len(stage.logs()) == 1
    stage.relay.always(200)
    stage.run(NEXT)
    assert stage.logs() == []
    assert len({event["event_id"] for event in stage.events}) == 1


def test_program_that_ends_at_once_reports_once(stage):
    stage.run(DIE)
    for _ in range(5):
        stage.run("start()")
    assert stage.logs() == []
    assert len({event["event_id"] for event in stage.events}) == 1


def test_one_start_sends_a_bounded_number_of_logs_the_latest(stage):
    for number in range(25):
        stage.write_log(PYTHON_3_13, name=f"{number}-1.crash", release=f"app@{number}", age=number)
    process = stage.run(NEXT)
    assert "5 crash logs were deleted unsent" in process.err
    assert sorted(event["release"] for event in stage.events) == sorted(f"app@{n}" for n in range(20))
    assert stage.logs() == []


def test_log_that_a_server_would_refuse_for_its_age_is_deleted(stage):
    stage.write_log(PYTHON_3_13, age=31 * 86400)
    stage.run(NEXT)
    assert (stage.logs(), stage.events) == ([], [])


def test_time_of_death_is_not_in_the_future(stage):
    stage.write_log(PYTHON_3_13, age=-86400)
    stage.run(NEXT)
    assert len(stage.events) == 1


@pytest.mark.parametrize("text", ["", "gibberish", "[1]\nFatal Python error: Aborted\n", "{\n"])
def test_file_of_another_make_is_deleted(text, stage):
    stage.write_log("")
    with open(os.path.join(stage.directory, "1-1.crash"), "w") as file:
        file.write(text)
    stage.run(NEXT)
    assert (stage.logs(), stage.events) == ([], [])


def test_links_and_what_is_no_file_are_not_touched(stage, tmp_path):
    stage.write_log(PYTHON_3_13, name="elsewhere")
    os.symlink(os.path.join(stage.directory, "elsewhere"), os.path.join(stage.directory, "a.crash"))
    os.mkfifo(os.path.join(stage.directory, "b.crash"))
    os.mkdir(os.path.join(stage.directory, "c.crash"))
    stage.run("start()\ntime.sleep(0.3)")
    assert (stage.logs(), stage.events) == (["a.crash", "b.crash", "c.crash", "elsewhere"], [])


def test_processes_that_start_at_once_send_each_log_once(stage):
    for number in range(6):
        stage.write_log(PYTHON_3_13, name=f"{number}-1.crash", release=f"app@{number}")
    gone = "start()\nuntil(lambda: not [name for name in logs() if name.endswith('-1.crash')])"
    processes = [stage.open(gone) for _ in range(5)]
    for process in processes:
        assert process.communicate(timeout=60)[1] == ""
    assert sorted(event["release"] for event in stage.events) == [f"app@{n}" for n in range(6)]
    assert stage.logs() == []


# -- forks


def test_child_and_parent_that_died_on_one_log_are_two_events(stage):
    stage.run("start()\nos.waitpid(child(segfault), 0)\nos.abort()")
    stage.run(NEXT)
    assert stage.types == ["SIGSEGV", "SIGABRT"]


def test_child_that_exits_leaves_its_parents_log(stage):
    stage.run("""
start()
if os.fork() == 0:
    sys.exit()
os.wait()
segfault()
""")
    stage.run(NEXT)
    assert stage.types == ["SIGSEGV"]


def test_server_reports_a_child_that_died_when_it_forks_the_next(stage):
    process = stage.run(
        """
start()
(name,) = os.listdir(DIRECTORY)
path = os.path.join(DIRECTORY, name)
size = os.path.getsize(path)
for _ in range(2):
    os.waitpid(child(segfault), 0)
    print(os.path.getsize(path) > size)
    os.waitpid(child(lambda: None), 0)
    until(lambda: os.path.getsize(path) == size)
""",
        "-W",
        "ignore::DeprecationWarning",  # of a fork beside threads, from 3.12 on
    )
    assert (process.returncode, process.out, process.err) == (0, "True\nTrue\n", "")
    assert stage.types == ["SIGSEGV", "SIGSEGV"]
    assert len({event["event_id"] for event in stage.events}) == 2
    assert stage.logs() == []


def test_child_that_died_last_is_reported_by_the_next_start(stage):
    stage.run("""
start()
read, write = os.pipe()
def work():
    os.read(read, 1)  # else it may be dead before the parent is back from the fork, and looks for it
    segfault()
pid = child(work)
os.write(write, b"x")
os.waitpid(pid, 0)
""")
    assert len(stage.logs()) == 1
    stage.run(NEXT)
    assert stage.types == ["SIGSEGV"]


def test_child_with_an_init_of_its_own_has_a_log_of_its_own(stage):
    living = stage.open("""
start()
def work():
    start(release="child@1")
    segfault()
os.waitpid(child(work), 0)
print("up", flush=True)
sys.stdin.read()
""")
    assert living.stdout.readline() == "up\n"
    stage.run("start()\nuntil(lambda: len(logs()) == 1)")
    assert [event["release"] for event in stage.events] == ["child@1"]
    living.communicate()
    assert stage.logs() == []


# -- what may go wrong


def test_log_cut_by_a_full_disk_is_an_event_with_its_text(stage):
    stage.run("""
start()
(name,) = os.listdir(DIRECTORY)
size = os.path.getsize(os.path.join(DIRECTORY, name)) + 60
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
segfault()
""")
    stage.run(NEXT)
    (event,) = stage.events
    assert exception(event)["type"] == "SIGSEGV"
    assert event["extra"]["crash_log"].startswith("Fatal Python error: Segmentation fault\n")


def test_full_disk_at_the_start_costs_only_the_log(stage):
    process = stage.run("""
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))
start()
print(faulthandler.is_enabled(), os.listdir(DIRECTORY))
sentry_like.capture_message("goes on")
""")
    assert (process.returncode, process.out) == (0, "False []\n")
    assert process.err.count("a crash of this process will not be seen") == 1
    assert [event["message"] for event in stage.events] == ["goes on"]


def test_directory_may_vanish_while_the_process_runs(stage):
    process = stage.run("start()\nshutil.rmtree(DIRECTORY)")
    assert (process.returncode, process.err) == (0, "")
    assert stage.run("start()\nshutil.rmtree(DIRECTORY)\nsegfault()").returncode == -signal.SIGSEGV


def test_descriptors_that_were_closed_are_survived(stage):
    process = stage.run("start()\nos.closerange(3, 100)\nos.waitpid(child(lambda: None), 0)")
    assert process.returncode == 0


def test_unusable_directory_is_told_and_init_goes_on(stage):
    process = stage.run("""
start(integrations=[FaulthandlerIntegration("/dev/null/logs")])
print(Hub.main.client.get_integration("faulthandler"))
""")
    assert process.out == "None\n"
    assert "there is no directory for crash logs: /dev/null/logs cannot be used" in process.err


def test_default_directory_is_in_the_cache_of_the_user(stage, tmp_path):
    own = "start(integrations=[FaulthandlerIntegration()])\n"
    cache = str(tmp_path / "cache")
    process = stage.run(f"{own}print(*os.listdir({cache!r} + '/sentry_like/crashes'))", XDG_CACHE_HOME=cache)
    assert process.out.endswith(".crash\n")
    stage.run(f"{own}segfault()", XDG_CACHE_HOME=cache)
    stage.run(
        f"{own}until(lambda: len(os.listdir({cache!r} + '/sentry_like/crashes')) == 1)", XDG_CACHE_HOME=cache
    )
    assert stage.types == ["SIGSEGV"]


# -- the fault handler is given back


def test_uninstalled_it_leaves_the_fault_handler_off(stage):
    process = stage.run(
        "start()\nHub.main.client.close(uninstall=True)\nprint(faulthandler.is_enabled())\nsegfault()"
    )
    assert (process.out, process.err, stage.logs()) == ("False\n", "", [])


def test_uninstalled_it_gives_the_fault_handler_back_to_stderr(stage):
    process = stage.run("start()\nHub.main.client.close(uninstall=True)\nsegfault()", "-X", "faulthandler")
    assert process.err.startswith("Fatal Python error: Segmentation fault")
    assert stage.logs() == []


def test_it_takes_over_from_the_application(stage):
    process = stage.run(DIE, "-X", "faulthandler")
    assert process.err == ""
    stage.run(NEXT)
    assert stage.types == ["SIGSEGV"]


def test_second_init_arms_for_the_second_client(stage):
    stage.run('start(release="first@1")\nstart(release="second@1")\nprint(logs())\nsegfault()')
    assert len(stage.logs()) == 1
    stage.run(NEXT)
    assert [event["release"] for event in stage.events] == ["second@1"]


# -- where it cannot work


def test_platform_without_locks_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "fcntl", None)
    with pytest.raises(DidNotEnable, match="no file locks"):
        FaulthandlerIntegration().setup_once()


def test_directory_that_is_a_link_is_refused(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(DidNotEnable, match="is a link"):
        private_directory(str(tmp_path / "link"), {})


def test_directory_of_somebody_else_is_refused(tmp_path):
    path = "/"
    if os.geteuid() == 0:
        path = str(tmp_path)
        os.chown(path, 12345, -1)
    with pytest.raises(DidNotEnable, match="belongs to somebody else"):
        private_directory(path, {})


def test_unusable_cache_gives_way_to_the_temporary_directory(tmp_path):
    environ = {"XDG_CACHE_HOME": "/dev/null", "TMPDIR": str(tmp_path)}
    path = private_directory(None, environ)
    assert path == str(tmp_path / f"sentry_like-crashes-{os.geteuid()}")
    assert os.stat(path).st_mode & 0o777 == 0o700


def test_relative_cache_is_not_followed(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    path = private_directory(None, {"XDG_CACHE_HOME": "relative"})
    assert path == str(tmp_path / ".cache/sentry_like/crashes")


def test_own_directory_that_is_open_to_others_is_closed(tmp_path):
    path = private_directory(None, {"XDG_CACHE_HOME": str(tmp_path)})
    os.chmod(path, 0o777)
    private_directory(None, {"XDG_CACHE_HOME": str(tmp_path)})
    assert os.stat(path).st_mode & 0o777 == 0o700


def test_file_taken_away_before_it_is_locked_is_made_again(tmp_path, monkeypatch):
    import fcntl

    lock, taken = fcntl.flock, []

    def steal_first(fd, how):
        if not taken:
            taken.extend(os.listdir(tmp_path))
            os.unlink(tmp_path / taken[0])
        lock(fd, how)

    monkeypatch.setattr(fcntl, "flock", steal_first)
    own = OwnFile.create(str(tmp_path), b"{}\n")
    assert os.listdir(tmp_path) == [os.path.basename(own.path)] != taken
    own.close()
    assert os.listdir(tmp_path) == []


def test_file_system_without_locks_leaves_no_file(tmp_path, monkeypatch):
    import fcntl

    def refuse(fd, how):
        raise OSError("no locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(OSError, match="no locks available"):
        OwnFile.create(str(tmp_path), b"{}\n")
    assert os.listdir(tmp_path) == []


# -- the event


@pytest.fixture
def send(init, events):
    """`send(log, **about)`: the event of a log's first dump."""

    def make(log, at=None, **about):
        client = Hub.main.client or init(release="app@1")
        crash = Crash(parse(log)[0], about, at or time.time())
        client.capture_built(lambda cleaning: crash.event(client.options, cleaning, "a" * 32), {}, Scope())
        return events[-1]

    return make


LOGS = {**WHOLE, **{f"broken: {name}": log for name, log in BROKEN.items()}}


@pytest.mark.parametrize("log", LOGS.values(), ids=LOGS)
def test_server_takes_the_event_of_every_log(log, send):
    event = send(
        log, release="app@1", started=time.time() - 9, version="3.9.1", implementation="pypy", main=1
    )
    assert event["event_id"] == "a" * 32
    assert ("crash_log" in event["extra"]) == (log not in WHOLE.values())


def test_native_frames_follow_the_python_ones(send):
    value = exception(send(PYTHON_3_14))
    assert functions(value)[:2] == ["<module>", "string_at"]
    assert functions(value)[-1] == "_Py_DumpStack"


def test_extension_modules_and_collection_are_told(send):
    assert send(PYTHON_3_11)["extra"]["extension_modules"] == "zstandard.backend_c (total: 1)"
    assert send(PYTHON_3_10)["extra"]["garbage_collecting"] is True


def test_thread_that_is_none_of_pythons_has_no_stack(send):
    event = send(FOREIGN_THREAD)
    assert "stacktrace" not in exception(event)
    first, second = event["threads"]["values"]
    assert "stacktrace" not in first
    assert functions(second) == ["crash"]


def test_unreadable_log_is_shown_by_its_first_line(send):
    event = send("gibberish\nmore\n")
    value = exception(event)
    assert (value["type"], value["value"]) == ("FatalPythonError", "gibberish")
    assert value["mechanism"] == {"type": "signalhandler", "handled": False}
    assert event["extra"]["crash_log"] == "gibberish\nmore"


def test_secrets_in_an_unreadable_log_are_replaced(send):
    assert "hunter2" not in str(send("postgres://bob:hunter2@db/x\n"))


@pytest.fixture
def module(tmp_path, monkeypatch):
    """A module's file of three lines, written before the process began."""
    (tmp_path / "package").mkdir()
    path = tmp_path / "package" / "module.py"
    path.write_text("import os\npassword = 'hunter2'; os.abort()\n# end\n")
    os.utime(path, (time.time() - 3600,) * 2)
    monkeypatch.syspath_prepend(str(tmp_path))
    return str(path)


def frame_of(send, path, **about):
    stack = f'Current thread 0x1 (most recent call first):\n  File "{path}", line 2 in f\n'
    about = {"release": "app@1", "version": ".".join(map(str, sys.version_info[:3])), **about}
    log = f"Fatal Python error: Aborted\n\n{stack}"
    return exception(send(log, started=time.time() - 60, **about))["stacktrace"]["frames"][0]


def test_frame_has_its_module_and_source_without_secrets(send, module):
    frame = frame_of(send, module)
    assert (frame["module"], frame["filename"], frame["abs_path"]) == (
        "package.module",
        "package/module.py",
        module,
    )
    assert (frame["lineno"], frame["function"]) == (2, "f")
    assert frame["pre_context"] == ["import os"]
    assert "os.abort()" in frame["context_line"]
    assert "hunter2" not in frame["context_line"]


def test_source_that_changed_since_is_not_shown(send, module):
    os.utime(module)
    assert "context_line" not in frame_of(send, module)


@pytest.mark.parametrize("about", [{"release": "app@0"}, {"version": "2.7"}], ids=["release", "interpreter"])
def test_source_and_packages_of_another_build_are_not_shown(about, init, send, module, events):
    init(release="app@1", default_integrations=True)
    assert "context_line" not in frame_of(send, module, **about)
    assert not events[-1].get("modules")


def test_source_is_not_shown_where_options_forbid_it(init, send, module):
    init(release="app@1", include_source_context=False)
    assert "context_line" not in frame_of(send, module)


def test_script_is_the_main_module(send, module):
    assert frame_of(send, module, program=module)["module"] == "__main__"


def test_in_app_is_judged_as_for_other_frames(init, send, module):
    init(release="app@1", in_app_exclude=["package"])
    assert frame_of(send, module)["in_app"] is False


@pytest.mark.parametrize(
    "path", ["<string>", "<frozen importlib._bootstrap>", "relative.py", "/nowhere/x.py"]
)
def test_file_that_is_not_there_is_named(path, send):
    frame = frame_of(send, path)
    assert frame["abs_path"] == path
    assert "context_line" not in frame


def test_event_of_many_threads_is_bounded(init, send):
    init(release="app@1", max_event_bytes=100_000)
    frame = f'  File "/{"long" * 20}/x.py", line 1 in function\n'
    threads = "".join(f"Thread 0x{n:x} (most recent call first):\n{frame * 100}" for n in range(2, 102))
    log = (
        f"Fatal Python error: Aborted\n\nCurrent thread 0x1 (most recent call first):\n{frame * 100}{threads}"
    )
    event = send(log)
    assert len(event["threads"]["values"]) == 100
    assert len(functions(exception(event))) == 100
    assert len(encode(event)) < 150_000


def test_note_of_a_process_survives_odd_texts(init):
    client = init(release='a"b', environment="\N{SNOWMAN}", server_name="x\\\ny")
    head = head_of(client)
    assert head.count(b"\n") == 1
    about, text = parts_of(head + b"rest\xff")
    assert (about["release"], about["environment"], about["server_name"]) == ('a"b', "\N{SNOWMAN}", "x\\\ny")
    assert text == "rest\\xff"


def test_note_holds_no_key(init):
    client = init("https://publickey:secretkey@example.com/3")
    assert b"key" not in head_of(client)


def test_start_is_not_slowed_by_what_others_left(stage):
    for number in range(200):
        stage.write_log("", name=f"{number}-1.crash")
    process = stage.run("""
integration = FaulthandlerIntegration(DIRECTORY)
start(integrations=[])
integration.setup_once()
begin = time.process_time()
integration.on_started(Hub.main.client)
print(time.process_time() - begin)
until(lambda: not logs())
""")
    assert float(process.out) < 0.1  # 1 ms was measured
    assert stage.logs() == []
