"""The table: the ways in which a Python program loses an error, and for each the events that must arrive.

Events are written as `lost_runs.line_of` writes them. A program of the folder `programs` says in its first
line what it does.
"""

from __future__ import annotations

import os
import signal
import sys
from multiprocessing import get_all_start_methods

HAS_GROUPS = sys.version_info >= (3, 11)
METHODS = tuple(method for method in ("fork", "spawn", "forkserver") if method in get_all_start_methods())


class Way:
    """A program and what must come of it.

    `told`: the events, in any order. `repeats`: we may come by one of them twice, and refuse it then.
    `details`: paths in an event and what stands there, in all the same, or one value for each of `told`.
    `exit`: how it ends, with and without us; a list for several runs. `says`: a part of what it prints on
    stderr, with and without us. `arguments`: the program's; with `times` > 1 the number of the run follows.
    `needs`: packages. `server`: prepares the server. `kill_after`: how many requests must have come before
    it is terminated. `where`: whether this interpreter and system have what it takes.
    """

    def __init__(
        self,
        program,
        *told,
        exit=0,
        says="",
        repeats=False,
        details=None,
        arguments=(),
        needs=(),
        times=1,
        server=None,
        kill_after=None,
        where=True,
    ):
        self.program, self.told, self.exit, self.says = program, told, exit, says
        self.repeats, self.details = repeats, details or {}
        self.arguments, self.needs, self.times = arguments, needs, times
        self.server, self.kill_after, self.is_possible = server, kill_after, where
        self.name = "-".join((program, *arguments))


def each_method(program, *told, **expected):
    """The same way for every start method of child processes."""
    return [Way(program, *told, arguments=(method,), **expected) for method in METHODS]


MAIN_THREAD = [
    Way("uncaught", "ValueError: nobody catches this (excepthook, unhandled)", exit=1, says="nobody catches"),
    Way(
        "uncaught_chained",
        "RuntimeError: no basket < ValueError < KeyError (excepthook, unhandled)",
        exit=1,
        says="direct cause",
    ),
    Way(
        "uncaught_group",
        "ExceptionGroup: both failed < ValueError < KeyError (excepthook, unhandled)",
        exit=1,
        says="+-+---------------- 1",
        where=HAS_GROUPS,
    ),
    Way(
        "uncaught_captured",
        "ValueError: reported, then raised (generic, handled)",
        repeats=True,
        exit=1,
        says="reported, then raised",
    ),
    Way(
        "uncaught_in_unit",
        "ValueError: the nightly job failed (cron, unhandled)",
        repeats=True,
        exit=1,
        says="nightly job",
    ),
    Way(
        "uncaught_recursion",
        "RecursionError: maximum recursion depth exceeded (excepthook, unhandled)",
        exit=1,
        says="Previous line repeated",
    ),
    Way(
        "uncaught_memory_error",
        "MemoryError: the picture is too large (excepthook, unhandled)",
        exit=1,
        says="MemoryError: the picture",
    ),
    Way(
        "uncaught_unprintable",
        "Unprintable: <unprintable Unprintable: RuntimeError in __str__> (excepthook, unhandled)",
        exit=1,
        says="<exception str() failed>",
    ),
    Way("uncaught_system_exit", exit=1, says="nothing to do"),
    Way("uncaught_ctrl_c", exit=-signal.SIGINT, says="KeyboardInterrupt"),
]

EXCEPTHOOKS = [
    Way(
        "hook_by_hand",
        "ValueError: the hook is another's (excepthook, unhandled)",
        exit=1,
        says="sorry: the hook is another's",
    ),
    Way(
        "hook_chained",
        "ValueError: the hook calls ours (excepthook, unhandled)",
        exit=1,
        says="sorry: the hook calls ours",
    ),
    Way(
        "hook_before",
        "ValueError: the hook was there first (excepthook, unhandled)",
        exit=1,
        says="sorry: the hook was there first",
    ),
    Way(
        "hook_rich",
        "ValueError: printed in colours (excepthook, unhandled)",
        exit=1,
        says="printed in colours",
        needs=("rich",),
    ),
    Way(
        "hook_typer",
        "ValueError: the command failed (excepthook, unhandled)",
        exit=1,
        says="the command failed",
        needs=("typer",),
    ),
    Way(
        "hook_click",
        "ValueError: the command failed (excepthook, unhandled)",
        exit=1,
        says="the command failed",
        needs=("click",),
    ),
    Way("hook_click", exit=2, says="not a valid integer", needs=("click",), arguments=("--count=many",)),
]

