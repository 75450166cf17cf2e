"""Decodes one file into RGB of at most SIDE × SIDE pixels, whatever it is: gray, palette, 16-bit, CMYK, transparent, turned or animated."""

import hashlib
import io
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

SIDE = 512
PIXELS = 50_000_000  # of a file, before it is reduced: decoding it takes 150 to 400 MB
THUMBNAIL = 16
# Pictures of pixels only: Pillow would hand a PostScript file to an interpreter. A build of Pillow may lack some.
Image.init()
FORMATS = Image.OPEN.keys() & {"JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "AVIF", "PPM", "JPEG2000", "TGA", "PCX", "ICO"}
LOSSY = ("JPEG", "MPO")
KINDS = {"1": "gray", "L": "gray", "LA": "gray", "La": "gray", "P": "palette", "PA": "palette"}


class Unreadable(Exception):
    """A file is not used. The message is a phrase that other files may share."""


@dataclass(frozen=True)
class Picture:
    """What is kept of an image while all are compared.

    digest: of its reduced RGB pixels. thumbnail: gray uint8 [THUMBNAIL, THUMBNAIL]. size: bytes of its reduced pixels. kinds: what it was
    before it was RGB.
    """

    digest: bytes
    thumbnail: NDArray[np.uint8]
    size: int
    kinds: tuple[str, ...]


@contextmanager
def without_warnings() -> Iterator[None]:
    """Silence Pillow, which warns of what it repairs. The filter is the whole process's, so threads do not set it themselves."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def read(path: Path) -> Picture:
    """Decode a file. Raises Unreadable."""
    image, _, kinds = _decode(path)
    gray = image.convert("L").resize((THUMBNAIL, THUMBNAIL), Image.Resampling.BILINEAR)
    return Picture(_digest(image), np.asarray(gray), image.width * image.height * 3, kinds)


def encode(path: Path) -> tuple[bytes, bytes]:
    """Decode a file again; return the digest, and the image as a PNG file, or as JPEG where it was one. Raises Unreadable."""
    image, lossy, _ = _decode(path)
    file = io.BytesIO()
    if lossy:
        image.save(file, "JPEG", quality=95, subsampling=0)
    else:
        image.save(file, "PNG", compress_level=1)
    return _digest(image), file.getvalue()


def _digest(image: Image.Image) -> bytes:
    return hashlib.sha256(b"%d %d " % image.size + image.tobytes()).digest()


def _decode(path: Path) -> tuple[Image.Image, bool, tuple[str, ...]]:
    """The image in RGB; whether the file is JPEG; its kinds."""
    if not os.path.isfile(path):  # opening a pipe would wait for a writer
        raise Unreadable("no such file")
    try:
        with open(path, "rb") as file, Image.open(file, formats=list(FORMATS)) as image:
            if image.width * image.height > PIXELS:
                raise Unreadable(f"more than {PIXELS:,} pixels")
            lossy = image.format in LOSSY
            animated = not lossy and getattr(image, "is_animated", False)  # a camera's MPO holds a preview, too
            image.draft(None, (2 * SIDE, 2 * SIDE))  # JPEG decodes at half, a quarter or an eighth of the size
            rgb, kinds = _to_rgb(ImageOps.exif_transpose(image))
            rgb.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
            return rgb, lossy, (*kinds, *(["animated"] if animated else []))
    except Unreadable:
        raise
    except Image.DecompressionBombError as error:
        raise Unreadable(f"more than {PIXELS:,} pixels") from error
    except UnidentifiedImageError as error:
        raise Unreadable("not images") from error
    except Exception as error:  # of a damaged file, Pillow's decoders raise anything from IndexError to struct.error
        vanished = isinstance(error, FileNotFoundError)
        reason = error.strerror if isinstance(error, OSError) and error.errno else None
        raise Unreadable("no such file" if vanished else reason or "damaged") from error


def _to_rgb(image: Image.Image) -> tuple[Image.Image, list[str]]:
    if image.mode == "F":
        raise Unreadable("floating-point pixels, whose range is unknown")
    if image.mode.startswith("I"):
        return _from_16_bits(image), ["16-bit"]
    kinds = [] if image.mode in ("RGB", "RGBA", "RGBa", "RGBX") else [KINDS.get(image.mode, image.mode)]
    if image.has_transparency_data:
        colors = image.convert("RGBA")
        if colors.getchannel("A").getextrema()[0] != 255:  # many files have the channel and do not use it
            kinds.append("transparent")
        image = Image.new("RGBA", image.size, "white")
        image.alpha_composite(colors)
    return image.convert("RGB"), kinds


def _from_16_bits(image: Image.Image) -> Image.Image:
    levels = np.asarray(image).astype(np.int64)  # mode I has 32 bits, of which 16 are in use in practice
    if levels.min() < 0 or levels.max() > 65535:
        raise Unreadable("levels outside 0 to 65,535")
    return Image.fromarray(((levels * 255 + 32767) // 65535).astype(np.uint8)).convert("RGB")
