"""What people hear: everything once, in order, by each of their means, and a call for help until somebody answers."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from defib.core.call import Call, Pause
from defib.core.contact import Contact
from defib.core.detection import MINUTE
from defib.core.digest import KIND as DIGEST
from defib.core.escalation import Tier
from defib.core.incident import Incident, Notice, NoticeKind
from defib.core.medium import Medium
from defib.core.messages import MessageLimits
from defib.core.outbox import Lane, Outbox
from defib.core.post import Post
from defib.core.severity import Severity
from sim.fuzz.invariants.digests import named
from sim.fuzz.invariants.hears import hears
from sim.fuzz.invariants.measures import NO_ROOM, SMS_MOST, SUBJECT_MOST, WANTS_MOST
from sim.fuzz.invariants.quiet import DIGEST_FOUND, leaves_alone, waits_no_longer
from sim.fuzz.invariants.truth import Truth
from sim.scenario_value import Trait
from sim.traits import PLACEMENT_GROUP

A_NOTICE, LATELY = timedelta(seconds=0.3), timedelta(minutes=5)
"""What one takes to go out, with its turn; and for how long those of a crowd may lie in the queue."""
LOUDER_WITHIN = timedelta(minutes=3)
"""How late a call for help may get louder: two sweeps, and a delivery."""
TIERS = [Tier.FIRST, Tier.SECOND, Tier.EVERYBODY]
DRILL, CONTACTS = "drill:", "defib:contacts"
IN_VAIN = "could not be started"
ASKS = frozenset({NoticeKind.ESCALATED, NoticeKind.APPROVAL, NoticeKind.CALLED})
"""Notices by which a person is asked for, whatever they are about."""


class ToldJudge:
    """Reads every message as its reader does."""

    def __init__(self, truth: Truth) -> None:
        self._truth = truth
        self.sums_up = truth.story.seed % 2 == 1
        """Whether messages are summed up as the policy says, rather than each heard by itself."""
        self._heard: dict[tuple[str, Medium, str], list[int]] = defaultdict(list)
        """By contact, medium and incident, the notices heard by themselves, in that order."""
        self._answered: dict[str, tuple[Pause, set[tuple[str, str]]]] = {}
        """By incident, the last pause of its call, and what was wanted then."""
        self._pushed: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
        """By contact, when messages that were not urgent were heard."""
        self._named: set[tuple[str, Medium, str, int]] = set()
        """By contact and medium, the notices that a digest has named."""

    def heard(self, channel: str, post: Post) -> Notice | None:
        """A message has reached its contact; the notice that it is of, None for a digest."""
        del channel
        self._reads_well(post)
        contact = next((c for c in self._truth.policy.contacts if c.name == post.contact), None)
        if contact is not None:
            leaves_alone(post, contact, self._truth)
        if post.notice == DIGEST:
            self._sums_up(post, contact)
            return None
        incident_id, _, sequence = str(json.loads(post.https)["id"]).partition("#")
        notice = self._truth.store.notice(incident_id, int(sequence))
        if notice is None or contact is None:
            self._truth.breaks("told", f"{post.contact} hears of {incident_id}-{sequence}, which is no notice")
            return None
        for medium in post.media:
            self._in_order(notice, contact, medium)
            if not any(medium in hear.get(contact.name, ()) for hear in self._at_both_ends(notice)):
                self._truth.breaks("told", f"{contact.name} hears of {incident_id}-{sequence} by {medium} unasked")
        if notice.kind in ASKS and notice.severity is not Severity.URGENT:
            name = f"{notice.incident_id}-{notice.sequence}"
            self._truth.breaks("told", f"notice {name} asks for somebody, but is {notice.severity}")
        self._in_time(notice, post, contact)
        self._says_what_may_help(notice)
        return notice

    def _says_what_may_help(self, notice: Notice) -> None:
        """Where there is no room in a placement group, AWS's advice is about the group: who is asked reads its name."""
        machine = self._truth.cloud.machines.get(notice.instance_id)
        # Further down it tells of others of its incident, too.
        said = notice.body.partition("\n")[0]
        if machine is None or Trait.PLACEMENT_GROUP not in machine.traits or IN_VAIN not in said:
            return
        full = any(f"({code})" in said for code in NO_ROOM)
        if notice.kind is NoticeKind.ESCALATED and full and PLACEMENT_GROUP not in notice.body:
            self._truth.breaks("reasons", f"{machine.name} has no room, and nobody reads of its placement group")

    def _reads_well(self, post: Post) -> None:
        for part, text in (("subject", post.subject), ("e-mail", post.email), ("SMS", post.sms)):
            if not text.strip():
                self._truth.breaks("reasons", f"a message about {post.incident_id} has an empty {part}")
        if len(post.sms) > SMS_MOST or len(post.subject) > SUBJECT_MOST:
            self._truth.breaks("reasons", f"a message about {post.incident_id} does not fit its medium")

    def _in_order(self, notice: Notice, contact: Contact, medium: Medium) -> None:
        before = self._heard[contact.name, medium, notice.incident_id]
        if notice.sequence in before:
            return
        waits = medium is not Medium.HTTPS and (self.sums_up or bool(contact.quiet))
        if before and notice.sequence < max(before) and not waits:
            self._truth.breaks("told", f"notice {notice.incident_id}-{notice.sequence} came after number {max(before)}")
        before.append(notice.sequence)

    def _in_time(self, notice: Notice, post: Post, contact: Contact | None) -> None:
        truth, now = self._truth, self._truth.time.now
        if notice.severity is Severity.LOW and contact is not None and not self.sums_up:
            waits_no_longer(post, contact, notice.at, truth)
        if notice.severity is Severity.URGENT:
            waits = (truth.policy.messages if self.sums_up else MessageLimits()).storm_window
            # One whose message is lost is asked for by the next sweep (decision 47).
            found = DIGEST_FOUND + (MINUTE if truth.struck_since(notice.at) else timedelta(0))
            found += truth.worn(notice.at)
            late = now - notice.at - waits - found
            if late > timedelta(0) and late > self._behind_others(notice) and truth.calm(notice.at):
                truth.breaks(
                    "told", f"notice {notice.incident_id}-{notice.sequence} asks for help {now - notice.at} late"
                )
        else:
            self._is_one_more(post)

    def _behind_others(self, notice: Notice) -> timedelta:
        """How long those of its incident that were written lately may keep it waiting: they go out one by one."""
        ours = (n for n in self._truth.store.notices.values() if n.incident_id == notice.incident_id)
        return A_NOTICE * sum(1 for n in ours if timedelta(0) <= notice.at - n.at <= LATELY)

    def _is_one_more(self, post: Post) -> None:
        """Of what is not urgent nobody gets more than the policy says."""
        truth, now = self._truth, self._truth.time.now
        if not self.sums_up or not {*post.media} & {Medium.EMAIL, Medium.SMS} or self._goes_with_a_call(post):
            return
        limits, pushed = truth.policy.messages, self._pushed[post.contact]
        pushed[:] = [one for one in pushed if now - one[0] < limits.window]
        # Who dies before it is remembered sends it once more: the same message.
        if not any(text == post.email for _, text in pushed):
            pushed.append((now, post.email))
        # With what has come to wait since it may be another.
        most = limits.most + truth.struck_since(pushed[0][0])
        if len(pushed) > most and truth.calm(pushed[0][0]):
            truth.breaks("limits", f"{post.contact} gets {len(pushed)} messages within {limits.window}")

    def _goes_with_a_call(self, post: Post) -> bool:
        """Whether it is what e-mail and SMS get of a storm that asks for somebody by chat: that waits for nothing."""
        kept = self._truth.store.mail.kept.values()
        storm = [waiting for waiting in kept if waiting.contact == post.contact and waiting.lane is Lane.STORM]
        asks = any(waiting.severity is Severity.URGENT for waiting in storm)
        begins = json.loads(post.https or post.chat)["id"] if asks else ""
        return any(f"{waiting.incident_id}#{waiting.sequence}" == begins for waiting in storm)

    def _sums_up(self, post: Post, contact: Contact | None) -> None:
        """A digest counts for what it names, and is one message more; it is urgent where any of that is."""
        for waited in named(post, self._truth.store.mail.kept.values()):
            reference = waited.incident_id, waited.sequence
            self._named |= {(post.contact, medium, *reference) for medium in {*waited.media} & {*post.media}}
            notice = self._truth.store.notice(*reference)
            if notice is not None and notice.severity is Severity.URGENT:
                self._in_time(notice, post, contact)
            elif notice is not None and notice.severity is Severity.LOW and contact is not None and not self.sums_up:
                waits_no_longer(post, contact, notice.at, self._truth)
        if post.severity is not Severity.URGENT:
            self._is_one_more(post)

    def minute(self) -> None:
        """Every call for help gets louder until somebody answers, and rests while somebody is on it."""
        for incident in self._truth.store.incidents.values():
            if incident.call is None:
                if self._answered:
                    self._answered.pop(incident.id, None)
                continue
            self._called(incident, incident.call)
            self._paused_for(incident, incident.call)

    def _paused_for(self, incident: Incident, call: Call) -> None:
        """A pause ends when it is over, or when something new is wanted."""
        wants = {(want.about, want.why) for want in call.wants}
        if call.pause is not None:
            self._answered[incident.id] = (call.pause, wants)
            return
        pause, known = self._answered.pop(incident.id, (None, set()))
        anew = pause is not None and self._wanted_beyond(incident, call, pause, known)
        if pause is not None and self._truth.time.now < pause.until and wants <= known and not anew:
            until = pause.until - self._truth.story.scenario.start
            self._truth.breaks("called", f"{incident.id} goes on asking though {pause.by} is on it until {until}")

    def _wanted_beyond(self, incident: Incident, call: Call, pause: Pause, known: set[tuple[str, str]]) -> bool:
        """Whether something new is wanted that the call has no room for: people hear of it, but no call keeps it."""
        if len(call.wants) < WANTS_MOST:
            return False
        kept = {about for about, _ in known}
        since = (n for n in self._truth.store.notices.values() if n.incident_id == incident.id and n.at >= pause.at)
        asking = (n for n in since if n.severity is Severity.URGENT and n.kind is not NoticeKind.CALLED)
        return any(n.case_id and n.case_id not in kept for n in asking)

    def _called(self, incident: Incident, call: Call) -> None:
        if incident.service.startswith(DRILL):
            # Of a drill that nobody answers everybody hears another way, and only once.
            return
        truth, escalation = self._truth, self._truth.policy.escalation
        if call.pause is not None:
            since, until, incident_id = call.pause.at, call.pause.until, incident.id
            loud = (n for n in truth.store.notices.values() if n.incident_id == incident_id)
            if any(n.kind is NoticeKind.CALLED and since < n.at < until for n in loud):
                truth.breaks("called", f"{incident_id} calls though {call.pause.by} is on it")
            return
        asked_for = truth.time.now - call.round_at - LOUDER_WITHIN - truth.worn(call.round_at)
        wanted = Tier.FIRST
        if asked_for >= escalation.everybody_after:
            wanted = Tier.EVERYBODY
        elif asked_for >= escalation.second_after:
            wanted = Tier.SECOND
        if TIERS.index(call.tier) < TIERS.index(wanted) and truth.calm(call.round_at):
            truth.breaks("called", f"{incident.id} asks {call.tier} only, {asked_for} after nobody has answered")

    # --- At the end ------------------------------------------------------------------------------------------------

    def settled(self) -> bool:
        """Whether everybody has heard what is to be heard so far."""
        store = self._truth.store
        return len(store.published) >= len(store.notices) and not store.mail.kept

    def at_end(self) -> None:
        store, now = self._truth.store, self._truth.time.now
        for key, notice in store.notices.items():
            if key not in store.published:
                if now - notice.at < MINUTE:
                    # It was written as the story ended, and may be on its way.
                    continue
                self._truth.breaks("told", f"notice {notice.incident_id}-{notice.sequence} never went out")
            for contact, media in self._hear(notice).items():
                self._all_heard(notice, contact, media)
        for waiting in store.mail.kept.values():
            due = _due_at(store.mail.outbox(waiting.contact), waiting.lane)
            if due is None or due < now:
                self._truth.breaks("told", f"{waiting.contact} waits for {waiting.incident_id}-{waiting.sequence}")
        for incident in store.incidents.values():
            self._told_of(incident)

    def _hear(self, notice: Notice) -> Mapping[str, frozenset[Medium]]:
        """Whom it is for by the policy in force when it was made, and by that when it had gone out."""
        made, told = self._at_both_ends(notice)
        return {contact: made[contact] & media for contact, media in told.items() if contact in made}

    def _at_both_ends(self, notice: Notice) -> Sequence[Mapping[str, frozenset[Medium]]]:
        truth = self._truth
        out_at = truth.store.published.get((notice.incident_id, notice.sequence), truth.time.now)
        return [hears(notice, truth.policy_at(at)) for at in (notice.at, out_at)]

    def _all_heard(self, notice: Notice, contact: str, media: Collection[Medium]) -> None:
        reference = notice.incident_id, notice.sequence
        kept = (w for w in self._truth.store.mail.kept.values() if (w.incident_id, w.sequence) == reference)
        waits = {(w.contact, medium, *reference) for w in kept for medium in w.media}
        for medium in media:
            alone = notice.sequence in self._heard[contact, medium, notice.incident_id]
            if not alone and (contact, medium, *reference) not in self._named | waits:
                what = f"{notice.incident_id}-{notice.sequence}"
                self._truth.breaks("told", f"{contact} never heard of {what} by {medium}")

    def _told_of(self, incident: Incident) -> None:
        breaks = self._truth.breaks
        notices = [n for n in self._truth.store.notices.values() if n.incident_id == incident.id]
        if sorted(n.sequence for n in notices) != list(range(1, incident.notices + 1)):
            breaks("told", f"incident {incident.id} lacks notices")
        opened = sum(1 for n in notices if n.kind is NoticeKind.OPENED)
        resolved = sum(1 for n in notices if n.kind is NoticeKind.RESOLVED)
        # Of contacts each address that gets nothing is news of its own.
        if opened > 1 and incident.service != CONTACTS:
            breaks("told", f"incident {incident.id} was announced {opened} times")
        if resolved > 1 or (resolved and incident.resolved_at is None):
            breaks("told", f"incident {incident.id} was called over {resolved} times")
        begun = opened or any(n.kind is NoticeKind.PROGRESS for n in notices)
        if incident.resolved_at is not None and not resolved and begun:
            breaks("told", f"the end of incident {incident.id} was not told")


def _due_at(outbox: Outbox, lane: Lane) -> datetime | None:
    """When what waits there is to go; None where nobody means to send it."""
    due = {Lane.STORM: outbox.storm_at, Lane.LIMIT: outbox.limit_at, Lane.QUIET: outbox.quiet_at}
    return (due | {Lane.MAIL: outbox.mail_at, Lane.CHAT: outbox.chat_at})[lane]
