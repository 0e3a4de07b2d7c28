"""What is supported from an old version on works with that version: the same tests, run once more under it.

The table is `OTHERS` in scripts/frameworks; web frameworks are run under theirs by tests/web.
"""

from __future__ import annotations

import importlib.machinery
import importlib.metadata
import importlib.util
import json
import os
import subprocess
from pathlib import Path

import pytest

from sentry_like.integrations.registry import REGISTRY

ROOT = Path(__file__).parent.parent
TESTED = ROOT / "docs" / "integrations" / "tested.json"


def load_script():
    path = str(ROOT / "scripts" / "frameworks")
    loader = importlib.machinery.SourceFileLoader("frameworks_script", path)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("frameworks_script", loader))
    loader.exec_module(module)
    return module


SCRIPT = load_script()


@pytest.mark.skipif(not SCRIPT.CAN_RUN_HERE, reason="they are older than this Python")
@pytest.mark.parametrize("name", sorted(SCRIPT.OTHERS))
def test_the_same_tests_pass_under_the_oldest_version(name):
    needed, arguments = SCRIPT.OTHERS[name]
    # old versions warn of themselves
    argv = ["-m", "pytest", "-q", "--no-header", "-p", "no:cacheprovider", "-W", "default", *arguments]
    ended = SCRIPT.run(name, argv, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert ended.returncode == 0, ended.stdout[-10_000:]
    package = REGISTRY[name].package
    ask = f"import importlib.metadata as m; print(m.version({package!r}), end='')"
    oldest = SCRIPT.run(name, ["-c", ask], stdout=subprocess.PIPE, text=True).stdout
    assert oldest == needed[0].partition("==")[2]
    if os.environ.get("WRITE_TESTED"):
        write(name, {"oldest": oldest, "newest": importlib.metadata.version(package)})


def write(name, versions):
    known = json.loads(TESTED.read_text()) if TESTED.exists() else {}
    TESTED.write_text(json.dumps({**known, name: versions}, indent=1, sort_keys=True) + "\n")
