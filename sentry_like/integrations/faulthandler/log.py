"""What the interpreter's fault handler writes when a process dies, taken apart: reason, threads, stacks.

The form is that of `faulthandler` from Python 3.10 to 3.14. Pure: text in, data out; whatever a line holds,
nothing raises, and what is not understood is told by `is_whole`.
"""

from __future__ import annotations

from sentry_like.integrations._common import native

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MAX_THREADS = 100
MAX_FRAMES = 250
"""Of one stack, the innermost; `faulthandler` itself stops at 100."""
START = "Fatal Python error: "
EXTENSIONS = "Extension modules: "
CALLS_FOLLOW = "(most recent call first):"
C_STACK = "Current thread's C stack trace "
COLLECTING = "Garbage-collecting"
UNKNOWN = "???"
SIGNALS = {
    "Segmentation fault": "SIGSEGV",
    "Aborted": "SIGABRT",
    "Bus error": "SIGBUS",
    "Illegal instruction": "SIGILL",
    "Floating point exception": "SIGFPE",
    "Floating-point exception": "SIGFPE",
}
"""The words for each signal; those for SIGFPE have changed with 3.13."""
ESCAPES = {"x": 2, "u": 4, "U": 8}
"""How many digits follow the letter of a character that is not ASCII."""


class Call:
    """One frame; `file` and `function` are empty, and `line` is 0, where the log does not know them."""

    __slots__ = ("file", "function", "line")

    def __init__(self, file: str, line: int, function: str) -> None:
        self.file = file
        self.line = line
        self.function = function


class Thread:
    """One thread: `number` is the interpreter's identifier, `None` if not told; `calls`, oldest first."""

    __slots__ = ("calls", "is_current", "name", "number")

    def __init__(self, number: int | None, name: str, *, is_current: bool) -> None:
        self.number = number
        self.name = name
        self.is_current = is_current
        self.calls: list[Call] = []


class Dump:
    """One process's last words.

    `reason` is the text behind "Fatal Python error: ", `signal` the name of the signal or empty, `c_stack`
    native frames, oldest first. `is_whole` says that nothing was cut or not understood.
    """

    __slots__ = ("c_stack", "extensions", "is_collecting", "is_whole", "reason", "text", "threads")

    def __init__(self, text: str) -> None:
        self.text = text
        self.reason = ""
        self.threads: list[Thread] = []
        self.c_stack: list[dict[str, Any]] = []
        self.extensions = ""
        self.is_collecting = False
        self.is_whole = True

    @property
    def signal(self) -> str:
        return SIGNALS.get(self.reason, "")

    @property
    def crashed(self) -> Thread | None:
        """The thread that died; `None` when it is none of the interpreter's."""
        return next((thread for thread in self.threads if thread.is_current), None)


def parse(text: str) -> list[Dump]:
    """The dumps of a log, in order: several processes that share a file may have died.

    Text that stands before the first is a dump of its own, without a reason and not whole.
    """
    pieces: list[list[str]] = [[]]
    for line in text.split("\n"):
        if line.startswith(START):
            pieces.append([])
        pieces[-1].append(line)
    dumps = [_parse_one("\n".join(lines)) for lines in pieces if any(line.strip() for line in lines)]
    if dumps and not text.endswith("\n"):
        dumps[-1].is_whole = False
    return dumps


def _parse_one(text: str) -> Dump:
    dump = Dump(text.strip())
    lines = text.rstrip("\n").split("\n")
    dump.is_whole = lines[0].startswith(START)
    if dump.is_whole:
        dump.reason = lines.pop(0)[len(START) :].strip()
    calls: list[Call] = []
    for line in lines:
        if line.strip():
            calls = _read(line, dump, calls)
    if not dump.threads:
        dump.is_whole = False
    for thread in dump.threads:
        thread.calls.reverse()
    dump.c_stack.reverse()
    return dump


def _read(line: str, dump: Dump, calls: list[Call]) -> list[Call]:
    """Take one line into the dump; the calls that the next line belongs to."""
    thread = _heading(line)
    if thread is not None:
        if len(dump.threads) < MAX_THREADS or thread.is_current:
            dump.threads.append(thread)
        return thread.calls
    call = _call(line)
    if call is not None:
        if len(calls) < MAX_FRAMES:
            calls.append(call)
    elif (frame := native.parse_line(line)) is not None:
        dump.c_stack.append(frame)
    elif line.startswith(EXTENSIONS):
        dump.extensions = line[len(EXTENSIONS) :]
    elif line.strip() == COLLECTING:
        dump.is_collecting = True
    elif not _is_remark(line):
        dump.is_whole = False
    return calls


def _heading(line: str) -> Thread | None:
    """`Thread 0x7f01 [name] (most recent call first):`, `Current thread 0x...`; `Stack ...` has no number."""
    head, found, rest = line.partition(CALLS_FOLLOW)
    if not found or rest.strip():
        return None
    if head.rstrip() == "Stack":
        return Thread(None, "", is_current=True)
    before, found, rest = head.partition("hread 0x")
    number, _, name = rest.strip().partition(" ")
    if before not in ("T", "Current t") or not number or not native.HEX.issuperset(number):
        return None
    return Thread(int(number[:16], 16), unescaped(name.strip("[]")), is_current=before == "Current t")


def _call(line: str) -> Call | None:
    """`  File "path", line 12 in function`; the path, the line and the function may each be ???."""
    if not line.startswith("  File "):
        return None
    place, found, function = line[len("  File ") :].rpartition(" in ")
    file, comma, number = place.rpartition(", line ")
    if not (found and comma and function) or not (number == UNKNOWN or _is_number(number)):
        return None
    lineno = 0 if number == UNKNOWN else int(number)
    return Call(_known(file.removeprefix('"').removesuffix('"')), lineno, _known(function))


def _is_number(text: str) -> bool:
    return 0 < len(text) < 10 and text.isascii() and text.isdigit()


def _known(text: str) -> str:
    return "" if text == UNKNOWN else unescaped(text)


def _is_remark(line: str) -> bool:
    """What the handler says in place of frames: `...`, `<no Python frame>`; and the C stack's heading."""
    text = line.strip()
    return text == "..." or (text[:1] == "<" and text[-1:] == ">") or text.startswith(C_STACK)


def unescaped(text: str) -> str:
    """The text with `\\xe9`, `\\u20ac` and `\\U0001f600` as the characters they stand for."""
    first, *rest = text.split("\\")
    return first + "".join(_character(piece) for piece in rest)


def _character(piece: str) -> str:
    """What follows a backslash, with the character that it begins with; or as it was, if there is none.

    Half a surrogate pair, as in names that are not UTF-8, is none: no JSON could hold it.
    """
    digits = piece[1 : 1 + ESCAPES.get(piece[:1], 0)]
    if len(digits) == ESCAPES.get(piece[:1]) and native.HEX.issuperset(digits):
        number = int(digits, 16)
        if number <= 0x10FFFF and not 0xD800 <= number <= 0xDFFF:
            return chr(number) + piece[1 + len(digits) :]
    return "\\" + piece
