"""Writes a synthetic study of any size: accuracies around a quality of each model on each dataset, that the proxies see dimly."""

from pathlib import Path

import duckdb

RATES = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
QUALITY = "'quality'"
ROWS_A_FILE = 10_000_000

# Three uniform digits of a hash: no random state, and near enough to a bell for accuracies.
_NOISE = "((hash({0}) % 1000 + hash({0}) // 1000 % 1000 + hash({0}) // 1000000 % 1000) / 1000.0 - 1.5)"


def _noise(*keys: str) -> str:
    return _NOISE.format(", ".join(keys))


def write(folder: Path, models: int, datasets: int, rates: int, repeats: int) -> None:
    """Write models x datasets x rates x repeats fine-tunes, two proxies and the metadata, unless the folder is there."""
    if folder.exists():
        return
    (folder / "finetune").mkdir(parents=True)
    (folder / "proxy").mkdir()
    con = duckdb.connect()
    con.execute("set memory_limit = '4GB'")
    con.execute("create macro model_name(m) as 'model-' || lpad(m::varchar, 5, '0')")
    con.execute("create macro dataset_name(d) as 'dataset-' || lpad(d::varchar, 5, '0')")
    quality = f"(0.7 + 0.1 * {_noise(QUALITY, 'm', 'd')})"
    con.execute(
        "create macro measured(kind, n, m, d, l, r) as"
        f" (round(n * ({quality} + 0.02 * {_noise('kind', 'm', 'd', 'l', 'r')})) / n)::double"
    )
    step = max(1, models * ROWS_A_FILE // (models * datasets * rates * repeats))
    for start in range(0, models, step):
        con.execute(f"""
            copy (select model_name(m) as model, dataset_name(d) as dataset, {list(RATES[:rates])}[l] as learning_rate,
                         r::integer as repeat, measured('validation', 200, m, d, l, r) as validation_accuracy,
                         measured('test', 5000, m, d, l, r) as test_accuracy, 12.5::double as seconds
                  from range({start}, {min(models, start + step)}) as one(m), range({datasets}) as two(d),
                       range(1, {rates + 1}) as three(l), range({repeats}) as four(r) order by m, d, l, r)
            to '{folder}/finetune/{start:06}.parquet' (row_group_size 1000000)""")
    con.execute(f"""
        copy (select proxy, model_name(m) as model, dataset_name(d) as dataset, null::double as learning_rate, 0 as repeat,
                     {quality} - 0.1 + 0.1 * {_noise("proxy", "m", "d")} as score, 1.0::double as seconds
              from (values ('linear'), ('knn')) as named(proxy), range({models}) as one(m), range({datasets}) as two(d)
              order by proxy, m, d)
        to '{folder}/proxy/all.parquet'""")
    con.execute(f"""
        copy (select model_name(m) as model, if(m % 2 = 0, 'imagenet', 'expert') as family, 1000000 + m as upstream_examples,
                     if(m % 2 = 0, 0.5 + m / {2 * models}, null)::double as imagenet_accuracy,
                     (1000000 + hash(m) % 50000000)::bigint as num_params, 512 * (1 + m % 8) as feature_dim
              from range({models}) as one(m)) to '{folder}/model.parquet'""")
    con.execute(f"""
        copy (select dataset_name(d) as dataset, ['natural', 'specialized', 'structured'][1 + d % 3] as vtab_group
              from range({datasets}) as two(d)) to '{folder}/dataset.parquet'""")
    con.execute(f"""
        copy (select 'scale' as study, {list(RATES[:rates])} as learning_rates, {repeats} as repeats,
                     null::double[] as linear_learning_rates, 1 as linear_repeats, ['linear', 'knn'] as proxies)
        to '{folder}/protocol.parquet'""")
