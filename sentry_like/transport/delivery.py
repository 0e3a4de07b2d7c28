"""The way of one envelope: what the server does not want is dropped, a report added, all of it sent and
accounted for.

One thread at a time, except `lose` and `cut`, which any may call. This is the only place that says what
became of an item.
"""

from __future__ import annotations

from time import monotonic, time

from sentry_like.protocol import client_report
from sentry_like.protocol.categories import INTERNAL
from sentry_like.protocol.envelope import Envelope, Item
from sentry_like.protocol.ratelimit import RateLimits
from sentry_like.protocol.time import format_timestamp
from sentry_like.transport import forks
from sentry_like.transport.post import NetworkError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from sentry_like.transport.compression import Encoding
    from sentry_like.transport.post import Post, Response
    from sentry_like.transport.reports import Reports

REPORT_SECONDS = 30.0
"""At most so often a report travels with an envelope (protocol, "Client reports", "Mechanics")."""

CONTENT_TYPE = "application/x-sentry-envelope"

RATE_LIMITED = "rate_limited"
"""Refused with a 429: a reason of our own, not reported, because the server has counted it (protocol,
"Client reports").
"""

COMPANIONS = frozenset({"attachment", "profile"})
"""Items that mean nothing without the event of their envelope, and fall with it (protocol, "Item types")."""

EVENTS = frozenset({"event", "transaction", "feedback"})


class Delivery:
    """Sends envelopes through a post and keeps the ledger.

    `last_loss` is another object after each loss: who finds the same one twice knows that nothing was lost
    in between.
    """

    def __init__(
        self,
        post: Post,
        reports: Reports,
        *,
        encoding: Encoding | None = None,
        wants_reports: bool = True,
        log: Callable[[str], object],
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.last_loss = object()
        self._clock = clock
        self._post = post
        self._reports = reports
        self._encoding = encoding
        self._wants_reports = wants_reports
        self._log = log
        self._limits = RateLimits()
        self._is_prepared = False
        self._reported_at: float | None = None

    def start_anew(self) -> None:
        """Leave the connection to the parent process; what the server told it about limits still holds."""
        self._is_prepared = False
        self._reported_at = None
        self._post.abandon()

    def deliver(self, envelope: Envelope, timeout: float) -> None:
        """Send what of an envelope may be sent, within so many seconds; whatever happens, each item is
        accounted for.
        """
        reason: str | None = "internal_sdk_error"
        items = envelope.items
        try:
            items = self._drop_limited(items)
            if items:
                reason = self._send(envelope.headers, items, self._due_report(), timeout)
        finally:
            self._settle(items, reason)

    def report(self, timeout: float) -> None:
        """Tell the server now what it has not been told, if there is anything. No limit applies to that."""
        if self.has_untold():
            self._send({}, [], self._reports.take(), timeout)

    def has_untold(self) -> bool:
        """Whether `report` would send anything."""
        return self._wants_reports and self._reports.has_untold()

    def lose(self, items: Iterable[Item], reason: str) -> None:
        """Count items that are not sent."""
        self._settle(items, reason)

    def cut(self) -> None:
        """End the request under way; there will be no other."""
        self._post.cut()

    def close(self) -> None:
        """Release the connection; the next request makes a new one."""
        self._post.close()

    def _drop_limited(self, items: list[Item]) -> list[Item]:
        """The items that may be sent now; the others are counted."""
        now = self._clock()
        limited = [item for item in items if self._limits.is_limited(item.category, now)]
        if any(item.type in EVENTS for item in limited):
            limited = [item for item in items if item in limited or item.type in COMPANIONS]
        if limited:
            self._settle(limited, "ratelimit_backoff")
        return [item for item in items if item not in limited]

    def _due_report(self) -> list[tuple[str, str, int]]:
        """What to tell the server along with an envelope."""
        is_due = self._reported_at is None or self._clock() - self._reported_at >= REPORT_SECONDS
        return self._reports.take() if is_due and self.has_untold() else []

    def _send(
        self, headers: dict[str, Any], items: list[Item], untold: list[tuple[str, str, int]], timeout: float
    ) -> str | None:
        """Why the items are lost, or `None` when the server has them. What it has not been told goes back."""
        was_told = False
        try:
            response = self._request(headers, items, untold, timeout)
            # A server that names its limits has taken the report, which none of them concerns; another 429
            # comes from something in front of it.
            was_told = response.status < 300 or (response.status == 429 and names_limits(response))
            return self._judge(response)
        except NetworkError as error:
            self._log(f"not sent: {error}")
            return "network_error"
        finally:
            if untold and not was_told:
                self._reports.give_back(untold)

    def _request(
        self, headers: dict[str, Any], items: list[Item], untold: list[tuple[str, str, int]], timeout: float
    ) -> Response:
        self._prepare()
        sent_at = format_timestamp(time())
        if untold:
            self._reported_at = self._clock()
            report = client_report.payload(untold, sent_at)
            items = [*items, Item({"type": "client_report", "content_type": "application/json"}, report)]
        plain = Envelope(headers, items).serialize(sent_at)
        body, encoded = self._encode(plain)
        response = self._post(body, {"Content-Type": CONTENT_TYPE, **encoded}, timeout)
        self._limits.update(response.status, response.headers, now=self._clock(), wall_now=time())
        if response.status == 413:
            self._log(f"too large for the server: {len(plain)} bytes, {len(body)} as sent")
        return response

    def _encode(self, plain: bytes) -> tuple[bytes, dict[str, str]]:
        return (plain, {}) if self._encoding is None else self._encoding.apply(plain)

    def _judge(self, response: Response) -> str | None:
        if 200 <= response.status < 300:
            return None
        self._log(f"the server answered {response.status} {response.text}".rstrip())
        return RATE_LIMITED if response.status == 429 else "send_error"

    def _settle(self, items: Iterable[Item], reason: str | None) -> None:
        for item in items:
            if item.category == INTERNAL:  # a report of the application's own making
                continue
            if reason is None:
                self._reports.sent(item.category, item.quantity)
            else:
                self.last_loss = object()
                self._reports.lost(reason, item.category, item.quantity)

    def _prepare(self) -> None:
        """Import what sending needs, before a fork could come in between."""
        if not self._is_prepared:
            forks.undivided.run(forks.undivided.get_ahead_of_logging)
            forks.undivided.run(self._rehearse)
            self._is_prepared = True

    def _rehearse(self) -> None:
        self._encode(Envelope({"warm": "up"}).serialize() * 100)
        self._post.prepare()


def names_limits(response: Response) -> bool:
    """Whether the answer has a header that a server, and nothing in front of it, sends."""
    return any(name.lower() == "x-sentry-rate-limits" for name in response.headers)
