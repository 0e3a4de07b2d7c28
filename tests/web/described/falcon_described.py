"""Falcon: through WSGI and ASGI."""

from __future__ import annotations

from framework import Framework

THREADS = "Under WSGI every request has a thread."

FRAMEWORK = Framework(
    name="falcon",
    package="falcon",
    servers={
        "uvicorn": ["-m", "uvicorn", "--port", "{port}", "--log-level", "warning", "falcon_app:asgi_app"],
        "gunicorn": [
            *("-m", "gunicorn", "--bind", "127.0.0.1:{port}", "--workers", "1", "--threads", "8"),
            *("--log-level", "warning", "falcon_app:app"),
        ],
        "waitress": ["-m", "waitress", "--listen", "127.0.0.1:{port}", "falcon_app:app"],
    },
    oldest=("falcon==3.1.1", "uvicorn==0.17.6", "h11==0.14.0"),
    transactions={
        "uri_template": ("route", {"/error": "/error", "/tagged/ann": "/tagged/{who}"}),
        "path": ("url", {"/error": "/error", "/tagged/ann": "/tagged/ann"}),
    },
    http_errors={404: "HTTPNotFound", 500: "HTTPInternalServerError", 503: "HTTPServiceUnavailable"},
    missing={
        "/login": "Falcon does not know users.",
        "uvicorn /unread": "Under ASGI Falcon itself receives the first piece of the body.",
        "gunicorn /sync-tagged": THREADS,
        "waitress /sync-tagged": THREADS,
    },
    bodies=("json", "vendor-json", "form", "raw"),
)
