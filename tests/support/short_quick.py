"""python short_quick.py VERB …: the command `needle`, whose study `quick` has one cheap network, one dataset and short fine-tunes."""

import sys
from dataclasses import replace

from collector import studies
from collector.datasets.registry import DATASETS
from collector.networks.zoo.registry import ZOO
from needle import main

STUDY = replace(
    studies.QUICK,
    protocol=replace(studies.QUICK.protocol, steps=36, warmup_steps=4, repeats=3, linear_repeats=3),
    models=tuple(model for model in ZOO if model.model == "mini-xception"),
    datasets=tuple(dataset for dataset in DATASETS if dataset.dataset == "mnist-digits"),
)

if __name__ == "__main__":
    studies.STUDIES["quick"] = STUDY
    sys.exit(main(sys.argv[1:]))
