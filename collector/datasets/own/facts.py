"""Says what a user should know of images that were read. Loads no TensorFlow, so that the command can hold it while others compute."""

from dataclasses import dataclass

from collector.spec.dataset import Dataset


@dataclass(frozen=True)
class OwnImages:
    """A dataset that `loading` loads, and what the user should know of it.

    classes: names, in the order of the labels. counts: usable images a class, before they are divided; empty for a published dataset, whose
    images are not read. train, validation, test: images of the splits; without test images, the test split is the validation split.
    notes: one line each.
    """

    dataset: Dataset
    classes: tuple[str, ...]
    counts: tuple[int, ...]
    train: int
    validation: int
    test: int
    notes: tuple[str, ...]

    @property
    def used(self) -> int:
        """The number of images in all splits."""
        return self.train + self.validation + (self.test if self.dataset.tested else 0)
