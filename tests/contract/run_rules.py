"""`python run_rules.py IDENTIFIER`: holds one integration against all rules, each in a process of its own.

Prints `{rule: null | what is wrong}`.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import traceback

from rules import RULES
from scene import Scene
from subject import find

PATIENCE = 60
"""Seconds after which a rule that does not come to an end has failed."""


def verdict(rule, subject):
    """`None`, or what is wrong."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        judge(rule, subject, writing)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        text = pipe.read()
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return text or (f"ended with status {status}" if status else None)


def judge(rule, subject, writing):
    import signal

    signal.alarm(PATIENCE)
    status, text = 0, ""
    try:
        rule(Scene(subject))
    except BaseException:
        status, text = 1, traceback.format_exc()
    with os.fdopen(writing, "w") as pipe:
        pipe.write(text)
    os._exit(status)


def main(identifier):
    subject = find(identifier)
    subject.prepare()
    gc.collect()
    gc.freeze()  # what is there already is no garbage: each collection within a rule is quicker
    print(json.dumps({name: verdict(rule, subject) for name, rule in RULES.items()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
