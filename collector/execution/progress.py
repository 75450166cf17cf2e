"""One progress bar over all works of a collection, on stderr: cells done, what runs now, time left."""

import sys
from collections.abc import Sequence

from tqdm import tqdm

from collector.execution.scheduler import Crew, Doing, Events, Failure, Limits, run
from collector.planning.work import Order, Work
from collector.spec.study import Study
from collector.storage.folder import Folder


def run_with_bar(
    study: Study, folder: Folder, works: Sequence[Work], order: Order, crew: Crew, doing: Doing, limits: Limits
) -> list[Failure]:
    """Do the works and return those that failed. Raises as `run` does."""
    layout = "{desc} |{bar:20}| {elapsed} gone, {remaining} left{postfix}"
    with tqdm(total=sum(work.images for work in works), bar_format=layout, file=sys.stderr, dynamic_ncols=True) as bar:
        running: list[Work] = []
        done = 0

        def show(words: str) -> None:
            bar.set_description_str(f"{done}/{len(works)} cells", refresh=False)
            bar.set_postfix_str(words)

        def on_start(work: Work) -> None:
            running.append(work)
            show("; ".join(map(_words, running)))

        def on_end(work: Work, for_good: bool) -> None:
            nonlocal done
            running.remove(work)
            if for_good:
                done += 1
                bar.update(work.images)
            show("; ".join(map(_words, running)))

        return run(study, folder, works, order, crew, doing, Events(on_start, on_end, show), limits)


def _words(work: Work) -> str:
    repeat = f" {work.runs[0][1]}" if work.procedure == "finetune" else ""
    return f"{work.procedure}{repeat} {work.model.model} on {work.dataset.dataset}"
