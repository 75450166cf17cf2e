"""The process that makes intervals: FOLDER; what to ask is a line of JSON on stdin (see interval.py). Writes one Parquet file a question.

It ends when stdin does: with the server that started it.
"""

import json
import os
import re
import sys
from pathlib import Path
from threading import Thread

import pyarrow.parquet as pq

from warehouse import connect


def main(out: Path) -> None:
    """Open the study with the pools asked for, and write each answer under the name of its question."""
    folder, _state, repeats, pools, questions, values = json.loads(sys.stdin.readline())
    Thread(target=_end_with_stdin, daemon=True).start()
    reached(out, "opening the study")
    with connect(folder, repeats=repeats, pools=pools, question=" ".join(questions.values())) as con:
        for name, sql in questions.items():
            reached(out, name.replace("_", " "))
            used = {word: values[word] for word in set(re.findall(r"\$(\w+)", sql))}
            pq.write_table(con.sql(sql, params=used or None).to_arrow_table(), out / f"{name}.parquet")


def reached(out: Path, step: str) -> None:
    """Add a line for who watches."""
    with (out / "progress").open("a") as file:
        print(step, file=file)


def _end_with_stdin() -> None:
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
