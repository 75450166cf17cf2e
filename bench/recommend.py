"""Time and memory of `needle recommend`: 1,000 images and the 12 cheapest networks of haystack: python -m bench.recommend [PHOTOS]

PHOTOS: a folder of 1,000 images; otherwise they are drawn. Networks are converted first, on 30 other images. Then one run that looks at
everything, and the same command again, which should measure nothing: no file of its study may change. Memory: of all its processes
together, pages that they share counted once, every half second.
"""

import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "support"))
from pictures import write_pictures

from warehouse import connect
from warehouse.pool import pool_of
from warehouse.studies import studies

NETWORKS, IMAGES, CLASSES = 12, 1000, 5
STRATEGY = "logme"


def main() -> None:
    pool = cheapest(NETWORKS)
    with tempfile.TemporaryDirectory() as temporary:
        home = Path(temporary)
        few = write_pictures(home / "few", "textures", 30 // CLASSES, CLASSES)
        run(home, few, pool)
        images = (
            Path(sys.argv[1]).resolve() if sys.argv[1:] else write_pictures(home / "many", "blobs", IMAGES // CLASSES, CLASSES)
        )
        seconds, gigabytes = run(home, images, pool)
        before = changed(home)
        again, _ = run(home, images, pool)
        print(f"{IMAGES:,} images, the {NETWORKS} cheapest networks, {STRATEGY}: {seconds:.0f} s, at most {gigabytes:.2f} GB")
        print(
            f"the same command again: {again:.0f} s, {sum(changed(home)[path] != at for path, at in before.items())} files changed"
        )


def cheapest(networks: int) -> str:
    """Return a pool of so many networks, those whose fine-tunes take the fewest seconds."""
    query = "select model::varchar from finetune_cost group by model order by avg(seconds), model limit ?"
    with connect(studies()["haystack"], question="finetune_cost") as con:
        names = [name for (name,) in con.execute(query, [networks]).fetchall()]
    return pool_of(names)


def run(home: Path, images: Path, pool: str) -> tuple[float, float]:
    """Recommend for the images; returns seconds and the most gigabytes."""
    command = [sys.executable, "-m", "needle", "recommend", str(images), "--strategy", STRATEGY, "--pool", pool]
    start = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=home, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    most, done = [0], threading.Event()

    def watch() -> None:
        while not done.wait(0.5):
            most[0] = max(most[0], memory(process.pid))

    watching = threading.Thread(target=watch)
    watching.start()
    _, said = process.communicate()
    done.set()
    watching.join()
    if process.returncode:
        raise SystemExit(said)
    return time.perf_counter() - start, most[0] / 1e9


def memory(session: int) -> int:
    """Return the bytes of all processes of a session, pages that they share counted once."""
    total = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if int((process / "stat").read_text().rpartition(")")[2].split()[3]) == session:
                lines = (process / "smaps_rollup").read_text().splitlines()
                total += sum(1024 * int(line.split()[1]) for line in lines if line.startswith("Pss:"))
        except OSError:  # it has ended
            continue
    return total


def changed(home: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in (home / "results").rglob("*") if path.is_file()}


if __name__ == "__main__":
    main()
