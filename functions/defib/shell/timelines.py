"""What the page's state leaves out of an incident lies in its own item: whoever writes one reads it first.

The page's version guards both: of two writers the second is refused, and reads again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from defib.core.page.model import PublicIncident, Shown
from defib.core.page.timeline import joined
from defib.core.page.words import words
from defib.core.policy import Policy


class KeptIncidents(Protocol):
    """The incidents' own items. Reads are strongly consistent."""

    def public_incident(self, number: int) -> PublicIncident | None:
        """Of that number, a draft or a withdrawn one, too."""
        ...


def timelines(changed: Sequence[PublicIncident], kept: KeptIncidents, policy: Policy) -> tuple[PublicIncident, ...]:
    """``changed``, each with the updates that it had before."""
    said = words(policy.page.language)
    return tuple(joined(kept.public_incident(i.number) if i.version else None, i, said) for i in changed)


def whole(shown: Shown, kept: KeptIncidents, told: Mapping[int, int]) -> dict[int, PublicIncident]:
    """The open incidents by number, no drafts, each with its updates if it has newer ones than the one of ``told``.

    They may be newer than ``shown``, never older.
    """
    found = {incident.number: incident for incident in shown.open if not incident.draft}
    news = [number for number, incident in found.items() if incident.sequence > told.get(number, 0)]
    return found | {number: incident for number in news if (incident := kept.public_incident(number)) is not None}
