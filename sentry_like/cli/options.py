"""`sentry-like options`: the table of options as Markdown, the text of `docs/options.md`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sentry_like.options import page

if TYPE_CHECKING:
    import argparse

    from sentry_like.cli.command import Subcommands


def declare(subcommands: Subcommands) -> None:
    parser = subcommands.add_parser(
        "options",
        help="print every option of the client",
        description="Prints the options of init(), their defaults and environment variables, as Markdown.",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    print(page.render(), end="")
    return 0
