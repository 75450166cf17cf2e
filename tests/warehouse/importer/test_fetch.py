"""What its authors publish is fetched once, and only as it was when the recipe was written: a server on loopback stands in for theirs."""

import hashlib
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from command import needle
from table_files import TIDY, write

from warehouse.importer import ImportFileError, fetch, find_recipe


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """The address of a server of the folder `published`."""
    (tmp_path / "published").mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path / "published"))) as one:
        thread = Thread(target=one.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{one.server_port}"
        one.shutdown()
        thread.join()


@pytest.fixture
def recipe(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A recipe for results.csv, as it is published."""
    monkeypatch.setenv("NEEDLE_CACHE", str(tmp_path / "cache"))
    write(tmp_path / "published" / "results.csv", TIDY)
    digest = hashlib.sha256(TIDY.encode()).hexdigest()
    head = f"-- Theirs.\n-- source: {server}/page\n-- file: {server}/results.csv sha256:{digest}\n-- licence: MIT\n"
    return write(tmp_path / "theirs.sql", head + "from input\n")


def test_a_file_is_fetched_once(recipe: Path, tmp_path: Path) -> None:
    (path,) = fetch(find_recipe(str(recipe)))
    assert (path.name, path.read_text()) == ("results.csv", TIDY)
    (tmp_path / "published" / "results.csv").unlink()
    assert fetch(find_recipe(str(recipe))) == [path]
    assert [one.name for one in path.parent.iterdir()] == ["results.csv"]


def test_a_damaged_file_in_the_cache_is_fetched_again(recipe: Path) -> None:
    (path,) = fetch(find_recipe(str(recipe)))
    path.write_text("damaged")
    assert fetch(find_recipe(str(recipe)))[0].read_text() == TIDY


def test_a_file_that_changed_is_refused(recipe: Path, tmp_path: Path) -> None:
    write(tmp_path / "published" / "results.csv", TIDY.replace("0.8", "0.9"))
    with pytest.raises(
        ImportFileError, match=r"is not the file that theirs was written for: SHA-256 [0-9a-f]{64}, expected [0-9a-f]{64}"
    ):
        fetch(find_recipe(str(recipe)))
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]


def test_a_file_that_is_gone_is_said(recipe: Path, tmp_path: Path) -> None:
    (tmp_path / "published" / "results.csv").unlink()
    with pytest.raises(
        ImportFileError, match=r"could not be fetched \(.*404.*\)\. Download it .* run needle import theirs\.sql results\.csv"
    ):
        fetch(find_recipe(str(recipe)))


def test_nothing_is_fetched_without_a_checksum_or_by_another_protocol(tmp_path: Path) -> None:
    with pytest.raises(ImportFileError, match=r"tidy names no file that can be fetched\. Give yours: needle import tidy FILE"):
        fetch(find_recipe("tidy"))
    local = write(tmp_path / "local.sql", f"-- L.\n-- file: file:///etc/passwd sha256:{'0' * 64}\nfrom input")
    with pytest.raises(ImportFileError, match="is not an http or https address"):
        fetch(find_recipe(str(local)))


def test_the_command_says_where_fetches_and_imports(recipe: Path, tmp_path: Path) -> None:
    done = needle(tmp_path, "import", "theirs.sql", "--out", "results/theirs")
    assert done.returncode == 0, done.stderr
    assert [part in done.stderr for part in ("Theirs.", "source: http://127.0.0.1", "licence: MIT", "SHA-256")] == [True] * 4
    assert "theirs: 8 rows read (theirs), 8 kept: 2 models, 2 datasets." in done.stderr
    done = needle(tmp_path, "import", "theirs.sql")
    assert (done.returncode, Path(done.stdout.strip()).read_text()) == (0, TIDY)
