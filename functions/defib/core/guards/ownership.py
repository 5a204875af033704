"""Whose machine it is: others may be in charge of stopping and starting it."""

from __future__ import annotations

from defib.core.case import Action
from defib.core.guards.question import CUTS_POWER, Question, Refusal

GROUP_TAG = "aws:autoscaling:groupName"
"""Set by EC2 Auto Scaling on every member (EC2 Auto Scaling User Guide, Tag Auto Scaling groups and instances)."""


def group_member(asked: Question) -> Refusal | None:
    """A stopped member of an Auto Scaling group is terminated by it (EC2 Auto Scaling, Health checks)."""
    group = asked.observation.tags.get(GROUP_TAG)
    if group is None or asked.action not in CUTS_POWER:
        return None
    return Refusal(
        "group_member", f"its Auto Scaling group {group} would terminate it; the group replaces it by itself"
    )


def spot(asked: Question) -> Refusal | None:
    """Only EC2 may restart an interrupted spot instance, and a one-time request can't be stopped."""
    if asked.observation.lifecycle != "spot" or asked.action not in CUTS_POWER | {Action.START}:
        return None
    return Refusal("spot", "it is a spot instance, which only EC2 may stop and start; replace it")
