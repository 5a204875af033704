"""The comparison as tables: one source for the terminal and docs/comparison.md."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sim.compare import defib
from sim.compare.calls import LEAST
from sim.compare.fault_class import CLASSES, FaultClass, Wanted, class_named
from sim.compare.rivals.custodian import remembered
from sim.compare.run import Comparison, rivals
from sim.compare.trial import Row, Share, Spread
from sim.compare.verdict import verdict
from sim.report.words import percent, span

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "comparison.md"
LIMIT = 0.10
"""Of the time to heal, what may be Defib's own."""


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
        Table("calls", "AWS API calls", CALLS_HEAD, tuple(_calls(found))),
    )


CALLS_HEAD = ("call", "an idle minute", "the least", "a heal", "the least", "what the others are for")
WASTE_HEAD = (
    *("fault", "serves again", "the floor", "own share", "with the grace", "p95", "limit"),
    *("called healed", "own share of that"),
)
REPLAYED_HEAD = (
    *("fault", "trials", "in memory", "on moto", "own share", "with the grace", "limit"),
    *("called healed", "own share of that"),
)


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
        row = shown_row(found, defib.NAME, fault_class.name)
        floor = found.row("the floor", fault_class.name)
        if row is None or row.took is None or row.waste is None or fault_class.wanted is not Wanted.HEAL:
            continue
        yield (
            fault_class.name,
            span(row.took.median),
            span(floor.took.median) if floor is not None and floor.took is not None else "–",
            percent(row.waste.median),
            _with_grace(row),
            percent(row.waste.p95),
            _limit(row),
            span(row.closed.median) if row.closed is not None else "–",
            _share(row.waste_closed),
        )


def missed(found: Comparison) -> Iterator[str]:
    """Every row of Defib's whose own share is more than it may be.

    A few replays decide nothing of a fault whose many seeds in memory have a row.
    """
    for row in found.rows:
        heals = class_named(row.fault_class).wanted is Wanted.HEAL
        few = row.agent == defib.REPLAYED and found.row(defib.NAME, row.fault_class) is not None
        if heals and not few and row.waste is not None and row.waste.median > LIMIT:
            yield f"{row.agent}, {row.fault_class}: {percent(row.waste.median)} its own, more than {percent(LIMIT)}"


def left_out(found: Comparison) -> Iterator[str]:
    """Why Defib has no row of a class that the others were compared in."""
    for name in dict.fromkeys(row.fault_class for row in found.rows):
        if shown_row(found, defib.NAME, name) is None:
            yield f"{defib.NAME}, {name}: played on moto alone, and --replays {found.replays} plays nothing there"


def _limit(row: Row) -> str:
    return f"{'✓' if row.waste is not None and row.waste.median <= LIMIT else '✗'} {percent(LIMIT)}"


def _with_grace(row: Row) -> str:
    """Empty where nothing was left to EC2's own recovery."""
    return _share(row.waste_with_grace) if row.waste_with_grace != row.waste else ""


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
            _share(row.waste),
            _with_grace(row),
            _limit(row),
            _median(row.closed),
            _share(row.waste_closed),
        )


def _calls(found: Comparison) -> Iterator[tuple[str, ...]]:
    calls = found.calls
    if calls is None:
        return
    idle = {name: count / calls.idle_minutes for name, count in calls.idle.items()}
    heal = {name: count for name, count in calls.heal.items() if count > 0}
    least = (sum(one.idle for one in LEAST.values()), sum(one.heal for one in LEAST.values()))
    yield "all", f"{sum(idle.values()):.1f}", str(least[0]), str(sum(heal.values())), str(least[1]), ""
    for name in sorted({*idle, *heal}, key=lambda one: (-heal.get(one, 0), -idle.get(one, 0), one)):
        one = LEAST[name]
        spent = f"{idle[name]:.3g}" if name in idle else ""
        yield (
            f"`{name}`",
            spent,
            _unless_none(one.idle),
            _unless_none(heal.get(name, 0)),
            _unless_none(one.heal),
            one.why,
        )


def _unless_none(count: int) -> str:
    return str(count) if count else ""


def _median(spread: Spread | None) -> str:
    return span(spread.median) if spread is not None else "–"


def _share(share: Share | None) -> str:
    return percent(share.median) if share is not None else "–"


def write(found: Comparison, made: str, document: Path = DOCUMENT, only: str = "") -> None:
    """Renew what stands between the markers of each table that has rows, or of one alone. Raises NoMarker."""
    text = document.read_text(encoding="utf-8")
    for table in tables(found):
        if not table.rows or (only and table.name != only):
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
