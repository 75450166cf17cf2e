"""A study that looks like one: 12 models of three families x 9 datasets of three groups, with repeats and seconds. Every number is made
up from the names, so that it is the same everywhere; nothing is measured."""

from hashlib import sha256
from itertools import product
from pathlib import Path

from world import Row, write, write_study

FAMILIES = ("imagenet", "expert", "vtab")
GROUPS = {
    "natural": ("birds", "flowers", "pets"),
    "specialized": ("cells", "crops", "ships"),
    "structured": ("angle", "count", "depth"),
}
MODELS: list[Row] = [
    {
        "model": f"{family}-{size}",
        "family": family,
        "upstream": "ImageNet" if family != "expert" else "JFT",
        "upstream_examples": None if family == "expert" else 1_281_167,
        "imagenet_accuracy": 0.7 + 0.02 * size if family == "imagenet" else None,
        "num_params": 6_000_000 * size,
        "feature_dim": 512 * size,
        "image_size": 224,
    }
    for family in FAMILIES
    for size in (1, 2, 3, 4)
]
DATASETS: list[Row] = [
    {"dataset": name, "vtab_group": group, "num_classes": 10} for group, names in GROUPS.items() for name in names
]
PROTOCOL: Row = {
    "study": "pond",
    "learning_rates": [0.1, 0.01],
    "repeats": 3,
    "linear_learning_rates": [0.1, 0.01],
    "linear_repeats": 3,
    "proxies": ["knn", "linear"],
}
SUITED = {("imagenet", "natural"): 0.2, ("expert", "natural"): 0.26, ("expert", "specialized"): 0.2, ("vtab", "structured"): 0.3}


def luck(*key: object) -> float:
    """A number in [0, 1) that follows from the key."""
    return int.from_bytes(sha256(repr(key).encode()).digest()[:6], "big") / 2**48


def accuracy(model: Row, dataset: Row) -> float:
    """What the model reaches, but for the noise of a repeat."""
    suited = SUITED.get((model["family"], dataset["vtab_group"]), 0.05)
    return float(0.45 + suited + 0.03 * model["num_params"] / 24e6 + 0.15 * luck(model["model"], dataset["dataset"]))


def finetunes() -> list[Row]:
    """12 x 9 x 2 x 3 runs."""
    rows = []
    for model, dataset, rate, repeat in product(MODELS, DATASETS, (0.1, 0.01), range(3)):
        key = (model["model"], dataset["dataset"], rate, repeat)
        reached = accuracy(model, dataset) + 0.04 * (luck(*key) - 0.5) - (0.03 if rate == 0.1 else 0)
        rows.append({"model": key[0], "dataset": key[1], "learning_rate": rate, "repeat": repeat, "validation_accuracy": reached,
                     "test_accuracy": reached, "seconds": 40 + model["num_params"] / 3e5})  # fmt: skip
    return rows


def proxies() -> list[Row]:
    """12 x 9 of kNN, x 2 x 3 of linear: near the accuracy on natural images, less so on others."""
    rows: list[Row] = []
    for model, dataset in product(MODELS, DATASETS):
        noise = 0.1 if dataset["vtab_group"] == "natural" else 0.4
        key: Row = {"model": model["model"], "dataset": dataset["dataset"]}
        for proxy, rates, repeats in (("knn", (None,), 1), ("linear", (0.1, 0.01), 3)):
            for rate, repeat in product(rates, range(repeats)):
                score = 0.8 * accuracy(model, dataset) + noise * (luck(proxy, *key.values(), repeat) - 0.5)
                rows.append({"proxy": proxy, **key, "learning_rate": rate, "repeat": repeat, "score": score, "seconds": 0.3})
    return rows


def write_pond(folder: Path) -> Path:
    """Write the study."""
    write_study(folder, MODELS, DATASETS, PROTOCOL, finetunes(), proxies())
    seconds = [
        {"model": m["model"], "dataset": d["dataset"], "representation_seconds": 2.5} for m, d in product(MODELS, DATASETS)
    ]
    write(folder / "representation" / "part.parquet", seconds)
    return folder
