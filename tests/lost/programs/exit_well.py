"""Ends well by `sys.exit`, and wants to know of failures."""

import sys

import sentry_like
from sentry_like.integrations.sys_exit import SysExitIntegration

sentry_like.init(integrations=[SysExitIntegration()])

sys.exit(0)
