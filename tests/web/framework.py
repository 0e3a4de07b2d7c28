"""What the suite knows of a framework, and the list of all: a description in tests/web/described for each."""

from __future__ import annotations

import importlib.util
from pathlib import Path

HERE = Path(__file__).parent
BODIES = ("json", "vendor-json", "form", "multipart", "raw")
ROUTES = (
    "/ok",
    "/tagged",
    "/sync-tagged",
    "/error",
    "/handled",
    "/handled-502",
    "/abort",
    "/returned",
    "/stream",
    "/stream-error",
    "/body",
    "/unread",
    "/upload",
    "/login",
    "/message",
    "/chained",
    "/wait",
    "/nowhere",
)


class Framework:
    """One framework, as its application shows it.

    `name`: the integration's identifier, and the mechanism of what it captures. `package`: the distribution.
    `servers`: `{name: arguments after python}` with `{port}`; the first one also runs the oldest version.
    `oldest`: requirements of the oldest version, the framework's own first; empty where there is none.
    `transactions`: `{style: (source, {path: name})}`, the default style first. `http_errors`: the class of
    the exception that `/abort/<status>` raises. `user`: what an event shows of who logged in. `missing`:
    why a route, or `"server route"`, is not there. `style_setting`: the argument that takes a style.
    """

    def __init__(
        self,
        name,
        *,
        package,
        servers,
        transactions,
        oldest=(),
        http_errors=None,
        user=None,
        missing=None,
        style_setting="transaction_style",
        has_failed_codes=True,
        bodies=BODIES,
    ):
        unknown = {route.split()[-1] for route in missing or {}} - set(ROUTES)
        assert not unknown, f"{name}: {unknown} are no routes"
        self.name = name
        self.package = package
        self.servers = servers
        self.transactions = transactions
        self.oldest = oldest
        self.http_errors = http_errors or {}
        self.user = user
        self.missing = missing or {}
        self.style_setting = style_setting
        self.has_failed_codes = has_failed_codes
        self.bodies = bodies

    @property
    def styles(self):
        return list(self.transactions)

    def has(self, route, server):
        """Whether the application offers a route (its first segment) on that server."""
        return route not in self.missing and f"{server} {route}" not in self.missing


class Visit:
    """What a test needs: routes, and the name of the options that the process has."""

    def __init__(self, routes, options, fits):
        self.routes, self.options, self._fits = routes, options, fits

    def is_offered_by(self, choice):
        framework = choice.framework
        has_all = all(framework.has(route, choice.server) for route in self.routes)
        return has_all and self._fits(framework)


def visits(*routes, options="plain", fits=lambda framework: True):
    """Decorator: run the test on every application that has these routes, and that `fits`."""

    def mark(test):
        unknown = set(routes) - set(ROUTES)
        assert not unknown, unknown
        test.visits = Visit(routes, options, fits)
        return test

    return mark


def described():
    """`{name: Framework}` of all, in the order of their names."""
    paths = sorted((HERE / "described").glob("*_described.py"))
    frameworks = [_loaded(path).FRAMEWORK for path in paths]
    return {framework.name: framework for framework in frameworks}


def _loaded(path):
    import sys

    if str(HERE) not in sys.path:  # descriptions import this module by its name
        sys.path.insert(0, str(HERE))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
