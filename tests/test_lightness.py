"""What importing and starting the library loads: told by the set of modules, which no noisy machine
changes.
"""

from __future__ import annotations

import json
import subprocess
import sys

NEVER_BEFORE_THE_FIRST_SEND = {
    "urllib3",
    "certifi",
    "ssl",
    "_ssl",
    "http",
    "http.client",
    "email",
    "socket",
    "asyncio",
    "logging",
}
NEVER_BY_IMPORT = NEVER_BEFORE_THE_FIRST_SEND | {
    *(
        "json",
        "dataclasses",
        "inspect",
        "datetime",
        "uuid",
        "tokenize",
        "linecache",
        "traceback",
        "tempfile",
        "subprocess",
    ),
    *("sentry_like.client", "sentry_like.transport", "sentry_like.capture", "sentry_like.types"),
}
MOST_MODULES = 60


def modules_after(code):
    """The modules that `code` adds to those of a bare interpreter."""
    program = f"""
import os, sys
sys.path[:0] = {sys.path!r}
before = set(sys.modules)
{code}
added = set(sys.modules) - before
import json
print(json.dumps(sorted(added)))
"""
    # -S: what this environment's site-packages load at start is not ours to count; `os` every start loads
    run = subprocess.run(
        [sys.executable, "-S", "-c", program],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return set(json.loads(run.stdout.splitlines()[-1]))


def test_import_loads_no_heavy_module():
    assert not modules_after("import sentry_like") & NEVER_BY_IMPORT


def test_import_and_init_load_no_network_and_few_modules():
    added = modules_after("import sentry_like; sentry_like.init('https://key@sentry.example/1')")
    assert not added & NEVER_BEFORE_THE_FIRST_SEND
    assert len(added) <= MOST_MODULES


def test_capture_loads_no_network_on_the_calling_thread():
    added = modules_after(
        "import sentry_like\n"
        "sentry_like.init('https://key@sentry.example/1', transport=lambda event: None)\n"
        "sentry_like.add_breadcrumb(message='x')\n"
        "sentry_like.capture_exception(ValueError())"
    )
    assert not added & NEVER_BEFORE_THE_FIRST_SEND


def test_init_does_not_import_frameworks_that_are_merely_installed():
    added = modules_after("import sentry_like; sentry_like.init('https://key@sentry.example/1')")
    assert not {
        name for name in added if name.partition(".")[0] in ("starlette", "uvicorn", "anyio", "hypothesis")
    }


def test_types_are_never_imported_at_run_time():
    added = modules_after(
        "import sentry_like\n"
        "sentry_like.init('https://key@sentry.example/1', transport=lambda event: None)\n"
        "sentry_like.capture_message('x')"
    )
    assert "sentry_like.types" not in added
