"""Notes what the application does through `http.client` and `subprocess`: requests and programs started."""

from __future__ import annotations

from sentry_like.integrations._common.imports import when_imported
from sentry_like.integrations._common.outgoing import Patterns
from sentry_like.integrations.base import Integration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import ModuleType


class StdlibIntegration(Integration):
    """Keeps a breadcrumb for each request and each program.

    `http` and `subprocess` switch each kind on or off. `ignore` holds patterns as of `fnmatch`: what they
    match leaves no breadcrumb, be it the URL of a request, with or without its query, or the name, path or
    whole command line of a program.

    Raises:
        TypeError: `ignore` holds something else than text.
    """

    identifier = "stdlib"

    def __init__(
        self, *, http: bool = True, subprocess: bool = True, ignore: str | Iterable[str] = ()
    ) -> None:
        self.http = http
        self.subprocess = subprocess
        self.ignore = Patterns(ignore)

    def setup_once(self) -> None:
        when_imported("http.client", _watch_http_client)
        when_imported("urllib3.connectionpool", _watch_urllib3)
        when_imported("subprocess", _watch_subprocess)
        when_imported("asyncio.base_subprocess", _watch_asyncio)

    def wants_request(self, url: str) -> bool:
        """Whether a request to this URL, as it is made, is noted."""
        return self.http and not self.ignore.match_url(url)

    def wants_command(self, arguments: list[str] | str) -> bool:
        """Whether a program started with these arguments, or by this command, is noted."""
        if not self.subprocess or not self.ignore.texts:
            return self.subprocess
        words = arguments.split() if isinstance(arguments, str) else arguments
        program = words[0] if words else ""
        return not self.ignore.match(program, program.rpartition("/")[2], " ".join(words))


def _watch_http_client(module: ModuleType) -> None:
    from sentry_like.integrations.stdlib.connections import watch_http_client

    watch_http_client(module)


def _watch_urllib3(module: ModuleType) -> None:
    from sentry_like.integrations.stdlib.connections import watch_urllib3

    watch_urllib3(module)


def _watch_subprocess(module: ModuleType) -> None:
    from sentry_like.integrations.stdlib.processes import watch_subprocess

    watch_subprocess(module)


def _watch_asyncio(module: ModuleType) -> None:
    from sentry_like.integrations.stdlib.processes import watch_asyncio

    watch_asyncio(module)
