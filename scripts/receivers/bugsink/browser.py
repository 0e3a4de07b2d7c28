"""Takes a picture of a page with Debian's Chromium, installed when it is missing and this is root."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

PACKAGES = ("chromium", "fonts-dejavu-core")
PATIENCE = 60.0
OPTIONS = (
    "--headless",
    "--no-sandbox",  # root has no other choice, and the page is our own
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--hide-scrollbars",
    "--virtual-time-budget=5000",
)


def chromium() -> str:
    """The browser's path. Raises: SystemExit when it is missing and cannot be installed."""
    found = shutil.which("chromium")
    if found:
        return found
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise SystemExit(f"please install {' and '.join(PACKAGES)}")
    subprocess.run(["apt-get", "update", "-qq"], check=True)
    subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *PACKAGES], check=True)
    return "/usr/bin/chromium"


def picture(url: str, target: Path, *, width: int = 1280, height: int = 1500) -> None:
    """Writes the page's picture as PNG. Raises: SystemExit when the browser made none."""
    with tempfile.TemporaryDirectory() as profile:
        command = [chromium(), *OPTIONS, f"--user-data-dir={profile}", f"--window-size={width},{height}"]
        done = subprocess.run(
            [*command, f"--screenshot={target}", url],
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
    if done.returncode != 0 or not target.exists():
        raise SystemExit(f"the browser made no picture:\n{done.stderr[-2000:]}")
