"""Native stack lines are told from other text, and become frames."""

from __future__ import annotations

import time

import pytest

from sentry_like.integrations._common.native import MAX_FRAMES, parse_line, split

CLICKHOUSE = "/usr/bin/clickhouse"
LINES = {
    "N. module(func+offset) [address]": (
        "0. clickhouse-server(StackTrace::StackTrace()+0x16) [0x99d31a6]",
        {
            "function": "StackTrace::StackTrace()",
            "package": "clickhouse-server",
            "instruction_addr": "0x99d31a6",
        },
    ),
    "N. module, a function with arguments": (
        "11. /srv/db(DB::f(std::vector<char, std::allocator<char> > const&, int)+0x22) [0x372c822]",
        {
            "function": "DB::f(std::vector<char, std::allocator<char> > const&, int)",
            "package": "/srv/db",
            "instruction_addr": "0x372c822",
        },
    ),
    "N. module without a function": (
        "25. clickhouse-server() [0xa3c68cf]",
        {"package": "clickhouse-server", "instruction_addr": "0xa3c68cf"},
    ),
    "N. library with an offset only": (
        "26. /lib/libpthread.so.0(+0x8184) [0x7fe839d2d184]",
        {"package": "/lib/libpthread.so.0", "instruction_addr": "0x7fe839d2d184"},
    ),
    "[bt] (N) library": (
        "  [bt] (3) /usr/lib/libxgboost.so(XGBoosterUpdate+0x69) [0x7f2a]",
        {
            "function": "XGBoosterUpdate",
            "package": "/usr/lib/libxgboost.so",
            "instruction_addr": "0x7f2a",
        },
    ),
    "N. func @ address in package": (
        f"0. DB::Exception::Exception(DB::MessageMasked&&, int) @ 0x000000000c7f8d7b in {CLICKHOUSE}",
        {
            "function": "DB::Exception::Exception(DB::MessageMasked&&, int)",
            "package": CLICKHOUSE,
            "instruction_addr": "0xc7f8d7b",
        },
    ),
    "N. func @ address": (
        "3. std::exception::capture[abi:v15000]() @ 0x1ae37f42",
        {"function": "std::exception::capture[abi:v15000]()", "instruction_addr": "0x1ae37f42"},
    ),
    "N. file:line: func @ address in package": (
        f"1. ./build/../src/Common/Exception.cpp:91: DB::f(int) @ 0xc7 in {CLICKHOUSE}",
        {
            "function": "DB::f(int)",
            "package": CLICKHOUSE,
            "instruction_addr": "0xc7",
            "filename": "Exception.cpp",
            "abs_path": "./build/../src/Common/Exception.cpp",
            "lineno": 91,
        },
    ),
    "N. unknown func in unknown package": ("9. ? @ 0x5d996b9 in ?", {"instruction_addr": "0x5d996b9"}),
    "library(+offset)": ("/lib/x.so(+0x1f)", {"package": "/lib/x.so", "instruction_addr": "0x1f"}),
    "library(func+offset)": ("/lib/x.so(f+0x1f)", {"function": "f", "package": "/lib/x.so"}),
    "library(func+offset) [address]": (
        "/lib/x.so(f+0x1f) [0x7FE8]",
        {"function": "f", "package": "/lib/x.so", "instruction_addr": "0x7fe8"},
    ),
    "program(func+offset) [address]": (
        "./prog(main+0x11) [0x55]",
        {"function": "main", "package": "./prog", "instruction_addr": "0x55"},
    ),
    "path with blanks": (
        "/opt/my app/x.so(f+0x1f) [0x7fe8]",
        {"function": "f", "package": "/opt/my app/x.so", "instruction_addr": "0x7fe8"},
    ),
    "gdb, at file:line": (
        "#4  0x0000000000401a in f (argc=1, argv=0x7ffd) at /src/main.c:12",
        {
            "function": "f",
            "instruction_addr": "0x401a",
            "filename": "main.c",
            "abs_path": "/src/main.c",
            "lineno": 12,
        },
    ),
    "gdb, from library": (
        "#0  0x00007ffff7a42428 in raise () from /lib/libc.so.6",
        {"function": "raise", "package": "/lib/libc.so.6", "instruction_addr": "0x7ffff7a42428"},
    ),
    "gdb, neither": ("#1 0x11 in main ()", {"function": "main", "instruction_addr": "0x11"}),
    "gdb, unknown": ("#5  0x11 in ?? ()", {"instruction_addr": "0x11"}),
    "gdb, a template with parentheses": (
        "#6  0x12 in std::function<void (int)>::operator()(int) const (this=0x0, __args#0=1) at f.h:1",
        {
            "function": "std::function<void (int)>::operator()(int) const",
            "instruction_addr": "0x12",
            "filename": "f.h",
            "abs_path": "f.h",
            "lineno": 1,
        },
    ),
    "frame #N: func + offset (address in package)": (
        "frame #0: c10::Error::Error(c10::SourceLocation, std::string) + 0x57 (0x7f5d in /usr/lib/libc10.so)",
        {
            "function": "c10::Error::Error(c10::SourceLocation, std::string)",
            "package": "/usr/lib/libc10.so",
            "instruction_addr": "0x7f5d",
        },
    ),
    "frame #N: unknown": (
        "frame #12: <unknown function> + 0x111c7 (0x7fbb in /usr/lib/libc10_cuda.so)",
        {"package": "/usr/lib/libc10_cuda.so", "instruction_addr": "0x7fbb"},
    ),
    "the interpreter's C stack": (
        '  Binary file "/opt/python/python", at _Py_DumpStack+0x42 [0x5b27f7d7147e]',
        {
            "function": "_Py_DumpStack",
            "package": "/opt/python/python",
            "instruction_addr": "0x5b27f7d7147e",
        },
    ),
    "the interpreter's C stack, no symbol": (
        '  Binary file "/usr/lib/libc.so.6", at +0x3def0 [0x77b73226bef0]',
        {"package": "/usr/lib/libc.so.6", "instruction_addr": "0x77b73226bef0"},
    ),
    "no address that fits 64 bits": (
        f"0. f() @ 0x1{'0' * 16} in /lib/x",
        {"function": "f()", "package": "/lib/x"},
    ),
    "carriage return": ("#1 0x11 in main ()\r", {"function": "main", "instruction_addr": "0x11"}),
}


