"""How the command ends where it is mistyped, or something breaks on its way."""

import pytest

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
    ("arguments", "words"),
    [
        (["quary"], "Unknown verb 'quary'. Did you mean 'query'? There are models, datasets, plan, "),
        (["report", "quick"], "unrecognized arguments: quick. A study is named by --study\n"),
        (["query", "select", "1"], "unrecognized arguments: 1. A question is one argument, in quotes\n"),
        (["models", "--all"], "unrecognized arguments: --all\n"),
    ],
)
def test_what_was_probably_meant_is_said(capsys: pytest.CaptureFixture[str], arguments: list[str], words: str) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert f"needle: error: {words}" in capsys.readouterr().err
