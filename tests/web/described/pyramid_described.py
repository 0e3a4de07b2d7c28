"""Pyramid."""

from __future__ import annotations

from framework import Framework

FRAMEWORK = Framework(
    name="pyramid",
    package="pyramid",
    servers={
        "gunicorn": [
            *("-m", "gunicorn", "--bind", "127.0.0.1:{port}", "--workers", "1", "--threads", "8"),
            *("--log-level", "warning", "pyramid_app:app"),
        ],
        "waitress": ["-m", "waitress", "--listen", "127.0.0.1:{port}", "pyramid_app:app"],
    },
    oldest=(
        "pyramid==1.10.8",
        "webob==1.8.7",
        "hupper==1.10.3",
        "plaster==1.0",
        "plaster-pastedeploy==0.7",
        "setuptools==65.5.0",
        "translationstring==1.4",
        "venusian==3.0.0",
        "zope.deprecation==4.4.0",
        "zope.interface==5.5.2",
    ),
    transactions={
        "route_name": ("component", {"/error": "error", "/tagged/ann": "tagged"}),
        "route_pattern": ("route", {"/error": "/error", "/tagged/ann": "/tagged/{who}"}),
    },
    http_errors={404: "HTTPNotFound", 500: "HTTPInternalServerError", 503: "HTTPServiceUnavailable"},
    user={"id": "7", "email": "ann@example.com", "username": "ann"},
    missing={"/sync-tagged": "Every request has a thread."},
)
