"""What is remembered of subscribers' mail, in memory. It passes the table's contract suite (tests/aws)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date

from defib.core.page.mail import Mailed
from defib.core.page.subscribing import Day
from defib.shell.store import Conflict


@dataclass
class FakeMailStore:
    """What is remembered of letters and of days."""

    now: Mailed = field(default_factory=Mailed)
    days: dict[date, Day] = field(default_factory=dict)
    interruptions: list[Callable[[], None]] = field(default_factory=list)
    """Each runs once, just before a write: a rival's write, or a raised error."""

    def mailed(self) -> Mailed:
        return self.now

    def remember_mailed(self, mailed: Mailed) -> Mailed:
        self._interrupted()
        if mailed.version != self.now.version:
            raise Conflict(f"the mail has moved on from version {mailed.version}")
        self.now = replace(mailed, version=mailed.version + 1)
        return self.now

    def day(self, of: date) -> Day:
        return self.days.get(of, Day(of))

    def remember_day(self, day: Day) -> Day:
        self._interrupted()
        if day.version != self.day(day.date).version:
            raise Conflict(f"{day.date} has moved on from version {day.version}")
        self.days[day.date] = replace(day, version=day.version + 1)
        return self.days[day.date]

    def _interrupted(self) -> None:
        if self.interruptions:
            self.interruptions.pop(0)()
