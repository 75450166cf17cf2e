"""The relations of schema.sql one by one, each with what it reads, so that a question creates only what it needs."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import duckdb

from warehouse import paper

HERE = Path(__file__).parent
# In an installed package beside the code; in a checkout at the top.
SCHEMA = HERE / "schema.sql" if (HERE / "schema.sql").is_file() else HERE.parent / "schema.sql"
PAPER = 11  # the section of the paper's own numbers, after those of schema.sql

# What the warehouse makes of all strategies, and relations of schema.sql read.
MADE = ("ranking", "strategy_reads", "strategy_literal", "resample.nearest_score", "resample.whole_score", "resample.mean_rank",
        "resample.ranking", "resample.oracle", "resample.regret", "resample.delta", "resample.halving_choice", "ascending.ranking",
        "descending.ranking")  # fmt: skip

# Depends on fine-tunes, but holds no test accuracy of the dataset that a strategy ranks models for: which models are complete, means
# over other datasets, seconds, and validation accuracies before the last step, which a strategy pays for as for any proxy.
HONEST = ("complete_model", "other_mean_accuracy", "cost_device", "finetune_cost", "partial_score", "nearest_score")

# Who looks at the catalogue must find everything in it.
_CATALOGUE = re.compile(r"\b(duckdb_\w+|information_schema|sqlite_master|pg_\w+|show|describe|pragma_\w+)\b")
_CREATE = re.compile(r"create (table|view|macro|type) ([\w.]+)")
_GRAIN = "-- One row per"


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
    statements = [(number, *statement) for number, text in sections().items() for statement in _statements(text)]
    statements += [(PAPER, paper.with_folder(text), grain) for text, grain in _statements(paper.REFERENCE.read_text())]
    created = {}
    for section, statement, grain in statements:
        found = _CREATE.match(statement)
        if found:  # create schema is not needed: all of them are there before any relation
            kind, name = found.groups()
            comment = (f"comment on {kind} {name} is {quoted(grain)}",) if grain else ()
            created[name] = (section, (statement, *comment))
    known = {*created, *given}
    return {name: Relation(name, section, texts, _reads(texts[0], known) - {name}) for name, (section, texts) in created.items()}


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


@cache
def without_resamples() -> tuple[str, ...]:
    """The relations of main that need no resamples, which take seconds."""
    relations = _with_made(())
    names = (name for name in relations if "." not in name)
    return tuple(name for name in names if not any(one.name.startswith("resample.") for one in needed([name], relations)))


def readable(facts: tuple[str, ...]) -> dict[str, str | None]:
    """The relations of main by name: why no strategy can read it, None where one can."""
    relations = _with_made(facts)
    return {name: _unreadable({one.name for one in needed([name], relations)}) for name in relations if "." not in name}


def _unreadable(needs: set[str]) -> str | None:
    if needs & set(MADE):
        return "is made of what strategies choose"
    if (
        needs & {"checked_proxy", "proxy", "partial_score", "nearest_score"} and "candidate_score" not in needs
    ):  # an order of those models that have a score
        return "may lack models; candidate_score has them all or none"
    return None


@cache
def answers(facts: tuple[str, ...]) -> frozenset[str]:
    """The relations that hold accuracies of fine-tunes, or are computed from them, in any way but through HONEST."""
    relations = {
        name: replace(one, reads=frozenset() if name in HONEST else one.reads) for name, one in _with_made(facts).items()
    }
    return frozenset(name for name in relations if "finetune" in {one.name for one in needed([name], relations)})


@cache
def _with_made(facts: tuple[str, ...]) -> dict[str, Relation]:
    made = {name: Relation(name, 0, (), frozenset()) for name in (*facts, *MADE)}
    return of_schema(made) | made


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


def _statements(text: str) -> Iterator[tuple[str, str]]:
    """Yield (statement without comments, grain) for each statement of a text. Comments may hold anything, such as a semicolon."""
    code: list[str] = []
    comment: list[str] = []
    for line in text.splitlines():
        if not code and line.startswith("--"):
            comment.append(line)
        elif bare := line.partition("--")[0].rstrip():
            code.append(bare)
        if code and code[-1].endswith(";"):
            starts = [i for i, one in enumerate(comment) if one.startswith(_GRAIN)]
            grain = " ".join(one.removeprefix("-- ") for one in comment[starts[0] :]) if starts else ""
            yield "\n".join(code).removesuffix(";"), grain
            code, comment = [], []


def quoted(text: str) -> str:
    """Return a text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def quoted_list(texts: Iterable[str]) -> str:
    """Return texts as a list of SQL literals."""
    return ", ".join(map(quoted, texts))


def _reads(statement: str, known: set[str]) -> frozenset[str]:
    """The known relations after from and join, and the known macros that are called."""
    return _named(statement) & known


@cache
def _named(statement: str) -> frozenset[str]:
    read = re.findall(r"\b(?:from|join)\s+(?:main\.)?([\w.]+)", statement)
    return frozenset({*read, *re.findall(r"\b(\w+)\(", statement), *re.findall(r"::(\w+)", statement)})
