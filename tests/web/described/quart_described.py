"""Quart."""

from __future__ import annotations

from framework import Framework

FRAMEWORK = Framework(
    name="quart",
    package="quart",
    servers={
        "hypercorn": ["-m", "hypercorn", "--bind", "127.0.0.1:{port}", "quart_app:app"],
        "uvicorn": ["-m", "uvicorn", "--port", "{port}", "--log-level", "warning", "quart_app:app"],
    },
    oldest=(
        "quart==0.18.0",
        "werkzeug==2.2.3",
        "jinja2==3.1.2",
        "itsdangerous==2.1.2",
        "click==8.1.3",
        "blinker==1.5",
        "hypercorn==0.14.3",
    ),
    transactions={
        "endpoint": ("component", {"/error": "error", "/tagged/ann": "tagged"}),
        "url": ("route", {"/error": "/error", "/tagged/ann": "/tagged/<who>"}),
    },
    http_errors={404: "NotFound", 500: "InternalServerError", 503: "ServiceUnavailable"},
    missing={
        "/login": "Quart itself knows no users.",
        "/unread": "Quart receives the body by itself, whether the view asks for it or not.",
    },
)
