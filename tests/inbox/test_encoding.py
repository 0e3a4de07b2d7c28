from __future__ import annotations

import contextlib
import gzip
import sys
import zlib

import brotli
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from inbox_client import raw_deflate

from sentry_like.inbox.encoding import decode
from sentry_like.inbox.refusal import Refused

ENCODERS = {
    "gzip": ("gzip", gzip.compress),
    "deflate": ("deflate", zlib.compress),
    "raw deflate": ("deflate", raw_deflate),
    "br": ("br", brotli.compress),
    "zstd": ("zstd", zstandard.compress),
}
every_encoding = pytest.mark.parametrize(("name", "encode"), ENCODERS.values(), ids=ENCODERS)


@every_encoding
@settings(max_examples=20, deadline=None)
@given(body=st.binary(max_size=5000))
def test_what_was_encoded_is_decoded(name, encode, body):
    assert decode(encode(body), name) == body


@every_encoding
def test_a_large_body_is_decoded_whole(name, encode):
    body = bytes(range(256)) * 4000
    assert decode(encode(body), name) == body


@every_encoding
def test_a_bomb_is_refused_before_it_unfolds(name, encode):
    bomb = encode(b"\0" * 30_000_000)
    with pytest.raises(Refused) as refused:
        decode(bomb, name, limit=1_000_000)
    assert refused.value.status == 413


@every_encoding
def test_a_body_that_ends_early_is_refused(name, encode):
    with pytest.raises(Refused) as refused:
        decode(encode(b"abc" * 1000)[:-4], name)
    assert refused.value.status == 400


@pytest.mark.parametrize("name", ["gzip", "deflate", "br", "zstd"])
@pytest.mark.parametrize(
    "body", [b"", b"\xff", b"\xff\xfe\xfd not compressed"], ids=["empty", "short", "text"]
)
def test_what_is_not_encoded_that_way_is_refused(name, body):
    with pytest.raises(Refused) as refused:
        decode(body, name)
    assert refused.value.status == 400


@pytest.mark.parametrize("name", ["gzip", "deflate", "br", "zstd"])
@settings(max_examples=60, deadline=None)
@given(body=st.binary(max_size=300))
def test_any_bytes_are_decoded_or_refused(name, body):
    with contextlib.suppress(Refused):
        assert isinstance(decode(body, name, limit=100_000), bytes)


@pytest.mark.parametrize("name", ["", "identity", " Identity "])
def test_identity_changes_nothing(name):
    assert decode(b"abc", name) == b"abc"


@pytest.mark.parametrize("name", ["GZIP", " gzip "])
def test_names_are_case_insensitive(name):
    assert decode(gzip.compress(b"abc"), name) == b"abc"


@pytest.mark.parametrize("name", ["compress", "gzip, br", "\x1b[31m"])
def test_an_unknown_encoding_is_unsupported(name):
    with pytest.raises(Refused) as refused:
        decode(b"abc", name)
    assert refused.value.status == 415


@pytest.mark.parametrize(("name", "package"), [("br", "brotli"), ("zstd", "zstandard")])
def test_a_missing_package_is_named(name, package, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(Refused) as refused:
        decode(b"abc", name)
    assert refused.value.status == 415
    assert package in refused.value.detail
    assert "sentry-like[inbox]" in refused.value.causes[0]


def test_gzip_may_have_several_members():
    assert decode(gzip.compress(b"abc") + gzip.compress(b"def"), "gzip") == b"abcdef"


def test_zstd_may_have_several_frames():
    assert (
        decode(zstandard.compress(b"abc" * 2000) + zstandard.compress(b"def"), "zstd")
        == b"abc" * 2000 + b"def"
    )


def test_nothing_may_follow_a_deflate_stream():
    with pytest.raises(Refused):
        decode(zlib.compress(b"abc") + b"x", "deflate")