THREADS = [
    Way(
        "thread_target",
        "ValueError: the thread died (threading, unhandled)",
        says="Exception in thread worker-7",
    ),
    Way("thread_subclass", "ValueError: the thread died (threading, unhandled)", says="Exception in thread"),
    Way("thread_timer", "ValueError: the bell is broken (threading, unhandled)", says="Exception in thread"),
    Way("thread_daemon", "ValueError: the daemon died (threading, unhandled)", says="Exception in thread"),
    Way(
        "thread_many",
        "ValueError: the thread died (threading, unhandled)",
        "ValueError: the thread died (threading, unhandled)",
        "ValueError: the thread died (threading, unhandled)",
        says="the thread died",
    ),
    Way(
        "thread_low_level",
        "ValueError: the thread died (unraisablehook, unhandled)",
        says="Exception ignored in thread started by",
    ),
    Way("thread_system_exit"),
    Way(
        "thread_hook_replaced",
        "ValueError: the hook is another's (threading, unhandled)",
        says="sorry: the hook is another's",
    ),
    Way(
        "thread_hook_before",
        "ValueError: the hook was there first (threading, unhandled)",
        says="sorry: the hook was there first",
    ),
    Way(
        "thread_started_before",
        "ValueError: the old thread died (threading, unhandled)",
        says="the old thread died",
    ),
    Way("thread_handled"),
    Way(
        "thread_tags",
        "ValueError: part 0 failed (threading, unhandled)",
        "ValueError: part 1 failed (threading, unhandled)",
        "afterwards (info)",
        says="part 1 failed",
        details={"tags": [{"job": "import", "part": "0"}, {"job": "import", "part": "1"}, None]},
    ),
]

# asyncio itself logs what it reports, hence the repeats
ASYNCIO = [
    Way("async_run", "ValueError: main failed (excepthook, unhandled)", exit=1, says="main failed"),
    Way(
        "async_task_unread",
        "ValueError: nobody awaits this (asyncio, unhandled)",
        repeats=True,
        says="Task exception was never retrieved",
    ),
    Way("async_task_unread_kept", "ValueError: nobody awaits this (asyncio, unhandled)"),
    Way("async_task_handled"),
    Way("async_task_awaited", "ValueError: the task failed (excepthook, unhandled)", exit=1, says="failed"),
    Way(
        "async_task_group",
        "ExceptionGroup: unhandled errors in a TaskGroup < ValueError < ValueError (excepthook, unhandled)",
        exit=1,
        says="task 2 failed",
        where=HAS_GROUPS,
    ),
    Way("async_task_group_handled", where=HAS_GROUPS),
    Way("async_gather", "ValueError: task 1 failed (excepthook, unhandled)", exit=1, says="task 1 failed"),
    Way("async_gather_returned"),
    Way(
        "async_wait_unread",
        "ValueError: task 0 failed (asyncio, unhandled)",
        "ValueError: task 1 failed (asyncio, unhandled)",
        repeats=True,
        says="Task exception was never retrieved",
    ),
    Way(
        "async_callback",
        "ValueError: the callback failed (asyncio, unhandled)",
        repeats=True,
        says="Exception in callback",
    ),
    Way(
        "async_future_unread",
        "ValueError: nobody looks (asyncio, unhandled)",
        repeats=True,
        says="Future exception was never retrieved",
    ),
    Way("async_cancelled"),
    Way(
        "async_cancelled_badly",
        "ValueError: could not tidy up (asyncio, unhandled)",
        repeats=True,
        says="unhandled exception during asyncio.run() shutdown",
    ),
    Way("async_timeout"),
    Way(
        "async_generator",
        "ValueError: the generator could not tidy up < GeneratorExit (asyncio, unhandled)",
        repeats=True,
        says="the generator could not tidy up",
    ),
    Way("async_to_thread_handled"),
    Way("async_to_thread", "ValueError: the thread failed (excepthook, unhandled)", exit=1, says="failed"),
    Way(
        "async_executor_unread",
        "ValueError: nobody awaits this (asyncio, unhandled)",
        repeats=True,
        says="Future exception was never retrieved",
    ),
    Way("async_handler_replaced", "ValueError: the handler is another's (asyncio, unhandled)"),
    Way(
        "async_old_loop",
        "ValueError: nobody awaits this (asyncio, unhandled)",
        repeats=True,
        says="Task exception was never retrieved",
    ),
    Way(
        "async_init_inside",
        "ValueError: nobody awaits this (asyncio, unhandled)",
        repeats=True,
        says="Task exception was never retrieved",
    ),
    Way(
        "async_imported_later",
        "ValueError: nobody awaits this (asyncio, unhandled)",
        repeats=True,
        says="Task exception was never retrieved",
    ),
    Way(
        "async_tags",
        "part 0 (info)",
        "part 1 (info)",
        "afterwards (info)",
        details={"tags": [{"job": "import", "part": "0"}, {"job": "import", "part": "1"}, {"job": "import"}]},
    ),
    Way(
        "async_uvloop_task",
        "ValueError: nobody awaits this (asyncio, unhandled)",
        repeats=True,
        says="Task exception was never retrieved",
        needs=("uvloop",),
    ),
    Way(
        "async_uvloop_callback",
        "ValueError: the callback failed (asyncio, unhandled)",
        repeats=True,
        says="the callback failed",
        needs=("uvloop",),
    ),
    Way(
        "async_anyio_group",
        "ExceptionGroup: unhandled errors in a TaskGroup < ValueError < ValueError (excepthook, unhandled)",
        exit=1,
        says="task 2 failed",
        needs=("anyio",),
        where=HAS_GROUPS,
    ),
    Way("async_anyio_handled", needs=("anyio",)),
]

