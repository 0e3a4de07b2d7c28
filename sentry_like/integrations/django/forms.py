"""Bodies as Django, or Django REST framework, has parsed them; nothing is parsed for an event."""

from __future__ import annotations

from sentry_like.capture.names import FILTERED
from sentry_like.integrations._common.bodies import alone
from sentry_like.integrations.django.rest import parsed_by

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

CSRF_FIELD = "csrfmiddlewaretoken"


def form_of(known: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The fields, or what else became of the body. `known` are the attributes of Django's request."""
    parsed: Any = parsed_by(known)
    if parsed is None:
        parsed = known.get("_post")
    if not isinstance(parsed, dict):
        return None
    lists = getattr(parsed, "lists", None)
    fields = parsed if lists is None else {name: alone(values) for name, values in lists()}
    return {name: FILTERED if name == CSRF_FIELD else value for name, value in fields.items()}
