"""Rows of an open study, in short."""

import duckdb


def rows(con: duckdb.DuckDBPyConnection, query: str) -> list[tuple[object, ...]]:
    return con.cursor().execute(query).fetchall()


def order(con: duckdb.DuckDBPyConnection, strategy: str, dataset: str, pool: str = "ALL") -> str:
    query = f"select model from ranking where strategy = '{strategy}' and dataset = '{dataset}' and pool = '{pool}' order by rank"
    return "".join(str(model) for (model,) in rows(con, query))


def regret(con: duckdb.DuckDBPyConnection, strategy: str, dataset: str, pool: str = "ALL") -> list[float]:
    query = f"""select relative_regret from regret
                where strategy = '{strategy}' and dataset = '{dataset}' and pool = '{pool}' order by budget"""
    return [float(str(value)) for (value,) in rows(con, query)]
