"""The same bus in memory, and on moto as the replays have it, with somebody who takes what its rules let through."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Any

from botocore.exceptions import ReadTimeoutError

from defib.answer.ports import Bus
from defib.aws.clients import client
from defib.aws.operator_events import OperatorBus
from defib.core.parse import parse as parse_policy
from sim.clock import VirtualTime
from sim.fuzz import bus, edges
from sim.fuzz.lanes import CARRIES, Lanes
from sim.fuzz.outside import Outside
from sim.fuzz.trouble import Spell, Trouble
from sim.listener import Deaf
from sim.machinery import MachineryFault, MachineryKind
from sim.replay import POLICY
from sim.template import ACCOUNT, REGION
from sim.wiring import Rule, Target
from sim.world import World
from tests.aws.account import ONCE
from tests.aws.fleet import Overlay
from tests.contract.ports import REFUSED_AS, Befalls
from tests.contract.posting import EveryOther, queue_of, take, wiring
from tests.contract.taking import AT_WORK, Taken, Taking
from tests.sim import small_world

PATTERNS = {
    "ApprovalRule": {"account": [ACCOUNT], "source": ["defib.operator"], "detail-type": ["Approval", "Drill"]},
    "PublishRule": {"account": [ACCOUNT], "source": ["defib.operator"], "detail-type": ["Publish"]},
}
"""What the deployed rules for people let through: a test holds them to the stack (tests/infra/test_rules.py)."""
TARGETS = {"ApprovalRule": ("diagnose", ""), "PublishRule": ("page", "publish")}
"""Whose queue each feeds, and in which message group."""
APART = timedelta(seconds=20)
"""How long after the first an event comes again that the deployed bus delivers twice."""


@dataclass(frozen=True)
class Saying:
    """The bus, and what comes of what people say on it."""

    link: Bus
    """What the function behind a link says it with."""
    hand: Callable[[str, str, Any], None]
    """Puts an event on it by source, detail type and detail, as anybody may who is allowed to."""
    taking: Taking
    time: VirtualTime
    dead: Callable[[], int]
    """Says how many messages have been set aside."""

    @property
    def now(self) -> datetime:
        return self.time.now

    @property
    def taken(self) -> list[Taken]:
        return self.taking.taken

    def later(self, seconds: float) -> None:
        self.time.run_until(self.time.now + timedelta(seconds=seconds))

    def messages(self) -> list[tuple[str, object]]:
        """Who got what, in the order in which it came."""
        return [(one.function, one.message) for one in self.taken]


@contextmanager
def in_memory(befalls: Befalls | None = None) -> Iterator[Saying]:
    """The bus that the fuzz has."""
    time = VirtualTime(small_world.scenario().start)
    spells = () if befalls is None else (Spell(timedelta(0), timedelta(days=1), befalls.trouble, befalls.on),)
    outside, taking = Outside(time, spells, None, EveryOther()), Taking(lambda: time.now, time.now)
    lanes = Lanes(time, outside, Random(1))
    for name in CARRIES:
        lanes.run(name, partial(take, taking, name))
    default = bus.Bus(time, outside, lanes)
    yield Saying(edges.OperatorBus(outside, default.put), default.put, taking, time, lambda: len(lanes.dead))


@contextmanager
def on_moto(befalls: Befalls | None = None) -> Iterator[Saying]:
    """The edge that is deployed, over moto with the replays' EventBridge and Lambda behind it."""
    doubled = befalls is not None and befalls.trouble is Trouble.MESSAGE_DOUBLED
    twice = MachineryFault(timedelta(0), ("*",), MachineryKind.EVENTS_DOUBLED, delay=APART)
    scenario = replace(small_world.scenario(), machinery=(twice,) if doubled else ())
    policy = parse_policy(POLICY.read_text(encoding="utf-8"))
    rules = tuple(_rule(name) for name in PATTERNS)
    world = World(scenario, policy, replace(wiring(), rules=rules), 1, Deaf())
    with world:
        taking = Taking(lambda: world.time.now, world.time.now)
        AT_WORK.append(taking)
        events, anybodys = client("events", ONCE), client("events", ONCE)
        if befalls is not None and not doubled:
            _trouble(events, befalls)
        hand = partial(_put, anybodys)
        yield Saying(OperatorBus(lambda: events), hand, taking, world.time, lambda: small_world.dead(world))
        AT_WORK.pop()


def _rule(name: str) -> Rule:
    function, group = TARGETS[name]
    arn = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{name}"
    return Rule(name, arn, PATTERNS[name], (Target(queue_of(function).arn, None, group),), name)


def _put(events: Any, source: str, detail_type: str, detail: Any) -> None:
    events.put_events(Entries=[{"Source": source, "DetailType": detail_type, "Detail": json.dumps(detail)}])


def _trouble(events: Any, befalls: Befalls) -> None:
    """The same trouble, where botocore meets it."""
    if befalls.trouble is Trouble.PARTLY:
        events.put_events = partial(_partly, events.put_events)
        return
    overlay = Overlay().lay_over(events)
    if befalls.trouble in REFUSED_AS:
        overlay.refusals["PutEvents"] = REFUSED_AS[befalls.trouble]
    else:
        overlay.silence, overlay.silent = ReadTimeoutError(endpoint_url="aws"), {"PutEvents"}


def _partly(put: Any, *, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - AWS's name
    """Refuses every other entry, the first included (EventBridge API, PutEvents, FailedEntryCount)."""
    taken = iter(put(Entries=Entries[1::2])["Entries"])
    refused = {"ErrorCode": "ThrottlingException", "ErrorMessage": ""}
    answers = [next(taken) if number % 2 else refused for number in range(len(Entries))]
    return {"FailedEntryCount": answers.count(refused), "Entries": answers}


STAGES = {"memory": in_memory, "moto": on_moto}
