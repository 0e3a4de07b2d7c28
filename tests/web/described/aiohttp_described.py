"""aiohttp, by its own runner and by gunicorn's worker for it."""

from __future__ import annotations

from framework import Framework

FRAMEWORK = Framework(
    name="aiohttp",
    package="aiohttp",
    servers={
        "aiohttp": [
            *("-m", "aiohttp.web", "--hostname", "127.0.0.1", "--port", "{port}", "aiohttp_app:make_app"),
        ],
        "gunicorn": [
            *("-m", "gunicorn", "--bind", "127.0.0.1:{port}", "--workers", "1"),
            *("--worker-class", "aiohttp.GunicornWebWorker", "--log-level", "warning", "aiohttp_app:app"),
        ],
    },
    oldest=("aiohttp==3.8.3", "yarl==1.9.4"),
    transactions={
        "handler_name": (
            "component",
            {"/error": "aiohttp_app.error", "/tagged/ann": "aiohttp_app.tagged"},
        ),
        "method_and_path_pattern": (
            "route",
            {"/error": "GET /error", "/tagged/ann": "GET /tagged/{who}"},
        ),
    },
    http_errors={404: "HTTPNotFound", 500: "HTTPInternalServerError", 503: "HTTPServiceUnavailable"},
    missing={
        "/sync-tagged": "Every handler is a coroutine.",
        "/login": "aiohttp itself knows no users.",
    },
)
