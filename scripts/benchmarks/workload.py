"""The failing programs that both clients report: a shop's checkout (11 frames), a rule evaluator (60 frames).

Real files and real lines, so that source context has something to read. Each program raises a new exception
at every call (a client may skip one that it has seen) and calls `on_error` while it is being handled.
"""

# ruff: noqa: F841 - the locals that nothing reads are the workload

from __future__ import annotations

from dataclasses import dataclass, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

SHALLOW_FRAMES = 11
DEEP_FRAMES = 60


class PaymentRefused(Exception):
    """What the bank answers at the bottom of the checkout."""


class RuleFailed(Exception):
    """What the innermost rule raises."""


class Session:
    """A visitor's session; keeps the default repr on purpose."""

    def __init__(self, visitor: str) -> None:
        self.visitor = visitor


@dataclass
class Line:
    """One article of an order."""

    sku: str
    quantity: int
    cents: int


@dataclass
class Order:
    """What the visitor wants to buy."""

    number: str
    customer: str
    lines: list[Line] = field(default_factory=list)


def check_out(on_error: Callable[[], None]) -> None:
    """Calls `on_error` inside the handler of a `PaymentRefused` with `SHALLOW_FRAMES` small frames."""
    path = "/checkout"
    method = "POST"
    session = Session("ada")
    try:
        serve(path, method, session)
    except PaymentRefused:
        on_error()


def serve(path: str, method: str, session: Session) -> str:
    headers = {"host": "shop.example", "accept": "text/html", "user-agent": "Mozilla/5.0"}
    routes = ["/", "/basket", "/checkout"]
    request_id = "4f1c2b9e"
    started = 1_700_000_000.25
    return dispatch(routes.index(path), method, headers, session)


def dispatch(route: int, method: str, headers: dict[str, str], session: Session) -> str:
    view_name = "checkout"
    is_allowed = method in ("GET", "POST")
    arguments = {"route": route, "secure": True}
    return checkout_view(session, arguments)


def checkout_view(session: Session, arguments: dict[str, Any]) -> str:
    currency = "EUR"
    basket = [("tea", 2, 450), ("cup", 1, 1290)]
    coupon = None
    order = Order("2026-000417", session.visitor, [Line(*entry) for entry in basket])
    return place(order, currency, session)


def place(order: Order, currency: str, session: Session) -> str:
    attempts = 3
    warehouse = "north"
    reserved = {line.sku: line.quantity for line in order.lines}
    return with_retries(order, currency, attempts)


def with_retries(order: Order, currency: str, attempts: int) -> str:
    delay = 0.2
    attempt = 1
    errors: list[str] = []
    policy = {"attempts": attempts, "delay": delay, "jitter": False}
    return charge(order, currency, policy)


def charge(order: Order, currency: str, policy: dict[str, Any]) -> str:
    total = total_of(order)
    description = f"order {order.number}"
    shipping = 490
    gateway = Session("gateway")
    return authorise(total + shipping, currency, description, gateway)


def total_of(order: Order) -> int:
    return sum(line.quantity * line.cents for line in order.lines)


def authorise(cents: int, currency: str, description: str, gateway: Session) -> str:
    merchant = "M-1009"
    message = {"amount": cents, "currency": currency, "text": description}
    timeout = 10
    return exchange(message, merchant, timeout)


def exchange(message: dict[str, Any], merchant: str, timeout: int) -> str:
    endpoint = "https://bank.example/v2/authorisations"
    body = ",".join(f"{key}={value}" for key, value in message.items())
    tries = [0, 1, 2]
    connection = Session("pool-7")
    return read_answer(endpoint, body, connection)


def read_answer(endpoint: str, body: str, connection: Session) -> str:
    status = 402
    answer = {"code": "insufficient_funds", "retry": False}
    length = len(body)
    return interpret(status, answer, endpoint)


def interpret(status: int, answer: dict[str, Any], endpoint: str) -> str:
    code = answer["code"]
    known = ["insufficient_funds", "expired_card"]
    order = Order("2026-000417", "ada")
    detail = f"the bank refused: {code}"
    raise PaymentRefused(detail)


def apply_rule(left: int, document: dict[str, str], history: list[dict[str, Any]]) -> int:
    text = "\n".join(document.values())
    index = {key: {"length": len(value), "words": value.split()} for key, value in document.items()}
    order = Order(f"rule-{left}", "ada", [Line(f"sku-{number}", number, 100) for number in range(40)])
    if left == 1:
        raise RuleFailed(f"rule {left} of {DEEP_FRAMES}")
    return apply_group(left - 1, document, history)


def apply_group(left: int, document: dict[str, str], history: list[dict[str, Any]]) -> int:
    members = [f"member {number} of group {left}" for number in range(150)]
    matrix = [[row * column for column in range(40)] for row in range(40)]
    options = {"strict": True, "limits": {"depth": 10, "nodes": {"soft": 1000, "hard": 5000}}}
    if left == 1:
        raise RuleFailed(f"group {left} of {DEEP_FRAMES}")
    return apply_branch(left - 1, document, history)


def apply_branch(left: int, document: dict[str, str], history: list[dict[str, Any]]) -> int:
    payload = f"<branch level='{left}'>" + "lorem ipsum dolor sit amet " * 2000
    seen = {number: f"node-{number}" for number in range(200)}
    states = [Session(f"state {number}") for number in range(30)]
    if left == 1:
        raise RuleFailed(f"branch {left} of {DEEP_FRAMES}")
    return apply_rule(left - 1, document, history)


def evaluate(on_error: Callable[[], None]) -> None:
    """Calls `on_error` inside the handler of a `RuleFailed` with `DEEP_FRAMES` frames of large locals."""
    document = {f"field_{index}": f"value {index} " * 50 for index in range(80)}
    history = [{"revision": index, "author": "ada", "changes": list(range(20))} for index in range(60)]
    try:
        apply_rule(DEEP_FRAMES - 1, document, history)
    except RuleFailed:
        on_error()
