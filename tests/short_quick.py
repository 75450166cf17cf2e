"""python short_quick.py VERB …: the command `needle`, whose study `quick` has one cheap network, one dataset and short fine-tunes."""

import sys
from dataclasses import replace

import collector.study as study
from needle import main

STUDY = replace(
    study.QUICK,
    protocol=replace(study.QUICK.protocol, steps=36, warmup_steps=4, repeats=3, linear_repeats=3),
    models=tuple(model for model in study.ZOO if model.model == "mini-xception"),
    datasets=tuple(dataset for dataset in study.DATASETS if dataset.dataset == "mnist-digits"),
)

if __name__ == "__main__":
    study.STUDIES["quick"] = STUDY
    sys.exit(main(sys.argv[1:]))
