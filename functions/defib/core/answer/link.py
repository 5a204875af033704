"""What a link in an e-mail grants: one answer to one question, until it expires."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from defib.core.answer.settings import AnswerSettings
from defib.core.approval import Choice
from defib.core.call import Reaction
from defib.core.frozen import dataclass
from defib.core.incident import Notice, NoticeKind
from defib.core.policy import Repair
from defib.core.severity import Severity


class Say(StrEnum):
    """What people may say by a link."""

    APPROVE = Choice.APPROVE.value
    REJECT = Choice.REJECT.value
    ACKNOWLEDGE = Reaction.ACKNOWLEDGE.value
    """A person looks after the incident: Defib calls nobody else."""
    SNOOZE = Reaction.SNOOZE.value
    """Nobody needs to be called for a while."""

    @property
    def reaction(self) -> Reaction | None:
        """The answer to a call that it is; None for a yes or no."""
        return Reaction(self.value) if self.value in set(Reaction) else None

    @property
    def choice(self) -> Choice | None:
        """The yes or no to a repair that it is; None for an answer to a call."""
        return Choice(self.value) if self.value in set(Choice) else None


ON_IT = (Say.ACKNOWLEDGE, Say.SNOOZE)
OFFERS = {
    NoticeKind.APPROVAL: (Say.APPROVE, Say.REJECT),
    NoticeKind.ESCALATED: ON_IT,
    NoticeKind.HELD: ON_IT,
    NoticeKind.CALLED: ON_IT,
}
"""Which notices ask for a person, and what may be said to them. What is urgent asks for one whatever its kind."""


def offers_of(notice: Notice) -> tuple[Say, ...]:
    """What may be said to the notice; nothing where it asks for nobody."""
    if notice.kind is NoticeKind.CALLED and notice.case_id:
        # It asks again for the yes or no to that case's repair.
        return (*OFFERS[NoticeKind.APPROVAL], *ON_IT)
    return OFFERS.get(notice.kind, ON_IT if notice.severity is Severity.URGENT else ())


@dataclass(frozen=True, slots=True)
class Link:
    """One link, as its token carries it. Whoever holds it may use it once."""

    incident_id: str
    sequence: int
    """The notice's, whose e-mail it is in."""
    case_id: str
    """Empty where the question is about the incident as a whole."""
    offers: tuple[Say, ...]
    to: str
    """The contact it was sent to; empty when it went to everybody who hears of the service."""
    expires_at: datetime
    """To the second."""

    @property
    def id(self) -> str:
        """The same for a message that is sent twice, so that it counts once."""
        return f"{self.incident_id}#{self.sequence}#{self.to}"


def link_of(notice: Notice, to: str, settings: AnswerSettings, repair: Repair) -> Link | None:
    """The link for ``notice`` in the message to contact ``to``; None for a notice that asks for nobody.

    Its end counts from the notice, so that a message that is sent twice has the same.
    """
    offers = offers_of(notice)
    if not offers:
        return None
    life = settings.link_life
    if notice.kind is NoticeKind.APPROVAL:
        life = min(life, repair.approval_timeout)
    return Link(notice.incident_id, notice.sequence, notice.case_id, offers, to, whole(notice.at + life))


def whole(at: datetime) -> datetime:
    """The second that ``at`` is in: a token carries no fractions."""
    return at.replace(microsecond=0)


@dataclass(frozen=True, slots=True)
class Use:
    """The one use of a link: remembered before the answer is passed on."""

    link_id: str
    incident_id: str
    case_id: str
    say: Say
    by: str
    """Who says so, in their own words."""
    said_at: datetime
    passed_on_at: datetime | None = None
    """When the event was put on the bus; None when that is not known to have happened."""
