"""Studies of every kind under results/: full, small, half-collected, with one repeat, without metadata, empty and broken."""

from pathlib import Path

import world
from pond import write_pond


def write_studies(home: Path) -> Path:
    """Write them below home."""
    folder = home / "results"
    write_pond(folder / "pond")
    world.write_study(folder / "small")
    world.write_study(
        folder / "half", finetune=[run for run in world.finetunes() if (run["model"], run["dataset"]) != ("a", "pets")]
    )
    world.write_study(folder / "early", finetune=[run for run in world.finetunes() if run["repeat"] == 0])
    world.write_study(
        folder / "tidy",
        models=[{"model": model["model"]} for model in world.MODELS],
        datasets=[{"dataset": dataset["dataset"]} for dataset in world.DATASETS],
        protocol={"study": "tidy", "repeats": 1},
        finetune=[{"model": m, "dataset": d, "repeat": 0, "test_accuracy": x} for (m, d), x in world.ACCURACY.items()],
        proxy=[],
    )
    world.write_study(folder / "empty", finetune=[], proxy=[])
    world.write_study(folder / "truncated")
    part = folder / "truncated" / "finetune" / "part.parquet"
    part.write_bytes(part.read_bytes()[:1000])
    world.write_study(folder / "unruly", models=[{**world.MODELS[0], "num_params": -1}, *world.MODELS[1:]])
    (folder / "bare").mkdir()
    return home
