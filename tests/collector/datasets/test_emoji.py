"""Which emoji are drawn, without near-copies."""

import io
import json

import numpy as np
import pytest
from PIL import Image

from collector.datasets.builders import emoji


@pytest.mark.parametrize(
    ("code", "same"),
    [
        ("1F468-200D-1F692", "1F469-200D-1F692"),  # a man and a woman at the fire brigade
        ("1F3C3-200D-2640-FE0F", "1F3C3"),  # a woman running, and somebody
        ("1F468-200D-1F9B0", "1F9D1-200D-1F9B0"),
    ],
)
def test_gender_makes_no_other_emoji(code, same):
    assert emoji.group(code) == emoji.group(same)


def test_what_is_something_else_is_another_emoji():
    codes = ["1F468-200D-1F692", "1F468-200D-1F9B0", "1F692", "2640-FE0F", "2642-FE0F", "1F3C3", "1F6B6"]
    assert len({emoji.group(code) for code in codes}) == len(codes)


def test_of_emoji_that_are_alike_the_first_is_taken():
    def png(*levels):
        file = io.BytesIO()
        Image.fromarray(np.array([levels] * 2, np.uint8)).save(file, "PNG")
        return file.getvalue()

    rows = [("1F468-200D-1F692", "a", "People & Body"), ("1F469-200D-1F692", "b", "People & Body"), ("1F300", "c", "Symbols"),
            ("1F301", "d", "Flags"), ("1F3FB", "e", "Component")]  # fmt: skip
    listing = json.dumps([{"unified": code, "image": image, "category": category} for code, image, category in rows]).encode()
    drawings = {"a": png(0, 0), "b": png(255, 0), "c": png(100, 100), "d": png(100, 110), "e": png(0, 255)}
    pictures = emoji.read(listing, drawings)
    # One of the two at the fire brigade, and one of the two pictures 7 gray levels apart; no patch of skin color.
    assert len(pictures) == 2
    assert sorted(pictures.labels.tolist())[0] == emoji.CLASSES.index("People & Body")


def test_a_drawing_lies_on_white():
    file = io.BytesIO()
    Image.fromarray(np.array([[[200, 0, 0, 255], [0, 0, 0, 0]]], np.uint8)).save(file, "PNG")
    assert emoji.draw(file.getvalue()).tolist() == [[[200, 0, 0], [255, 255, 255]]]


def test_a_subcategory_that_is_too_small_is_left_out():
    file = io.BytesIO()
    Image.fromarray(np.zeros((2, 2), np.uint8)).save(file, "PNG")
    black = file.getvalue()
    file = io.BytesIO()
    Image.fromarray(np.full((2, 2), 200, np.uint8)).save(file, "PNG")
    rows = [("1F408", "a", "animal-mammal"), ("1F438", "b", "animal-amphibian")]
    listing = [
        {"unified": code, "image": image, "category": "Animals & Nature", "subcategory": kind} for code, image, kind in rows
    ]
    drawings = {"a": black, "b": file.getvalue()}
    assert len(emoji.read(json.dumps(listing).encode(), drawings)) == 2
    assert emoji.read(json.dumps(listing).encode(), drawings, fine=True).labels.tolist() == [
        emoji.SUBCATEGORIES.index("animal-mammal")
    ]
    assert len(set(emoji.SUBCATEGORIES)) == 54
