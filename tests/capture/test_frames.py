"""Frames say where the code stands, with its source and locals, whatever the code is and where it is from."""

from __future__ import annotations

import importlib
import json
import linecache
import os
import subprocess
import sys
import time
import traceback
import types
import zipfile

import pytest
from capture_room import Room, caught, raised, raised_among, remarks

import sentry_like
from sentry_like.capture import source
from sentry_like.capture.frames import relative_path


def frames_of(event):
    return event["exception"]["values"][-1]["stacktrace"]["frames"]


@pytest.fixture
def frames(build):
    return lambda error, **options: frames_of(build(error, **options))


@pytest.fixture
def module(tmp_path, monkeypatch):
    """`module(name, text)`: a module imported from a file of that text."""

    def make(name, text, folder=tmp_path):
        path = folder.joinpath(*name.split("."))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".py").write_text(text)
        monkeypatch.syspath_prepend(str(folder))
        importlib.invalidate_caches()
        made = importlib.import_module(name)
        monkeypatch.delitem(sys.modules, name)
        return made

    return make


def executed(text, filename="<string>", namespace=None):
    return caught(
        exec, compile(text, filename, "exec"), {"__name__": "made"} if namespace is None else namespace
    )


class Outer:
    def fail(self):
        here = "local"
        raise ValueError(here)


def test_frame_names_function_module_path_and_line(frames):
    frame = frames(caught(Outer().fail))[-1]
    line = Outer.fail.__code__.co_firstlineno + 2
    name = "Outer.fail" if sys.version_info >= (3, 11) else "fail"
    assert {**frame, "vars": None, "pre_context": None, "post_context": None} == {
        "function": name,
        "module": __name__,
        "filename": "test_frames.py",
        "abs_path": __file__,
        "lineno": line,
        "context_line": "        raise ValueError(here)",
        "vars": None,
        "pre_context": None,
        "post_context": None,
    }
    assert frame["vars"]["here"] == "'local'"
    assert frame["pre_context"][-1] == '        here = "local"'
    assert len(frame["post_context"]) == 5


def test_locals_source_and_context_can_be_left_out(frames):
    error = caught(Outer().fail)
    assert "vars" not in frames(error, include_local_variables=False)[-1]
    assert "context_line" not in frames(error, include_source_context=False)[-1]
    assert frames(error, frame_context_lines=1)[-1]["pre_context"] == ['        here = "local"']
    bare = frames(error, frame_context_lines=0)[-1]
    assert (bare["pre_context"], bare["post_context"]) == ([], [])


PATHS = {
    "module": ("a", "/x/a.py", "a.py"),
    "in a package": ("a.b", "/x/a/b.py", "a/b.py"),
    "package itself": ("a", "/x/a/__init__.py", "a/__init__.py"),
    "package within": ("a.b", "/x/a/b/__init__.py", "a/b/__init__.py"),
    "script": ("__main__", "/x/run.py", "run.py"),
    "other file": ("a.b", "/x/c/d.py", "d.py"),
    "zip": ("a.b", "/x/z.zip/a/b.py", "a/b.py"),
    "no module": (None, "/x/a.py", "a.py"),
    "label": ("a", "<string>", "<string>"),
    "Windows": ("a.b", "C:\\x\\a\\b.py", "a/b.py"),
}


@pytest.mark.parametrize(("name", "path", "expected"), PATHS.values(), ids=PATHS)
def test_filename_is_relative_to_the_top_package(name, path, expected):
    assert relative_path(name, path) == expected


def test_module_in_a_zip_archive_shows_its_source(frames, tmp_path, monkeypatch):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("zpack/__init__.py", "")
        archive.writestr("zpack/inner.py", "def fail():\n    raise ValueError('in zip')\n")
    monkeypatch.syspath_prepend(str(tmp_path / "a.zip"))
    inner = importlib.import_module("zpack.inner")
    frame = frames(caught(inner.fail))[-1]
    assert frame["context_line"] == "    raise ValueError('in zip')"
    assert frame["filename"] == "zpack/inner.py"


def test_executed_code_has_no_source_but_a_place(frames):
    frame = frames(executed("x = 1\nraise ValueError()"))[-1]
    assert (frame["filename"], frame["abs_path"], frame["lineno"]) == ("<string>", "<string>", 2)
    assert "context_line" not in frame
    assert "in_app" not in frame


