"""One request while it is served: its hub, what is known of it, and which errors of it are told.

The request is the unit of work of its scope (`scope.work`), so whatever forks that scope, in a thread or a
task, tells of the same request until it is over. Then nothing of it is held any more.

What is an error is the same for all frameworks:

- what leaves the application, or what the framework says nobody has handled, is told at once (`failed`);
- what a framework or a handler of the application turns into an answer is only noted (`met`), and told as
  handled if the status of that answer is among `failed_request_status_codes`;
- an answer with such a status that no error led to is told as a message;
- what comes of a client that hung up is no error.
"""

from __future__ import annotations

from sentry_like.errors import contained, is_error
from sentry_like.hub import Hub, fork_here, layer_now
from sentry_like.integrations._common import request as requests
from sentry_like.integrations._common.bodies import Body, bound_of
from sentry_like.integrations.base import Integration
from sentry_like.options.problems import nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from types import TracebackType
    from typing import Any

    from sentry_like.capture.cleaning import Cleaning
    from sentry_like.integrations._common.request import Request
    from sentry_like.types import Event

SERVER_ERRORS = range(500, 600)
METHODS_TO_CAPTURE = ("CONNECT", "DELETE", "GET", "PATCH", "POST", "PUT", "TRACE")
HANGING_UP = frozenset(("ClientDisconnect", "ClientDisconnected", "RequestAborted", "WebSocketDisconnect"))
"""The classes by which frameworks say that the client is gone."""
LONGEST_CHAIN = 10
"""Links from an error back to the one that led to it."""
OF_FRAMEWORKS = (
    "unhandled errors in a TaskGroup",
    "Errors during context teardown",
    "Errors during request teardown",
)
"""How the message of a group begins that asyncio or anyio has made, or Quart, but not the application."""
TELLING_LEVELS = ("error", "fatal")
"""Of events that say themselves that something went wrong."""


class WebIntegration(Integration):
    """The base of integrations of web frameworks, and the options that all of them have.

    `transaction_style` is one of `styles`, by default the first: what requests are named by.
    `failed_request_status_codes` are the statuses of answers that are told as errors.
    `http_methods_to_capture` are the methods whose requests become transactions where tracing is on; errors
    are told whatever the method.

    Raises:
        ValueError: there is no such style.
        TypeError: the status codes are no collection of integers.
    """

    styles: tuple[str, ...] = ("url",)

    def __init__(
        self,
        transaction_style: str | None = None,
        failed_request_status_codes: Collection[int] = SERVER_ERRORS,
        http_methods_to_capture: Collection[str] = METHODS_TO_CAPTURE,
    ) -> None:
        self.transaction_style = self._checked(transaction_style or self.styles[0])
        self.failed_request_status_codes = _numbers(failed_request_status_codes)
        self.http_methods_to_capture = frozenset(method.upper() for method in http_methods_to_capture)

    def refuses(self, error: BaseException) -> bool:
        """Whether it only says that the client is gone: the framework may log it, too."""
        serving = serving_here()
        return serving is not None and serving.is_hanging_up(error)

    def given_up(self) -> BaseException | None:
        """The error that nobody has handled and the framework is about to answer with a page, before it lets
        it leave the application; `None` if that is not so. Asked before the head of each answer.
        """
        return None

    def _checked(self, style: str) -> str:
        if style not in self.styles:
            alike = nearest(style, self.styles)
            question = f" Did you mean {alike!r}?" if alike else ""
            allowed = ", ".join(map(repr, self.styles))
            raise ValueError(f"transaction_style cannot be {style!r}; allowed: {allowed}.{question}")
        return style


