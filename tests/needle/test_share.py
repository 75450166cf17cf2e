"""Answers that leave: a report as Markdown, or as one HTML page."""

import os
import re
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest
import world
from command import needle
from markdown_it import MarkdownIt
from pages import MODEL, TAG, Page, write_hostile

from warehouse.origin import study_digest


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    world.write_study(folder / "results" / "small")
    write_hostile(folder / "results" / "hostile")
    return folder


def markdown_tables(text: str) -> dict[str, list[list[str]]]:
    """The tables by the heading above, as a renderer of Markdown reads them."""
    heading, found = "", {}
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    for token, content in pairwise(tokens):
        shown = "".join(child.content for child in content.children or ())
        if token.type == "heading_open":
            heading = shown
        if token.type == "tr_open":
            found.setdefault(heading, []).append([])
        if token.type in ("th_open", "td_open"):
            found[heading][-1].append(shown)
    return found


# With two of three models, linear takes a and b on pets and on depth, where the best are b and c: it loses nothing and, of an accuracy of
# 0.70 against 0.50, (0.70 - 0.50) / (1 - 0.50) = 0.4. knn takes b, a and c, b: it loses nothing.
LOST = {"knn": 0.0, "linear": 0.2}


def test_markdown_tables_are_read_as_they_are_meant(home: Path) -> None:
    done = needle(home, "report", "--study", "small", "--format", "md", "--strategies", "linear", "knn")
    assert (done.returncode, done.stderr) == (0, "")
    tables = markdown_tables(done.stdout)
    league = tables["Strategies with B = 2, pool ALL"]
    assert {row[0]: float(row[1]) for row in league[1:]} == LOST
    assert ["depth", "linear", "a + b", "0.500", "0.700", "0.400"] in tables["Picks with B = 2, pool ALL"]
    assert ["learning rates", "0.1, 0.01"] in tables["Protocol"]
    assert study_digest(home / "results" / "small") in done.stdout
    assert "cff-version" in done.stdout


def test_names_of_any_kind_are_text_in_markdown(home: Path) -> None:
    done = needle(home, "report", "--study", "hostile", "--format", "md", "--strategies", "linear")
    picked = [row[2] for row in markdown_tables(done.stdout)["Picks with B = 2, pool ALL"]]
    assert f"{MODEL} + b" in picked
    printed = needle(
        home, "query", "select model from model order by length(model) desc", "--study", "hostile", "--format", "md"
    ).stdout
    assert markdown_tables(f"# q\n{printed}")["q"] == [["model"], [MODEL], ["b"], ["c"]]


def test_the_page_has_the_numbers_of_the_views(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    for _ in range(2):  # a page of ours is replaced
        done = needle(home, "report", "--study", "small", "--html", str(file), "--strategies", "linear", "knn")
        assert (done.returncode, done.stdout) == (0, "")
    page = Page(file.read_text())
    assert {row[0]: row[1] for row in page.tables["Strategies with B = 2, pool ALL"][1:]} == LOST
    assert ["depth", "linear", "a + b", 0.5, 0.7, 0.4] in page.tables["Picks with B = 2, pool ALL"]
    models = [(row[0], round(float(row[1]), 4), row[2]) for row in page.tables["Models of the pool ALL"][1:]]
    # b loses 0 and 0.26 / 0.56, c 0.34 / 0.44 and 0, a 0.1 / 0.2 and 0.2 / 0.5.
    assert models == [("b", 0.2321, 0.67), ("c", 0.3864, 0.63), ("a", 0.45, 0.65)]
    assert study_digest(home / "results" / "small") in file.read_text()
    assert list(tmp_path.iterdir()) == [file], "nothing else is left"
    assert (page.links, page.loads) == ([], [])


def test_the_digest_is_what_ordinary_tools_compute(home: Path) -> None:
    folder = home / "results" / "small"
    line = "find . -name '*.parquet' | LC_ALL=C sort | xargs sha256sum | sha256sum"
    done = subprocess.run(["sh", "-c", line], cwd=folder, capture_output=True, text=True, check=True)
    assert done.stdout.split()[0] == study_digest(folder)


def test_names_of_any_kind_are_text_in_a_page(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    assert needle(home, "report", "--study", "hostile", "--html", str(file)).returncode == 0
    text = file.read_text()
    page = Page(text)
    assert MODEL in [row[0] for row in page.tables["Models of the pool ALL"]]
    assert ["study", TAG] in page.tables["Protocol"]
    assert "<img src=x" not in text
    scripts = re.findall(r"<script[^>]*>(.*?)</script>", text, re.DOTALL)
    assert len(scripts) == 3 + 2, "three charts, the library and ours: no name ends one"


@pytest.mark.parametrize("what", ["other", "folder", "nowhere"])
def test_what_is_in_the_way_is_kept(home: Path, tmp_path: Path, what: str) -> None:
    file = tmp_path / "mine.html"
    if what == "other":
        file.write_text("<p>mine</p>")
    elif what == "folder":
        file.mkdir()
    else:
        file = tmp_path / "none" / "mine.html"
    before = sorted(tmp_path.rglob("*"))
    done = needle(home, "report", "--study", "small", "--html", str(file))
    assert done.returncode == 1
    assert str(file) in done.stderr
    assert sorted(tmp_path.rglob("*")) == before
    if what == "other":
        assert file.read_text() == "<p>mine</p>"


def test_a_full_disk_leaves_no_half_page(home: Path, tmp_path: Path) -> None:
    """A file may have 100 kB here: the page, which has its library inside, does not fit."""
    import resource

    file = tmp_path / "report.html"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        done = needle(home, "report", "--study", "small", "--html", str(file))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert done.returncode == 1
    assert f"{file} cannot be written: File too large." in done.stderr
    assert os.listdir(tmp_path) == []