def test_executed_code_that_is_registered_shows_its_source(frames, monkeypatch):
    text = "x = 1\nraise ValueError()"
    monkeypatch.setitem(linecache.cache, "<cell 7>", (9, None, text.splitlines(True), "<cell 7>"))
    assert frames(executed(text, "<cell 7>"))[-1]["context_line"] == "raise ValueError()"


def test_code_without_any_filename_passes(frames):
    frame = frames(executed("raise ValueError()", ""))[-1]
    assert "abs_path" not in frame
    assert frame["function"] == "<module>"


def test_form_feeds_do_not_shift_lines(frames, module):
    made = module("feeds_x", "# a\x0cb\n\x0c\ndef fail():\n    raise ValueError('here')\n")
    assert frames(caught(made.fail))[-1]["context_line"] == "    raise ValueError('here')"


def test_changed_file_is_noticed(room, module, tmp_path, monkeypatch):
    monkeypatch.setattr(source, "RECHECK_SECONDS", 0.0)
    made = module("changes_x", "def fail():\n    raise ValueError('old')\n")
    one = room()
    error = caught(made.fail)
    assert frames_of(one.exception(error))[-1]["context_line"] == "    raise ValueError('old')"
    (tmp_path / "changes_x.py").write_text("def fail():\n    raise ValueError('new text')\n")
    assert frames_of(one.exception(error))[-1]["context_line"] == "    raise ValueError('new text')"


@pytest.mark.parametrize("path", ["/dev/zero", "/proc/self/mem", "fifo"])
def test_filename_that_is_no_regular_file_does_not_hang(path, frames, tmp_path):
    if path == "fifo":
        path = str(tmp_path / "fifo")
        os.mkfifo(path)
    start = time.perf_counter()
    assert "context_line" not in frames(executed("raise ValueError()", path))[-1]
    assert time.perf_counter() - start < 1


def test_directory_that_is_not_utf8_gives_a_valid_event(frames, tmp_path):
    folder = os.fsdecode(os.fsencode(tmp_path) + b"/d\xe9p")
    os.mkdir(folder)
    with open(f"{folder}/a.py", "w") as file:
        file.write("raise ValueError()\n")
    frame = frames(executed("raise ValueError()", f"{folder}/a.py"))[-1]
    assert frame["context_line"] == "raise ValueError()"


def test_deleted_working_directory_is_survived(frames, tmp_path, monkeypatch):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    error = executed("raise ValueError()", "relative.py")
    assert frames(error, project_root="/")[-1]["filename"] == "relative.py"


def test_secrets_in_source_lines_are_replaced(frames, module):
    made = module("lines_x", "def fail():\n    password = 'hunter2'\n    raise ValueError()\n")
    frame = frames(caught(made.fail))[-1]
    assert frame["pre_context"] == ["def fail():", "    password = '[Filtered]'"]


# -- which frames


def hiding(value):
    __tracebackhide__ = value
    raise ValueError


def hiding_otherwise():
    __traceback_hide__ = True
    raise ValueError


class Truth:
    def __bool__(self):
        raise AssertionError("was evaluated")

    __eq__ = __bool__


@pytest.mark.parametrize(
    ("function", "arguments", "hidden"),
    [
        (hiding, (True,), True),
        (hiding, (1,), True),
        (hiding_otherwise, (), True),
        (hiding, (False,), False),
        (hiding, (0,), False),
        (hiding, (Truth(),), False),
    ],
)
def test_frames_that_ask_for_it_are_left_out(function, arguments, hidden, frames):
    shown = [frame["function"] for frame in frames(caught(function, *arguments))]
    assert (function.__name__ not in shown) is hidden


OURS = os.path.dirname(sentry_like.__file__)
PASSED_THROUGH = "def call(function):\n    here = 1\n    function()"


def calling_through(path):
    """A function of code that lies at this path of our package; it calls what it is given."""
    namespace = {"__name__": "sentry_like.made"}
    exec(compile(PASSED_THROUGH, os.path.normpath(os.path.join(OURS, path)), "exec"), namespace)
    return namespace["call"]


