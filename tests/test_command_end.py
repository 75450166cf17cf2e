"""How the command ends where something breaks on its way."""

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
