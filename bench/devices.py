"""Do two devices agree? python -m bench.devices

The study haystack has the fine-tunes of mnist-digits from one core of a CPU; bench/devices/h100 is a study of the same runs, by the same
seeds, from an H100. Rounding differs, and training makes more of it with each step, so that a repeat is another repeat there; what
should agree are their distributions. Printed is each network's accuracy on both, with the range of its repeats, and whether the two
differ by less than the wider range.
"""

from pathlib import Path

from warehouse import connect
from warehouse.studies import PACKAGED

DATASET = "mnist-digits"
STUDIES = {"CPU": PACKAGED / "haystack", "H100": Path(__file__).parent / "devices" / "h100"}
QUERY = """
    select model, accuracy, min(test_accuracy), max(test_accuracy)
    from accuracy join selected_run using (model, dataset) where dataset = ? group by model, accuracy
"""

Cell = tuple[float, float, float]


def measured(study: Path) -> dict[str, Cell]:
    """Of each network: its accuracy, and those of its worst and best repeat."""
    with connect(study, question=QUERY) as con:
        return {model: cell for model, *cell in con.execute(QUERY, [DATASET]).fetchall()}  # type: ignore[misc]


def agree(one: Cell, other: Cell) -> bool:
    """Whether two accuracies differ by no more than the wider range of repeats."""
    return abs(one[0] - other[0]) <= max(one[2] - one[1], other[2] - other[1])


def main() -> None:
    here, there = (measured(study) for study in STUDIES.values())
    print(f"{DATASET:28}" + "".join(f"{name:>22}" for name in STUDIES))
    for model in sorted(here, key=lambda name: -here[name][0]):
        cells = [f"{median:.3f} ({low:.3f}–{high:.3f})" for median, low, high in (here[model], there[model])]
        print(f"{model:28}" + "".join(f"{cell:>22}" for cell in cells) + ("" if agree(here[model], there[model]) else "  differ"))
    print(f"{sum(agree(here[model], there[model]) for model in here)} of {len(here)} networks agree.")


if __name__ == "__main__":
    main()
