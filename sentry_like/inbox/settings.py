"""What an inbox may be told, and what holds when it is not; light, for the command line reads it first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8970
MAX_EVENTS = 10_000


@dataclass(frozen=True)
class Settings:
    """`port` 0: a free one. `db` None: a private temporary database. `key` None: any public key."""

    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT
    db: Path | None = None
    key: str | None = None
    max_events: int = MAX_EVENTS
