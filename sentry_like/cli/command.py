"""What the commands share: the error that ends one, and the type of argparse's registry of commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from typing import TypeAlias

    Subcommands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


class CannotRun(Exception):
    """Why a command cannot do what it was asked; printed to stderr, and the exit code is 2 as for wrong
    arguments."""
