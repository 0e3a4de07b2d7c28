"""What a fresh interpreter pays: run as a program, prints one JSON line.

    python -s cold_start.py CLIENT     milliseconds, modules and resident MiB that import and init() add
    python -s cold_start.py standard   the same for `import logging, threading, json`
    python -s cold_start.py nothing    modules and resident MiB of the bare interpreter

Imports nothing before the first clock reading but what the interpreter holds anyway.
"""

import sys
import time

DSN = "http://public@127.0.0.1:9/1"


def resident_bytes() -> int:
    """Bytes of this process in memory now; 0 where /proc does not tell."""
    try:
        with open("/proc/self/statm") as statm:
            return int(statm.read().split()[1]) * 4096
    except OSError:
        return 0


def load(what: str) -> None:
    if what == "sentry_like":
        import sentry_like

        sentry_like.init(DSN, release="bench@1.0")
    elif what == "sentry_sdk":
        import sentry_sdk

        sentry_sdk.init(DSN, release="bench@1.0")
    elif what == "standard":
        import json  # noqa: F401 - importing is what is measured
        import logging  # noqa: F401 - likewise
        import threading  # noqa: F401 - likewise


def main(what: str) -> None:
    modules = len(sys.modules)
    resident = resident_bytes()
    if what == "nothing":
        modules = resident = 0
    begin = time.perf_counter()
    load(what)
    elapsed = time.perf_counter() - begin
    modules = len(sys.modules) - modules
    mib = (resident_bytes() - resident) / 2**20
    print(f'{{"ms": {elapsed * 1000}, "modules": {modules}, "mib": {mib}}}')


if __name__ == "__main__":
    main(sys.argv[1])
