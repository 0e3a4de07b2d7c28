"""What an integration is: it knows one framework, or one corner of the interpreter, and feeds or enriches
events.
"""

from __future__ import annotations


class DidNotEnable(Exception):
    """What `setup_once` raises, with the reason in words, where the integration cannot work."""


class Integration:
    """The base to derive from. Settings are constructor arguments.

    `identifier` names it: `hub.get_integration("flask")`. `setup_once` is called once per process, to patch
    or to subscribe; what it installs asks `Hub.current.get_integration(identifier)` at run time whether it
    is wanted by the current client. `around` and `when_imported` in `_common` do that asking and waiting.

    Five more methods are asked for when they are there:

    - `process_event(event, hint)` adds to an event before it is sent: JSON-safe data without secrets.
    - `refuses(error)` says of an exception, before anything is built, that it must not become an event.
    - `on_captured(event, hint)` is told of each event that is on its way.
    - `on_started(client)` is called once for each client that has the integration, when it can capture.
    - `on_closed(client)` is called when that client is closed.
    """

    identifier = ""

    def setup_once(self) -> None:
        """Patch or subscribe; called at the first `init` of the process that has this integration."""
