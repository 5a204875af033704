"""One story lived through in memory: the real core and shell over ports that fail as the story says."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from defib.core.approval import Answer
from defib.core.case import Case, Perform
from defib.core.maintenance import UNTIL_TAG
from defib.core.messages import MessageLimits
from defib.core.model import InstanceState, Signal, Source
from defib.core.policy import Policy
from defib.core.post import Places
from defib.publish.links import NoLinks
from defib.shell.announce import Announcing, announce, sum_up
from defib.shell.page import Paging, follow
from defib.shell.perform import Performing, perform
from defib.shell.ports import CallFailed, Conflict
from defib.shell.reconcile import Reconciling, reconcile
from defib.shell.sweep import Sweeping, sweep
from sim.clock import VirtualTime
from sim.fuzz import edges
from sim.fuzz.cloud import Cloud
from sim.fuzz.invariants import Judge
from sim.fuzz.lanes import Lanes
from sim.fuzz.outside import LATE, Outside
from sim.fuzz.story import Interference, Story
from sim.fuzz.trouble import Killed, Nth, Trouble
from sim.machine import Machine
from sim.memory.outboxes import FakeMail
from sim.memory.page import FakeSite
from sim.memory.store import FakeStore
from sim.people import Pull, Reply
from sim.scenario_file import selected

MINUTE = timedelta(minutes=1)
ALL_ALONE = MessageLimits(most=100, urgent_at_once=20)
"""So many that none is summed up: the judge wants to hear each, in order."""
OVERTIME = timedelta(hours=3)
"""How long after the story's end open cases may still be worked on."""
STEP = timedelta(minutes=2)
EVENT_DELAY = timedelta(seconds=1)
TOLD = (InstanceState.RUNNING, InstanceState.STOPPING, InstanceState.STOPPED, InstanceState.TERMINATED)
"""What the StateRule lets through (infra/signals.py)."""


