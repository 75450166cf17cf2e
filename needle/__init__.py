"""The command `needle`: parses, imports what one verb needs, prints. Rows go to stdout, words and progress to stderr.

Exit status: 0 done, 1 something failed (listed last), 2 bad usage, 130 stopped with Ctrl-C.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from needle.parser import parser
from needle.word import BadUsage, Failed


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; returns the exit status."""
    args = parser().parse_args(arguments)
    if sys.stdout is None:  # closed, as daemons do
        sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115, as long as the process lives
    try:
        status = int(args.run(args))
        sys.stdout.flush()
        return status
    except Failed as error:
        print(error, file=sys.stderr)
        return 2 if isinstance(error, BadUsage) else 1
    except KeyboardInterrupt:
        return _stopped(args)
    except RuntimeError as error:
        if str(error) != "Query interrupted":  # DuckDB's word for Ctrl-C
            raise
        return _stopped(args)
    except OSError as error:
        if args.resumes or error.errno is None or error.filename is not None:
            raise  # of a worker, a library or a file, not of what is printed
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for what the interpreter still has to write
        if isinstance(error, BrokenPipeError):
            return 0  # the reader has seen enough, as head does
        print(f"The answer cannot be written: {error.strerror}.", file=sys.stderr)
        return 1


def _stopped(args: argparse.Namespace) -> int:
    resumes = " What is finished is kept; the same command goes on from there." if args.resumes else ""
    print(f"Stopped.{resumes}", file=sys.stderr)
    return 130
