"""Arms a crash log at `init`, and sends what an earlier process of the same project wrote to one as it died.

A segfault, or another fatal signal, leaves no time to send anything. The interpreter's own fault handler
writes the stacks of all threads to a file; the next start finds it. That start waits for nothing: the files
are read on a thread of their own, and deleted once the server has them.
"""

from __future__ import annotations

import faulthandler
import os
from _thread import allocate_lock, start_new_thread

from sentry_like.errors import contained, debug, describe, voice
from sentry_like.integrations._common.patch import on_uninstall
from sentry_like.integrations.base import DidNotEnable, Integration
from sentry_like.integrations.faulthandler import files
from sentry_like.integrations.faulthandler.files import OwnFile
from sentry_like.integrations.faulthandler.note import head_of
from sentry_like.transport import forks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from sentry_like.integrations.faulthandler.pickup import PickUp

LAST_PATIENCE = 1.0
"""Seconds that the interpreter's exit may wait until logs that were sent are deleted."""


class FaulthandlerIntegration(Integration):
    """Reports processes that a fatal signal ended.

    `directory` is where the logs are: by default one below the user's cache directory, which only the user
    can read. All processes of one user may share it.
    """

    identifier = "faulthandler"

    def __init__(self, directory: str | os.PathLike[str] | None = None) -> None:
        self.directory = None if directory is None else os.path.abspath(os.fspath(directory))

    def setup_once(self) -> None:
        if not files.is_supported():
            raise DidNotEnable(
                "this platform has no file locks, by which dead processes are told from others"
            )
        files.private_directory(self.directory, os.environ)
        import atexit

        atexit.register(_watch.end)
        on_uninstall(self.identifier, lambda: atexit.unregister(_watch.end))
        on_uninstall(self.identifier, _watch.disarm)
        _watch.follow_forks()

    def on_started(self, client: Any) -> None:
        """Arm this process for the client, and look for what others have left."""
        try:
            directory = files.private_directory(self.directory, os.environ)
            _watch.arm(client, directory)
        except (OSError, RuntimeError, ValueError, DidNotEnable) as error:
            voice.once("crash log", f"a crash of this process will not be seen: {describe(error)}")
        else:
            if files.others(directory, _watch.own):
                _watch.start(client, lambda pick_up: pick_up.of_others(directory, _watch.own))

    def on_closed(self, client: Any) -> None:
        """Let a crash of this process be printed as ever; another client may be watching by now."""
        _watch.disarm_for(client)


class Watch:
    """The armed log of this process, and the one thread at a time that sends what is in logs."""

    def __init__(self) -> None:
        self.own: OwnFile | None = None
        self._client: Any = None
        self._was_enabled = False
        self._is_following = False
        self.start_anew()

    def start_anew(self) -> None:
        """In a forked child: the parent's thread is not here. The parent's log still serves the child."""
        self._is_busy = allocate_lock()

    def follow_forks(self) -> None:
        if not self._is_following and hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_parent=self.look_at_own, after_in_child=self.start_anew)
            self._is_following = True

    def arm(self, client: Any, directory: str) -> None:
        """Have the fault handler write to a new file, in the place of the one before or of stderr.

        Raises:
            OSError: the file cannot be made.
        """
        self.disarm()
        own = OwnFile.create(directory, head_of(client))
        was_enabled = faulthandler.is_enabled()
        try:
            faulthandler.enable(own.fd, all_threads=True)
        except BaseException:
            own.close()
            raise
        self.own, self._client, self._was_enabled = own, client, was_enabled

    def disarm(self) -> None:
        """Give the fault handler back, to stderr if it was enabled before us, and let go of the file."""
        own, self.own, self._client = self.own, None, None
        if own is None:
            return
        faulthandler.disable()
        if self._was_enabled:
            with contained("giving the fault handler back"):
                faulthandler.enable()
        own.close()

    def disarm_for(self, client: Any) -> None:
        if self._client is client:
            self.disarm()

    def end(self) -> None:
        """At exit: a moment for the thread that sends, then no more than an orderly process leaves behind."""
        if self._is_busy.acquire(timeout=LAST_PATIENCE):
            self._is_busy.release()
        self.disarm()

    def start(self, client: Any, task: Callable[[PickUp], object]) -> bool:
        """Pick up on a thread; False if one of ours is under way already, or none can be had."""
        busy = self._is_busy
        if not busy.acquire(blocking=False):
            return False

        def run() -> None:
            try:
                with contained("faulthandler"):
                    forks.undivided.run(_load)
                    task(_pick_up_for(client))
            finally:
                busy.release()

        try:
            start_new_thread(run, ())
        except RuntimeError as error:  # the next start finds the logs as well
            busy.release()
            debug(f"crash logs were not looked at: {error}")
            return False
        return True

    def look_at_own(self) -> None:
        """After a fork, by which a server replaces a child that died: did that one write to our log?"""
        own, client = self.own, self._client
        try:
            if own is None or own.pid != os.getpid() or not own.has_crash():
                return
            copy = OwnFile(os.dup(own.fd), own.path, own.size_before)
        except OSError:  # the application has closed the descriptor
            return
        if not self.start(client, lambda pick_up: pick_up.of_children(copy)):
            os.close(copy.fd)


_watch = Watch()


def _load() -> None:
    """Import what only crashes need; no fork must come in between."""
    import json  # noqa: F401
    import signal  # noqa: F401

    import sentry_like.integrations.faulthandler.pickup  # noqa: F401


def _pick_up_for(client: Any) -> PickUp:
    from sentry_like.integrations.faulthandler.pickup import PickUp

    return PickUp(client)
