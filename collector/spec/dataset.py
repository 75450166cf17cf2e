"""Describes a downstream dataset: a labelled image task, as plain data."""

from dataclasses import dataclass


class DatasetError(Exception):
    """A dataset is not available, or is not what its row says. The message says what to do."""


@dataclass(frozen=True)
class Dataset:
    """A labelled image task, read through tensorflow-datasets.

    dataset: key, unique in a study. vtab_group: natural | specialized | structured, None for a user's own images.
    builder: tensorflow-datasets name with its version.
    train, validation, test: split expressions, whose percentages are whole-number divisions of the split's size
    (`train[90%:]` of 3,059 begins at 2,753); a protocol takes the first examples of each.
    label: feature of the builder that holds the class, or the name of a function of `collector.datasets.vtab_labels` that computes it.
    levels: the factor for the builder's pixels (dSprites stores 0 and 1).
    num_test: the whole test split's size, where it is known without the dataset. manual: files that must be put by hand
    where the builder looks for them. packages: those that preparing it imports beyond the extra `collect`.
    """

    dataset: str
    vtab_group: str | None
    num_classes: int
    source: str
    version: str
    licence: str
    builder: str
    train: str = "train"
    validation: str = "validation"
    test: str = "test"
    label: str = "label"
    levels: int = 1
    num_test: int | None = None
    manual: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()

    @property
    def tested(self) -> bool:
        """Whether the test images are others than those of validation."""
        return self.test != self.validation
