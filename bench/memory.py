"""Measures the memory of one training step of the paper's networks, at batch 512 and their own sizes: python -m bench.memory [MODEL…]

Activations are what the backward pass reads of the forward pass, summed over the traced graph. Nothing is run and no weights are
needed, so a CPU measures what a GPU of 80 GB will have to hold. Planned: with the segments that `collector.graph.rematerialization`
recomputes, including the gradients inside them. The workspace of convolutions, which the GPU's library chooses, is not counted, nor is
what a compiler's schedule adds: `bench.memory_xla` compares with XLA's own numbers.

Keras has neither Inception v1 nor v2: both are smaller than v3. The experts of JFT and VTAB's networks are ResNet-50-V2.
"""

import os
import sys
import time
import warnings
from typing import Any

# The paper's models by one of each architecture and size.
NETWORKS = {
    "inception_v3": "InceptionV3",
    "inception_resnet_v2": "InceptionResNetV2",
    "resnet_v1_50": "ResNet50",
    "resnet_v1_101": "ResNet101",
    "resnet_v1_152": "ResNet152",
    "resnet_v2_50": "ResNet50V2",
    "resnet_v2_101": "ResNet101V2",
    "resnet_v2_152": "ResNet152V2",
    "mobilenet_v1_100_224": "MobileNet",
    "mobilenet_v2_100_224": "MobileNetV2",
    "nasnet_mobile": "NASNetMobile",
    "nasnet_large": "NASNetLarge",
    "pnasnet_large": "pnasnet_large",
    "jft/Full JFT": "ResNet50V2",
    "in21k/animal": "group_norm_resnet",
    "vtab/sup-100": "ResNet50V2",
    "vtab/cond-biggan": "biggan",
    "vtab/vae": "ResNet50V2",
}


def network(name: str, size: int) -> Any:
    """An untrained network, of Keras or of `bench.network`."""
    import tf_keras

    from bench import network

    if hasattr(network, name):
        return getattr(network, name)(size)
    return getattr(tf_keras.applications, name)(weights=None, include_top=False, pooling="avg", input_shape=(size, size, 3))


def main(names: list[str]) -> None:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    warnings.simplefilter("ignore")
    import tensorflow as tf

    from collector.graph.checkpoint_planner import plan_checkpoints
    from collector.networks.hub_module import inline
    from collector.procedures.program import ACTIVATION_BYTES
    from collector.studies import PAPER, PAPER_PUBLIC

    tf.get_logger().setLevel("ERROR")
    batch = PAPER.protocol.batch_size
    models = {model.model: model for model in (*PAPER.models, *PAPER_PUBLIC.models)}
    print(f"batch {batch}, GB; at most {ACTIVATION_BYTES / 1e9:.0f} of activations where checkpoints suffice")
    print(
        f"{'model':22}{'pixels':>7}{'activations':>13}{'planned':>9}{'segments':>10}"
        f"{'weights, momenta, gradients':>29}{'together':>10}{'s':>5}"
    )
    for name in names or NETWORKS:
        start = time.perf_counter()
        size = models[name].input_size(PAPER.protocol.image_size)
        made = network(NETWORKS[name], size)
        images = tf.TensorSpec([batch, size, size, 3])
        called = tf.function(lambda images, made=made: made(images, training=True), autograph=False)
        graph = inline(called.get_concrete_function(images), made.variables)
        found = plan_checkpoints(graph, images, made.variables, ACTIVATION_BYTES)
        weights = 3 * sum(variable.shape.num_elements() * variable.dtype.size for variable in made.variables)
        print(
            f"{name:22}{size:7}{found.activation_bytes / 1e9:13.1f}{found.planned_bytes / 1e9:9.1f}{len(found.checkpoints) + 1:10}"
            f"{weights / 1e9:29.1f}{(found.planned_bytes + weights) / 1e9:10.1f}{time.perf_counter() - start:5.0f}",
            flush=True,
        )


if __name__ == "__main__":
    main(sys.argv[1:])
