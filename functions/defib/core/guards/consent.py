"""Who may stop it: what the operator has allowed."""

from __future__ import annotations

from defib.core.guards.question import Question, Refusal
from defib.core.policy import Mode


def observe_mode(asked: Question) -> Refusal | None:
    """In observe mode nothing is changed."""
    if asked.service.mode is not Mode.OBSERVE:
        return None
    name = asked.service.name
    return Refusal("observe_mode", f'service {name} is in observe mode; set mode = "heal" to let Defib act')
