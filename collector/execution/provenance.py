"""Records where a row comes from: when it was finished, on which device and with which software."""

import platform
import subprocess
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import tensorflow as tf

from study_format.columns import Row

PACKAGES = ("tensorflow", "tensorflow-hub", "tensorflow-datasets", "numpy")


def finished(execution_mode: str | None = None) -> Row:
    """Return the columns finished_at (UTC), device and software of a row that was measured just now.

    execution_mode: how its network ran, where that is not the device's default; it is added to `software`.
    """
    parts = [software()] if execution_mode is None else [software(), execution_mode]
    return {"finished_at": datetime.now(UTC).replace(tzinfo=None), "device": device(), "software": ", ".join(parts)}


@cache
def device() -> str:
    """Return the name of the first GPU, or else of the processor, of which every run uses one core."""
    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        return str(tf.config.experimental.get_device_details(gpus[0]).get("device_name", "GPU"))
    return f"{_processor()}, one core"


@cache
def software() -> str:
    """Return the versions of needle (with its commit), of Python and of the packages that compute."""
    parts = [f"needle {_version('needle-transfer')}{_commit()}", f"python {platform.python_version()}"]
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
    """The commit of needle's own repository, -dirty where its code is changed; empty where needle is installed, even inside another one.

    A study that ships lies in the repository, too, and changes while it is collected.
    """
    root = Path(__file__).parents[2]
    try:
        if Path(_git(root, "rev-parse", "--show-toplevel")).resolve() != root.resolve():
            return ""
        changed = _git(root, "status", "--porcelain", "--untracked-files=no", "--", ".", ":!results")
        return f" ({_git(root, 'describe', '--always')}{'-dirty' if changed else ''})"
    except (OSError, subprocess.CalledProcessError):
        return ""


def _git(root: Path, *arguments: str) -> str:
    return subprocess.run(["git", "-C", root, *arguments], capture_output=True, text=True, check=True).stdout.strip()
