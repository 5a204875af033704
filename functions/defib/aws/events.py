"""The shapes of the AWS events that Defib understands, as EventBridge delivers them. Only what is read is named.

Source: Amazon EventBridge events reference (CloudWatch, EC2), AWS Health User Guide (EventBridge schema).
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Raw, Struct, field

from defib.core.approval import Choice
from defib.core.call import Reaction

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


class CanarySent(Struct, frozen=True):
    """Detail of the watchtower's ``Canary``; on Defib's own queues, with the way that it goes."""

    sent_at: Moment
    by: str = ""


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


class HealthText(Struct, frozen=True, rename="camel"):
    """What AWS writes of an event, in one language."""

    latest_description: str = ""


class HealthIssue(Struct, frozen=True, rename="camel"):
    """Detail of an ``AWS Health Event`` about an issue of a service: what ``Health`` has not."""

    event_arn: Annotated[str, Meta(min_length=1, max_length=1600, pattern=r"^arn:[\x21-\x7e]+$")]
    """The same in every word on the same issue."""
    event_scope_code: Literal["PUBLIC", "ACCOUNT_SPECIFIC", "NONE"]
    status_code: Literal["open", "closed", "upcoming"]
    end_time: str = ""
    """As in RFC 1123. AWS's own sample of a resolved issue has one, and is still ``open``."""
    event_description: list[HealthText] = []
    """``latest_description`` is prose; it may name zones."""


class Reply(Struct, frozen=True, forbid_unknown_fields=True):
    """Detail of ``Approval``, an event that people put on the bus themselves: yes or no to the repair of ``case``."""

    case: Annotated[str, Meta(max_length=60)]
    answer: Choice
    by: Annotated[str, Meta(min_length=1, max_length=200)]


class CallReply(Struct, frozen=True, forbid_unknown_fields=True, rename={"lasts": "for"}):
    """Detail of ``Approval`` when people answer the call of ``incident``: they are on it, or are to be asked later."""

    incident: Annotated[str, Meta(max_length=80)]
    answer: Reaction
    by: Annotated[str, Meta(min_length=1, max_length=200)]
    lasts: Annotated[str, Meta(max_length=20)] = ""
    """Of a snooze: for how long, such as ``1h``."""


class DrillReply(Struct, frozen=True, forbid_unknown_fields=True):
    """Detail of ``Drill``: somebody wants ``contact`` drilled now."""

    contact: Annotated[str, Meta(max_length=60)]
    by: Annotated[str, Meta(min_length=1, max_length=200)]
