"""A service whose contacts are asked one after the other, and calls for them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from defib.core.announce import announce
from defib.core.approval import Approval
from defib.core.call import (
    HANDED_OVER,
    Call,
    CallAnswer,
    Reaction,
    Want,
    wanted,
)
from defib.core.case import Action, Case
from defib.core.contact import Contact
from defib.core.escalation import Escalation
from defib.core.incident import Incident
from defib.core.policy import Policy
from tests.core.facts import NOON, SERVICE, after, attempt, case
from tests.core.facts import POLICY as PLAIN

TIMES = Escalation(
    second_after=timedelta(minutes=5),
    everybody_after=timedelta(minutes=15),
    repeat_every=timedelta(minutes=30),
    remind_after=timedelta(hours=4),
)
ANN, BOB, EVE = (Contact(name, email=(f"{name}@example.com",)) for name in ("ann", "bob", "eve"))
WEB = replace(SERVICE, tell=("ann",), then=("bob",), minimum_healthy=1)
POLICY = replace(PLAIN, services=(WEB,), contacts=(ANN, BOB, EVE), escalation=TIMES)
EVIDENCE = attempt(Action.EVIDENCE)
BROKEN = case(EVIDENCE)
HANDED = case(EVIDENCE, handed_over_at=NOON, ask="Look at it.", reason="nothing helps")
WANT = Want("i-0aa1-1", HANDED_OVER, NOON, "web-2 (i-0aa1) needs you: nothing helps", "Look at it.")


def incident_of(*changes: tuple[Case, Case], policy: Policy = POLICY, at: datetime = NOON) -> Incident:
    """What became of the service's incident by these changes of cases."""
    incident, _ = announce(None, case(confirmed_at=None, confirmed_cause=None), BROKEN, policy, NOON)
    for before, now in changes:
        incident, _ = announce(incident, before, now, policy, at)
    assert incident is not None
    return incident


def called() -> Incident:
    return wanted(Incident("web", 7, NOON), WANT, POLICY, NOON)


def call_of(incident: Incident) -> Call:
    assert incident.call is not None
    return incident.call


ASKING = replace(BROKEN, held_by="approval", told_of=("approval",), approval=Approval(NOON, after(minutes=30)))
ON_IT = CallAnswer("web-7", Reaction.ACKNOWLEDGE, "Ann")
