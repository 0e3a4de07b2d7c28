"""Reads where it must not; the next start tells."""

import ctypes
import os
import sys

import sentry_like
from sentry_like.integrations.faulthandler import FaulthandlerIntegration

sentry_like.init(integrations=[FaulthandlerIntegration(os.path.join(os.getcwd(), "crashes"))])

if sys.argv[1] == "1":
    ctypes.string_at(0)
