"""How the command ends where it is mistyped, or something fails."""

import signal
import subprocess
import time
from pathlib import Path

import pytest
import world
from command import NEEDLE, processor_seconds

from needle import main


@pytest.mark.parametrize(
    ("verb", "error"), [("collecting.collect", BrokenPipeError(32, "Broken pipe")), ("answering.check", OSError("no Parquet"))]
)
def test_what_breaks_elsewhere_is_not_taken_for_stdout(monkeypatch: pytest.MonkeyPatch, verb: str, error: OSError) -> None:
    def breaks(_: object) -> int:  # as where a worker has died
        raise error

    monkeypatch.setattr(f"needle.{verb}", breaks)
    with pytest.raises(type(error)):
        main([verb.split(".")[1]])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["quary"], "Unknown verb 'quary'. Did you mean 'query'? There are recommend, predict, models, "),
        (["report", "quick"], "unrecognized arguments: quick. A study is named by --study\n"),
        (["query", "select", "1"], "unrecognized arguments: 1. A question is one argument, in quotes\n"),
        (
            ["report", "--repeats", "99999999999"],
            "argument --repeats: '99999999999' is not a whole number from 1, of up to 9 digits",
        ),
        (["plan", "--price", "x"], "argument --price: 'x' is not a price: prices are numbers from 0, such as 2.50"),
        (["collect", "--gpu-share", "x"], "argument --gpu-share: 'x' is not a share: shares are numbers above 0 and up to 1"),
        (["models", "--all"], "unrecognized arguments: --all\n"),
    ],
)
def test_what_is_accepted_or_was_meant_is_said(capsys: pytest.CaptureFixture[str], arguments: list[str], message: str) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert f"error: {message}" in capsys.readouterr().err


@pytest.mark.parametrize("sql", ["copy (select 1) to '{}'", "copy finetune from '{}'", "export database '{}'", "attach '{}'"])
def test_a_question_writes_no_file(tmp_path: Path, capsys: pytest.CaptureFixture[str], sql: str) -> None:
    study = world.write_study(tmp_path / "study")
    assert main(["query", sql.format(tmp_path / "file"), "--study", str(study)]) == 2
    assert "is not a question: queries only read" in capsys.readouterr().err
    assert not (tmp_path / "file").exists()


def test_ctrl_c_stops_a_question_whose_relations_show_only_as_it_runs(tmp_path: Path) -> None:
    study = world.write_study(tmp_path / "study")
    sql = "select count(*) from query_table('pi' || 'ck'), range(10000000) as a(i), range(100000) as b(j) where (i * j) % 7 = 3"
    running = subprocess.Popen([NEEDLE, "query", sql, "--study", str(study)], stderr=subprocess.PIPE, text=True)
    try:
        while running.poll() is None and processor_seconds(running.pid) < 3:
            time.sleep(0.1)
        running.send_signal(signal.SIGINT)
        assert running.communicate(timeout=10)[1] == "Stopped.\n"
    finally:
        running.kill()
    assert running.returncode == 130
