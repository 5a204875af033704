"""Whoever can't be reached, or does not answer a drill, is known to those who can be; nobody else is said to be so."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

from defib.core.incident import NoticeKind
from defib.core.medium import Medium
from defib.core.policy import Policy
from defib.core.severity import Severity
from sim.addresses import Addresses
from sim.fuzz.invariants.hears import means
from sim.fuzz.invariants.truth import Truth
from sim.unreachable import Why

SWEEPS = timedelta(minutes=2, seconds=5)
"""Until the sweep that sees to it, and its message."""
TO_CONFIRM, AGAIN = timedelta(minutes=30), timedelta(minutes=10)
"""What a person has for opening a mail, and how soon is asked again where AWS gave no answer (docs/notices.md)."""
INCIDENT_SERVICE = "defib:contacts"
"""What the incident about all addresses is kept under."""


class ReachJudge:
    """Asks the addresses themselves."""

    def __init__(self, truth: Truth) -> None:
        self._truth = truth
        self.addresses: Addresses | None = None
        """The story's own; None where no story is told about them."""
        self._deaf: dict[str, datetime] = {}
        """Address to since when no message reaches it."""
        self._deaf_lately: dict[str, datetime] = {}
        """Address to when it was last seen that none does."""

    def minute(self) -> None:
        """Everybody who is to hear can, or it has been said."""
        if self.addresses is None:
            return
        truth, now, policy = self._truth, self._truth.time.now, self._truth.policy
        for address, medium in _addresses(policy):
            if self.addresses.hears(address):
                self._deaf.pop(address, None)
                continue
            self._deaf_lately[address] = now
            since = self._deaf.setdefault(address, now)
            late = now - since > self._told_within(address)
            if late and truth.calm(since) and not self._was_said(address, medium, since):
                truth.breaks("reached", f"nobody has heard for {now - since} that {address} gets nothing")
                self._deaf[address] = now
        self._drilled()

    def _told_within(self, address: str) -> timedelta:
        """Whoever has just been subscribed needs a moment to open a mail; of that the look after it tells."""
        every, of_story = self._truth.policy.delivery.check_every, self._truth.story.scenario.unreachable
        waits = any(
            u.why is Why.UNCONFIRMED and any(fnmatchcase(address, pattern) for pattern in u.on) for u in of_story
        )
        return 2 * every + TO_CONFIRM + SWEEPS if waits else every + SWEEPS

    def _was_said(self, address: str, medium: Medium, since: datetime) -> bool:
        """Whether anybody read of it: now, or before it was well for a moment that no look has seen."""
        name = "https://" + address.split("/")[2] if medium is Medium.HTTPS else address
        at_least = since - self._truth.policy.delivery.check_every - AGAIN
        of_it = (n for n in self._truth.store.notices.values() if n.incident_id.startswith(INCIDENT_SERVICE))
        open_still = self._is_open
        return any(
            name in n.body or (medium is Medium.SMS and "no SMS" in n.body)
            for n in of_it
            if n.kind is NoticeKind.OPENED and (open_still or n.at >= at_least)
        )

    @property
    def _is_open(self) -> bool:
        incident = self._truth.store.latest_incident(INCIDENT_SERVICE)
        return incident is not None and incident.resolved_at is None

    def _drilled(self) -> None:
        """Whoever is to be drilled is asked, and of whoever has not answered in time everybody hears."""
        truth, now, policy = self._truth, self._truth.time.now, self._truth.policy
        for drilled in truth.story.drills:
            at = truth.story.scenario.start + drilled.at
            hears = any(means(c, Severity.URGENT) for c in policy.contacts if c.name == drilled.contact)
            never = truth.store.latest_incident(_drill_of(drilled.contact)) is None
            if hears and never and now - at > SWEEPS and truth.calm(at):
                truth.breaks("reached", f"{drilled.contact} was never asked, though a drill was wanted {now - at} ago")
        for contact in policy.contacts:
            asked = truth.store.latest_incident(_drill_of(contact.name))
            if asked is None or asked.resolved_at is not None or not truth.calm(asked.opened_at):
                continue
            late = now - asked.opened_at - policy.drill.answer_within
            if late > SWEEPS and not self._is_named(contact.name, asked.opened_at):
                truth.breaks("reached", f"nobody has heard that {contact.name} has not answered a drill for {late}")

    def _is_named(self, contact: str, since: datetime) -> bool:
        of_it = (n for n in self._truth.store.notices.values() if n.incident_id.startswith(INCIDENT_SERVICE))
        return any(f"contact {contact} has not answered the drill" in n.body for n in of_it if n.at >= since)

    def at_end(self) -> None:
        """Nothing was said of what is well, and of what is well again nothing is left open."""
        truth, now, policy = self._truth, self._truth.time.now, self._truth.policy
        if self.addresses is None:
            return
        looked = policy.delivery.check_every + AGAIN + SWEEPS
        late = [c for c in policy.contacts if self._owes(c.name)]
        lately = [at for at in self._deaf_lately.values() if now - at <= looked]
        if self._is_open and not lately and not late and truth.calm(now - looked) and now - self._last_said() > looked:
            truth.breaks("reached", "people are left with addresses that get nothing, though every one does")
        said = [n for n in truth.store.notices.values() if n.incident_id.startswith(INCIDENT_SERVICE)]
        if (
            said
            and not self._deaf_lately
            and not any(truth.store.latest_incident(_drill_of(c.name)) for c in policy.contacts)
        ):
            truth.breaks("reached", f"{said[0].subject}: that was never so")

    def _owes(self, contact: str) -> bool:
        asked = self._truth.store.latest_incident(_drill_of(contact))
        return asked is not None and asked.resolved_at is None

    def _last_said(self) -> datetime:
        said = [n.at for n in self._truth.store.notices.values() if n.incident_id.startswith(INCIDENT_SERVICE)]
        return max(said, default=self._truth.story.scenario.start)


def _addresses(policy: Policy) -> Iterator[tuple[str, Medium]]:
    """Every address of every contact."""
    for contact in policy.contacts:
        for medium, addresses in (
            (Medium.EMAIL, contact.email),
            (Medium.SMS, contact.sms),
            (Medium.HTTPS, contact.https),
        ):
            yield from ((address, medium) for address in addresses)


def _drill_of(contact: str) -> str:
    """What a contact's drills are kept under."""
    return f"drill:{contact}"
