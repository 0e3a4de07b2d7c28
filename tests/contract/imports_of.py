"""What an integration imports beyond what the application has: two programs, told by their modules."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import lru_cache

PROGRAM = """
import sys
sys.path[:0] = {path!r}
for module in {modules!r}:
    __import__(module)
import sentry_like
sentry_like.init({dsn!r}, transport=lambda event: None, {options})
sentry_like.add_breadcrumb(message="x")
try:
    raise ValueError
except ValueError:
    sentry_like.capture_exception()
names = sorted(sys.modules)
import json
print(json.dumps(names))
"""


NO_OTHERS = "default_integrations=False, auto_enabling_integrations=False"


def added_by(identifier):
    """The modules that are there with the integration and not without it, once the first event is sent."""
    from sentry_like.integrations.registry import REGISTRY

    row = REGISTRY[identifier]
    modules, place = tuple(row.modules), row.place
    load = f"[__import__('sentry_like.integrations', fromlist=['load']).load({place!r})]"
    alone = _modules(modules, NO_OTHERS)
    return _modules(modules, f"{NO_OTHERS}, integrations={load}") - alone


def added_by_all():
    """The same of all that `init` alone sets up."""
    return _modules((), "debug=False") - _modules((), NO_OTHERS)


@lru_cache
def _modules(modules, options):
    from sentry_like.testing import DSN

    program = PROGRAM.format(path=sys.path, modules=modules, dsn=DSN, options=options)
    run = subprocess.run([sys.executable, "-S", "-c", program], capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr
    return frozenset(json.loads(run.stdout.splitlines()[-1]))
