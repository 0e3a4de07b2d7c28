"""Source lines come from wherever the interpreter may have them, and reading them never hangs or raises."""

from __future__ import annotations

import importlib
import linecache
import os
import sys
import time
import types
import zipfile

import pytest

from sentry_like.capture import source
from sentry_like.capture.source import MAX_FILE, Sources, context, read, split_lines


@pytest.fixture
def no_wait(monkeypatch):
    """Files are looked at again at once."""
    monkeypatch.setattr(source, "RECHECK_SECONDS", 0.0)


def lines_of(path, **module_globals):
    return read(str(path), module_globals).lines


ENCODED = {
    "UTF-8": ("x = 'é'\n".encode(), "x = 'é'"),
    "byte order mark": (b"\xef\xbb\xbfx = 1\n", "x = 1"),
    "cookie": ("# -*- coding: latin-1 -*-\nx = 'é'\n".encode("latin-1"), "# -*- coding: latin-1 -*-"),
    "cookie on line 2": (b"#!/usr/bin/python\n# coding=cp1251\nx = '\xe6'\n", "#!/usr/bin/python"),
    "unknown cookie": (b"# coding: klingon\nx = '\xe9'\n", "# coding: klingon"),
    "cookie of a codec for bytes": (b"# coding: hex\nx = '\xe9'\n", "# coding: hex"),
    "broken UTF-8": (b"x = '\xe9'\n", "x = 'é'"),
    "form feed": (b"x = 1\x0cy\nz\n", "x = 1\x0cy"),
    "old Mac": (b"x = 1\ry = 2\r", "x = 1"),
    "Windows": (b"x = 1\r\ny = 2\r\n", "x = 1"),
    "empty": (b"", ""),
}


@pytest.mark.parametrize(("data", "first"), ENCODED.values(), ids=ENCODED)
def test_source_is_decoded(data, first, tmp_path):
    (tmp_path / "a.py").write_bytes(data)
    assert lines_of(tmp_path / "a.py")[0] == first


def test_cookie_on_the_second_line_holds(tmp_path):
    (tmp_path / "a.py").write_bytes(b"#!/usr/bin/python\n# coding=cp1251\nx = '\xe6'\n")
    assert lines_of(tmp_path / "a.py")[2] == "x = 'ж'"


def test_comment_on_the_third_line_is_no_cookie(tmp_path):
    (tmp_path / "a.py").write_bytes("x = 1\n\n# coding: latin-1\ny = 'é'\n".encode())
    assert lines_of(tmp_path / "a.py")[3] == "y = 'é'"


def test_lines_are_counted_as_the_compiler_counts_them():
    assert split_lines("a\x0cb\x1cc\u2028d\ne\r\nf\rg") == ["a\x0cb\x1cc\u2028d", "e", "f", "g"]


@pytest.mark.parametrize(
    "path", ["/dev/zero", "/dev/full", "/proc/self", "/nowhere/x.py", "", "a\0b", "x" * 5000]
)
def test_what_is_no_regular_file_has_no_lines(path):
    assert lines_of(path) == []


def test_fifo_does_not_hang(tmp_path):
    os.mkfifo(tmp_path / "fifo.py")
    assert lines_of(tmp_path / "fifo.py") == []


def test_file_without_permission_has_no_lines(tmp_path):
    path = tmp_path / "a.py"
    path.mkdir()
    assert lines_of(path) == []


