"""What the README tells a newcomer to type works."""

import re
import subprocess
from pathlib import Path

import world
from paths import NEEDLE, ROOT

from warehouse import connect
from warehouse.strategy import STRATEGIES

README = (ROOT / "README.md").read_text()


def test_every_needle_command_of_the_readme_runs(tmp_path: Path) -> None:
    world.write_study(tmp_path / "results" / "quick")
    (tmp_path / "smallest.sql").write_text(re.findall(r"^```sql\n(.*?)^```$", README, re.S | re.M)[0])
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.S | re.M)
    commands = [command for kind, block in blocks if not kind for command in re.findall(r"^needle .*$", block, re.M)]
    assert len(commands) >= 4
    for command in commands:
        line = command.replace("needle", str(NEEDLE), 1)
        done = subprocess.run(line, shell=True, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (command, done.stderr)
        assert len(done.stdout.splitlines()) > 1, command


def test_every_verb_is_in_the_readme() -> None:
    parser = subprocess.run([NEEDLE, "--help"], capture_output=True, text=True, check=True)
    verbs = re.findall(r"^    (\w+)(?: |$)", parser.stdout, re.M)
    assert len(verbs) == 14
    for verb in verbs:
        assert f"`needle {verb}" in README


def test_the_strategy_of_the_readme_is_one(tmp_path: Path) -> None:
    (sql,) = re.findall(r"^```sql\n(.*?)^```$", README, re.S | re.M)
    assert len(sql.strip().splitlines()) <= 7, "six lines, and a comment"
    folder = tmp_path / "strategies"
    folder.mkdir()
    for path in STRATEGIES.glob("*.sql"):
        (folder / path.name).write_text(path.read_text())
    (folder / "smallest.sql").write_text(sql)
    con = connect(world.write_study(tmp_path / "study"), strategies=folder)
    assert con.execute(
        "select string_agg(model, '' order by rank) from ranking where strategy = 'smallest' and pool = 'ALL' and dataset = 'pets'"
    ).fetchone() == ("abc",)
    assert con.execute("from violation").fetchall() == []


def test_the_relations_of_the_readme_exist(tmp_path: Path) -> None:
    con = connect(world.write_study(tmp_path))
    table = README[README.index("| section of") : README.index("A regret is right")]
    names = set(re.findall(r"`([a-z_]+)`", table))
    assert len(names) > 18
    for name in names:
        con.execute(f"select * from {name} limit 1")


def test_the_answer_of_the_readme_is_a_reports() -> None:
    answer = README[README.index("<!-- answer -->") : README.index("<!-- /answer -->")]
    assert "Study quick, pool ALL: 5 models, 2 datasets, 40 fine-tunes." in answer
    assert answer.count("the best of the pool reaches") == 2
