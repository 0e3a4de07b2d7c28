"""An application in small: what it sees when it uses something, with and without a client."""

from __future__ import annotations

import atexit
import contextlib
import gc
import io
import os
import re
import sys
import threading
import warnings
import weakref

import places
from ledger import PROBE, Ledger, Told

import sentry_like
from sentry_like.hub import Hub
from sentry_like.testing import DSN

PASSING = re.compile(
    r"0x[0-9a-f]+|\b\d{4}-\d\d-\d\d.\d\d:\d\d:\d\d[.,]\d+|Thread-\d+|Process-\d+|port \d+|\bpid[ =]\d+"
)
"""What differs from one use to the next."""


class Cargo:
    """Something heavy that the application has in its hands while it fails."""

    def __repr__(self):
        return "<cargo>"


class Scene:
    """One process with one subject."""

    def __init__(self, subject):
        self.subject = subject
        self.ledger = Ledger()

    # -- clients

    def listen(self, *given, **options):
        """A client that has the integration, or those given in its place."""
        return self._init(integrations=list(given) or [self.subject.integration()], **options)

    def listen_without(self, **options):
        """A client that has it not."""
        return self._init(**options)

    def _init(self, **options):
        options = {"default_integrations": False, "auto_enabling_integrations": False, **options}
        sentry_like.init(DSN, transport=self.ledger, **options)
        return Hub.main.client

    def silence(self):
        """No client, as before any `init`."""
        Hub.main.bind_client(None)

    # -- what happens

    def uses(self):
        """The two ways to use it."""
        return {"work": self.subject.work, "failure": self.fail}

    def fail(self):
        return self.subject.fail(Cargo())

    def told_by(self, use):
        """What the ledger tells of one use in a unit of its own."""
        self.ledger.take()
        with contextlib.suppress(BaseException), quiet(), sentry_like.isolate():
            try:
                use()
            except BaseException:
                swept()  # what was caught here is no unit's ending
            finally:
                swept()
                sentry_like.capture_message(PROBE)
        return Told(self.ledger.take())

    def signs(self):
        """How many signs each use leaves."""
        return {name: len(self.subject.signs(self.told_by(use))) for name, use in self.uses().items()}

    def expected_signs(self):
        return {"work": self.subject.of_work, "failure": self.subject.of_failure}

    def outcomes(self):
        """What the application sees of each use."""
        return {name: outcome_of(use) for name, use in self.uses().items()}

    def originals(self):
        """What is stored now in the attributes that the integration replaces."""
        return [vars(owner).get(name, "not there") for owner, name in self.subject.targets()]

    def state(self):
        """What integrations change in a process, besides attributes."""
        gc.collect()
        logging = sys.modules.get("logging")
        return {
            "excepthook": sys.excepthook,
            "unraisablehook": sys.unraisablehook,
            "threading.excepthook": threading.excepthook,
            "exit functions": exit_functions(),
            "finders": list(sys.meta_path),
            "tracing": (sys.gettrace(), sys.getprofile()),
            "warnings": (warnings.showwarning, list(warnings.filters)),
            "handlers": None if logging is None else list(logging.root.handlers),
            "threads": threading.active_count(),
            "its own": self.subject.state(),
        }


def exit_functions():
    """The names of our functions that run when this process exits: one that exits at once tells."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        names = set()
        try:
            with quiet():
                sys.setprofile(lambda frame, event, _: names.add(name_of_ours(frame)))
                atexit._run_exitfuncs()
                sys.setprofile(None)
        finally:
            os.write(writing, " ".join(sorted(names - {""})).encode())
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        names = pipe.read()
    os.waitpid(pid, 0)
    return names


def name_of_ours(frame):
    """The function of ours that runs, if it was called by one that is not."""
    caller = frame.f_back
    is_entered = caller is None or not places.is_ours(caller.f_code)
    return frame.f_code.co_name if is_entered and places.is_ours(frame.f_code) else ""


def swept():
    """Let all that nobody holds any more be told of now."""
    gc.collect()


@contextlib.contextmanager
def quiet():
    """What is printed does not matter."""
    with (
        open(os.devnull, "w") as nowhere,
        contextlib.redirect_stderr(nowhere),
        contextlib.redirect_stdout(nowhere),
    ):
        yield


def outcome_of(use):
    """The result or the exception of a use, and what was printed, without what passes."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            ended = ("returned", plain(repr(use())))
        except BaseException as error:
            ended = ("raised", *chain_of(error))
        swept()
    return {"ended": ended, "out": plain(out.getvalue()), "err": plain(without_our_frames(err.getvalue()))}


def chain_of(error):
    """What an exception tells: types, texts, causes, contexts, and the frames of the application."""
    told = []
    while error is not None and len(told) < 20:
        frames, tb = [], error.__traceback__
        while tb is not None:
            if not places.is_ours(tb.tb_frame.f_code):
                frames.append(tb.tb_frame.f_code.co_name)
            tb = tb.tb_next
        told.append((type(error).__name__, plain(str(error)), error.__suppress_context__, frames))
        error = error.__cause__ or error.__context__
    return told


def plain(text):
    return PASSING.sub("...", text)


def without_our_frames(text):
    """A printed traceback without the frames of ours: each is a line of place, and one or two more."""
    kept, is_ours = [], False
    for line in text.splitlines():
        if line.startswith('  File "'):
            is_ours = places.names_our_file(line)
        elif not line.startswith("    "):
            is_ours = False
        if not is_ours and not line.startswith("[sentry_like]"):
            kept.append(line)
    return "\n".join(kept)


def held_after(use):
    """Whether the cargo of a failure is still alive when all is over, without the garbage collector."""
    gc.collect()
    gc.disable()
    try:
        return carried_through(use)() is not None
    finally:
        gc.enable()


def carried_through(use):
    """A weak reference to the cargo of one failure, in a unit of its own, which has ended."""
    cargo = Cargo()
    with quiet(), contextlib.suppress(BaseException), sentry_like.isolate():
        with contextlib.suppress(BaseException):
            use(cargo)
    return weakref.ref(cargo)


def equal(found, expected, about=""):
    """An assertion that says what it found."""
    assert found == expected, f"{about}\n  found    {found}\n  expected {expected}"
