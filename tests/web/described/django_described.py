"""Django: through WSGI and ASGI."""

from __future__ import annotations

from framework import Framework

FRAMEWORK = Framework(
    name="django",
    package="django",
    servers={
        "gunicorn": [
            *("-m", "gunicorn", "--bind", "127.0.0.1:{port}", "--workers", "1", "--threads", "8"),
            *("--log-level", "warning", "django_app:app"),
        ],
        "uvicorn": ["-m", "uvicorn", "--port", "{port}", "--log-level", "warning", "django_app:asgi_app"],
        "daphne": ["-m", "daphne", "--port", "{port}", "--verbosity", "0", "django_app:asgi_app"],
    },
    oldest=("django==3.2", "asgiref==3.3.4", "sqlparse==0.4.4", "pytz==2024.1"),
    transactions={
        "url": ("route", {"/error": "/error", "/tagged/ann": "/tagged/{who}"}),
        "function_name": ("component", {"/error": "django_app.error", "/tagged/ann": "django_app.tagged"}),
    },
    http_errors={404: "Http404", 500: "InternalServerError", 503: "ServiceUnavailable"},
    missing={
        "uvicorn /unread": "Under ASGI Django itself receives the whole body before it calls the view.",
        "daphne /stream-error": "Daphne leaves the client waiting when an application fails amid an answer.",
        "daphne /unread": "Under ASGI Django itself receives the whole body before it calls the view.",
    },
    user={"id": "7", "email": "ann@example.com", "username": "ann"},
)
