"""One message body becomes signals, or Malformed. What an event says is never believed, only where it points.

Read strictly and bounded here rather than with Powertools' event classes: those neither check types nor sizes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

import msgspec

from defib.aws.answers import checked, drill_wanted, from_operator
from defib.aws.events import Alarm, CanarySent, Contributor, Envelope, Health, HealthIssue, StateChange
from defib.aws.untrusted import SHOWN_MAX, decoded, in_utc, is_instance_id, plain, require_instance_id
from defib.aws.wire import canary_in
from defib.core import canary
from defib.core.asking import DETAIL_TYPE, DRILL_TYPE, EVENT_SOURCE
from defib.core.call import CallAnswer
from defib.core.canary import Canary
from defib.core.drill import DrillOrder
from defib.core.frozen import replace
from defib.core.issue import Issue
from defib.core.model import InstanceState, Signal, Source, TargetGroupSignal
from defib.core.setting import TARGET_GROUP_ARN
from defib.shell.ports import Malformed

ENTITIES_MAX = 2500
"""More than an event has room for: AWS Health has them go on in another above 256 KB (AWS Health User Guide, Viewing
paginated lists of affected resources)."""

TARGET_GROUP = re.compile(r"targetgroup/[A-Za-z0-9-]{1,32}/[0-9a-f]{1,32}")
PARTITION = re.compile(r"arn:(aws(?:-[a-z]+)*):")

ALARMING = "ALARM"

HEALTH_CODES = frozenset(
    f"AWS_EC2_{code}"
    for code in (
        "INSTANCE_AUTO_RECOVERY_FAILURE",
        "INSTANCE_AUTO_RECOVERY_SUCCESS",
        "INSTANCE_AVAILABILITY_ISSUE",
        "INSTANCE_NETWORK_MAINTENANCE_SCHEDULED",
        "INSTANCE_POWER_MAINTENANCE_SCHEDULED",
        "INSTANCE_REBOOT_FLEXIBLE_MAINTENANCE_SCHEDULED",
        "INSTANCE_REBOOT_MAINTENANCE_SCHEDULED",
        "INSTANCE_RETIREMENT_EXPEDITED",
        "INSTANCE_RETIREMENT_SCHEDULED",
        "INSTANCE_STOP_SCHEDULED",
        "INSTANCE_TERMINATION_SCHEDULED",
        "PERSISTENT_INSTANCE_POWER_MAINTENANCE_SCHEDULED",
        "PERSISTENT_INSTANCE_RETIREMENT_EXPEDITED",
        "PERSISTENT_INSTANCE_RETIREMENT_SCHEDULED",
        "SIMPLIFIED_AUTO_RECOVERY_FAILURE",
        "SIMPLIFIED_AUTO_RECOVERY_SUCCESS",
        "SYSTEM_REBOOT_MAINTENANCE_SCHEDULED",
    )
)
"""Codes after which an instance is worth a look. AWS publishes no complete list; the sweep sees what is not here."""

ISSUE_CODES = frozenset(
    f"AWS_EC2_{code}"
    for code in ("API_ISSUE", "NETWORK_CONNECTIVITY_ISSUE", "OPERATIONAL_ISSUE", "POWER_CONNECTIVITY_ISSUE")
)
"""Issues of EC2 itself, in a zone or the Region. Not those of single instances or volumes: these a restart may mend."""

ZONE_ID = re.compile(r"\b[a-z]{3,5}[0-9](?:-[a-z]{3,4}[0-9])?-az[0-9]{1,2}\b")
"""Such as ``use1-az4``, or ``usw2-lax1-az1`` of a Local Zone (EC2 User Guide, Zone IDs)."""
ZONES_MAX = 6
"""More than any Region has: what names more than these is about the Region."""

Signals = tuple[Signal | TargetGroupSignal | Issue | Canary | CallAnswer | DrillOrder, ...]


def normalise(body: str) -> Signals:
    """The signals in ``body``; empty for a genuine event that is none of Defib's business.

    Raises Malformed, saying what is wrong, for anything else.
    """
    fields = decoded(body, dict[str, msgspec.Raw], "a message")
    if "detail-type" in fields:
        return _from_event(decoded(body, Envelope, "an event"))
    if "target_group_arn" in fields:
        return (_own_question(decoded(body, TargetGroupSignal, "a question to a load balancer")),)
    back = canary_in(body)
    return (back,) if back is not None else (_own(decoded(body, Signal, "a signal")),)


def _from_event(event: Envelope) -> Signals:
    readers: dict[tuple[str, str], Callable[[Envelope], Signals]] = {
        ("aws.cloudwatch", "CloudWatch Alarm State Change"): _from_alarm,
        ("aws.cloudwatch", "CloudWatch Alarm Contributor State Change"): _from_contributor,
        ("aws.ec2", "EC2 Instance State-change Notification"): _from_state_change,
        ("aws.health", "AWS Health Event"): _from_health,
        (EVENT_SOURCE, DETAIL_TYPE): lambda answered: (from_operator(answered),),
        (EVENT_SOURCE, DRILL_TYPE): lambda wanted: (drill_wanted(wanted),),
        (canary.EVENT_SOURCE, canary.DETAIL_TYPE): _from_watchtower,
    }
    reader = readers.get((event.source, event.detail_type))
    if reader is None:
        known = ", ".join(f"{source}: {detail_type}" for source, detail_type in readers)
        raise Malformed(f"unknown event {plain(event.source)}: {plain(event.detail_type)}; known are {known}")
    return reader(event)


def _from_alarm(event: Envelope) -> Signals:
    """Every alarm of the account comes by here; most name neither an instance nor a target group."""
    alarm = decoded(event.detail, Alarm, "an event detail")
    reason = plain(f"alarm {alarm.alarm_name} is {alarm.state.value}: {alarm.state.reason}")
    found: dict[str, Signal | TargetGroupSignal] = {}
    for query in alarm.configuration.metrics:
        dimensions = query.metric_stat.metric.dimensions if query.metric_stat else {}
        instance_id, group = dimensions.get("InstanceId", ""), dimensions.get("TargetGroup", "")
        # OK too: what has recovered closes its case at once instead of at the next look.
        if is_instance_id(instance_id):
            found[instance_id] = Signal(Source.ALARM, instance_id, in_utc(event.time), reason)
        # Not OK: then no target is unhealthy, and there is no instance to look at.
        elif TARGET_GROUP.fullmatch(group) and alarm.state.value == ALARMING:
            arn = f"arn:{_partition(event)}:elasticloadbalancing:{event.region}:{event.account}:{group}"
            found[arn] = TargetGroupSignal(arn, in_utc(event.time), reason)
    return tuple(found.values())


def _from_contributor(event: Envelope) -> Signals:
    change = decoded(event.detail, Contributor, "an event detail")
    instance_id = change.alarm_contributor.attributes.get("InstanceId")
    # OK means as little as that the series has ended, which a stop does too; the stop itself is an event.
    if instance_id is None or change.state.value != ALARMING:
        return ()
    reason = f"alarm {change.alarm_name} is {change.state.value} for it: {change.state.reason}"
    return (_signal(Source.FLEET_ALARM, instance_id, event, reason),)


def _from_state_change(event: Envelope) -> Signals:
    change = decoded(event.detail, StateChange, "an event detail")
    if change.state not in set(InstanceState):
        raise Malformed(f"detail.state is {plain(change.state)!r}; EC2 knows {', '.join(InstanceState)}")
    said = _signal(Source.STATE_CHANGE, change.instance_id, event, f"EC2 says it is {change.state}")
    return (replace(said, state=InstanceState(change.state)),)


def _from_health(event: Envelope) -> Signals:
    notice = decoded(event.detail, Health, "an event detail")
    # Each event is also delivered to a second Region, where its instances are unknown.
    is_backup = str(notice.backup_event).lower() == "true" or notice.event_region != event.region
    if is_backup or notice.service != "EC2":
        return ()
    if notice.event_type_code in ISSUE_CODES:
        return _from_issue(event, notice.event_type_code)
    if notice.event_type_code not in HEALTH_CODES:
        return ()
    if len(notice.affected_entities) > ENTITIES_MAX:
        raise Malformed(f"detail.affectedEntities has {len(notice.affected_entities)}; at most {ENTITIES_MAX} are read")
    named = dict.fromkeys(entity.entity_value for entity in notice.affected_entities)
    reason = f"AWS Health says {notice.event_type_code}"
    return tuple(_signal(Source.HEALTH, name, event, reason) for name in named if is_instance_id(name))


def _from_issue(event: Envelope, code: str) -> tuple[Issue, ...]:
    """AWS's word on an issue of EC2 itself: it is about no instance in particular."""
    issue, said_at = decoded(event.detail, HealthIssue, "an event detail"), in_utc(event.time)
    if issue.status_code == "upcoming":
        return ()
    over = issue.status_code == "closed" or _ended(issue.end_time, said_at)
    named = sorted({zone for text in issue.event_description for zone in ZONE_ID.findall(text.latest_description)})
    zone_ids = tuple(named) if len(named) <= ZONES_MAX else ()
    public = issue.event_scope_code == "PUBLIC"
    return (Issue(issue.event_arn, code, said_at, said_at, over, public, zone_ids),)


