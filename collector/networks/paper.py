"""Lists the paper's 46 models (supplement, tables 1 to 3), and the 48 experts that replace those that were never published.

Sizes and ranges are from the modules' own pages: all take values in [0, 1]. Those with another native size than 224 take 224 as well,
except NASNet-A (large) and PNASNet, which take only 331 x 331 pixels. The pages of the generative models state no size: they were trained
at 128 x 128 pixels, the BigGANs' discriminator is not defined for sizes near 224, and PACTran's published code (Ding et al. 2022) feeds
these six modules 128 x 128.
"""

from collector.spec.model import UNPUBLISHED, Model

HUB = "https://tfhub.dev/"
IMAGENET_EXAMPLES = 1_281_167
JFT_EXAMPLES = 303_000_000  # approximately; the sizes of its subsets are not published
LICENCE = "Apache-2.0"


def _imagenet(
    name: str, feature_dim: int, num_params: int, imagenet_accuracy: float, image_size: int = 224, fixed_size: bool = False
) -> Model:
    return Model(
        model=name,
        handle=f"{HUB}google/imagenet/{name}/feature_vector/4",
        family="imagenet",
        upstream="ImageNet",
        upstream_examples=IMAGENET_EXAMPLES,
        imagenet_accuracy=imagenet_accuracy,
        num_params=num_params,
        feature_dim=feature_dim,
        image_size=image_size,
        licence=LICENCE,
        source="TensorFlow Hub",
        fixed_size=fixed_size,
    )


def _vtab(name: str, feature_dim: int = 2048, num_params: int = 23_500_352, image_size: int = 224) -> Model:
    return Model(
        model=f"vtab/{name}",
        handle=f"{HUB}vtab/{name}/1",
        family="vtab",
        upstream="ImageNet",
        upstream_examples=IMAGENET_EXAMPLES,
        imagenet_accuracy=None,
        num_params=num_params,
        feature_dim=feature_dim,
        image_size=image_size,
        licence=LICENCE,
        source="TensorFlow Hub",
        fixed_size=image_size != 224,
    )


def _jft(subset: str) -> Model:
    whole = subset == "Full JFT"
    return Model(
        model=f"jft/{subset}",
        handle=f"{UNPUBLISHED}jft/{subset}",
        family="expert",
        upstream="JFT" if whole else "JFT subset",
        upstream_examples=JFT_EXAMPLES if whole else None,
        imagenet_accuracy=None,
        num_params=23_807_702,
        feature_dim=2048,
        image_size=224,
        licence="never published",
        source="never published",
    )


def _in21k(subtree: str) -> Model:
    return Model(
        model=f"in21k/{subtree}",
        handle=f"{HUB}google/experts/bit/r50x1/in21k/{subtree}/1",
        family="expert",
        upstream="ImageNet-21k subtree",
        upstream_examples=None,
        imagenet_accuracy=None,
        num_params=23_500_352,
        feature_dim=2048,
        image_size=224,
        licence=LICENCE,
        source="TensorFlow Hub",
    )


IMAGENET: tuple[Model, ...] = (
    _imagenet("inception_v1", 1024, 5_592_624, 0.698),
    _imagenet("inception_v2", 1024, 10_153_336, 0.739),
    _imagenet("inception_v3", 2048, 21_768_352, 0.78, 299),
    _imagenet("inception_resnet_v2", 1536, 54_276_192, 0.804, 299),
    _imagenet("resnet_v1_50", 2048, 23_508_032, 0.752),
    _imagenet("resnet_v1_101", 2048, 42_500_160, 0.764),
    _imagenet("resnet_v1_152", 2048, 58_143_808, 0.768),
    _imagenet("resnet_v2_50", 2048, 23_519_360, 0.756),
    _imagenet("resnet_v2_101", 2048, 42_528_896, 0.77),
    _imagenet("resnet_v2_152", 2048, 58_187_904, 0.778),
    _imagenet("mobilenet_v1_100_224", 1024, 3_206_976, 0.709),
    _imagenet("mobilenet_v2_100_224", 1280, 2_223_872, 0.718),
    _imagenet("nasnet_mobile", 1056, 4_232_978, 0.74, 224, fixed_size=True),
    _imagenet("nasnet_large", 4032, 84_720_150, 0.827, 331, fixed_size=True),
    _imagenet("pnasnet_large", 4320, 81_736_668, 0.829, 331, fixed_size=True),
)

JFT: tuple[Model, ...] = tuple(
    map(
        _jft,
        (
            "Mode of transport",
            "Geographical feature",
            "Structure",
            "Mammal",
            "Plant",
            "Material",
            "Home & garden",
            "Flowering plant",
            "Sports equipment",
            "Dish",
            "Textile",
            "Shoe",
            "Bag",
            "Paper",
            "Snow",
            "Full JFT",
        ),
    )
)

VTAB: tuple[Model, ...] = (
    _vtab("sup-100"),
    _vtab("rotation"),
    _vtab("exemplar"),
    _vtab("relative-patch-location"),
    _vtab("jigsaw"),
    _vtab("semi-rotation-10"),
    _vtab("sup-rotation-100"),
    _vtab("semi-exemplar-10"),
    _vtab("sup-exemplar-100"),
    _vtab("cond-biggan", 1536, 86_444_833, 128),
    _vtab("uncond-biggan", 1536, 86_444_833, 128),
    _vtab("wae-mmd", 128, 23_779_136, 128),
    _vtab("wae-gan", 128, 23_779_136, 128),
    _vtab("wae-ukl", 128, 23_779_136, 128),
    _vtab("vae", 128, 23_779_136, 128),
)

# ResNet-50-V2 with group normalization (BiT-M R50x1), each fine-tuned on a subtree of ImageNet-21k's classes.
IN21K: tuple[Model, ...] = tuple(
    map(
        _in21k,
        (
            "abstraction",
            "angiosperm",
            "animal",
            "arthropod",
            "artifact",
            "bird",
            "carnivore",
            "chordate",
            "clothing",
            "commodity",
            "consumer_goods",
            "container",
            "conveyance",
            "covering",
            "device",
            "entity",
            "equipment",
            "flower",
            "food",
            "foodstuff",
            "herb",
            "implement",
            "instrument",
            "instrumentality",
            "invertebrate",
            "living_thing",
            "mammal",
            "matter",
            "natural_object",
            "nutrient",
            "nutriment",
            "object",
            "organism",
            "part",
            "physical_entity",
            "placental",
            "plant",
            "relation",
            "solid",
            "spermatophyte",
            "structure",
            "substance",
            "tree",
            "vascular_plant",
            "vehicle",
            "vertebrate",
            "whole",
            "woody_plant",
        ),
    )
)

PAPER: tuple[Model, ...] = (*IMAGENET, *JFT, *VTAB)
PAPER_PUBLIC: tuple[Model, ...] = (*IMAGENET, *IN21K, *VTAB)
