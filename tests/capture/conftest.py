"""The capture room without a client: what is built here is shown to Sentry's normaliser afterwards."""

from __future__ import annotations

import pytest
from capture_room import Room, as_sent


@pytest.fixture
def room(sentry_accepts):
    """`room(**options)`: one client's capture room; each event that it builds must please the normaliser."""
    rooms = []

    def make(**options):
        rooms.append(Room(**options))
        return rooms[-1]

    yield make
    for made in rooms:
        for event in made.built:
            sentry_accepts(as_sent(event))


@pytest.fixture
def build(room):
    """`build(error, **options)`: the scrubbed event of an exception."""
    return lambda error, **options: room(**options).exception(error)
