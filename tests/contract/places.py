"""Whose code a frame is: the package's, and that of integrations that tests bring."""

from __future__ import annotations

import os

import sentry_like

PACKAGE = os.path.dirname(os.path.abspath(sentry_like.__file__)) + os.sep
INTEGRATIONS = os.path.join(PACKAGE, "integrations") + os.sep
MACHINERY = tuple(
    os.path.join(INTEGRATIONS, "_common", f"{name}.py") for name in ("patch", "wrappers", "imports", "work")
)
"""Under test elsewhere, and the place where faults of integrations die."""

_tests_own = []


def add(path):
    """Count the file as an integration."""
    _tests_own.append(path)


def is_ours(code):
    return code.co_filename.startswith((PACKAGE, *_tests_own))


def is_integration(code):
    name = code.co_filename
    return name.startswith((INTEGRATIONS, *_tests_own)) and not name.startswith(MACHINERY)


def names_our_file(line):
    """Whether a line of a printed traceback names a file of ours."""
    return line.startswith(tuple(f'  File "{path}' for path in (PACKAGE, *_tests_own)))
