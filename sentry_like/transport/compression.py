"""Request bodies made smaller: gzip by default, brotli or zstd when installed and asked for."""

from __future__ import annotations

import zlib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Compress = Callable[[bytes], bytes]

SMALLEST = 1024
"""Bodies below this fit into one packet as they are."""
GZIP = 31  # zlib's window size of 15 bits, plus 16 for the gzip frame (zlib manual, "deflateInit2")
EXTRAS = {"br": ("brotli", "brotli"), "zstd": ("zstandard", "zstd")}
"""Encoding -> the package that does it, and the extra that brings it."""


class Compressor:
    """Compresses bodies with one content encoding.

    Raises:
        ValueError: the package for the encoding is not installed.
    """

    def __init__(self, encoding: str, level: int | None = None) -> None:
        self.encoding = encoding
        self._level = level
        if encoding in EXTRAS and not _is_installed(encoding):
            package, extra = EXTRAS[encoding]
            raise ValueError(
                f"compression={encoding!r} needs the package {package}: pip install 'sentry-like[{extra}]'"
            )

    def __call__(self, body: bytes) -> tuple[bytes, str | None]:
        """The body as it is posted, and its content encoding; `None` when it is left as it is."""
        if self.encoding == "none" or len(body) < SMALLEST:
            return body, None
        return _METHODS[self.encoding](body, self._level), self.encoding


def _is_installed(encoding: str) -> bool:
    from importlib.util import find_spec

    if encoding == "zstd" and _has_own_zstd():
        return True
    return find_spec(EXTRAS[encoding][0]) is not None


def _has_own_zstd() -> bool:
    """Python brings zstd from 3.14 on (PEP 784)."""
    import sys

    return sys.version_info >= (3, 14)


def _gzip(body: bytes, level: int | None) -> bytes:
    packer = zlib.compressobj(6 if level is None else level, zlib.DEFLATED, GZIP)
    return packer.compress(body) + packer.flush()


def _brotli(body: bytes, level: int | None) -> bytes:
    import brotli

    packed: bytes = brotli.compress(body, quality=4 if level is None else level)
    return packed


def _zstd(body: bytes, level: int | None) -> bytes:
    packed: bytes
    if _has_own_zstd():
        from importlib import import_module

        packed = import_module("compression.zstd").compress(body, 3 if level is None else level)
    else:
        import zstandard

        packed = zstandard.ZstdCompressor(level=3 if level is None else level).compress(body)
    return packed


_METHODS: dict[str, Callable[[bytes, int | None], bytes]] = {"gzip": _gzip, "br": _brotli, "zstd": _zstd}
