"""One integration that keeps all rules, and others that each break one of them."""

from __future__ import annotations

import atexit
import os
import sys
import types
import warnings
from functools import wraps

import sentry_like
from sentry_like.hub import Hub
from sentry_like.integrations._common.patch import around, on_uninstall
from sentry_like.integrations.base import Integration

kept = []
owner = types.ModuleType("owner")
"""What they integrate with."""


class Healthy(Integration):
    """Captures what the function raises."""

    identifier = "broken"

    def setup_once(self):
        around(owner, "function", self.identifier)(captured)


def captured(original, cargo):
    try:
        return original(cargo)
    except Exception:
        report()
        raise


def report():
    Hub.current.capture_exception(sys.exc_info(), mechanism={"type": "broken", "handled": False})


def by_hand(wrapper, *, undo=True):
    """Patch without the machinery."""
    original = owner.function
    owner.function = wraps(original)(lambda cargo: wrapper(original, cargo))
    if undo:
        on_uninstall("broken", lambda: setattr(owner, "function", original))


def wanted(wrapper):
    def check(original, cargo):
        is_on = Hub.current.get_integration("broken") is not None
        return wrapper(original, cargo) if is_on else original(cargo)

    return check


class SetUpAtEachUse(Healthy):
    def __init__(self):
        around(owner, "function", self.identifier)(captured)

    def setup_once(self):
        """Done already."""


class ForAllClients(Healthy):
    def setup_once(self):
        by_hand(captured)


class NeverUndone(Healthy):
    def setup_once(self):
        by_hand(wanted(captured), undo=False)


class WithAnExitFunction(Healthy):
    def setup_once(self):
        super().setup_once()
        atexit.register(sentry_like.flush)


class ChangingResults(Healthy):
    def setup_once(self):
        around(owner, "function", self.identifier)(lambda original, cargo: str(original(cargo)))


class ChangingExceptions(Healthy):
    def setup_once(self):
        by_hand(wanted(self.change))

    def change(self, original, cargo):
        try:
            return captured(original, cargo)
        except Exception as error:
            raise error from KeyError()


class ChangingTheSignature(Healthy):
    def setup_once(self):
        original = owner.function
        owner.function = lambda *args: captured(original, *args)
        on_uninstall(self.identifier, lambda: setattr(owner, "function", original))


class WarningOfItself(Healthy):
    def setup_once(self):
        @around(owner, "function", self.identifier)
        def ours(original, cargo):
            warnings.warn("ours is old", DeprecationWarning, stacklevel=1)
            return captured(original, cargo)


class Unguarded(Healthy):
    def setup_once(self):
        by_hand(wanted(captured))


class CallingHooksByItself(Healthy):
    def setup_once(self):
        by_hand(wanted(self.call))

    def call(self, original, cargo):
        hook = Hub.current.client.options.before_send
        if hook is not None:
            hook({}, {})
        return captured(original, cargo)


class ReplacingMore(Healthy):
    def setup_once(self):
        super().setup_once()
        around(owner, "other", self.identifier)(captured)


class SettingTheProcessesTags(Healthy):
    def setup_once(self):
        @around(owner, "function", self.identifier)
        def ours(original, cargo):
            Hub.main.scope.set_tag("who", "leaked")
            kept.append(Hub.current.scope.tags.get("who"))
            Hub.current.scope.set_tag("who", kept[0])
            return captured(original, cargo)


class KeepingWhatFailed(Healthy):
    def setup_once(self):
        @around(owner, "function", self.identifier)
        def ours(original, cargo):
            kept.append(cargo)
            return captured(original, cargo)


class OfOneProcess(Healthy):
    def setup_once(self):
        pid = os.getpid()

        @around(owner, "function", self.identifier)
        def ours(original, cargo):
            return captured(original, cargo) if pid == os.getpid() else original(cargo)


class Deaf(Healthy):
    def setup_once(self):
        around(owner, "function", self.identifier)(lambda original, cargo: original(cargo))


class ForOneClient(Healthy):
    def setup_once(self):
        hub = Hub(Hub.main)

        @around(owner, "function", self.identifier)
        def ours(original, cargo):
            with hub:
                return captured(original, cargo)


class TellingTheClosed(Healthy):
    def setup_once(self):
        @around(owner, "function", self.identifier)
        def ours(original, cargo):
            print("still here")
            return captured(original, cargo)
