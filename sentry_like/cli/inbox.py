"""`sentry-like inbox`: receive events on this machine, print them, show them in a browser."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sentry_like.cli.command import CannotRun
from sentry_like.inbox.settings import DEFAULT_HOST, DEFAULT_PORT, MAX_EVENTS, Settings
from sentry_like.protocol.dsn import BadDsn, Dsn

if TYPE_CHECKING:
    from sentry_like.cli.command import Subcommands

_DESCRIPTION = """\
A local receiver of the Sentry protocol. It prints the DSN to give to your application, then each event as it
arrives; http://HOST:PORT/ lists them, http://HOST:PORT/api/events is the same as JSON."""


def declare(subcommands: Subcommands) -> None:
    parser = subcommands.add_parser(
        "inbox",
        help="receive events on this machine and show them",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--host", default=DEFAULT_HOST, help="address to listen on (default: %(default)s)")
    parser.add_argument(
        "--port",
        type=_port,
        default=DEFAULT_PORT,
        help="port to listen on, 0 for a free one (default: %(default)s)",
    )
    parser.add_argument(
        "--db", type=Path, metavar="PATH", help="keep the events in this SQLite file (default: nowhere)"
    )
    parser.add_argument("--key", type=_key, help="accept this public key only (default: any)")
    parser.add_argument(
        "--max-events",
        type=_positive,
        default=MAX_EVENTS,
        metavar="N",
        help="keep the newest N (default: %(default)s)",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    try:
        from sentry_like.inbox.server import CannotListen, serve
        from sentry_like.inbox.store import BadDatabase
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("sentry_like"):
            raise
        raise CannotRun(
            f"the inbox needs packages that are not installed ({error.name}); run\n"
            "    pip install 'sentry-like[inbox]'"
        ) from None
    settings = Settings(arguments.host, arguments.port, arguments.db, arguments.key, arguments.max_events)
    try:
        serve(settings, sys.stdout, sys.stderr)
    except BadDatabase as error:
        raise CannotRun(f"cannot use the database {error}") from None
    except CannotListen as error:
        raise CannotRun(
            f"cannot listen on {arguments.host} port {arguments.port}: {error} (--port 0 finds a free one)"
        ) from None
    except KeyboardInterrupt:  # before the server was there to handle it
        pass
    return 0


def _port(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 65535:
        raise argparse.ArgumentTypeError("a port is a number from 0 to 65535")
    return number


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def _key(text: str) -> str:
    try:
        return Dsn.parse(f"http://{text}@localhost/1").public_key
    except BadDsn as error:
        raise argparse.ArgumentTypeError(str(error)) from None
