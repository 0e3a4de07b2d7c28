"""What waits for a module is called once, when it is there, and nobody notices."""

from __future__ import annotations

import _imp
import contextlib
import copy
import importlib
import importlib.abc
import importlib.machinery
import importlib.resources
import importlib.util
import inspect
import json
import pkgutil
import runpy
import subprocess
import sys
import threading
import traceback
import types
import zipfile

import pytest

from sentry_like.integrations._common import imports
from sentry_like.integrations._common.imports import is_imported, when_imported


@pytest.fixture
def write(tmp_path, monkeypatch):
    """`write("package.module", code)`: a file that can be imported, forgotten after the test."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    before = set(sys.modules)

    def make(name, code="value = 5", package=False):
        path = tmp_path.joinpath(*name.split("."))
        path = path / "__init__.py" if package else path.with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(code)
        importlib.invalidate_caches()
        return path

    yield make
    for name in set(sys.modules) - before:
        if name.partition(".")[0].startswith("watched"):
            del sys.modules[name]


@pytest.fixture
def seen():
    """What actions were called with: `when_imported(name, seen.append)`."""
    return []


@pytest.fixture
def finders():
    """`finders.insert(0, finder)`: taken away after the test."""
    before = list(sys.meta_path)
    yield sys.meta_path
    sys.meta_path[:] = before


# -- when


def test_imported_module_is_acted_on_at_once(write, seen):
    write("watched")
    module = importlib.import_module("watched")
    when_imported("watched", seen.append)
    assert seen == [module]


def test_module_is_acted_on_right_after_its_import(write, seen):
    write("watched")
    when_imported("watched", lambda module: seen.append((module, module.value)))
    assert seen == []
    module = importlib.import_module("watched")
    importlib.import_module("watched")
    assert seen == [(module, 5)]


def test_nothing_is_imported_by_waiting(write):
    write("watched")
    when_imported("watched", print)
    when_imported("watched.child", print)
    assert not is_imported("watched")
    assert "watched" not in sys.modules


def test_each_action_is_called_once_in_the_order_given(write, seen):
    write("watched")
    for number in range(3):
        when_imported("watched", lambda _, number=number: seen.append(number))
    importlib.import_module("watched")
    assert seen == [0, 1, 2]


def test_submodule_may_be_reached_through_its_package(write, seen):
    write("watched", package=True)
    write("watched.child")
    when_imported("watched.child", lambda module: seen.append(sys.modules["watched"].child is module))
    importlib.import_module("watched.child")
    assert seen == [True]


def test_failed_import_leaves_the_action_for_the_next(write, seen):
    write("watched", "raise OSError('its own')")
    when_imported("watched", seen.append)
    for _ in range(2):
        with pytest.raises(OSError, match="its own") as caught:
            importlib.import_module("watched")
        assert caught.value.__context__ is caught.value.__cause__ is None
        assert "During handling" not in "".join(traceback.format_exception(caught.value))
    assert seen == []
    write("watched")
    assert seen == [importlib.import_module("watched")]


def test_missing_module_is_missing_as_ever(seen):
    when_imported("watched_nowhere", seen.append)
    with pytest.raises(ModuleNotFoundError, match=r"^No module named 'watched_nowhere'$") as caught:
        importlib.import_module("watched_nowhere")
    assert caught.value.__context__ is None
    assert importlib.util.find_spec("watched_nowhere") is None


def test_many_threads_that_import_at_once_act_once(write, seen):
    write("watched", "import time; time.sleep(0.05); value = 5")
    when_imported("watched", lambda module: seen.append(module.value))
    gate, values = threading.Barrier(12), []

    def work(number):
        gate.wait()
        if number % 3 == 0:
            when_imported("watched", lambda module: seen.append(module.value))
        values.append(importlib.import_module("watched").value)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    write("watched_later")
    importlib.import_module("watched_later")
    assert values == [5] * 12
    assert seen == [5] * 5


def test_circular_imports_act_once_when_all_of_the_module_is_there(write, seen):
    write("watched_a", "import watched_b; value = 5")
    write("watched_b", "import watched_a; value = 6")
    when_imported("watched_a", lambda module: seen.append(module.value))
    when_imported("watched_b", lambda module: seen.append(module.value))
    importlib.import_module("watched_a")
    assert seen == [6, 5]


def test_module_that_asks_in_its_own_import_is_acted_on_when_it_is_complete(write, seen):
    write(
        "watched",
        "from sentry_like.integrations._common.imports import when_imported\n"
        "import builtins\n"
        "when_imported('watched', lambda module: builtins.watched_seen.append(module.value))\n"
        "import watched_within\n"
        "value = 5\n",
    )
    write("watched_within")
    write("watched_later")
    import builtins

    builtins.watched_seen = seen
    try:
        importlib.import_module("watched")
        assert seen == []
        importlib.import_module("watched_later")
        assert seen == [5]
    finally:
        del builtins.watched_seen


def test_module_that_another_thread_is_importing_is_acted_on_when_it_is_complete(write, seen):
    write("watched", "import builtins; builtins.watched_began.set(); builtins.watched_go.wait(5); value = 5")
    write("watched_later")
    write("watched_much_later")
    import builtins

    builtins.watched_began, builtins.watched_go = threading.Event(), threading.Event()
    try:
        thread = threading.Thread(target=importlib.import_module, args=("watched",))
        thread.start()
        builtins.watched_began.wait(5)
        when_imported("watched", lambda module: seen.append(module.value))
        importlib.import_module("watched_later")
        assert seen == []
        builtins.watched_go.set()
        thread.join()
        importlib.import_module("watched_much_later")
        assert seen == [5]
    finally:
        del builtins.watched_began, builtins.watched_go


def test_half_imported_module_that_fails_is_not_acted_on(write, seen):
    write("watched", "import watched_within; raise OSError")
    write("watched_within", "import builtins; builtins.watched_ask()")
    write("watched_later")
    import builtins

    builtins.watched_ask = lambda: when_imported("watched", seen.append)
    try:
        with pytest.raises(OSError):
            importlib.import_module("watched")
    finally:
        del builtins.watched_ask
    importlib.import_module("watched_later")
    assert seen == []
    write("watched")
    assert seen == [importlib.import_module("watched")]


def test_reload_calls_nothing_and_works(write, seen):
    path = write("watched")
    when_imported("watched", seen.append)
    module = importlib.import_module("watched")
    path.write_text("value = 12345")
    importlib.invalidate_caches()
    assert importlib.reload(module) is module
    assert (module.value, seen) == (12345, [module])


def test_reload_while_others_wait_works(write, seen):
    path = write("watched")
    module = importlib.import_module("watched")
    imports._watcher.wait_for("watched", seen.append)
    path.write_text("value = 12345")
    importlib.reload(module)
    assert (module.value, seen) == (12345, [module])
    assert type(module.__spec__.loader) is type(module.__loader__) is importlib.machinery.SourceFileLoader


# -- what


def test_modules_of_a_namespace_are_acted_on(write, seen):
    write("watched_space.inner.module")
    for name in ("watched_space.inner.module", "watched_space.inner", "watched_space"):
        when_imported(name, lambda module: seen.append(module.__name__))
    importlib.import_module("watched_space.inner.module")
    assert sorted(seen) == ["watched_space", "watched_space.inner", "watched_space.inner.module"]


def lazily(name):
    """The recipe of the manual for a lazy import."""
    spec = importlib.util.find_spec(name)
    spec.loader = loader = importlib.util.LazyLoader(spec.loader)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    loader.exec_module(module)
    return module


def test_lazy_module_is_acted_on_when_it_is_loaded(write, seen):
    write("watched")
    when_imported("watched", lambda module: seen.append(module.value))
    module = lazily("watched")
    assert (seen, is_imported("watched")) == ([], False)
    assert module.value == 5
    assert (seen, is_imported("watched")) == ([5], True)
    assert type(module.__spec__.loader) is importlib.machinery.SourceFileLoader


def test_lazy_module_is_not_loaded_by_waiting_for_it(write, seen):
    write("watched", "import builtins; builtins.watched_loaded = True; value = 5")
    write("watched_later")
    write("watched_much_later")
    import builtins

    module = lazily("watched")
    when_imported("watched", lambda module: seen.append(module.value))
    importlib.import_module("watched_later")
    assert not hasattr(builtins, "watched_loaded")
    assert module.value == 5
    del builtins.watched_loaded
    importlib.import_module("watched_much_later")
    assert seen == [5]


def test_module_in_an_archive_is_acted_on(tmp_path, monkeypatch, write, seen):
    with zipfile.ZipFile(tmp_path / "archive.zip", "w") as archive:
        archive.writestr("watched_zipped/__init__.py", "value = 5")
        archive.writestr("watched_zipped/child.py", "value = 6")
        archive.writestr("watched_zipped/data.txt", "text")
    monkeypatch.syspath_prepend(str(tmp_path / "archive.zip"))
    for name in ("watched_zipped", "watched_zipped.child"):
        when_imported(name, lambda module: seen.append(module.value))
    module = importlib.import_module("watched_zipped.child")
    assert seen == [5, 6]
    assert type(module.__spec__.loader).__name__ == type(module.__loader__).__name__ == "zipimporter"
    assert pkgutil.get_data("watched_zipped", "data.txt") == b"text"


IN_C = """
import sys
sys.path[:0] = {path!r}
from importlib.machinery import EXTENSION_SUFFIXES, PathFinder
from sentry_like.integrations._common.imports import when_imported
import importlib.util, json

