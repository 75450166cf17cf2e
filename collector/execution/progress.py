"""Shows the progress of a collection on stderr: a bar on a terminal, otherwise (as in a log file) one plain line a minute."""

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TextIO

from tqdm import tqdm

from collector.execution.scheduler import Events, Failure, Limits, WorkerFunctions, WorkerPool, run
from collector.planning.work_item import Order, WorkItem
from collector.spec.study import Study
from collector.storage.folder import Folder

LINE_SECONDS = 60.0  # between two lines of a log
ESTIMATE_SHARE = 0.02  # of all images; before that, the time left is unknown: networks are compiled first


def run_with_progress(
    study: Study,
    folder: Folder,
    items: Sequence[WorkItem],
    order: Order,
    pool: WorkerPool,
    functions: WorkerFunctions,
    limits: Limits,
) -> list[Failure]:
    """Run the work items and show the progress on stderr. Returns those that failed; raises as `run` does."""
    show, close = bar(items, sys.stderr) if sys.stderr.isatty() else lines(items, sys.stderr)
    progress = Progress(items, show)
    try:
        return run(
            study, folder, items, order, pool, functions, Events(progress.on_start, progress.on_end, progress.on_message), limits
        )
    finally:
        close()


@dataclass
class Progress:
    """How much of a collection is done. show: called with this object at each change."""

    items: Sequence[WorkItem]
    show: Callable[["Progress"], None]
    clock: Callable[[], float] = time.monotonic
    running: list[WorkItem] = field(default_factory=list)
    done: int = 0  # work items
    images: int = 0  # of those work items, as WorkItem.images counts
    message: str = ""
    began: float | None = None  # when the first item started, once TensorFlow was loaded
    total: int = field(init=False)

    def __post_init__(self) -> None:
        self.total = sum(item.images for item in self.items)

    def on_start(self, item: WorkItem) -> None:
        if self.began is None:
            self.began = self.clock()
        self.running.append(item)
        self._change()

    def on_end(self, item: WorkItem, final: bool) -> None:
        self.running.remove(item)
        if final:
            self.done += 1
            self.images += item.images
        self._change()

    def on_message(self, message: str) -> None:
        self.message = message
        self.show(self)

    def _change(self) -> None:
        self.message = "; ".join(map(_description, self.running))
        self.show(self)

    def __str__(self) -> str:
        return f"{self.done}/{len(self.items)} cells"

    @property
    def time_left(self) -> str:
        """How long the rest takes at the mean rate so far, such as "1:02:03 left"; empty while too little is done to estimate it."""
        if self.began is None or not ESTIMATE_SHARE * self.total <= self.images < self.total:
            return ""
        left = (self.clock() - self.began) * (self.total - self.images) / self.images
        return f"{tqdm.format_interval(left)} left"


View = tuple[Callable[[Progress], None], Callable[[], None]]


def bar(items: Sequence[WorkItem], file: TextIO) -> View:
    """Make a bar that is redrawn in place; returns the function that shows progress and the one that closes the bar."""
    layout = "{desc} |{bar:20}| {elapsed} elapsed{postfix}"
    drawn = tqdm(
        total=sum(item.images for item in items),
        desc=f"0/{len(items)} cells",
        bar_format=layout,
        file=file,
        dynamic_ncols=True,
    )

    def show(progress: Progress) -> None:
        drawn.n = progress.images
        drawn.set_description_str(str(progress), refresh=False)
        drawn.set_postfix_str(", ".join(filter(None, (progress.time_left, progress.message))))

    return show, drawn.close


def lines(items: Sequence[WorkItem], file: TextIO, clock: Callable[[], float] = time.monotonic) -> View:
    """Print a line at once, then at most one a minute, and one when everything is done; returns two functions as `bar` does."""
    start = clock()
    printed = -LINE_SECONDS

    def show(progress: Progress) -> None:
        nonlocal printed
        now = clock() - start
        idle = not progress.message  # a single worker is between two items
        if (idle or now - printed < LINE_SECONDS) and progress.done < len(items):
            return
        printed = now
        fields = (str(progress), f"{tqdm.format_interval(now)} elapsed", progress.time_left, progress.message)
        print(", ".join(filter(None, fields)), file=file, flush=True)

    return show, lambda: None


def _description(item: WorkItem) -> str:
    repeat = f" {item.runs[0][1]}" if item.procedure == "finetune" else ""
    return f"{item.procedure}{repeat} {item.model.model} on {item.dataset.dataset}"
