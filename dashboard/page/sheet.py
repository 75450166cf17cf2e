"""Draws small pictures in a grid, each with its lines of text; where a picture is not at hand, a box that says so."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import streamlit as st

KINDS = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n": "image/png"}  # by their first bytes
STYLE = """<style>
    .sheet {display: grid; grid-template-columns: repeat(auto-fill, minmax(104px, 1fr)); gap: 12px}
    .sheet figure {margin: 0; font-size: 0.8rem; line-height: 1.25; overflow-wrap: anywhere}
    .sheet img, .sheet .none {width: 96px; height: 96px; object-fit: contain}
    .sheet .none {box-sizing: border-box; border: 1px dashed #808080; display: flex; align-items: center; justify-content: center;
                  text-align: center; color: #808080}
    .sheet .wide {grid-column: 1 / -1; width: auto; height: auto; min-height: 72px; padding: 8px 12px; font-size: 0.875rem}
</style>"""


@dataclass(frozen=True)
class Cell:
    """A picture, JPEG or PNG, and what to write below it; None: it is not at hand."""

    picture: bytes | None
    lines: Sequence[str]


def draw(cells: Sequence[Cell]) -> int:
    """Draw the pictures; return how many of them are not at hand."""
    # Text from a study is escaped; a picture is decoded by the browser alone, and never fetched from anywhere.
    st.html(f'{STYLE}<div class="sheet">{"".join(map(_figure, cells))}</div>')
    return sum(_kind(cell) is None for cell in cells)


def placeholder(reason: str) -> None:
    """Draw a box in place of pictures, and why there are none."""
    st.html(f'{STYLE}<div class="sheet"><div class="none wide">{escape(reason)}</div></div>')


def _figure(cell: Cell) -> str:
    kind, lines = _kind(cell), [escape(line) for line in cell.lines]
    picture = '<div class="none">no picture</div>'
    if kind is not None and cell.picture is not None:
        picture = f'<img src="data:{kind};base64,{base64.b64encode(cell.picture).decode()}" alt="{", ".join(lines)}">'
    return f"<figure>{picture}<figcaption>{'<br>'.join(lines)}</figcaption></figure>"


def _kind(cell: Cell) -> str | None:
    """Return the type of a picture; None where there is none, or the bytes are none."""
    return next((kind for start, kind in KINDS.items() if (cell.picture or b"").startswith(start)), None)
