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

PARC = """Architecture,Source Dataset,Target Dataset,Oracle,1-NN CV
resnet50,imagenet,pets,90.9,0.8
resnet50,cub200,pets,85.7,0.9
resnet50,imagenet,cub200,79.7,0.6
"""
MLFLOW = """status,start_time,end_time,metrics.val_accuracy,metrics.test_accuracy,params.model,params.dataset,params.learning_rate,\
params.seed
FINISHED,2026-01-02 10:00:00+00:00,2026-01-02 10:01:00.500000+00:00,0.70,0.60,vit,pets,0.1,1
FINISHED,2026-01-02 10:00:00+00:00,2026-01-02 10:02:00+00:00,0.75,0.55,vit,pets,0.01,12
FINISHED,2026-01-02 10:00:00+00:00,2026-01-02 10:02:00+00:00,0.80,0.50,vit,pets,1e-2,2
FAILED,2026-01-02 10:00:00+00:00,,,,vit,pets,0.01,3
FINISHED,2026-01-02 10:00:00+00:00,2026-01-02 10:02:00+00:00,0.9,,vit,pets,0.01,4
FINISHED,2026-01-02 10:00:00+00:00,2026-01-02 10:02:00+00:00,0.9,0.9,,,,
RUNNING,2026-01-02 10:00:00+00:00,,0.1,0.1,resnet,pets,0.01,1
FINISHED,2026-01-02 10:00:00+00:00,2026-01-02 10:00:10+00:00,0.6,0.95,resnet,pets,0.01,1
"""
WANDB = """"Name","State","Created","Runtime","model","name","dataset","learning_rate","seed","test_accuracy","val_accuracy"
"calm-sky-1","finished","2026-01-02T10:00:00.000Z","60","vit","x","pets","0.1","1","60","70"
"calm-sky-2","finished","2026-01-02T10:00:00.000Z","61","vit","x","pets","0.01","1","50","80"
"calm-sky-3","crashed","2026-01-02T10:00:00.000Z","3","vit","x","pets","0.01","2","",""
"calm-sky-4","finished","2026-01-02T10:00:00.000Z","70","bert","x","pets","0.01","1","95","60"
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
