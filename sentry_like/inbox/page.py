"""The page at `/`: a plain list of the newest events with links to their JSON. Pure: rows in, HTML out.

Everything from a payload is escaped, and the page allows neither scripts nor anything from elsewhere.
"""

from __future__ import annotations

import time
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

SECURITY_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{count} - sentry-like inbox</title>
<style>
:root {{ color-scheme: light dark }}
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem }}
table {{ border-collapse: collapse; width: 100% }}
td, th {{ border-bottom: 1px solid #8884; padding: .4rem .6rem; text-align: left; vertical-align: top }}
td:first-child {{ overflow-wrap: anywhere }}
small {{ opacity: .7 }}
.fatal, .error {{ color: #c62828 }}
.warning {{ color: #b26a00 }}
</style>
</head>
<body>
<h1>sentry-like inbox</h1>
{content}
</body>
</html>
"""
_TABLE = "<table>\n<tr><th>Event</th><th>Level</th><th>When</th><th>Release</th></tr>\n{rows}</table>"
_ROW = """<tr>
<td><a href="/api/events/{event_id}">{title}</a><br><small>{culprit}</small></td>
<td class="{level}">{level}</td>
<td><time datetime="{iso}">{when}</time></td>
<td>{release}</td>
</tr>
"""
_NOTHING = "<p>Nothing has arrived yet. Give your application this DSN: <code>{dsn}</code></p>"


def page(events: Iterable[Mapping[str, Any]], dsn: str) -> str:
    """The whole document; `events` as the store lists them."""
    rows = [_row(event) for event in events]
    content = _TABLE.format(rows="".join(rows)) if rows else _NOTHING.format(dsn=escape(dsn))
    return _PAGE.format(count=f"{len(rows)} events", content=content)


def _row(event: Mapping[str, Any]) -> str:
    received = event["received"]
    values = {name: escape(str(event[name])) for name in ("event_id", "title", "culprit", "level", "release")}
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(received))
    return _ROW.format(**values, iso=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(received)), when=when)
