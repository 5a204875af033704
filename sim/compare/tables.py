"""The comparison as tables: one source for the terminal and docs/comparison.md."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sim.compare import defib
from sim.compare.fault_class import CLASSES, FaultClass, Wanted, class_named
from sim.compare.rivals.custodian import remembered
from sim.compare.run import Comparison, rivals
from sim.compare.trial import Row, Share, Spread
from sim.compare.verdict import verdict
from sim.report.words import percent, span

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "comparison.md"
LIMIT = 0.10
"""Of the time to heal, what may be Defib's own."""
CLOUD_CALLS_A_MINUTE = 1
"""DescribeInstanceStatus: the least with which anybody finds a failing check by asking."""
LEAST_FOR_A_HEAL = (
    "ec2:RebootInstances",
    "ec2:StopInstances",
    "ec2:DescribeInstances",
    "ec2:StartInstances",
    "ec2:DescribeInstanceStatus",
    "elasticloadbalancing:DescribeTargetHealth",
    "sns:Publish",
    "sns:Publish",
)
"""A zombie's reboot and stop, a look whether it has stopped, start, looks whether it works and serves, two messages."""


Cell = Callable[[Row, FaultClass], str]


class NoMarker(ValueError):
    """The document has no place for a table."""


@dataclass(frozen=True, slots=True)
class Table:
    """One table; ``name`` is its marker in the document."""

    name: str
    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def agents() -> tuple[str, ...]:
    """Defib first, the floor last."""
    return (defib.NAME, *(rival.name for rival in rivals(remembered())))


def tables(found: Comparison) -> tuple[Table, ...]:
    """All of them; a class that was not compared is left out."""
    compared = [c for c in CLASSES if any(row.fault_class == c.name for row in found.rows)]
    return (
        Table("classes", "The classes", ("fault", "what happens", "a good operator would"), tuple(_classes(compared))),
        Table("agents", "The agents", ("agent", "model"), tuple(_models())),
        _matrix(found, compared, "healed", "Time until all serve again (median), and what it cost", _outcome),
        _matrix(found, compared, "p95", "The same, 95th percentile", lambda row, _: _took(row.took)),
        _matrix(found, compared, "told", "Time until people are told (median)", lambda row, _: _told(row)),
        Table("waste", "What of the time to heal AWS does not impose", WASTE_HEAD, tuple(_waste(found, compared))),
        Table(
            "replayed", "Defib's handlers on moto, beside the ports in memory", REPLAYED_HEAD, tuple(_replayed(found))
        ),
        Table("calls", "AWS API calls", ("when", "Defib", "the least possible"), tuple(_calls(found))),
    )


WASTE_HEAD = ("fault", "serves again", "the floor", "own share", "p95", "limit", "called healed", "own share of that")
REPLAYED_HEAD = ("fault", "trials", "in memory", "on moto", "called healed", "own share of that")


def _classes(compared: Sequence[FaultClass]) -> Iterator[tuple[str, ...]]:
    for fault_class in compared:
        yield fault_class.name, fault_class.about, fault_class.wanted.value


def _models() -> Iterator[tuple[str, ...]]:
    yield defib.NAME, defib.MODEL
    for rival in rivals(remembered()):
        yield rival.name, rival.model


def _matrix(found: Comparison, compared: Sequence[FaultClass], name: str, title: str, cell: Cell) -> Table:
    named = agents()
    rows = []
    for fault_class in compared:
        cells = [fault_class.name]
        for agent in named:
            row = shown_row(found, agent, fault_class.name)
            cells.append(cell(row, fault_class) if row is not None else "–")
        rows.append(tuple(cells))
    return Table(name, title, ("fault", *named), tuple(rows))


def shown_row(found: Comparison, agent: str, fault_class: str) -> Row | None:
    """The agent's row; Defib's replays where there is nothing in memory."""
    row = found.row(agent, fault_class)
    return found.row(defib.REPLAYED, fault_class) if row is None and agent == defib.NAME else row


