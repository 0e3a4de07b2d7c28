"""Notes the programs that the application starts through `subprocess`, and how they ended.

A note is kept when the program was started; it learns its end when the application does, and until then is
an attribute of the `Popen` object.
"""

from __future__ import annotations

import os
from time import perf_counter, time

from sentry_like.breadcrumbs import Crumb
from sentry_like.errors import describe
from sentry_like.hub import Hub, integration_now
from sentry_like.integrations._common.commandline import (
    MAX_ARGUMENTS,
    MAX_LENGTH,
    clean_arguments,
    command_line,
)
from sentry_like.integrations._common.patch import around, before
from sentry_like.integrations._common.scrubber import current_scrubber

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

    from sentry_like.types import Breadcrumb

    Function = Callable[..., Any]

STDLIB = "stdlib"
UNDER_WAY = "_sentry_like_process"
CWD = 9
"""Where `cwd` stands among the arguments of `Popen`."""
MAX_COMMAND = 2048


class ProcessCrumb(Crumb):
    """One program that was started, or could not be. Durations are in seconds."""

    __slots__ = ("_arguments", "_cwd", "_end", "_level", "_pid", "_reason", "_started", "_time")

    def __init__(self, arguments: list[str] | str, cwd: str | None) -> None:
        self.finished = False
        self._arguments = arguments
        self._cwd = cwd
        self._pid: int | None = None
        self._reason: str | None = None
        self._level = "info"
        self._end: dict[str, Any] = {}
        self._time = time()
        self._started = perf_counter()

    def began(self, process: Any) -> None:
        """The program runs."""
        self._pid = process.pid
        vars(process)[UNDER_WAY] = self
        Hub.current.keep_crumb(self, {"subprocess": process})

    def failed(self, error: BaseException, process: Any) -> None:
        """The program could not be started."""
        self._level = "error"
        self._reason = describe(error)
        Hub.current.keep_crumb(self, {"subprocess": process})

    def ended(self, returncode: int) -> None:
        """The application learned how the program ended; events that were made before keep what they have."""
        self._end = {"returncode": returncode, "duration": round(perf_counter() - self._started, 4)}
        self._level = "warning" if returncode else "info"
        if self.finished:
            data = {**self.fields.get("data", {}), **self._end}
            self.fields = {**self.fields, "level": self._level, "data": data}

    def make(self) -> Breadcrumb:
        scrubber = current_scrubber()
        if isinstance(self._arguments, str):
            message = scrubber.clean_text(self._arguments)
        else:
            message = command_line(clean_arguments(self._arguments, scrubber))
        data = {"pid": self._pid, "cwd": self._cwd, "reason": self._reason, **self._end}
        return {
            "timestamp": self._time,
            "type": "subprocess",
            "category": "subprocess",
            "level": self._level,
            "message": message[:MAX_COMMAND],
            "data": {name: value for name, value in data.items() if value is not None},
        }


def watch_subprocess(subprocess: ModuleType) -> None:
    """Note each `Popen`, and what `wait`, `poll` and all that call them tell of its end."""

    @around(subprocess.Popen, "__init__", STDLIB)
    def start(original: Function, process: Any, *args: Any, **kwargs: Any) -> Any:
        note = wanted(args, kwargs)
        if note is None:
            return original(process, *args, **kwargs)
        try:
            result = original(process, *args, **kwargs)
        except BaseException as error:
            note.failed(error, process)
            raise
        note.began(process)
        return result

    @around(subprocess.Popen, "wait", STDLIB)
    def wait(original: Function, process: Any, *args: Any, **kwargs: Any) -> Any:
        return learned(process, original(process, *args, **kwargs))

    @around(subprocess.Popen, "poll", STDLIB)
    def poll(original: Function, process: Any) -> Any:
        return learned(process, original(process))


def watch_asyncio(base_subprocess: ModuleType) -> None:
    """Have asyncio tell, too: it waits for its children itself."""

    @before(base_subprocess.BaseSubprocessTransport, "_process_exited", STDLIB)
    def process_exited(transport: Any, returncode: int) -> None:
        learned(transport._proc, returncode)


def learned(process: Any, returncode: int | None) -> int | None:
    """Complete the note of a process if this is news of its end; the return code as it came."""
    note = None if returncode is None or process is None else vars(process).pop(UNDER_WAY, None)
    if note is not None:
        note.ended(returncode)
    return returncode


def wanted(args: tuple[Any, ...], kwargs: dict[str, Any]) -> ProcessCrumb | None:
    """A note for a `Popen` of these arguments, unless the integration's settings leave it out."""
    integration = integration_now(STDLIB)
    if integration is None or not integration.subprocess:
        return None
    given = args[0] if args else kwargs.get("args")
    cwd = args[CWD] if len(args) > CWD else kwargs.get("cwd")
    arguments = (
        [text_of(one) for one in given[:MAX_ARGUMENTS]]
        if isinstance(given, (list, tuple))
        else text_of(given, MAX_COMMAND)
    )
    if not integration.wants_command(arguments):
        return None
    return ProcessCrumb(arguments, None if cwd is None else text_of(cwd))


def text_of(argument: object, maximum: int = MAX_LENGTH) -> str:
    """An argument as text; one that `subprocess` will refuse is named by its type."""
    if isinstance(argument, os.PathLike):
        argument = os.fspath(argument)
    if isinstance(argument, bytes):
        return argument[:maximum].decode("utf-8", "replace")
    return str(argument)[:maximum] if isinstance(argument, str) else f"<{type(argument).__name__}>"
