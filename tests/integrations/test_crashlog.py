"""What the interpreter writes as it dies is taken apart.

The logs of Python 3.10 to 3.13 were really written by these, the paths shortened; that of 3.14 is put
together from its documentation.
"""

from __future__ import annotations

import time

import pytest

from sentry_like.integrations.faulthandler.log import MAX_FRAMES, MAX_THREADS, parse, unescaped

PYTHON_3_10 = r"""Fatal Python error: Segmentation fault

Thread 0x00007fb4fc8746c0 (most recent call first):
  File "/app/die.py", line 5 in waiter
  File "/lib/python3.10/threading.py", line 953 in run
  File "/lib/python3.10/threading.py", line 1016 in _bootstrap_inner
  File "/lib/python3.10/threading.py", line 973 in _bootstrap

Current thread 0x00007fb4fd9c2b80 (most recent call first):
  Garbage-collecting
  File "/lib/python3.10/ctypes/__init__.py", line 517 in string_at
  File "/app/d\xfcr \u20ac/d\xe9ep.py", line 4 in na\xefve_\xdf
  File "/app/die.py", line 24 in <module>
"""
PYTHON_3_11 = """Fatal Python error: Segmentation fault

Current thread 0x00007f0663270b80 (most recent call first):
  File "/lib/python3.11/ctypes/__init__.py", line 519 in string_at
  File "<string>", line 2 in <module>

Extension modules: zstandard.backend_c (total: 1)
"""
PYTHON_3_12 = """Fatal Python error: Floating point exception

Thread 0x00007fb9270ad6c0 (most recent call first):
  File "/app/die.py", line 5 in waiter
  File "/lib/python3.12/threading.py", line 1010 in run

Current thread 0x00007fb927d2cb80 (most recent call first):
  File "/app/die.py", line 22 in crash
  File "/app/die.py", line 24 in <module>
"""
PYTHON_3_13 = """Fatal Python error: Floating-point exception

Thread 0x00007f3f934ca6c0 (most recent call first):
  File "/app/die.py", line 5 in waiter
  File "/lib/python3.13/threading.py", line 992 in run

Current thread 0x00007f3f94098b80 (most recent call first):
  File "/app/die.py", line 22 in crash
  File "/app/die.py", line 24 in <module>
"""
PYTHON_3_14 = """Fatal Python error: Segmentation fault

Thread 0x00007fb8984ca6c0 [Thread-1 (wait)] (most recent call first):
  File "/app/die.py", line 5 in wait

Current thread 0x00007fb899f39700 [python] (most recent call first):
  File "/opt/python/Lib/ctypes/__init__.py", line 486 in string_at
  File "<stdin>", line 1 in <module>

Current thread's C stack trace (most recent call first):
  Binary file "/opt/python/python", at _Py_DumpStack+0x42 [0x5b27f7d7147e]
  Binary file "/opt/python/python", at +0x32dcbd [0x5b27f7d85cbd]
  Binary file "/usr/lib/libc.so.6", at +0x3def0 [0x77b73226bef0]
  <truncated rest of calls>

Extension modules: _testcapi, numpy.core._multiarray_umath (total: 2)
"""
FREE_THREADED = """Fatal Python error: Aborted

<Cannot show all threads while the GIL is disabled>
Stack (most recent call first):
  File "/app/die.py", line 9 in crash

Current thread's C stack trace (most recent call first):
  <cannot get C stack on this system>
"""
FOREIGN_THREAD = """Fatal Python error: Bus error

Thread 0x00007f3f94098b80 (most recent call first):
  <no Python frame>

Thread 0x00007f3f934ca6c0 (most recent call first):
  File ???, line ??? in ???
  File "/app/die.py", line 9 in crash
  ...
"""
WHOLE = {
    "3.10": PYTHON_3_10,
    "3.11": PYTHON_3_11,
    "3.12": PYTHON_3_12,
    "3.13": PYTHON_3_13,
    "3.14": PYTHON_3_14,
    "3.14 without the GIL": FREE_THREADED,
    "in a thread not of Python": FOREIGN_THREAD,
}


def calls(thread):
    return [(call.file, call.line, call.function) for call in thread.calls]


@pytest.mark.parametrize("log", WHOLE.values(), ids=WHOLE)
def test_log_is_understood_as_a_whole(log):
    (dump,) = parse(log)
    assert dump.is_whole
    assert dump.text == log.strip()


def test_stack_of_the_thread_that_died_is_oldest_call_first():
    (dump,) = parse(PYTHON_3_10)
    assert dump.crashed.number == 0x7FB4FD9C2B80
    assert calls(dump.crashed) == [
        ("/app/die.py", 24, "<module>"),
        ("/app/dür €/déep.py", 4, "naïve_ß"),
        ("/lib/python3.10/ctypes/__init__.py", 517, "string_at"),
    ]


def test_other_threads_are_there_too():
    (dump,) = parse(PYTHON_3_10)
    other, crashed = dump.threads
    assert (other.number, other.is_current, crashed.is_current) == (0x7FB4FC8746C0, False, True)
    assert [function for _, _, function in calls(other)] == [
        "_bootstrap",
        "_bootstrap_inner",
        "run",
        "waiter",
    ]


REASONS = {
    "Segmentation fault": "SIGSEGV",
    "Aborted": "SIGABRT",
    "Bus error": "SIGBUS",
    "Illegal instruction": "SIGILL",
    "Floating point exception": "SIGFPE",
    "Floating-point exception": "SIGFPE",
    "Cannot recover from stack overflow.": "",
    "": "",
}


