"""A command that this program calls fails; it is a program that is watched as well."""

import subprocess
import sys

import sentry_like

sentry_like.init()

if sys.argv[1:] == ["child"]:
    raise ValueError("the command failed")
subprocess.run([sys.executable, __file__, "child"], check=True)
