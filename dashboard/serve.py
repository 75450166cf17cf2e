"""Starts the dashboard's server, which only this machine can reach."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

APP = Path(__file__).parent / "app.py"
NEEDED = ("streamlit", "altair", "vl_convert")

# Closed by default: only this machine may connect (and no other website through a host name that resolves to it), and no usage data is
# sent. The code does not change while the server runs, so files are not watched. Streamlit would collect garbage after every redraw,
# which delays each by a tenth of a second; Python does so anyway when needed.
OPTIONS = (
    ("server.address", "127.0.0.1"),
    ("server.allowedHosts", "127.0.0.1"),
    ("server.allowedHosts", "localhost"),
    ("server.headless", "true"),
    ("server.fileWatcherType", "none"),
    ("runner.postScriptGC", "false"),
    ("browser.gatherUsageStats", "false"),
    ("theme.light.primaryColor", "#5F6B7A"),  # not the colour of any strategy
    ("theme.dark.primaryColor", "#7C8896"),
    ("client.toolbarMode", "minimal"),
    ("client.showErrorDetails", "none"),
    ("client.showErrorLinks", "false"),
)


def missing() -> str | None:
    """Return the first required package that is not installed; None if all are installed."""
    return next((name for name in NEEDED if find_spec(name) is None), None)


def command(study: str, port: int) -> list[str]:
    """Return the command line of the server."""
    options = [f"--{name}={value}" for name, value in OPTIONS]
    return [sys.executable, "-m", "streamlit", "run", str(APP), f"--server.port={port}", *options, "--", study]


def serve(study: str, port: int) -> None:
    """Replace this process with the server; Ctrl-C stops it."""
    arguments = command(study, port)
    sys.stderr.flush()
    os.execv(arguments[0], arguments)  # one process, so that stopping the command stops the server
