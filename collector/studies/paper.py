"""Defines the paper's study, and the same with public experts in place of those that were never published."""

from dataclasses import replace

from collector.datasets import vtab
from collector.networks import paper
from collector.spec.protocol import Protocol
from collector.spec.study import Study

# What the paper does not specify is as in VTAB: no weight decay, a head that starts at zero, no antialiasing.
PAPER = Study(
    protocol=Protocol(
        study="paper",
        image_size=224,
        antialias=False,
        train_examples=800,
        validation_examples=200,
        test_examples=None,
        steps=2500,
        batch_size=512,
        momentum=0.9,
        weight_decay=0.0,
        warmup_steps=200,
        decay_at=(1 / 3, 2 / 3, 9 / 10),
        decay_factor=0.1,
        learning_rates=(0.1, 0.01),
        repeats=5,
        linear_steps=2500,
        linear_batch_size=512,
        linear_momentum=0.9,
        linear_learning_rates=(0.1, 0.01),
        linear_repeats=5,
    ),
    models=paper.PAPER,
    datasets=vtab.VTAB,
)

# Public experts of ImageNet-21k in place of those of JFT, which were never published. The paper's pools then have other sizes: ALL 78,
# RESNET-50 69, DIM2048 76, EXPERT 48, IMNETACCURACIES 15.
PAPER_PUBLIC = Study(
    protocol=replace(PAPER.protocol, study="paper-public"),
    models=paper.PAPER_PUBLIC,
    datasets=vtab.VTAB,
)