@pytest.mark.parametrize(("reason", "signal"), REASONS.items(), ids=REASONS)
def test_reason_tells_the_signal(reason, signal):
    (dump,) = parse(f"Fatal Python error: {reason}\n")
    assert (dump.reason, dump.signal) == (reason, signal)


def test_collection_of_garbage_is_noticed():
    assert [parse(log)[0].is_collecting for log in (PYTHON_3_10, PYTHON_3_12)] == [True, False]


def test_extension_modules_are_listed():
    assert parse(PYTHON_3_11)[0].extensions == "zstandard.backend_c (total: 1)"


def test_names_of_threads_are_read():
    assert [thread.name for thread in parse(PYTHON_3_14)[0].threads] == ["Thread-1 (wait)", "python"]


def test_c_stack_becomes_native_frames_oldest_first():
    assert parse(PYTHON_3_14)[0].c_stack == [
        {"platform": "native", "package": "/usr/lib/libc.so.6", "instruction_addr": "0x77b73226bef0"},
        {"platform": "native", "package": "/opt/python/python", "instruction_addr": "0x5b27f7d85cbd"},
        {
            "platform": "native",
            "function": "_Py_DumpStack",
            "package": "/opt/python/python",
            "instruction_addr": "0x5b27f7d7147e",
        },
    ]


def test_stack_without_a_thread_is_that_which_died():
    (dump,) = parse(FREE_THREADED)
    assert (dump.crashed.number, calls(dump.crashed)) == (None, [("/app/die.py", 9, "crash")])


def test_no_thread_of_python_may_have_died():
    (dump,) = parse(FOREIGN_THREAD)
    assert dump.crashed is None
    assert [calls(thread) for thread in dump.threads] == [[], [("/app/die.py", 9, "crash"), ("", 0, "")]]


def test_each_process_that_died_on_a_log_is_a_dump():
    dumps = parse(PYTHON_3_10 + PYTHON_3_12)
    assert [dump.signal for dump in dumps] == ["SIGSEGV", "SIGFPE"]
    assert [len(dump.threads) for dump in dumps] == [2, 2]


BROKEN = {
    "cut within a line": PYTHON_3_12[:-20],
    "cut after the reason": "Fatal Python error: Aborted\n",
    "cut within the reason": "Fatal Python err",
    "other text before": "what is this?\n",
    "other text among": PYTHON_3_12.replace("Thread 0x", "Thred 0x"),
    "no number": PYTHON_3_12.replace("Thread 0x00007fb9270ad6c0", "Thread 0xyz"),
    "no line": PYTHON_3_12.replace("line 22", "line x"),
    "frames of nobody": 'Fatal Python error: Aborted\n  File "x", line 1 in f\n',
    "binary": "\x00\x01\\xff\n",
}


@pytest.mark.parametrize("log", BROKEN.values(), ids=BROKEN)
def test_broken_log_is_kept_and_told(log):
    (dump,) = parse(log)
    assert not dump.is_whole
    assert dump.text == log.strip()


def test_what_stands_before_the_first_dump_is_one_of_its_own():
    before, dump = parse(f"gibberish\n{PYTHON_3_12}")
    assert (before.is_whole, before.text, before.reason) == (False, "gibberish", "")
    assert dump.is_whole


@pytest.mark.parametrize("log", ["", "\n\n", "  \n"])
def test_empty_log_has_no_dumps(log):
    assert parse(log) == []


def test_threads_and_frames_are_bounded_but_not_without_the_one_that_died():
    frame = '  File "x.py", line 1 in f\n'
    threads = "".join(f"Thread 0x{n:x} (most recent call first):\n{frame * 300}" for n in range(150))
    (dump,) = parse(
        f"Fatal Python error: Aborted\n\n{threads}Current thread 0xff (most recent call first):\n{frame}"
    )
    assert len(dump.threads) == MAX_THREADS + 1
    assert {len(thread.calls) for thread in dump.threads} == {MAX_FRAMES, 1}
    assert dump.crashed.number == 0xFF


ESCAPED = {
    "plain": ("abc", "abc"),
    "latin": (r"d\xe9ep", "déep"),
    "wide": (r"\u20ac", "€"),
    "astral": (r"\U0001f600!", "😀!"),
    "two": (r"\xe9\xe9", "éé"),
    "backslash": (r"C:\temp\x", r"C:\temp\x"),
    "too few digits": (r"\xe", r"\xe"),
    "no digits": (r"\u20ag", r"\u20ag"),
    "half a pair": (r"\udcff", r"\udcff"),
    "beyond Unicode": (r"\U00110000", r"\U00110000"),
    "at the end": ("a\\", "a\\"),
}


@pytest.mark.parametrize(("given", "expected"), ESCAPED.values(), ids=ESCAPED)
def test_escaped_characters_are_restored(given, expected):
    assert unescaped(given) == expected


HOSTILE = {
    "zeros": "\0" * (1 << 20),
    "backslashes": "\\x" * (1 << 19),
    "one long frame": '  File "' + ' in ", line ' * 80_000,
    "escapes": '  File "' + "\\xe9" * 250_000 + '", line 1 in f',
    "headings": "Thread 0x1 (most recent call first):\n" * 28_000,
    "starts": "Fatal Python error: \n" * 48_000,
    "frames": '  File "x", line 1 in f\n' * 40_000,
}


@pytest.mark.parametrize("log", HOSTILE.values(), ids=HOSTILE)
def test_hostile_log_ends_soon(log):
    start = time.process_time()
    parse(log)
    assert time.process_time() - start < 2.0  # 0.2 s at most were measured
