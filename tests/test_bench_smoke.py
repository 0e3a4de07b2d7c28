"""The benchmark still runs: every row of its table has a figure of ours, with no peer and no network."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).resolve().parents[1] / "scripts" / "bench"


def test_quick_benchmark_without_peer_shows_every_row() -> None:
    done = subprocess.run(
        [sys.executable, str(BENCH), "--quick", "--no-peer"],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )

    assert done.returncode == 0, done.stderr
    rows = [line.split(" | ") for line in done.stdout.splitlines() if line.startswith("| ")][2:]
    assert len(rows) == 34
    assert [row[0] for row in rows if not re.fullmatch(r"-?[\d,.]+", row[1])] == []
    assert "**Warning:** exception" not in done.stdout, "frames without source lines or locals"
