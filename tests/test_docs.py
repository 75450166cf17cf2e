"""What README and docs tell a reader: commands run, and what is computed says what a computation says."""

import functools
import importlib.util
import re
import shlex
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
import world
from command import needle, typed
from paths import ROOT

import bench.says
from collector.studies import STUDIES
from needle.parser import parser
from warehouse import connect
from warehouse.strategy import STRATEGIES

README = (ROOT / "README.md").read_text()
TUTORIAL = (ROOT / "docs" / "tutorial.md").read_text()
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "warehouse" / "paper" / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
]
STRATEGY = re.compile(r"^```sql\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def computed() -> tuple[dict[Path, str], dict[str, list[str]]]:
    """Every page as docs/generate.py writes it, and the tables of bench.says that it writes into docs/haystack.md."""
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bench.says, "tables", functools.cache(bench.says.tables))
        return module.pages(), bench.says.tables()


def commands(text: str) -> list[str]:
    """The needle commands of the blocks that are not of a language."""
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return [command for kind, block in blocks if not kind for command in re.findall(r"^needle .*$", block, re.MULTILINE)]


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) <= 150


@pytest.mark.slow
def test_what_is_computed_says_what_a_computation_says(computed: tuple[dict[Path, str], dict[str, list[str]]]) -> None:
    """The data model, every answer on a page, and the tables of haystack. `make docs` writes them again."""
    pages, tables = computed
    assert {path.name for path in pages} >= {"README.md", "data-model.md", "tutorial.md", "haystack.md"}
    for path, text in pages.items():
        assert path.read_text() == text, f"{path} is not what `make docs` writes"
    said = (ROOT / "docs" / "haystack.md").read_text()
    for name, lines in tables.items():
        assert "\n".join([f"<!-- {name} -->", *lines, f"<!-- /{name} -->"]) in said, f"haystack.md has no place for {name}"


@pytest.mark.slow
def test_every_command_of_readme_and_tutorial_runs(tmp_path: Path) -> None:
    (sql,) = set(STRATEGY.findall(README + TUTORIAL))
    (tmp_path / "smallest.sql").write_text(sql)
    assert min(len(commands(README)), len(commands(TUTORIAL))) >= 4
    for command in dict.fromkeys(commands(README) + commands(TUTORIAL)):
        done = typed(tmp_path, command)
        assert done.returncode == 0, (command, done.stderr)
        assert len(done.stdout.splitlines()) > 1, command


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_of_a_page_parses(page: Path) -> None:
    """Also those that collect for weeks, and those in a line of text."""
    text = page.read_text()
    blocks = re.findall(r"^```(?:sh)?\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    typed = [line for block in blocks for line in block.splitlines() if line.startswith("needle ")] + re.findall(
        r"`(needle [^`]*)`", text
    )
    for command in typed:
        words = shlex.split(command, comments=True)[1:]
        if len(words) > 1 and not re.search(r"\.\.\.|…|\||\[", command):
            parser().parse_args(words)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_a_page_points_to_is_there(page: Path) -> None:
    text = page.read_text()
    tops = {path.name for path in ROOT.iterdir() if path.is_dir()}
    paths = [path for path in re.findall(r"[\w.-]+(?:/[\w.*-]+)+/?", text) if path.split("/")[0] in tops - {"docs", "results"}]
    absent = [path for path in paths if not re.search(r"NAME|STUDY", path) and not list(ROOT.glob(path.rstrip("/.")))]
    modules = re.findall(r"python -m ((?:bench|warehouse|collector)[\w.]*\w)", text)
    absent += [module for module in modules if not (ROOT / f"{module.replace('.', '/')}.py").is_file()]
    links = re.findall(r"\]\((?!https?:)([^)#\s]+)", text)
    absent += [link for link in links if not (page.parent / link).exists()]
    assert not absent