@pytest.mark.parametrize(("line", "expected"), LINES.values(), ids=LINES)
def test_line_becomes_a_frame(line, expected):
    assert parse_line(line) == {"platform": "native", **expected}


OTHER = {
    "empty": "",
    "address": "0x7f00",
    "object": "<object object at 0x7f00c0ffee>",
    "numbered sentence": "1. see the manual at 0x7f in /usr/bin",
    "no hex digits": "1. f @ 0xyz in /usr/bin",
    "number in brackets": "expected f(x) [0x12]",
    "call in brackets": "f(x) [0x12]",
    "sum in parentheses": "could not read (base+0x10)",
    "sum behind a path": "no memory at /lib (base+0x10)",
    "trace of another language": "#0 /var/www/index.php(12): f(0x1)",
    "gdb without address": "#1  main (argv=0x7ff) at test.c:12",
    "comment": "#1 0x11 is in (use)",
    "frame without address": "frame #1: f + 0x12 (see above)",
    "only a package": "0. ? @ 0x1ffffffffffffffff in /usr/bin",
    "open bracket": "/lib/x.so(f+0x1f) [0x7fe8",
    "Python frame": '  File "x.py", line 0x12, in f',
    "too long": "#1 0x11 in " + "f" * 10_000 + " ()",
}


@pytest.mark.parametrize("line", OTHER.values(), ids=OTHER)
def test_line_is_no_frame(line):
    assert parse_line(line) is None
    assert split(f"{line}\n{line}") == (f"{line}\n{line}", [])


def functions(frames):
    return [frame.get("function") for frame in frames]


