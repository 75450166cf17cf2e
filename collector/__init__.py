"""Collects a study: runs fine-tunes and proxies with TensorFlow and stores their rows as Parquet.

One room for each job, importing only downwards: execution, planning, studies, procedures, networks, datasets, graph and artifacts,
storage, spec. Planning, studies, storage and spec load no TensorFlow, so that what is missing from a study can be listed in a moment.
"""

import os

# oneDNN, which TensorFlow uses on a CPU, writes out of bounds in the backward pass of a 1 x 1 convolution with a stride and few channels:
# depending on the processor, gradients are wrong or the process crashes (uxlfoundation/oneDNN, issue 6035). TensorFlow reads this when
# it is loaded.
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
