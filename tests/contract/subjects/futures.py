"""Futures that nobody asks."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, _base, thread

from subject import Subject, Trouble, trouble


class Futures(Subject):
    """Work asks for both results, a failure for none."""

    identifier = "futures"

    def prepare(self):
        self.work()

    def targets(self):
        return [(_base.Future, "_exception"), (_base.Future, "cancel"), (thread._WorkItem, "run")]

    def work(self):
        with ThreadPoolExecutor(1) as pool:
            try:
                pool.submit(trouble, None).result()
            except Trouble:
                return pool.submit(lambda: 5).result()

    def fail(self, cargo):
        with ThreadPoolExecutor(1) as pool:
            pool.submit(trouble, cargo)


SUBJECT = Futures()
