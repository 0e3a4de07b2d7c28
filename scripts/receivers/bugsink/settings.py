"""Django settings of the throw-away Bugsink, loaded inside its own environment.

`BUGSINK_FOLDER` and `BUGSINK_PORT` come from the environment. Events are digested within the request, so
that an answer of 200 means "stored"; each is held against Sentry's published schema, complaints are logged.
"""

import os

from bugsink.settings.default import *  # noqa: F403 - Bugsink's way of being configured
from bugsink.settings.default import DATABASES, MIDDLEWARE

FOLDER = os.environ["BUGSINK_FOLDER"]
PORT = os.environ.get("BUGSINK_PORT", "0")
AUTHENTICATION = "django.contrib.auth.middleware.AuthenticationMiddleware"

SECRET_KEY = "for a throw-away server on loopback, never for anything that holds data"
ALLOWED_HOSTS = ["127.0.0.1"]
TIME_ZONE = "UTC"

DATABASES["default"]["NAME"] = f"{FOLDER}/db.sqlite3"
DATABASES["snappea"]["NAME"] = f"{FOLDER}/snappea.sqlite3"
SNAPPEA = {"TASK_ALWAYS_EAGER": True}

BUGSINK = {
    "BASE_URL": f"http://127.0.0.1:{PORT}",
    "SINGLE_USER": True,
    "SINGLE_TEAM": True,
    "USER_REGISTRATION": "CB_NOBODY",
    "PHONEHOME": False,
    "VALIDATE_ON_DIGEST": "warn",
    "INGEST_STORE_BASE_DIR": f"{FOLDER}/ingestion",
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "loggers": {"bugsink": {"handlers": ["console"], "level": "INFO"}},
}

_place = MIDDLEWARE.index(AUTHENTICATION) + 1
MIDDLEWARE = [*MIDDLEWARE[:_place], "receivers.bugsink.autologin.SignInTheOnlyUser", *MIDDLEWARE[_place:]]
