"""Collects a study: runs fine-tunes and proxies with TensorFlow and writes their rows as Parquet.

`model`, `dataset`, `protocol`, `study`, `schedule` and `store` load no TensorFlow: what is missing from a study can be known in a
moment. TensorFlow is imported by what really computes (`hub_module`, `representation`, `finetune`, `linear`, `zoo`, `image`).
"""

import os

# oneDNN, which TensorFlow takes on a CPU, writes past the memory of a 1 x 1 convolution with a stride and few channels in its backward
# pass: weights get wrong gradients or the process dies, which of them depends on the processor (uxlfoundation/oneDNN, issue 6035).
# TensorFlow reads this when it is loaded.
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
