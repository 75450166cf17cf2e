"""Reports an import: how many rows it read and kept, and what it dropped or doubts, how often and why."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

EXAMPLES = 3  # a note names so many


@dataclass(frozen=True)
class Note:
    """Something about a table that a reader of the study should know.

    action: dropped (rows that are not in the study), kept (rows that are, and deserve doubt), missing (cells), ignored (columns),
    left out (names) or converted (units).
    """

    action: str
    what: str
    count: int
    why: str
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class Source:
    """A file that was imported; named: its columns that have other names in SQL, as `column 1: column_1`."""

    file: str
    sha256: str
    named: tuple[str, ...] = ()


@dataclass(frozen=True)
class Report:
    """The report of one import. A row is one published number: rows_read = rows_kept + the counts of what was dropped."""

    recipe: str
    sql: str
    study: str
    files: tuple[Source, ...]
    rows_read: int
    rows_kept: int
    models: int
    datasets: int
    notes: tuple[Note, ...]

    def lines(self) -> Iterator[str]:
        """The report for people, one line a note."""
        yield (
            f"{self.study}: {self.rows_read} rows read ({self.recipe}), {self.rows_kept} kept: "
            f"{self.models} models, {self.datasets} datasets."
        )
        for source in self.files:
            if source.named:
                yield f"  {source.file}: columns without a usable name have one in SQL: {', '.join(source.named)}."
        for note in self.notes:
            examples = f" Such as {'; '.join(note.examples)}." if note.examples else ""
            yield f"  {note.action}: {note.what} ({note.count}): {note.why}.{examples}"

    def json(self) -> str:
        """The report for machines."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n"


def note(action: str, what: str, why: str, found: Sequence[str]) -> list[Note]:
    """One note that counts what was found and names the first few; none where nothing was found."""
    return [Note(action, what, len(found), why, tuple(found[:EXAMPLES]))] if found else []
