"""`needle recommend --minutes`: what fits into a time."""

import time
from pathlib import Path

import pytest
from command import needle
from pictures import write_pictures

from needle import screening
from needle.common import Failed
from needle.screening import Time, fine_tunes, kept
from warehouse import connect


@pytest.mark.parametrize(
    ("minutes", "workers", "seconds", "fit"),
    [
        (10, 1, [300.0, 290.0, 100.0], 2),
        (10, 2, [300.0, 590.0, 290.0, 9.0, 9.0, 9.0], 5),  # 300 + 290 + 9 beside 590 + 9
        (10, 2, [100.0, None, 100.0], 1),
        (100, 1, [1.0, 1.0], 2),
    ],
)
def test_as_many_fine_tunes_as_end_in_time(minutes: int, workers: int, seconds: list[float | None], fit: int) -> None:
    assert fine_tunes(seconds, Time(minutes, workers, time.monotonic())) == fit


def test_what_has_passed_is_not_left() -> None:
    with pytest.raises(Failed, match="--minutes"):
        fine_tunes([300.0], Time(10, 1, time.monotonic() - 301))


def test_a_sixth_of_the_models_go_on_but_at_least_four() -> None:
    assert [kept(models) for models in (3, 4, 22, 24, 25, 60)] == [3, 4, 4, 4, 5, 10]


def test_minutes_and_budget_are_one_or_the_other(tmp_path: Path) -> None:
    done = needle(tmp_path, "recommend", "pictures", "--minutes", "5", "--budget", "2")
    assert done.returncode == 2
    assert "--budget" in done.stderr


@pytest.mark.slow
def test_where_there_is_no_time_for_all_most_drop_out_on_few_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three small networks; two look at all 80 images, and lead the advice. Again, nothing is measured anew."""
    monkeypatch.setattr(screening, "LOOKING", 0.0)
    monkeypatch.setattr(screening, "LEAST", 2)
    write_pictures(tmp_path / "pictures", "stripes", 50, classes=2)
    pool = "num_params < 1e5"
    command = ("recommend", "pictures", "--strategy", "logme", "--pool", pool, "--minutes", "100")
    done = needle(tmp_path, *command)
    assert done.returncode == 0, done.stderr
    out = tmp_path / "results" / "pictures"
    score = "select model::varchar, score from score where proxy = 'logme' order by score desc"
    with connect(out / "first-10", question="score") as few, connect(out, question="score") as whole:
        led = [model for model, _ in few.execute(score).fetchall()]
        looked = [model for model, _ in whole.execute(score).fetchall()]
    assert len(led) == 3
    assert set(looked) == set(led[:2])
    assert [line.split()[1] for line in done.stdout.splitlines() if line.split()[:1] == ["1"]] == looked[:1]
    assert all(model in done.stderr.split("Out:")[1] for model in led[2:])
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*.parquet")}
    assert needle(tmp_path, *command).returncode == 0
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*.parquet")} == before
