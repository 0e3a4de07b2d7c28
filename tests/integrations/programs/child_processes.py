"""python child_processes.py METHOD: all kinds of child processes, of a parent that alone reads the DSN, from
its standard input.

It prints one JSON object: exit codes by name, and what is to be seen of us from outside.
"""

import concurrent.futures
import json
import multiprocessing
import multiprocessing.managers
import sys
import traceback

import sentry_like
from sentry_like.integrations.dedupe import DedupeIntegration
from sentry_like.integrations.multiprocessing import MultiprocessingIntegration


def mark(event, hint):
    event["extra"] = {**event.get("extra", {}), "hook": "mark"}
    return event


def stamp(event, hint):
    event["tags"] = {**(event.get("tags") or {}), "processor": "stamp"}
    return event


class Live:
    """What no pickle takes."""

    def __init__(self):
        self.lock = (one for one in ())

    def __repr__(self):
        return "<a live object>"


def crash(name):
    sentry_like.set_tag("child", name)
    raise ValueError(f"{name} crashed")


def leave(code):
    sys.exit(code)


def say(name):
    sentry_like.capture_message(f"from {name}")


def say_then_crash(name):
    sentry_like.capture_message(f"from {name}")
    crash(name)


def have_child(name):
    child = multiprocessing.Process(target=say_then_crash, args=(f"the child of {name}",))
    child.start()
    child.join()
    say(name)


def handle():
    try:
        raise ValueError("printed, and that is all")
    except ValueError:
        traceback.print_exc()


def look_around(pipe, secret):
    """Whether a secret stands where other users may read it, and what is on the process object."""
    seen = ""
    for name in ("cmdline", "environ"):
        try:
            with open(f"/proc/self/{name}", "rb") as file:
                seen += file.read().decode(errors="replace")
        except OSError:
            pass
    pipe.send([secret[::-1] in seen, ours_on(multiprocessing.current_process())])


def ours_on(process):
    return [name for name in vars(process) if "sentry" in name]


class OwnRun(multiprocessing.Process):
    def run(self):
        crash("the subclass")


class Counter:
    def count(self):
        say("the manager")
        return 1


class CountingManager(multiprocessing.managers.BaseManager):
    pass


CountingManager.register("Counter", Counter)


def main(method):
    multiprocessing.set_start_method(method)
    dsn = sys.stdin.readline().strip()
    sentry_like.init(
        dsn,
        default_integrations=False,
        integrations=[MultiprocessingIntegration(), DedupeIntegration()],
        before_send=mark,
        shutdown_timeout=10,
    )
    started = {
        "crash": multiprocessing.Process(target=crash, args=("the plain one",), name="plain"),
        "subclass": OwnRun(),
        "leaves": multiprocessing.Process(target=leave, args=(0,)),
        "leaves with 3": multiprocessing.Process(target=leave, args=(3,)),
        "leaves with words": multiprocessing.Process(target=leave, args=("that is all",)),
        "daemon": multiprocessing.Process(target=say, args=("the daemon",), daemon=True),
        "nested": multiprocessing.Process(target=have_child, args=("the nested one",)),
        "handled": multiprocessing.Process(target=handle),
    }
    there, here = multiprocessing.Pipe()
    started["looks"] = multiprocessing.Process(target=look_around, args=(here, dsn.split("@")[0][-32:][::-1]))

    sentry_like.set_tag("job", "import")
    with sentry_like.push_scope() as scope:
        scope.set_user({"id": "7"})
        scope.set_extra("live", Live())
        scope.set_context("basket", {"size": 3})
        scope.set_transaction_name("nightly", "task")
        scope.fingerprint = ["import"]
        scope.add_event_processor(stamp)
        scope.add_attachment(b"tea", filename="basket.txt")
        sentry_like.add_breadcrumb(message="one crumb", data={"live": Live()})
        started["crash"].start()
    sentry_like.set_tag("job", "later")
    for name, process in started.items():
        if name != "crash":
            process.start()

    with multiprocessing.Pool(2, maxtasksperchild=1) as pool:
        pool.map(say, [f"pool {number}" for number in range(4)], chunksize=1)
        pool.close()
        pool.join()
    with concurrent.futures.ProcessPoolExecutor(1) as executor:
        executor.submit(say, "the executor").result()
    manager = CountingManager()
    manager.start()
    manager.Counter().count()
    manager.shutdown()

    is_secret_seen, ours_in_child = there.recv()
    for process in started.values():
        process.join()
    told = {
        "exits": {name: process.exitcode for name, process in started.items()},
        "is secret seen": is_secret_seen,
        "ours on processes": [
            *ours_in_child,
            *(one for process in started.values() for one in ours_on(process)),
        ],
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main(sys.argv[1])
