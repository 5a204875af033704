"""What people do in a story: set the kill switch, answer by event or by link, and change an instance's tags."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from functools import partial
from random import Random
from typing import assert_never
from urllib.parse import urlencode

from defib.answer.asked import FORM, Asked
from defib.answer.ports import Answering
from defib.answer.router import answer
from defib.answer.token import Key
from defib.core.asking import DETAIL_TYPE, EVENT_SOURCE
from defib.core.case import Action, Case
from defib.core.digest import KIND as DIGEST
from defib.core.duration import format_duration
from defib.core.maintenance import UNTIL_TAG
from defib.core.model import Cause, InstanceState
from defib.core.policy import Policy
from defib.core.post import Post
from defib.shell.ports import CallFailed
from defib.shell.store import Conflict
from sim.faults import FaultKind
from sim.fuzz.cloud import Cloud
from sim.fuzz.invariants.tried import last
from sim.fuzz.story import Interference, Once
from sim.fuzz.trouble import Killed
from sim.machine import Machine
from sim.memory.store import FakeStore
from sim.replies import Pull, Reply, Through
from sim.scenario import Fault, selected

BY = "somebody on call"
ADDRESS = "https://answers.example.com"
LINK = re.compile(re.escape(ADDRESS) + r"/a/(\S+)")
KEY = Key("0a1b2c3d", b"a secret of no worth, of thirty-two bytes")
NAMED = re.compile(r"^  [0-9:]{8} UTC  (\S+)  ", re.MULTILINE)
"""An incident in a digest."""
COMMAND = re.compile(r"^  aws events put-events --entries '(\[.*\"Publish\".*\])'$", re.MULTILINE)
CLICKS = timedelta(seconds=20)
"""How soon people try again when the page says that it can't be reached."""
CLICKS_MOST = 5
SOON = timedelta(seconds=1)
NO_MORE = "no longer"
"""What they write over the value of the opt-in tag."""


class Signing:
    """``answer.ports.Signing`` and ``answer.ports.Keys`` with one key."""

    def newest(self) -> Key:
        return KEY

    def counting(self, key_id: str) -> Mapping[str, Key]:
        del key_id
        return {KEY.id: KEY}


@dataclass
class Inbox:
    """What is in the e-mails: the links, by incident, the newest last, and the commands."""

    links: dict[str, list[str]] = field(default_factory=dict)
    commands: list[str] = field(default_factory=list)
    """What publishes a draft, as it stands in their e-mails, the newest last."""

    def take(self, post: Post) -> None:
        self.commands += COMMAND.findall(post.email)
        found = LINK.search(post.email)
        if found is not None:
            # A digest has one link for all that it names.
            for incident_id in NAMED.findall(post.email) if post.notice == DIGEST else (post.incident_id,):
                self.links.setdefault(incident_id, []).append(found[1])


