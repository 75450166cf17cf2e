"""Names the files of a study: one for each kind of metadata, and for each fact a folder of parts or of packed files."""

from collections.abc import Iterable

METADATA = ("model", "dataset", "protocol")  # NAME.parquet each
FACTS = ("finetune", "proxy", "representation", "embedding")  # NAME/PART.parquet, or packed NAME/1/, NAME/2/ ...
RELATIONS = METADATA + FACTS
END = ".parquet"
OWN = "study.json"  # beside these files: the study is of somebody's own images, and was made as it says
# In the folder of a model that was trained on them:
TRAINED = "metadata.json"  # what it is of
PREDICTIONS = "predictions.parquet"  # what it takes each test image for


class StrayFolderError(Exception):
    """A fact's folder contains a folder that packing did not create; the argument is its name."""


def newest(parts: bool, folders: Iterable[str]) -> str | None:
    """Return which of the folders in a fact's folder holds its rows; None where the parts beside them do.

    parts: whether there are any. Packing creates folders 1, 2, ... in turn and then removes what they replace; an interruption leaves
    two consecutive ones, or 1 beside parts. Raises StrayFolderError for any other folder, which must not be read or removed.
    """
    named = [name for name in folders if not name.startswith(".")]
    numbers = sorted(int(name) for name in named if name.isdecimal() and name == str(int(name)) and name != "0")
    if len(numbers) < len(named):
        raise StrayFolderError(min(set(named) - set(map(str, numbers))))
    if numbers and (numbers[0] < numbers[-1] - 1 or (parts and numbers != [1])):
        raise StrayFolderError(str(numbers[-1]))
    return str(numbers[-1]) if numbers else None
