"""Defib's ports in memory, each call by way of Outside: what stands in where moto would be too slow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from defib.aws.errors import for_code
from defib.aws.operator_events import ENTRIES_MAX
from defib.aws.zonal_shift import ArcRouter
from defib.core.approval import Answer
from defib.core.asking import EVENT_SOURCE
from defib.core.call import CallAnswer
from defib.core.case import Attempt, Case
from defib.core.medium import Medium
from defib.core.model import Observation, Registration, Result, Switch
from defib.core.post import Post
from defib.core.shift import Move, Served, Shift
from defib.shell.ports import Away, CallFailed, Suspects, try_all
from sim.clock import VirtualTime
from sim.detail import MALFORMED, object_in
from sim.fuzz.acts import Acts
from sim.fuzz.outside import Outside
from sim.fuzz.seen import Seen

MEDIA: dict[str, tuple[Medium, ...]] = {
    "channel.publish": tuple(m for m in Medium if m is not Medium.CHAT),
    "channel.chat": (Medium.CHAT,),
}
"""Which media which channel carries, as in handlers/publish.py."""


@dataclass(frozen=True, slots=True)
class Now:
    """``ports.Clock`` over virtual time."""

    time: VirtualTime

    def now(self) -> datetime:
        return self.time.now


class Observer:
    """``ports.Observer``."""

    def __init__(self, seen: Seen, outside: Outside, looked: Callable[[str], None]) -> None:
        self._seen = seen
        self._out = outside
        self._looked = looked
        self._instance = outside.word("ec2.observe", "instance")
        self._suspects = outside.word("ec2.suspects", "status")

    def observe(
        self,
        instance_id: str,
        registrations: Sequence[Registration],
        act_is_near: bool = True,
        stop_is_near: bool = True,
        silenced: bool = False,
    ) -> Observation:
        near = (act_is_near, stop_is_near, silenced)
        found = self._out.call(self._instance, self._seen.observe, instance_id, registrations, *near)
        self._looked(instance_id)
        return found

    def suspects(self) -> Suspects:
        # Each question of the sweep is on its own: one that fails leaves it incomplete, not dead (aws/suspects.py).
        try:
            return self._out.call(self._suspects, self._seen.suspects)
        except CallFailed as error:
            return Suspects((), {"status checks": str(error)})

    def running(self) -> dict[str, int]:
        return self._out.call("ec2.suspects", lambda: dict(self._seen.running()))

    def zone_ids(self) -> dict[str, str]:
        return self._out.call("ec2.suspects", lambda: dict(self._seen.zone_ids()))

    def serving(self, target_group_arns: Sequence[str]) -> dict[str, dict[str, Served]]:
        return self._out.call(
            "ec2.observe",
            lambda: {arn: dict(by_zone) for arn, by_zone in self._seen.serving(target_group_arns).items()},
        )

    def unhealthy_targets(self, target_group_arn: str) -> Sequence[str]:
        return self._out.call("ec2.observe", self._seen.unhealthy_targets, target_group_arn)


class Actor:
    """``ports.Actor``; every act that reaches EC2 is held against the invariants first."""

    def __init__(
        self,
        acts: Acts,
        outside: Outside,
        judge: Callable[[Attempt, Case, datetime], None],
        begun: Callable[[Attempt, Case], None],
        over: Callable[[Attempt, Case], None],
    ) -> None:
        """``judge`` hears of each act as it reaches EC2, and when was looked for it; the others when its call begins
        and has ended: in between another process may do its work, or the world may move.
        """
        self._acts = acts
        self._out = outside
        self._judge = judge
        self._begun = begun
        self._over = over

    def perform(self, attempt: Attempt, case: Case, observation: Observation) -> str:
        def act() -> str:
            self._judge(attempt, case, observation.observed_at)
            return self._acts.perform(attempt, case, observation)

        self._begun(attempt, case)
        try:
            return self._out.call("ec2.perform", act)
        finally:
            self._over(attempt, case)


class Router:
    """``ports.Router``: the real edge over the replay's ARC."""

    def __init__(
        self,
        arc: ArcRouter,
        outside: Outside,
        judge: Callable[[Move, str, str], None],
        over: Callable[[], None],
    ) -> None:
        """``judge`` hears of each move before it is made, ``over`` when it has been."""
        self._arc = arc
        self._out = outside
        self._judge = judge
        self._over = over

    def start(self, load_balancer: str, zone_id: str, lasts: timedelta, reason: str) -> Away:
        def move() -> Away:
            self._judge(Move.START, load_balancer, zone_id)
            away = self._arc.start(load_balancer, zone_id, lasts, reason)
            self._over()
            return away

        return self._out.call("ec2.perform", move)

    def end(self, load_balancer: str, zone_id: str) -> str:
        def move() -> str:
            self._judge(Move.END, load_balancer, zone_id)
            return self._arc.end(load_balancer, zone_id)

        return self._out.call("ec2.perform", move)


class KillSwitch:
    """``ports.KillSwitch``: what can't be read is no exception, but says so."""

    def __init__(self, outside: Outside) -> None:
        self.says = "on"
        self._out = outside

    def read(self) -> Switch:
        try:
            says = self._out.call("switch.read", lambda: self.says)
        except CallFailed:
            return Switch.UNREADABLE
        return Switch.ON if says == "on" else Switch.OFF


class Channel:
    """``ports.Channel``: hands what goes out to ``heard``, unless the story holds it up."""

    def __init__(self, name: str, outside: Outside, heard: Callable[[str, Post], None]) -> None:
        self.name = name
        self.media = MEDIA[name]
        self._out = outside
        self._heard = heard

    def publish(self, post: Post) -> None:
        self._out.call(self.name, lambda: self._heard(self.name, post.only(self.media)))


class OperatorBus:
    """``answer.ports.Bus``: what is said by a link is an event like any other."""

    def __init__(self, outside: Outside, put: Callable[[str, str, object], None]) -> None:
        self._out = outside
        self._put = put

    def say(self, detail_type: str, *details: str) -> None:
        batches = (details[first : first + ENTRIES_MAX] for first in range(0, len(details), ENTRIES_MAX))
        try_all(partial(self._out.call, "bus.put", self._put_events, detail_type, batch) for batch in batches)

    def _put_events(self, detail_type: str, details: Sequence[str]) -> None:
        """What is not taken of a call's events fails it, though the others have been (aws/operator_events.py)."""
        refused = [code for detail in details if (code := self._taken(detail_type, detail))]
        if refused:
            raise for_code(refused[0], f"passing the answer on: {refused[0]}")

    def _taken(self, detail_type: str, text: str) -> str:
        """With which code one event is refused; empty where it is taken (EventBridge API, PutEventsResultEntry)."""
        if self._out.refuses():
            return "ThrottlingException"
        detail = object_in(text)
        if detail is None:
            return MALFORMED
        self._put(EVENT_SOURCE, detail_type, detail)
        return ""


class Silent:
    """``ports.Journal`` that keeps nothing."""

    def decided(self, before: Case | None, after: Case, observation: Observation) -> None: ...

    def performed(self, case: Case, result: Result) -> None: ...

    def unheeded(self, answer: Answer, instance_id: str, why: str) -> None: ...

    def shifted(self, shift: Shift) -> None: ...

    def heard(self, answer: CallAnswer) -> None: ...

    def unheard(self, answer: CallAnswer, why: str) -> None: ...
