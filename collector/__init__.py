"""Collects a study: fine-tunes networks and evaluates proxies with TensorFlow, and stores the results as Parquet.

Each room has one job and imports only rooms below it:

    execution     runs work items on workers: processes of this machine, or actors of a ray cluster
    planning      finds what a study still lacks, puts it in order and estimates what it costs
    studies       registers the studies
    proxies       scores arrays: representations, labels, what a network's own head says
    procedures    measures a network on a dataset: fine-tuning, linear probe, the network's own head
    networks      turns a network's handle into a differentiable function
    datasets      turns a dataset's name into arrays
    graph         turns SavedModels into pure functions
    artifacts     takes files out of published packages, and keeps representations
    storage       keeps a study's files
    spec          defines Model, Dataset, Protocol and Study

To follow one result from request to file, start at `execution.runner.measure`, which is given a work item: it loads a network and images,
calls a procedure and stores the rows. `execution.scheduler.run` assigns the work items that `planning.work_item.missing` found.
Planning, studies, storage and spec load no TensorFlow, so that listing what a study lacks takes a moment.
"""

import os

# oneDNN, which TensorFlow uses on a CPU, writes out of bounds in the backward pass of a 1 x 1 convolution with a stride and few channels:
# depending on the processor, gradients are wrong or the process crashes (uxlfoundation/oneDNN, issue 6035). TensorFlow reads this when
# it is loaded.
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
