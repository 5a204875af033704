"""The shapes of the AWS events that Defib understands, as EventBridge delivers them. Only what is read is named.

Source: Amazon EventBridge events reference (CloudWatch, EC2), AWS Health User Guide (EventBridge schema).
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Raw, Struct, field

Moment = Annotated[datetime, Meta(tz=True)]


class Envelope(Struct, frozen=True):
    """What every event has."""

    detail_type: str = field(name="detail-type")
    source: str
    account: Annotated[str, Meta(pattern=r"^\d{12}$")]
    region: Annotated[str, Meta(pattern=r"^[a-z]{2,4}(-[a-z]+)+-\d+$")]
    time: Moment
    detail: Raw
    resources: list[str] = []


class AlarmState(Struct, frozen=True):
    """``reason`` is prose."""

    value: str
    reason: str = ""


class Metric(Struct, frozen=True):
    """``dimensions`` maps name to value."""

    namespace: str = ""
    dimensions: dict[str, str] = {}


class MetricStat(Struct, frozen=True):
    """A metric that an alarm reads."""

    metric: Metric


class MetricQuery(Struct, frozen=True, rename="camel"):
    """A metric, or an expression over others."""

    metric_stat: MetricStat | None = None


class AlarmConfiguration(Struct, frozen=True):
    """Composite alarms have no metrics."""

    metrics: list[MetricQuery] = []


class Alarm(Struct, frozen=True, rename="camel"):
    """Detail of ``CloudWatch Alarm State Change``."""

    alarm_name: str
    state: AlarmState
    configuration: AlarmConfiguration = AlarmConfiguration()


class AlarmContributor(Struct, frozen=True):
    """One series of a ``GROUP BY`` alarm; ``attributes`` maps label to value."""

    attributes: dict[str, str]


class Contributor(Struct, frozen=True, rename="camel"):
    """Detail of ``CloudWatch Alarm Contributor State Change``."""

    alarm_name: str
    alarm_contributor: AlarmContributor
    state: AlarmState


class StateChange(Struct, frozen=True):
    """Detail of ``EC2 Instance State-change Notification``. It gives no reason."""

    instance_id: str = field(name="instance-id")
    state: str


class HealthEntity(Struct, frozen=True, rename="camel"):
    """``entity_value`` may be an instance, a volume, anything."""

    entity_value: str = ""


class Health(Struct, frozen=True, rename="camel"):
    """Detail of ``AWS Health Event``."""

    service: str
    event_type_code: str
    event_region: str
    affected_entities: list[HealthEntity] = []
    backup_event: bool | str = False
    """The schema table says Boolean, AWS's samples show a string."""
