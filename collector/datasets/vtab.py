"""Lists the tasks of VTAB-1K: 19 in 3 groups, with 800 training and 200 validation images each, tested on the whole test split.

Versions are the newest of VTAB's major version that tensorflow-datasets 4.9.10 can still build. One no longer exists: oxford_iiit_pet
3.*.* became 4.0.0, the same photographs and labels, 12 of which were corrupt and have been re-encoded. The sizes of the test splits are
stated here, because tensorflow-datasets knows them only once a dataset is prepared; a dataset of another size is an error.
"""

from collector.spec.dataset import Dataset

LICENCE = "of its authors; see the builder's homepage"


def _task(
    name: str,
    group: str,
    builder: str,
    version: str,
    num_classes: int,
    num_test: int,
    validation: str = "validation",
    test: str = "test",
    label: str = "label",
    levels: int = 1,
    manual: tuple[str, ...] = (),
    packages: tuple[str, ...] = (),
) -> Dataset:
    return Dataset(
        dataset=name,
        vtab_group=group,
        num_classes=num_classes,
        source=f"tensorflow-datasets {builder}",
        version=version,
        licence=LICENCE,
        builder=f"{builder}:{version}",
        validation=validation,
        test=test,
        label=label,
        levels=levels,
        num_test=num_test,
        manual=manual,
        packages=packages,
    )


VTAB: tuple[Dataset, ...] = (
    _task("Caltech101", "natural", "caltech101", "3.0.2", 102, 6_084, "train[90%:]"),
    _task("CIFAR-100", "natural", "cifar100", "3.0.2", 100, 10_000, "train[90%:]"),
    _task("DTD", "natural", "dtd", "3.0.1", 47, 1_880),
    _task("Flowers102", "natural", "oxford_flowers102", "2.1.1", 102, 6_149, packages=("scipy",)),
    _task("Pets", "natural", "oxford_iiit_pet", "4.0.0", 37, 3_669, "train[80%:]"),
    _task("Sun397", "natural", "sun397/tfds", "4.0.0", 397, 21_750, packages=("cv2",)),
    _task("SVHN", "natural", "svhn_cropped", "3.1.0", 10, 26_032, "train[90%:]", packages=("scipy",)),
    _task("Camelyon", "specialized", "patch_camelyon", "2.0.0", 2, 32_768),
    _task("EuroSAT", "specialized", "eurosat/rgb", "2.0.0", 10, 5_400, "train[60%:]", "train[80%:]"),
    _task("Resisc45", "specialized", "resisc45", "3.0.0", 45, 6_300, "train[60%:]", "train[80%:]", manual=("NWPU-RESISC45",)),
    _task(
        "Retinopathy",
        "specialized",
        "diabetic_retinopathy_detection/btgraham-300",
        "3.0.0",
        5,
        42_670,
        manual=("trainLabels.csv", "train", "test", "sample"),
        packages=("cv2",),
    ),
    _task("Clevr-Count", "structured", "clevr", "3.1.0", 8, 15_000, "train[90%:]", "validation", "clevr_count"),
    _task("Clevr-Dist", "structured", "clevr", "3.1.0", 6, 15_000, "train[90%:]", "validation", "clevr_distance"),
    _task("DMLab", "structured", "dmlab", "2.0.1", 6, 22_735),
    _task("KITTI-Dist", "structured", "kitti", "3.3.0", 4, 711, label="kitti_distance", packages=("cv2",)),
    _task("dSpr-Loc", "structured", "dsprites", "2.1.0", 16, 73_728, "train[80%:]", "train[90%:]", "dsprites_x_position", 255),
    _task(
        "dSpr-Orient", "structured", "dsprites", "2.1.0", 16, 73_728, "train[80%:]", "train[90%:]", "dsprites_orientation", 255
    ),
    _task("sNORB-Azim", "structured", "smallnorb", "2.1.0", 18, 12_150, "test", "test[50%:]", "label_azimuth"),
    _task("sNORB-Elev", "structured", "smallnorb", "2.1.0", 9, 12_150, "test", "test[50%:]", "label_elevation"),
)
