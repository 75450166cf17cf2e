"""Describes a trained model: what its card and its metadata say."""

from dataclasses import dataclass

from collector.spec.dataset import Dataset
from collector.spec.model import Model
from collector.spec.protocol import Protocol
from collector.trained.counts import Confusion


@dataclass(frozen=True)
class Run:
    """The stored fine-tune whose weights these are. finished_at: UTC, in ISO format."""

    learning_rate: float
    repeat: int
    seed: int
    validation_accuracy: float
    finished_at: str
    device: str
    software: str


@dataclass(frozen=True)
class Prediction:
    """What a SavedModel took one image for. label, predicted: classes, from 0. picture: the image, small, as JPEG; None: not kept."""

    label: int
    predicted: int
    probability: float
    picture: bytes | None


@dataclass(frozen=True)
class Answers:
    """What a SavedModel answered to the images of two splits, which may be the same images, and to each test image."""

    validation: Confusion
    test: Confusion
    predictions: tuple[Prediction, ...]


@dataclass(frozen=True)
class Trained:
    """A trained model.

    classes: names, in the order of the labels. counts: usable images of each class; empty where unknown. notes: about the images, one line
    each.
    """

    model: Model
    dataset: Dataset
    protocol: Protocol
    classes: tuple[str, ...]
    counts: tuple[int, ...]
    notes: tuple[str, ...]
    run: Run
    answers: Answers
