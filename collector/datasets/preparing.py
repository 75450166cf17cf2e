"""Gets a downstream dataset's files written, once: finds its tensorflow-datasets builder, and says before any long work what is in
the way.

What this project builds itself (`builders`) is prepared on first use. Any other builder that tensorflow-datasets knows works too,
as long as it can be prepared where it runs.
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

# Their classes register themselves by name.
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

# A download is kept, unpacked beside itself, and written once more as examples.
COPIES = 3
INSTALLED_AS = {"cv2": "opencv-python-headless"}


def prepared(dataset: Dataset) -> Any:
    """The builder with its files written: nothing is done where they are there.

    Under $TFDS_DATA_DIR where that is set (tensorflow-datasets' own setting), else in datasets/ of the cache. A folder appears
    only when it is complete. Raises DatasetError.
    """
    builder = find_builder(dataset)
    if builder.info.splits:  # known only where its files were there when it was made
        return builder
    _check([(dataset, builder)])
    # Neither bars nor words of its own: the caller shows one bar over everything. It prints to stdout, where rows belong.
    tfds.disable_progress_bar()
    download = tfds.download.DownloadConfig(try_download_gcs=False)
    failure: Exception | None = None
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            builder.download_and_prepare(download_config=download)
    except Exception as error:  # whatever a builder may raise, from a missing network to files it wants by hand
        failure = error
    # Another process may have prepared the same files meanwhile: the later of two renames fails, and its work is thrown away.
    builder = find_builder(dataset)
    if not builder.info.splits:
        reason = cache_errors.in_words(failure) or f"{type(failure).__name__}: {str(failure).strip()}"
        raise DatasetError(f"{dataset.dataset}: '{dataset.builder}' could not be prepared. {reason}") from failure
    return builder


def check(datasets: Sequence[Dataset]) -> None:
    """Say what keeps these datasets from being prepared, before anything is downloaded: an unknown builder or a version that is gone,
    a package or a file that is missing, too little disk for all of them together. Raises DatasetError that lists everything.
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
    short = shortage(_folder(), COPIES * sum(downloads.values()), f"preparing {', '.join(downloads)}", "TFDS_DATA_DIR")
    if short:
        problems.append(short)
    if problems:
        raise DatasetError("\n".join(problems))


def _missing(dataset: Dataset, builder: Any) -> list[str]:
    """What has to be installed or put in place by hand."""
    wrong = []
    packages = [INSTALLED_AS.get(name, name) for name in dataset.packages if find_spec(name) is None]
    if packages:
        wrong.append(
            f"{dataset.dataset}: preparing '{dataset.builder}' needs {' and '.join(packages)}: "
            "pip install 'needle-transfer[paper]' installs what the paper's datasets need."
        )
    folder = _folder() / "downloads" / "manual"
    absent = [name for name in dataset.manual if not (folder / name).exists()]
    if absent:
        words = " ".join((builder.MANUAL_DOWNLOAD_INSTRUCTIONS or "").split())
        wrong.append(
            f"{dataset.dataset}: its files cannot be downloaded by a program. {words}\n"
            f"Its builder looks for {', '.join(dataset.manual)} in {folder}; missing there: {', '.join(absent)}."
        )
    return wrong


def _folder() -> Path:
    own = os.environ.get("TFDS_DATA_DIR")
    return Path(own).absolute() if own else cache_dir() / "datasets"


def find_builder(dataset: Dataset) -> Any:
    """The builder, or the reader of its files where a version that the code no longer has was prepared earlier."""
    name = re.split("[/:]", dataset.builder)[0]
    try:
        return tfds.builder(dataset.builder, data_dir=_folder(), try_gcs=False)
    except tfds.core.DatasetNotFoundError as error:
        hint = nearest(name, tfds.list_builders(with_community_datasets=False))
        raise DatasetError(
            f"{dataset.dataset}: unknown builder '{name}' in '{dataset.builder}'.{hint} tensorflow-datasets must have it in code or "
            f"prepared in {_folder()}."
        ) from error
    except (ValueError, AssertionError) as error:  # ValueError: no such configuration; AssertionError: no such version
        # tensorflow-datasets puts words before the reason and similar names after it.
        reason = re.sub('^Failed to construct dataset .*?}": |Here are .*$', "", str(error).strip().splitlines()[0]).strip()
        configurations = ", ".join(tfds.builder_cls(name).builder_configs) or "none"
        raise DatasetError(
            f"{dataset.dataset}: '{dataset.builder}' is not to be had. {reason} Its configurations: {configurations}.\n"
            "Set the row's builder to NAME/CONFIG:VERSION, as in 'sprite/location:1.*.*'. A version that is gone from the code is "
            f"still read where it was prepared, in {_folder()}."
        ) from error
