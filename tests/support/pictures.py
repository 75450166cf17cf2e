"""Folders of labelled pictures that have nothing to do with the sources of any study: drawn from a seed, one subfolder a class."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE = 96
Draw = Callable[[np.random.Generator, int], NDArray[np.float64]]  # a class's picture [SIDE, SIDE, 3] in [0, 1]


def _grid() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    y, x = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    return x, y


def stripes(generator: np.random.Generator, label: int) -> NDArray[np.float64]:
    """Coloured gratings; the class is their orientation, in steps of 36 degrees."""
    x, y = _grid()
    angle = np.deg2rad(36 * label + generator.uniform(-10, 10))
    wave = np.sin(2 * np.pi * generator.uniform(4, 9) * (x * np.cos(angle) + y * np.sin(angle)) + generator.uniform(0, 6.3))
    colours = generator.uniform(0, 1, (2, 3))
    mixed: NDArray[np.float64] = colours[0] + (wave[..., None] + 1) / 2 * (colours[1] - colours[0])
    return mixed + generator.normal(0, 0.08, mixed.shape)


def blobs(generator: np.random.Generator, label: int) -> NDArray[np.float64]:
    """Bright spots on a dark ground; the class is how many, from two to ten."""
    x, y = _grid()
    picture = np.full((SIDE, SIDE, 3), generator.uniform(0, 0.3, 3))
    for spot in range(2 + 2 * label):
        angle = 2 * np.pi * spot / (2 + 2 * label) + generator.uniform(-0.1, 0.1)
        at = 0.5 + generator.uniform(0.25, 0.38) * np.array([np.cos(angle), np.sin(angle)])
        near = np.exp(-((x - at[0]) ** 2 + (y - at[1]) ** 2) / 0.002)
        picture += near[..., None] * generator.uniform(0.5, 1, 3)
    return picture + generator.normal(0, 0.05, picture.shape)


def textures(generator: np.random.Generator, label: int) -> NDArray[np.float64]:
    """Grey noise; the class is how fast its spectrum falls, from white to clouds."""
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(SIDE), np.fft.fftfreq(SIDE)))
    frequency[0, 0] = 1 / SIDE
    spectrum = np.fft.fft2(generator.normal(size=(SIDE, SIDE))) / frequency ** (0.5 * label)
    noise = np.fft.ifft2(spectrum).real
    scaled = (noise - noise.min()) / (noise.max() - noise.min())
    return np.repeat(scaled[..., None], 3, axis=2) * generator.uniform(0.6, 1)


KINDS: dict[str, Draw] = {"stripes": stripes, "blobs": blobs, "textures": textures}


def write_pictures(folder: Path, kind: str, per_class: int, classes: int = 5) -> Path:
    """Write PNG files into folder/class/number.png, the same for the same arguments."""
    for label in range(classes):
        (folder / f"class{label}").mkdir(parents=True)
        for number in range(per_class):
            generator = np.random.default_rng([sorted(KINDS).index(kind), label, number])
            pixels = np.clip(KINDS[kind](generator, label), 0, 1)
            Image.fromarray((255 * pixels).astype(np.uint8)).save(folder / f"class{label}" / f"{number}.png", compress_level=1)
    return folder
