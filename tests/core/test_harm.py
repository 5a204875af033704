"""Whether customers may have noticed, and so how loud people are told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from defib.core.announce import announce
from defib.core.case import Action, Case, Outcome
from defib.core.contact import Contact
from defib.core.harm import harmed
from defib.core.incident import Incident, Member, Notice, Phase
from defib.core.model import Cause
from defib.core.page.settings import Outage, PageSettings, ServiceOnPage
from defib.core.policy import Mode, Policy
from defib.core.severity import Severity
from tests.core.facts import NOON, POLICY, SERVICE, attempt, case

SPARE = replace(POLICY, services=(replace(SERVICE, minimum_healthy=1),))
UNSEEN = case(confirmed_at=None, confirmed_cause=None)
BROKEN = case(attempt(Action.EVIDENCE))
HEALED = replace(BROKEN, closed_at=NOON, outcome=Outcome.HEALED, reason="the reboot cured it")
TOO_FEW = ("minimum_healthy",)
HELD = replace(BROKEN, held_by=TOO_FEW[0], held_action=Action.STOP, told_of=TOO_FEW)


def on_page(impact: Outage) -> Policy:
    shown = ServiceOnPage(title="Website", impact=impact, worse_from=9)
    return replace(SPARE, services=(replace(SPARE.services[0], page=shown),), page=PageSettings(enabled=True))


def told(policy: Policy, *course: Case) -> list[Notice]:
    """The notices of a case that goes through these states."""
    incident: Incident | None = None
    notices: list[Notice] = []
    for before, after in zip((UNSEEN, *course), course, strict=False):
        incident, made = announce(incident, before, after, policy, NOON)
        notices += made
    return notices


COURSES: list[tuple[str, Policy, tuple[Case, ...], Severity, Severity]] = [
    ("others stand in for it", SPARE, (BROKEN, HEALED), Severity.LOW, Severity.LOW),
    ("nobody can", POLICY, (BROKEN, HEALED), Severity.HIGH, Severity.HIGH),
    (
        "an application was down",
        SPARE,
        tuple(replace(c, confirmed_cause=Cause.APPLICATION_DOWN) for c in (BROKEN, HEALED)),
        Severity.HIGH,
        Severity.HIGH,
    ),
    (
        "too few others were healthy",
        SPARE,
        (BROKEN, HELD, replace(HEALED, told_of=TOO_FEW)),
        Severity.LOW,
        Severity.HIGH,
    ),
    ("the page says so", on_page(Outage.DEGRADED), (BROKEN, HEALED), Severity.HIGH, Severity.HIGH),
    ("the page says all is well", on_page(Outage.OPERATIONAL), (BROKEN, HEALED), Severity.LOW, Severity.LOW),
    (
        "somebody was asked for",
        replace(SPARE, services=(replace(SPARE.services[0], tell=("ann",)),), contacts=(Contact("ann"),)),
        (BROKEN, replace(BROKEN, handed_over_at=NOON, ask="Look."), replace(HEALED, handed_over_at=NOON, ask="Look.")),
        Severity.LOW,
        Severity.HIGH,
    ),
    (
        "nothing is healed here",
        replace(SPARE, services=(replace(SPARE.services[0], mode=Mode.OBSERVE),)),
        (BROKEN, HEALED),
        Severity.HIGH,
        Severity.HIGH,
    ),
]


@pytest.mark.parametrize(
    ("policy", "course", "first", "last"), [row[1:] for row in COURSES], ids=[r[0] for r in COURSES]
)
def test_how_loud_an_incident_begins_and_ends(
    policy: Policy, course: tuple[Case, ...], first: Severity, last: Severity
) -> None:
    notices = told(policy, *course)

    assert (notices[0].severity, notices[-1].severity) == (first, last)


def test_what_only_waits_for_an_event_makes_no_outage_worse() -> None:
    shown = ServiceOnPage(title="Website", impact=Outage.OPERATIONAL, worse=Outage.DEGRADED, worse_from=2)
    limits = replace(SPARE, services=(replace(SPARE.services[0], page=shown),), page=PageSettings(enabled=True))
    fails = Member("i-0aa1-1", "i-0aa1", "web-1", "us-east-1a", Cause.SYSTEM_IMPAIRED, NOON, Phase.REPAIRING)
    waits = replace(fails, case_id="i-0bb2-1", cause=Cause.EVENT_SCHEDULED, phase=Phase.WATCHING, idle=True)

    moves = replace(waits, phase=Phase.REPAIRING, idle=False)

    assert not harmed(Incident("web", 1, NOON, members=(fails, waits)), BROKEN, limits.services[0], limits)
    assert harmed(Incident("web", 1, NOON, members=(fails, moves)), BROKEN, limits.services[0], limits)
