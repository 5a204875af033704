"""A month's bill: quiet, and bad, by service, before and after the free tier, beside what others would cost."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from infra.prices import PRICES, Item
from sim.cost.counting import Counted
from sim.cost.usage import MONTH, Usage, metrics, standing, used

BAD_SHARE = 0.10
"""A bad month: so many of the instances must be healed in it, each in an incident of its own. About 0.5 % of launches
come up impaired; this is twenty times as much."""


@dataclass(frozen=True, slots=True)
class Line:
    """One item of a bill."""

    service: str
    what: str
    amount: float
    usd: float
    """Before the free tier."""
    free_usd: float
    """What of it the free tier pays, where nothing else in the account uses that."""

    @property
    def due(self) -> float:
        return self.usd - self.free_usd


@dataclass(frozen=True, slots=True)
class Bill:
    """All items of one month."""

    lines: tuple[Line, ...]

    @property
    def usd(self) -> float:
        return sum(line.usd for line in self.lines)

    @property
    def due(self) -> float:
        """What is left to pay after the free tier."""
        return sum(line.due for line in self.lines)

    def by_service(self) -> Mapping[str, float]:
        """Dollars after the free tier, by service."""
        return self._summed(lambda line: line.due)

    def by_service_usd(self) -> Mapping[str, float]:
        """The same before the free tier."""
        return self._summed(lambda line: line.usd)

    def _summed(self, dollars: Callable[[Line], float]) -> Mapping[str, float]:
        services = dict.fromkeys(line.service for line in self.lines)
        return {s: sum(dollars(line) for line in self.lines if line.service == s) for s in services}


@dataclass(frozen=True, slots=True)
class Months:
    """What a fleet of one size costs, and what it would cost others' way."""

    instances: int
    heals: int
    """In the bad month."""
    idle: Bill
    bad: Bill
    fleet_alarm: float
    """On top, where detection.fleet_alarm is true."""
    alarms_each: float
    """One CloudWatch alarm an instance and nothing else, after the ten free ones: it finds, and heals what a reboot
    or AWS's recovery heals."""


def bill(usage: Usage) -> Bill:
    """The bill for ``usage``, in the order of the price table."""
    lines = []
    for item, price in PRICES.items():
        amount = usage.of.get(item, 0.0)
        if amount:
            free = min(amount, price.free) * price.usd
            lines.append(Line(price.service, item.value, amount, amount * price.usd, free))
    return Bill(tuple(lines))


def months(instances: int, quiet: Counted, heal: Counted) -> Months:
    """Of so many instances; ``heal`` is what one heal takes beyond a quiet time."""
    idle = standing(quiet.wiring) + used(quiet).times(MONTH / quiet.span)
    heals = max(1, math.ceil(instances * BAD_SHARE))
    alarm = PRICES[Item.ALARM]
    return Months(
        instances,
        heals,
        bill(idle + metrics(quiet)),
        bill(idle + used(heal).times(heals) + metrics(quiet, heal)),
        instances * PRICES[Item.FLEET_ALARM].usd,
        max(0.0, instances - alarm.free) * alarm.usd,
    )
