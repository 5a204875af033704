"""The simulated CloudWatch alarms: evaluated every minute, told to EventBridge and, by their actions, to topics."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any

from moto.moto_api._internal import mock_random

from sim.breakdowns import Breakdowns
from sim.bus import Bus
from sim.clock import SimulatorGap, VirtualTime
from sim.metrics import MINUTE, Measurements, Metric
from sim.template import Resource, region_of
from sim.topics import Topics

GROUPED = re.compile(
    r'SELECT MAX\((?P<name>\w+)\) FROM SCHEMA\("(?P<namespace>[^"]+)", (?P<label>\w+)\)'
    r"(?: WHERE (?P<where>.+?))? GROUP BY (?P=label) ORDER BY MAX\(\) DESC"
)
"""The only form of Metrics Insights query that the simulator evaluates."""

QUICK = timedelta(seconds=10)
"""How often an alarm of high resolution is evaluated (CloudWatch User Guide, alarm evaluation)."""
MATH = re.compile(r"FILL\(\w+, ?(?P<fill>-?[0-9.]+)\)|(?P<rises>DIFF)\(\w+\)")
"""The only forms of metric math that the simulator evaluates."""
LOOKED_AT_BEYOND = 2
"""How many more datapoints than it evaluates an alarm retrieves; AWS gives no rule, and 5 for 3 as its example."""

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
    def region(self) -> str:
        return region_of(self.resource.arn)

    @property
    def periods(self) -> int:
        return int(self.properties["EvaluationPeriods"])

    @property
    def stat(self) -> Mapping[str, Any]:
        """Of which metric which statistic over which period; empty for an alarm on a query."""
        if "MetricName" in self.properties:
            return self.properties
        one = next((query["MetricStat"] for query in self.properties["Metrics"] if "MetricStat" in query), None)
        if one is None:
            return {}
        return {**one["Metric"], "Period": one["Period"], "Statistic": one["Stat"]}

    @property
    def metric(self) -> Metric:
        dimensions = {d["Name"]: d["Value"] for d in self.stat.get("Dimensions", ())}
        return Metric.of(self.stat["Namespace"], self.stat["MetricName"], **dimensions)

    @property
    def period(self) -> timedelta:
        return timedelta(seconds=int(self.stat["Period"]))

    @property
    def is_quick(self) -> bool:
        """Whether it is of high resolution."""
        return bool(self.stat) and self.period < MINUTE

    @property
    def statistic(self) -> str:
        return str(self.stat["Statistic"])

    @property
    def fill(self) -> float | None:
        """What stands for a missing datapoint (Metric math syntax and functions, FILL). Raises SimulatorGap."""
        math = self._math()
        return float(math["fill"]) if math is not None and math["fill"] else None

    @property
    def is_of_rises(self) -> bool:
        """Whether it goes by how much more there is than before (DIFF). Raises SimulatorGap."""
        math = self._math()
        return math is not None and math["rises"] is not None

    def _math(self) -> re.Match[str] | None:
        if "MetricName" in self.properties:
            return None
        expressions = [str(query["Expression"]) for query in self.properties["Metrics"] if "Expression" in query]
        math = MATH.fullmatch(expressions[0]) if len(expressions) == 1 else None
        if math is None or len(self.properties["Metrics"]) != 2:
            raise SimulatorGap(f"{self.resource.logical_id} evaluates {expressions}: sim/alarms.py knows FILL and DIFF")
        return math

    @property
    def needed(self) -> int:
        return int(self.properties.get("DatapointsToAlarm", self.periods))

    def breaches(self, value: float) -> bool:
        return COMPARE[self.properties["ComparisonOperator"]](value, float(self.properties["Threshold"]))


class Alarms:
    """All alarms. They begin in OK, as those of a stack that was deployed long ago."""

    def __init__(
        self,
        time: VirtualTime,
        measurements: Measurements,
        bus: Bus,
        topics: Topics,
        resources: Iterable[Resource],
        breakdowns: Breakdowns,
    ) -> None:
        self._time = time
        self._measurements = measurements
        self._breakdowns = breakdowns
        self._bus = bus
        self._topics = topics
        self._started = time.now
        self._alarms = [Alarm(resource) for resource in resources]
        self.all: Sequence[Alarm] = self._alarms
        self.fired: list[str] = []
        """Names of alarms whose actions told people, in order."""

    def start(self, random: Random, measure: Callable[[], None]) -> None:
        """Evaluate from now on; ``measure`` is called once a minute, just before, for what is sampled then."""

        def tick(quick: bool) -> None:
            if not quick:
                measure()
            for alarm in self._alarms:
                if alarm.is_quick is quick and not self._breakdowns.silences_alarm(alarm.resource):
                    self._evaluate(alarm)

        self._time.every(MINUTE, self._time.now + MINUTE * random.random(), lambda: tick(quick=False))
        if any(alarm.is_quick for alarm in self._alarms):
            self._time.every(QUICK, self._time.now + QUICK * random.random(), lambda: tick(quick=True))

    def _evaluate(self, alarm: Alarm) -> None:
        if alarm.stat:
            self._evaluate_metric(alarm)
            return
        queries = alarm.properties.get("Metrics", ())
        grouped = GROUPED.fullmatch(queries[0].get("Expression", "")) if len(queries) == 1 else None
        if grouped is None or grouped["where"]:
            raise SimulatorGap(f"{alarm.resource.logical_id} evaluates {queries}: sim/alarms.py knows no such query")
        self._evaluate_grouped(alarm, grouped)

    def _evaluate_metric(self, alarm: Alarm) -> None:
        if self._time.now - self._started < alarm.period * alarm.periods:
            return
        values = self._values(alarm)
        real = [value for value in values if value is not None][: alarm.periods]
        missing = alarm.properties.get("TreatMissingData", "missing")
        if missing == "ignore" and len(real) < alarm.periods:
            return
        filled = alarm.periods - len(real) if missing == "breaching" else 0
        breaching = filled + sum(1 for value in real if alarm.breaches(value))
        state = ALARM if breaching >= alarm.needed else OK
        if state != alarm.state:
            alarm.state = state
            self._tell(alarm, f"Threshold Crossed: {breaching} of {alarm.periods} datapoints were breaching")

    def _values(self, alarm: Alarm) -> list[float | None]:
        """The newest first; more of them than the alarm evaluates, for of these the missing ones are passed over.

        An alarm on silence is therefore late by as many periods (CloudWatch User Guide, "Configuring how CloudWatch
        alarms treat missing data"), unless FILL has left nothing missing.
        """
        metrics, found = self._measurements.of(alarm.region), []
        for n in range(alarm.periods + LOOKED_AT_BEYOND):
            end = self._time.now - alarm.period * n + timedelta(microseconds=1 if n == 0 else 0)
            value = metrics.statistic(alarm.metric, alarm.statistic, self._time.now - alarm.period * (n + 1), end)
            found.append(alarm.fill if value is None else value)
        return _rises(found) if alarm.is_of_rises else found

    def _evaluate_grouped(self, alarm: Alarm, query: re.Match[str]) -> None:
        values = self._measurements.of(alarm.region).latest(
            query["namespace"], query["name"], query["label"], self._time.now - MINUTE
        )
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
            alarm.region,
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
            alarm.region,
        )

    def _description(self, alarm: Alarm) -> str:
        return str(alarm.properties.get("AlarmDescription", ""))


def _rises(values: Sequence[float | None]) -> list[float | None]:
    """Each that was measured less the one measured before it, the newest first."""
    measured = [value for value in values if value is not None]
    return [later - earlier for later, earlier in pairwise(measured)]


def _configured(alarm: Alarm) -> dict[str, Any]:
    """The metric as an alarm event describes it (EventBridge events reference, CloudWatch)."""
    if not alarm.stat:
        query = alarm.properties["Metrics"][0]
        return {
            "id": query["Id"],
            "expression": query["Expression"],
            "returnData": True,
            "period": query.get("Period", 60),
        }
    of = alarm.stat
    dimensions = {d["Name"]: d["Value"] for d in of.get("Dimensions", ())}
    metric = {"namespace": of["Namespace"], "name": of["MetricName"], "dimensions": dimensions}
    stat = {"metric": metric, "period": of["Period"], "stat": of["Statistic"]}
    return {"id": "m1", "metricStat": stat, "returnData": True}


def _stamp(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}+0000"
