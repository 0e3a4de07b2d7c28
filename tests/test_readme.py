"""Every Python snippet of the README runs, in order, against a real local server."""

from __future__ import annotations

import re
from pathlib import Path

import sentry_like

README = Path(__file__).parent.parent / "README.md"


def test_every_snippet_runs_and_what_it_captures_arrives(relay):
    snippets = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    assert len(snippets) >= 6
    namespace = {"__name__": "readme"}
    for number, snippet in enumerate(snippets):
        code = snippet.replace("https://public@sentry.example/1", relay.dsn)
        exec(compile(code, f"<README snippet {number}>", "exec"), namespace)
        sentry_like.flush(5)
    assert namespace["delivered"] is True
    told = [event.get("message") or event["exception"]["values"][-1]["type"] for event in relay.events]
    assert sorted(told) == sorted(
        [
            "ZeroDivisionError",
            "The nightly import found nothing to do",
            "ValueError",
            "Checkout took long",
            "hello from ann",
            "hello from bob",
            "ValueError",
        ]
    )