class World:
    """Everything there is. ``run`` lives through the story and returns what was broken."""

    def __init__(self, story: Story, nth: Nth | None = None) -> None:
        self.story = story
        self.time = VirtualTime(story.scenario.start)
        self._random = Random(f"world {story.seed}")
        self.outside = Outside(self.time, story.spells, nth, Random(f"trouble {story.seed}"))
        self.cloud = Cloud(story.scenario, story.policy, self.time, Random(f"physics {story.seed}"))
        self.store = FakeStore()
        self.site = FakeSite()
        self.switch = edges.KillSwitch(self.outside)
        self.lanes = Lanes(self.time, self.outside, Random(f"lanes {story.seed}"))
        self.page_store = edges.PageMemory(store=self.store)
        self.judge = Judge(
            story, self.time, self.cloud, self.store, self.site, self.page_store, lambda: self.switch.says
        )
        self.outside.race = self._race
        self._racing = False
        self.cloud.event = self._state_changed
        self.cloud.shown = self.judge.shown
        self._wire()
        self._plan()

    def run(self) -> list[str]:
        """What was broken; empty when every invariant held throughout."""
        end = self.story.scenario.start + self.story.scenario.until
        self.time.run_until(end)
        while self.time.now < end + OVERTIME and not self.judge.settled():
            self.time.run_until(self.time.now + STEP)
        self.judge.at_end(self.lanes)
        return self.judge.broken

    def _wire(self) -> None:
        policy, out = self.story.policy, self.outside
        clock = edges.Now(self.time)
        table = edges.Table(self.store, out)
        observer = edges.Observer(self.cloud, out, self.judge.looked)
        queues = edges.Queues(self.lanes, out, policy.page.enabled)
        silent = edges.Silent()
        actor = edges.Actor(self.cloud, out, self.judge.act)
        self._reconciling = Reconciling(clock, observer, table, queues, silent, self.switch)
        self._sweeping = Sweeping(clock, observer, table, queues)
        performing = Performing(clock, observer, table, actor, queues, silent, self.switch)
        evidencing = Performing(clock, observer, table, actor, queues, silent, None)
        channel = edges.Channel(out, self.store, self.judge.heard)
        mail = edges.Mail(FakeMail(), out)
        announcing = Announcing(clock, table, mail, (channel,), queues, Places("memory"), NoLinks())
        telling = replace(policy, messages=ALL_ALONE)
        paging = Paging(
            clock, edges.PageTable(self.page_store, out), (edges.Site(self.site, out),), queues, lambda _: None
        )
        self.lanes.run("diagnose", self._diagnose)
        self.lanes.run("remediate", lambda order: perform(_order(order), performing, policy))
        self.lanes.run("evidence", lambda order: perform(_order(order), evidencing, policy))
        self.lanes.run("publish", lambda key: _published(key, announcing, telling))
        self.lanes.run("page", lambda _: _followed(paging, self.story))

    def _plan(self) -> None:
        scenario, time = self.story.scenario, self.time
        for fault in scenario.faults:
            time.after(fault.at, lambda f=fault: self.cloud.strike(f))  # type: ignore[misc]  # binds the loop's value
        for pull in scenario.kill_switch:
            time.after(pull.at, lambda p=pull: self._pull(p))  # type: ignore[misc]
        for reply in scenario.answers:
            time.after(reply.at, lambda r=reply: self._answer(r))  # type: ignore[misc]
        for entry in self.story.meddling:
            time.after(entry.at, lambda e=entry: self._meddle(e))  # type: ignore[misc]
        time.every(MINUTE, time.now + MINUTE * self._random.random(), self._sweep)

    def _diagnose(self, body: object) -> None:
        assert isinstance(body, Signal)
        reconcile(body, self._reconciling, self.story.policy)
        self.judge.tick()

    def _sweep(self) -> None:
        if not self.outside.sweeps():
            return
        with suppress(CallFailed, Conflict, Killed):
            sweep(self._sweeping, self.story.policy)
        self.judge.tick()

    def _race(self) -> None:
        if not self._racing:
            self._racing = True
            self.lanes.work_ahead()
            self._racing = False

    # --- What happens outside Defib --------------------------------------------------------------------------------

    def _state_changed(self, machine: Machine) -> None:
        if machine.state not in TOLD:
            return
        signal = Signal(Source.STATE_CHANGE, machine.instance_id, self.time.now, f"EC2 says {machine.state}")
        delay, copies = EVENT_DELAY, 1
        match self.outside.message("events"):
            case Trouble.MESSAGE_LOST:
                return
            case Trouble.MESSAGE_DOUBLED:
                copies = 2
            case Trouble.MESSAGE_LATE:
                delay += LATE[0] + (LATE[1] - LATE[0]) * self._random.random()
        for _ in range(copies):
            self.time.after(delay, lambda: self.lanes.send("diagnose", signal))

    def _pull(self, pull: Pull) -> None:
        self.switch.says = pull.to

    def _answer(self, reply: Reply) -> None:
        for name in selected(reply.on, self.cloud.by_name):
            machine = self.cloud.by_name[name]
            case = self.store.latest_case(machine.instance_id)
            choice = reply.answer.choice
            if case is not None and choice is not None:
                answer = Answer(case.id, choice, "somebody on call")
                said = Signal(Source.OPERATOR, machine.instance_id, self.time.now, "an answer", answer=answer)
                self.lanes.send("diagnose", said)

    def _meddle(self, entry: Interference) -> None:
        machine = self.cloud.by_name[entry.on]
        tags = dict(machine.tags)
        if entry.untag:
            tags.pop(self.story.policy.opt_in.key, None)
        else:
            tags[UNTIL_TAG] = (self.time.now + entry.maintenance).isoformat()
        self.cloud.retag(entry.on, tags)

    def cases(self) -> list[Case]:
        return list(self.store.cases.values())


def _order(body: object) -> Perform:
    assert isinstance(body, Perform)
    return body


def _published(body: object, announcing: Announcing, policy: Policy) -> None:
    if isinstance(body, str):
        sum_up(body, announcing, policy)
        return
    assert isinstance(body, tuple)
    incident_id, sequence = body
    announce(incident_id, sequence, announcing, policy)


def _followed(paging: Paging, story: Story) -> None:
    follow(paging, story.policy)


def elapsed(world: World) -> timedelta:
    """Of virtual time."""
    began: datetime = world.story.scenario.start
    return world.time.now - began
