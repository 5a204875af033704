"""The same queues and topics in memory, and on moto as the replays have them, with somebody who takes what comes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Any, Protocol

from botocore.exceptions import ReadTimeoutError

from defib.aws.clients import client
from defib.aws.normalise import normalise
from defib.aws.queues import Addresses, SqsQueues
from defib.aws.wire import NoticeReference, Turn, Untold, turn_in
from defib.core.incident import Notice
from defib.core.medium import Medium
from defib.core.parse import parse as parse_policy
from defib.core.post import Post
from defib.publish.sns import ChatChannel, SnsChannel
from defib.shell.elsewhere import Turns
from defib.shell.ports import Channel, Queues
from sim.clock import VirtualTime
from sim.function import Function
from sim.fuzz import edges, onward
from sim.fuzz.lanes import CARRIES, RECEIVES, RECEIVES_IN_ORDER, Lanes
from sim.fuzz.outside import Outside
from sim.fuzz.processes import shape_of
from sim.fuzz.trouble import Spell, Trouble
from sim.listener import Deaf
from sim.replay import POLICY
from sim.template import ACCOUNT, REGION, Resource
from sim.wiring import Poll, Queue, Subscription, Wiring
from sim.world import World
from tests.aws.account import ONCE
from tests.aws.fleet import Overlay
from tests.contract.handlers import IN_ORDER
from tests.contract.ports import REFUSED_AS, Befalls
from tests.contract.taking import AT_WORK, Taken, Taking
from tests.sim import small_world

OPERATIONS = {
    "queue.signals": "SendMessageBatch",
    "queue.wake": "SendMessage",
    "queue.orders": "SendMessage",
    "queue.notices": "SendMessage",
    "queue.turns": "SendMessage",
    "channel.publish": "Publish",
    "channel.chat": "Publish",
}
"""What botocore calls what a story calls so."""
INCIDENTS, CHAT = (f"arn:aws:sns:{REGION}:{ACCOUNT}:{name}" for name in ("incidents", "chat-oncall"))


class AllQueues(Queues, Protocol):
    """What publish and the pages send, besides."""

    def alone(self, notice: Notice, way: str, now: datetime) -> None: ...

    def hand_on(self, change: str) -> None: ...


@dataclass(frozen=True)
class Heard:
    """What somebody reads."""

    medium: str
    text: str
    incident_id: str


@dataclass(frozen=True)
class Posting:
    """Defib's ways onward, and what comes of them."""

    queues: AllQueues
    turns: Turns
    channels: Sequence[Channel]
    heard: list[Heard]
    taking: Taking
    time: VirtualTime
    dead: Any
    """Says how many messages have been set aside."""

    @property
    def now(self) -> datetime:
        return self.time.now

    @property
    def taken(self) -> list[Taken]:
        return self.taking.taken

    def later(self, seconds: float) -> None:
        self.time.run_until(self.time.now + timedelta(seconds=seconds))

    def messages(self, *functions: str) -> list[object]:
        """What came to those functions, in the order in which it came."""
        return [one.message for one in self.taken if one.function in functions]

    def times(self, *functions: str) -> list[float]:
        """When, in seconds since the start."""
        return [one.at for one in self.taken if one.function in functions]


class EveryOther(Random):
    """Refuses every other entry of a batch."""

    draws = 0

    def random(self) -> float:
        self.draws += 1
        return 0.75 if self.draws % 2 else 0.25


@contextmanager
def in_memory(befalls: Befalls | None = None) -> Iterator[Posting]:
    """The ports that the fuzz has."""
    time = VirtualTime(small_world.scenario().start)
    spells = () if befalls is None else (Spell(timedelta(0), timedelta(days=1), befalls.trouble, befalls.on),)
    outside, taking = Outside(time, spells, None, EveryOther()), Taking(lambda: time.now, time.now)
    lanes = Lanes(time, outside, Random(1))
    for name in CARRIES:
        lanes.run(name, partial(take, taking, name), put_off="queue.notices" if name == "publish" else "")
    heard: list[Heard] = []

    def hear(_: str, post: Post) -> None:
        heard.extend(Heard(medium, getattr(post, medium), post.incident_id) for medium in post.media)

    queues = onward.Queues(lanes, outside, has_page=True, others=["customers"])
    turns = onward.Turns("customers", lanes, outside)
    channels = [edges.Channel(name, outside, hear) for name in edges.MEDIA]
    yield Posting(queues, turns, channels, heard, taking, time, lambda: len(lanes.dead))


def take(taking: Taking, function: str, body: object) -> None:
    """The lanes carry names where the queues have messages that say the same; events are as the bus delivers them."""
    match function, body:
        case "diagnose", str():
            for found in normalise(body):
                taking.take(function, found)
            return
        case "page", str() if body.startswith("{"):
            body = turn_in(body)
        case "publish", (str(incident_id), int(sequence)):
            body = NoticeReference(incident_id, sequence)
        case "publish", (str(incident_id), int(sequence), str(way)):
            body = Untold(incident_id, sequence, way)
        case "page" | "elsewhere", str():
            body = Turn(body)
    taking.take(function, body)


