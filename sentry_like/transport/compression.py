"""How a body is made smaller before it is sent.

Bodies below `TINY` are left alone: they fit into one network packet either way.
"""

from __future__ import annotations

from sentry_like.options import BadOptions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

TINY = 1024

GZIP_LEVEL = 6
BROTLI_QUALITY = 4
"""Brotli's own default, 11, takes a hundred times as long for a tenth less."""
ZSTD_LEVEL = 3

EXTRAS = {"br": "brotli", "zstd": "zstd"}


class Encoding:
    """A content encoding: its `name` in the header, and how bytes become fewer."""

    __slots__ = ("_compress", "name")

    def __init__(self, name: str, compress: Callable[[bytes], bytes]) -> None:
        self.name = name
        self._compress = compress

    def apply(self, body: bytes) -> tuple[bytes, dict[str, str]]:
        """The body to send, and the headers that say how it is encoded."""
        if len(body) < TINY:
            return body, {}
        return self._compress(body), {"Content-Encoding": self.name}


def choose(algorithm: str, level: int | None = None) -> Encoding | None:
    """The encoding "gzip", "br" or "zstd" at a level (`None`: its default); `None` for "none".

    Raises:
        BadOptions: the algorithm's package is not installed.
    """
    if algorithm == "none" or (level == 0 and algorithm == "gzip"):
        return None
    try:
        return Encoding(algorithm, MAKERS[algorithm](level))
    except ImportError:
        extra = EXTRAS[algorithm]
        install = f"pip install sentry-like[{extra}]"
        raise BadOptions(
            [f"Option 'compression' is {algorithm!r}, which needs a package: {install}."]
        ) from None


def _gzip(level: int | None) -> Callable[[bytes], bytes]:
    def compress(body: bytes) -> bytes:
        from zlib import DEFLATED, compressobj

        # 31 is the largest window in a gzip wrapper; zlib writes no time into it, so equal bodies stay equal.
        compressor = compressobj(GZIP_LEVEL if level is None else level, DEFLATED, 31)
        return compressor.compress(body) + compressor.flush()

    return compress


def _brotli(level: int | None) -> Callable[[bytes], bytes]:
    import brotli

    quality = BROTLI_QUALITY if level is None else level
    return lambda body: bytes(brotli.compress(body, quality=quality))


def _zstd(level: int | None) -> Callable[[bytes], bytes]:
    from importlib import import_module

    level = ZSTD_LEVEL if level is None else level
    try:
        zstd = import_module("compression.zstd")  # Python 3.14 has it built in
    except ImportError:
        zstandard = import_module("zstandard")
        return lambda body: bytes(zstandard.ZstdCompressor(level).compress(body))
    return lambda body: bytes(zstd.compress(body, level))


MAKERS = {"gzip": _gzip, "br": _brotli, "zstd": _zstd}
