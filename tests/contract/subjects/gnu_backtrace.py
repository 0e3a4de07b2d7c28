"""Native stack lines in messages of exceptions."""

from __future__ import annotations

from subject import Adding

import sentry_like


class GnuBacktrace(Adding):
    identifier = "gnu_backtrace"
    of_work = 0

    def fail(self, cargo):
        try:
            raise RuntimeError(
                "it went wrong\n0. DB::Exception::Exception(int) @ 0x8a1b in /usr/bin/db\n1. main @ 0x1 in ?"
            )
        except RuntimeError:
            sentry_like.capture_exception()

    def shows(self, event):
        values = event.get("exception", {}).get("values", ())
        frames = [frame for value in values for frame in value.get("stacktrace", {}).get("frames", ())]
        return any(frame.get("function", "").startswith("DB::") for frame in frames)


SUBJECT = GnuBacktrace()
