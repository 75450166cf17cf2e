"""Little tables as files, and what an import says of them."""

from pathlib import Path

from warehouse.importer import Report, find_recipe, import_table

TIDY = """model,dataset,measure,value
a,pets,finetune,0.8
b,pets,finetune,0.9
a,depth,finetune,0.5
b,depth,finetune,0.4
a,pets,LEEP,-1.5
b,pets,LEEP,-0.5
a,depth,LEEP,-0.3
b,depth,LEEP,-0.2
"""


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def tidy(tmp_path: Path, text: str, unit: str | None = None) -> Report:
    return import_table(find_recipe("tidy"), [write(tmp_path / "table.csv", text)], tmp_path / "out", unit=unit)


def said(report: Report) -> dict[str, int]:
    """{action and what: count}; the report's account of its rows adds up."""
    assert report.rows_read == report.rows_kept + sum(note.count for note in report.notes if note.action == "dropped")
    return {f"{note.action} {note.what}": note.count for note in report.notes}
