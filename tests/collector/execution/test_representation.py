"""Proxies are computed from representations that are kept, and can be added to a study that is complete."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tiny

from collector.execution import runner
from collector.networks.hub_module import load
from collector.planning.work_item import everything, missing
from collector.procedures.source_head import source_head
from collector.proxies.registry import PROXIES, UnknownProxyError, head_proxies
from collector.spec.model import ModuleError
from collector.spec.study import EMBEDDING, Study
from collector.storage import tables
from collector.storage.folder import folder
from collector.storage.packing import pack, unpack
from collector.storage.store import open_store, read_facts, write_metadata

MORE = ("knn", "linear", "logme", "knn_cosine_5")


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    monkeypatch.setenv("NEEDLE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(runner.loading, "load", lambda dataset, protocol, size: tiny.images(dataset.num_classes))
    datasets = (tiny.dataset("two", 2), tiny.dataset("three", 3))
    return Study(tiny.PROTOCOL, (tiny.network(tmp_path / "network"),), datasets)


def collect(study: Study, path: Path) -> None:
    """Collect what is missing of the proxies."""
    protocol = tables.protocol_table(study.protocol)
    write_metadata(
        folder(path), tables.model_table(study.models), tables.dataset_table(study.datasets, [30] * len(study.datasets)), protocol
    )
    context = runner.make_context(study, open_store(folder(path), protocol))
    for item in missing(study, path):
        if item.procedure != "finetune":
            runner.measure(context, item)


def contents(path: Path) -> dict[str, bytes]:
    return {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*.parquet") if file.name != "protocol.parquet"}


def refuse(*_: object, **__: object) -> None:
    raise AssertionError("no network is needed")


def test_a_proxy_is_added_without_a_forward_pass_and_without_touching_a_row(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    collect(study, tmp_path / "study")
    before = contents(tmp_path / "study")
    monkeypatch.setattr(runner, "traced_program", refuse)
    grown = replace(study, protocol=replace(study.protocol, proxies=MORE))
    asked = {item.procedure for item in missing(grown, tmp_path / "study")}
    assert asked == {"logme", "knn_cosine_5", "finetune"}
    collect(grown, tmp_path / "study")
    after = contents(tmp_path / "study")
    assert before.items() <= after.items()
    assert len(after) - len(before) == 4
    (protocol,) = tables.protocol_table(grown.protocol).to_pylist()
    collect(study, tmp_path / "study")  # under the earlier list, which takes no proxy away
    assert {row["proxy"] for row in read_facts(folder(tmp_path / "study"), "proxy").to_pylist()} == set(MORE)
    assert protocol["proxies"] == list(MORE)
    assert missing(grown, tmp_path / "study") == [item for item in everything(grown) if item.procedure == "finetune"]


def test_the_score_is_that_of_the_networks_representation(study: Study, tmp_path: Path) -> None:
    grown = replace(study, protocol=replace(study.protocol, proxies=("logme",)))
    collect(grown, tmp_path / "study")
    images = tiny.images(3)
    module = load(str(tmp_path / "network"))
    represented = module.represent(images.train.images.astype(np.float32) / 255, False).numpy()
    expected = PROXIES["logme"].score(representation=represented, labels=images.train.labels, classes=3)
    rows = read_facts(folder(tmp_path / "study"), "proxy").to_pylist()
    (score,) = (row["score"] for row in rows if row["dataset"] == "three")
    assert score == pytest.approx(expected, rel=1e-4)


def test_images_of_another_version_are_represented_anew(study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    collect(study, tmp_path / "study")
    grown = replace(
        study,
        protocol=replace(study.protocol, proxies=MORE),
        datasets=tuple(replace(dataset, version="2") for dataset in study.datasets),
    )
    monkeypatch.setattr(runner, "traced_program", refuse)
    with pytest.raises(AssertionError, match="no network is needed"):
        collect(grown, tmp_path / "study")


def test_a_probe_embeds_every_dataset_from_what_is_kept(study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    collect(study, tmp_path / "study")
    before = contents(tmp_path / "study")
    monkeypatch.setattr(runner, "traced_program", refuse)
    probing = replace(study, protocol=replace(study.protocol, probes=(study.models[0].model,)))
    assert {item.procedure for item in missing(probing, tmp_path / "study")} == {EMBEDDING, "finetune"}
    collect(probing, tmp_path / "study")
    added = read_facts(folder(tmp_path / "study"), EMBEDDING).to_pylist()
    assert [(row["probe"], row["dataset"]) for row in added] == [(study.models[0].model, "three"), (study.models[0].model, "two")]
    assert {name for name in contents(tmp_path / "study") if not name.startswith(EMBEDDING)} == before.keys()
    kept = runner.make_context(probing, open_store(folder(tmp_path / "study"), tables.protocol_table(probing.protocol)))
    x = kept.representation(study.models[0], study.datasets[0]).train
    (two,) = (row for row in added if row["dataset"] == "two")
    assert two["mean"] == pytest.approx(x.mean(axis=0), abs=1e-6)
    for change in (pack, unpack):
        change(folder(tmp_path / "study"))
        assert {item.procedure for item in missing(probing, tmp_path / "study")} == {"finetune"}


def test_a_probe_that_is_no_model_of_the_study_is_refused_with_the_nearest(study: Study) -> None:
    name = study.models[0].model
    asked = replace(study, protocol=replace(study.protocol, probes=(f"{name}x",)))
    with pytest.raises(ValueError, match=rf"{name}x.*{name}"):
        everything(asked)


def test_without_a_head_a_proxy_that_asks_one_is_not_planned_and_refused_by_name(study: Study, tmp_path: Path) -> None:
    proxies = ("knn", "leep", "energy")
    asked = replace(study, protocol=replace(study.protocol, proxies=proxies, head_proxies=head_proxies(proxies)))
    assert {item.procedure for item in everything(asked)} == {"knn", "finetune"}
    with_head = replace(asked, models=(replace(study.models[0], source_classes=8),))
    (item, *_) = (item for item in everything(with_head) if item.procedure == "leep")
    context = runner.make_context(asked, open_store(folder(tmp_path / "study"), tables.protocol_table(asked.protocol)))
    with pytest.raises(ModuleError, match=r"leep .* tiny has none.*HEAD"):
        runner.measure(context, replace(item, model=study.models[0]))


def test_a_head_is_asked_only_for_proxies_that_need_it_and_then_once(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A head may take no images of this size, and its conversion takes half a minute."""
    with_head = replace(study, models=(replace(study.models[0], source_classes=8),))
    monkeypatch.setattr(runner, "saved_model", refuse)
    collect(with_head, tmp_path / "study")
    proxies = ("knn", "linear", "leep", "nce", "energy")
    grown = replace(with_head, protocol=replace(study.protocol, proxies=proxies, head_proxies=head_proxies(proxies)))
    with pytest.raises(AssertionError):
        collect(grown, tmp_path / "study")
    asked = []
    monkeypatch.setattr(runner, "saved_model", lambda model, head: asked.append(model) or tmp_path / "network")
    monkeypatch.setattr(runner, "traced_program", refuse)
    collect(grown, tmp_path / "study")
    assert len(asked) == 1
    monkeypatch.setattr(runner, "saved_model", refuse)
    more = (*proxies, "eep")
    collect(replace(grown, protocol=replace(study.protocol, proxies=more, head_proxies=head_proxies(more))), tmp_path / "study")
    assert {row["proxy"] for row in read_facts(folder(tmp_path / "study"), "proxy").to_pylist()} == set(more)


def test_a_head_is_asked_about_pixels_as_the_network_is(study: Study, tmp_path: Path) -> None:
    model = replace(study.models[0], source_classes=8, input_range=(-1.0, 1.0))
    module = load(str(tmp_path / "network"))
    images = tiny.images(2).train.images
    ask: Callable[[np.ndarray], np.ndarray] = source_head(module, model, 16)
    np.testing.assert_allclose(ask(images), module.represent(images.astype(np.float32) / 127.5 - 1, False), atol=1e-5)
    with pytest.raises(ModuleError, match=r"tiny.*\[n, 8\].*source_classes 5"):
        source_head(module, replace(model, source_classes=5), 16)


def test_a_protocol_of_proxies_that_do_not_exist_is_refused_with_the_nearest(study: Study) -> None:
    with pytest.raises(UnknownProxyError, match=r"'logm'.*'logme'"):
        everything(replace(study, protocol=replace(study.protocol, proxies=("knn", "logm"))))
    with pytest.raises(ValueError, match="leep"):
        everything(replace(study, protocol=replace(study.protocol, proxies=("leep",))))