def fail():
    raise ValueError


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("integrations/_common/patch.py", False),
        ("hub.py", False),
        ("cli/command.py", True),
        ("inbox/app.py", True),
        ("__main__.py", True),
        ("../sentry_like_plugin/wrapper.py", True),
    ],
)
def test_our_own_frames_are_left_out_but_for_those_of_our_programs(path, shown, frames):
    functions = [frame["function"] for frame in frames(caught(calling_through(path), fail))]
    assert functions == (["caught", "call", "fail"] if shown else ["caught", "fail"])


def test_our_own_frames_are_left_out_of_stacks(room):
    found = []

    def look():
        found.append(sys._getframe())

    calling_through("integrations/_common/patch.py")(look)
    functions = [frame["function"] for frame in frames_of(room().exception(ValueError(), caller=found[0]))]
    assert "call" not in functions
    assert functions[-1].endswith("look")


def test_frame_of_ours_in_which_a_foreign_builtin_failed_is_left_out_too(frames):
    error = caught(calling_through("integrations/_common/patch.py"), {}.popitem)
    assert [frame["function"] for frame in frames(error)] == ["caught"]


def test_fault_of_ours_keeps_our_frames(room):
    error = caught(calling_through("transport/worker.py"), fail)
    of_ours = error.__traceback__.tb_next
    error = error.with_traceback(types.TracebackType(None, of_ours.tb_frame, of_ours.tb_lasti, 3))
    frame = frames_of(room().exception(error))[-1]
    assert (frame["function"], frame["lineno"], frame["vars"]["here"]) == ("call", 3, "1")


def deep(n):
    here = n
    if n == 0:
        raise ValueError(here)
    deep(n - 1)


def test_deep_stack_keeps_both_ends_and_notes_how_many_there_were(room):
    event = room().exception(caught(deep, 600))
    frames = frames_of(event)
    assert len(frames) == 250
    path = ("exception", "values", "0", "stacktrace", "frames")
    assert remarks(event)[path] == {"len": 602}
    assert frames[0]["function"] == "caught"
    depth = [int(frame["vars"]["n"]) for frame in frames if frame["function"] == "deep" and "vars" in frame]
    assert depth == [*range(600, 576, -1), *range(24, -1, -1)], (
        "of the 50 and 200 kept, 25 at each end in full"
    )


def test_frames_in_the_middle_are_lean(room):
    frames = frames_of(room().exception(caught(deep, 200)))
    full = [place for place, frame in enumerate(frames) if "vars" in frame]
    assert full == [*range(25), *range(len(frames) - 25, len(frames))]
    assert not [frame for frame in frames if "vars" not in frame and "context_line" in frame]


@pytest.mark.parametrize(("bound", "kept"), [(1, 1), (2, 2), (10, 10), (10**6, 102)])
def test_number_of_frames_is_bounded_as_told(bound, kept, room):
    frames = frames_of(room(max_stack_frames=bound).exception(caught(deep, 100)))
    assert len(frames) == kept
    assert frames[-1]["vars"]["n"] == "0"


def test_full_stack_begins_before_the_try(room):
    def outermost():
        return caught(deep, 1)

    error_frames = []

    def within():
        try:
            deep(1)
        except ValueError as error:
            error_frames.extend(frames_of(room(add_full_stack=True).exception(error)))

    within()
    names = [frame["function"].rpartition(".")[2] for frame in error_frames]
    assert names[-3:] == ["within", "deep", "deep"]
    assert names[-4] == "test_full_stack_begins_before_the_try"


def test_fat_frames_stay_within_the_events_room(room):
    def fat(n):
        texts = ["x" * 900 for _ in range(20)]
        table = {str(i): {"k": "y" * 500} for i in range(30)}
        if n == 0:
            raise ValueError(texts, table)
        fat(n - 1)

    event = room().exception(caught(fat, 60))
    assert len(json.dumps(event)) < 200_000
    assert len(frames_of(event)) == 62
    assert "vars" in frames_of(event)[-1]
    small = room(max_event_bytes=20_000).exception(caught(fat, 60))
    assert len(json.dumps(small)) < 30_000


