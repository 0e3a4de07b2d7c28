"""Installed packages are told from the names of their metadata folders, and old ones are refused."""

from __future__ import annotations

import importlib.metadata
import sys

import pytest

from sentry_like.integrations._common.packages import demand, installed, release_of
from sentry_like.integrations.base import DidNotEnable


@pytest.fixture
def folder(tmp_path):
    """`folder(name, ...)`: a folder of `sys.path` with these entries."""

    def make(*names):
        path = tmp_path / str(len(list(tmp_path.iterdir())))
        path.mkdir()
        for name in names:
            (path / name).mkdir()
        return str(path)

    return make


ENTRIES = {
    "wheel": ("Flask-3.0.0.dist-info", {"flask": "3.0.0"}),
    "underscores": ("typing_extensions-4.1.dist-info", {"typing-extensions": "4.1"}),
    "dots": ("zope.interface-6.0.dist-info", {"zope.interface": "6.0"}),
    "local version": ("torch-2.0.0+cpu.dist-info", {"torch": "2.0.0+cpu"}),
    "egg": ("six-1.16.0-py3.11.egg-info", {"six": "1.16.0"}),
    "egg of a platform": ("lxml-4.9-py3.11-linux-x86_64.egg-info", {"lxml": "4.9"}),
    "no version": ("mine.egg-info", {}),
    "no package": ("flask", {}),
    "only the suffix": (".dist-info", {}),
}


@pytest.mark.parametrize(("entry", "expected"), ENTRIES.values(), ids=ENTRIES)
def test_package_is_told_from(entry, expected, folder):
    assert installed([folder(entry)]) == expected


def test_first_folder_wins(folder):
    assert installed([folder("a-1.dist-info"), folder("a-2.dist-info", "b-1.dist-info")]) == {
        "a": "1",
        "b": "1",
    }


def test_odd_entries_of_the_path_are_survived(tmp_path, folder):
    (tmp_path / "file.zip").write_text("")
    odd = [
        "/nowhere",
        str(tmp_path / "file.zip"),
        "a\0b",
        b"bytes",
        5,
        None,
        tmp_path,
        folder("a-1.dist-info"),
    ]
    assert installed(odd) == {"a": "1"}


def test_agrees_with_the_metadata_of_this_environment():
    ours = installed(sys.path)
    assert ours["pytest"] == importlib.metadata.version("pytest")
    assert ours["hypothesis"] == importlib.metadata.version("hypothesis")


RELEASES = {
    "2.1": (2, 1),
    "2.1.0": (2, 1),
    "2.0": (2,),
    "2": (2,),
    "2.1rc1": (2, 1),
    "2.1.dev3": (2, 1),
    "2.1.post1": (2, 1),
    "2.1+local.7": (2, 1),
    "2021.10.8": (2021, 10, 8),
    "1!2.1": (2, 1),
    "v2.1": (2, 1),
    "10": (10,),
    "0.0": (),
    "": (),
    "unknown": (),
}


@pytest.mark.parametrize(("version", "expected"), RELEASES.items(), ids=map(repr, RELEASES))
def test_release_of_a_version_is(version, expected):
    assert release_of(version) == expected


DEMANDS = {
    "newer": ("flask-3.1.dist-info", "flask", "3.0.2", True),
    "the same": ("flask-3.0.dist-info", "flask", "3.0", True),
    "the same, longer": ("flask-3.0.0.dist-info", "flask", "3.0", True),
    "the same, shorter": ("flask-3.dist-info", "flask", "3.0.0", True),
    "older": ("flask-2.3.3.dist-info", "flask", "3.0", False),
    "older by number, not by text": ("flask-2.9.dist-info", "flask", "2.10", False),
    "newer by number, not by text": ("flask-2.10.dist-info", "flask", "2.9", True),
    "a candidate of it": ("flask-3.0rc1.dist-info", "flask", "3.0", True),
    "spelled otherwise": ("Foo_Bar.baz-1.0.dist-info", "foo-bar-baz", "2.0", False),
    "spelled otherwise there": ("foo_bar_baz-1.0.dist-info", "Foo.Bar.Baz", "2.0", False),
    "not there": ("flask-1.0.dist-info", "django", "2.0", True),
    "no number": ("flask-unknown.dist-info", "flask", "1.0", True),
    "built without a version": ("flask-0.0.0.dist-info", "flask", "1.0", True),
}


@pytest.mark.parametrize(("entry", "package", "minimum", "will_do"), DEMANDS.values(), ids=DEMANDS)
def test_version_that_will_do(entry, package, minimum, will_do, folder, monkeypatch):
    monkeypatch.setattr(sys, "path", [folder(entry)])
    if will_do:
        demand(package, minimum)
    else:
        found = entry.removesuffix(".dist-info").rpartition("-")[2]
        with pytest.raises(DidNotEnable, match=f"^needs {package} {minimum} or newer, found {found}"):
            demand(package, minimum)
