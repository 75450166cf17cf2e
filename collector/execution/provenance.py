"""Where a row comes from: when it was finished, on what device, with which software."""

import platform
import subprocess
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import tensorflow as tf

from study_format.columns import Row

PACKAGES = ("tensorflow", "tensorflow-hub", "tensorflow-datasets", "numpy")


def finished(way: str | None = None) -> Row:
    """The columns finished_at (UTC), device and software of a row that was made just now. way: how its network was run."""
    ran_on = software() if way is None else f"{software()}, {way}"
    return {"finished_at": datetime.now(UTC).replace(tzinfo=None), "device": device(), "software": ran_on}


@cache
def device() -> str:
    """The first GPU's name, else the processor's; on a processor every run computes on one core."""
    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        return str(tf.config.experimental.get_device_details(gpus[0]).get("device_name", "GPU"))
    return f"{_processor()}, one core"


@cache
def software() -> str:
    """needle's version and commit, Python's, and those of what computes."""
    parts = [f"needle {_version('needle-haystack')}{_commit()}", f"python {platform.python_version()}"]
    return ", ".join(parts + [f"{package} {_version(package)}" for package in PACKAGES])


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "(not installed)"


def _commit() -> str:
    """The commit of needle's own repository; nothing where it is installed, even into a folder of another repository."""
    root = Path(__file__).parents[2]
    try:
        if Path(_git(root, "rev-parse", "--show-toplevel")).resolve() != root.resolve():
            return ""
        return f" ({_git(root, 'describe', '--always', '--dirty')})"
    except (OSError, subprocess.CalledProcessError):
        return ""


def _git(root: Path, *words: str) -> str:
    return subprocess.run(["git", "-C", root, *words], capture_output=True, text=True, check=True).stdout.strip()
