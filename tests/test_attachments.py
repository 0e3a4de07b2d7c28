"""Attachments are read when they are needed, whole or not at all."""

from __future__ import annotations

import os
import time

import pytest

from sentry_like.attachments import Attachment, AttachmentTooLarge, guess_content_type


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "log.txt"
    path.write_bytes(b"content")
    return path


CONTENT = {
    "bytes": b"content",
    "function": lambda: b"content",
    "bytearray": bytearray(b"content"),
    "view": memoryview(b"content"),
    "text": "content",
}


@pytest.mark.parametrize("content", CONTENT.values(), ids=CONTENT)
def test_content_is_read(content):
    assert Attachment(bytes=content, filename="a").read(7) == b"content"


@pytest.mark.parametrize("content", CONTENT.values(), ids=CONTENT)
def test_content_over_the_limit_is_refused(content):
    with pytest.raises(AttachmentTooLarge):
        Attachment(bytes=content, filename="a").read(6)


def test_text_with_lone_surrogates_is_read():
    assert Attachment(bytes="\ud800", filename="a").read(10) == b"?"


def test_huge_content_is_refused_without_a_copy():
    content = memoryview(bytearray(200 * 1024 * 1024))
    start = time.perf_counter()
    with pytest.raises(AttachmentTooLarge):
        Attachment(bytes=content, filename="a").read(1000)
    assert time.perf_counter() - start < 0.02


def test_path_is_read_at_capture_and_names_the_file(file):
    attachment = Attachment(path=file)
    file.write_bytes(b"later")
    assert attachment.read(100) == b"later"
    assert (attachment.filename, attachment.content_type) == ("log.txt", "text/plain")


def test_path_may_be_bytes(file):
    attachment = Attachment(path=os.fsencode(file))
    assert (attachment.filename, attachment.read(7)) == ("log.txt", b"content")


def test_bytes_win_over_the_path(file):
    assert Attachment(bytes=b"x", path=file).read(9) == b"x"


def test_file_over_the_limit_is_refused(file):
    assert Attachment(path=file).read(7) == b"content"
    with pytest.raises(AttachmentTooLarge):
        Attachment(path=file).read(6)


def test_what_is_no_regular_file_is_refused(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    for path in (tmp_path / "fifo", "/dev/zero", tmp_path, tmp_path / "gone"):
        with pytest.raises(OSError, match="not a regular file"):
            Attachment(path=path).read(10)


def test_error_of_the_function_is_the_callers_business():
    with pytest.raises(ZeroDivisionError):
        Attachment(bytes=lambda: 1 / 0, filename="a").read(10)


@pytest.mark.parametrize(
    "arguments", [{}, {"filename": "a"}, {"bytes": b""}], ids=["nothing", "name", "bytes"]
)
def test_too_little_is_refused(arguments):
    with pytest.raises(TypeError, match="an attachment"):
        Attachment(**arguments)


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("a.json", "application/json"),
        ("a.png", "image/png"),
        ("a", "application/octet-stream"),
        ("", "application/octet-stream"),
    ],
)
def test_content_type_is_guessed_from_the_name(name, content_type):
    assert guess_content_type(name) == content_type


def test_content_type_given_is_kept():
    assert Attachment(bytes=b"", filename="a.json", content_type="x/y").content_type == "x/y"
