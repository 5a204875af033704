"""The simulated CloudWatch alarms: evaluated every minute, told to EventBridge and, by their actions, to topics."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from moto.moto_api._internal import mock_random

from sim.bus import Bus
from sim.clock import SimulatorGap, VirtualTime
from sim.metrics import MINUTE, Metric, Metrics
from sim.template import Resource
from sim.topics import Topics

GROUPED = re.compile(
    r'SELECT MAX\((?P<name>\w+)\) FROM SCHEMA\("(?P<namespace>[^"]+)", (?P<label>\w+)\)'
    r"(?: WHERE (?P<where>.+?))? GROUP BY (?P=label) ORDER BY MAX\(\) DESC"
)
"""The only form of Metrics Insights query that the simulator evaluates."""

COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": lambda value, threshold: value >= threshold,
    "GreaterThanThreshold": lambda value, threshold: value > threshold,
    "LessThanThreshold": lambda value, threshold: value < threshold,
    "LessThanOrEqualToThreshold": lambda value, threshold: value <= threshold,
}
ALARM, OK = "ALARM", "OK"


@dataclass
class Alarm:
    """One alarm of the template and its state; contributors only for a ``GROUP BY`` alarm."""

    resource: Resource
    state: str = OK
    contributors: dict[str, str] = field(default_factory=dict)

    @property
    def properties(self) -> Mapping[str, Any]:
        return self.resource.properties

    @property
    def periods(self) -> int:
        return int(self.properties["EvaluationPeriods"])

    @property
    def needed(self) -> int:
        return int(self.properties.get("DatapointsToAlarm", self.periods))

    def breaches(self, value: float) -> bool:
        return COMPARE[self.properties["ComparisonOperator"]](value, float(self.properties["Threshold"]))


class Alarms:
    """All alarms. They begin in OK, as those of a stack that was deployed long ago."""

    def __init__(
        self, time: VirtualTime, metrics: Metrics, bus: Bus, topics: Topics, resources: Iterable[Resource]
    ) -> None:
        self._time = time
        self._metrics = metrics
        self._bus = bus
        self._topics = topics
        self._started = time.now
        self._alarms = [Alarm(resource) for resource in resources]
        self.fired: list[str] = []
        """Names of alarms whose actions told people, in order."""

    def start(self, random: Random, measure: Callable[[], None]) -> None:
        """Evaluate every minute from now on; ``measure`` is called just before, for what is sampled then."""

        def tick() -> None:
            measure()
            for alarm in self._alarms:
                self._evaluate(alarm)

        self._time.every(MINUTE, self._time.now + MINUTE * random.random(), tick)

    def _evaluate(self, alarm: Alarm) -> None:
        if "MetricName" in alarm.properties:
            self._evaluate_metric(alarm)
            return
        queries = alarm.properties.get("Metrics", ())
        grouped = GROUPED.fullmatch(queries[0].get("Expression", "")) if len(queries) == 1 else None
        if grouped is None or grouped["where"]:
            raise SimulatorGap(f"{alarm.resource.logical_id} evaluates {queries}: sim/alarms.py knows no such query")
        self._evaluate_grouped(alarm, grouped)

    def _evaluate_metric(self, alarm: Alarm) -> None:
        properties = alarm.properties
        period = timedelta(seconds=int(properties["Period"]))
        if self._time.now - self._started < period * alarm.periods:
            return
        dimensions = {d["Name"]: d["Value"] for d in properties.get("Dimensions", ())}
        metric = Metric.of(properties["Namespace"], properties["MetricName"], **dimensions)
        missing = properties.get("TreatMissingData", "missing")
        breaching = 0
        for n in range(alarm.periods):
            end = self._time.now - period * n + timedelta(microseconds=1 if n == 0 else 0)
            value = self._metrics.statistic(metric, properties["Statistic"], self._time.now - period * (n + 1), end)
            breaching += missing == "breaching" if value is None else alarm.breaches(value)
        state = ALARM if breaching >= alarm.needed else OK
        if state != alarm.state:
            alarm.state = state
            self._tell(alarm, f"Threshold Crossed: {breaching} of {alarm.periods} datapoints were breaching")

    def _evaluate_grouped(self, alarm: Alarm, query: re.Match[str]) -> None:
        values = self._metrics.latest(query["namespace"], query["name"], query["label"], self._time.now - MINUTE)
        changed = []
        for label in sorted({*values, *alarm.contributors}):
            # A series that has ended is OK, not missing (CloudWatch User Guide, alarm actions by contributor).
            state = ALARM if label in values and alarm.breaches(values[label]) else OK
            if alarm.contributors.get(label, OK) != state:
                changed.append((label, state))
            alarm.contributors[label] = state
        for label, state in changed:
            self._tell_contributor(alarm, query["label"], label, state)
        failing = sum(1 for state in alarm.contributors.values() if state == ALARM)
        state = ALARM if failing else OK
        if state != alarm.state:
            alarm.state = state
            self._tell(alarm, f"{failing} out of {len(alarm.contributors)} time series evaluated to ALARM")

    def _tell(self, alarm: Alarm, reason: str) -> None:
        self._bus.put(
            "aws.cloudwatch",
            "CloudWatch Alarm State Change",
            {
                "alarmName": alarm.resource.name,
                "state": {
                    "value": alarm.state,
                    "reason": reason,
                    "reasonData": "{}",
                    "timestamp": _stamp(self._time.now),
                },
                "previousState": {"value": OK if alarm.state == ALARM else ALARM, "reason": ""},
                "configuration": {"description": self._description(alarm), "metrics": [_configured(alarm)]},
            },
            (alarm.resource.arn,),
        )
        actions = alarm.properties.get("AlarmActions" if alarm.state == ALARM else "OKActions", ())
        for topic in actions:
            if alarm.state == ALARM:
                self.fired.append(alarm.resource.name)
            self._topics.publish(
                topic, f'{alarm.state}: "{alarm.resource.name}"', f"{self._description(alarm)}\n\n{reason}"
            )

    def _tell_contributor(self, alarm: Alarm, label: str, value: str, state: str) -> None:
        self._bus.put(
            "aws.cloudwatch",
            "CloudWatch Alarm Contributor State Change",
            {
                "alarmName": alarm.resource.name,
                "alarmContributor": {"id": mock_random.get_random_hex(16), "attributes": {label: value}},
                "state": {"value": state, "reason": "Threshold Crossed", "timestamp": _stamp(self._time.now)},
                "configuration": {"description": self._description(alarm), "metrics": [_configured(alarm)]},
            },
            (alarm.resource.arn,),
        )

    def _description(self, alarm: Alarm) -> str:
        return str(alarm.properties.get("AlarmDescription", ""))


def _configured(alarm: Alarm) -> dict[str, Any]:
    """The metric as an alarm event describes it (EventBridge events reference, CloudWatch)."""
    properties = alarm.properties
    if "MetricName" not in properties:
        query = properties["Metrics"][0]
        return {
            "id": query["Id"],
            "expression": query["Expression"],
            "returnData": True,
            "period": query.get("Period", 60),
        }
    dimensions = {d["Name"]: d["Value"] for d in properties.get("Dimensions", ())}
    metric = {"namespace": properties["Namespace"], "name": properties["MetricName"], "dimensions": dimensions}
    stat = {"metric": metric, "period": properties["Period"], "stat": properties["Statistic"]}
    return {"id": "m1", "metricStat": stat, "returnData": True}


def _stamp(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}+0000"
