"""`python -m sentry_like`: the command line."""

from __future__ import annotations

import sys

from sentry_like.cli import main

sys.exit(main())
