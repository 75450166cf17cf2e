"""Starts the dashboard's server, which only this machine can reach, and opens the study before somebody comes."""

import contextlib
import logging
import os
import sys
import threading
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
    ("theme.light.primaryColor", "#5F6B7A"),  # not the colour of any strategy; on it white has a contrast of 5
    ("theme.dark.primaryColor", "#5F6B7A"),
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
    return [sys.executable, "-m", "dashboard.serve", "run", str(APP), f"--server.port={port}", *options, "--", study]


def serve(study: str, port: int) -> None:
    """Replace this process with the server; Ctrl-C stops it."""
    arguments = command(study, port)
    sys.stderr.flush()
    os.execv(arguments[0], arguments)  # one process, so that stopping the command stops the server


def open_early(name: str) -> None:
    """Load the pages and open the study, which the first page then finds open."""
    import dashboard.app  # noqa: F401 - it loads every page
    from dashboard.session import study
    from warehouse import StudyError

    with contextlib.suppress(StudyError):  # the page says what is wrong
        study.open_study(study.named(name, study.available(name)), (), ())


def main() -> None:
    """Run Streamlit's command line in this process, with the arguments of `command`."""
    from streamlit.web import cli

    thread = threading.Thread(target=open_early, args=(sys.argv[-1],))
    for name in ("scriptrunner_utils.script_run_context", "caching.cache_data_api"):
        # They warn that there is no session in a thread of ours, which needs none.
        logging.getLogger(f"streamlit.runtime.{name}").addFilter(lambda _: threading.current_thread() is not thread)
    thread.start()
    cli.main()


if __name__ == "__main__":
    main()
