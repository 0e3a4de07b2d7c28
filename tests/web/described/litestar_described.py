"""Litestar."""

from __future__ import annotations

from framework import Framework

FRAMEWORK = Framework(
    name="litestar",
    package="litestar",
    servers={
        "uvicorn": ["-m", "uvicorn", "--port", "{port}", "--log-level", "warning", "litestar_app:app"],
        "hypercorn": ["-m", "hypercorn", "--bind", "127.0.0.1:{port}", "litestar_app:app"],
    },
    oldest=("litestar==2.0.0", "anyio==3.7.1", "uvicorn==0.23.2"),
    transactions={
        "endpoint": (
            "component",
            {"/error": "litestar_app.error", "/tagged/ann": "litestar_app.tagged"},
        ),
        "url": ("route", {"/error": "/error", "/tagged/ann": "/tagged/{who}"}),
    },
    http_errors={
        404: "NotFoundException",
        500: "InternalServerException",
        503: "ServiceUnavailableException",
    },
    missing={
        "uvicorn /stream-error": "Before 2.9 Litestar answers once more: uvicorn's line on it is an event.",
    },
    user={"id": "7", "email": "ann@example.com", "username": "ann"},
)
