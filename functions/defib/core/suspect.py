"""What a sweep makes of an instance that may be in trouble: whether it needs a look, and for what."""

from __future__ import annotations

from datetime import datetime

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
        """Whether it does what nobody expects: AWS has not only announced something, and no outage of it is planned."""
        return self.cause is not Cause.EVENT_SCHEDULED and not self.expected


def suspect_of(observation: Observation, diagnosis: Diagnosis, policy: Policy, now: datetime) -> Suspect | None:
    """The suspect, or None where the instance is in nobody's care or needs no look.

    ``diagnosis`` is made without regard to any case.
    """
    service = policy.service_of(observation.tags)
    if service is None or not policy.opted_in(observation.tags):
        return None
    cause = diagnosis.cause
    if cause in NOT_TROUBLE:
        return None
    signal = Signal(Source.SWEEP, observation.instance_id, now, "; ".join(diagnosis.evidence))
    expected = maintenance_of(policy, service, observation.tags, now) is not None
    shown_from = diagnosis.since + max(patience(cause, service), policy.page.hold)
    return Suspect(signal, service.name, cause, expected, lasts=now >= shown_from)
