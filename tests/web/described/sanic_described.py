"""Sanic, by its own server and behind an ASGI server."""

from __future__ import annotations

from framework import Framework

FRAMEWORK = Framework(
    name="sanic",
    package="sanic",
    servers={
        "sanic": [
            *("-m", "sanic", "sanic_app.app", "--host", "127.0.0.1", "--port", "{port}"),
            *("--single-process", "--no-motd"),
        ],
        "uvicorn": ["-m", "uvicorn", "--port", "{port}", "--log-level", "warning", "sanic_app:app"],
    },
    oldest=("sanic==22.12.0", "sanic-routing==22.8.0", "websockets==10.4", "httptools==0.5.0"),
    transactions={
        "endpoint": ("component", {"/error": "error", "/tagged/ann": "tagged"}),
        "url": ("route", {"/error": "/error", "/tagged/ann": "/tagged/<who:str>"}),
    },
    http_errors={404: "NotFound", 500: "ServerError", 503: "ServiceUnavailable"},
    missing={
        "/sync-tagged": "Sanic calls every handler in its event loop.",
        "/login": "Sanic knows no users.",
        "uvicorn /stream-error": "Sanic keeps the error from uvicorn, whose own line is a second event.",
        "/unread": "Sanic reads every body before it calls the handler.",
    },
)
