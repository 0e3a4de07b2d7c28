"""WSGI without a framework."""

from __future__ import annotations

from framework import Framework

FRAMEWORK = Framework(
    name="wsgi",
    package="",
    servers={
        "gunicorn": [
            *("-m", "gunicorn", "--bind", "127.0.0.1:{port}", "--workers", "1", "--threads", "8"),
            *("--log-level", "warning", "wsgi_app:app"),
        ],
        "waitress": ["-m", "waitress", "--listen", "127.0.0.1:{port}", "wsgi_app:app"],
    },
    transactions={"": ("url", {"/error": "/error", "/tagged/ann": "/tagged/ann"})},
    missing={
        "/sync-tagged": "Every request has a thread.",
        "/handled-502": "What the application handles by itself never gets to the middleware.",
        "/abort": "There is no framework's exception.",
        "/login": "There is no framework that would know users.",
    },
    style_setting=None,
    bodies=("json", "vendor-json", "form", "raw"),
)
