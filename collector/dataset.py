"""The downstream datasets: one frozen row per labelled task, as plain data."""

from dataclasses import dataclass


class DatasetError(Exception):
    """A dataset can't be had, or isn't what its row says. The message says what to do."""


@dataclass(frozen=True)
class Dataset:
    """A labelled image task, read through tensorflow-datasets.

    dataset: key, unique in a study. vtab_group: natural | specialized | structured. builder: tensorflow-datasets name with
    its major version. train, validation, test: split expressions; a protocol takes the first examples of each.
    label: feature of the builder that holds the class.
    """

    dataset: str
    vtab_group: str
    num_classes: int
    source: str
    version: str
    licence: str
    builder: str
    train: str = "train"
    validation: str = "validation"
    test: str = "test"
    label: str = "label"
