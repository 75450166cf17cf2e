"""The command `needle`: parses, imports what one verb needs, prints. Rows go to stdout, messages and progress to stderr.

Exit status: 0 done, 1 something failed (listed last), 2 bad usage, 130 stopped with Ctrl-C.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from needle.common import BadUsage, Failed, check_names
from needle.parser import parser

# What an extra argument probably was, by what the verb takes.
HINTS = (("sql", ". A question is one argument, in quotes"), ("study", ". A study is named by --study"))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; returns the exit status."""
    args = _parsed(sys.argv[1:] if arguments is None else arguments)
    if sys.stdout is None:  # closed, as by a daemon
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
        if str(error) != "Query interrupted":  # DuckDB's message for Ctrl-C
            raise
        return _stopped(args)
    except OSError as error:
        if args.resumes or error.errno is None or error.filename is not None:
            raise  # from a worker, a library or a file, not from printing
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for what the interpreter still flushes
        if isinstance(error, BrokenPipeError):
            return 0  # the reader has stopped, as head does
        print(f"The answer cannot be written: {error.strerror}.", file=sys.stderr)
        return 1


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse the arguments. Exits with 2 where that fails, and says what was probably meant, which argparse alone does not."""
    root = parser()
    try:
        check_names("verb", [argument for argument in arguments[:1] if not argument.startswith("-")], root.get_default("verbs"))
    except BadUsage as error:
        root.error(str(error))
    args, rest = root.parse_known_args(arguments)
    if rest:
        hints = [hint for name, hint in HINTS if name in args and not rest[0].startswith("-")]
        root.error(f"unrecognized arguments: {' '.join(rest)}{''.join(hints[:1])}")
    return args


def _stopped(args: argparse.Namespace) -> int:
    resumes = " What is finished is kept; run the same command to resume." if args.resumes else ""
    print(f"Stopped.{resumes}", file=sys.stderr)
    return 130
