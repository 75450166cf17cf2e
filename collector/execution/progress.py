"""One progress bar over all works of a collection, on stderr: cells done, what runs now, time left."""

import sys
from collections.abc import Sequence

from tqdm import tqdm

from collector.execution.scheduler import Events, Failure, Limits, WorkerFunctions, WorkerPool, run
from collector.planning.work_item import Order, WorkItem
from collector.spec.study import Study
from collector.storage.folder import Folder


def run_with_bar(
    study: Study,
    folder: Folder,
    items: Sequence[WorkItem],
    order: Order,
    pool: WorkerPool,
    functions: WorkerFunctions,
    limits: Limits,
) -> list[Failure]:
    """Do the works and return those that failed. Raises as `run` does."""
    layout = "{desc} |{bar:20}| {elapsed} gone, {remaining} left{postfix}"
    with tqdm(total=sum(item.images for item in items), bar_format=layout, file=sys.stderr, dynamic_ncols=True) as bar:
        running: list[WorkItem] = []
        done = 0

        def show(words: str) -> None:
            bar.set_description_str(f"{done}/{len(items)} cells", refresh=False)
            bar.set_postfix_str(words)

        def on_start(item: WorkItem) -> None:
            running.append(item)
            show("; ".join(map(_words, running)))

        def on_end(item: WorkItem, for_good: bool) -> None:
            nonlocal done
            running.remove(item)
            if for_good:
                done += 1
                bar.update(item.images)
            show("; ".join(map(_words, running)))

        return run(study, folder, items, order, pool, functions, Events(on_start, on_end, show), limits)


def _words(item: WorkItem) -> str:
    repeat = f" {item.runs[0][1]}" if item.procedure == "finetune" else ""
    return f"{item.procedure}{repeat} {item.model.model} on {item.dataset.dataset}"
