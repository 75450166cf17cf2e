"""Prepares the files of downstream datasets with tensorflow-datasets, once, and checks beforehand that it can be done.

The project's own builders are in `builders`. Any other builder that tensorflow-datasets knows works too, provided that it can be
prepared on this machine.
"""

import contextlib
import io
import os
import re
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import tensorflow_datasets as tfds

from collector.artifacts import cache_errors
from collector.artifacts.cache import cache_dir
from collector.artifacts.disk_space import shortage

# Importing a module registers its builder with tensorflow-datasets.
from collector.datasets.builders import (  # noqa: F401
    clipart,
    emoji,
    fashion,
    kanji,
    mnist,
    optical_digits,
    rendered_object,
    rendered_room,
    solar_cell,
    sprite,
)
from collector.spec.dataset import Dataset, DatasetError
from study_format.suggestions import nearest

# A download is kept, unpacked beside it, and written once more as examples.
COPIES = 3
INSTALLED_AS = {"cv2": "opencv-python-headless"}


def prepare(dataset: Dataset) -> Any:
    """Write a dataset's files unless they exist, and return its builder.

    They go into $TFDS_DATA_DIR (tensorflow-datasets' own setting), or datasets/ in the cache. A folder appears once it is complete.
    Raises DatasetError.
    """
    builder = find_builder(dataset)
    if builder.info.splits:  # known only if its files existed when the builder was created
        return builder
    _check([(dataset, builder)])
    # Silence it: the caller shows one progress bar for everything, and it prints to stdout, which is for rows.
    tfds.disable_progress_bar()
    download = tfds.download.DownloadConfig(try_download_gcs=False)
    failure: Exception | None = None
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            builder.download_and_prepare(download_config=download)
    except Exception as error:  # builders raise all kinds, from missing networks to files to download by hand
        failure = error
    # Another process may have prepared the same files meanwhile: then the rename failed, and its files are used.
    builder = find_builder(dataset)
    if not builder.info.splits:
        reason = cache_errors.translated(failure) or f"{type(failure).__name__}: {str(failure).strip()}"
        raise DatasetError(f"{dataset.dataset}: '{dataset.builder}' could not be prepared. {reason}") from failure
    return builder


def check(datasets: Sequence[Dataset]) -> None:
    """Check, before anything is downloaded, that these datasets can be prepared.

    Raises DatasetError that lists all problems: unknown builders and versions, missing packages and files, and too little disk space for
    all of them together.
    """
    problems: list[str] = []
    unprepared = []
    for dataset in datasets:
        try:
            builder = find_builder(dataset)
        except DatasetError as error:
            problems.append(str(error))
        else:
            if not builder.info.splits:
                unprepared.append((dataset, builder))
    _check(unprepared, problems)


def _check(unprepared: Sequence[tuple[Dataset, Any]], problems: Sequence[str] = ()) -> None:
    """Raise DatasetError for these problems and for whatever else keeps the datasets from being prepared by their builders."""
    problems = list(problems)
    downloads: dict[str, int] = {}
    for dataset, builder in unprepared:
        problems += _missing(dataset, builder)
        downloads[dataset.builder] = sum(info.size for info in (builder.url_infos or {}).values())
    short = shortage(datasets_dir(), COPIES * sum(downloads.values()), f"preparing {', '.join(downloads)}", "TFDS_DATA_DIR")
    if short:
        problems.append(short)
    if problems:
        raise DatasetError("\n".join(problems))


def _missing(dataset: Dataset, builder: Any) -> list[str]:
    """Messages about what has to be installed, or downloaded by hand, before a dataset can be prepared."""
    problems = []
    packages = [INSTALLED_AS.get(name, name) for name in dataset.packages if find_spec(name) is None]
    if packages:
        problems.append(
            f"{dataset.dataset}: preparing '{dataset.builder}' needs {' and '.join(packages)}: "
            "pip install 'needle-transfer[paper]' installs what the paper's datasets need."
        )
    folder = datasets_dir() / "downloads" / "manual"
    absent = [name for name in dataset.manual if not (folder / name).exists()]
    if absent:
        instructions = " ".join((builder.MANUAL_DOWNLOAD_INSTRUCTIONS or "").split())
        problems.append(
            f"{dataset.dataset}: its files cannot be downloaded by a program. {instructions}\n"
            f"Its builder looks for {', '.join(dataset.manual)} in {folder}; missing there: {', '.join(absent)}."
        )
    return problems


def datasets_dir() -> Path:
    """Return the folder of prepared datasets: $TFDS_DATA_DIR, or datasets/ in the cache. It need not exist."""
    own = os.environ.get("TFDS_DATA_DIR")
    return Path(own).absolute() if own else cache_dir() / "datasets"


def find_builder(dataset: Dataset) -> Any:
    """Find a dataset's builder, or the reader of its files where they were prepared by a version that no longer exists in code.

    Raises DatasetError.
    """
    name = re.split("[/:]", dataset.builder)[0]
    try:
        return tfds.builder(dataset.builder, data_dir=datasets_dir(), try_gcs=False)
    except tfds.core.DatasetNotFoundError as error:
        hint = nearest(name, tfds.list_builders(with_community_datasets=False))
        raise DatasetError(
            f"{dataset.dataset}: unknown builder '{name}' in '{dataset.builder}'.{hint} tensorflow-datasets must have it in code or "
            f"prepared in {datasets_dir()}."
        ) from error
    except (ValueError, AssertionError) as error:  # ValueError: no such configuration; AssertionError: no such version
        # tensorflow-datasets puts a phrase before the reason and similar names after it.
        reason = re.sub('^Failed to construct dataset .*?}": |Here are .*$', "", str(error).strip().splitlines()[0]).strip()
        configurations = ", ".join(tfds.builder_cls(name).builder_configs) or "none"
        raise DatasetError(
            f"{dataset.dataset}: '{dataset.builder}' is not available. {reason} Its configurations: {configurations}.\n"
            "Set the row's builder to NAME/CONFIG:VERSION, as in 'sprite/location:1.*.*'. A version that no longer exists in code is "
            f"still read where it was prepared, in {datasets_dir()}."
        ) from error
