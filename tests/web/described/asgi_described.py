"""ASGI without a framework."""

from __future__ import annotations

from framework import Framework

FRAMEWORK = Framework(
    name="asgi",
    package="",
    servers={
        "uvicorn": ["-m", "uvicorn", "--port", "{port}", "--log-level", "warning", "asgi_app:app"],
        "hypercorn": ["-m", "hypercorn", "--bind", "127.0.0.1:{port}", "asgi_app:app"],
    },
    transactions={
        "endpoint": ("url", {"/error": "/error", "/tagged/ann": "/tagged/ann"}),
        "url": ("url", {"/error": "/error", "/tagged/ann": "/tagged/ann"}),
    },
    missing={
        "/sync-tagged": "There is no framework that would run anything in a thread.",
        "/handled-502": "What the application handles by itself never gets to the middleware.",
        "/abort": "There is no framework's exception.",
        "/login": "There is no framework that would know users.",
    },
    bodies=("json", "vendor-json", "form", "raw"),
)
