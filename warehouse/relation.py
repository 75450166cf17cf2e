"""The relations of schema.sql one by one, each with what it reads, so that a question creates only what it needs."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import duckdb

from warehouse import paper

HERE = Path(__file__).parent
# In an installed package beside the code; in a checkout at the top.
SCHEMA = HERE / "schema.sql" if (HERE / "schema.sql").is_file() else HERE.parent / "schema.sql"
PAPER = 10  # the section of the paper's own numbers, after those of schema.sql

# What the warehouse makes of all strategies, and relations of schema.sql read.
MADE = ("ranking", "strategy_reads", "strategy_word", "resample.ranking", "resample.oracle", "resample.regret", "resample.delta",
        "ascending.ranking", "descending.ranking")  # fmt: skip

# Who looks at the catalogue must find everything in it.
_CATALOGUE = re.compile(r"\b(duckdb_\w+|information_schema|sqlite_master|pg_\w+|show|describe|pragma_\w+)\b")
_CREATE = re.compile(r"create (?:table|view|macro|type) ([\w.]+)")


@dataclass(frozen=True)
class Relation:
    """A table, view or macro.

    name: as it is written in SQL, with its schema where that is not main. section: of schema.sql. statements: what creates it and
    says its grain. reads: the names of the relations that must be there before. fill: fills the table that the statements made.
    """

    name: str
    section: int
    statements: tuple[str, ...]
    reads: frozenset[str]
    fill: Callable[[duckdb.DuckDBPyConnection], None] | None = None

    def create(self, con: duckdb.DuckDBPyConnection, described: bool = True) -> None:
        """Create it, and fill it; described: with the comment that says its grain."""
        for statement in self.statements if described else self.statements[:1]:
            con.execute(statement)
        if self.fill:
            self.fill(con)


def of_schema(given: Iterable[str]) -> dict[str, Relation]:
    """The relations of schema.sql and the paper's own numbers, by name, in the order of the files.

    given: the names of relations that are made elsewhere, which these may read.
    """
    statements = [(number, statement) for number, text in sections().items() for statement in _statements(text)]
    statements += [(PAPER, paper.located(statement)) for statement in _statements(paper.REFERENCE.read_text())]
    created: dict[str, tuple[int, list[str]]] = {}
    for section, statement in statements:
        if statement.startswith("create schema"):  # all of them are there before any relation
            continue
        found = _CREATE.match(statement)
        name = found[1] if found else statement.split(maxsplit=4)[3]  # comment on view NAME is ...
        if found:
            created[name] = (section, [])
        created[name][1].append(statement)
    known = {*created, *given}
    return {name: Relation(name, section, tuple(texts), _reads(texts[0], known) - {name})
            for name, (section, texts) in created.items()}  # fmt: skip


def needed(names: Iterable[str], relations: Mapping[str, Relation]) -> list[Relation]:
    """The named relations and all that they need, each after what it reads."""
    ordered: dict[str, Relation] = {}

    def add(name: str) -> None:
        if name not in ordered:
            for read in sorted(relations[name].reads):
                add(read)
            ordered[name] = relations[name]

    for name in names:
        add(name)
    return list(ordered.values())


def readable(facts: Iterable[str]) -> dict[str, str | None]:
    """The relations of main by name: why no strategy can read it, None where one can."""
    made = {name: Relation(name, 0, (), frozenset()) for name in (*facts, *MADE)}
    relations = of_schema(made) | made
    return {name: _unreadable({one.name for one in needed([name], relations)}) for name in relations if "." not in name}


def _unreadable(needs: set[str]) -> str | None:
    if needs & set(MADE):
        return "is made of what strategies choose"
    if needs & {"checked_proxy", "proxy"} and "candidate_score" not in needs:  # an order of those models that have a score
        return "may lack models; candidate_score has them all or none"
    return None


def mentioned(sql: str, relations: Mapping[str, Relation]) -> list[str]:
    """The relations that stand in a question as words, in the order of schema.sql; all, if it looks at the catalogue.

    A column may be called as a relation is; then this is more than the question needs.
    """
    words = set(re.findall(r"\w+", sql.lower()))
    everything = looks_at_the_catalogue(sql)
    return [name for name in relations if everything or set(re.findall(r"\w+", name.lower())) <= words]


def looks_at_the_catalogue(sql: str) -> bool:
    """Whether a question asks what relations there are, or what their comments say."""
    return bool(_CATALOGUE.search(sql.lower()))


def sections() -> dict[int, str]:
    """The text of each section of schema.sql by its number: a section starts with a line `-- N title ---`."""
    parts = re.split(r"(?m)^-- (\d+) .*-{5,}$", SCHEMA.read_text())
    return {int(number): text for number, text in zip(parts[1::2], parts[2::2], strict=True)}


def _statements(text: str) -> Sequence[str]:
    """The statements of a text without its comments, which may hold anything."""
    bare = re.sub(r"(?m)--.*$", "", text)
    return [statement.strip() for statement in re.split(r";\s*(?:\n|$)", bare) if statement.strip()]


def _reads(statement: str, known: set[str]) -> frozenset[str]:
    """The known relations after from and join, and the known macros that are called."""
    return _named(statement) & known


@cache
def _named(statement: str) -> frozenset[str]:
    read = re.findall(r"\b(?:from|join)\s+(?:main\.)?([\w.]+)", statement)
    return frozenset({*read, *re.findall(r"\b(\w+)\(", statement), *re.findall(r"::(\w+)", statement)})
