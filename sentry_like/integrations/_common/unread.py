"""Exceptions that wait in some result for who asks for it, and are reported where nobody does.

Process-wide state: those that nobody has asked for yet.
"""

from __future__ import annotations

import os
from _weakref import ref

from sentry_like.errors import contained, is_error
from sentry_like.integrations._common.endings import before_drain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sentry_like.hub import Hub

_unread: dict[int, ref[Unread]] = {}


class Unread:
    """Belongs to a result, whose end is the last moment to tell somebody of its failure, and lives as long.

    It is told with the hub of the job, if the hub's client has the integration then.
    """

    __slots__ = ("__weakref__", "_error", "_hub", "_identifier", "_pid")

    def __init__(self, hub: Hub, identifier: str) -> None:
        self._hub = hub
        self._identifier = identifier
        self._pid = os.getpid()
        self._error: BaseException | None = None

    def note(self, error: BaseException) -> None:
        """From now on somebody must ask. Of several failures of one result the first is kept."""
        if self._error is None and is_error(error):
            self._error = error
            _unread[id(self)] = ref(self)

    def forget(self) -> None:
        """Somebody has asked, or need not be told."""
        _unread.pop(id(self), None)

    def tell(self) -> None:
        """Report the failure, unless somebody has asked for it, or it was told."""
        with contained("telling of a failure that nobody asked for"):
            is_untold = _unread.pop(id(self), None) is not None
            if not is_untold or self._error is None or self._pid != os.getpid():  # a forked child has copies
                return
            if self._hub.get_integration(self._identifier) is not None:
                self._hub.report(self._error, {"type": self._identifier, "handled": False})

    __del__ = tell


def tell_at_exit(identifier: str) -> None:
    """Have what nobody has asked for by the end of the program told then, for this integration."""
    before_drain(identifier, tell_all)


def tell_all() -> None:
    for reference in list(_unread.values()):
        unread = reference()
        if unread is not None:
            unread.tell()
