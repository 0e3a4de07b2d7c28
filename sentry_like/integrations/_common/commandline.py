"""Command lines as text without the secrets on them."""

from __future__ import annotations

from sentry_like.capture.scrub import EventScrubber

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_ARGUMENTS, MAX_LENGTH = 100, 512


def clean_arguments(argv: Sequence[object], scrubber: EventScrubber | None = None) -> list[str]:
    """A command line without secrets: neither `--token=x`, nor the argument after a bare `--token`."""
    scrubber = scrubber or EventScrubber()
    arguments = [str(argument)[:MAX_LENGTH] for argument in argv[:MAX_ARGUMENTS]]
    return [scrubber.clean_text(argument) for argument in scrubber.clean_items(arguments)]


def command_line(arguments: Sequence[str]) -> str:
    """The arguments in one line; quotes stand only around those with blanks in them."""
    from shlex import quote

    return " ".join(one if one and not _has_blank(one) else quote(one) for one in arguments)


def _has_blank(argument: str) -> bool:
    return any(char.isspace() for char in argument)
