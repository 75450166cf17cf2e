"""Finds a published dataset by its tensorflow-datasets name, such as `mnist` or `name/config:1.0.0`."""

import re

from collector.datasets import preparing
from collector.datasets.own.listing import OwnImagesError
from collector.spec.dataset import Dataset, DatasetError

NAME = re.compile(r"[A-Za-z]\w*(/[\w.\-]+)?(:[\d*]+(\.[\d*]+){2})?", re.ASCII)
SOURCE = "tensorflow-datasets"


def published(builder: str, name: str) -> tuple[Dataset, dict[str, int]]:
    """Return the row of a dataset with the features image and label, prepared, and the number of images of each split.

    Raises OwnImagesError.
    """
    row = Dataset(name, None, 0, SOURCE, "", "", builder)
    try:
        found = preparing.prepare(row)
    except DatasetError as error:
        raise OwnImagesError(str(error)) from error
    info = found.info
    if not {"image", "label"} <= set(info.features):
        raise OwnImagesError(f"{builder} has no features image and label, only {', '.join(sorted(info.features))}.")
    num_classes = getattr(info.features["label"], "num_classes", None)
    if num_classes is None:
        raise OwnImagesError(f"{builder}: its labels are not classes.")
    if "train" not in info.splits:
        raise OwnImagesError(f"{builder} has no split train, only {', '.join(info.splits)}.")
    own = "validation" in info.splits
    train, validation = ("train", "validation") if own else ("train[:80%]", "train[80%:]")
    test = "test" if "test" in info.splits else validation
    whole = info.splits["train"].num_examples
    first = whole if own else whole * 80 // 100  # as `loading` divides it
    counts = {"train": first, "validation": info.splits["validation"].num_examples if own else whole - first}
    counts["test"] = info.splits["test"].num_examples if test == "test" else counts["validation"]
    return (
        Dataset(
            dataset=name,
            vtab_group=None,
            num_classes=num_classes,
            source=SOURCE,
            version=str(info.version),
            licence=" ".join((info.redistribution_info.license or "").split()),
            builder=f"{info.full_name.replace(f'/{info.version}', '')}:{info.version}",
            train=train,
            validation=validation,
            test=test,
            num_test=counts["test"],
        ),
        counts,
    )
