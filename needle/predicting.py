"""Implements the verb `predict`: what a trained model says of pictures."""

import argparse
import csv
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from needle.common import RESULTS, BadUsage, Failed
from study_format.suggestions import nearest

if TYPE_CHECKING:
    from collector.trained.model_folder import Metadata
    from collector.trained.predicting import Classifier

Row = dict[str, object]


def predict(args: argparse.Namespace) -> int:
    """Print a row for each picture: its path, and the most probable classes."""
    folder = Path(args.model)
    metadata = _metadata(folder)
    if args.top > len(metadata.classes):
        raise BadUsage(f"{folder} tells {len(metadata.classes)} classes apart, so that --top is at most {len(metadata.classes)}.")
    paths = list(_paths(args.images))
    if not paths:
        raise Failed(f"There are no images in {', '.join(args.images)}.")
    rows = _rows(_classifier(folder, metadata), metadata.classes, paths, args.top)
    return 0 if (_print_json if args.format == "json" else _print_csv)(rows, args.top) else 1


def _metadata(folder: Path) -> "Metadata":
    from collector.trained.model_folder import ModelFolderError, read

    try:
        return read(folder)
    except ModelFolderError as error:
        raise Failed(f"{error}{_hint(folder)}") from error


def _hint(folder: Path) -> str:
    """The model that was probably meant."""
    if (folder / "model" / "metadata.json").is_file():
        return f" Did you mean {str(folder / 'model')!r}?"
    found = {path.parent for path in (*RESULTS.glob("*/model/metadata.json"), *folder.parent.glob("*/metadata.json"))}
    return nearest(str(folder), map(str, found - {folder}))


def _paths(images: Sequence[str]) -> Iterator[Path]:
    """The files to read: those named, and those in the folders named. Raises Failed where nothing has such a name."""
    from collector.datasets.own.folder import list_files
    from collector.datasets.own.listing import OwnImagesError, describe, shown

    for where in map(Path, images):
        if where.is_dir():
            try:
                files, skipped = list_files(where)
            except OwnImagesError as error:
                raise Failed(str(error)) from error
            for line in describe(skipped):
                print(line, file=sys.stderr)
            yield from files
        elif where.exists() or len(images) > 1:
            yield where
        else:
            siblings = [path.name for path in where.parent.iterdir()] if where.parent.is_dir() else []
            raise Failed(f"There is no folder or file '{shown(where)}'.{nearest(where.name, siblings)}")


def _classifier(folder: Path, metadata: "Metadata") -> "Classifier":
    from collector.execution.worker import without_stderr
    from collector.trained.model_folder import damaged

    with without_stderr():  # TensorFlow's libraries report missing GPUs
        import numpy as np
        import tensorflow as tf

        from collector.trained.predicting import load_classifier

        tf.get_logger().setLevel("ERROR")
        try:
            classify = load_classifier(folder)
            width = classify(np.zeros((1, 8, 8, 3), np.float32)).shape[1]
        except (OSError, ValueError, AttributeError, TypeError, tf.errors.OpError) as error:
            raise Failed(str(damaged(folder, (str(error).strip() or type(error).__name__).splitlines()[0]))) from error
    if width != len(metadata.classes):
        raise Failed(str(damaged(folder, f"it gives {width} probabilities for {len(metadata.classes)} classes")))
    return classify


def _rows(classify: "Classifier", classes: Sequence[str], paths: Sequence[Path], top: int) -> Iterator[Row]:
    """A row for each file that can be read; the others are named on stderr."""
    from collector.datasets.own.listing import shown
    from collector.datasets.own.picture import Unreadable, without_warnings
    from collector.trained.predicting import probabilities

    for path in paths:
        try:
            with without_warnings():
                found = probabilities(classify, path)
        except Unreadable as error:
            print(f"{shown(path)}: skipped, {error}", file=sys.stderr)
            continue
        best = (-found).argsort(kind="stable")[:top]
        values = [value for number in best for value in (classes[number], round(float(found[number]), 6))]
        yield dict(zip(_columns(top), [shown(path), *values], strict=True))


def _columns(top: int) -> list[str]:
    more = [f"{name}_{place}" for place in range(2, top + 1) for name in ("label", "probability")]
    return ["path", "label", "probability", *more]


def _print_csv(rows: Iterator[Row], top: int) -> int:
    """Print each row as soon as it is known. Returns how many there are."""
    writer = csv.DictWriter(sys.stdout, _columns(top), lineterminator="\n")
    count = 0
    for count, row in enumerate(rows, 1):
        if count == 1:
            writer.writeheader()
        writer.writerow(row)
    return count


def _print_json(rows: Iterator[Row], top: int) -> int:
    """Print an array of objects. Returns how many there are."""
    found = list(rows)
    if found:
        print(json.dumps(found, indent=1, ensure_ascii=False))
    return len(found)
