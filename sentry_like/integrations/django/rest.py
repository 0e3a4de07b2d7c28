"""Django REST framework: bodies as its parsers made them, and the exceptions that it turns into answers."""

from __future__ import annotations

from _weakref import ref

from sentry_like.integrations._common.patch import before
from sentry_like.integrations._common.serving import met

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

REST = "_sentry_like_rest_request"
"""Under this name Django's request refers, weakly, to the framework's own."""


def watch(module: Any) -> None:
    """Note the requests and the exceptions of its views."""

    @before(module.APIView, "initial", "django")
    def begun(view: Any, request: Any, *args: Any, **kwargs: Any) -> None:
        vars(request._request)[REST] = ref(request)

    @before(module.APIView, "handle_exception", "django")
    def noted(view: Any, exc: BaseException) -> None:
        met(exc)


def parsed_by(known: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What became of the body, if it was parsed and is no list or the like. `known` are the attributes of
    Django's request.
    """
    held = known.get(REST)
    request = None if held is None else held()
    data = None if request is None else vars(request).get("_data")
    return data if isinstance(data, dict) else None
