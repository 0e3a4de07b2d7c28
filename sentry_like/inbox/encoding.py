"""Request bodies, decoded as their Content-Encoding says.

Every decoder is a generator of pieces, none of more than a few megabytes; `decode` adds the pieces up and
stops at its bound, so that a small body which would unfold to gigabytes costs neither the memory nor the
time. `brotli` and `zstandard` are optional and imported when a body needs them.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from sentry_like.inbox.refusal import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

MAX_COMPRESSED = 20 * 1024 * 1024
MAX_UNCOMPRESSED = 200 * 1024 * 1024
"""Bytes of one request, before and after decoding (protocol, "Size limits")."""

_PIECE = 64 * 1024
_GZIP, _ZLIB, _RAW_DEFLATE = 31, 15, -15  # zlib's `wbits`
_ZSTD_FEED = 1024
"""A zstd block takes at least 4 bytes and unfolds to at most 128 KiB: 1 KiB of input gives at most 32 MiB."""


def decode(body: bytes, encoding: str, *, limit: int = MAX_UNCOMPRESSED) -> bytes:
    """The body without its Content-Encoding (`""` and `identity` change nothing).

    Raises: Refused 415 for an encoding that is unknown or whose package is missing, 413 beyond `limit` bytes,
    400 for a body that is not what the encoding says, or ends early.
    """
    name = encoding.strip().lower()
    if name in ("", "identity"):
        _check_size(len(body), limit)
        return body
    decoder = _DECODERS.get(name)
    if decoder is None:
        raise Refused(415, f"the Content-Encoding is not supported; supported: {', '.join(_DECODERS)}")
    decoded = bytearray()
    for piece in decoder(body):
        decoded += piece
        _check_size(len(decoded), limit)
    return bytes(decoded)


def _check_size(size: int, limit: int) -> None:
    if size > limit:
        raise Refused(413, "the request is too large", f"the decoded body has more than {limit} bytes")


def _broken(name: str, cause: object) -> Refused:
    return Refused(400, f"the body is not valid {name}", str(cause))


def _gzip(body: bytes) -> Iterator[bytes]:
    while True:  # RFC 1952: a gzip file is a series of members
        rest = yield from _zlib_stream(body, _GZIP, "gzip")
        if not rest:
            return
        body = rest


def _deflate(body: bytes) -> Iterator[bytes]:
    """RFC 9110 means a zlib stream; some clients send bare deflate data, which browsers accept too."""
    has_zlib_header = len(body) >= 2 and body[0] & 0x0F == 8 and int.from_bytes(body[:2], "big") % 31 == 0
    rest = yield from _zlib_stream(body, _ZLIB if has_zlib_header else _RAW_DEFLATE, "deflate")
    if rest:
        raise _broken("deflate", "bytes follow the end of the stream")


def _zlib_stream(body: bytes, wbits: int, name: str) -> Generator[bytes, None, bytes]:
    """Yields the content; returns what follows the end of the stream."""
    stream = zlib.decompressobj(wbits)
    try:
        yield stream.decompress(body, _PIECE)
        while not stream.eof:
            piece = stream.decompress(stream.unconsumed_tail, _PIECE)
            if not piece and not stream.eof:
                raise _broken(name, "the stream ends early")
            yield piece
    except zlib.error as error:
        raise _broken(name, error) from None
    return stream.unused_data


def _brotli(body: bytes) -> Iterator[bytes]:
    try:
        import brotli
    except ImportError:
        raise _missing("br", "brotli") from None
    stream = brotli.Decompressor()
    if not hasattr(stream, "can_accept_more_data"):
        raise Refused(
            415, "Content-Encoding br needs brotli 1.2 or newer: earlier ones cannot bound their output"
        )
    try:
        yield stream.process(body, output_buffer_limit=_PIECE)
        while not stream.is_finished():
            piece = stream.process(b"", output_buffer_limit=_PIECE)
            if not piece and not stream.is_finished():
                raise _broken("br", "the stream ends early")
            yield piece
    except brotli.error as error:
        raise _broken("br", error) from None


def _zstd(body: bytes) -> Iterator[bytes]:
    try:
        import zstandard
    except ImportError:
        raise _missing("zstd", "zstandard") from None
    while True:  # RFC 8878: frames may follow one another
        stream = zstandard.ZstdDecompressor().decompressobj()
        rest = memoryview(body)
        try:
            while rest and not stream.eof:
                yield stream.decompress(bytes(rest[:_ZSTD_FEED]))
                rest = rest[_ZSTD_FEED:]
        except zstandard.ZstdError as error:
            raise _broken("zstd", error) from None
        if not stream.eof:
            raise _broken("zstd", "the stream ends early")
        body = stream.unused_data + bytes(rest)
        if not body:
            return


def _missing(encoding: str, package: str) -> Refused:
    return Refused(
        415,
        f"Content-Encoding {encoding} needs the package {package}",
        "pip install 'sentry-like[inbox]' on the machine that runs the inbox",
    )


_DECODERS: dict[str, Callable[[bytes], Iterator[bytes]]] = {
    "gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
