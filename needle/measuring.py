"""Measures what is missing of a study of one's own images."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from needle.common import Failed, translate_collector_errors

if TYPE_CHECKING:
    from collector.planning.work_item import WorkItem
    from collector.spec.study import Study


def measure(
    study: "Study", out: Path, wanted: "Callable[[WorkItem], bool]", workers: int | None, seconds: float, problem: str
) -> None:
    """Measure what is missing of the wanted work items. Raises Failed where one fails.

    seconds: the most for one item. problem: what failures mean, as the beginning of a message.
    """
    from collector.execution.local_pool import local_pool
    from collector.execution.progress import run_with_progress
    from collector.execution.scheduler import Limits
    from collector.execution.worker import ONE_BY_ONE
    from collector.planning.cost import ordered
    from collector.planning.work_item import missing
    from collector.storage.folder import folder

    where = folder(str(out))
    with translate_collector_errors():
        _check_same_images(study, out)
        items = [item for item in missing(study, where) if wanted(item)]
        if not items and where.has("dataset.parquet"):
            return
        with local_pool(workers) as pool:
            failures = run_with_progress(
                study, where, ordered(study, items, "cheapest"), "cheapest", pool, ONE_BY_ONE, Limits(seconds=seconds)
            )
    if failures:
        reasons = "\n".join(f"{one.item.procedure} of {one.item.model.model}: {one.reason}" for one in failures[:5])
        raise Failed(
            f"{problem}: {len(failures)} of {len(items)} measurements are missing. The same command tries them again.\n{reasons}"
        )


def _check_same_images(study: "Study", out: Path) -> None:
    """Raise Failed where the folder holds what was measured on other images of the same name."""
    import pyarrow.parquet as pq

    path = out / "dataset.parquet"
    (ours,) = study.datasets
    if path.is_file() and [row["version"] for row in pq.read_table(path, columns=["version"]).to_pylist()] != [ours.version]:
        raise Failed(f"{out} is of other images. Give these another name with --name, or move {out} away.")