def test_long_chain_of_deep_stacks_stays_within_the_events_room(room):
    error = None
    for _ in range(60):
        try:
            try:
                deep(200)
            except ValueError as inner:
                inner.__context__ = error
                raise
        except ValueError as outer:
            error = outer
    event = room().exception(error)
    assert len(event["exception"]["values"]) == 50
    assert len(json.dumps(event)) < 260_000
    assert all(value["stacktrace"]["frames"] for value in event["exception"]["values"])


def test_recursion_error_is_captured_at_little_cost(room):
    def endless():
        endless()

    made = room()
    error = caught(endless)
    made.exception(error)
    start = time.perf_counter()
    event = made.exception(error)
    assert time.perf_counter() - start < 0.1
    assert len(json.dumps(event)) < 200_000


# -- in-app

SITE = "/env/lib/python3.11/site-packages/dep/a.py"
IN_APP = {
    "below the root": ("app.x", "/srv/app/x.py", True),
    "the root itself": ("app", "/srv", True),
    "beside the root": ("app", "/srv2/app.py", None),
    "elsewhere": ("json", "/usr/lib/python3.11/json/x.py", None),
    "site-packages": ("dep.a", SITE, False),
    "site-packages below the root": ("dep", "/srv/.venv/lib/site-packages/dep.py", False),
    "dist-packages": ("dep", "/usr/lib/python3/dist-packages/dep.py", False),
    "folder that only sounds so": ("dep", "/srv/my-site-packages/dep.py", True),
    "included": ("mine.x", SITE, True),
    "excluded": ("app.gen.x", "/srv/app/gen/x.py", False),
    "include wins over exclude": ("both", "/srv/both.py", True),
    "prefix is not a parent": ("minestrone", SITE, False),
    "label": ("app", "<string>", None),
    "included label": ("mine", "<string>", True),
    "no module": (None, "/srv/a.py", True),
}


@pytest.mark.parametrize(("name", "path", "expected"), IN_APP.values(), ids=IN_APP)
def test_in_app(name, path, expected):
    room = Room(project_root="/srv", in_app_include=["mine", "both"], in_app_exclude=["app.gen", "both"])
    assert room.capture.frames.is_in_app(name, path) is expected


# -- hostile


class HostileGlobals(dict):
    def get(self, *args):
        raise SystemExit

    items = keys = get


class Equal:
    def __eq__(self, other):
        raise SystemExit


def test_hostile_module_globals_are_survived(frames):
    namespace = HostileGlobals(__builtins__=__builtins__, __name__="x")
    assert frames(executed("raise ValueError()", "<a>", namespace))[-1]["module"] == "x"
    assert "module" not in frames(executed("raise ValueError()", "<a>", {"__name__": Equal()}))[-1]
    odd = {"__name__": 5, "__file__": 5, "__spec__": 5, "__loader__": 5}
    assert "module" not in frames(executed("raise ValueError()", "/gone/x.py", odd))[-1]


class OddMapping:
    def __getitem__(self, name):
        raise KeyError(name)

    def __setitem__(self, name, value):
        pass

    def items(self):
        raise SystemExit


def test_namespace_that_cannot_be_listed_shows_no_locals(frames):
    error = caught(exec, compile("x = 1\nraise ValueError()", "<a>", "exec"), {"__name__": "m"}, OddMapping())
    assert frames(error)[-1].get("vars", {}) == {}


def test_names_that_are_no_text_are_left_out(frames):
    error = caught(exec, compile("x = 1\nraise ValueError()", "<a>", "exec"), {5: 1, "__name__": "m"})
    assert frames(error)[-1]["vars"] == {"x": "1"}


def test_module_level_frame_shows_what_its_code_has_made(frames):
    assert frames(executed("import os\nn = 5\nraise ValueError()"))[-1]["vars"] == {
        "os": "<module 'os'>",
        "n": "5",
    }


def test_thousands_of_module_variables_are_bounded(room):
    text = "\n".join(f"v{i} = {i}" for i in range(3000)) + "\nraise ValueError()"
    event = room().exception(executed(text))
    assert len(frames_of(event)[-1]["vars"]) == 250
    assert {"len": 3000} in remarks(event).values()


def test_code_that_runs_under_two_module_names_is_named_for_each(room):
    code = compile("raise ValueError()", "<two>", "exec")
    made = room()
    names = [
        frames_of(made.exception(caught(exec, code, {"__name__": name})))[-1]["module"] for name in "aba"
    ]
    assert names == ["a", "b", "a"]


