"""The one error of the inbox: why a request is refused, as the client will read it."""

from __future__ import annotations


class Refused(Exception):
    """A request that is not accepted: answered with `status` and `{"detail": ..., "causes": [...]}`."""

    def __init__(self, status: int, detail: str, *causes: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.causes = causes
