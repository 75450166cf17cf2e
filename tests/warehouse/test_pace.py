"""How long a model takes here, by what it took in the study."""

from pathlib import Path

import pytest
import world

from warehouse import connect
from warehouse.combine import combine
from warehouse.pace import PACE, Pace, average_finetune, paces

MINE = {"dataset": "mine", "source": "own images", "num_classes": 2}


def passes(seconds: dict[tuple[str, str], float]) -> list[dict[str, object]]:
    return [
        {"model": model, "dataset": dataset, "representation_seconds": each, "device": "cpu"}
        for (model, dataset), each in seconds.items()
    ]


def test_a_slower_machine_fine_tunes_slower_and_a_model_of_ones_own_as_it_looks(tmp_path: Path) -> None:
    """In the study a looks at 1,000 images in 10 s, b in 20 s; here at 100 images in 3 s and 6 s, three times as slowly an image. c has
    not looked here. A fine-tune of any takes 100 s in the study, so 300 s here. Mine looks in 0.09 s an image: a fine-tune takes as long
    as 200 / 0.03 = 6,667 looks, so 600 s.
    """
    finetune = [{**row, "seconds": 50.0, "device": "cpu"} for row in world.finetunes()]
    there = {(model, dataset): 10.0 * place for place, model in enumerate("ab", 1) for dataset in ("pets", "depth")}
    study = world.write_study(tmp_path / "study", finetune=finetune)
    world.write(study / "representation" / "part.parquet", passes(there))
    mine = world.write_study(
        tmp_path / "mine", models=[*world.MODELS, {**world.MODELS[0], "model": "mine"}], datasets=[MINE], finetune=[], proxy=[]
    )
    world.write(mine / "representation" / "part.parquet", passes({("a", "mine"): 3.0, ("b", "mine"): 6.0, ("mine", "mine"): 9.0}))
    combine(study, mine, tmp_path / "both")
    con = connect(tmp_path / "both", pools=["ALL"], whole_datasets=True, question=PACE)
    found = paces(con, "ALL", "mine", 100, 1000)
    assert found["a"] == Pace(pytest.approx(0.03), pytest.approx(300))
    assert found["b"] == Pace(pytest.approx(0.06), pytest.approx(300))
    assert found["c"] == Pace(None, pytest.approx(300))
    assert found["mine"] == Pace(pytest.approx(0.09), pytest.approx(600))
    assert average_finetune(connect(study, question=PACE), "ALL") == pytest.approx(100)
