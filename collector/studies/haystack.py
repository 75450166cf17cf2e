"""The studies of this project: every network and dataset that ordinary packages hold, small enough for two cores or one GPU."""

from dataclasses import replace

from collector.datasets.registry import DATASETS
from collector.networks.zoo.registry import ZOO
from collector.spec.study import Study
from collector.studies.paper import PAPER

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
