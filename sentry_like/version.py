"""The version and the name this client gives itself on the wire: the one place both are written."""

VERSION = "0.1.0"
SDK_NAME = "sentry_like.python"
