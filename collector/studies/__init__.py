"""Registers the studies, as data: which models on which datasets under which protocol.

May import the registries of networks and datasets, and `spec`. A new study is one more file here, listed in STUDIES.
"""

from collector.spec.study import Study
from collector.studies.haystack import HAYSTACK, HAYSTACK_128
from collector.studies.paper import PAPER, PAPER_PUBLIC
from collector.studies.quick import QUICK

__all__ = ["HAYSTACK", "HAYSTACK_128", "PAPER", "PAPER_PUBLIC", "QUICK", "STUDIES"]

STUDIES: dict[str, Study] = {study.name: study for study in (QUICK, HAYSTACK, HAYSTACK_128, PAPER, PAPER_PUBLIC)}
