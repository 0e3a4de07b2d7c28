"""How much of a value is kept."""

from __future__ import annotations

DEEP_LOCALS = -2
"""How far the depth of locals is from `max_depth` (protocol, "Size/depth limits": extra 5, vars 3)."""
HARD_LIMIT = 1_000_000
"""Bytes of one event that no server takes more than (protocol, "Size limits")."""


class Limits:
    """Bounds from the options of these names: `depth` in levels, `breadth` in entries, `text` in characters,
    `event` in about bytes.
    """

    __slots__ = ("bag", "breadth", "depth", "event", "frame", "locals", "text")

    def __init__(self, depth: int, breadth: int, text: int, event: int) -> None:
        self.depth = depth
        self.locals = depth + DEEP_LOCALS
        self.breadth = breadth
        self.text = text
        self.event = event
        # Of all locals of one frame: the server cuts at 2048 (protocol, "Size/depth limits").
        self.frame = max(2048, 2 * text)
        self.bag = event // 8
        """What a bag has even if frames have used up the event's room."""


WHOLE_EVENT = Limits(depth=24, breadth=1000, text=8192, event=HARD_LIMIT)
"""How much is kept of an event from foreign code; the fields' own limits are the server's business."""
