"""Django middleware that signs every page view in as the only user, so that a headless browser sees it.

The programming interface under /api/ keeps its own authentication.
"""

from __future__ import annotations

from django.contrib.auth import get_user_model

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse


class SignInTheOnlyUser:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith("/api/"):
            request.user = get_user_model().objects.get()
        return self.get_response(request)
