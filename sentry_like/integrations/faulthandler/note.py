"""What a process notes of itself at the head of its crash log, for the event of its death: a line of JSON.

Written at `init`, so without what is slow to load; read only when there was a crash.
"""

from __future__ import annotations

import os
import sys
from _thread import get_ident, get_native_id
from time import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

OPTIONS = ("release", "environment", "server_name", "dist")


def head_of(client: Any) -> bytes:
    """The line for this process."""
    about = {name: getattr(client.options, name) for name in OPTIONS}
    about["project"] = project_of(client)
    about["program"] = os.path.abspath(sys.argv[0]) if getattr(sys, "argv", None) and sys.argv[0] else None
    about["implementation"] = sys.implementation.name
    about["version"] = version()
    about["started"] = time()
    about["main"] = get_ident() if get_native_id() == os.getpid() else None  # so on Linux; else not known
    return json_line({name: value for name, value in about.items() if value is not None})


def parts_of(data: bytes) -> tuple[dict[str, Any], str]:
    """`(what the process noted, what was written as it died)`; the first empty if it is not of our making."""
    from sentry_like.protocol.jsontext import decode

    head, _, rest = data.partition(b"\n")
    try:
        about = decode(head)
    except ValueError:
        about = {}
    return about if isinstance(about, dict) else {}, rest.decode("ascii", "backslashreplace")


def project_of(client: Any) -> str:
    """What tells the logs of one project from others': a checksum of the DSN without its keys."""
    from binascii import crc32

    dsn = client.dsn
    place = "" if dsn is None else f"{dsn.scheme}://{dsn.netloc}{dsn.path}/{dsn.project_id}"
    return f"{crc32(place.encode()):08x}"


def version() -> str:
    """The interpreter's version."""
    return ".".join(map(str, sys.version_info[:3]))


def json_line(fields: dict[str, Any]) -> bytes:
    """Texts and numbers as one line of JSON; all of `json` would cost `init` two milliseconds."""
    try:
        from _json import encode_basestring_ascii as quoted
    except ImportError:  # not CPython
        from json.encoder import encode_basestring_ascii as quoted
    pairs = (
        f"{quoted(name)}: {quoted(value) if isinstance(value, str) else repr(value)}"
        for name, value in fields.items()
    )
    return f"{{{', '.join(pairs)}}}\n".encode()
