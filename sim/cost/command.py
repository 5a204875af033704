"""``python -m sim cost``: what a month costs, from counted calls and published prices."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from defib.core.mistake import PolicyError
from infra.operator_error import OperatorError
from infra.prices import PRICES_OF
from sim.cost.counting import heal, quiet
from sim.cost.month import Months, months
from sim.cost.tables import DOCUMENT, HEAD, SIZES, by_size, document


def main(instances: Sequence[int], policy: Path | None, as_json: bool, write: bool) -> int:
    """The command; exit status 0, or 2 for a policy to mend."""
    if write:
        document(DOCUMENT)
        print(f"Renewed the tables in {DOCUMENT.name}.")
        return 0
    try:
        found = of_sizes(instances or SIZES, policy)
    except PolicyError as error:
        print(error.told(str(policy or "defib.toml")), file=sys.stderr)
        return 2
    except (OperatorError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    print(json.dumps([_as_dict(one) for one in found], indent=2) if as_json else "\n".join(report(found)))
    sys.stdout.flush()
    return 0


def of_sizes(sizes: Sequence[int], policy: Path | None = None) -> list[Months]:
    """A month of each size; the quiet time is counted once, at the smallest."""
    idle = quiet(min(sizes), policy)
    return [months(size, idle, one) for one in (heal(policy).beyond(idle),) for size in sizes]


def report(found: Sequence[Months]) -> Iterator[str]:
    """For the terminal: each size, then every item of the last."""
    yield f"Dollars a month after the free tier ({PRICES_OF}; without the fleet alarm):"
    yield from _columns([HEAD, *by_size(found)])
    last = found[-1]
    for name, bill in (("idle", last.idle), (f"a bad month: {last.heals} heals", last.bad)):
        yield ""
        yield f"{last.instances:,} instances, {name}: ${bill.usd:.2f}, ${bill.due:.2f} after the free tier:"
        yield from (f"  {line.due:8.3f}  {line.service}: {line.amount:,.6g} {line.what}" for line in bill.lines)


def _columns(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    for row in rows:
        yield "  " + "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))


def _as_dict(found: Months) -> dict[str, object]:
    return {
        "instances": found.instances,
        "heals_in_a_bad_month": found.heals,
        "fleet_alarm_usd": found.fleet_alarm,
        "an_alarm_an_instance_usd": found.alarms_each,
        "prices_of": PRICES_OF,
        **{
            name: {"usd": bill.usd, "due_usd": bill.due, "lines": [asdict(line) for line in bill.lines]}
            for name, bill in (("idle", found.idle), ("bad_month", found.bad))
        },
    }
