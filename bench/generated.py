"""Whether the advice holds on images that have nothing to do with haystack: python -m bench.generated DIR

Draws three folders of 1,500 pictures (stripes, blobs, textures), recommends one of five networks for each, fine-tunes all five, and
compares the test accuracy of the pick with the best of them. DIR keeps what is measured, so that a second run goes on. An hour of one core.
"""

import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "support"))
from pictures import KINDS, write_pictures

from warehouse import connect
from warehouse.pool import pool_of

NETWORKS = ("efficientnet-lite0", "mini-xception", "movenet-lightning", "posenet", "ppocr-detection")
PER_CLASS = 300


def main() -> None:
    home = Path(sys.argv[1]).resolve()
    pool = pool_of(NETWORKS)
    for kind in KINDS:
        if not (home / kind).is_dir():
            write_pictures(home / kind, kind, PER_CLASS)
        command = [sys.executable, "-m", "needle", "recommend", kind, "--pool", pool]
        advice = subprocess.run([*command, "--budget", "1"], cwd=home, capture_output=True, text=True, check=True).stdout
        (pick,) = [line.split()[1] for line in advice.splitlines() if line.split()[:1] == ["1"]]
        subprocess.run([*command, "--budget", str(len(NETWORKS)), "--finetune"], cwd=home, check=True, stdout=subprocess.DEVNULL)
        query = "select model::varchar, accuracy, oracle_accuracy - accuracy from model_regret order by accuracy desc, model"
        with connect(home / "results" / kind, repeats=1, pools=[pool], question="model_regret") as con:
            found = con.execute(query).fetchall()
        (behind,) = [one for model, _, one in found if model == pick]
        told = ", ".join(f"{model} {accuracy:.3f}" for model, accuracy, _ in found)
        print(f"{kind}: {pick} is {behind:.3f} from the best. {told}", flush=True)


if __name__ == "__main__":
    main()
