"""Finds recipes: SQL files whose head comment says where a table is published, and what it must look like."""

import re
from dataclasses import dataclass
from pathlib import Path

from study_format.suggestions import nearest
from warehouse.importer.errors import ImportFileError

RECIPES = Path(__file__).parent / "recipes"
_ENTRY = re.compile(r"--\s*(source|file|licence|columns|optional|header|empty):\s*(.*)")


@dataclass(frozen=True)
class Published:
    """A file that its authors publish; sha256: of the version that the recipe was written for, '' where it has none."""

    url: str
    sha256: str


@dataclass(frozen=True)
class Recipe:
    """SELECT statements that turn result files into a study.

    name: of its file, without .sql. summary: the first line of its head comment. The rest are entries of that comment, one a line as
    `-- KEY: VALUE`: source (a page), file (a URL, and sha256:DIGEST), licence; columns that each file must have, and optional ones that
    are '' in `input` where a file lacks them; header (no: the first line of a CSV file is data); empty (what to say where no row is
    left).
    """

    name: str
    sql: str
    summary: str = ""
    source: str = ""
    files: tuple[Published, ...] = ()
    licence: str = ""
    columns: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    header: bool = True
    empty: str = "The SELECT yields no row."


def recipes() -> dict[str, Recipe]:
    """Return the recipes that ship with needle by name."""
    return {path.stem: read_recipe(path) for path in sorted(RECIPES.glob("*.sql"))}


def find_recipe(named: str) -> Recipe:
    """Return the recipe of a name or of an SQL file. Raises ImportFileError where there is none."""
    if named.lower().endswith(".sql"):
        return read_recipe(Path(named))
    found = recipes()
    if named in found:
        return found[named]
    if Path(named).is_file():
        raise ImportFileError(
            f"{named} is a file, not a recipe. Say how to read it: needle import tidy {named} --out results/NAME; "
            f"the recipes are {', '.join(found)}, or give an SQL file."
        )
    raise ImportFileError(
        f"Unknown recipe {named!r}.{nearest(named, found)} There are {', '.join(found)}; needle import --list describes them. "
        "Any file NAME.sql is one, too."
    )


def read_recipe(path: Path) -> Recipe:
    """Read the recipe of an SQL file. Raises ImportFileError where it cannot be read."""
    try:
        sql = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ImportFileError(f"There is no file {path}.") from error
    except OSError as error:
        raise ImportFileError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise ImportFileError(f"{path} is not a text in UTF-8.") from error
    head = re.match(r"(?:--.*\n?)*", sql)
    lines = head[0].splitlines() if head else []
    entries = [(found[1], found[2].strip()) for line in lines if (found := _ENTRY.match(line))]
    value = dict(entries)
    published = [(words.partition(" ")[0], re.search(r"sha256:([0-9a-f]{64})", words)) for key, words in entries if key == "file"]
    return Recipe(
        name=path.stem,
        sql=sql,
        summary=lines[0].removeprefix("--").strip() if lines else "",
        source=value.get("source", ""),
        files=tuple(Published(url, digest[1] if digest else "") for url, digest in published),
        licence=value.get("licence", ""),
        columns=_listed(value.get("columns", "")),
        optional=_listed(value.get("optional", "")),
        header=value.get("header") != "no",
        empty=value.get("empty", Recipe.empty),
    )


def _listed(words: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in words.split(",") if word.strip())
