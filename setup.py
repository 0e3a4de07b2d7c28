"""Packaging: the metadata that `pip install sentry-like` needs; tool settings live in pyproject.toml."""

import re
from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent
VERSION_FILE = HERE / "sentry_like" / "version.py"
VERSION = re.search(r'^VERSION = "([^"]+)"$', VERSION_FILE.read_text(), re.MULTILINE).group(1)

INBOX = ["starlette>=0.40", "uvicorn>=0.30"]
COMPRESSION = ["brotli>=1.2", "zstandard>=0.22"]
SOCKS = ["PySocks>=1.7.1"]

setup(
    name="sentry-like",
    version=VERSION,
    description="A light, truthful, Sentry-compatible error-monitoring client built around Hub and Scope",
    long_description=(HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="MIT",
    python_requires=">=3.10",
    packages=find_packages(include=["sentry_like", "sentry_like.*"]),
    package_data={"sentry_like": ["py.typed"]},
    install_requires=["urllib3>=2", "certifi"],
    extras_require={
        "inbox": INBOX + COMPRESSION,
        "brotli": COMPRESSION[:1],
        "zstd": COMPRESSION[1:],
        "socks": SOCKS,
        "dev": INBOX
        + COMPRESSION
        + SOCKS
        + [
            "anyio>=4",
            "hypothesis>=6.100",
            "import-linter>=2",
            "loguru>=0.7",
            "mypy>=1.15",
            "pytest>=8",
            "pytest-randomly>=3.15",
            "rich>=13",
            "ruff>=0.9",
            "sentry-relay==0.10.1",
            "structlog>=21",
            "tomli>=2; python_version < '3.11'",
            "trustme>=1.1",
            "typer>=0.12",
            "uvloop>=0.19; platform_python_implementation == 'CPython'",
        ],
    },
    entry_points={"console_scripts": ["sentry-like = sentry_like.cli:main"]},
    classifiers=[
        "License :: OSI Approved :: MIT License",
        "Programming Language :: Python :: 3",
        "Programming Language :: Python :: 3 :: Only",
        "Topic :: System :: Monitoring",
        "Typing :: Typed",
    ],
)
