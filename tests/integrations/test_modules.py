"""Installed packages are told from the names of their metadata folders."""

from __future__ import annotations

import importlib.metadata
import json
import sys
import time

import pytest

from sentry_like.integrations._common.packages import installed
from sentry_like.integrations.modules import ModulesIntegration, fitting


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


def test_size_is_what_the_server_keeps(folder, sentry_accepts):
    many = folder(*(f"package{'x' * 100}{number}-1.0.{number}.dist-info" for number in range(200)))
    modules = fitting(installed([many]))
    assert 50 < len(modules) < 100
    assert len(json.dumps(modules)) <= 8192
    sentry_accepts(
        {"event_id": "9ec79c33ec9942ab8353589fcb2e04dc", "timestamp": time.time(), "modules": modules}
    )


def test_agrees_with_the_metadata_of_this_environment():
    ours = installed(sys.path)
    assert ours["pytest"] == importlib.metadata.version("pytest")
    assert ours["hypothesis"] == importlib.metadata.version("hypothesis")


def test_looked_up_once_and_only_for_errors(monkeypatch, folder):
    monkeypatch.setattr(sys, "path", [folder("a-1.dist-info")])
    integration = ModulesIntegration()
    event, transaction, mine = {}, {"type": "transaction"}, {"modules": {"x": "1"}}
    for one in (transaction, event, mine):
        integration.process_event(one, {})
    monkeypatch.setattr(sys, "path", [])
    again = {}
    integration.process_event(again, {})
    assert event == again == {"modules": {"a": "1"}}
    assert (transaction, mine) == ({"type": "transaction"}, {"modules": {"x": "1"}})