class People:
    """Who answers, and who interferes."""

    def __init__(
        self,
        cloud: Cloud,
        store: FakeStore,
        answering: Answering,
        policy: Policy,
        put: Callable[[str, str, object], None],
        random: Random,
    ) -> None:
        """``put`` puts an event on the bus."""
        self.inbox = Inbox()
        self.said = 0
        """Answers given by a link."""
        self._waiting: list[Interference] = []
        """What people will do once Defib is at something."""
        self._at_work_on: set[str] = set()
        """The names of instances that somebody starts whenever they are stopped."""
        self._cloud = cloud
        self._store = store
        self._answering = answering
        self.policy = policy
        self._put = put
        self._random = random

    def reply(self, reply: Reply) -> None:
        """Answer what Defib asks about each of the instances, if it asks anything."""
        for name in selected(reply.on, self._cloud.by_name):
            machine = self._cloud.by_name[name]
            case = self._store.latest_case(machine.instance_id)
            incident = self._store.latest_incident(case.service) if case is not None else None
            if case is None or incident is None:
                continue
            if reply.through is Through.LINK:
                links = self.inbox.links.get(incident.id, ())
                if links:
                    self._click(reply, links[-1])
                continue
            what = {"case": case.id} if reply.answer.choice is not None else {"incident": incident.id}
            lasts = {"for": format_duration(reply.lasts)} if reply.answer.value == "snooze" else {}
            self._put(EVENT_SOURCE, DETAIL_TYPE, {**what, **lasts, "answer": reply.answer.value, "by": BY})

    def publish(self, heard: Callable[[int], None]) -> None:
        """Have the newest draft of which people have read published, as its e-mail says; ``heard`` hears its number."""
        if not self.inbox.commands:
            return
        (entry,) = json.loads(self.inbox.commands[-1])
        detail = json.loads(entry["Detail"])
        self._put(entry["Source"], entry["DetailType"], detail)
        heard(int(detail["incident"]))

    def _click(self, reply: Reply, token: str, times: int = 1) -> None:
        body = urlencode({"answer": reply.answer.value, "by": BY})
        request = Asked("POST", token, {"content-type": FORM}, body, is_base64=False)
        with suppress(CallFailed, Conflict, Killed):
            answered = answer(request, self._answering, self.policy)
            self.said += answered.said is not None
            return
        if times < CLICKS_MOST:
            self._cloud.time.after(CLICKS, lambda: self._click(reply, token, times + 1))

    def interfere(self, machine: Machine, pull: Callable[[Pull], None]) -> None:
        """Change one thing about the machine at this moment, or about all of them; ``pull`` sets the kill switch."""
        now, soon = timedelta(0), timedelta(minutes=self._random.randint(1, 10))
        match self._random.choice(("untag", "maintenance", "switch", "stop", "start", "cure")):
            case "untag":
                self.meddle(Interference(now, machine.name, untag=True))
            case "maintenance":
                self.meddle(Interference(now, machine.name, maintenance=soon))
            case "switch":
                pull(Pull(now, "off"))
                self._cloud.time.after(soon, lambda: pull(Pull(soon, "on")))
            case "stop":
                self._cloud.strike(Fault(now, (machine.name,), FaultKind.STOPPED_BY_PERSON))
            case "start":
                self._cloud.strike(Fault(now, (machine.name,), FaultKind.STARTED_BY_PERSON))
            case "cure":
                self._cloud.cure(machine)

    def sees(self, machine: Machine) -> None:
        """Its state has changed; whoever is at work on it starts it when it is stopped."""
        if machine.name in self._at_work_on and machine.state is InstanceState.STOPPED:
            fault = Fault(timedelta(0), (machine.name,), FaultKind.STARTED_BY_PERSON)
            self._cloud.time.after(timedelta(0), lambda: self._cloud.strike(fault))

    def remembered(self, case: Case) -> None:
        """A case has been written; who has waited for that does now what they want to do."""
        machine = self._cloud.machines[case.instance_id]
        for entry in [e for e in self._waiting if e.on == machine.name]:
            if entry.once and case.closed_at is None and _is(entry.once, case, machine):
                self._waiting.remove(entry)
                self._cloud.time.after(SOON, partial(self.meddle, replace(entry, once=None)))

    def meddle(self, entry: Interference) -> None:
        machine = self._cloud.by_name[entry.on]
        if entry.once is not None:
            self._waiting.append(entry)
            return
        if entry.recovers:
            self._cloud.recover(machine)
            return
        if entry.starts:
            self._at_work_on.add(entry.on)
            return
        tags = dict(machine.tags)
        if entry.untag:
            tags[self.policy.opt_in.key] = NO_MORE
        elif entry.service:
            tags = given_to(entry.service, tags, self.policy)
        else:
            tags[UNTIL_TAG] = _in_their_time(self._cloud.time.now + entry.maintenance)
        self._cloud.retag(entry.on, tags)


def given_to(name: str, tags: Mapping[str, str], policy: Policy) -> dict[str, str]:
    """``tags`` as those of an instance of that service; of none where the policy has no such."""
    keys = {key for service in policy.services for key in service.match}
    service = policy.service(name)
    given = {key: values[0] for key, values in service.match.items()} if service is not None else {}
    return {key: value for key, value in tags.items() if key not in keys} | given


def _is(once: Once, case: Case, machine: Machine) -> bool:
    """Whether Defib is at that with the machine."""
    match once:
        case Once.DRAINED:
            return last(case, Action.DRAIN) is not None and last(case, Action.RESTORE) is None
        case Once.STOPPED:
            down = machine.state in (InstanceState.STOPPING, InstanceState.STOPPED)
            return down and last(case, Action.STOP) is not None
        case Once.HELD:
            return bool(case.held_by)
        case Once.HANDED_OVER:
            return case.handed_over_at is not None
        case Once.ANNOUNCED:
            return case.confirmed_cause is Cause.EVENT_SCHEDULED
    assert_never(once)


def _in_their_time(until: datetime) -> str:
    """With the offset from UTC of wherever they are: another from minute to minute."""
    return until.astimezone(timezone(timedelta(hours=until.minute % 24 - 11))).isoformat()
