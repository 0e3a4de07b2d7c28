"""Gives up with a message, and wants that to be known."""

import sys

import sentry_like
from sentry_like.integrations.sys_exit import SysExitIntegration

sentry_like.init(integrations=[SysExitIntegration()])

sys.exit("no tea, no work")
