"""What a stop would destroy."""

from __future__ import annotations

from defib.core.guards.question import CUTS_POWER, Question, Refusal


def instance_store_root(asked: Question) -> Refusal | None:
    """An instance with an instance-store root volume can't be stopped (AWSEC2 UserGuide, Stop_Start)."""
    if asked.observation.root_device != "instance-store" or asked.action not in CUTS_POWER:
        return None
    return Refusal("instance_store_root", "its root volume is an instance store, which can't be stopped; replace it")
