"""What a sweep makes of an instance that may be in trouble: whether it needs a look, and for what."""

from __future__ import annotations

from datetime import datetime

from defib.core.boot import is_arriving, with_time_to_boot
from defib.core.diagnose import diagnose
from defib.core.frozen import dataclass
from defib.core.maintenance import maintenance_of
from defib.core.model import NOT_TROUBLE, Cause, Diagnosis, Observation, Signal, Source
from defib.core.patience import patience
from defib.core.policy import Policy


@dataclass(frozen=True, slots=True)
class Suspect:
    """An instance that a sweep wants looked at."""

    signal: Signal
    service: str
    cause: Cause
    expected: bool = False
    """Whether an outage of it is planned now."""
    lasts: bool = False
    """Whether it has failed for longer than its service's patience and the page's hold time."""

    @property
    def instance_id(self) -> str:
        return self.signal.instance_id

    @property
    def fails(self) -> bool:
        """Whether it does what nobody expects: it neither boots nor awaits an event, and no outage of it is planned."""
        if self.cause is Cause.INITIALIZING:
            return False
        return self.cause is not Cause.EVENT_SCHEDULED and not self.expected


@dataclass(frozen=True, slots=True)
class Look:
    """What a sweep sees of one opted-in instance."""

    observation: Observation
    diagnosis: Diagnosis
    suspect: Suspect | None
    """None where it needs no look."""


def look_at(observation: Observation, policy: Policy, now: datetime) -> Look | None:
    """What is wrong with it, without regard to any case; None where it is not opted in."""
    if not policy.opted_in(observation.tags):
        return None
    diagnosis = diagnose(observation, None, policy, now)
    return Look(observation, diagnosis, suspect_of(observation, diagnosis, policy, now))


def suspect_of(observation: Observation, diagnosis: Diagnosis, policy: Policy, now: datetime) -> Suspect | None:
    """The suspect, or None where the instance is in nobody's care or needs no look.

    ``diagnosis`` is made without regard to any case.
    """
    service = policy.service_of(observation.tags)
    if service is None or not policy.opted_in(observation.tags):
        return None
    cause = diagnosis.cause
    if cause in NOT_TROUBLE and not _boots_anew(observation, cause, policy, now):
        return None
    signal = Signal(Source.SWEEP, observation.instance_id, now, "; ".join(diagnosis.evidence))
    expected = maintenance_of(policy, service, observation.tags, now) is not None
    shown_from = diagnosis.since + max(patience(cause, service), policy.page.hold)
    return Suspect(signal, service.name, cause, expected, lasts=now >= shown_from)


def _boots_anew(observation: Observation, cause: Cause, policy: Policy, now: datetime) -> bool:
    """Whether it is starting up long after its launch: only a case can tell for how long."""
    given = with_time_to_boot(policy, observation.instance_type)
    return cause is Cause.INITIALIZING and not is_arriving(observation.launched_at, now, given)
