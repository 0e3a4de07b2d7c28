"""Bodies arrive as they were, whatever made them smaller on the way."""

from __future__ import annotations

import pytest

LONG = "a long message, ümlaut and all " * 200


@pytest.mark.parametrize("compression", ["gzip", "br", "zstd"])
@pytest.mark.parametrize("level", [None, 1, 9])
def test_a_compressed_body_says_how_and_comes_back_whole(relay, carry, compression, level):
    carrier = carry(relay.dsn, compression=compression, compression_level=level)
    carrier.send(LONG)
    assert carrier.flush()
    assert relay.requests[0].headers["content-encoding"] == compression
    assert len(relay.requests[0].raw) < len(LONG) / 4
    assert relay.messages == [LONG]


def test_gzip_is_the_default(relay, carry):
    carrier = carry(relay.dsn)
    carrier.send(LONG)
    assert carrier.flush()
    assert relay.requests[0].headers["content-encoding"] == "gzip"


def test_none_leaves_bodies_as_they_are(relay, carry):
    carrier = carry(relay.dsn, compression="none")
    carrier.send(LONG)
    assert carrier.flush()
    assert "content-encoding" not in relay.requests[0].headers
    assert relay.messages == [LONG]


@pytest.mark.parametrize("compression", ["gzip", "br", "zstd"])
def test_a_small_body_is_left_as_it_is(relay, carry, compression):
    carrier = carry(relay.dsn, compression=compression)
    carrier.send("hi")
    assert carrier.flush()
    assert "content-encoding" not in relay.requests[0].headers
    assert relay.messages == ["hi"]


@pytest.mark.parametrize(
    ("compression", "package"), [("br", "brotli"), ("zstd", "zstandard")], ids=["br", "zstd"]
)
def test_a_package_that_is_not_there_is_named_at_init(carry, monkeypatch, compression, package):
    import sys

    if compression == "zstd" and sys.version_info >= (3, 14):
        pytest.skip("Python has it built in")
    # `None` in sys.modules is how Python itself marks a module that cannot be imported
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ValueError, match=r"pip install '?sentry-like\["):
        carry("http://0123456789abcdef0123456789abcdef@127.0.0.1:9/1", compression=compression)
