"""Starlette, with a middleware that runs what is within in a task of its own."""

from __future__ import annotations

from framework import Framework

FRAMEWORK = Framework(
    name="starlette",
    package="starlette",
    servers={
        "uvicorn": ["-m", "uvicorn", "--port", "{port}", "--log-level", "warning", "starlette_app:app"],
        "hypercorn": ["-m", "hypercorn", "--bind", "127.0.0.1:{port}", "starlette_app:app"],
    },
    oldest=(
        "starlette==0.19.1",
        "anyio==3.7.1",
        "uvicorn==0.17.6",
        "h11==0.14.0",
        "python-multipart==0.0.5",
    ),
    transactions={
        "url": ("route", {"/error": "/error", "/tagged/ann": "/tagged/{who}"}),
        "endpoint": ("component", {"/error": "starlette_app.error", "/tagged/ann": "starlette_app.tagged"}),
    },
    http_errors={404: "HTTPException", 500: "HTTPException", 503: "HTTPException"},
    user={"id": "7", "email": "ann@example.com", "username": "ann"},
)
