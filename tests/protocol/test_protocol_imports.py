"""The protocol rests on the standard library alone, and importing it loads nothing that is heavy."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import sentry_like.protocol

ROOM = Path(sentry_like.protocol.__file__).parent
MODULES = sorted(path.stem for path in ROOM.glob("*.py") if path.stem != "__init__")
HEAVY = {
    "json",
    "email",
    "urllib",
    "datetime",
    "uuid",
    "re",
    "enum",
    "typing",
    "collections",
    "ipaddress",
    "calendar",
    "socket",
}

IMPORT_ALONE = """
import sys
package = type(sys)("sentry_like")
package.__path__ = [sys.argv[1]]
sys.modules["sentry_like"] = package
for name in sys.argv[2:]:
    __import__("sentry_like.protocol." + name)
print(*sys.modules)
"""


def imported_by(path: Path) -> set[str]:
    """Names of all modules that a file imports, anywhere in it."""
    names: set[str] = set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} has a relative import"
            names.add(node.module or "")
    return names


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_only_the_standard_library_and_its_own_room(module):
    for name in imported_by(ROOM / f"{module}.py"):
        top = name.partition(".")[0]
        assert name.startswith("sentry_like.protocol") or top in sys.stdlib_module_names, name


def loaded_by(*modules: str) -> set[str]:
    """The top-level modules of a bare interpreter that imported these."""
    command = [sys.executable, "-I", "-S", "-c", IMPORT_ALONE, str(ROOM.parent), *modules]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
    return {name.partition(".")[0] for name in done.stdout.split()}


def test_importing_the_room_loads_nothing_heavy():
    loaded = loaded_by(*MODULES)
    assert "sentry_like" in loaded
    assert not loaded & HEAVY
