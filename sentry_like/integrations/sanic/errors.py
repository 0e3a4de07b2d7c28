"""Which errors of requests are told: those that Sanic's own page answers at once, those that have a handler,
and Sanic's own, by the status of the answer. Once its head is sent, no other status can follow.
"""

from __future__ import annotations

from functools import partial, wraps
from inspect import isawaitable

from sanic.exceptions import SanicException, ServiceUnavailable
from sanic.handlers import ErrorHandler
from sanic.http import Stage

from sentry_like.errors import contained
from sentry_like.integrations._common.logs import busy
from sentry_like.integrations._common.patch import around, before
from sentry_like.integrations._common.serving import failed, serving_here
from sentry_like.integrations.sanic.handling import SANIC, around_compiled, in_unit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Any

    from sentry_like.integrations._common.serving import Serving
    from sentry_like.types import Event, Hint

ECHOES = ("sanic.error", "sanic.root")
"""The loggers that say that an error cannot be answered any more."""


def watch_errors() -> None:
    """Hear of errors, and make nothing of Sanic's own lines on them."""
    around_compiled("handle_exception", met)
    around(ErrorHandler, "_lookup", SANIC)(found)
    around(ErrorHandler, "log", SANIC)(logged)
    before(ErrorHandler, "default", SANIC)(given_up)


async def met(original: Any, app: Any, request: Any, exception: Any, *args: Any, **kwargs: Any) -> None:
    """Outside of `handle_request` too: what is no request, and what took too long, which was told."""
    call = partial(original, app, request, exception, *args, **kwargs)
    serving = serving_here()
    if serving is None and isinstance(exception, ServiceUnavailable):
        await call()
    elif serving is None:
        await in_unit(request, partial(met, original, app, request, exception, *args, **kwargs))
    else:
        with contained(SANIC):
            meet(serving, request, exception)
        await call()


def meet(serving: Serving, request: Any, error: BaseException) -> None:
    if request.stream is None or request.stream.stage is Stage.HANDLER:
        serving.met(error)
        return
    serving.hub.scope.add_event_processor(without_echoes)
    tell(serving, error)


def tell(serving: Serving, error: BaseException) -> None:
    """No answer can follow."""
    codes = serving.integration.failed_request_status_codes
    if not isinstance(error, SanicException) or error.status_code in codes:
        serving.failed(error)


def without_echoes(event: Event, hint: Hint) -> Event | None:
    text = str(event.get("logentry") or event.get("message"))
    is_echo = event.get("logger") == ECHOES[0] or "error response will not be sent" in text
    return None if is_echo and event.get("logger") in ECHOES else event


def given_up(_: ErrorHandler, request: Any, exception: BaseException) -> None:
    """Nobody has handled it, for this makes Sanic's own page."""
    if not isinstance(exception, SanicException):
        failed(exception, SANIC)


def found(original: Any, handlers: ErrorHandler, *args: Any, **kwargs: Any) -> Any:
    """The application's handler, whose own failures Sanic answers as well, and does not always log."""
    handler, serving = original(handlers, *args, **kwargs), serving_here()
    return handler if handler is None or serving is None else heard(handler, serving)


def heard(handler: Callable[..., Any], serving: Serving) -> Callable[..., Any]:
    @wraps(handler)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            answer = handler(*args, **kwargs)
        except Exception as error:
            with contained(SANIC):
                serving.failed(error)  # the answer is 500, whatever it is
            raise
        return awaited(answer, serving) if isawaitable(answer) else answer

    return call


async def awaited(answer: Awaitable[Any], serving: Serving) -> Any:
    try:
        return await answer
    except SanicException as error:
        with contained(SANIC):
            serving.met(error)
        raise
    except Exception as error:
        with contained(SANIC):
            serving.failed(error)
        raise


def logged(original: Any, *args: Any, **kwargs: Any) -> Any:
    with busy:
        return original(*args, **kwargs)
