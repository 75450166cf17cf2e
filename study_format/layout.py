"""The files of a study: one of each kind of metadata, and for each fact a folder of parts, of which packing keeps the newest."""

from collections.abc import Iterable

METADATA = ("model", "dataset", "protocol")  # NAME.parquet each
FACTS = ("finetune", "proxy", "representation")  # NAME/PART.parquet, or packed NAME/1/, NAME/2/ ...
RELATIONS = METADATA + FACTS
END = ".parquet"


class StrayFolderError(Exception):
    """A folder among a fact's parts that packing did not make: its name."""


def newest(parts: bool, folders: Iterable[str]) -> str | None:
    """Which of the folders among a fact's parts holds the study; None where the parts do that lie beside them.

    parts: whether there are any. Packing makes folders 1, 2 ... one after another, and removes what was before: interrupted, it leaves
    two in a row, or 1 beside parts. Anything else is somebody else's, and nobody's to read or remove: StrayFolderError.
    """
    named = [name for name in folders if not name.startswith(".")]
    numbers = sorted(int(name) for name in named if name.isdecimal() and name == str(int(name)) and name != "0")
    if len(numbers) < len(named):
        raise StrayFolderError(min(set(named) - set(map(str, numbers))))
    if numbers and (numbers[0] < numbers[-1] - 1 or (parts and numbers != [1])):
        raise StrayFolderError(str(numbers[-1]))
    return str(numbers[-1]) if numbers else None
