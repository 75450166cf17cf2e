"""The command `needle`: parses, imports what one verb needs, prints. Rows go to stdout, words and progress to stderr.

Exit status: 0 done, 1 something failed (listed last), 2 bad usage, 130 stopped with Ctrl-C.
"""

import os
import sys
from collections.abc import Sequence

from needle.parser import parser
from needle.word import BadUsage, Failed


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; returns the exit status."""
    args = parser().parse_args(arguments)
    try:
        return int(args.run(args))
    except Failed as error:
        print(error, file=sys.stderr)
        return 2 if isinstance(error, BadUsage) else 1
    except KeyboardInterrupt:
        print("Stopped. What is finished is kept; the same command goes on from there.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader has seen enough, as head does
        return 0
