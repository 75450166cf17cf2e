"""Fetches published result files into the cache, where their checksums are those that a recipe names."""

import http.client
import os
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from warehouse.importer.errors import ImportFileError
from warehouse.importer.load import sha256
from warehouse.importer.recipe import Published, Recipe, recipes

TIMEOUT = 30  # seconds without an answer


def published(recipe: Recipe) -> Iterator[str]:
    """Say where the authors of a table publish it, one line each."""
    yield recipe.summary
    if recipe.source:
        yield f"  source: {recipe.source}"
    for file in recipe.files:
        yield f"  file: {file.url}" + (f" (SHA-256 {file.sha256})" if file.sha256 else "")
    yield f"  licence: {recipe.licence or 'not known'}"


def fetch(recipe: Recipe) -> list[Path]:
    """Return the published files of a recipe in the cache, downloading what it lacks.

    The cache is published/ in $NEEDLE_CACHE, or in needle/ of $XDG_CACHE_HOME (~/.cache). Raises ImportFileError where the recipe names
    no file with a checksum, a download fails, or a checksum differs.
    """
    if not recipe.files or not all(file.sha256 for file in recipe.files):
        raise ImportFileError(f"{recipe.name} names no file that can be fetched. Give yours: {_command(recipe, 'FILE')}.")
    return [_fetch(recipe, file) for file in recipe.files]


def _fetch(recipe: Recipe, file: Published) -> Path:
    path = _cache() / file.sha256[:16] / Path(urlsplit(file.url).path).name
    if path.is_file() and sha256(path) == file.sha256:
        return path
    if urlsplit(file.url).scheme not in ("http", "https"):
        raise ImportFileError(f"{file.url} is not an http or https address.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".download-", dir=path.parent) as folder:
            downloaded = Path(folder) / path.name
            with urllib.request.urlopen(file.url, timeout=TIMEOUT) as answer, downloaded.open("wb") as out:
                while chunk := answer.read(2**20):
                    out.write(chunk)
            found = sha256(downloaded)
            if found != file.sha256:
                raise ImportFileError(
                    f"{file.url} is not the file that {recipe.name} was written for: SHA-256 {found}, expected {file.sha256}. "
                    f"To import it all the same, download it and run {_command(recipe, path.name)}."
                )
            os.replace(downloaded, path)
    except (OSError, http.client.HTTPException) as error:  # urllib's errors are OSErrors
        if isinstance(error, urllib.error.HTTPError):
            error.close()
        reason = error.reason if type(error) is urllib.error.URLError else error
        raise ImportFileError(
            f"{file.url} could not be fetched ({reason}). Download it on a machine that can, and run {_command(recipe, path.name)}."
        ) from error
    return path


def _command(recipe: Recipe, file: str) -> str:
    name = recipe.name if recipe.name in recipes() else f"{recipe.name}.sql"
    return f"needle import {name} {file} --out results/NAME"


def _cache() -> Path:
    own = os.environ.get("NEEDLE_CACHE")
    base = Path(own) if own else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "needle"
    return base.absolute() / "published"
