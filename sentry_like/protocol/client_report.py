"""What was lost on the way, told to the server in a `client_report` item (protocol, "Client reports")."""

from __future__ import annotations

from sentry_like.protocol.categories import INTERNAL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any


def payload(discarded: Iterable[tuple[str, str, int]], timestamp: str) -> dict[str, Any]:
    """The item's payload: `{"timestamp", "discarded_events": [{"reason", "category", "quantity"}, ...]}`.

    Takes (reason, category, quantity); what is the same in the first two is added up, in order of first
    appearance. Lost reports themselves (category `internal`) are not reported.
    """
    quantities: dict[tuple[str, str], int] = {}
    for reason, category, quantity in discarded:
        if quantity > 0 and category != INTERNAL:
            quantities[reason, category] = quantities.get((reason, category), 0) + quantity
    events = [
        {"reason": reason, "category": category, "quantity": quantity}
        for (reason, category), quantity in quantities.items()
    ]
    return {"timestamp": timestamp, "discarded_events": events}
