"""Which drawings of Open Clip Art are used, with which class, and how they are drawn."""

import io

import numpy as np
import pytest
from PIL import Image

from collector.datasets.builders import clipart


def png(image):
    file = io.BytesIO()
    Image.fromarray(np.asarray(image, np.uint8)).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("animals/frog.png", "animals"),
        ("animals/mammals/dogs/dog.png", "animals"),
        ("people/ann.png", "people"),
        ("people/clothing/hats/hat.png", "clothing"),
        ("people/stickmen/run.png", None),
        ("recreation/games/cards/ace.png", None),
        ("transportation/vehicles/car.png", "transport"),
        ("transportation/roadsigns/stop.png", None),
        ("unsorted/thing.png", None),
    ],
)
def test_the_nearest_folder_says_the_subject(name, expected):
    assert clipart.subject(name) == expected


def test_a_drawing_in_two_folders_or_without_its_color_is_left_out():
    names = [
        "food/pie.png",
        "food/desserts/cake.png",
        "plants/rose.png",
        "shapes/rose.png",
        "food/flan_bw_01.png",
        "food/cup_bw.png",
    ]
    # In two folders of one subject is no doubt; the link has no content and is dropped where contents are read.
    names += ["animals/cat.png", "animals/mammals/cat.png", "food/readme.txt"]
    assert clipart.choose(names) == {
        "animals/cat.png": "animals",
        "animals/mammals/cat.png": "animals",
        "food/desserts/cake.png": "food",
        "food/pie.png": "food",
    }


def test_a_drawing_fills_the_middle_of_white():
    """A blot 2 wide and 4 high on a page of 10 × 10: without its margin 32 wide and 64 high, in the middle."""
    page = np.zeros((10, 10, 4))
    page[3:7, 1:3] = [200, 0, 0, 255]
    drawn = clipart.draw(png(page))
    assert drawn.shape == (64, 64, 3)
    assert (drawn[:, 16:48] == [200, 0, 0]).all()
    assert (drawn[:, :16] == 255).all()
    assert (drawn[:, 48:] == 255).all()


def test_a_blank_or_a_huge_drawing_is_left_out():
    assert clipart.draw(png(np.full((5, 5, 3), 255))) is None
    # The size stands in the head: nothing is unpacked to find out.
    huge = bytearray(png(np.zeros((5, 5, 3))))
    huge[16:24] = (20_000).to_bytes(4, "big") * 2
    assert clipart.draw(bytes(huge)) is None


def test_of_drawings_that_are_alike_one_is_taken():
    levels = {"food/a.png": 0, "food/b.png": 19, "plants/c.png": 100, "plants/d.png": 255}
    drawings = {name: png(np.full((4, 4), level)) for name, level in levels.items()}
    pictures = clipart.read(drawings, {name: clipart.subject(name) for name in levels})
    assert sorted(pictures.labels.tolist()) == sorted(clipart.CLASSES.index(kind) for kind in ("food", "plant"))