def _outcome(row: Row, fault_class: FaultClass) -> str:
    return verdict(row, fault_class).text


def _took(took: Spread | None) -> str:
    return span(took.p95) if took is not None else "–"


def _told(row: Row) -> str:
    if row.told_after is None:
        return "nobody"
    words = span(row.told_after.median)
    return words if row.told == row.trials else f"{words} ({row.told} of {row.trials})"


def _waste(found: Comparison, compared: Sequence[FaultClass]) -> Iterator[tuple[str, ...]]:
    for fault_class in compared:
        row = found.row(defib.NAME, fault_class.name)
        floor = found.row("the floor", fault_class.name)
        if row is None or row.took is None or row.waste is None or fault_class.wanted is not Wanted.HEAL:
            continue
        held = "✓" if row.waste.median <= LIMIT else "✗"
        yield (
            fault_class.name,
            span(row.took.median),
            span(floor.took.median) if floor is not None and floor.took is not None else "–",
            percent(row.waste.median),
            percent(row.waste.p95),
            f"{held} {percent(LIMIT)}",
            span(row.closed.median) if row.closed is not None else "–",
            _share(row.waste_closed),
        )


def _replayed(found: Comparison) -> Iterator[tuple[str, ...]]:
    for row in found.rows:
        # Of what is to be left alone, the times would only be those of the fault.
        if row.agent != defib.REPLAYED or class_named(row.fault_class).wanted is not Wanted.HEAL:
            continue
        memory = found.row(defib.NAME, row.fault_class)
        yield (
            row.fault_class,
            str(row.trials),
            _median(memory.took if memory is not None else None),
            _median(row.took),
            _median(row.closed),
            _share(row.waste_closed),
        )


def _calls(found: Comparison) -> Iterator[tuple[str, ...]]:
    calls = found.calls
    if calls is None:
        return
    each = calls.idle_minutes
    yield (
        "an idle minute",
        f"{sum(calls.idle.values()) / each:.1f}: " + _listed({k: v / each for k, v in calls.idle.items()}),
        f"{CLOUD_CALLS_A_MINUTE}: ec2:DescribeInstanceStatus",
    )
    heal = {name: float(count) for name, count in calls.heal.items() if count > 0}
    least = {name: float(LEAST_FOR_A_HEAL.count(name)) for name in dict.fromkeys(LEAST_FOR_A_HEAL)}
    yield "a heal (zombie)", f"{sum(heal.values()):.0f}: {_listed(heal)}", f"{len(LEAST_FOR_A_HEAL)}: {_listed(least)}"


def _listed(counts: dict[str, float]) -> str:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{count:.3g} {name}" for name, count in ordered)


def _median(spread: Spread | None) -> str:
    return span(spread.median) if spread is not None else "–"


def _share(share: Share | None) -> str:
    return percent(share.median) if share is not None else "–"


def write(found: Comparison, made: str, document: Path = DOCUMENT) -> None:
    """Renew what stands between the markers of each table that has rows. Raises NoMarker."""
    text = document.read_text(encoding="utf-8")
    for table in tables(found):
        if not table.rows:
            continue
        start, end = f"<!-- compared: {table.name} -->", "<!-- end -->"
        pattern = re.compile(f"{re.escape(start)}.*?{re.escape(end)}", re.DOTALL)
        fresh = "\n".join((start, *markdown(table), "", f"*{made}*", end))
        text, replaced = pattern.subn(lambda _, new=fresh: new, text)  # type: ignore[misc]  # binds the loop's value
        if replaced != 1:
            raise NoMarker(f"{document.name} needs one place between {start} and {end}; it has {replaced}")
    document.write_text(text, encoding="utf-8")


def markdown(table: Table) -> list[str]:
    """The lines of the table."""
    rule = ("---",) * len(table.head)
    return ["| " + " | ".join(cells) + " |" for cells in (table.head, rule, *table.rows)]
