"""The audit: its measures by hand and against SciPy, its verdict on worlds built to pass and to fail, and on published tables."""

import re
from pathlib import Path

import duckdb
import numpy as np
import pytest
import scipy.stats
from paths import ROOT, SHARED
from table_study import Table, write_table
from views import rows

from warehouse import connect
from warehouse.audit import Audit, AuditError, open_audit, report, winners
from warehouse.importer import find_recipe, import_table


def opened(folder: Path, question: str) -> duckdb.DuckDBPyConnection:
    return connect(folder, pools=["ALL"], question=question)


def verdict(audit: Audit, budget: int = 1) -> tuple[str, str]:
    query = f"select verdict, sentence from audit_verdict where pool = '{audit.pool}' and budget = {budget}"
    ((word, sentence),) = rows(audit.con, query)
    return str(word), str(sentence)


def findings(audit: Audit, budget: int = 1) -> dict[str, tuple[float | None, bool | None]]:
    query = f"select rule, value, holds from audit_finding where pool = '{audit.pool}' and budget = {budget}"
    return {rule: (value, holds) for rule, value, holds in audit.con.execute(query).fetchall()}


def test_ranks_on_the_small_world(small: duckdb.DuckDBPyConnection) -> None:
    """On pets b, a, c; on depth c, a, b: the opposite. The sums of ranks are equal, W is 0, Spearman's correlation -1."""
    assert rows(small, "select kendall_w, agreement, models, datasets from rank_agreement where pool = 'ALL'") == [(0, -1, 3, 2)]
    query = "select model, mean_rank, sd_rank, best_rank, worst_rank from rank_dispersion where pool = 'ALL' order by model"
    root = pytest.approx(2**0.5)
    assert rows(small, query) == [("a", 2, 0, 2, 2), ("b", 2, root, 1, 3), ("c", 2, root, 1, 3)]
    assert rows(small, "select datasets, best_models, best_on from best_model where pool = 'ALL'") == [(2, 2, 1)]


def test_w_with_ties_by_hand(tmp_path: Path) -> None:
    """Ranks 1, 2, 3; 1, 2.5, 2.5; 1, 3, 2: sums 3, 7.5, 7.5 around 6, S = 13.5; one tie of two, T = 6: 12 S / (9 * 24 - 3 * 6)."""
    accuracy = np.array([[0.9, 0.9, 0.9], [0.8, 0.8, 0.7], [0.7, 0.8, 0.8]])
    with opened(write_table(tmp_path / "study", accuracy), "rank_agreement accuracy_rank") as con:
        assert rows(con, "select kendall_w from rank_agreement") == [(pytest.approx(162 / 198),)]
        assert rows(con, "select model, rank from accuracy_rank where dataset = 'd1' order by model") == [
            ("m0", 1),
            ("m1", 2.5),
            ("m2", 2.5),
        ]


def test_w_against_scipy(tmp_path: Path) -> None:
    """Friedman's statistic is W m (n - 1), also with ties; without them agreement is the mean of Spearman's correlations."""
    rng = np.random.default_rng(3)
    tied = np.round(rng.uniform(0.3, 0.9, (7, 9)) + np.linspace(0, 0.2, 7)[:, None], 1).clip(0, 1)
    with opened(write_table(tmp_path / "tied", tied), "rank_agreement") as con:
        statistic = scipy.stats.friedmanchisquare(*tied).statistic
        assert rows(con, "select kendall_w from rank_agreement") == [(pytest.approx(statistic / (9 * 6)),)]
    distinct = rng.permutation(63).reshape(7, 9) / 100
    with opened(write_table(tmp_path / "distinct", distinct), "rank_agreement") as con:
        correlations = scipy.stats.spearmanr(distinct).statistic[np.triu_indices(9, 1)]
        assert rows(con, "select agreement from rank_agreement") == [(pytest.approx(correlations.mean(), abs=1e-8),)]


