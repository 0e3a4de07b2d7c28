"""A light, truthful, Sentry-compatible error-monitoring client.

    import sentry_like
    sentry_like.init("https://<key>@<host>/<project>")

A hub says who listens; a scope says what is true here; a client turns an event into an envelope; a
transport carries it away.
"""

from __future__ import annotations

from sentry_like.api import (
    add_attachment,
    add_breadcrumb,
    capture_event,
    capture_exception,
    capture_message,
    configure_scope,
    flush,
    get_client,
    get_current_hub,
    get_current_scope,
    get_global_scope,
    get_isolation_scope,
    init,
    is_initialized,
    isolate,
    isolation_scope,
    last_event_id,
    new_scope,
    push_scope,
    set_context,
    set_extra,
    set_level,
    set_tag,
    set_tags,
    set_transaction_name,
    set_user,
    use_isolation_scope,
    use_scope,
)
from sentry_like.hub import Hub
from sentry_like.scope import Scope
from sentry_like.version import VERSION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from sentry_like.attachments import Attachment
    from sentry_like.capture.scrub import EventScrubber
    from sentry_like.client import Client
    from sentry_like.options import BadOptions, Options
    from sentry_like.pipeline import add_global_event_processor
    from sentry_like.protocol.dsn import BadDsn, Dsn
    from sentry_like.protocol.envelope import Envelope
    from sentry_like.transport.base import Transport

__all__ = [
    "VERSION",
    "Attachment",
    "BadDsn",
    "BadOptions",
    "Client",
    "Dsn",
    "Envelope",
    "EventScrubber",
    "Hub",
    "Options",
    "Scope",
    "Transport",
    "add_attachment",
    "add_breadcrumb",
    "add_global_event_processor",
    "capture_event",
    "capture_exception",
    "capture_message",
    "configure_scope",
    "flush",
    "get_client",
    "get_current_hub",
    "get_current_scope",
    "get_global_scope",
    "get_isolation_scope",
    "init",
    "is_initialized",
    "isolate",
    "isolation_scope",
    "last_event_id",
    "new_scope",
    "push_scope",
    "set_context",
    "set_extra",
    "set_level",
    "set_tag",
    "set_tags",
    "set_transaction_name",
    "set_user",
    "use_isolation_scope",
    "use_scope",
]

_LAZY = {
    "Attachment": "sentry_like.attachments",
    "BadDsn": "sentry_like.protocol.dsn",
    "BadOptions": "sentry_like.options",
    "Client": "sentry_like.client",
    "Dsn": "sentry_like.protocol.dsn",
    "Envelope": "sentry_like.protocol.envelope",
    "EventScrubber": "sentry_like.capture.scrub",
    "Options": "sentry_like.options",
    "Transport": "sentry_like.transport.base",
    "add_global_event_processor": "sentry_like.pipeline",
}
"""Public names whose modules are loaded when first asked for."""


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        from importlib import import_module

        return getattr(import_module(_LAZY[name]), name)
    if name == "integrations":
        from importlib import import_module

        return import_module("sentry_like.integrations")
    raise AttributeError(f"module 'sentry_like' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