@contextmanager
def on_moto(befalls: Befalls | None = None) -> Iterator[Posting]:
    """The edges that are deployed, over moto with the replays' Lambda and people behind it."""
    world = World(small_world.scenario(), parse_policy(POLICY.read_text(encoding="utf-8")), wiring(), 1, Deaf())
    with world:
        taking = Taking(lambda: world.time.now, world.time.now)
        AT_WORK.append(taking)
        sqs, sns = client("sqs", ONCE), client("sns", ONCE)
        if befalls is not None:
            _trouble({"queue": sqs, "channel": sns}[befalls.on.partition(".")[0]], befalls)
        at = {name: queue_of(name).url for name in CARRIES}
        to = Addresses(
            signals=at["diagnose"],
            orders=at["remediate"],
            evidence=at["evidence"],
            notices=at["publish"],
            page=at["page"],
            elsewhere=(at["elsewhere"],),
        )
        queues = SqsQueues(sqs, to)
        channels: list[Channel] = [SnsChannel(sns, INCIDENTS), ChatChannel(sns, {"oncall": CHAT})]
        heard: list[Heard] = []
        world.topics._receive = lambda m: heard.append(Heard(m.medium, m.body, m.incident_id))  # whoever reads it
        yield Posting(queues, queues, channels, heard, taking, world.time, lambda: small_world.dead(world))
        AT_WORK.pop()


def wiring() -> Wiring:
    """As the stack has it (infra/signals.py and infra/healing.py, which are slow to synthesize)."""
    letters = [small_world.queue("dead"), small_world.queue("dead.fifo", fifo=True)]
    functions = [_function(name) for name in CARRIES]
    polls = [Poll(queue_of(f.word).arn, f.name, 1, True, shape_of(f.word).concurrency) for f in functions]
    return replace(
        small_world.wiring(functions[0]),
        queues=(*letters, *(queue_of(name) for name in CARRIES)),
        functions=tuple(functions),
        polls=tuple(polls),
        topics=tuple(
            Resource(arn, "AWS::SNS::Topic", {}, {}, arn.rpartition(":")[2], arn, arn) for arn in (INCIDENTS, CHAT)
        ),
        subscriptions=(*(_subscribed(medium) for medium in Medium if medium is not Medium.CHAT), _chat()),
    )


def _topic(arn: str) -> Resource:
    return Resource("", "AWS::SNS::Topic", {}, {}, arn.rpartition(":")[2], arn, arn)


def _function(name: str) -> Function:
    variables = {
        "POWERTOOLS_SERVICE_NAME": name,
        "POWERTOOLS_METRICS_NAMESPACE": "Defib",
        "NOTICES": queue_of("publish").url,
    }
    handler = f"tests.contract.handlers.{name}"
    timeout = timedelta(seconds=shape_of(name).timeout_s)
    return replace(
        small_world.function(name), word=name, handler=handler, timeout=timeout, memory=512, environment=variables
    )


def queue_of(function: str) -> Queue:
    """The queue that feeds it."""
    in_order = function in IN_ORDER
    name = CARRIES[function] + (".fifo" if in_order else "")
    letters = small_world.queue("dead.fifo" if in_order else "dead", fifo=in_order)
    made, hidden = small_world.queue(name, letters, in_order), shape_of(function).timeout_s + 10
    receives = RECEIVES_IN_ORDER if in_order else RECEIVES
    redrive = {"deadLetterTargetArn": letters.arn, "maxReceiveCount": receives}
    attributes = {**made.attributes, "VisibilityTimeout": str(hidden), "RedrivePolicy": json.dumps(redrive)}
    if in_order:
        attributes["ContentBasedDeduplication"] = "true"
    return replace(made, attributes=attributes, visibility=timedelta(seconds=hidden))


def _subscribed(medium: Medium) -> Subscription:
    wants = {"contact": ["oncall"], "media": [medium.value]}
    return Subscription(INCIDENTS, medium.value, f"oncall's {medium}", wants, "MessageAttributes")


def _chat() -> Subscription:
    return Subscription(CHAT, "chat", "oncall's chat", {}, "MessageAttributes")


def _trouble(aws: Any, befalls: Befalls) -> None:
    """The same trouble, where botocore meets it."""
    if befalls.trouble is Trouble.PARTLY:
        aws.send_message_batch = partial(_partly, aws.send_message_batch)
        return
    overlay = Overlay().lay_over(aws)
    if befalls.trouble in REFUSED_AS:
        overlay.refusals[OPERATIONS[befalls.on]] = REFUSED_AS[befalls.trouble]
    else:
        overlay.silence, overlay.silent = ReadTimeoutError(endpoint_url="aws"), {OPERATIONS[befalls.on]}


def _partly(send: Any, *, QueueUrl: str, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - AWS's names
    """Takes every other entry (SQS API, SendMessageBatch, Failed), and none of those that come once more."""
    taken = [entry for entry in Entries if int(entry["Id"]) % 2]
    if taken:
        send(QueueUrl=QueueUrl, Entries=taken)
    failed = [entry for entry in Entries if entry not in taken]
    return {
        "Successful": [],
        "Failed": [{"Id": e["Id"], "SenderFault": False, "Code": "ServiceUnavailable"} for e in failed],
    }


STAGES = {"memory": in_memory, "moto": on_moto}
