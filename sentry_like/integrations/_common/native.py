"""Native stack lines in a text, as frames: what C and C++ programs print of their own calls.

Known are the lines of glibc's `backtrace_symbols`, ClickHouse, gdb, PyTorch, and the C stack that the
interpreter itself writes. Pure: text in, data out. Every line is looked at once, without regular expressions,
so hostile text costs no more than its length.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Frame = dict[str, Any]

MAX_FRAMES = 200
"""A server keeps so many of the innermost (protocol, "Size/depth limits")."""
MAX_FUNCTION = 512
"""Characters of a function's name (protocol, "Size/depth limits")."""
MAX_LINE = 8192
"""Longer lines are no frames; no longer text is sent as an exception's value either."""
MAX_LINES = 1000
"""Lines of a text that are looked at; the rest stays as it is."""
LARGEST_ADDRESS = 2**64 - 1
HEX = frozenset("0123456789abcdefABCDEF")
UNKNOWN = frozenset(("", "?", "??", "<unknown function>"))
HEADINGS = (
    "stack trace (when copying this message, always include the lines below):",
    "(most recent call first):",
    "stack trace:",
    "stacktrace:",
    "backtrace:",
)
"""What announces a stack, at the end of a line in lower case, and says nothing once the stack is gone."""


def split(text: str) -> tuple[str, list[Frame]]:
    """`(the text without its native lines and their headings, their frames, oldest call first)`.

    At most the `MAX_FRAMES` innermost. A text without such lines comes back as it is, with no frames.
    """
    if "0x" not in text:
        return text, []
    lines = text.split("\n", MAX_LINES)
    rest = lines[MAX_LINES:]
    del lines[MAX_LINES:]
    parsed = [parse_line(line) for line in lines]
    if not any(parsed):
        return text, []
    if len(lines) > 1 and parsed[-2] and _is_cut(lines[-1]):
        lines.pop()
        parsed.pop()
    kept: list[str] = []
    frames: list[Frame] = []
    is_within = False
    for line, certain in zip(lines, parsed, strict=True):
        frame = certain or _companion(line)
        if frame is not None:
            if not is_within:
                _drop_heading(kept)
            frames.append(frame)
            is_within = True
        elif not (is_within and _is_noise(line)):
            kept.append(line)
            is_within = False
    return "\n".join(kept + rest).strip(), frames[:MAX_FRAMES][::-1]


def parse_line(line: str) -> Frame | None:
    """The frame that a line stands for, or `None` when it is no native stack line."""
    if len(line) > MAX_LINE or "0x" not in line:
        return None
    line = line.strip()
    counter, rest = _counter(line)
    for parse in _GRAMMARS[counter]:
        frame = parse(rest)
        if frame is not None:
            return frame
    return None


def _counter(line: str) -> tuple[str, str]:
    """How a line is numbered, and what follows the number: `N.`, `#N`, `frame #N:`, or not at all."""
    for kind, before, after in _COUNTERS:
        if line.startswith(before):
            digits = len(line) - len(line[len(before) :].lstrip("0123456789"))
            if digits > len(before) and line.startswith(after, digits):
                return kind, line[digits + len(after) :].lstrip()
    return "", line


_COUNTERS = (
    ("frame #", "frame #", ": "),
    ("#", "#", " "),
    ("N.", "[bt] (", ") "),
    ("N.", "", ". "),
    ("N.", "", ": "),
)


# -- the grammars


def _clickhouse(text: str) -> Frame | None:
    """`func @ 0xADDR in package`, `file:line: func @ 0xADDR in package`; the package may be missing."""
    place, at, rest = text.rpartition(" @ 0x")
    address, is_in, package = rest.partition(" in ")
    if not at or not _is_hex(address):
        return None
    file, _, function = place.partition(": ")
    if not _has_line(file):
        file, function = "", place
    return _frame(function, package if is_in else "", address, file)


def _glibc(text: str) -> Frame | None:
    """`module(func+0x1f) [0xADDR]`, `module(+0x1f)`, `module() [0xADDR]`."""
    symbol, bracket, address = text.rpartition(" [0x")
    if not bracket:
        symbol, address = text, ""
    elif address[-1:] != "]" or not _is_hex(address := address[:-1]):
        return None
    start = _opening(symbol)
    if start <= 0 or symbol[-1:] != ")":
        return None
    inside = symbol[start + 1 : -1]
    function, plus, offset = inside.rpartition("+0x")
    if not _is_hex(offset) if plus else (inside or not address):
        return None
    return _frame(function, symbol[:start], address or ("" if function else offset))


def _bare_glibc(text: str) -> Frame | None:
    """The same without a number in front, where only what is certain counts: a path, or an address behind."""
    if text[-1:] == "]" or text[:1] == "/":
        return _glibc(text)
    return None


def _gdb(text: str) -> Frame | None:
    """`0xADDR in func (args) at file:line`, `0xADDR in func () from package`."""
    address, is_in, call = text.partition(" in ")
    if not is_in or address[:2] != "0x" or not _is_hex(address[2:]):
        return None
    return _gdb_call(call, address[2:])


def _gdb_call(text: str, address: str) -> Frame | None:
    """`func (args)`, perhaps with ` at file:line` or ` from package`."""
    head, where, place = _last_of(text, (") at ", ") from "))
    call = f"{head})" if where else text
    if call[-1:] != ")" or not (address or _has_line(place)):
        return None
    function = call[: _matching(call)].rstrip()
    if where == ") from ":
        return _frame(function, place, address)
    return _frame(function, "", address, place)


