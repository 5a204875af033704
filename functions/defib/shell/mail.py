"""Subscribers follow the page: read what is public and what was told, claim a letter, send it, remember it.

Two that do so at once never send the same letter, and a later update never overtakes an earlier one. Whoever dies
between sending and remembering makes subscribers read a letter twice, never miss one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from defib.core.frozen import dataclass, replace
from defib.core.page.mail import (
    Letter,
    Mailed,
    begun,
    claimed,
    is_news,
    letters,
    released,
    resumed,
    sent,
    settled,
    taken_over,
    to_be_ended,
)
from defib.core.page.model import PublicIncident, Shown
from defib.core.page.pause import was_off, word
from defib.core.page.replanned import plans
from defib.core.policy import Policy
from defib.shell.ports import CallFailed, Clock, Unanswered
from defib.shell.store import Conflict
from defib.shell.timelines import whole

LETTERS_MOST = 5
"""In one turn; the next turn goes on."""
RECENT = 200
"""Incidents that may still get a letter: the open ones, those whose end was not told, and so many of the newest."""


class PublicPage(Protocol):
    """What is public; ``shell.page.PageStore`` keeps these promises."""

    def shown(self) -> Shown: ...

    def public_incidents(self, most: int) -> Sequence[PublicIncident]: ...

    def public_incident(self, number: int) -> PublicIncident | None: ...


class MailStore(Protocol):
    """What is remembered of letters. All reads are strongly consistent. Raises Transient or Rejected."""

    def mailed(self) -> Mailed: ...

    def remember_mailed(self, mailed: Mailed) -> Mailed:
        """Write it and return it with the new version. Raises Conflict when others wrote first."""
        ...


class Subscribers(Protocol):
    """The way to everybody who has subscribed."""

    def tell(self, letter: Letter) -> None:
        """Raises Transient or Rejected."""
        ...


@dataclass(frozen=True, slots=True)
class Mailing:
    """What mailing needs of the outside world."""

    clock: Clock
    page: PublicPage
    store: MailStore
    subscribers: Subscribers
    url: str
    """The page's own address, without a slash at its end."""


def mail(edges: Mailing, policy: Policy) -> int:
    """Send what subscribers have not been told yet; how many letters that were.

    Nothing while someone else does. One that is refused holds up none about anything else.
    Raises Transient or Rejected when AWS fails.
    """
    try:
        return _mail(edges, policy)
    except Conflict:
        # Whoever wrote first has what there is to tell in hand; the next turn tells the rest.
        return 0


def _mail(edges: Mailing, policy: Policy) -> int:
    now, mailed, shown = edges.clock.now(), edges.store.mailed(), edges.page.shown()
    outages, were_off = plans(policy, now), was_off(mailed.looked_at, now)
    if mailed.taken(now) or mailed.is_enough(now):
        return 0
    seen = replace(taken_over(mailed, outages), looked_at=word(mailed.looked_at, now))
    if mailed.version and not were_off and not is_news(seen, shown.version, outages):
        if seen != mailed:
            edges.store.remember_mailed(seen)
        return 0
    incidents = _public(edges.page, shown, mailed)
    if not mailed.version:
        edges.store.remember_mailed(replace(begun(incidents, outages), page=shown.version, looked_at=now))
        return 0
    mailed = resumed(seen, incidents) if were_off else seen
    mailed = to_be_ended(mailed, incidents)
    waiting = letters(mailed, incidents, outages, policy.page, edges.url)
    went, failed = 0, dict[str, CallFailed]()
    for letter in waiting[:LETTERS_MOST]:
        if mailed.is_enough(edges.clock.now()):
            break
        if letter.about in failed:
            # A later one of the same must not come before it.
            continue
        mailed, error = _send(letter, mailed, edges)
        if error is None:
            went += 1
        else:
            failed[letter.about] = error
        if isinstance(error, Unanswered):
            break
    if failed:
        raise next(iter(failed.values()))
    if went == len(waiting):
        edges.store.remember_mailed(settled(mailed, shown.version, incidents, outages))
    return went


def _public(page: PublicPage, shown: Shown, mailed: Mailed) -> list[PublicIncident]:
    """All that may have words untold, as the newest read has it; it may be newer than ``shown``, never older."""
    recent = {incident.number: incident for incident in page.public_incidents(RECENT)}
    older = replace(shown, open=tuple(incident for incident in shown.open if incident.number not in recent))
    told = {incident.number: mailed.told.get(incident.id, 0) for incident in older.open}
    found = whole(older, page, told) | recent
    ended = (page.public_incident(number) for number in mailed.unended if number not in found)
    return [*found.values(), *(incident for incident in ended if incident is not None)]


def _send(letter: Letter, mailed: Mailed, edges: Mailing) -> tuple[Mailed, CallFailed | None]:
    """What is remembered then, and what kept the letter from going."""
    taken = edges.store.remember_mailed(claimed(mailed, letter, edges.clock.now()))
    try:
        edges.subscribers.tell(letter)
    except CallFailed as error:
        return edges.store.remember_mailed(released(taken)), error
    return edges.store.remember_mailed(sent(taken, letter, edges.clock.now())), None
