"""A capture room without a client, and helpers to make exceptions and to read `_meta`."""

from __future__ import annotations

from time import time

from sentry_like.capture.cleaning import Capture
from sentry_like.options import Options
from sentry_like.protocol import jsontext


def as_sent(event):
    """The event as the server reads it."""
    whole = {"event_id": "9ec79c33ec9942ab8353589fcb2e04dc", "timestamp": time(), "platform": "python"}
    return jsontext.decode(jsontext.encode({**whole, **event}))


class Room:
    """A `Capture` with what the pipeline would do to an event."""

    def __init__(self, **options):
        self.capture = Capture(Options(dsn=None, **options))
        self.built = []

    def exception(self, error, mechanism=None, caller=None, **bags):
        cleaning = self.capture.start()
        info = (type(error), error, error.__traceback__)
        return self._finish(cleaning.exception(info, mechanism, caller), cleaning, bags)

    def message(self, message, caller=None):
        cleaning = self.capture.start()
        return self._finish(cleaning.message(message, "info", caller), cleaning, {})

    def bags(self, **bags):
        return self._finish({}, self.capture.start(), bags)

    def extra(self, value):
        """A value as it stands in `extra`."""
        return self.bags(extra={"it": value})["extra"]["it"]

    def crumb(self, **crumb):
        made = self.capture.start().breadcrumb(crumb)
        self.built.append({"breadcrumbs": {"values": [made]}})
        return made

    def foreign(self, event):
        cleaning = self.capture.start()
        return self._finish(cleaning.sanitise(event), cleaning, {})

    def locals(self, **variables):
        """Local variables as they stand in the frame of an exception."""
        return self.exception(raised_among(variables))["exception"]["values"][-1]["stacktrace"]["frames"][-1][
            "vars"
        ]

    def _finish(self, event, cleaning, bags):
        for name, value in bags.items():
            event[name] = cleaning.bag(value, (name,))
        event = cleaning.scrub(event)
        if cleaning.meta:
            event["_meta"] = cleaning.meta
        self.built.append(event)
        return event


def raised_among(variables):
    """An exception from a frame that has these local variables."""
    names = "\n".join(f"    {name} = given[{name!r}]" for name in variables)
    code = compile(f"def fail(given):\n{names}\n    del given\n    raise ValueError('x')", "<made>", "exec")
    namespace = {}
    exec(code, namespace)
    return caught(namespace["fail"], variables)


def caught(function, *arguments):
    """The exception that a call raises."""
    try:
        function(*arguments)
    except BaseException as error:
        return error
    raise AssertionError("nothing was raised")


def raised(error):
    """The same exception, with a traceback."""
    try:
        raise error
    except BaseException as caught_error:
        return caught_error


def at_path(event, *path):
    """What stands at a path of the event, list positions being numbers or their text."""
    for step in path:
        event = event[int(step)] if isinstance(event, list) else event[step]
    return event


def remarks(event):
    """`{path: remark or len}` of everything in `_meta`, each of whose paths must exist in the event."""
    found = {}

    def walk(node, value, path):
        for key, child in node.items():
            if key == "":
                found[path] = child
            else:
                walk(child, at_path(value, key), (*path, key))

    walk(event.get("_meta", {}), event, ())
    return found