FUTURES = [
    Way("future_unread", "ValueError: job 1 failed (futures, unhandled)"),
    Way("future_no_shutdown", "ValueError: job 1 failed (futures, unhandled)"),
    Way("future_handled"),
    Way("future_handled_late"),
    Way("future_asked"),
    Way("future_callback_asks"),
    Way(
        "future_callback_fails",
        "RuntimeError: the callback failed (logging, handled)",
        says="exception calling callback",
        details={"logger": "concurrent.futures"},
    ),
    Way("future_uncaught", "ValueError: job 1 failed (excepthook, unhandled)", exit=1, says="job 1 failed"),
    Way(
        "future_map_unread",
        "ValueError: job 1 failed (futures, unhandled)",
        "ValueError: job 2 failed (futures, unhandled)",
    ),
    Way("future_map_handled"),
    Way("future_kept", "ValueError: job 1 failed (futures, unhandled)"),
    Way("future_ctrl_c"),
    *each_method(
        "future_process_unread", "ValueError: the job failed < _RemoteTraceback (futures, unhandled)"
    ),
    *each_method("future_process_handled"),
    *each_method("future_process_captures", "from the pool (info)"),
]

PROCESSES = [
    *each_method(
        "process_crashes",
        "ValueError: the child crashed (multiprocessing, unhandled)",
        says="ValueError: the child crashed",
    ),
    *each_method(
        "process_crashes_guarded",
        "ValueError: the child crashed (multiprocessing, unhandled)",
        says="ValueError: the child crashed",
    ),
    *each_method("process_exits"),
    *each_method("process_captures", "from the child (info)"),
    *each_method(
        "process_pool_captures",
        "by hand 1 (info)",
        "by hand 2 (info)",
        "pool: logged 1",
        "pool: logged 2",
        says="logged 2",
    ),
    *each_method(
        "process_pool_unread", "ValueError: the job failed < RemoteTraceback (multiprocessing, unhandled)"
    ),
    *each_method("process_pool_handled"),
    Way("process_fork_exits", "from the child (info)", where=hasattr(os, "fork")),
    Way("process_fork_flushes", "from the child (info)", "from the parent (info)", where=hasattr(os, "fork")),
    Way(
        "process_fork_crashes",
        "RuntimeError: the parent failed (excepthook, unhandled)",
        "ValueError: the child failed (excepthook, unhandled)",
        exit=1,
        says="the child failed",
        where=hasattr(os, "fork"),
    ),
    Way(
        "process_command",
        "CalledProcessError: Command '['{python}', '{program}', 'child']' returned non-zero exit status 1. "
        "(excepthook, unhandled)",
        "ValueError: the command failed (excepthook, unhandled)",
        exit=1,
        says="the command failed",
    ),
]

