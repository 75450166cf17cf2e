"""How the time of an answer grows with each thing a study can have more of: four times as many at a time, all else as it was.

    python -m bench.growth

Synthetic studies around 10^6 fine-tunes. Processor time, over all threads, of a fresh process that opens the study and answers
`accuracy` (every cell) or mean relative regret (all strategies and pools, budgets up to 10); and how many times that of the first line.
"""

import tempfile
from pathlib import Path

from bench import scale_answer, scale_study
from bench.scale import measure

BASE = {"models": 200, "datasets": 100, "rates": 2, "repeats": 25}
TIMES = 4
ROUNDS = 3
HEAD = "study                 accuracy, s  times    regret, s  times"


def least(question: str, folder: Path) -> float:
    """Processor seconds, the least of some rounds."""
    answers = [measure(question, "needle", folder) for _ in range(ROUNDS)]
    return min(answer["processor"] for answer in answers if not isinstance(answer, str))


def main() -> None:
    print(HEAD)
    with tempfile.TemporaryDirectory() as folder:
        base = (0.0, 0.0)
        for more in (None, *BASE):
            shape = {name: size * (TIMES if name == more else 1) for name, size in BASE.items()}
            study = Path(folder) / str(more)
            scale_study.write(study, **shape)
            found = least("accuracy", study), least("mean_regret_10", study)
            base = base if more else found
            line(f"{TIMES} x as many {more}" if more else "10^6 runs", found, base)
        more_strategies = least("more_strategies", Path(folder) / "None")
        line(f"{scale_answer.MORE} strategies more", (None, more_strategies), base)


def line(words: str, found: tuple[float | None, float], base: tuple[float, float]) -> None:
    cells = [f"{'-':>11}  {'-':>5}" if x is None else f"{x:11.2f}  {x / b:5.1f}" for x, b in zip(found, base, strict=True)]
    print(f"{words:22}{'  '.join(cells)}", flush=True)


if __name__ == "__main__":
    main()
