"""`sentry-like send-test`: send a message and an exception with the settings at hand, and tell what became of
them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import sentry_like
from sentry_like.cli.command import CannotRun
from sentry_like.options import BadOptions
from sentry_like.protocol.dsn import BadDsn, Dsn

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence
    from typing import Any

    from sentry_like.cli.command import Subcommands


class SendTest(Exception):
    """The exception that the command sends, named so that nobody takes it for one of their own."""


def declare(subcommands: Subcommands) -> None:
    parser = subcommands.add_parser(
        "send-test",
        help="send a test message and a test exception",
        description="Sends a test message and a test exception, waits, and prints what became of them.",
    )
    parser.add_argument("--dsn", help="where to send (default: the environment variable SENTRY_DSN)")
    parser.add_argument(
        "--timeout",
        type=float,
        default=10.0,
        metavar="SECONDS",
        help="how long to wait for the network (default: 10)",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    text = arguments.dsn or os.environ.get("SENTRY_DSN")
    if not text:
        raise CannotRun("no DSN: give --dsn, or set SENTRY_DSN")
    try:
        dsn = Dsn.parse(text)
    except BadDsn as error:
        raise CannotRun(f"the DSN cannot be used: {error}") from None
    try:
        sentry_like.init(dsn=text)
    except BadOptions as error:  # of the environment or the configuration file
        raise CannotRun(str(error)) from None
    event_ids = [sentry_like.capture_message("A test message from sentry-like"), _capture_an_exception()]
    sentry_like.flush(arguments.timeout)
    stats = sentry_like.get_client().stats()
    print(report(f"{dsn.origin}, project {dsn.project_id}", event_ids, stats))
    return 0 if everything_went(stats) else 1


def _capture_an_exception() -> str | None:
    answer = 42
    try:
        raise SendTest(f"a test exception; the local variable `answer` is {answer}")
    except SendTest as error:
        return sentry_like.capture_exception(error)


def everything_went(stats: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether something was captured, and all of it was accepted by the server."""
    return bool(stats) and all(0 < counts["captured"] == counts["sent"] for counts in stats.values())


def report(where: str, event_ids: Sequence[str | None], stats: Mapping[str, Mapping[str, Any]]) -> str:
    """The client's own count as text: one line for each category, and a line for each reason of a loss."""
    lines = [f"To {where}"]
    lines += [f"  event {event_id}" for event_id in event_ids if event_id]
    for category, counts in sorted(stats.items()):
        lines.append(
            f"  {category}: {counts['captured']} captured, {counts['sent']} sent, {counts['queued']} waiting"
        )
        lines += [f"    lost {quantity}: {reason}" for reason, quantity in sorted(counts["lost"].items())]
    if not stats:
        lines.append("  nothing was captured: the settings in the environment switch the client off")
    return "\n".join(lines)
