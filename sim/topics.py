"""The simulated SNS: topics in moto, and every message as the person behind each subscription receives it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

import boto3
from moto.sns.utils import FilterPolicyMatcher

from sim.boundary import Boundary, Params, Response
from sim.breakdowns import Breakdowns
from sim.chain import NEW, Chain
from sim.clock import SimulatorGap, VirtualTime
from sim.recording import Message
from sim.template import region_of
from sim.wiring import Subscription, Wiring

DELIVERY = {"email": timedelta(seconds=2), "sms": timedelta(seconds=4)}
"""From Publish to a person's inbox or phone; a typical figure, since AWS promises none."""
QUEUED = timedelta(milliseconds=100)
"""From Publish to a queue; as above."""
SNS = "sns.amazonaws.com"


class Topics:
    """All topics of the template and the people behind them."""

    def __init__(
        self,
        time: VirtualTime,
        wiring: Wiring,
        boundary: Boundary,
        receive: Callable[[Message], None],
        breakdowns: Breakdowns,
        hears: Callable[[str], bool] = lambda _: True,
        put: Callable[[str, str, str, str, str, Chain], None] | None = None,
        chain: Callable[[], Chain] = lambda: NEW,
    ) -> None:
        """``put`` puts a message on a queue, where one is subscribed; ``chain`` tells what led to it."""
        self._time = time
        self._subscriptions = wiring.subscriptions
        self._receive = receive
        self._hears = hears
        self._breakdowns = breakdowns
        self._put = put
        self._chain = chain
        self._topics = {topic.arn: topic for topic in wiring.topics}
        for arn, topic in self._topics.items():
            boto3.client("sns", region_name=region_of(arn)).create_topic(Name=topic.name)
        boundary.amend("sns:Publish", self._published)

    def publish(self, topic_arn: str, subject: str, message: str) -> None:
        """An AWS service publishes to a topic."""
        self._published({"TopicArn": topic_arn, "Subject": subject, "Message": message}, {})

    def _published(self, params: Params, _: Response) -> None:
        attributes = params.get("MessageAttributes", {})
        topic = self._topics.get(params["TopicArn"])
        if topic is not None and self._breakdowns.loses_messages(topic):
            return
        for subscription in self._subscriptions:
            if subscription.topic_arn != params["TopicArn"] or not self._hears(subscription.endpoint):
                continue
            if not _wants(subscription, attributes, params["Message"]):
                continue
            if subscription.protocol == "sqs":
                self._put_on(subscription, params)
            else:
                self._deliver(subscription, params, attributes)

    def _put_on(self, subscription: Subscription, params: Params) -> None:
        if not subscription.is_raw or self._put is None:
            raise SimulatorGap(f"{subscription.endpoint} has SNS's envelope: sim/topics.py knows raw delivery only")
        told = subscription.endpoint, params["Message"], SNS, subscription.topic_arn, ""
        put = partial(self._put, *told, self._chain())
        self._time.after(QUEUED, put)

    def _deliver(self, subscription: Subscription, params: Params, attributes: Mapping[str, Any]) -> None:
        delay = DELIVERY.get(subscription.protocol, timedelta(seconds=1))
        message = Message(
            at=self._time.now + delay,
            medium=subscription.protocol,
            to=subscription.endpoint,
            subject=params.get("Subject", "") if subscription.protocol == "email" else "",
            body=_text_for(subscription.protocol, params),
            incident_id=_value(attributes, "incident"),
            notice=_value(attributes, "notice"),
            topic=params["TopicArn"],
        )
        self._time.after(delay, lambda: self._receive(message))


def _wants(subscription: Subscription, attributes: Mapping[str, Any], body: str) -> bool:
    plain = {name: {"Type": a["DataType"], "Value": a.get("StringValue")} for name, a in attributes.items()}
    matcher = FilterPolicyMatcher(dict(subscription.filter_policy), subscription.filter_scope)
    return matcher.matches(plain, body)


def _text_for(protocol: str, params: Params) -> str:
    """The message's text for a protocol (SNS API, Publish, MessageStructure)."""
    if params.get("MessageStructure") != "json":
        return str(params["Message"])
    texts = json.loads(params["Message"])
    return str(texts.get(protocol, texts["default"]))


def _value(attributes: Mapping[str, Any], name: str) -> str:
    return str(attributes.get(name, {}).get("StringValue", ""))
