"""One story lived through in memory: the real core and shell over ports that fail as the story says."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import cached_property, partial
from random import Random

from defib.answer.ports import Answering
from defib.aws.normalise import normalise
from defib.aws.wire import DigestDue
from defib.aws.zonal_shift import ArcRouter
from defib.core.call import CallAnswer
from defib.core.canary import Canary
from defib.core.case import Case
from defib.core.drill import DrillOrder
from defib.core.effect import Perform
from defib.core.frozen import replace
from defib.core.issue import Issue
from defib.core.messages import MessageLimits
from defib.core.model import InstanceState, Signal, TargetGroupSignal
from defib.core.page.elsewhere import OtherPage
from defib.core.policy import Policy
from defib.core.post import Places
from defib.core.shift import ShiftOrder
from defib.publish.links import SignedLinks
from defib.shell.announce import Announcing, announce, announce_alone
from defib.shell.answer import take_answer
from defib.shell.elsewhere import Following, follow_elsewhere
from defib.shell.issues import take_in
from defib.shell.perform import Performing, perform
from defib.shell.ports import CallFailed, Links
from defib.shell.reconcile import Reconciling, reconcile
from defib.shell.shift import Shifting, shift
from defib.shell.store import Conflict
from defib.shell.sum_up import sum_up
from defib.shell.sweep import Sweeping, sweep
from defib.shell.target_group import look_at_all
from sim.clock import VirtualTime
from sim.fuzz import edges, onward, tables
from sim.fuzz.acts import Acts
from sim.fuzz.bus import Bus
from sim.fuzz.by_hand import Hands
from sim.fuzz.cloud import Cloud
from sim.fuzz.elsewhere import OtherSide, other_side, redeployed
from sim.fuzz.fleet_alarm import CONTRIBUTOR, FleetAlarm
from sim.fuzz.invariants.judge import Judge
from sim.fuzz.invariants.truth import Truth
from sim.fuzz.lanes import Lanes
from sim.fuzz.outside import Outside
from sim.fuzz.page_turns import PageTurns
from sim.fuzz.people import ADDRESS, People, Signing
from sim.fuzz.plans import plan_aws, plan_people
from sim.fuzz.programs import Programs
from sim.fuzz.reach import Reaching
from sim.fuzz.seen import Seen
from sim.fuzz.story import Story
from sim.fuzz.trouble import Failing, Killed
from sim.machine import Machine
from sim.memory.page import FakeSite
from sim.replies import Pull

MINUTE = timedelta(minutes=1)
ALL_ALONE = MessageLimits(most=100, at_once=20)
"""So many that hardly any is summed up: in half of the stories each notice is to be heard by itself, and in order."""
OVERTIME = timedelta(hours=3)
"""How long after the story's end open cases may still be worked on."""
STEP = timedelta(minutes=2)
TOLD = (InstanceState.RUNNING, InstanceState.STOPPING, InstanceState.STOPPED, InstanceState.TERMINATED)
"""What the StateRule lets through (infra/signals.py)."""


