"""What a SELECT reads: the relations that it names, however deep, and not those that it makes for itself in its `with`."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import duckdb

# Functions after `from` that look at nothing. Others take a relation by its name as text, read files, or ask the catalogue.
PURE = frozenset({"generate_series", "json_each", "json_tree", "range", "repeat", "repeat_row", "unnest"})


@dataclass(frozen=True)
class Read:
    """relations: the names that it reads, in lower case, with what stands before them (strategy.linear). functions: those of the
    functions after `from`, and `describe` for what shows relations, that are not PURE. literals: its text constants. compared: the columns
    that it sets beside a text, as in `dataset = 'pets'`, without what stands before them.
    """

    relations: frozenset[str]
    functions: frozenset[str]
    literals: frozenset[str]
    compared: frozenset[str]


def serialised(con: duckdb.DuckDBPyConnection, sql: str) -> Any:
    """DuckDB's syntax tree of SELECT statements; nothing is run or looked up. `error` says whether it is none."""
    (text,) = con.execute("select json_serialize_sql(?)", [sql]).fetchone() or ("{}",)
    return json.loads(text)


def read_by(tree: Any) -> Read:
    """What the statements of a syntax tree read."""
    nodes = list(nodes_of(tree))
    functions = {node["function"]["function_name"].lower() for node in nodes if node.get("type") == "TABLE_FUNCTION"}
    shown = {"describe" for node in nodes if node.get("type") == "SHOW_REF"}
    compared = {name for node in nodes if node.get("class") in _COMPARING for name in _columns(node) if _literals(node)}
    relations = frozenset(_relations(tree, frozenset()))
    return Read(relations, frozenset(functions - PURE | shown), frozenset(_literals(tree)), frozenset(compared))


_COMPARING = ("COMPARISON", "BETWEEN", "OPERATOR", "FUNCTION", "CASE")


def _literals(tree: Any) -> set[str]:
    texts = (node["literal"] for node in nodes_of(tree) if node.get("class") == "CONSTANT")
    return {literal["text"] for literal in texts if literal["kind"] == "STRING"}


def _columns(tree: Any) -> set[str]:
    return {node["column_names"][-1].lower() for node in nodes_of(tree) if node.get("class") == "COLUMN_REF"}


def nodes_of(tree: Any) -> Iterator[dict[str, Any]]:
    """All objects inside a syntax tree."""
    if isinstance(tree, dict):
        yield tree
    for child in _children(tree):
        yield from nodes_of(child)


def _relations(tree: Any, own: frozenset[str]) -> Iterator[str]:
    """own: the names that `with` gave before, and around. A name of `with` means the relation inside its own SELECT, unless recursive."""
    if isinstance(tree, dict):
        for entry in (tree.get("cte_map") or {}).get("map", ()):
            yield from _relations(entry["value"], own)
            own |= {entry["key"].lower()}
        if tree.get("type") == "RECURSIVE_CTE_NODE":  # only what repeats means itself by its name
            yield from _relations(tree["left"], own)
            own |= {tree["cte_name"].lower()}
            tree = {**tree, "left": None}
        if tree.get("type") == "BASE_TABLE":
            before = [part for part in (tree["catalog_name"], tree["schema_name"]) if part]
            if before or tree["table_name"].lower() not in own:
                yield ".".join([*before, tree["table_name"]]).lower()
        tree = {key: child for key, child in tree.items() if key != "cte_map"}
    for child in _children(tree):
        yield from _relations(child, own)


def _children(tree: Any) -> Any:
    return tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ()
