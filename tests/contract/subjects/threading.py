"""What ends a thread."""

from __future__ import annotations

import threading

from subject import Subject, trouble


class Threading(Subject):
    identifier = "threading"

    def targets(self):
        return [(threading.Thread, "start"), (threading, "excepthook")]

    def work(self):
        results = []
        run(results.append, 5)
        return results

    def fail(self, cargo):
        run(trouble, cargo)


def run(target, argument):
    thread = threading.Thread(target=target, args=(argument,), name="worker")
    thread.start()
    thread.join()


SUBJECT = Threading()
