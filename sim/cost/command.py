"""``python -m sim cost``: what a month costs, from counted calls and published prices."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from defib.core.mistake import PolicyError
from infra.operator_error import OperatorError
from infra.prices import PRICES_OF
from sim.cost.counting import heal, quiet
from sim.cost.month import Bill, Months, months
from sim.cost.tables import DOCUMENT, HEAD, SIZES, by_service, by_size, document, items
from sim.report.words import count


def main(instances: Sequence[int], policy: Path | None, as_json: bool, write: bool) -> int:
    """The command; exit status 0, or 2 for a policy to mend, or where a part is to be written for all."""
    if write and (instances or policy is not None):
        print(f"--write renews all of docs/{DOCUMENT.name}: leave --instances and --policy out", file=sys.stderr)
        return 2
    if write:
        document(DOCUMENT)
        print(f"Renewed the tables in {DOCUMENT.name}.")
        return 0
    try:
        found = of_sizes(instances or SIZES, policy)
    except PolicyError as error:
        print(error.told(str(policy or "defib.toml")), file=sys.stderr)
        return 2
    except OSError as error:
        print(f"{error.filename or policy}: {error.strerror or error}", file=sys.stderr)
        return 2
    except OperatorError as error:
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
    """For the terminal: each size, each service, then every item of the last."""
    yield f"Dollars a month after the free tier ({PRICES_OF}; without the fleet alarm):"
    yield from _columns([HEAD, *by_size(found)])
    yield ""
    yield "By service, after the free tier:"
    yield from _columns(by_service(found), words=1)
    last = found[-1]
    for name, bill in (("idle", last.idle), (f"a bad month, {count(last.heals, 'heal')}", last.bad)):
        yield ""
        yield f"{count(last.instances, 'instance')}, {name}: ${bill.usd:.2f}, ${bill.due:.2f} after the free tier:"
        yield from _columns(items(bill), words=2)


def _columns(rows: Sequence[Sequence[str]], words: int = 0) -> Iterator[str]:
    """As many of the columns as ``words`` says begin on the left."""
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    for row in rows:
        cells = (
            cell.ljust(width) if n < words else cell.rjust(width)
            for n, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  " + "  ".join(cells)


def _as_dict(found: Months) -> dict[str, object]:
    return {
        "instances": found.instances,
        "heals_in_a_bad_month": found.heals,
        "fleet_alarm_usd": found.fleet_alarm,
        "an_alarm_an_instance_usd": found.alarms_each,
        "prices_of": PRICES_OF,
        "idle": _bill(found.idle),
        "bad_month": _bill(found.bad),
    }


def _bill(bill: Bill) -> dict[str, object]:
    before = bill.by_service_usd()
    return {
        "usd": bill.usd,
        "due_usd": bill.due,
        "services": [{"service": s, "usd": before[s], "due_usd": due} for s, due in bill.by_service().items()],
        "lines": [{**asdict(line), "amount": _whole(line.amount)} for line in bill.lines],
    }


def _whole(amount: float) -> float | int:
    """What is counted in ones, without the error of the arithmetic."""
    return round(amount) if math.isclose(amount, round(amount)) else amount
