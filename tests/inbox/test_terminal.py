from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentry_like.inbox.terminal import Palette, clean, wants_colour


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text", "plain text"),
        ("größe 漢字 😀", "größe 漢字 😀"),
        ("a\tb", "a    b"),
        ("a\nb\r\n", "a\\nb\\r\\n"),
        ("\x1b[31mred\x1b]0;title\x07", "\\x1b[31mred\\x1b]0;title\\x07"),
        ("\x9b31m", "\\x9b31m"),
        ("user\u202eexe.txt", "user\\u202eexe.txt"),
        ("a\u2028b", "a\\u2028b"),
        ("\ud800", "\\ud800"),
        ("\x7f\x00", "\\x7f\\x00"),
    ],
)
def test_what_would_steer_a_terminal_is_shown_as_its_escape(text, shown):
    assert clean(text) == shown


@settings(deadline=None)
@given(st.text(alphabet=st.characters(), max_size=50))
def test_cleaned_text_is_printable(text):
    assert clean(text).isprintable()


@settings(deadline=None)
@given(st.text(max_size=50), st.integers(3, 30))
def test_cleaned_text_keeps_to_its_width(text, width):
    assert len(clean(text, width)) <= width


def test_a_cut_text_says_that_it_was_cut():
    assert clean("abcdefgh", 6) == "abc..."
    assert clean("abcdef", 6) == "abcdef"


def test_colour_is_only_put_around_text_when_enabled():
    assert Palette(enabled=True).paint("error", "x") == "\x1b[1;31mx\x1b[0m"
    assert Palette(enabled=False).paint("error", "x") == "x"


class Tty(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "environ", "wanted"),
    [
        (Tty(), {}, True),
        (Tty(), {"NO_COLOR": ""}, True),
        (Tty(), {"NO_COLOR": "1"}, False),
        (Tty(), {"TERM": "dumb"}, False),
        (io.StringIO(), {}, False),
    ],
    ids=["terminal", "empty NO_COLOR", "NO_COLOR", "dumb terminal", "pipe"],
)
def test_colour_is_for_terminals_whose_user_did_not_refuse(stream, environ, wanted):
    assert wants_colour(stream, environ) is wanted
