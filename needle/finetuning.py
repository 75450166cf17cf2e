"""Implements `needle recommend --finetune`: fine-tunes the recommended models and writes the best one."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from needle.common import Failed, failing_with, print_table, translate_collector_errors, translate_warehouse_errors
from needle.measuring import measure

if TYPE_CHECKING:
    from collector.datasets.own.facts import OwnImages
    from collector.spec.study import Study
    from collector.trained.facts import Trained
    from warehouse.recommend import Tuned

SECONDS = 6 * 3600.0  # at most for the fine-tunes of one model


def check_destination(folder: Path) -> None:
    """Raise Failed where a model could not be written, before anything is measured."""
    from collector.trained.model_folder import ModelFolderError, check_writable

    with failing_with(ModelFolderError):
        check_writable(folder)


def finetune(study: "Study", out: Path, images: "OwnImages", picks: Sequence[str], folder: Path, workers: int | None) -> None:
    """Fine-tune the picks, by rank, as far as that is not stored; print what that measured, and write the best model into a folder."""
    from warehouse import connect
    from warehouse.recommend import TUNED, tuned

    measure(
        study,
        out,
        lambda item: item.procedure == "finetune" and item.model.model in picks and item.runs[0][1] == 0,
        workers,
        SECONDS,
        "No model is written",
    )
    with translate_warehouse_errors(), connect(out, question=TUNED) as con:
        runs = tuned(con, images.dataset.dataset, list(picks))
    if not runs:
        raise Failed("No model is written: every fine-tune diverged. Try other models, with --strategy or a larger --budget.")
    best = runs[0]
    _write(study, out, images, best, folder)
    tested = images.dataset.tested
    print()
    print_table(
        ("model", "learning rate", "validation accuracy", "test accuracy"),
        [
            (run.model, run.learning_rate, f"{run.validation_accuracy:.3f}", f"{run.test_accuracy:.3f}" if tested else "-")
            for run in runs
        ],
    )
    print()
    print(f"{folder} holds {best.model}, trained at the learning rate {best.learning_rate:g}: its README.md says how good it is.")


def _write(study: "Study", out: Path, images: "OwnImages", best: "Tuned", folder: Path) -> None:
    """Train the best run again and write its weights, unless the folder holds them."""
    from collector.execution.exporting import export_run
    from collector.planning.work_item import everything
    from collector.storage.folder import folder as storage_folder
    from collector.trained.facts import Run, Trained
    from collector.trained.model_folder import ModelFolderError, made_of, read, write
    from study_format.layout import PREDICTIONS

    dataset = images.dataset
    facts = {name: value for name, value in vars(best).items() if name not in ("model", "test_accuracy")}
    run = Run(**facts)
    try:
        same = read(folder).made_of == made_of(best.model, dataset.dataset, dataset.version, run)
        if same and (folder / PREDICTIONS).is_file():  # earlier versions wrote none
            return
    except ModelFolderError:
        pass  # not there yet; whatever else is there is not written over
    (item,) = [
        item.only((run.learning_rate, run.repeat))
        for item in everything(study)
        if (item.procedure, item.model.model, item.runs[0][1]) == ("finetune", best.model, run.repeat)
    ]
    print(f"Training {best.model} at the learning rate {run.learning_rate:g} again, to write its weights.", file=sys.stderr)

    def save(writing: Path) -> "Trained":
        answers = export_run(study, storage_folder(str(out)), item, writing)
        return Trained(item.model, dataset, study.protocol, images.classes, images.counts, images.notes, run, answers)

    with translate_collector_errors(), failing_with(ModelFolderError):
        write(folder, save)
