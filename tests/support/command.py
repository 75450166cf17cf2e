"""Runs the command as a user does."""

import os
import subprocess
from pathlib import Path

from paths import NEEDLE


def needle(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a folder."""
    return subprocess.run([NEEDLE, *arguments], cwd=folder, capture_output=True, text=True, check=False)


def processor_seconds(pid: int) -> float:
    return sum(map(int, Path(f"/proc/{pid}/stat").read_text().split()[13:15])) / os.sysconf("SC_CLK_TCK")