class World:
    """Everything there is. ``run`` lives through the story and returns what was broken."""

    def __init__(self, story: Story, nth: Failing | None = None, draws: Callable[[str], Random] | None = None) -> None:
        """``draws`` makes the stream of that name; left out, each story has its own."""
        self.story = story
        self._draws = draws or (lambda what: Random(f"{what} {story.seed}"))
        self.policy = story.policy
        """The one in force."""
        self.time = VirtualTime(story.scenario.start)
        self._random = self._draws("world")
        self.outside = Outside(self.time, story.spells, nth, self._draws("trouble"), story.policy.calls.longest)
        self.cloud = Cloud(story.scenario, story.policy, self.time, self._draws)
        self.seen = Seen(self.cloud)
        self.store = tables.Kept()
        self.site = FakeSite()
        self.switch = edges.KillSwitch(self.outside)
        self.lanes = Lanes(self.time, self.outside, self._draws("lanes"))
        self.bus = Bus(self.time, self.outside, self.lanes)
        self.page_store = tables.PageMemory(store=self.store)
        self.others: dict[str, OtherSide] = {}
        truth = Truth(story, self.time, self.cloud, self.seen, self.store, self.site, lambda: self.switch.says)
        truth.struck_at, truth.struck_once = self.outside.struck_at, self.outside.struck_once
        truth.public_incident = self.page_store.public_incident
        self.hands = Hands(self.cloud)
        self.judge = Judge(truth, self.others, self.hands)
        self.outside.race = self._race
        self.outside.moves = self._move
        self._racing = False
        self.bus.answered = self.judge.answered
        self.cloud.event = self._state_changed
        self.cloud.shown = self.judge.shown
        self.cloud.struck = self.judge.struck
        for balancer in self.cloud.balancers.values():
            balancer.turned_unhealthy = self.judge.unhealthy
        self.cloud.retagged = self.judge.retagged
        self.store.remembered = self._remembered
        self.judge.watch_addresses(self.reaching.addresses if story.is_about_addresses else None)
        self._wire()
        self._plan()

    def run(self) -> list[str]:
        """What was broken; empty when every invariant held throughout."""
        end = self.story.ends_at
        try:
            self.time.run_until(end)
            while self.time.now < end + OVERTIME and not self.judge.settled():
                self.time.run_until(self.time.now + STEP)
            self.judge.at_end(self.lanes)
        finally:
            self.time.abandon()
        return self.judge.broken

    @cached_property
    def reaching(self) -> Reaching:
        """Addresses and drills, in the few stories that are about them."""
        return Reaching(self.story, self.time, self.store, self.outside, edges.Now(self.time))

    @cached_property
    def programs(self) -> Programs:
        """In the few stories in which anybody speaks to the page's API."""
        now = edges.Now(self.time)
        return Programs(self.policy, now, self.page_store, self._queues, self.outside, self.judge.board)

    def _wire(self) -> None:
        policy, out = self.story.policy, self.outside
        clock, silent = edges.Now(self.time), edges.Silent()
        table = tables.Table(self.store, out, self.time, self.story.spells)
        observer = edges.Observer(self.seen, out, self.judge.looked)
        has_page = policy.page.enabled
        queues = onward.Queues(self.lanes, out, has_page, [other.name for other in policy.page.elsewhere])
        self._queues = queues
        acts, judge = Acts(self.cloud, policy.repair.suppress_for), self.judge
        actor = edges.Actor(acts, out, judge.act, judge.act_begun, judge.act_over)
        self._reconciling = Reconciling(clock, observer, table, queues, silent, self.switch)
        self._sweeping = Sweeping(clock, observer, table, queues)
        self._performing = Performing(clock, observer, table, actor, queues, silent, self.switch)
        arc = ArcRouter(lambda: self.cloud.calls.client("arc-zonal-shift"))
        router = edges.Router(arc, out, self.judge.shift, self.judge.shifted)
        self._shifting = Shifting(clock, observer, table, router, silent, self.switch)
        evidencing = Performing(clock, observer, table, actor, queues, silent, None)
        self.lanes.run("diagnose", self._diagnose)
        self.lanes.run("remediate", self._remediate)
        self.lanes.run("evidence", lambda order: perform(_order(order), evidencing, self.policy))
        self._wire_people(clock, table, queues)
        pages = tables.PageTable(self.page_store, out)
        self._turns = turns = PageTurns(policy, clock, pages, self.site, queues, out, self.judge)
        self.customers = turns.customers
        self._following = {other.name: self._follower(other, clock, pages) for other in policy.page.elsewhere}
        self.lanes.run("page", turns.take)
        self.lanes.run("elsewhere", self._follow_elsewhere)

    def _wire_people(self, clock: edges.Now, table: tables.Table, queues: onward.Queues) -> None:
        policy, out = self.story.policy, self.outside
        signing, bus = Signing(), edges.OperatorBus(out, self.bus.put)
        kept = tables.LinkTable(self.store, out)
        answering = Answering(clock, signing, kept, bus)
        self.people = People(self.cloud, self.store, answering, policy, self.bus.put, self._random)
        self.judge.inbox = self.people.inbox.take
        channels = tuple(edges.Channel(name, out, self.judge.heard) for name in edges.MEDIA)
        mail = tables.Mail(self.store.mail, out)
        links: Links = SignedLinks(signing, kept, ADDRESS, policy, clock, lambda _: None)
        self._announcing = Announcing(clock, table, mail, channels, queues, Places("memory"), links)
        self._telling = self._tells(policy)
        self.lanes.run("publish", self._publish, put_off="queue.notices")

    def _tells(self, policy: Policy) -> Policy:
        """Half of the policies sum up as they say; under the others each notice is heard by itself."""
        return policy if self.judge.sums_up else replace(policy, messages=ALL_ALONE)

    def _follower(self, other: OtherPage, clock: edges.Now, pages: tables.PageTable) -> Following:
        name = other.name
        there = self.others[name] = other_side(other, self.outside, self.judge.of_other(name), clock, self.story.policy)
        turns = onward.Turns(name, self.lanes, self.outside)
        return Following(clock, pages, there, self._queues, turns, other, self.story.policy)

    def _plan(self) -> None:
        scenario, time = self.story.scenario, self.time
        for fault in scenario.faults:
            time.after(fault.at, partial(self.cloud.strike, fault))
        plan_people(self)
        plan_aws(self)
        time.every(MINUTE, time.now + MINUTE * self._random.random(), self._sweep)
        if self.story.policy.detection.fleet_alarm:
            FleetAlarm(self.cloud, partial(self.bus.put, "aws.cloudwatch", CONTRIBUTOR)).start(self._draws("alarm"))

    # --- Defib's functions -----------------------------------------------------------------------------------------

    def _diagnose(self, body: object) -> None:
        """As handlers/diagnose.py does."""
        own = isinstance(body, Signal | TargetGroupSignal)
        for found in (body,) if own else normalise(str(body)):
            match found:
                case Signal():
                    reconcile(found, self._reconciling, self.policy)
                case TargetGroupSignal():
                    look_at_all((), (found,), self._reconciling, self.policy)
                case CallAnswer():
                    take_answer(found, self._reconciling, self.policy)
                case Issue():
                    take_in(found, self._reconciling.clock, self._reconciling.store)
                case DrillOrder():
                    self.reaching.order(found)
                case Canary():
                    raise AssertionError(f"no story has a {found}")
        self.judge.tick()

    def _remediate(self, body: object) -> None:
        if isinstance(body, ShiftOrder):
            shift(body, self._shifting, self.policy)
        else:
            perform(_order(body), self._performing, self.policy)

    def _publish(self, body: object) -> None:
        match body:
            case DigestDue():
                sum_up(onward.whose(body, self.time.now), self._announcing, self._telling)
            case (str(incident_id), int(sequence), str(way)):
                announce_alone(incident_id, sequence, way, self._announcing, self._telling)
            case (str(incident_id), int(sequence)):
                announce(incident_id, sequence, self._announcing, self._telling)

    def _follow_elsewhere(self, name: object) -> None:
        follow_elsewhere(self._following[str(name)])

    def _sweep(self) -> None:
        if not self.outside.sweeps():
            return
        self.outside.invoke(self._look_around)

    def _look_around(self) -> None:
        with suppress(CallFailed, Conflict, Killed):
            self.outside.run("sweep", self._look_at_all)
        self.judge.tick()

    def _look_at_all(self) -> None:
        sweep(self._sweeping, self.policy)
        self.judge.swept()
        if self.story.is_about_addresses:
            self.reaching.after_sweep(self._sweeping.queues)

    def _race(self) -> None:
        if not self._racing:
            self._racing = True
            self.lanes.work_ahead()
            self._racing = False

    def _move(self) -> None:
        """Whatever is about to be ordered, something of its reasons is gone by now."""
        intended = [case for case in self.store.cases.values() if case.intent is not None and case.closed_at is None]
        if intended:
            self.people.interfere(self.cloud.machines[intended[-1].instance_id], self.pull)

    # --- What happens outside Defib --------------------------------------------------------------------------------

    def _state_changed(self, machine: Machine) -> None:
        self.people.sees(machine)
        if machine.state in TOLD:
            self.bus.state_changed(machine.instance_id, machine.state.value)

    def _remembered(self, case: Case) -> None:
        self.judge.remembered(case)
        self.people.remembered(case)

    def redeploy(self, policy: Policy) -> None:
        """Lambda lets invocations end with the code that they began with: each takes no time here."""
        self.policy = self.judge.truth.policy = self.people.policy = policy
        self._turns.policy = self._turns.customers.policy = policy
        if "programs" in vars(self):
            self.programs.redeploy(policy)
        self.cloud.redeploy(policy)
        self._telling = self._tells(policy)
        self._following = redeployed(self._following, policy)

    def pull(self, pull: Pull) -> None:
        self.switch.says = pull.to

    def cases(self) -> list[Case]:
        return [*self.store.cases.values()]


def _order(body: object) -> Perform:
    assert isinstance(body, Perform)
    return body
