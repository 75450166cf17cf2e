"""Reads all images of a listing once, and drops copies. Of each image only a digest and a thumbnail stay in memory."""

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from collector.datasets.own.listing import Entry, Listing, Skipped, counted, describe, named, relative
from collector.datasets.own.picture import Picture, Unreadable, read, without_warnings

ORDER = (None, "train", "validation", "test")  # of equal images, the one to learn from is kept
WORKERS = 4  # each may hold the pixels of one large image
DONE = {
    "gray": "given three equal channels",
    "palette": "given the colors of the palette",
    "16-bit": "scaled to 8 bits",
    "transparent": "laid on white",
    "animated": "reduced to the first frame",
}


@dataclass(frozen=True)
class Sample:
    """A usable image."""

    entry: Entry
    picture: Picture


def read_all(listing: Listing) -> tuple[list[Sample], list[str]]:
    """Read the images; return those that can be used, in the listing's order, and notes about those skipped and converted."""

    def attempt(entry: Entry) -> Sample | Skipped:
        try:
            return Sample(entry, read(entry.path))
        except Unreadable as error:
            return Skipped(relative(entry.path, listing.folder), str(error))

    with without_warnings(), ThreadPoolExecutor(min(WORKERS, os.cpu_count() or 1)) as pool:
        results = list(pool.map(attempt, listing.entries))
    samples = [result for result in results if isinstance(result, Sample)]
    skipped = [result for result in results if isinstance(result, Skipped)]
    return samples, [*describe([*listing.skipped, *skipped]), *_converted(samples)]


def _converted(samples: Iterable[Sample]) -> list[str]:
    kinds = Counter(kind for sample in samples for kind in sample.picture.kinds)
    return [f"{counted(number, f'{kind} image')} {DONE.get(kind, 'converted to RGB')}." for kind, number in sorted(kinds.items())]


def without_equal(samples: Sequence[Sample], listing: Listing) -> tuple[list[Sample], list[str]]:
    """Keep the first of equal images, that of the training split if there is one, and none where their labels differ.

    Returns the rest, ordered by content, and notes.
    """
    same: dict[bytes, list[Sample]] = {}
    for sample in sorted(samples, key=lambda sample: ORDER.index(sample.entry.split)):
        same.setdefault(sample.picture.digest, []).append(sample)
    kept: list[Sample] = []
    copies: list[Sample] = []
    contradictions: list[Sample] = []
    leaks = 0
    for _, (first, *others) in sorted(same.items()):
        if any(other.entry.label != first.entry.label for other in others):
            contradictions += [first, *others]
        else:
            kept.append(first)
            copies += others
            leaks += sum(other.entry.split != first.entry.split for other in others)
    notes = []
    if copies:
        across = f", of which {leaks:,} in another split" if leaks else ""
        notes.append(
            f"{counted(len(copies), 'image')} dropped, equal in every pixel to one that is kept{across}: {_names(copies, listing)}."
        )
    if contradictions:
        notes.append(
            f"{counted(len(contradictions), 'image')} dropped, equal in every pixel but not in their labels: "
            f"{_names(contradictions, listing)}."
        )
    return kept, notes


def _names(samples: Iterable[Sample], listing: Listing) -> str:
    return named(sorted(relative(sample.entry.path, listing.folder) for sample in samples))
