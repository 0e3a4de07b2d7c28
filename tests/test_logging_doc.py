"""Every Python snippet of docs/logging.md runs, in order, against a real local server."""

from __future__ import annotations

import io
import logging
import re
from pathlib import Path

import pytest

import sentry_like

PAGE = Path(__file__).parent.parent / "docs" / "logging.md"


@pytest.fixture(autouse=True)
def quiet():
    """The libraries print to nowhere, and are as they were afterwards."""
    import loguru
    import structlog

    loguru.logger.remove()
    loguru.logger.add(io.StringIO())
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    yield
    loguru.logger.remove()
    structlog.reset_defaults()
    for name in ("shop.orders", "shop.audit"):
        logger = logging.getLogger(name)
        logger.setLevel(logging.NOTSET)
        logger.handlers.clear()


def test_every_snippet_runs_and_what_it_logs_arrives(relay):
    snippets = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(snippets) >= 7
    namespace = {"__name__": "page"}
    for number, snippet in enumerate(snippets):
        code = snippet.replace("https://public@sentry.example/1", relay.dsn)
        exec(compile(code, f"<docs/logging.md snippet {number}>", "exec"), namespace)
        assert sentry_like.flush(5)
    told = {event["logentry"]["formatted"]: event for event in relay.events}
    assert sorted(told) == sorted(
        [
            "order 7 was refused",
            "order 8 failed",
            "only three left",
            "told with a tag",
            "the books were opened",
            "order 9 was refused",
            "order refused",
            "only two left",
        ]
    )
    assert len(relay.events) == len(told)
    assert told["order 7 was refused"]["breadcrumbs"]["values"][-1]["message"] == "order 7 for ada"
    assert told["order 7 was refused"]["extra"]["shop"] == "north"
    assert told["order 8 failed"]["exception"]["values"][0]["type"] == "ZeroDivisionError"
    assert told["told with a tag"]["tags"] == {"module": "logging"}
    assert told["order 9 was refused"]["logentry"]["message"] == "order {} was refused"
    assert told["only two left"]["extra"]["number"] == 2
