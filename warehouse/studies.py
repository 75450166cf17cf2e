"""Finds studies: those under results/ in the current folder, and those that ship with needle."""

from pathlib import Path

from warehouse.paper import PAPER

RESULTS = Path("results")  # where `needle collect` puts them
HERE = Path(__file__).parent
# Beside the code in an installed package; at the top of a checkout.
PACKAGED = HERE / "results" if (HERE / "results").is_dir() else HERE.parent / "results"
SHIPPED = {"haystack": PACKAGED / "haystack", "paper-eurosat": PAPER / "eurosat"}


def studies() -> dict[str, Path]:
    """Return the folders of all studies by name. A study under results/ takes precedence over a shipped one of the same name."""
    return {path.name: path for path in sorted(RESULTS.glob("*")) if path.is_dir()} | {
        name: path for name, path in SHIPPED.items() if path.is_dir() and not (RESULTS / name).is_dir()
    }


def ships(folder: Path) -> bool:
    """Return whether a folder holds a study that ships with needle; one under results/ here does not count, as users may change it."""
    whole = folder.resolve()
    return whole in [path.resolve() for path in SHIPPED.values()] and not whole.is_relative_to(RESULTS.resolve())