def test_fidelity_is_of_all_differences(tmp_path: Path) -> None:
    """Against NumPy: every pair of models of one dataset, both ways, predicted with one slope; a line on each dataset."""
    rng = np.random.default_rng(4)
    accuracy = rng.uniform(0.2, 0.8, (6, 5))
    score = accuracy * rng.uniform(0.5, 20, 5) + rng.normal(0, 0.5, (6, 5)) + rng.normal(0, 30, 5)
    with opened(write_table(tmp_path / "study", accuracy, {"cheap": score}), "proxy_fidelity") as con:
        ((kendall, line, differences, slope),) = rows(con, "select kendall, line_r2, difference_r2, slope from proxy_fidelity")
    x, y = ((table[:, None] - table[None, :]).ravel() for table in (score, accuracy))
    assert differences == pytest.approx((x @ y) ** 2 / (x @ x) / (y @ y))
    assert slope == pytest.approx(np.linalg.lstsq(x[:, None], y, rcond=None)[0][0])
    columns = list(zip(score.T, accuracy.T, strict=True))
    assert line == pytest.approx(np.mean([scipy.stats.linregress(x, y).rvalue ** 2 for x, y in columns]))
    assert kendall == pytest.approx(np.mean([scipy.stats.kendalltau(x, y).statistic for x, y in columns]))


def test_a_constant_score_has_no_correlation_and_predicts_nothing(tmp_path: Path) -> None:
    """On one of two datasets: no mean of tau or R^2 of both, but differences of 0 that predict none of its differences."""
    accuracy = np.array([[0.2, 0.2], [0.4, 0.4]])
    scores = {"some": np.array([[0.0, 1.0], [0.0, 3.0]]), "none": np.ones((2, 2)), "lacking": np.array([[0, 1], [1, np.nan]])}
    with opened(write_table(tmp_path / "study", accuracy, scores), "proxy_fidelity") as con:
        query = "select proxy, kendall, line_r2, difference_r2, slope from proxy_fidelity order by proxy"
        assert rows(con, query) == [("none", None, None, None, None), ("some", None, None, 0.5, pytest.approx(0.1))]


def test_the_fixed_order_beside_chance_by_hand(tmp_path: Path) -> None:
    """m0 loses 0 on d0, d1 and 0.5 on d2; m1 loses 0.5, 0.5, 0. The other datasets say m0 for d2, and tie for d0 and d1, as m0 has
    0.75 + 0.5 there and m1 0.5 + 0.75; the name breaks it. So the fixed order loses 1 / 6. Chance reaches 0.625 and loses 1 / 3."""
    accuracy = np.array([[0.75, 0.75, 0.5], [0.5, 0.5, 0.75]])
    question = "fixed_order fixed_order_margin"
    with opened(write_table(tmp_path / "study", accuracy, {"right": accuracy}), question) as con:
        query = "select random_regret, fixed_regret, explained from fixed_order where budget = {}"
        assert rows(con, query.format(1)) == [tuple(map(pytest.approx, (1 / 3, 1 / 6, 1 / 2)))]
        assert rows(con, query.format(2)) == [(0, 0, None)]
        query = """select relative_regret, delta, low, high, reads_score, beats from fixed_order_margin
                   where budget = 1 and strategy = 'right'"""
        assert rows(con, query) == [(0, pytest.approx(1 / 6), 0, pytest.approx(0.5), True, False)]


def varied(datasets: int = 12, models: int = 10) -> tuple[Table, Table]:
    """A world without an order of models: accuracies, and a score that knows them but for noise."""
    rng = np.random.default_rng(5)
    accuracy = rng.uniform(0.3, 0.9, (models, datasets))
    return accuracy, accuracy + rng.normal(0, 0.03, accuracy.shape)


def static(datasets: int = 12, models: int = 10) -> Table:
    """A world of one order of models, but for noise."""
    noise = np.random.default_rng(6).normal(0, 0.01, (models, datasets))
    return np.linspace(0.3, 0.8, models)[:, None] + noise


def luck(shape: tuple[int, ...], seed: int = 7) -> Table:
    return np.random.default_rng(seed).normal(size=shape)


def test_a_world_that_can_judge(tmp_path: Path) -> None:
    accuracy, score = varied()
    study = write_table(tmp_path / "study", accuracy, {"good": score, "bad": luck(accuracy.shape)})
    audit = open_audit(study, "ALL")
    assert verdict(audit) == ("fit", "No fixed order explains this table: it can judge proxies")
    assert {rule: holds for rule, (_, holds) in findings(audit).items()} == dict.fromkeys(
        ("sources", "agreement", "fixed_order", "beats_fixed_order", "proxies_apart", "winner_kept"), True
    )
    whole, *smaller = winners(audit)
    assert whole[:2] == ("the whole pool", 10)
    assert "good" in str(whole[2])
    assert [row[1] for row in smaller] == [9, 8]
    study = write_table(tmp_path / "alone", accuracy)
    assert verdict(open_audit(study, "ALL")) == (
        "fit",
        "No fixed order explains this table: it can judge proxies, and has none yet",
    )


