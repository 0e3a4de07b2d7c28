"""What turns what happened into an envelope: the composition root, where options, rooms, integrations and
transport meet.

A client never changes after construction. Every method may be called from any thread; none raises into the
application.
"""

from __future__ import annotations

import os
import sys

from sentry_like.breadcrumbs import Crumb
from sentry_like.capture.cleaning import Capture, load
from sentry_like.capture.crumbs import make_lasting
from sentry_like.errors import contained, debug, describe, voice
from sentry_like.integrations import Installed, install
from sentry_like.integrations import uninstall as uninstall_integrations
from sentry_like.options import Options, read_config_file
from sentry_like.pipeline import Pipeline
from sentry_like.protocol.categories import of_event_type
from sentry_like.protocol.dsn import Dsn
from sentry_like.protocol.envelope import Envelope
from sentry_like.scope import Scope
from sentry_like.transport import forks
from sentry_like.transport.base import make_transport
from sentry_like.transport.reports import Reports
from sentry_like.version import SDK_NAME, VERSION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType
    from typing import Any

    from sentry_like.capture.cleaning import Cleaning
    from sentry_like.capture.scrub import EventScrubber
    from sentry_like.transport.base import Transport
    from sentry_like.types import Breadcrumb, Event, ExcInfo, Hint, Mechanism

OUR_PACKAGE = os.path.dirname(os.path.abspath(__file__)) + os.sep


