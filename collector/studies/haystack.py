"""Defines this project's own studies, of networks and datasets from ordinary packages, for two cores or for one GPU."""

from dataclasses import replace

from collector.datasets.registry import DATASETS
from collector.networks.zoo.registry import ZOO
from collector.proxies.registry import LEARNED, PROXIES, head_proxies
from collector.spec.study import Study
from collector.studies.paper import PAPER

PROXIES_OF_HAYSTACK = ("knn", "linear", *(name for name in PROXIES if name != "knn"))

# Two cores collect it in half a day: nearly every network of the zoo on every dataset built here, at 64 pixels, five passes over the
# 800 images. Networks with batch normalisation need the higher learning rate; those whose batch normalisation was folded into their
# convolutions diverge at it and need the lower one.
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
        proxies=PROXIES_OF_HAYSTACK,
        head_proxies=head_proxies(PROXIES_OF_HAYSTACK),
        probes=("efficientnet-lite0",),
        learned=LEARNED,
    ),
    # gear takes no images of 64 pixels, and ppocr-recognition needs as long as half of the others together.
    models=tuple(model for model in ZOO if model.model not in ("gear", "ppocr-recognition")),
    datasets=DATASETS,
)

# For one GPU: every network of the zoo on every dataset built here, under the paper's protocol but smaller: twenty passes over the 800
# images at 128 pixels, where the paper makes 1,600 at 224.
HAYSTACK_128 = Study(
    protocol=replace(
        PAPER.protocol, study="haystack-128", image_size=128, antialias=True, steps=250, batch_size=64, warmup_steps=20
    ),
    models=ZOO,
    datasets=DATASETS,
)
