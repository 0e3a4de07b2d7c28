"""What the contract has to know of an integration: a new one adds one file to `subjects`.

# subjects/flask.py
class Flask(Subject):
    identifier = "flask"
    def targets(self): ...
    def work(self): ...
    def fail(self, cargo): ...

SUBJECT = Flask()
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from sentry_like import integrations
from sentry_like.integrations.registry import REGISTRY


class Trouble(Exception):
    """What goes wrong."""


def trouble(cargo):
    """Raise, with `cargo` among the variables of the frame."""
    raise Trouble("it went wrong")


class Subject:
    """One integration, and how to use what it integrates with.

    `of_work` and `of_failure` are how many signs one use leaves, and one failure.
    """

    identifier = ""
    of_work = 0
    of_failure = 1
    may_import = frozenset()
    """Modules that it may load although the application has not, when it is set up or at the first event."""

    def missing(self):
        """The name of a module that it takes and that is not installed, or `None`."""
        tops = {module.partition(".")[0] for module in REGISTRY[self.identifier].modules}
        return next((top for top in sorted(tops) if find_spec(top) is None), None)

    def prepare(self):
        """What an application does before: it imports what is integrated with."""
        for module in REGISTRY[self.identifier].modules:
            import_module(module)

    def integration(self):
        """A new instance."""
        return integrations.load(REGISTRY[self.identifier].place)

    def targets(self):
        """`[(owner, name), ...]`: the attributes that it replaces."""
        return []

    def state(self):
        """What else it registers or changes, comparable; it must be as before once it is uninstalled."""

    def work(self):
        """Use what is integrated with, once and well; what comes of it, comparable."""

    def fail(self, cargo):
        """Let go wrong, once, what the integration is there for; `trouble(cargo)` fails with it in its frame.

        It answers or raises what the application gets of it.
        """
        raise NotImplementedError(f"tell how {self.identifier} fails")

    async def work_in_task(self):
        """The same as `work`, where an event loop runs already."""
        return self.work()

    async def fail_in_task(self, cargo):
        """The same as `fail`, where an event loop runs already."""
        return self.fail(cargo)

    def signs(self, told):
        """What the integration has left, one entry for each sign of it in `told.events`, `told.crumbs` and
        `told.drains`.
        """
        return [*told.events, *told.crumbs]


class Adding(Subject):
    """An integration that only adds to events which the application captures itself."""

    of_work = 1
    of_failure = 1

    def work(self):
        import sentry_like

        sentry_like.capture_message("all is well")

    def fail(self, cargo):
        import sentry_like

        try:
            trouble(cargo)
        except Trouble:
            sentry_like.capture_exception()

    def signs(self, told):
        return [event for event in told.events if self.shows(event)]

    def shows(self, event):
        """Whether the event tells that the integration was at work."""
        raise NotImplementedError(f"tell what {self.identifier} adds to an event")


def find(identifier):
    """The subject of an integration, or `None` where nobody has written it yet."""
    place = f"subjects.{identifier}"
    if find_spec("subjects") is None or find_spec(place) is None:
        return None
    return import_module(place).SUBJECT


HOW_TO_ADD = (
    "{identifier} is in the registry, but not in the contract: write tests/contract/subjects/{identifier}.py "
    "with a class derived from Subject (tests/contract/subject.py says what it takes: targets, work, fail) "
    "and SUBJECT = an instance of it"
)
