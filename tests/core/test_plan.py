"""The plan that people read: of the cause, the service's own remedy, and what the policy allows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from defib.core.case import Action
from defib.core.model import Cause
from defib.core.policy import ApplicationRemedy, Policy
from defib.core.words import CAUSE_SHORT, CAUSE_WORDS, brief_plan, plan
from tests.core.facts import POLICY, SERVICE, attempt, case

OPENED = case(attempt(Action.EVIDENCE))


@pytest.mark.parametrize("cause", list(Cause))
def test_every_cause_has_words_and_a_plan(cause: Cause) -> None:
    so_far = replace(OPENED, cause=cause)

    assert CAUSE_WORDS[cause]
    assert CAUSE_SHORT[cause]
    assert plan(so_far, SERVICE, POLICY).startswith("Defib ")
    assert brief_plan(so_far, SERVICE, POLICY)


@pytest.mark.parametrize(
    ("remedy", "words"),
    [
        (ApplicationRemedy.TELL, "hands it over"),
        (ApplicationRemedy.REBOOT, "reboots it once"),
        (ApplicationRemedy.RESTART, "stops and starts it"),
    ],
)
def test_the_plan_for_a_dead_application_is_the_services_own(remedy: ApplicationRemedy, words: str) -> None:
    down = replace(OPENED, cause=Cause.APPLICATION_DOWN)

    assert words in plan(down, replace(SERVICE, application_down=remedy), POLICY)


NO_REBOOT = replace(POLICY, repair=replace(POLICY.repair, reboots=0))
NO_RESTART = replace(POLICY, repair=replace(POLICY.repair, restarts=0))
NEITHER = replace(POLICY, repair=replace(POLICY.repair, reboots=0, restarts=0))
INSTANCE, SYSTEM, DOWN = Cause.INSTANCE_IMPAIRED, Cause.SYSTEM_IMPAIRED, Cause.APPLICATION_DOWN
ALLOWED: list[tuple[str, Policy, Cause, ApplicationRemedy, str, str]] = [
    ("both", POLICY, INSTANCE, ApplicationRemedy.TELL, "reboots it; if that has not helped", "Rebooting it."),
    ("no reboot", NO_REBOOT, INSTANCE, ApplicationRemedy.TELL, "Defib stops and starts it on", "Moving it to another"),
    ("no restart", NO_RESTART, INSTANCE, ApplicationRemedy.TELL, "helped after 3m, it hands it over", "Rebooting it."),
    ("neither", NEITHER, INSTANCE, ApplicationRemedy.TELL, "Defib hands it over to people", "Asking you."),
    ("a bad host, no restart", NO_RESTART, SYSTEM, ApplicationRemedy.TELL, "Defib hands it over", "Asking you."),
    ("dead, no reboot", NO_REBOOT, DOWN, ApplicationRemedy.REBOOT, "Defib hands it over", "Asking you."),
    (
        "dead, only a restart",
        NO_REBOOT,
        DOWN,
        ApplicationRemedy.RESTART,
        "Defib stops and starts it.",
        "Restarting it.",
    ),
    ("dead, only a reboot", NO_RESTART, DOWN, ApplicationRemedy.RESTART, "help, it hands it over", "Rebooting it."),
    ("dead, neither", NEITHER, DOWN, ApplicationRemedy.RESTART, "Defib hands it over", "Asking you."),
]


@pytest.mark.parametrize(
    ("policy", "cause", "remedy", "words", "brief"), [row[1:] for row in ALLOWED], ids=[row[0] for row in ALLOWED]
)
def test_no_plan_promises_what_the_policy_does_not_allow(
    policy: Policy, cause: Cause, remedy: ApplicationRemedy, words: str, brief: str
) -> None:
    sick, service = replace(OPENED, cause=cause), replace(SERVICE, application_down=remedy)

    assert words in plan(sick, service, policy)
    assert brief in brief_plan(sick, service, policy)
    if not policy.repair.reboots:
        assert "reboots it" not in plan(sick, service, policy)
