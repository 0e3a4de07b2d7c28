"""FastAPI, with a middleware that runs what is within in a task of its own."""

from __future__ import annotations

from framework import Framework

FRAMEWORK = Framework(
    name="fastapi",
    package="fastapi",
    servers={
        "uvicorn": ["-m", "uvicorn", "--port", "{port}", "--log-level", "warning", "fastapi_app:app"],
        "hypercorn": ["-m", "hypercorn", "--bind", "127.0.0.1:{port}", "fastapi_app:app"],
    },
    oldest=(
        "fastapi==0.79.0",
        "starlette==0.19.1",
        "pydantic==1.10.2",
        "anyio==3.7.1",
        "uvicorn==0.17.6",
        "h11==0.14.0",
        "python-multipart==0.0.5",
    ),
    transactions={
        "url": ("route", {"/error": "/error", "/tagged/ann": "/tagged/{who}"}),
        "endpoint": ("component", {"/error": "fastapi_app.error", "/tagged/ann": "fastapi_app.tagged"}),
    },
    http_errors={404: "HTTPException", 500: "HTTPException", 503: "HTTPException"},
    user={"id": "7", "email": "ann@example.com", "username": "ann"},
)