FINALISERS = [
    Way(
        "finaliser_del",
        "ValueError: could not be emptied (unraisablehook, unhandled)",
        says="Exception ignored in: <function Basket.__del__",
    ),
    Way(
        "finaliser_cycle",
        "ValueError: could not be emptied (unraisablehook, unhandled)",
        says="Exception ignored in: <function Basket.__del__",
    ),
    Way(
        "finaliser_generator",
        "ValueError: the generator could not tidy up < GeneratorExit (unraisablehook, unhandled)",
        says="Exception ignored in: <generator object",
    ),
    Way(
        "finaliser_weakref",
        "ValueError: the callback failed (unraisablehook, unhandled)",
        says="Exception ignored in: <function gone",
    ),
    Way(
        "finaliser_ctypes",
        "ValueError: the callback failed (unraisablehook, unhandled)",
        says="Exception ignored on calling ctypes callback function",
    ),
    Way(
        "finaliser_at_end",
        "earlier (info)",
        says="Exception ignored in: <function Basket.__del__",
    ),
    Way(
        "finaliser_at_end_alone",
        says="Exception ignored in: <function Basket.__del__",
    ),
    Way("finaliser_captures_at_end", "earlier (info)"),
    Way(
        "atexit_after_init",
        "ValueError: could not tidy up (unraisablehook, unhandled)",
        says="Exception ignored in atexit callback",
    ),
    Way(
        "atexit_before_init",
        "ValueError: could not tidy up (unraisablehook, unhandled)",
        says="Exception ignored in atexit callback",
    ),
]

LOGGING = [
    Way(
        "log_error",
        "shop: no tea in the basket",
        "root: on the root logger",
        "shop: the shop is on fire (fatal)",
        says="no tea in the basket",
    ),
    Way(
        "log_exception",
        "KeyError: 'tea' (logging, handled)",
        says="KeyError: 'tea'",
        details={"logger": "shop", "logentry.message": "no tea"},
    ),
    Way("log_nothing_active", "shop: all is well", says="NoneType: None"),
    Way("log_then_raise", "KeyError: 'tea' (logging, handled)", repeats=True, exit=1, says="KeyError: 'tea'"),
    Way("log_then_wrap", "KeyError: 'tea' (logging, handled)", repeats=True, exit=1, says="no breakfast"),
    Way("log_below", says="DEBUG:shop:boiling water"),
    Way("log_no_handlers", "shop: nobody hears this"),
    Way("log_disabled"),
    Way(
        "log_bad_arguments",
        "shop: %d teas left",
        says="--- Logging error ---",
    ),
    Way(
        "log_handler_fails",
        "shop: no tea",
        "OSError: the disk is full (excepthook, unhandled)",
        exit=1,
        says="OSError: the disk is full",
    ),
    Way("log_at_exit", "shop: the shop closes", says="the shop closes"),
    Way("log_queue", "shop: no tea", says="no tea"),
    Way("log_twice", "KeyError: 'tea' (logging, handled)", repeats=True, says="no breakfast"),
    Way("log_before_init", "shop: in time", says="ERROR in time"),
    Way(
        "log_loguru",
        "__main__: no tea",
        "KeyError: 'tea' (loguru, handled)",
        says="no tea",
        needs=("loguru",),
    ),
    Way("log_structlog", "no tea", "KeyError: 'tea' (structlog, handled)", needs=("structlog",)),
    Way("log_structlog_stdlib", "shop: no tea", says="no tea", needs=("structlog",)),
]

WARNINGS = [
    Way("warning_unwatched", says="UserWarning: the kettle is old"),
    Way(
        "warning_watched",
        "warnings: UserWarning: the kettle is old (warning)",
        says="UserWarning: the kettle is old",
    ),
]


def slow(relay):
    relay.always(delay=0.3)


def stuck_at_second(relay):
    relay.answer()
    relay.answer(delay=60)


ENDS = [
    Way(
        "exit_killed",
        "first (info)",
        "second (info)",
        exit=-signal.SIGTERM,
        server=stuck_at_second,
        kill_after=2,
    ),
    Way("exit_slow_server", *(f"{number} (info)" for number in range(5)), exit=3, server=slow),
    Way(
        "exit_message",
        "SystemExit: no tea, no work (sys_exit, unhandled)",
        exit=1,
        says="no tea, no work",
    ),
    Way("exit_well"),
    Way(
        "crash_segfault",
        "SIGSEGV: Segmentation fault (signalhandler, unhandled, fatal)",
        times=2,
        exit=[-signal.SIGSEGV, 0],
    ),
    Way(
        "crash_abort",
        "SIGABRT: Aborted (signalhandler, unhandled, fatal)",
        times=2,
        exit=[-signal.SIGABRT, 0],
    ),
]

WAYS = [
    *MAIN_THREAD,
    *EXCEPTHOOKS,
    *THREADS,
    *ASYNCIO,
    *FUTURES,
    *PROCESSES,
    *FINALISERS,
    *LOGGING,
    *WARNINGS,
    *ENDS,
]
