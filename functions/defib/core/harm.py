"""Whether customers may have noticed: what decides between a message for the morning and one for now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from defib.core.incident import Incident, NoticeKind
from defib.core.model import Cause
from defib.core.page.model import ComponentStatus
from defib.core.policy import Mode
from defib.core.severity import Severity
from defib.core.stack import TAKEN_BACK

if TYPE_CHECKING:
    from defib.core.case import Case
    from defib.core.policy import Policy, Service

TOO_FEW_LEFT = frozenset({"minimum_healthy", "replicated", "last_healthy_target"})
"""Guards that say that the others could not do without it."""

PATIENT = frozenset(
    {
        "observe_mode",
        "owned_by_others",
        "group_member",
        "spot",
        "spot_interrupted",
        "aws_at_work",
        "aws_issue",
        "planned_restart",
        "stack_share",
        "stack_rate",
    }
)
"""Guards by which nobody is asked for: the operator has decided already, it is its owner's or AWS's turn, or its own
will come. What they hold is handed over in the end if nobody mends it, and then asks."""


def is_kept(case: Case) -> bool:
    """Whether Defib has stopped it, or keeps it from serving and may not end that: then nobody's turn is waited for."""
    return case.cause is Cause.STOPPED_BY_DEFIB or (case.held_by in TAKEN_BACK and case.is_away)


def harmed(incident: Incident, case: Case, service: Service, policy: Policy) -> bool:
    """Whether customers may have noticed anything of ``incident``, as far as Defib knows; it stays so to its end.

    They may have, when no other instance can stand in for one that fails (the service says so by requiring none); when
    too few others were healthy; when an application was down; or when the status page says, or will, that the service
    does not do as it should.
    """
    if incident.harmed or case.confirmed_cause is Cause.EVENT_SCHEDULED:
        return incident.harmed
    alone = not service.counts_peers or not TOO_FEW_LEFT.isdisjoint((*case.told_of, case.held_by))
    return alone or case.confirmed_cause is Cause.APPLICATION_DOWN or _on_the_page(incident, service, policy)


def _on_the_page(incident: Incident, service: Service, policy: Policy) -> bool:
    shown, troubled = service.page, sum(1 for m in incident.members if m.is_missed)
    says = (shown.worse if troubled >= shown.worse_from else shown.impact).status
    return policy.page.enabled and bool(shown.title) and says is not ComponentStatus.OPERATIONAL


def asks(kind: NoticeKind, case: Case) -> bool:
    """Whether a notice about a case asks for a person."""
    patient = case.held_by in PATIENT and not is_kept(case)
    held = kind is NoticeKind.HELD and not patient
    return held or kind in (NoticeKind.ESCALATED, NoticeKind.APPROVAL)


def severity_of(kind: NoticeKind, incident: Incident, case: Case, service: Service) -> Severity:
    """How loud a notice about a case is.

    Whoever was told loudly that something began is told as loudly that it is over.
    """
    if asks(kind, case):
        return Severity.URGENT
    quiet = kind in (NoticeKind.PLANNED, NoticeKind.ACKNOWLEDGED)
    loud = incident.harmed or incident.reached is not None or service.mode is Mode.OBSERVE or kind is NoticeKind.HELD
    return Severity.HIGH if loud and not quiet else Severity.LOW
