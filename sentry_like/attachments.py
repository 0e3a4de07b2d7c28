"""A file that travels with an event: bytes, a function that gives them, or a path read at capture."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class Attachment:
    """What to attach and what to call it.

    Raises:
        TypeError: neither bytes nor path, or bytes without a filename.
    """

    __slots__ = ("add_to_transactions", "bytes", "content_type", "filename", "path")

    def __init__(
        self,
        bytes: bytes | Callable[[], bytes] | None = None,
        filename: str | None = None,
        path: str | os.PathLike[str] | None = None,
        content_type: str | None = None,
        add_to_transactions: bool = False,
    ) -> None:
        if bytes is None and path is None:
            raise TypeError("an attachment needs bytes or a path")
        if filename is None and path is None:
            raise TypeError("an attachment given as bytes needs a filename")
        self.bytes = bytes
        self.path = None if path is None else os.fsdecode(path)
        self.filename = filename or os.path.basename(self.path or "")
        self.content_type = content_type or guess_content_type(self.filename)
        self.add_to_transactions = add_to_transactions

    def read(self, limit: int) -> bytes:
        """The content, at most `limit` bytes of it.

        Raises:
            AttachmentTooLarge: there is more than `limit`.
            OSError: the file cannot be read, or is not a regular file.
        """
        if self.path is not None and self.bytes is None:
            return _read_file(self.path, limit)
        content = self.bytes() if callable(self.bytes) else self.bytes
        data = content.encode("utf-8", "replace") if isinstance(content, str) else memoryview(content or b"")
        if memoryview(data).nbytes > limit:
            raise AttachmentTooLarge(f"attachment {self.filename!r} is larger than {limit} bytes")
        return bytes(data)


class AttachmentTooLarge(ValueError):
    """An attachment is over `max_attachment_bytes`."""


def _read_file(path: str, limit: int) -> bytes:
    if not os.path.isfile(path):
        raise OSError(f"attachment {path!r} is not a regular file")
    with open(path, "rb") as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise AttachmentTooLarge(f"attachment {path!r} is larger than {limit} bytes")
    return data


def guess_content_type(filename: str) -> str:
    """The content type that a file name suggests; `application/octet-stream` when it suggests none."""
    from mimetypes import guess_type

    return guess_type(filename)[0] or "application/octet-stream"