def _from_watchtower(event: Envelope) -> tuple[Canary, ...]:
    return (Canary(in_utc(decoded(event.detail, CanarySent, "an event detail").sent_at)),)


def _ended(end_time: str, by: datetime) -> bool:
    """Whether AWS gives an end, and it has come."""
    try:
        return datetime.strptime(f"{end_time}+0000", "%a, %d %b %Y %H:%M:%S GMT%z") <= by
    except ValueError:
        return False


def _own(signal: Signal) -> Signal:
    require_instance_id(signal.instance_id)
    if signal.at.tzinfo is None:
        raise Malformed(f"at is {signal.at.isoformat()}: give the offset from UTC too, such as Z")
    result = signal.result
    if result is not None:
        result = replace(result, code=plain(result.code), detail=plain(result.detail))
    answer = checked(signal.answer) if signal.answer is not None else None
    return replace(signal, at=in_utc(signal.at), reason=plain(signal.reason), result=result, answer=answer)


def _own_question(question: TargetGroupSignal) -> TargetGroupSignal:
    arn, until = question.target_group_arn, question.until
    if not TARGET_GROUP_ARN.fits(arn):
        raise Malformed(f"{plain(arn, SHOWN_MAX)!r} is not {TARGET_GROUP_ARN.words}")
    if question.at.tzinfo is None or until is None or until.tzinfo is None:
        raise Malformed("a question to a load balancer has at and until, each with its offset from UTC, such as Z")
    return TargetGroupSignal(arn, in_utc(question.at), plain(question.reason), in_utc(until))


def _signal(source: Source, instance_id: str, event: Envelope, reason: str) -> Signal:
    require_instance_id(instance_id)
    return Signal(source, instance_id, in_utc(event.time), plain(reason))


def _partition(event: Envelope) -> str:
    found = PARTITION.match(event.resources[0]) if event.resources else None
    return found[1] if found else "aws"
