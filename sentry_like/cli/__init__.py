"""The command line: `sentry-like`, or `python -m sentry_like`.

One module for each command: `declare(subcommands)` adds its arguments, `run(arguments)` does the work and
returns the exit code. What a command needs is imported when it runs, so that `--help` is quick and a missing
extra matters only to the command that needs it.
"""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from sentry_like.cli import inbox, options, send_test
from sentry_like.cli.command import CannotRun
from sentry_like.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command that `argv` names (default: the process's own arguments) and returns its exit code.

    Raises: SystemExit for wrong arguments and for `--help`, as argparse does.
    """
    arguments = _parser().parse_args(argv)
    try:
        code: int = arguments.run(arguments)
        sys.stdout.flush()
    except CannotRun as error:
        print(f"sentry-like: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130  # as shells say it: ended by SIGINT
    except BrokenPipeError:
        # The reader (`| head`) has enough. At exit the interpreter flushes once more: let it write somewhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="sentry-like", description="Tools around the sentry_like client.")
    parser.add_argument("--version", action="version", version=f"sentry-like {VERSION}")
    subcommands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in (inbox, send_test, options):
        command.declare(subcommands)
    return parser
