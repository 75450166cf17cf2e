"""Makes a study of one's own images: the networks and the protocol of another study, and one dataset."""

from collections.abc import Sequence
from dataclasses import replace

from collector.spec.dataset import Dataset
from collector.spec.model import Model
from collector.spec.study import Study


def own_study(base: Study, dataset: Dataset, models: Sequence[Model], train: int, validation: int) -> Study:
    """Return a study, named after its dataset, that differs from the base in as many images as there are, and in its models.

    train, validation: images of the splits; a protocol takes no more of them than the base's.
    """
    protocol = replace(
        base.protocol,
        study=dataset.dataset,
        train_examples=min(train, base.protocol.train_examples),
        validation_examples=min(validation, base.protocol.validation_examples),
        learned=None,
    )
    return Study(protocol, tuple(models), (dataset,))
