"""What the tests of events share: the request that they make, and what they look at."""

from __future__ import annotations

HEADERS = [
    ("User-Agent", "visitor/1"),
    ("X-Plain", "yes"),
    ("Authorization", "Bearer s3cr3t"),
    ("Cookie", "theme=dark; sessionid=s3cr3t"),
    ("X-Forwarded-For", "10.1.2.3"),
    ("X-Api-Key", "s3cr3t"),
]


def only(events):
    (event,) = events
    return event


def values_of(event):
    return [(value["type"], value["value"]) for value in event["exception"]["values"]]


def handled(event):
    """Of the exception that was raised last, as the integration saw it."""
    return event["exception"]["values"][-1]["mechanism"]["handled"]
