"""How much memory one training step of the paper's networks takes: batch 512 at 224 pixels. python -m bench.memory [NETWORK…]

Activations are what the backward pass reads of the forward pass, added up over the traced graph: nothing is run and no weights are
needed, so a CPU measures what a GPU of 80 GB will have to hold. Planned: with the parts that `collector.recompute` computes twice.
NASNetLarge stands for PNASNet-large too, which Keras does not have: of the same cells' kind, size and input.
"""

import os
import sys
import time
import warnings

BATCH, SIZE = 512, 224
NETWORKS = (
    "ResNet50",
    "ResNet50V2",
    "ResNet101V2",
    "ResNet152",
    "ResNet152V2",
    "InceptionV3",
    "InceptionResNetV2",
    "MobileNet",
    "MobileNetV2",
    "NASNetMobile",
    "NASNetLarge",
)


def main(names: list[str]) -> None:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    warnings.simplefilter("ignore")
    import tensorflow as tf
    import tf_keras

    from collector.hub_module import inline
    from collector.program import ACTIVATION_BYTES
    from collector.recompute import plan

    tf.get_logger().setLevel("ERROR")
    images = tf.TensorSpec([BATCH, SIZE, SIZE, 3])
    print(f"batch {BATCH}, {SIZE} px, at most {ACTIVATION_BYTES / 1e9:.0f} GB of activations")
    print(
        f"{'network':20}{'activations':>12}{'planned':>10}{'parts':>7}{'weights, momenta and gradients':>32}{'measured in':>13}"
    )
    for name in names or NETWORKS:
        start = time.perf_counter()
        network = getattr(tf_keras.applications, name)(
            weights=None, include_top=False, pooling="avg", input_shape=(SIZE, SIZE, 3)
        )
        called = tf.function(lambda images, network=network: network(images, training=True), autograph=False)
        graph = inline(called.get_concrete_function(images), network.variables)
        found = plan(graph, images, network.variables, ACTIVATION_BYTES)
        weights = 3 * sum(variable.shape.num_elements() * variable.dtype.size for variable in network.variables)
        print(
            f"{name:20}{found.activation_bytes / 1e9:9.1f} GB{found.planned_bytes / 1e9:7.1f} GB{len(found.cuts) + 1:7}"
            f"{weights / 1e9:29.1f} GB{time.perf_counter() - start:11.0f} s",
            flush=True,
        )


if __name__ == "__main__":
    main(sys.argv[1:])
