"""Describes a study: models, datasets and one protocol, as plain data."""

from dataclasses import dataclass

from collector.spec.dataset import Dataset
from collector.spec.model import Model
from collector.spec.protocol import Protocol

EMBEDDING = "embedding"  # the procedure, and the fact, that describes a dataset by a probe's representation


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
        return (*self.protocol.proxies, *([EMBEDDING] if self.protocol.probes else []), "finetune")

    @property
    def widest(self) -> int:
        """The most classes that any of its datasets has: the width of every network's head."""
        return max(dataset.num_classes for dataset in self.datasets)