def test_cache_of_facts_is_bounded(room, monkeypatch):
    from sentry_like.capture import frames as room_of_frames

    monkeypatch.setattr(room_of_frames, "FACTS_BOUND", 20)
    made = room()
    for number in range(100):
        frame = frames_of(made.exception(executed(f"x = {number}\nraise ValueError()", f"<n{number}>")))[-1]
        assert (frame["filename"], frame["vars"]) == (f"<n{number}>", {"x": str(number)})
    assert len(made.capture.frames._facts) <= 20


def test_frames_of_an_event_share_nothing_that_a_copy_could_change(room):
    made = room()
    error = caught(deep, 3)
    first = made.exception(error)
    cleaning = made.capture.start()
    copied = cleaning.copy(first)
    frames_of(copied)[-1]["pre_context"].append("changed")
    frames_of(copied)[-2]["vars"]["n"] = "changed"
    assert frames_of(made.exception(error)) == frames_of(first)
    assert "changed" not in json.dumps(frames_of(copied)[:-2])


def test_python_c_shows_what_linecache_knows():
    """Since 3.13 the text of `python -c` is registered; before, there is none."""
    text = """
from sentry_like.capture.cleaning import Capture
from sentry_like.options import Options
try:
    1 / 0
except ZeroDivisionError as error:
    capture = Capture(Options(dsn=None))
    event = capture.start().exception((type(error), error, error.__traceback__), None, None)
    print(event["exception"]["values"][0]["stacktrace"]["frames"][-1].get("context_line"))
"""
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    expected = "    1 / 0" if sys.version_info >= (3, 13) else "None"
    assert done.stdout.rstrip("\n") == expected


def test_never_raised_exception_has_the_stack_of_the_caller(room):
    event = room().exception(ValueError("x"), caller=sys._getframe())
    assert frames_of(event)[-1]["function"] == "test_never_raised_exception_has_the_stack_of_the_caller"


def test_exception_without_any_stack_has_no_stacktrace(room):
    assert "stacktrace" not in room().exception(ValueError("x"))["exception"]["values"][0]


def test_traceback_made_by_hand_is_shown(frames):
    error = raised(ValueError())
    tb = error.__traceback__
    made = types.TracebackType(None, tb.tb_frame, tb.tb_lasti, tb.tb_lineno)
    assert len(frames(error.with_traceback(made))) == 1


def test_format_of_the_interpreter_agrees_on_lines_and_functions(frames):
    error = caught(deep, 5)
    theirs = [(entry.lineno, entry.line.strip()) for entry in traceback.extract_tb(error.__traceback__)]
    assert [(frame["lineno"], frame["context_line"].strip()) for frame in frames(error)] == theirs


def test_locals_of_each_frame_are_its_own(frames):
    assert [frame["vars"]["n"] for frame in frames(caught(deep, 3))[1:]] == ["3", "2", "1", "0"]


def test_helper_makes_the_locals_it_is_given():
    assert raised_among({"a": 1}).__traceback__.tb_next.tb_frame.f_locals == {"a": 1}


def test_captured_exception_is_gone_when_its_block_is_over(init):
    import gc
    import weakref

    import sentry_like

    class Failure(Exception):
        pass

    def fail(request):
        raise Failure

    class Request:
        pass

    init()
    gc.collect()
    gc.disable()
    try:
        request = Request()
        gone = [weakref.ref(request)]
        try:
            fail(request)
        except Failure as error:
            gone.append(weakref.ref(error))
            sentry_like.capture_exception(error)
        del request
        assert [held() for held in gone] == [None, None]
    finally:
        gc.enable()


def test_code_under_a_made_up_name_is_of_where_its_module_is(frames):
    """Libraries compile functions anew, as Sanic does, with a name that no file has."""
    module = {"__name__": "lib.app", "__file__": "/srv/venv/lib/python3.11/site-packages/lib/app.py"}
    exec(compile("def handle(): raise ValueError", "handle_request", "exec"), module)
    with pytest.raises(ValueError) as caught:
        module["handle"]()
    frame = frames(caught.value)[-1]
    assert frame["function"] == "handle"
    assert frame["in_app"] is False
