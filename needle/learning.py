"""Implements the verb `learn`: fits scores for each dataset of a study on its datasets of other sources, and stores them as proxies."""

import argparse
import sys

from needle.common import Failed, own_study_folder, translate_collector_errors, translate_warehouse_errors


def learn(args: argparse.Namespace) -> int:
    """Fit what is missing or was fitted on other results, and say how much that was."""
    from collector.execution.learning import learn, name_learned_proxies
    from collector.proxies.learned import LEARNERS
    from collector.storage.folder import folder
    from warehouse import connect

    path = own_study_folder(args)
    with translate_collector_errors(), translate_warehouse_errors():
        con = connect(path, question="learning_example fold_digest")
        con.execute("update protocol set learned = ?", [list(LEARNERS)])  # of this connection, not of the study
        digests = dict(con.execute("select fold::varchar, digest from fold_digest order by fold").fetchall())
        if not digests:
            raise Failed(
                f"{args.study} has nothing to learn from. A dataset needs three datasets of other sources with all their fine-tunes, "
                "and every proxy of every model."
            )
        name_learned_proxies(folder(path))
        rows = "from learning_example where fold = ? order by dataset, model"
        fitted = learn(folder(path), digests, lambda dataset: con.sql(rows, params=[dataset]).to_arrow_table())
    total = len(LEARNERS) * len(digests)
    print(f"{args.study}: fitted {fitted} of {total}: {' and '.join(LEARNERS)} of {len(digests)} datasets.", file=sys.stderr)
    return 0