TEXTS = {
    "heading, blank line, stack, what follows": (
        """Code: 60.
DB::Exception: Table t doesn't exist. Stack trace:

0. a() @ 0x1 in /usr/bin/clickhouse
1. b() @ 0x2 in /usr/bin/clickhouse
 (version 21.5.5.12)""",
        "Code: 60.\nDB::Exception: Table t doesn't exist.\n (version 21.5.5.12)",
        ["b()", "a()"],
    ),
    "long heading": (
        "Broken (TABLE), Stack trace (when copying this message, always include the lines below):\n\n"
        "0. a() @ 0x1\n",
        "Broken (TABLE)",
        ["a()"],
    ),
    "most recent call first": (
        "CUDA error\n\nException raised from f at c.cpp:44 (most recent call first):\n"
        "frame #0: a() + 0x1 (0x1 in /x.so)\nframe #1: b() + 0x1 (0x1 in /x.so)\n",
        "CUDA error\n\nException raised from f at c.cpp:44",
        ["b()", "a()"],
    ),
    "heading alone on its line": (
        "Check failed\nStack trace:\n  [bt] (0) /x.so(a+0x1) [0x1]\n\n",
        "Check failed",
        ["a"],
    ),
    "two stacks": (
        "One. Stack trace:\n0. a() @ 0x1\n1. b() @ 0x2\nTwo. Stack trace:\n0. c() @ 0x3",
        "One.\nTwo.",
        ["c()", "b()", "a()"],
    ),
    "functions without address among others": (
        "boom\n#0  a (x=1) at a.c:3\n#1  <signal handler called>\n#2  0x5 in b () from /b\n#3  c () at c.c:5",
        "boom",
        ["c", "b", "a"],
    ),
    "inlined functions": (
        "boom\n1. src/a.cpp:1: a() @ 0x1 in /usr/bin/x\n1.1. inlined from src/b.cpp:2: b()\n2. c() @ 0x2",
        "boom",
        ["c()", "b()", "a()"],
    ),
    "a text that was cut": ("boom\n0. a() @ 0x1\n1. b(std::ve...", "boom", ["a()"]),
    "a numbered list behind": (
        "boom\n0. a() @ 0x1\n1. try again...\nor not",
        "boom\n1. try again...\nor not",
        ["a()"],
    ),
    "nothing else": ("0. a() @ 0x1", "", ["a()"]),
}


@pytest.mark.parametrize(("text", "rest", "expected"), TEXTS.values(), ids=TEXTS)
def test_text_is_split_from_its_stack_oldest_call_first(text, rest, expected):
    shortened, frames = split(text)
    assert (shortened, functions(frames)) == (rest, expected)


def test_inlined_function_has_its_place():
    _, frames = split("1. a() @ 0x1\n1.1. inlined from ./src/b.cpp:2: b()")
    assert frames[0] == {
        "platform": "native",
        "function": "b()",
        "filename": "b.cpp",
        "abs_path": "./src/b.cpp",
        "lineno": 2,
    }


def test_innermost_frames_are_kept():
    text, frames = split("boom\n" + "\n".join(f"{n}. f{n} @ 0x1" for n in range(MAX_FRAMES + 50)))
    assert text == "boom"
    assert functions(frames) == [f"f{n}" for n in range(MAX_FRAMES - 1, -1, -1)]


def test_function_is_as_long_as_a_server_keeps():
    assert len(parse_line(f"0. {'f' * 2000} @ 0x1")["function"]) == 512


def test_lines_beyond_those_looked_at_stay():
    text, frames = split("boom\n" * 1200 + "0. a() @ 0x1")
    assert frames == []
    assert text.endswith("0. a() @ 0x1")


HOSTILE = {
    "addresses": "0x" * 50_000,
    "parentheses": ("#0 0x1 in " + "(" * 4000 + ")\n") * 25,
    "pairs of parentheses": ("#1 0x1 in " + "()" * 4000 + ")\n") * 12,
    "blanks before parentheses": ("1. " + "( " * 3000 + "+0x1) [0x1]\n") * 16,
    "brackets": ("0x" + " [0x" * 1900 + "\n") * 12,
    "short lines": "0x1\n" * 25_000,
    "blank lines between frames": ("0. a() @ 0x1" + "\n" * 80) * 1200,
    "frames": "#1 0x1 in f (a) at b:1\n" * 4500,
    "companions": "#0 0x1 in f ()\n" + "#1 f (a) at b:1\n" * 6000,
    "digits": ("0" * 8000 + ". f @ 0x1\n") * 12,
    "long address": "0. f @ 0x" + "1" * 100_000,
    "one line": "0. " + "f @ 0x" * 17_000,
    "not ASCII": "#٣ 0x١ in \N{ROMAN NUMERAL FIVE} ()\n" * 6500,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_costs_milliseconds(text):
    assert len(text) > 90_000
    start = time.process_time()
    split(text)
    assert time.process_time() - start < 0.1  # 12 ms at most were measured