class Client:
    """Sends to one DSN with one set of options.

    Without a DSN and without a custom transport it is inactive: it accepts every call and does nothing.

    Raises:
        BadOptions: an unknown option or a bad value; the message names each, with the nearest valid name.
        BadDsn: the DSN is malformed.
    """

    def __init__(self, dsn: str | None = None, *, config_file: str | None = None, **options: Any) -> None:
        config = None if config_file is None else read_config_file(config_file)
        self._given = {"dsn": dsn, "config_file": config_file, **options}
        given = options if dsn is None else {"dsn": dsn, **options}
        self.options = Options.resolve(given, os.environ, config)
        self.dsn = Dsn.parse(self.options.dsn) if self.options.dsn else None
        voice.debug = voice.debug or bool(self.options.debug)
        self.reports = Reports(on_lost=self.options.on_lost)
        self.transport: Transport | None = make_transport(self.options, self.dsn, self.reports, log=debug)
        self._capture = Capture(self.options)
        self._is_loaded = False
        self.integrations = install(self.options) if self.is_active() else Installed()
        self._pipeline = Pipeline(self.options, self._defaults(), self.integrations, self.reports)
        self.integrations.start(self)

    def _defaults(self) -> Event:
        """What every event of this client says, made once and shared."""
        options = self.options
        own = {name: getattr(options, name) for name in ("release", "environment", "server_name", "dist")}
        return {
            "platform": "python",
            **{name: value for name, value in own.items() if value},
            "sdk": {
                "name": SDK_NAME,
                "version": VERSION,
                "packages": [{"name": "pypi:sentry-like", "version": VERSION}],
            },
            "contexts": {"runtime": runtime_context()},
        }

    @property
    def scrubber(self) -> EventScrubber:
        """What finds secrets, for integrations that make texts late."""
        return self._capture.scrubber

    def is_active(self) -> bool:
        """Whether captured events go anywhere."""
        return self.transport is not None

    # -- capturing

    def capture_exception(
        self,
        exc_info: ExcInfo,
        scope: Scope,
        mechanism: Mechanism | None = None,
        hint: Hint | None = None,
    ) -> str | None:
        """Send an exception; the event's id, or `None` when it was refused or dropped."""
        if self.transport is None:
            return None
        hint = {**(hint or {}), "exc_info": exc_info}
        if self._is_refused("error", exc_info, hint, lambda: self._sketch(exc_info)):
            return None
        caller = None if exc_info[2] is not None else calling_frame()
        cleaning = self.start_cleaning()
        event = cleaning.exception(exc_info, mechanism, caller)
        return self._finish(event, hint, scope, cleaning)

    def capture_message(self, message: str, level: str, scope: Scope, hint: Hint | None = None) -> str | None:
        """Send a message; the event's id, or `None` when it was refused or dropped."""
        if self.transport is None:
            return None
        hint = dict(hint or {})
        if self._is_refused("error", None, hint, lambda: {"level": level, "message": message}):
            return None
        cleaning = self.start_cleaning()
        caller = calling_frame() if self.options.attach_stacktrace else None
        event = cleaning.message(message, level, caller)
        return self._finish(event, hint, scope, cleaning)

    def capture_event(self, event: Any, hint: Hint | None = None, scope: Scope | None = None) -> str | None:
        """Send an event made by hand, without a scope's data if none is given; its id, or `None` when it was
        refused or dropped.
        """
        if self.transport is None:
            return None
        if not isinstance(event, dict):
            voice.once(
                "capture_event argument",
                f"capture_event() takes a dict, not {type(event).__name__}: nothing was sent",
            )
            return None
        hint = dict(hint or {})
        category = of_event_type(event.get("type"))
        if self._is_refused(category, hint.get("exc_info"), hint, lambda: event):
            return None
        cleaning = self.start_cleaning()
        return self._finish(cleaning.sanitise(event), hint, scope or Scope(), cleaning)

    def capture_built(
        self,
        build: Callable[[Cleaning], Event],
        hint: Hint,
        scope: Scope,
        mechanism: Mechanism | None = None,
    ) -> str | None:
        """Send an event whose own fields `build` makes, once nothing refused it, with the exception of
        `hint["exc_info"]` if there is one; its id, or `None` when it was refused or dropped.
        """
        if self.transport is None:
            return None
        hint = dict(hint)
        exc_info = hint.get("exc_info")
        if self._is_refused("error", exc_info, hint, lambda: self._sketch(exc_info)):
            return None
        cleaning = self.start_cleaning()
        event: Event = {"level": "error"}
        if exc_info is not None:
            event = cleaning.exception(exc_info, mechanism, None)
        event.update(build(cleaning))
        return self._finish(event, hint, scope, cleaning)

    def _sketch(self, exc_info: ExcInfo | None) -> Event:
        return {"level": "error"} if exc_info is None else self._capture.sketch(exc_info)

    def start_cleaning(self) -> Cleaning:
        """What one event is made with. The first loads what that takes, while no fork can come in between."""
        if not self._is_loaded:
            forks.undivided.run(self._load)
            self._is_loaded = True
        return self._capture.start()

    def _load(self) -> None:
        load()
        self.integrations.load_late()

    def _is_refused(
        self, category: str, exc_info: ExcInfo | None, hint: Hint, sketch: Callable[[], Event]
    ) -> bool:
        """Count what was captured, and whether it is refused before anything is built; only errors are."""
        self.reports.captured(category)
        reason = self._pipeline.refuse(exc_info, hint, sketch) if category == "error" else None
        if reason is not None:
            self.reports.lost(reason, category)
        return reason is not None

    def _finish(self, event: Event, hint: Hint, scope: Scope, cleaning: Cleaning) -> str | None:
        transport = self.transport
        prepared = self._pipeline.prepare(event, hint, scope, cleaning)
        if prepared is None or transport is None:
            return None
        envelope = Envelope.of_event(prepared)
        envelope.weight = cleaning.weight()
        for attachment in hint.get("attachments") or ():
            self._attach(envelope, attachment)
        self._pipeline.tell_captured(prepared, hint)
        transport.send(envelope)
        event_id: str = prepared["event_id"]
        return event_id

    def _attach(self, envelope: Envelope, attachment: Any) -> None:
        """Add a file to the envelope; one that cannot be read costs only itself."""
        from sentry_like.attachments import Attachment

        with contained("attachment", lambda error: debug(f"an attachment was left out: {describe(error)}")):
            if not isinstance(attachment, Attachment):
                raise TypeError(f"hint['attachments'] holds {type(attachment).__name__}, not an Attachment")
            data = attachment.read(self.options.max_attachment_bytes)
            envelope.add_attachment(data, attachment.filename, attachment.content_type)
            envelope.weight += len(data)
            self.reports.captured("attachment", max(len(data), 1))

    def on_internal_error(self, error: BaseException) -> None:
        """Count an event that a fault of ours has cost."""
        self.reports.lost("internal_sdk_error", "error")

    # -- breadcrumbs

    def add_breadcrumb(self, scope: Scope, crumb: Breadcrumb, hint: Hint | None = None) -> None:
        """Keep a crumb on the scope, as the user's `before_breadcrumb` wants it."""
        bound = self.options.max_breadcrumbs
        if self.transport is None or bound == 0:
            return
        if self.options.before_breadcrumb is not None:
            wanted = self._pipeline.before_breadcrumb(crumb, hint or {})
            if wanted is None:
                return
            crumb = dict(wanted)
        made = Crumb(crumb)
        if not make_lasting(crumb):
            made.finish(self.start_cleaning().breadcrumb)
        scope.push_crumb(made, bound)

    def keep_crumb(self, scope: Scope, crumb: Crumb, hint: Hint) -> None:
        """Keep a crumb whose fields nobody can change any more, though they may not be made yet."""
        bound = self.options.max_breadcrumbs
        if self.transport is None or bound == 0:
            return
        if self.options.before_breadcrumb is not None:
            wanted = self._pipeline.before_breadcrumb(crumb.make(), hint)
            if wanted is None:
                return
            crumb.settle(self.start_cleaning().breadcrumb(dict(wanted)))
        scope.push_crumb(crumb, bound)

    # -- the rest

    def get_integration(self, name_or_class: Any) -> Any:
        """The integration of that identifier or class, or `None` when this client has it not."""
        name = name_or_class if isinstance(name_or_class, str) else getattr(name_or_class, "identifier", None)
        if name in self.integrations.late:
            self.integrations.load_late()
        return self.integrations.get(name)  # type: ignore[arg-type]  # an unknown identifier is simply not there

    def should_send_default_pii(self) -> bool:
        return bool(self.options.send_default_pii)

    def stats(self) -> dict[str, dict[str, Any]]:
        """Per category what became of all that was captured.

        `{"error": {"captured": 7, "sent": 4, "queued": 1, "lost": {"sample_rate": 2}}}`; captured is always
        the sum of the others.
        """
        return self.reports.stats()

    def flush(
        self, timeout: float | None = None, callback: Callable[[int, float], object] | None = None
    ) -> bool:
        """Wait at most `timeout` seconds (default: `shutdown_timeout`) until everything captured so far has
        left.

        True only if all of it was delivered. `callback(pending, timeout)` is called if something is still
        pending.
        """
        transport = self.transport
        if transport is None:
            return True
        seconds = self.options.shutdown_timeout if timeout is None else timeout
        with contained("flush"):
            pending = transport.pending()
            if callback is not None and pending:
                callback(pending, seconds)
            return transport.flush(seconds)
        return False

    def close(
        self,
        timeout: float | None = None,
        callback: Callable[[int, float], object] | None = None,
        *,
        uninstall: bool = False,
    ) -> bool:
        """Flush, then stop the worker and release its connection; later captures do nothing.

        With `uninstall` the interpreter and all frameworks get back what integrations replaced in this
        process, for whichever client.
        """
        if uninstall:
            uninstall_integrations()
        transport = self.transport
        if transport is None:
            return True
        delivered = self.flush(timeout, callback)
        self.transport = None
        self.integrations.stop()
        with contained("close"):
            transport.close(0)
        return delivered

    def drain(self, callback: Callable[[int, float], object] | None = None) -> None:
        """Flush at interpreter exit; what is captured after this, in other exit hooks, is sent by the
        thread that captures it.
        """
        transport = self.transport
        if transport is None:
            return
        seconds = self.options.shutdown_timeout
        with contained("drain"):
            pending = transport.pending()
            if callback is not None and pending:
                callback(pending, seconds)
            transport.drain(seconds)

    def __reduce__(self) -> tuple[Any, ...]:
        """A pickled client is its options: a copy has a worker and an account of its own."""
        return _restored, (self._given,)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: object, error: object, tb: object) -> None:
        self.close()


def _restored(given: dict[str, Any]) -> Client:
    return Client(**given)


def runtime_context() -> dict[str, str]:
    """The interpreter, as the server shows it."""
    names = {"cpython": "CPython", "pypy": "PyPy", "graalpy": "GraalPy"}
    name = sys.implementation.name
    return {
        "name": names.get(name, name),
        "version": ".".join(map(str, sys.version_info[:3])),
        "build": sys.version.replace("\n", " "),
    }


def calling_frame() -> FrameType | None:
    """The innermost frame that is not ours."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(OUR_PACKAGE):
        frame = frame.f_back
    return frame
