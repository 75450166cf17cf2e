"""The command `needle`: parses, imports what one verb needs, prints. Rows go to stdout, words and progress to stderr.

Exit status: 0 done, 1 something failed (listed last), 2 bad usage, 130 stopped with Ctrl-C.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from needle.common import BadUsage, Failed, known
from needle.parser import parser

# What a word too many is likely to be, by what the verb takes.
MEANT = (("sql", ". A question is one argument, in quotes"), ("study", ". A study is named by --study"))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; returns the exit status."""
    args = _parsed(sys.argv[1:] if arguments is None else arguments)
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


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """What is asked for; what cannot be parsed exits with 2, and with what was probably meant, which argparse alone does not say."""
    root = parser()
    try:
        known("verb", [word for word in arguments[:1] if not word.startswith("-")], root.get_default("verbs"))
    except BadUsage as error:
        root.error(str(error))
    args, rest = root.parse_known_args(arguments)
    if rest:
        meant = [words for name, words in MEANT if name in args and not rest[0].startswith("-")]
        root.error(f"unrecognized arguments: {' '.join(rest)}{''.join(meant[:1])}")
    return args


def _stopped(args: argparse.Namespace) -> int:
    resumes = " What is finished is kept; the same command goes on from there." if args.resumes else ""
    print(f"Stopped.{resumes}", file=sys.stderr)
    return 130