def test_a_world_of_one_order_cannot_judge(tmp_path: Path) -> None:
    """Whether a proxy knows that order or nothing: the fixed order knows it, too."""
    accuracy = static()
    order = np.linspace(0, 1, 10)[:, None] + np.zeros(12)
    study = write_table(tmp_path / "study", accuracy, {"size": order, "noise": luck(accuracy.shape)})
    audit = open_audit(study, "ALL")
    word, sentence = verdict(audit)
    assert word == "unfit"
    assert sentence.startswith("A fixed order explains most of this table: proxies that differ here may only know")
    study = write_table(tmp_path / "blind", accuracy, {"one": luck(accuracy.shape, 1), "other": luck(accuracy.shape, 2)})
    audit = open_audit(study, "ALL")
    assert verdict(audit) == ("unfit", "A fixed order explains most of this table: it cannot tell proxies apart")
    (agreement, held), (explained, _) = findings(audit)["agreement"], findings(audit)["fixed_order"]
    assert agreement is not None
    assert explained is not None
    assert (agreement > 0.9, held, explained > 0.8) == (True, False, True)


def test_a_proxy_that_beats_the_fixed_order_limits_the_verdict(tmp_path: Path) -> None:
    """The order of all datasets is nearly one, but its first three change places, and the score says how."""
    accuracy = static()
    rng = np.random.default_rng(8)
    accuracy[7:] = np.array([rng.permutation([0.7, 0.8, 0.9]) for _ in range(12)]).T
    audit = open_audit(write_table(tmp_path / "study", accuracy, {"good": accuracy}), "ALL")
    assert verdict(audit) == (
        "limited",
        "A fixed order explains most of this table: it tells the proxies that beat it, and little more",
    )


def test_few_sources_cannot_judge(tmp_path: Path) -> None:
    accuracy, score = varied()
    sources = [f"source {d % 5}: task {d}" for d in range(12)]
    audit = open_audit(write_table(tmp_path / "study", accuracy, {"good": score}, sources=sources), "ALL")
    assert findings(audit)["sources"] == (5, False)
    assert verdict(audit) == ("unfit", "Too few sources of datasets: it cannot judge")


@pytest.mark.slow
def test_equal_accuracies(tmp_path: Path) -> None:
    """No order, nothing to lose; every measure is absent, and the verdict says so."""
    audit = open_audit(write_table(tmp_path / "study", np.full((4, 7), 0.5), {"any": luck((4, 7))}), "ALL")
    assert rows(audit.con, "select distinct kendall_w, agreement from rank_agreement") == [(None, None)]
    found = findings(audit)
    assert found["agreement"] == found["fixed_order"] == found["proxies_apart"] == (None, None)
    assert verdict(audit) == ("unfit", "No choice loses anything, or there is no fixed order to compare: it cannot judge")
    assert "none, because all models tie" in "\n".join(report(audit, "study", 1))


def test_a_model_that_misses_a_run_leaves_no_audit(tmp_path: Path) -> None:
    accuracy, _ = varied()
    accuracy[3, 4] = np.nan
    study = write_table(tmp_path / "study", accuracy)
    with pytest.raises(
        AuditError, match=re.escape("ALL has all its runs on 11 of 12 datasets, and so no mean regret. --datasets whole")
    ):
        open_audit(study, "ALL")
    assert verdict(open_audit(study, "ALL", whole_datasets=True))[0] == "fit"
    assert verdict(open_audit(study, "COMPLETE"))[0] == "fit"


@pytest.mark.parametrize(
    ("models", "datasets", "said"),
    [(1, 7, "has 1 models: an audit compares at least two"), (4, 1, "has its runs on 1 datasets: an audit compares")],
)
def test_too_little_to_compare(tmp_path: Path, models: int, datasets: int, said: str) -> None:
    study = write_table(tmp_path / "study", luck((models, datasets)) * 0.01 + 0.5)
    with pytest.raises(AuditError, match=said):
        open_audit(study, "ALL")
    with opened(study, "audit_verdict") as con:
        assert rows(con, "from audit_verdict") == []


