"""EventBridge in memory: what happens outside Defib comes to its queues as events, which may get lost or come late.

What people say comes as on the deployed bus (tests/contract/test_bus.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from defib.core.asking import DETAIL_TYPE, DRILL_TYPE, EVENT_SOURCE, PUBLISH_TYPE
from sim.clock import VirtualTime
from sim.fuzz import events
from sim.fuzz.fleet_alarm import CONTRIBUTOR
from sim.fuzz.lanes import Lanes
from sim.fuzz.outside import Outside
from sim.fuzz.trouble import Trouble
from sim.issue import HealthIssue

DELAY = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Rule:
    """Events of that source and of one of those types go to the queue of ``lane``."""

    source: str
    detail_types: tuple[str, ...]
    lane: str
    group: str = ""
    """The message group, of a FIFO queue."""


RULES = (
    Rule(EVENT_SOURCE, (DETAIL_TYPE, DRILL_TYPE), "diagnose"),
    Rule(EVENT_SOURCE, (PUBLISH_TYPE,), "page", "publish"),
    Rule("aws.cloudwatch", (CONTRIBUTOR,), "diagnose"),
)
"""ApprovalRule, PublishRule and ContributorRule (infra/signals.py, infra/page.py)."""


class Bus:
    """The default event bus with Defib's rules."""

    def __init__(self, time: VirtualTime, outside: Outside, lanes: Lanes) -> None:
        self._time = time
        self._outside = outside
        self._lanes = lanes
        self._numbers = 0
        self.answered: Callable[[str, str], None] = lambda _, __: None
        """Hears what somebody answers about which case, as soon as they do."""

    def put(self, source: str, detail_type: str, detail: object) -> None:
        self._numbers += 1
        body = events.event(source, detail_type, detail, self._time.now, self._numbers)
        for rule in RULES:
            if source == rule.source and detail_type in rule.detail_types:
                self._hear(detail)
                self._deliver(rule.lane, body, rule.group)

    def _hear(self, detail: object) -> None:
        if isinstance(detail, Mapping) and "case" in detail and "answer" in detail:
            self.answered(detail["case"], detail["answer"])

    def state_changed(self, instance_id: str, state: str) -> None:
        """EC2 tells of an instance."""
        self._deliver("diagnose", events.state_change(instance_id, state, self._time.now))

    def issue_told(self, number: int, issue: HealthIssue, zone_id: str, over: bool) -> None:
        """AWS Health tells of an issue of EC2's own, which began when it was first told of."""
        opened = self._time.now - (issue.lasts or timedelta(0)) if over else self._time.now
        self._deliver("diagnose", events.issue_told(issue, zone_id, number, opened, over, self._time.now))

    def _deliver(self, lane: str, body: str, group: str = "") -> None:
        delay, copies = DELAY, 1
        match self._outside.message("events"):
            case Trouble.MESSAGE_LOST:
                return
            case Trouble.MESSAGE_DOUBLED:
                copies = 2
            case Trouble.MESSAGE_LATE:
                delay += self._outside.late()
        # The queue of a group knows what has come by its content (infra/signals.py, Queue).
        once = body if group else ""
        for _ in range(copies):
            self._time.after(delay, partial(self._lanes.send, lane, body, group=group, once=once))
