"""Tornado, by its own server."""

from __future__ import annotations

from framework import Framework

FRAMEWORK = Framework(
    name="tornado",
    package="tornado",
    servers={"tornado": ["-c", "import tornado_app; tornado_app.main()", "{port}"]},
    oldest=("tornado==6.1",),
    transactions={
        "handler_name": (
            "component",
            {"/error": "tornado_app.Error.get", "/tagged/ann": "tornado_app.Tagged.get"},
        ),
        "method_and_path_pattern": (
            "route",
            {"/error": "GET /error", "/tagged/ann": "GET /tagged/([^/]+)"},
        ),
    },
    http_errors={404: "HTTPError", 500: "HTTPError", 503: "HTTPError"},
    user={"id": "7", "email": "ann@example.com", "username": "ann"},
    missing={"/unread": "Tornado reads every body before it calls the handler."},
)