def test_smaller_pools_leave_out_what_they_say(tmp_path: Path) -> None:
    """Families of pond are absent here: the best on average, m9, and the weakest two of ten, whose mean is the lowest."""
    audit = open_audit(write_table(tmp_path / "study", static(), {"size": luck((10, 12))}), "ALL")
    assert set(audit.smaller.values()) == {"without m9, the best on average", "without the weakest quarter"}
    left = {
        label: sorted(str(model) for (model,) in audit.con.execute("from (select model from model) where model not in "
                      "(select model from pool where pool = ?)", [clause]).fetchall())
        for clause, label in audit.smaller.items()
    }  # fmt: skip
    assert left == {"without m9, the best on average": ["m9"], "without the weakest quarter": ["m0", "m1"]}


def test_a_smaller_pool_holds_no_other_models(small: duckdb.DuckDBPyConnection) -> None:
    """RESNET-50 and DIM2048 are a and b, EXPERT is b, IMNETACCURACIES a: the last two hold each other's models not."""
    found = rows(small, "select pool, smaller from smaller_pool where smaller in ('EXPERT', 'IMNETACCURACIES') order by all")
    assert found == [(pool, one) for pool in ("ALL", "DIM2048", "RESNET-50") for one in ("EXPERT", "IMNETACCURACIES")]
    assert ("RESNET-50", "DIM2048") not in rows(small, "from smaller_pool")


def test_a_family_is_left_out_where_there_are_several(small: duckdb.DuckDBPyConnection) -> None:
    query = "select variant, model from left_out where pool = 'ALL' and contains(variant, 'family') order by all"
    assert rows(small, query) == [
        (f"without family {name}", model) for name, model in (("expert", "b"), ("imagenet", "a"), ("vtab", "c"))
    ]


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The published tables, imported."""
    folder = SHARED / "published"
    if not folder.is_dir():
        pytest.skip(f"the published tables are not there ({folder})")
    home = tmp_path_factory.mktemp("published")
    for recipe, file in (("tllib", "tidy"), ("modelspider", "tidy"), ("shift", "ftrecords"), ("vtab", "results")):
        import_table(find_recipe(recipe), [folder / recipe / f"{file}.csv"], home / recipe)
    return home


@pytest.mark.parametrize(
    ("name", "pool", "word", "agreement", "explained"),
    [
        ("tllib", "ALL", "unfit", 0.812, 0.75),
        ("modelspider", "ALL", "unfit", 0.812, 0.75),
        ("vtab", "ALL", "unfit", 0.555, 0.822),
        ("shift", "COMPLETE", "fit", 0.475, 0.472),
    ],
)
def test_published_tables(published: Path, name: str, pool: str, word: str, agreement: float, explained: float) -> None:
    """The 10 x 8 tables of proxies are one order of models; SHiFT's search engine's models differ, though barely enough."""
    audit = open_audit(published / name, pool)
    assert verdict(audit)[0] == word
    found = findings(audit)
    assert found["agreement"] == (pytest.approx(agreement, abs=1e-3), word == "fit")
    assert found["fixed_order"] == (pytest.approx(explained, abs=1e-3), word == "fit")


def test_w_of_a_published_table_against_scipy(published: Path) -> None:
    with opened(published / "tllib", "rank_agreement accuracy") as con:
        cells = rows(con, "select list(accuracy order by dataset) from accuracy group by model")
        table = np.array([cell for (cell,) in cells], dtype=float)
        statistic = scipy.stats.friedmanchisquare(*table).statistic
        assert rows(con, "select kendall_w from rank_agreement") == [(pytest.approx(statistic / (8 * 9)),)]


@pytest.mark.slow
def test_the_study_that_ships_is_audited_like_any_other() -> None:
    """Its fixed order avoids four fifths of what chance loses, and no proxy beats it on whatever datasets: it says so of itself."""
    audit = open_audit(ROOT / "results" / "haystack", "ALL")
    assert verdict(audit)[0] == "unfit"
    assert findings(audit)["sources"] == (11, True)
