"""Writes the model card of a trained model: what it is of, how well it does, and where everything comes from."""

from collections.abc import Iterator

import numpy as np

from collector.trained.counts import Confusion, accuracy, right, wilson
from collector.trained.facts import Trained

USE = """\
```python
import tensorflow as tf

model = tf.saved_model.load("DIR")  # or tensorflow_hub.load
probabilities = model(images)  # float32 [n, height, width, 3] in [0, 1], of any size -> [n, classes], in the order of labels.txt
```

In Keras: `keras.layers.TFSMLayer("DIR", call_endpoint="serving_default")`. Without code: `needle predict DIR IMAGES`.
"""


def card(trained: Trained) -> str:
    """Return the card as Markdown."""
    return "\n".join(_lines(trained)) + "\n"


def _lines(trained: Trained) -> Iterator[str]:
    model, dataset = trained.model, trained.dataset
    size = model.input_size(trained.protocol.image_size)
    yield f"# {dataset.dataset}: {model.model}, fine-tuned"
    yield ""
    yield f"It tells {len(trained.classes)} classes apart, in pictures that it reduces to {size} × {size} pixels itself."
    yield ""
    yield USE
    yield from _quality(trained)
    yield from _data(trained)
    yield from _training(trained)


def _quality(trained: Trained) -> Iterator[str]:
    answers = trained.answers
    yield "## How good it is"
    yield ""
    yield "| images | accuracy | 95 % interval (Wilson) | right |"
    yield "| --- | --- | --- | --- |"
    yield _accuracy_row("validation", answers.validation)
    if trained.dataset.tested:
        yield _accuracy_row("test", answers.test)
    yield ""
    if trained.dataset.tested:
        yield "The validation images chose the model and the learning rate, which flatters their accuracy; the test images chose nothing."
    else:
        yield (
            "There were no images left to test on. The validation images chose the model and the learning rate, so that their accuracy "
            "flatters."
        )
    stored = trained.run.validation_accuracy
    if stored != accuracy(answers.validation):
        yield ""
        yield (
            f"The stored run, which chose it, has validation accuracy {stored:.3f}: it was trained on another device or with other "
            "software, and the same training gave other weights here."
        )
    yield ""
    name = "test" if trained.dataset.tested else "validation"
    yield f"Class by class, of the {name} images ([picture](confusion.png)):"
    yield ""
    yield "| class | images | recognised | 95 % interval | most often taken for |"
    yield "| --- | --- | --- | --- | --- |"
    for number, label in enumerate(trained.classes):
        row = answers.test[number]
        total, found = int(row.sum()), int(row[number])
        if not total:
            yield f"| {_cell(label)} | 0 | | | |"
            continue
        low, high = wilson(found, total)
        wrong = np.where(np.arange(len(row)) == number, 0, row)
        other = f"{_cell(trained.classes[int(wrong.argmax())])} ({int(wrong.max())})" if wrong.any() else ""
        yield f"| {_cell(label)} | {total:,} | {found / total:.3f} | {low:.3f} to {high:.3f} | {other} |"
    yield ""


def _accuracy_row(name: str, counts: Confusion) -> str:
    total = int(counts.sum())
    low, high = wilson(right(counts), total)
    return f"| {name} | {accuracy(counts):.3f} | {low:.3f} to {high:.3f} | {right(counts):,} of {total:,} |"


def _data(trained: Trained) -> Iterator[str]:
    dataset, answers = trained.dataset, trained.answers
    yield "## Images"
    yield ""
    tested = f"{int(answers.test.sum()):,} to test" if trained.dataset.tested else "none to test"
    yield (
        f"{dataset.dataset}, version {dataset.version} ({dataset.source}): {trained.protocol.train_examples:,} images to train, "
        f"{int(answers.validation.sum()):,} to validate, {tested}."
    )
    if trained.counts:
        counted = ", ".join(f"{label} {count:,}" for label, count in zip(trained.classes, trained.counts, strict=True))
        yield f"Usable images a class: {counted}."
    yield ""
    yield from (f"- {note}" for note in trained.notes)
    if trained.notes:
        yield ""


def _training(trained: Trained) -> Iterator[str]:
    model, protocol, run = trained.model, trained.protocol, trained.run
    yield "## Training"
    yield ""
    yield (
        f"All weights, and a linear head that began at {protocol.head_initial}, by SGD with momentum {protocol.momentum:g}: "
        f"{protocol.steps} steps of {protocol.batch_size} images, without augmentation; learning rate {run.learning_rate:g} × "
        f"{protocol.batch_size} / 256, warmed up over {protocol.warmup_steps} steps, multiplied by {protocol.decay_factor:g} after "
        f"{', '.join(f'{at:.0%}'.replace('%', ' %') for at in protocol.decay_at)} of them; weight decay {protocol.weight_decay:g}."
    )
    yield ""
    yield "| | |"
    yield "| --- | --- |"
    yield f"| pretrained model | {_cell(model.model)} (`{model.handle}`) |"
    yield f"| its source | {_cell(model.source)} |"
    yield f"| licence of its weights | {_cell(model.licence)} |"
    yield f"| pretrained on | {_cell(model.upstream)} |"
    yield f"| repeat, seed | {run.repeat}, {run.seed} |"
    yield f"| trained | {run.finished_at} UTC, {_cell(run.device)} |"
    yield f"| software | {_cell(run.software)} |"


def _cell(text: str) -> str:
    """Text for a cell of a table."""
    return text.replace("|", "\\|")