class Serving:
    """A request that is being served, in `hub`. Frameworks that know more of it put their own `request` and
    `integration` in the place of those it began with.

    `with serving:` is the block in which the application works on it; what leaves the block is told. There
    may be several, one after the other.
    """

    __slots__ = (
        *(
            "_context",
            "_error",
            "_error_hub",
            "_failure",
            "_is_told",
            "_outer",
            "body",
            "hub",
            "integration",
            "lost",
        ),
        *("request", "status"),
    )

    def __init__(
        self, request: Request, integration: WebIntegration, hub: Hub, outer: Serving | None = None
    ) -> None:
        self.hub = hub
        self._outer = outer
        self.request: Request | None = request
        self.integration = integration
        self.body: Body | None = None
        self.status: int | None = None
        self.lost: BaseException | None = None
        """What the server said when the client was gone."""
        self._failure: BaseException | None = None
        self._is_told = False
        self._error: BaseException | None = None
        self._error_hub: Hub = hub
        self._context: BaseException | None = None

    def __enter__(self) -> Serving:
        self.hub.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        try:
            if error is not None and kind is not StopIteration:  # that one is how an iterator ends
                with contained("request"):
                    self.failed(error)
        finally:
            self.hub.__exit__(kind, error, tb)

    # -- what happens

    def failed(self, error: BaseException) -> None:
        """Nobody has handled it. It is told by the hub in which it was met first: a task within the request
        may have one of its own.
        """
        error = lone(error)
        if error is self._failure:  # told where the framework gave up, and now it leaves the application
            return
        self._failure = error
        hub, context = Hub.current, error.__context__
        if error is self._error:
            hub, context = self._error_hub, self._context
        self._error = self._context = None
        if is_error(error) and not self.is_hanging_up(error):
            self._tell(error, context, hub, handled=False)

    def met(self, error: BaseException) -> None:
        """It is being turned into an answer, whose status will say whether it is to be told."""
        error = lone(error)
        if error is not self._error and is_error(error) and not self.is_hanging_up(error):
            self._error, self._context, self._error_hub = error, error.__context__, Hub.current

    def answered(self, status: int) -> None:
        """The head of the answer is about to be sent."""
        unhandled = self.integration.given_up()
        if unhandled is not None:
            self.failed(unhandled)
        self.status = status
        if self.request is not None:
            self.request.settle()
        error, context = self._error, self._context
        self._error = self._context = None
        if status not in self.integration.failed_request_status_codes or self._failure is not None:
            return
        if error is not None:
            self._tell(error, context, self._error_hub, handled=True)
        elif self.lost is None and not self._is_told:
            self.hub.capture_built(self._message, {})

    def ended(self) -> None:
        """The request is over: let go of it. An error that came when the answer had begun, and that nobody
        has raised on, was handled by nobody either.
        """
        if self._error is not None and self.status is not None:
            self.failed(self._error)
        self.request = self.body = self._error = self._context = self._failure = self.lost = None
        self._outer = None

    def _tell(self, error: BaseException, context: BaseException | None, hub: Hub, *, handled: bool) -> None:
        """Capture an error with the context that it was met with. A middleware that raises it again amid an
        error of its own has put that in its place.
        """
        present = error.__context__
        error.__context__ = context
        try:
            hub.capture_exception(error, mechanism={"type": self.integration.identifier, "handled": handled})
        finally:
            error.__context__ = present

    def is_hanging_up(self, error: BaseException) -> bool:
        """Whether an error only says that the client is gone."""
        link: BaseException | None = error
        for _ in range(LONGEST_CHAIN):
            if link is None:
                return False
            if link is self.lost or type(link).__name__ in HANGING_UP:
                return True
            link = link.__cause__ or link.__context__
        return False

    def _message(self, cleaning: Cleaning) -> Event:
        request = self.request
        if request is None:
            return {}
        name = request.transaction(self.integration.transaction_style) or (request.path(), "url")
        return {
            "level": "error",
            "message": cleaning.text(
                f"{request.method()} {name[0]} answered {self.status}", 500, ("message",)
            ),
        }

    # -- what events are told of it

    def describe(self, event: Event, cleaning: Cleaning, options: Any) -> None:
        """Add what is known of the request (see `types.Work`)."""
        request = self.request
        if request is None:
            return
        if event.get("level") in TELLING_LEVELS:
            self._is_told = True
            if self._outer is not None:  # it passes the answer on, which then needs no message
                self._outer._is_told = True
        style = self.integration.transaction_style
        requests.describe(request, self.body, style, event, cleaning, options)
        if self.status is not None:
            response = {"type": "response", "status_code": self.status}
            event["contexts"] = {"response": response, **(event.get("contexts") or {})}


def begin(
    carrier: Any, make_request: Callable[[Any], Request], integration: WebIntegration
) -> Serving | None:
    """The unit of work of a request that a server or framework hands on in `carrier`, in a hub of its own.

    `None` where the request is being served already: by a framework around this one, which learns from it
    what the inner one knows.
    """
    outer = serving_here()
    if outer is not None and outer.request.is_carried_by(carrier):  # type: ignore[union-attr]  # it is not over
        refine(make_request(carrier), integration)
        return None
    fork = fork_here()
    scope = fork.scope
    scope.clear_breadcrumbs()
    scope.work = serving = Serving(make_request(carrier), integration, fork, outer)
    return serving


def is_known_by(kind: type[Request], carrier: Any) -> bool:
    """Whether the request is being served here already, and told of by such an adapter."""
    serving = serving_here()
    request = None if serving is None else serving.request
    return isinstance(request, kind) and request.is_carried_by(carrier)


def watch_body(serving: Serving) -> Body | None:
    """Where to note what the application reads of the body; `None` where nobody wants to know."""
    options = getattr(serving.hub.client, "options", None)
    bound = 0 if options is None else bound_of(options)
    if bound:
        serving.body = Body(bound)
    return serving.body


def serving_here() -> Serving | None:
    """The request that is served here and not over yet, also in a task or thread that has just been started
    for it.
    """
    work = layer_now().scope.work
    return work if isinstance(work, Serving) and work.request is not None else None


def refine(request: Request, integration: WebIntegration) -> None:
    """Let the request that is served here be told of by a framework that knows more of it."""
    serving = serving_here()
    if serving is not None:
        serving.request, serving.integration = request, integration


def failed(error: BaseException, identifier: str) -> None:
    """Tell an error that nobody has handled, in a request or not."""
    serving = serving_here()
    if serving is not None:
        serving.failed(error)
    elif is_error(error):
        Hub.current.capture_exception(error, mechanism={"type": identifier, "handled": False})


def met(error: BaseException) -> None:
    """Note an error that is being turned into an answer, if a request is being served."""
    serving = serving_here()
    if serving is not None:
        serving.met(error)


def lone(error: BaseException) -> BaseException:
    """The error that a framework has put into a group of its own making, if it is one alone."""
    members: tuple[BaseException, ...] = getattr(error, "exceptions", ())
    while len(members) == 1 and str(error).startswith(OF_FRAMEWORKS):
        error = members[0]
        members = getattr(error, "exceptions", ())
    return error


def lent(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, to be called by a thread that works for this request while the request waits: in the hub
    that is current now, not in a fork of it, so that what is set there is true here.
    """
    hub = Hub.current

    def call(*args: Any, **kwargs: Any) -> Any:
        with hub:
            return function(*args, **kwargs)

    return call


def _numbers(codes: Any) -> frozenset[int]:
    try:
        numbers = frozenset(codes)
    except TypeError:
        numbers = frozenset((None,))
    if not all(type(one) is int or isinstance(one, int) for one in numbers):
        raise TypeError(
            f"failed_request_status_codes is a collection of integers, as range(500, 600), not {codes!r:.100}"
        )
    return numbers
