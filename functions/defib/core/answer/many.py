"""One link for all the incidents that a digest names: it covers exactly those, once, until it expires."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from defib.core.answer.link import Say, whole
from defib.core.answer.settings import AnswerSettings
from defib.core.call import CallAnswer, unheeded
from defib.core.frozen import dataclass
from defib.core.incident import Incident

OFFERS = (Say.ACKNOWLEDGE, Say.SNOOZE)
"""What may be said to many at once. A yes to a repair is about one."""

SEVERAL = "several"


@dataclass(frozen=True, slots=True)
class Many:
    """What one such link grants, as it is kept: the link itself has no room for so many names."""

    incident_ids: tuple[str, ...]
    """As the digest names them, each once."""
    to: str
    """The contact it was sent to."""
    expires_at: datetime
    """To the second."""
    key_id: str = ""
    """Which key signed the link."""
    link_id: str = ""
    """What its use is remembered by; nobody can make the link of it."""

    @property
    def id(self) -> str:
        return self.link_id

    @property
    def incident_id(self) -> str:
        """What a log line names in place of one incident."""
        return SEVERAL

    @property
    def case_id(self) -> str:
        """None: it is about incidents as a whole."""
        return ""


def many_of(incident_ids: Iterable[str], to: str, at: datetime, settings: AnswerSettings) -> Many:
    """The link to all of these, in a message whose newest notice was made at ``at``: the same if it is sent twice."""
    return Many(tuple(dict.fromkeys(incident_ids)), to, whole(at + settings.link_life))


def asking(many: Many, incidents: Mapping[str, Incident], say: Say) -> tuple[str, ...]:
    """Those of the link's incidents to which ``say`` can be said at this moment; a yes or no to a repair to none."""
    reaction = say.reaction
    if reaction is None:
        return ()
    return tuple(
        incident_id
        for incident_id in many.incident_ids
        if incident_id in incidents and not unheeded(incidents[incident_id], CallAnswer(incident_id, reaction, ""))
    )