def extension(name):
    spec = PathFinder.find_spec(name)
    return spec is not None and (spec.origin or "").endswith(tuple(EXTENSION_SUFFIXES))

there = set(sys.modules)
builtin = next(name for name in ("_statistics", "_md5", "_bisect", "xxsubtype", "_symtable")
               if name in sys.builtin_module_names and name not in there)
names = [builtin, "__hello__", *[name for name in
         ("_json", "mmap", "_queue", "_ctypes", "readline", "_decimal", "_sqlite3", "_datetime", "_curses")
         if name not in there and extension(name)]]
told = []
for name in names:
    when_imported(name, lambda module, name=name: told.append(name))
for name in names:
    __import__(name)
def kind(loader):
    return (loader if isinstance(loader, type) else type(loader)).__name__
kinds = sorted({{kind(sys.modules[name].__spec__.loader) for name in names}})
same = all(sys.modules[name].__spec__.loader is sys.modules[name].__loader__ for name in names)
print(json.dumps([names, told, kinds, same]))
"""


def test_modules_in_c_and_frozen_ones_are_acted_on():
    run = subprocess.run(
        [sys.executable, "-c", IN_C.format(path=sys.path)], capture_output=True, text=True, timeout=60
    )
    assert run.stderr == ""
    names, told, kinds, same = json.loads(run.stdout.splitlines()[-1])
    assert told == names
    assert kinds == ["BuiltinImporter", "ExtensionFileLoader", "FrozenImporter"]
    assert same


class OldLoader(importlib.abc.Loader):
    """Of the time before `exec_module`."""

    exec_module = property()  # hides the one that is inherited

    def load_module(self, name):
        module = sys.modules.setdefault(name, types.ModuleType(name))
        module.__loader__ = self
        with contextlib.suppress(ImportError):
            importlib.import_module("watched_within")
        module.value = 5
        return module


class OldLoaders:
    def find_spec(self, name, path=None, target=None):
        return importlib.machinery.ModuleSpec(name, OldLoader()) if name == "watched_old" else None


class OldFinder:
    """Of the time before `find_spec`."""

    def find_module(self, name, path=None):
        return OldLoader() if name == "watched_old" else None


@pytest.mark.filterwarnings("ignore:.*load_module")
@pytest.mark.filterwarnings("ignore:.*find_spec")
@pytest.mark.skipif(sys.version_info >= (3, 15), reason="Python has no such loaders any more")
@pytest.mark.parametrize(
    "finder",
    [
        OldLoaders,
        pytest.param(
            OldFinder,
            marks=pytest.mark.skipif(
                sys.version_info >= (3, 12), reason="such finders are not asked any more"
            ),
        ),
    ],
)
@pytest.mark.parametrize("is_first", [True, False], ids=["first", "last"])
def test_module_of_an_old_loader_is_acted_on_when_it_is_complete(write, seen, finders, finder, is_first):
    write("watched_within")
    write("watched_later")
    finders.insert(0, finder()) if is_first else finders.append(finder())
    when_imported("watched_old", lambda module: seen.append(module.value))
    importlib.import_module("watched_old")
    importlib.import_module("watched_later")
    assert seen == [5]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="Python cannot do with it before")
def test_finder_that_knows_no_question_is_passed_over(write, seen, finders):
    write("watched")
    finders.insert(0, object())
    when_imported("watched", seen.append)
    assert seen == [importlib.import_module("watched")]


# -- together with others


class Wrapping:
    """A finder like ours: asks all others, and hands the loader on under its own."""

    def __init__(self, is_guarded):
        self.is_guarded = is_guarded
        self.loaded = []
        self._asking = False

    def find_spec(self, name, path=None, target=None):
        if not name.startswith("watched") or (self.is_guarded and self._asking):
            return None
        self._asking = True
        try:
            for finder in sys.meta_path:
                spec = None if finder is self else finder.find_spec(name, path, target)
                if spec is not None:
                    spec.loader = self.Loader(spec.loader, self.loaded)
                    return spec
        finally:
            self._asking = False

    class Loader(importlib.abc.Loader):
        def __init__(self, loader, loaded):
            self.loader, self.loaded = loader, loaded

        def create_module(self, spec):
            return self.loader.create_module(spec)

        def exec_module(self, module):
            self.loader.exec_module(module)
            self.loaded.append(module.__name__)


@pytest.mark.parametrize("is_guarded", [True, False], ids=["guarded", "unguarded"])
@pytest.mark.parametrize("is_first", [True, False], ids=["before us", "after us"])
def test_another_finder_that_asks_all_others_works_with_ours(write, seen, finders, is_guarded, is_first):
    write("watched")
    theirs = Wrapping(is_guarded)
    finders.insert(0, theirs)
    when_imported("watched", seen.append)
    if is_first:
        finders.insert(0, finders.pop(finders.index(theirs)))
    module = importlib.import_module("watched")
    assert seen == [module]
    assert set(theirs.loaded) == {"watched"}
    assert module.value == 5


def test_module_that_replaces_itself_is_acted_on_as_what_it_became(write, seen):
    write("watched", "import sys, types; sys.modules[__name__] = types.SimpleNamespace(value=7)")
    when_imported("watched", seen.append)
    module = importlib.import_module("watched")
    assert (module.value, seen) == (7, [module])
    assert is_imported("watched")


def test_looking_for_a_module_does_not_use_the_action_up(write, seen):
    write("watched")
    when_imported("watched", seen.append)
    spec = importlib.util.find_spec("watched")
    assert spec.loader.get_source("watched") == "value = 5"
    assert spec.loader.is_package("watched") is False
    assert copy.copy(spec.loader).get_source("watched") == "value = 5"
    assert seen == []
    assert seen == [importlib.import_module("watched")]


def test_module_that_is_made_by_hand_counts_once_it_is_put_in_its_place(write, seen):
    write("watched")
    when_imported("watched", seen.append)
    spec = importlib.util.find_spec("watched")
    private = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(private)
    assert (private.value, seen) == (5, [])
    spec = importlib.util.find_spec("watched")
    sys.modules["watched"] = public = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(public)
    assert seen == [public]


def test_module_has_its_own_loader_and_all_that_comes_of_it(write, seen):
    path = write("watched", "def function():\n    return 5\n", package=True)
    (path.parent / "data.txt").write_text("text")
    when_imported("watched", lambda module: seen.append(type(module.__spec__.loader)))
    module = importlib.import_module("watched")
    assert seen == [importlib.machinery.SourceFileLoader]
    assert module.__loader__ is module.__spec__.loader
    assert pkgutil.get_data("watched", "data.txt") == b"text"
    assert importlib.resources.files("watched").joinpath("data.txt").read_text() == "text"
    assert inspect.getsource(module.function) == "def function():\n    return 5\n"


def test_watched_module_may_be_run_as_a_program(write, seen):
    write("watched", "value = __name__, __spec__.name")
    when_imported("watched", seen.append)
    assert runpy.run_module("watched", run_name="__main__", alter_sys=True)["value"] == (
        "__main__",
        "watched",
    )
    assert seen == []


def test_watched_package_may_be_run_with_m(write, tmp_path):
    write("watched", "value = 5", package=True)
    write("watched.__main__", "import watched; print(watched.value, __spec__.name, __package__)")
    write(
        "sitecustomize",
        f"import sys; sys.path[:0] = {sys.path!r}\n"
        "from sentry_like.integrations._common.imports import when_imported\n"
        "when_imported('watched', lambda module: print('came', module.value))\n"
        "when_imported('watched.__main__', lambda module: print('never'))\n",
    )
    run = subprocess.run(
        [sys.executable, "-m", "watched"],
        capture_output=True,
        text=True,
        timeout=60,
        env={"PYTHONPATH": str(tmp_path), "PATH": ""},
    )
    assert (run.stdout, run.stderr) == ("came 5\n5 watched.__main__ watched\n", "")


# -- actions


def test_action_that_fails_stops_neither_the_import_nor_the_others(write, seen, lenient, capsys):
    write("watched")
    when_imported("watched", lambda module: 1 / 0)
    when_imported("watched", seen.append)
    assert seen == [importlib.import_module("watched")]
    assert "after the import of watched failed: ZeroDivisionError" in capsys.readouterr().err


def test_ctrl_c_in_an_action_passes_and_the_others_wait_for_the_next_import(write, seen):
    import signal

    write("watched")
    when_imported("watched", lambda module: signal.raise_signal(signal.SIGINT))
    when_imported("watched", seen.append)
    with pytest.raises(KeyboardInterrupt):
        importlib.import_module("watched")
    assert seen == []
    assert seen == [importlib.import_module("watched")]


def test_action_may_import_what_is_waited_for_itself(write, seen):
    write("watched_a")
    write("watched_b", "import watched_a")
    when_imported("watched_a", lambda module: seen.append(importlib.import_module("watched_b").__name__))
    when_imported("watched_b", lambda module: seen.append("came " + module.__name__))
    importlib.import_module("watched_a")
    assert seen == ["came watched_b", "watched_b"]


def test_action_may_wait_for_more(write, seen):
    write("watched")
    when_imported("watched", lambda module: when_imported("watched", seen.append))
    module = importlib.import_module("watched")
    write("watched_later")
    importlib.import_module("watched_later")
    assert seen == [module]


def test_no_lock_that_all_imports_need_is_held_while_actions_run(write, seen):
    write("watched")
    write("watched_space.inner")
    write("watched_later")
    for name in ("watched", "watched_space"):
        when_imported(name, lambda module: seen.append(_imp.lock_held()))
    for name in ("watched", "watched_space.inner", "watched_later"):
        importlib.import_module(name)
    assert seen == [False, False]


# -- the end


def test_forgotten_module_is_not_acted_on_and_the_finder_is_gone(write, seen):
    before = list(sys.meta_path)
    write("watched")
    when_imported("watched", seen.append)
    under_way = iter(sys.meta_path)
    assert next(under_way) is imports._watcher
    imports.forget_all()
    assert sys.meta_path == before
    assert list(under_way) == before  # another thread on its way through the finders misses none
    importlib.import_module("watched")
    assert seen == []


def test_import_that_was_found_before_all_was_forgotten_ends_well(write, seen):
    write("watched", "from sentry_like.integrations._common import imports; imports.forget_all(); value = 5")
    when_imported("watched", seen.append)
    assert importlib.import_module("watched").value == 5
    assert seen == []


def test_module_is_asked_nothing(monkeypatch):
    class Lazy(types.ModuleType):
        def __getattribute__(self, name):
            raise AssertionError("it would load itself")

    monkeypatch.setitem(sys.modules, "watched", Lazy("watched"))
    assert is_imported("watched")


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        (types.ModuleType("watched"), True),
        (types.SimpleNamespace(), True),
        (5, True),
        (None, False),
        (types.SimpleNamespace(__spec__=types.SimpleNamespace(_initializing=True)), False),
    ],
    ids=["made by hand", "any object", "a number", "barred", "half imported"],
)
def test_what_counts_as_imported(monkeypatch, module, expected):
    monkeypatch.setitem(sys.modules, "watched", module)
    assert is_imported("watched") is expected