def test_huge_file_is_refused_even_by_way_of_its_loader(tmp_path, monkeypatch):
    path = tmp_path / "huge_module_x.py"
    path.write_text("x = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    module = importlib.import_module("huge_module_x")
    monkeypatch.delitem(sys.modules, "huge_module_x")
    with path.open("wb") as file:
        file.truncate(200 * 1024 * 1024)
    start = time.perf_counter()
    assert lines_of(path, **vars(module)) == []
    assert lines_of("/gone/huge_module_x.py", **vars(module)) == []
    assert time.perf_counter() - start < 0.05
    assert path.stat().st_size > MAX_FILE


def test_module_in_a_zip_archive_is_asked_of_its_loader(tmp_path, monkeypatch):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("zipped_module_x.py", "x = 1\ny = 2\n")
    monkeypatch.syspath_prepend(str(tmp_path / "a.zip"))
    module = importlib.import_module("zipped_module_x")
    monkeypatch.delitem(sys.modules, "zipped_module_x")
    assert lines_of(module.__file__, **vars(module))[:2] == ["x = 1", "y = 2"]


def test_frozen_module_is_read_from_its_file():
    assert any("def getenv" in line for line in lines_of("<frozen os>", __file__=os.__file__))


@pytest.mark.parametrize("file", [None, 5, "/nowhere"])
def test_frozen_module_without_a_file_has_no_lines(file):
    assert lines_of("<frozen importlib._bootstrap>", __file__=file) == []


class Loader:
    def __init__(self, answer):
        self.answer = answer

    def get_source(self, name):
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer


@pytest.mark.parametrize(
    "answer", [ImportError(), SystemExit(), KeyboardInterrupt(), None, b"x", 5, "x" * (MAX_FILE + 1)]
)
def test_loader_that_fails_or_answers_nonsense_is_survived(answer):
    assert lines_of("/gone/m.py", __name__="m", __loader__=Loader(answer)) == []


def test_loader_is_found_on_the_spec_too():
    spec = types.SimpleNamespace(name="m", loader=Loader("a\nb"))
    assert lines_of("/gone/m.py", __name__="other", __spec__=spec) == ["a", "b"]


def test_spec_that_raises_is_survived():
    class Spec:
        loader = property(lambda self: 1 / 0)

    assert lines_of("/gone/m.py", __name__="m", __spec__=Spec()) == []


def test_code_that_was_executed_in_a_module_is_not_shown_with_the_modules_source():
    assert lines_of("/gone/generated.py", __name__="m", __file__="/gone/m.py", __loader__=Loader("a")) == []
    assert lines_of("<string>", __name__="m", __file__="/gone/m.py", __loader__=Loader("a")) == []
    assert lines_of("<string>", __name__="m", __loader__=Loader("a")) == []


def test_code_registered_in_linecache_is_shown(monkeypatch):
    monkeypatch.setitem(linecache.cache, "<cell 1>", (4, None, ["a\n", "b\n"], "<cell 1>"))
    monkeypatch.setitem(linecache.cache, "/tmp/no/cell_2.py", (4, None, ["c\n"], "/tmp/no/cell_2.py"))
    assert lines_of("<cell 1>") == ["a", "b"]
    assert lines_of("/tmp/no/cell_2.py") == ["c"]


def test_whoever_stands_in_for_linecache_is_asked(monkeypatch):
    monkeypatch.setattr(linecache, "getlines", lambda name, module_globals=None: ["example\n"])
    assert lines_of("<doctest x[0]>") == ["example"]


def test_file_with_the_name_of_a_label_is_not_read(tmp_path, monkeypatch):
    (tmp_path / "<string>").write_text("not this\n")
    monkeypatch.chdir(tmp_path)
    assert lines_of("<string>") == []


@pytest.mark.parametrize("entry", [(lambda: "x",), 5, (1, None, 5, "x"), (1, None, [5], "x")])
def test_odd_linecache_entry_is_survived(entry, monkeypatch):
    monkeypatch.setitem(linecache.cache, "<odd>", entry)
    assert lines_of("<odd>") in ([], ["5"])


def test_directory_that_is_not_utf8_is_read(tmp_path):
    folder = os.fsencode(tmp_path) + b"/d\xe9p"
    os.mkdir(folder)
    with open(folder + b"/a.py", "w") as file:
        file.write("x = 1\n")
    assert lines_of(os.fsdecode(folder + b"/a.py")) == ["x = 1", ""]


# -- what is remembered


def test_file_is_read_once_and_again_when_it_changed(tmp_path, no_wait):
    path = tmp_path / "a.py"
    path.write_text("one\n")
    sources = Sources()
    first = sources.of(str(path), {})
    assert sources.of(str(path), {}) is first
    path.write_text("other\n")
    assert sources.of(str(path), {}).lines[0] == "other"
    path.unlink()
    assert sources.of(str(path), {}).lines == []


def test_file_that_appears_is_noticed(tmp_path, no_wait):
    path, sources = tmp_path / "a.py", Sources()
    assert sources.of(str(path), {}).lines == []
    path.write_text("one\n")
    assert sources.of(str(path), {}).lines[0] == "one"


def test_file_is_looked_at_again_at_most_once_a_second(tmp_path):
    path, sources = tmp_path / "a.py", Sources()
    path.write_text("one\n")
    first = sources.of(str(path), {})
    path.write_text("other\n")
    assert sources.of(str(path), {}) is first


def test_labels_are_not_remembered(monkeypatch):
    sources = Sources()
    monkeypatch.setitem(linecache.cache, "<cell>", (1, None, ["a\n"], "<cell>"))
    assert sources.of("<cell>", {}).lines == ["a"]
    monkeypatch.setitem(linecache.cache, "<cell>", (1, None, ["b\n"], "<cell>"))
    assert sources.of("<cell>", {}).lines == ["b"]


def test_number_of_lines_remembered_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(source, "MAX_LINES", 100)
    sources = Sources()
    for number in range(30):
        (tmp_path / f"f{number}.py").write_text("\n" * 20)
        sources.of(str(tmp_path / f"f{number}.py"), {})
    assert sum(len(known.lines) for known in sources._known.values()) <= 100


CONTEXT = {
    "middle": (3, 1, (["b"], "c", ["d"])),
    "first": (1, 2, ([], "a", ["b", "c"])),
    "last": (5, 2, (["c", "d"], "e", [])),
    "alone": (2, 0, ([], "b", [])),
    "before": (0, 2, None),
    "beyond": (6, 2, None),
}


@pytest.mark.parametrize(("lineno", "around", "expected"), CONTEXT.values(), ids=CONTEXT)
def test_context(lineno, around, expected):
    assert context(list("abcde"), lineno, around) == expected


def test_long_lines_are_cut():
    assert context(["x" * 10**6], 1, 5)[1] == "x" * 509 + "..."
