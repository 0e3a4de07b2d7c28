"""Django's requests as adapters: what Django knows of one is read when an event is made, and nothing is
loaded or parsed for it.
"""

from __future__ import annotations

from _weakref import ref

from django.conf import settings

from sentry_like.capture.names import FILTERED
from sentry_like.integrations._common.asgi import AsgiRequest
from sentry_like.integrations._common.request import Request, parse_cookies
from sentry_like.integrations._common.wsgi import WsgiRequest
from sentry_like.integrations.django import routes, users
from sentry_like.integrations.django.forms import form_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    from sentry_like.integrations._common.serving import Serving

UNQUOTED = "/;=,@:"


class DjangoRequest(Request):
    """What both kinds have in common. `held` refers weakly to Django's request, once there is one."""

    __slots__ = ()

    held: Any

    def found(self) -> Any:
        """Django's request, or `None`."""
        held = getattr(self, "held", None)
        return None if held is None else held()

    def url(self) -> str:
        request = self.found()
        if request is None:
            return super().url()
        from urllib.parse import quote

        return f"{request.scheme}://{self.host()}{quote(request.path, UNQUOTED)}"

    def host(self) -> str:
        forwarded = self.header("x-forwarded-host") if settings.USE_X_FORWARDED_HOST else ""
        return forwarded or str(super().host())  # type: ignore[misc]  # both kinds have one

    def headers(self) -> Iterator[tuple[str, str]]:
        secret = settings.CSRF_HEADER_NAME.removeprefix("HTTP_").replace("_", "-").title()
        for name, value in super().headers():
            yield name, FILTERED if name == secret else value

    def cookies(self) -> Mapping[str, Any]:
        secret = (settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME)
        found = parse_cookies(self.header("cookie"))
        return {name: FILTERED if name in secret else value for name, value in found.items()}

    def user(self) -> Mapping[str, Any] | None:
        request = self.found()
        return None if request is None else users.of_request(request)

    def transaction(self, style: str) -> tuple[str, str] | None:
        request = self.found()
        return None if request is None else routes.of_request(request, style)

    def form(self) -> Mapping[str, Any] | None:
        return form_of(vars_of(self.found()))

    def files(self) -> Iterable[tuple[str, Any]]:
        return dict(vars_of(self.found()).get("_files") or {}).items()

    def raw(self) -> bytes | None:
        return vars_of(self.found()).get("_body")


class WsgiDjangoRequest(DjangoRequest, WsgiRequest):
    """A request that came through WSGI."""

    __slots__ = ("held",)


class AsgiDjangoRequest(DjangoRequest, AsgiRequest):
    """A request that came through ASGI."""

    __slots__ = ("held",)


def note(request: Any, serving: Serving | None) -> None:
    """Let the adapter of the request that is served know Django's own."""
    adapter = None if serving is None else serving.request
    if isinstance(adapter, DjangoRequest):
        adapter.held = ref(request)


def vars_of(request: Any) -> dict[str, Any]:
    """The attributes of Django's request, as they are stored; what is not there yet is not made."""
    return {} if request is None else vars(request)
