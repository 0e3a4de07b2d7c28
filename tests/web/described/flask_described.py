"""Flask, with Flask-Login."""

from __future__ import annotations

from framework import Framework

FRAMEWORK = Framework(
    name="flask",
    package="flask",
    servers={
        "gunicorn": [
            *("-m", "gunicorn", "--bind", "127.0.0.1:{port}", "--workers", "1", "--threads", "8"),
            *("--log-level", "warning", "flask_app:app"),
        ],
        "waitress": ["-m", "waitress", "--listen", "127.0.0.1:{port}", "flask_app:app"],
    },
    oldest=(
        "flask==2.0.0",
        "werkzeug==2.0.3",
        "jinja2==3.0.3",
        "itsdangerous==2.0.1",
        "click==8.0.4",
        "flask-login==0.6.3",
        "asgiref==3.4.1",
    ),
    transactions={
        "endpoint": ("component", {"/error": "error", "/tagged/ann": "tagged"}),
        "url": ("route", {"/error": "/error", "/tagged/ann": "/tagged/<who>"}),
    },
    http_errors={404: "NotFound", 500: "InternalServerError", 503: "ServiceUnavailable"},
    user={"id": "7", "email": "ann@example.com", "username": "ann"},
    missing={"/sync-tagged": "Every request has a thread."},
)
