"""The tables of ``docs/cost.md``, from what is counted now."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from infra.prices import PRICES
from sim.cost.counting import Counted, heal, quiet
from sim.cost.month import Bill, Months, months
from sim.replay import POLICIES, ROOT

SIZES = (10, 100, 1_000, 10_000)
DOCUMENT = ROOT / "docs" / "cost.md"
WATCHED = POLICIES / "watchtower.toml"
"""The shipped policy and a watchtower."""
BARE = POLICIES / "bare.toml"
"""The shipped policy with neither a status page nor links to answer by."""
ASKED = POLICIES / "pool-at-once.toml"
"""Neither, and a target group whose load balancer is asked every five seconds."""

HEAD = ["instances", "idle", "a bad month", "heals in it", "fleet alarm, on top", "an alarm an instance"]

Rows = list[list[str]]


def document(file: Path) -> None:
    """Renew what stands between the markers of ``docs/cost.md``. Raises LookupError where a marker is missing."""
    text = file.read_text(encoding="utf-8")
    for name, lines in tables().items():
        start, end = f"<!-- counted: {name} -->", "<!-- end -->"
        pattern = re.compile(f"{re.escape(start)}.*?{re.escape(end)}", re.DOTALL)
        fresh = "\n".join((start, *lines, end))
        text, replaced = pattern.subn(lambda _, fresh=fresh: fresh, text)  # type: ignore[misc]  # binds the loop's value
        if replaced != 1:
            raise LookupError(f"{file.name} needs one place between {start} and {end}; it has {replaced}")
    file.write_text(text, encoding="utf-8")


def tables() -> dict[str, list[str]]:
    """Every generated table of ``docs/cost.md``, by its marker."""
    idle, one = quiet(min(SIZES)), heal()
    shipped = [months(size, idle, one.beyond(idle)) for size in SIZES]
    others = {
        "shipped": shipped[2].idle,
        "with a watchtower": _idle(WATCHED),
        "neither page nor links": _idle(BARE),
        "neither, and one target group asked every 5 seconds": _idle(ASKED),
    }
    return {
        "sizes": list(_markdown([HEAD, *by_size(shipped)])),
        "services": list(_markdown(by_service(shipped))),
        "items": list(_markdown(items(shipped[2].idle))),
        "variants": list(_markdown([["policy", "before the free tier", "after it"], *_variants(others)])),
        "calls": list(_markdown(_calls(idle, one.beyond(idle)))),
        "prices": list(_markdown(prices())),
    }


def _idle(policy: Path) -> Bill:
    counted = quiet(min(SIZES), policy)
    return months(1_000, counted, counted).idle


def _variants(bills: Mapping[str, Bill]) -> Rows:
    return [[name, f"${bill.usd:.2f}", f"${bill.due:.2f}"] for name, bill in bills.items()]


def by_size(found: Sequence[Months]) -> Rows:
    return [
        [
            f"{m.instances:,}",
            f"${m.idle.due:.2f}",
            f"${m.bad.due:.2f}",
            f"{m.heals:,}",
            f"${m.fleet_alarm:,.2f}",
            f"${m.alarms_each:,.2f}",
        ]
        for m in found
    ]


def by_service(found: Sequence[Months]) -> Rows:
    """Dollars after the free tier, a row a service: in a quiet month, and in the bad month of each size."""
    columns = [found[0].idle, *(m.bad for m in found)]
    dues = [bill.by_service() for bill in columns]
    rows = [["service", "idle, any size", *(f"bad month, {m.instances:,}" for m in found)]]
    rows += [
        [service, *(f"${due.get(service, 0.0):.3f}" for due in dues)]
        for service in dict.fromkeys(price.service for price in PRICES.values())
        if any(service in due for due in dues)
    ]
    return [*rows, ["all", *(f"${bill.due:.3f}" for bill in columns)]]


def items(bill: Bill) -> Rows:
    """A row an item."""
    free = {(price.service, item.value): price.free for item, price in PRICES.items()}
    rows = [["service", "item", "a month", "free of it", "before the free tier", "after it"]]
    rows += [
        [
            line.service,
            line.what,
            amount(line.amount),
            amount(free[line.service, line.what]),
            f"${line.usd:.3f}",
            f"${line.due:.3f}",
        ]
        for line in bill.lines
    ]
    return rows


def amount(of: float) -> str:
    """Whole where it is not less than one."""
    return f"{of:,.4g}" if of < 1 else f"{of:,.0f}"


def _calls(idle: Counted, one: Counted) -> Rows:
    minutes = idle.span.total_seconds() / 60
    rows = [["call", "an idle minute", "a heal, beyond that"]]
    rows += [
        [f"`{name}`", f"{idle.calls.get(name, 0) / minutes:.2f}", f"{one.calls.get(name, 0):.0f}"]
        for name in sorted({*idle.calls, *one.calls})
    ]
    return rows


def prices() -> Rows:
    """The price table, a row an item."""
    rows = [["service", "item", "dollars each", "free a month", "source", "read on"]]
    for item, price in PRICES.items():
        source = f"{price.source}{', as others quote it' if price.quoted else ''}"
        rows.append(
            [
                price.service,
                item.value,
                f"{price.usd:.10f}".rstrip("0"),
                f"{price.free:,}",
                source,
                price.read_on.isoformat(),
            ]
        )
    return rows


def _markdown(rows: Rows) -> Iterator[str]:
    rule = ["---:" if _is_number(cell) else "---" for cell in rows[-1]]
    for row in (rows[0], rule, *rows[1:]):
        yield "| " + " | ".join(row) + " |"


def _is_number(cell: str) -> bool:
    return cell.lstrip("$").replace(",", "").replace(".", "").isdigit()
