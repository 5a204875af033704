"""Who may stop it: what the operator has allowed."""

from __future__ import annotations

from typing import assert_never

from defib.core.approval import GUARD, Choice
from defib.core.case import Action, Case
from defib.core.guards.question import GIVES_BACK, Question, Refusal, is_permitted
from defib.core.maintenance import UNTIL_TAG, maintenance_of, until_of
from defib.core.model import Cause, Switch
from defib.core.policy import Mode


def observe_mode(asked: Question) -> Refusal | None:
    """In observe mode nothing is changed."""
    if asked.service.mode is not Mode.OBSERVE:
        return None
    name = asked.service.name
    return Refusal("observe_mode", f'service {name} is in observe mode; set mode = "heal" to let Defib act')


def approval(asked: Question) -> Refusal | None:
    """In approve mode people are asked before the first act of a repair; their yes is for all of it."""
    if asked.service.mode is not Mode.APPROVE or not needs_yes(asked.action, asked.case):
        return None
    given = asked.case.approval
    if given is not None and given.choice is Choice.APPROVE:
        return None
    return Refusal(GUARD, f"service {asked.service.name} is in approve mode: it waits until somebody says yes")


def needs_yes(action: Action, case: Case) -> bool:
    """Whether people are asked about ``action``: not where it only reads, or gives back what Defib took."""
    if action is Action.EVIDENCE or action in GIVES_BACK:
        return False
    return not (action is Action.START and case.cause is Cause.STOPPED_BY_DEFIB)


def kill_switch(asked: Question) -> Refusal | None:
    """With the kill switch off nothing at all is changed, not even to put back what Defib took."""
    match asked.observation.healing:
        case Switch.ON:
            return None
        case Switch.OFF:
            said = "the kill switch is off; set the SSM parameter /defib/<stack>/healing to on to let Defib act"
        case Switch.UNREADABLE:
            said = "the kill switch can't be read, which counts as off; see to the SSM parameter /defib/<stack>/healing"
        case _:
            assert_never(asked.observation.healing)
    return Refusal("kill_switch", said)


def maintenance(asked: Question) -> Refusal | None:
    """In a planned outage nothing is taken away and nothing is begun; what Defib took it still gives back."""
    window = maintenance_of(asked.policy, asked.service, asked.observation.tags, asked.now)
    if window is None or asked.action in GIVES_BACK:
        return None
    if asked.case.confirmed_cause is Cause.EVENT_SCHEDULED and is_permitted(asked):
        return None
    if asked.action is Action.START and asked.case.owes_start(asked.case.cause):
        return None
    return Refusal("maintenance", f"it is in maintenance until {window.until(asked.now)}")


def unreadable_maintenance(asked: Question) -> Refusal | None:
    """Somebody wanted maintenance of this instance: whoever can't read until when, keeps off."""
    given = asked.observation.tags.get(UNTIL_TAG)
    if given is None or until_of(asked.observation.tags) is not None or asked.action in GIVES_BACK:
        return None
    example = "2026-10-25T06:00:00Z"
    return Refusal(
        "unreadable_maintenance", f"its tag {UNTIL_TAG} is no time; write it as {example}, or remove the tag"
    )
