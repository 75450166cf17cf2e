"""Starts the server of the dashboard on this machine alone."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

APP = Path(__file__).parent / "app.py"
NEEDED = ("streamlit", "altair", "vl_convert")

# Closed by default: only this machine may connect (no page of another site either, through a host name that points here), and nothing
# is reported to anybody. Studies change under a running server, code does not. Streamlit collects garbage after every redraw, which
# delays each by a tenth of a second; Python collects it when needed anyway.
OPTIONS = (
    ("server.address", "127.0.0.1"),
    ("server.allowedHosts", "127.0.0.1"),
    ("server.allowedHosts", "localhost"),
    ("server.headless", "true"),
    ("server.fileWatcherType", "none"),
    ("runner.postScriptGC", "false"),
    ("browser.gatherUsageStats", "false"),
    ("theme.light.primaryColor", "#5F6B7A"),  # no strategy's colour
    ("theme.dark.primaryColor", "#7C8896"),
    ("client.toolbarMode", "minimal"),
    ("client.showErrorDetails", "none"),
    ("client.showErrorLinks", "false"),
)


def missing() -> str | None:
    """Return the first package that the dashboard needs and that is not installed; None if all are."""
    return next((name for name in NEEDED if find_spec(name) is None), None)


def command(study: str, port: int) -> list[str]:
    """Return the command line of the server."""
    options = [f"--{name}={value}" for name, value in OPTIONS]
    return [sys.executable, "-m", "streamlit", "run", str(APP), f"--server.port={port}", *options, "--", study]


def serve(study: str, port: int) -> None:
    """Replace this process by the server; Ctrl-C ends it."""
    arguments = command(study, port)
    sys.stderr.flush()
    os.execv(arguments[0], arguments)  # one process, so that whoever stops the command has stopped the server
