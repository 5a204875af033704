"""The simulated EventBridge: rules with their patterns, and schedules."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Any

from moto.events.models import EventPattern
from moto.moto_api._internal import mock_random

from sim.breakdowns import Breakdowns
from sim.clock import SimulatorGap, VirtualTime
from sim.functions import Lambda
from sim.queues import Queues
from sim.template import ACCOUNT, REGION
from sim.wiring import Rule, Schedule, Wiring

DELIVERY = (timedelta(milliseconds=300), timedelta(milliseconds=900))
"""From an event's being put on the bus to its reaching a target; AWS gives typical, not guaranteed, figures."""
EVENTS = "events.amazonaws.com"


class Bus:
    """The default event bus of each Region, and its scheduler."""

    def __init__(
        self,
        time: VirtualTime,
        wiring: Wiring,
        queues: Queues,
        functions: Lambda,
        random: Random,
        breakdowns: Breakdowns,
    ) -> None:
        self._time = time
        self._wiring = wiring
        self._queues = queues
        self._functions = functions
        self._random = random
        self._breakdowns = breakdowns
        self._patterns = {r.arn: EventPattern.load(json.dumps(r.pattern)) for r in wiring.rules}

    def put(
        self,
        source: str,
        detail_type: str,
        detail: Mapping[str, Any],
        resources: tuple[str, ...],
        region: str = REGION,
    ) -> None:
        """An AWS service puts an event on the Region's bus now."""
        event = {
            "version": "0",
            "id": str(mock_random.uuid4()),
            "detail-type": detail_type,
            "source": source,
            "account": ACCOUNT,
            "time": stamp(self._time.now),
            "region": region,
            "resources": list(resources),
            "detail": dict(detail),
        }
        for rule in self.matching(event):
            self._deliver(rule, event)

    def matching(self, event: Mapping[str, Any]) -> tuple[Rule, ...]:
        """The rules whose pattern this event fits."""
        here = [r for r in self._wiring.rules if r.region == event["region"]]
        return tuple(r for r in here if self._patterns[r.arn].matches_event(event))  # type: ignore[arg-type]  # moto types the event too narrowly

    def listed(self, region: str) -> list[tuple[Rule, bool]]:
        """Every rule of a Region, and whether it is switched on."""
        return [(rule, not self._breakdowns.is_off(rule)) for rule in self._wiring.rules if rule.region == region]

    def start_schedules(self, random: Random) -> None:
        """Begin every schedule at a moment of its own within its first period."""
        for schedule in self._wiring.schedules:
            first = self._time.now + schedule.every * random.random()
            self._time.every(schedule.every, first, lambda s=schedule: self._fire(s))  # type: ignore[misc]  # mypy infers no type for a lambda's default

    def _deliver(self, rule: Rule, event: Mapping[str, Any]) -> None:
        low, high = DELIVERY
        delay = low + (high - low) * self._random.random()
        body = json.dumps(event)
        for target in rule.targets:
            if ":sqs:" not in target.arn:
                raise SimulatorGap(f"rule {rule.name} has the target {target.arn}: sim/bus.py delivers to queues only")
            put = partial(self._queues.put, target.arn, body, EVENTS, rule.arn, target.group)
            for late in self._breakdowns.deliveries(rule):
                self._time.after(delay + late, put)

    def _fire(self, schedule: Schedule) -> None:
        if self._breakdowns.silences(schedule):
            return
        if ":lambda:" in schedule.target_arn:
            function = self._wiring.function(schedule.target_arn.rpartition(":")[2])
            self._functions.invoke_asynchronously(function, schedule.payload)
        else:
            raise SimulatorGap(
                f"schedule {schedule.name} has the target {schedule.target_arn}: sim/bus.py invokes functions only"
            )


def stamp(at: datetime) -> str:
    """A time as EventBridge writes it."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