@pytest.mark.slow
@pytest.mark.parametrize(
    "page", [path for path in PAGES if "```python" in path.read_text()], ids=lambda path: str(path.relative_to(ROOT))
)
def test_the_python_of_a_page_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing but the package is installed: in an empty folder."""
    monkeypatch.chdir(tmp_path)
    for code in re.findall(r"^```python\n(.*?)^```$", page.read_text(), re.DOTALL | re.MULTILINE):
        done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert done.stdout.strip()


def test_every_relation_is_in_the_data_model(small: duckdb.DuckDBPyConnection) -> None:
    said = re.findall(r"^### (\S+)$", (ROOT / "docs" / "data-model.md").read_text(), re.MULTILINE)
    query = """select view_name from duckdb_views() where schema_name = 'main' and not internal
               union all select table_name from duckdb_tables() where schema_name = 'main'"""
    assert sorted(said) == sorted(name for (name,) in small.cursor().execute(query).fetchall())


def test_the_figures_of_the_readme_are_those_of_haystack() -> None:
    with connect(ROOT / "results" / "haystack", question="finetune model dataset pool mean_regret strategy_proxy") as con:
        (models, controls, datasets, rates, repeats, runs) = (
            con.execute(
                "select (select count(*) from model), (select count(*) from model where family = 'scratch'),"
                " (select count(*) from dataset), count(distinct learning_rate), count(distinct repeat), count(*) from finetune"
            ).fetchone()
            or ()
        )
        best = con.execute(
            "select strategy, relative_regret from mean_regret where pool = 'ALL' and budget = 2 and strategy not like '%oracle%'"
            " and strategy not in (select strategy from strategy_proxy join study_proxy using (proxy) where share > 0)"
            " order by 2, 1 limit 1"
        ).fetchone()
    assert best
    assert (
        controls,
        f"With 2 fine-tunes of {models} models {best[0]} loses least, {best[1]:.1%}".replace("%", " %") in README,
    ) == (4, True)
    flat = " ".join(README.split())
    assert f"{models} networks ({models - controls} pretrained, four controls" in flat
    assert f"× {datasets} tasks × {rates} learning rates × {repeats} repeats, {runs:,} fine-tunes" in flat


def test_every_verb_is_in_the_readme() -> None:
    verbs = parser().get_default("verbs")
    assert len(verbs) == 21
    for verb in verbs:
        assert f"`needle {verb}" in README


@pytest.mark.parametrize("text", [README, TUTORIAL], ids=["README", "tutorial"])
def test_the_strategy_of_a_page_is_one(text: str, tmp_path: Path) -> None:
    (sql,) = STRATEGY.findall(text)
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


def test_the_answer_of_the_demo_is_that_of_its_study() -> None:
    """Measured by one machine, so that only its shape can be compared; and its end, which haystack says."""
    answer = (
        TUTORIAL[TUTORIAL.index("<!-- answer -->") : TUTORIAL.index("<!-- /answer -->")].split("```text\n")[1].split("```")[0]
    )
    study = STUDIES["quick"]
    runs = len(study.models) * len(study.datasets) * len(study.protocol.learning_rates) * study.protocol.repeats
    lines = answer.splitlines()
    assert len(lines) <= 40
    assert lines[0] == f"Study quick, pool ALL: {len(study.models)} models, {len(study.datasets)} datasets, {runs} fine-tunes."
    best = re.findall(r"^(\S+) \((\w+)\): the best of the pool reaches 0\.\d+ with (\S+)$", answer, re.MULTILINE)
    assert [(name, group) for name, group, _ in best] == [(row.dataset, row.vtab_group) for row in study.datasets]
    assert {model for *_, model in best} <= {model.model for model in study.models}
    recipe = subprocess.run(["make", "-n", "demo"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    (shipped,) = re.findall(r'^\S+/needle (query ".*")$', recipe, re.MULTILINE)
    assert answer.endswith(typed(ROOT / "tests", f"needle {shipped}").stdout)


def test_the_cost_of_the_papers_study_is_what_the_plan_says(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "paper.md").read_text()
    (said,) = re.findall(r"8,740 fine-tunes are about ([\d,]+) hours of one H100", page)
    (cells,) = re.findall(r"quarter of the time completes (\d+ of \d+) cells", page)
    done = needle(tmp_path, "plan", "--study", "paper", "--device", "h100", "--out", "none", "--order", "cheapest")
    (hours,) = re.findall(r"^finetune .* ([\d,]+)$", done.stdout, re.MULTILINE)
    assert said == hours
    assert cells in set(re.findall(r"^25% +\S+ +(\d+ of \d+) ", done.stdout, re.MULTILINE))


def test_the_citation_is_of_this_version() -> None:
    (version,) = re.findall(r'^version = "(.*)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    citation = (ROOT / "CITATION.cff").read_text()
    assert f"\nversion: {version}\n" in citation
    assert "https://arxiv.org/abs/2010.06402" in citation