def _pytorch(text: str) -> Frame | None:
    """`func + 0x57 (0xADDR in package)`."""
    symbol, opening, rest = text.rpartition(" (0x")
    address, is_in, package = rest.partition(" in ")
    function, plus, offset = symbol.rpartition(" + 0x")
    if not (opening and is_in and plus) or package[-1:] != ")" or not _is_hex(address) or not _is_hex(offset):
        return None
    return _frame(function, package[:-1], address)


def _interpreter(text: str) -> Frame | None:
    """`Binary file "package", at func+0x42 [0xADDR]`, from Python 3.14 on (`faulthandler`)."""
    start = 'Binary file "'
    package, at, rest = text.partition('", at ')
    symbol, bracket, address = rest.rpartition(" [0x")
    if not (text.startswith(start) and at and bracket) or address[-1:] != "]" or not _is_hex(address[:-1]):
        return None
    function = symbol[: max(symbol.rfind("+0x"), symbol.rfind("-0x"), 0)]
    return _frame(function, package[len(start) :], address[:-1])


_GRAMMARS = {
    "frame #": (_pytorch,),
    "#": (_gdb, _glibc),
    "N.": (_clickhouse, _glibc),
    "": (_interpreter, _bare_glibc),
}


# -- the parts of a line


def _frame(function: str, package: str, address: str, file: str = "") -> Frame | None:
    """The frame as the protocol spells it (protocol, "Stack traces and frames"); `None` if it says nothing.

    `address` is hexadecimal without 0x, `file` may end in line and column.
    """
    frame: Frame = {"platform": "native"}
    if function not in UNKNOWN:
        frame["function"] = function[:MAX_FUNCTION]
    if package not in UNKNOWN:
        frame["package"] = package
    if address and (number := int(address, 16)) <= LARGEST_ADDRESS:
        frame["instruction_addr"] = hex(number)
    path, lineno = _path_and_line(file)
    if lineno:
        frame.update({"filename": path.rpartition("/")[2], "abs_path": path, "lineno": lineno})
    return frame if len(frame) > 1 and frame.keys() != {"platform", "package"} else None


def _is_hex(text: str) -> bool:
    return bool(text) and HEX.issuperset(text)


def _has_line(file: str) -> bool:
    return _path_and_line(file)[1] > 0


def _path_and_line(file: str) -> tuple[str, int]:
    """`(path, line)` of `path:line` or `path:line:column`; line 0 when there is none."""
    path, _, line = file.rpartition(":")
    before, _, earlier = path.rpartition(":")
    if before and _is_number(earlier):
        path, line = before, earlier
    return (path, int(line)) if path and _is_number(line) else (file, 0)


def _is_number(text: str) -> bool:
    return 0 < len(text) < 10 and text.isascii() and text.isdigit()


def _opening(symbol: str) -> int:
    """Where the parenthesis behind the module opens: no blank stands before it; -1 if there is none."""
    start = symbol.find("(")
    while start > 0 and symbol[start - 1].isspace():
        start = symbol.find("(", start + 1)
    is_path = "/" in symbol[: max(start, 0)]
    return start if is_path or " " not in symbol[: max(start, 0)] else -1


def _last_of(text: str, separators: tuple[str, ...]) -> tuple[str, str, str]:
    """`text.rpartition` by whichever separator comes last; without any, all of it is the head."""
    last = max(separators, key=text.rfind)
    return text.rpartition(last) if last in text else (text, "", "")


def _matching(call: str) -> int:
    """Where the parenthesis opens that the last character closes."""
    depth = 0
    for place in range(len(call) - 1, -1, -1):
        depth += (call[place] == ")") - (call[place] == "(")
        if depth == 0:
            return place
    return max(call.find(" ("), 0)


# -- what surrounds the lines


def _drop_heading(kept: list[str]) -> None:
    """Take off the blank lines and the heading before a stack."""
    while kept and not kept[-1].strip():
        kept.pop()
    if not kept:
        return
    line = kept[-1].rstrip()
    for heading in HEADINGS:
        if line[-len(heading) :].lower() == heading:
            kept[-1] = line[: -len(heading)].rstrip(" ,")
            break
    if not kept[-1].strip():
        kept.pop()


def _companion(line: str) -> Frame | None:
    """The frame of a line that is one only beside others, for it has no address: an inlined function of gdb,
    `#1  func (args) at file:line`, or of ClickHouse, `2.1. inlined from file:line: func`.
    """
    if len(line) > MAX_LINE:
        return None
    counter, rest = _counter(line.strip())
    if counter == "#":
        return _gdb_call(rest, "")
    number, inlined, place = line.strip().partition(". inlined from ")
    file, _, function = place.partition(": ")
    return _frame(function, "", "", file) if inlined and _is_number(number.replace(".", "")) else None


def _is_noise(line: str) -> bool:
    """What stands among native lines and says nothing: blanks, and where a signal came in."""
    line = line.strip()
    return not line or _counter(line) == ("#", "<signal handler called>")


def _is_cut(line: str) -> bool:
    """Whether a text ended in the midst of a frame."""
    return line.endswith("...") and _counter(line.strip())[0] != ""
