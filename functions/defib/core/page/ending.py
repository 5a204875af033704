"""The last word on trouble that ends without anybody having seen that all works again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from defib.core.page.model import Origin, PublicIncident, Shown
from defib.core.page.words import clock, listed, words
from defib.core.policy import Policy

Lost = Mapping[str, datetime]
"""Services that have lost an instance that nobody has seen work since, each with when (core/page/trouble.py)."""


def ending(
    incident: PublicIncident, shown: Shown, lost: Lost, names: Mapping[str, str], policy: Policy, now: datetime
) -> str:
    """What customers read at the end of ``incident``; empty where all of it works again.

    A component that has left the page is seen by nobody any more; nor is what people posted where they say no more.
    """
    here, since = {component.key for component in shown.components}, incident.started_at
    unseen = [key for key in incident.components if key not in here or (key in lost and lost[key] >= since)]
    if not unseen and incident.origin is Origin.DEFIB:
        return ""
    said = words(policy.page.language)
    called = listed([names.get(key, key) for key in incident.components], said)
    return said.ended.format(names=called, since=clock(since, now))
