"""A table of one's own networks becomes models, or an error that names what is wrong."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from collector.networks.own_models import own_models
from collector.spec.model import ModuleError

HEAD = "model,handle,num_params,feature_dim,image_size"


def table(folder: Path, text: str) -> Path:
    path = folder / "mine.csv"
    path.write_text(text)
    return path


def test_a_folder_is_relative_to_the_table_and_a_hub_handle_stays(tmp_path: Path) -> None:
    (tmp_path / "nets" / "mine").mkdir(parents=True)
    path = table(tmp_path, f"{HEAD},licence\nmine,nets/mine,100,8,64,MIT\nhub,https://tfhub.dev/x/1,5,3,224,\n")
    mine, hub = own_models(path)
    assert (mine.handle, mine.num_params, mine.feature_dim, mine.image_size) == (str(tmp_path / "nets" / "mine"), 100, 8, 64)
    assert (mine.licence, mine.family, mine.imagenet_accuracy) == ("MIT", "own", None)
    assert hub.handle == "https://tfhub.dev/x/1"


def test_parquet_has_the_same_columns(tmp_path: Path) -> None:
    row = {"model": "m", "handle": "h", "num_params": 1, "feature_dim": 2, "image_size": 3, "imagenet_accuracy": 0.7}
    pq.write_table(pa.Table.from_pylist([row]), tmp_path / "mine.parquet")
    (model,) = own_models(tmp_path / "mine.parquet")
    assert model.imagenet_accuracy == 0.7


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{HEAD}\n", "no row"),
        ("model,handle,num_params,feature_dim\nm,h,1,2\n", "image_size"),
        (f"{HEAD},licens\nm,h,1,2,3,MIT\n", "licence"),
        (f"{HEAD}\nm,h,1,2,0\n", "image_size"),
        (f"{HEAD}\nm,h,1.5,2,3\n", "num_params"),
        (f"{HEAD}\nm,,1,2,3\n", "handle"),
        (f"{HEAD}\nm,h,1,2,3\nm,g,1,2,3\n", "twice"),
        ("\x00\x01", "cannot be read"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ModuleError, match=said):
        own_models(table(tmp_path, text))


def test_a_table_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ModuleError, match=r"none\.csv"):
        own_models(tmp_path / "none.csv")
