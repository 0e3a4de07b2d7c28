"""Bottle."""

from __future__ import annotations

from framework import Framework

TWICE = "Bottle takes a chunked body apart, which gunicorn has done already; it answers 400."

FRAMEWORK = Framework(
    name="bottle",
    package="bottle",
    servers={
        "waitress": ["-m", "waitress", "--threads", "8", "--listen", "127.0.0.1:{port}", "bottle_app:app"],
        "gunicorn": [
            *("-m", "gunicorn", "--bind", "127.0.0.1:{port}", "--workers", "1", "--threads", "8"),
            *("--log-level", "warning", "bottle_app:app"),
        ],
    },
    oldest=("bottle==0.12.23",),
    transactions={
        "endpoint": ("component", {"/error": "bottle_app.error", "/tagged/ann": "bottle_app.tagged"}),
        "url": ("route", {"/error": "/error", "/tagged/ann": "/tagged/<who>"}),
    },
    http_errors={404: "HTTPError", 500: "HTTPError", 503: "HTTPError"},
    missing={
        "/login": "Bottle does not know users.",
        "gunicorn /body": TWICE,
        "gunicorn /upload": TWICE,
        "/sync-tagged": "Every request has a thread.",
    },
)
