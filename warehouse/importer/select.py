"""Checks the SELECTs of a recipe, which may read the loaded files alone, and tells what each of them yields."""

import copy
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import duckdb

from study_format.suggestions import nearest
from warehouse.importer.errors import ImportFileError
from warehouse.importer.load import PLACE, columns_of, name, text
from warehouse.sandbox.process import NODES
from warehouse.syntax import PURE, nodes_of, read_by, serialised

INPUT = "input"  # all files, one below the other
SELECTED = "selected"  # the rows of the first SELECT, for those after it


@dataclass(frozen=True)
class Select:
    """One SELECT of a recipe; relations: the names that it reads, in lower case."""

    sql: str
    tree: dict[str, Any]
    relations: frozenset[str]


def selects(con: duckdb.DuckDBPyConnection, recipe: str, sql: str, tables: Mapping[str, Iterable[str]]) -> list[Select]:
    """Return the SELECTs of a recipe. Nothing is run.

    tables: the columns of each table. Raises ImportFileError for what is not a SELECT or reads anything but the tables, `input`, and,
    from the second SELECT, `selected`.
    """
    tree = serialised(con, sql)
    if tree["error"] and tree["error_type"] != "not implemented":
        raise ImportFileError(f"{recipe} is not SQL: {tree['error_message']}")
    nodes = list(nodes_of(tree))
    if tree["error"] or any(str(node.get("type")).endswith("_NODE") and node["type"] not in NODES for node in nodes):
        raise ImportFileError(
            f"{recipe} may hold SELECT statements only (also FROM, WITH, VALUES, UNPIVOT); nothing else is run."
        )
    texts = [statement.query for statement in con.extract_statements(sql)]
    if not texts:
        raise ImportFileError(f"{recipe} is empty: it holds at least one SELECT of model, dataset, measure and value.")
    found: list[Select] = []
    for one, statement in zip(texts, tree["statements"], strict=True):
        read = read_by(statement)
        if read.functions:
            raise ImportFileError(
                f"{recipe} may not call {', '.join(sorted(read.functions))}: it reads the given files, each a table of its name. "
                f"Functions after FROM are {', '.join(sorted(PURE))}."
            )
        known = {table.lower() for table in tables} | {INPUT} | ({SELECTED} if found else set())
        for relation in sorted(read.relations - known):
            near = nearest(relation, [*tables, INPUT])
            raise ImportFileError(f"{recipe} reads {relation!r}, which is none of the given files.{near} {tables_said(tables)}")
        found.append(Select(one.strip().rstrip(";"), statement, read.relations))
    return found


def tables_said(tables: Mapping[str, Iterable[str]]) -> str:
    """Say which tables there are, for messages."""
    listed = "; ".join(f"{_typed(table)} ({', '.join(map(_typed, columns))})" for table, columns in tables.items())
    return f"The tables are: {listed}. input is all of them, one below the other."


def _typed(identifier: str) -> str:
    return identifier if re.fullmatch(r"[A-Za-z_]\w*", identifier) else name(identifier)


def with_place(con: duckdb.DuckDBPyConnection, select: Select) -> str:
    """Return the SELECT with the columns file and line, where it lacks them and they can be added; else as it is."""
    if set(PLACE) <= {column.lower() for column in columns_of(con, select.sql)}:
        return select.sql
    statement = copy.deepcopy(select.tree)
    if not _add_place(statement["node"]):
        return select.sql
    tree = text(json.dumps({"error": False, "statements": [statement]}))
    try:
        (sql,) = con.execute(f"select json_deserialize_sql({tree})").fetchone() or (select.sql,)
        columns_of(con, sql)
    except duckdb.Error:  # it aggregates, say
        return select.sql
    return str(sql)


def _add_place(node: dict[str, Any]) -> bool:
    """Add file and line to what a SELECT yields, to each of several below one another. False where other rows would come of it."""
    if node["type"] == "SET_OPERATION_NODE":
        return node["setop_type"] == "UNION" and node["setop_all"] is True and all(map(_add_place, node["children"]))
    if node["type"] != "SELECT_NODE" or node["group_expressions"] or node["aggregate_handling"] != "STANDARD_HANDLING":
        return False
    if any(modifier["type"] == "DISTINCT_MODIFIER" for modifier in node["modifiers"]):
        return False
    table = _first_table(node["from_table"])
    for column in PLACE:
        path = [table, column] if table else [column]
        node["select_list"].append({"class": "COLUMN_REF", "type": "COLUMN_REF", "alias": "", "column_names": path})
    return True


def _first_table(tree: dict[str, Any]) -> str | None:
    """Return the name of the first of several joined tables; None where there is one, or it has no name."""
    if tree["type"] != "JOIN":
        return None
    while tree["type"] == "JOIN":
        tree = tree["left"]
    return tree["alias"] or tree.get("table_name") or None
