"""Finds studies: under results/ of the current folder, and those that ship with needle."""

from pathlib import Path

from warehouse.paper import PAPER

RESULTS = Path("results")  # where `needle collect` puts them
HERE = Path(__file__).parent
# In an installed package beside the code; in a checkout, where the project keeps them.
PACKAGED = HERE / "results" if (HERE / "results").is_dir() else HERE.parent / "results"
SHIPPED = {"haystack": PACKAGED / "haystack", "paper-eurosat": PAPER / "eurosat"}


def studies() -> dict[str, Path]:
    """Return the folders of all studies by name. One under results/ takes precedence over one of its name that ships."""
    return {path.name: path for path in sorted(RESULTS.glob("*")) if path.is_dir()} | {
        name: path for name, path in SHIPPED.items() if path.is_dir() and not (RESULTS / name).is_dir()
    }


def ships(folder: Path) -> bool:
    """Return whether a folder is that of a study which ships, and not one under results/ here, which may be changed."""
    whole = folder.resolve()
    return whole in [path.resolve() for path in SHIPPED.values()] and not whole.is_relative_to(RESULTS.resolve())
