"""Every kind of picture becomes RGB; whatever cannot be used is named."""

import os
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from own_pictures import SIDE, noise
from PIL import Image

from collector.datasets.own import picture
from collector.datasets.own.folder import list_folder
from collector.datasets.own.images import NO_TEST, own_images
from collector.datasets.own.reading import read_all


def test_what_cannot_be_read_is_named(root: Path, tmp_path: Path) -> None:
    clean = own_images(str(root))
    dark = root / "dark"
    (dark / "empty.png").touch()
    (dark / "words.jpg").write_text("no picture")
    whole = (dark / "0001.png").read_bytes()
    (dark / "half.png").write_bytes(whole[: len(whole) // 2])
    # A header that says more pixels than there are: decoded, it would be damaged.
    for side, name in ((60000, "bomb.png"), (9000, "large.png")):
        header = whole[12:16] + side.to_bytes(4, "big") * 2 + whole[24:29]
        (dark / name).write_bytes(whole[:12] + header + zlib.crc32(header).to_bytes(4, "big") + whole[33:])
    Image.fromarray(np.ones((8, 8), np.float32)).save(dark / "float.tiff")
    Image.fromarray(np.full((8, 8), 70000, np.int32)).save(dark / "deep.tiff")
    (dark / "postscript.png").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n")
    for name in (".hidden.png", "Thumbs.db"):
        (dark / name).write_bytes(whole)
    for number in range(7):
        (dark / f"notes{number}.txt").touch()
    (root / "loose.png").write_bytes(whole)
    os.mkfifo(dark / "pipe")
    Image.fromarray(noise("dark", 99)).save(tmp_path / "outside.png")
    (dark / "outside.png").symlink_to(tmp_path / "outside.png")
    (dark / "circle.png").symlink_to(dark / "circle.png")
    (dark / "again").symlink_to(dark)
    (dark / "inside.png").symlink_to(root / "dark/0001.png")
    found = own_images(str(root))
    assert replace(found, notes=()) == replace(clean, notes=())
    assert set(found.notes) == {
        NO_TEST,
        "3 files skipped, not images: dark/empty.png, dark/postscript.png, dark/words.jpg.",
        "1 file skipped, levels outside 0 to 65,535: dark/deep.tiff.",
        "1 file skipped, damaged: dark/half.png.",
        "2 files skipped, more than 50,000,000 pixels: dark/bomb.png, dark/large.png.",
        "1 file skipped, floating-point pixels, whose range is unknown: dark/float.tiff.",
        "2 files skipped, hidden or the system's: dark/.hidden.png, dark/Thumbs.db.",
        "7 files skipped, not images by their names: dark/notes0.txt, dark/notes1.txt, dark/notes2.txt, dark/notes3.txt, "
        "dark/notes4.txt and 2 more.",
        "1 file skipped, not in the folder of a class: loose.png.",
        "2 files skipped, no such file: dark/circle.png, dark/pipe.",
        "1 file skipped, links that lead outside the folder: dark/outside.png.",
        "1 file skipped, links to folders: dark/again.",
        "1 image dropped, equal in every pixel to one that is kept: dark/inside.png.",
    }


def test_names_that_are_not_utf8(root: Path) -> None:
    odd = os.path.join(os.fsencode(root), b"caf\xe9\n")
    os.rename(root / "dark", odd)
    with open(os.path.join(odd, b"\xff.png"), "wb") as file:
        file.write(b"damaged")
    found = own_images(str(root))
    assert found.classes == ("caf\\xe9\\n", "light")
    assert found.notes[0] == "1 file skipped, not images: caf\\xe9\\n/\\xff.png."


def test_a_file_that_vanishes_is_named(root: Path) -> None:
    listing = list_folder(root)
    (root / "dark/0002.png").unlink()
    samples, notes = read_all(listing)
    assert len(samples) == 29
    assert notes == ["1 file skipped, no such file: dark/0002.png."]


def save(folder: Path, name: str, image: Image.Image, **options: object) -> NDArray[np.uint8]:
    """Save an image, read it as the project does, and return its pixels."""
    image.save(folder / name, **options)
    rgb = picture._decode(folder / name)[0]
    assert rgb.mode == "RGB"
    return np.asarray(rgb)


def test_every_kind_of_picture_becomes_rgb(root: Path) -> None:
    dark = root / "dark"
    colors = Image.fromarray(noise("dark", 50))
    levels = np.arange(256, dtype=np.uint16).reshape(16, 16)
    np.testing.assert_array_equal(save(dark, "deep.png", Image.fromarray(levels * 257))[..., 2], levels)
    np.testing.assert_array_equal(save(dark, "gray.png", Image.fromarray(levels.T.astype(np.uint8)))[..., 1], levels.T)
    palette = colors.quantize(16)
    np.testing.assert_array_equal(save(dark, "palette.png", palette), np.asarray(palette.convert("RGB")))
    save(dark, "print.tiff", Image.fromarray(noise("dark", 51)).convert("CMYK"))
    clear = np.dstack([noise("dark", 52), np.full((SIDE, SIDE), 255, np.uint8)])
    np.testing.assert_array_equal(save(dark, "opaque.png", Image.fromarray(clear)), clear[..., :3])
    clear[:16, :, 3] = 0
    on_white = save(dark, "clear.png", Image.fromarray(clear))
    assert (on_white[:16] == 255).all()
    np.testing.assert_array_equal(on_white[16:], clear[16:, :, :3])
    frames = [Image.fromarray(np.full((16, 16, 3), level, np.uint8)) for level in (0, 255)]
    assert (save(dark, "moving.webp", frames[0], save_all=True, append_images=frames[1:], lossless=True) == 0).all()
    found = own_images(str(root))
    assert found.counts == (22, 15)
    assert found.notes[:6] == (
        "1 16-bit image scaled to 8 bits.",
        "1 CMYK image converted to RGB.",
        "1 animated image reduced to the first frame.",
        "1 gray image given three equal channels.",
        "1 palette image given the colors of the palette.",
        "1 transparent image laid on white.",
    )


def test_pictures_are_turned_and_reduced(tmp_path: Path) -> None:
    pixels = np.zeros((300, 1500, 3), np.uint8)
    pixels[:, 1000:] = 255  # the right third
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees: what is right here belongs at the bottom
    for name, options in (("turned.png", {}), ("turned.jpg", {"quality": 95})):
        turned = save(tmp_path, name, Image.fromarray(pixels), exif=exif, **options)
        assert turned.shape == (512, 102, 3)
        assert turned[:330].max() < 60
        assert turned[352:].min() > 195


def test_jpeg_stays_jpeg_and_nothing_is_lost_otherwise(tmp_path: Path) -> None:
    Image.fromarray(noise("dark", 1)).save(tmp_path / "one.jpg")
    Image.fromarray(noise("dark", 1)).save(tmp_path / "one.png")
    assert picture.encode(tmp_path / "one.jpg")[1].startswith(b"\xff\xd8")
    assert picture.encode(tmp_path / "one.png")[1].startswith(b"\x89PNG")
