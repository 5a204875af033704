"""CloudWatch metrics: a minute-by-minute store, fed by the simulated services and by the EMF lines of the functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric of one set of dimensions."""

    namespace: str
    name: str
    dimensions: frozenset[tuple[str, str]]

    @classmethod
    def of(cls, namespace: str, name: str, **dimensions: str) -> Metric:
        return cls(namespace, name, frozenset(dimensions.items()))


class Metrics:
    """Everything that was measured."""

    def __init__(self) -> None:
        self._points: dict[Metric, list[tuple[datetime, float]]] = {}

    def put(self, metric: Metric, value: float, at: datetime) -> None:
        self._points.setdefault(metric, []).append((at, value))

    def put_embedded(self, document: Mapping[str, Any], at: datetime) -> None:
        """Read one line in CloudWatch's embedded metric format (CloudWatch User Guide, EMF specification)."""
        for directive in document["_aws"]["CloudWatchMetrics"]:
            for names in directive["Dimensions"]:
                dimensions = {name: str(document[name]) for name in names}
                for metric in directive["Metrics"]:
                    values = document[metric["Name"]]
                    for value in values if isinstance(values, list) else [values]:
                        self.put(Metric.of(directive["Namespace"], metric["Name"], **dimensions), float(value), at)

    def statistic(self, metric: Metric, statistic: str, start: datetime, end: datetime) -> float | None:
        """The statistic of what was measured from ``start`` until before ``end``; None when nothing was."""
        values = [value for at, value in self._points.get(metric, ()) if start <= at < end]
        return _reduce(statistic, values) if values else None

    def sums(self, namespace: str, name: str) -> Mapping[Metric, float]:
        """All that was ever measured of a metric, by its dimensions."""
        return {
            metric: sum(value for _, value in points)
            for metric, points in self._points.items()
            if (metric.namespace, metric.name) == (namespace, name)
        }

    def latest(self, namespace: str, name: str, label: str, since: datetime) -> Mapping[str, float]:
        """The greatest value since then of each series of a metric, by the value of its one dimension ``label``."""
        found: dict[str, float] = {}
        for metric, points in self._points.items():
            if (metric.namespace, metric.name) != (namespace, name):
                continue
            recent = [value for at, value in points if at > since]
            labels = dict(metric.dimensions)
            if recent and set(labels) == {label}:
                found[labels[label]] = max(recent)
        return found


class Measurements:
    """CloudWatch keeps the metrics of each Region on their own; those of a Region that is dark reach nobody."""

    def __init__(self, is_dark: Callable[[str], bool] = lambda _: False) -> None:
        self._is_dark = is_dark
        self._by_region: dict[str, Metrics] = {}

    def of(self, region: str) -> Metrics:
        """The Region's; what is put there while it is dark is lost."""
        kept = self._by_region.setdefault(region, Metrics())
        return Metrics() if self._is_dark(region) else kept


def _reduce(statistic: str, values: list[float]) -> float:
    match statistic:
        case "Sum":
            return sum(values)
        case "Maximum":
            return max(values)
        case "Minimum":
            return min(values)
        case "SampleCount":
            return len(values)
        case _:
            return sum(values) / len(values)
