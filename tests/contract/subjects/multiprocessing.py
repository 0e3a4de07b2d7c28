"""Child processes that end badly."""

from __future__ import annotations

import multiprocessing
import traceback
from multiprocessing import pool
from multiprocessing.process import BaseProcess

from subject import Subject, trouble


class Multiprocessing(Subject):
    identifier = "multiprocessing"

    def targets(self):
        process = [(BaseProcess, "start"), (BaseProcess, "_bootstrap"), (traceback, "print_exc")]
        results = [(pool.ApplyResult, name) for name in ("__init__", "_set", "get", "successful")]
        return [*process, *results, (pool.MapResult, "_set"), (pool.ThreadPool, "Process")]

    def work(self):
        return run(print, "well")

    def fail(self, cargo):
        return run(trouble, cargo)


def run(target, argument):
    process = multiprocessing.get_context("fork").Process(target=target, args=(argument,))
    process.start()
    process.join()
    return process.exitcode


SUBJECT = Multiprocessing()
