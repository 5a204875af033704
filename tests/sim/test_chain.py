"""Lambda's recursive loop detection: sixteen invocations in one chain are a loop, unless the function may recur."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from sim.chain import LONGEST, Chain, joined
from sim.machinery import MachineryFault, MachineryKind
from sim.metrics import Metric
from sim.template import Resource
from sim.wiring import Poll, Rule, Subscription, Target, Wiring
from sim.world import World
from tests.sim.seen import SEEN
from tests.sim.small_world import EVERYTHING, dead, function, queue, run_for, send, wiring, world

ORDERS = queue("orders")
TOPIC = ORDERS.arn.replace(":sqs:", ":sns:")


def counting(way: str, may_recur: bool = False) -> Wiring:
    """A function that sends itself one message after the other, counting down, by a topic or a rule if need be."""
    environment = {"WAY": way, "ONWARD": ORDERS.url, "TOPIC": TOPIC}
    of = wiring(replace(function("count_down", environment=environment), may_recur=may_recur), batch_size=1)
    by_anybody = replace(EVERYTHING, principals=("events.amazonaws.com", "sns.amazonaws.com"))
    return replace(
        of,
        queues=tuple(replace(q, policy=(by_anybody,)) for q in of.queues),
        rules=(Rule("any", f"{ORDERS.arn}-rule", {"source": ["test"]}, (Target(ORDERS.arn, None),)),),
        topics=(Resource("Topic", "AWS::SNS::Topic", {}, {}, "orders", TOPIC, TOPIC),),
        subscriptions=(Subscription(TOPIC, "sqs", ORDERS.arn, {}, "MessageAttributes", is_raw=True),),
    )


def dropped(entered: World) -> float | None:
    of = Metric.of("AWS/Lambda", "RecursiveInvocationsDropped", FunctionName="Defib-count_down")
    return entered.metrics.statistic(of, "Sum", entered.scenario.start, entered.time.now)


@pytest.mark.parametrize("way", ["message", "batch", "topic"])
def test_a_function_that_sends_to_itself_is_dropped_after_sixteen_and_the_message_is_set_aside(way: str) -> None:
    with world(counting(way)) as entered:
        send(entered, "17")
        run_for(entered, timedelta(minutes=5))

        assert [line.partition(" ")[2] for line in SEEN] == [str(left) for left in range(17, 1, -1)]
        assert dead(entered) == 1
        assert dropped(entered) == 3
        assert len(entered.recorder.ledger.errors) == 3
        assert "RecursiveInvocationException" in entered.recorder.ledger.errors[0]


@pytest.mark.parametrize(("way", "may_recur"), [("message", True), ("event", False)])
def test_one_that_may_recur_goes_on_and_so_does_one_that_eventbridge_wakes(way: str, may_recur: bool) -> None:
    with world(counting(way, may_recur)) as entered:
        send(entered, "17")
        run_for(entered, timedelta(minutes=5))

        assert len(SEEN) == 17
        assert dead(entered) == 0
        assert dropped(entered) is None


def test_a_message_that_is_dropped_holds_up_none_behind_it() -> None:
    late = MachineryFault(timedelta(0), ("orders",), MachineryKind.QUEUE_LATE, lasts=timedelta(minutes=1))
    with world(counting("message"), machinery=(late,)) as entered:
        chain = Chain({"Defib-count_down": LONGEST})
        entered.queues.put(ORDERS.arn, "1", "sns.amazonaws.com", TOPIC, chain=chain)
        send(entered, "1")
        run_for(entered, timedelta(seconds=65))

        assert [line.partition(" ")[2] for line in SEEN] == ["1"]
        assert dropped(entered) == 1


def test_a_message_that_is_delivered_twice_belongs_to_its_chain_both_times() -> None:
    doubles = MachineryFault(timedelta(0), ("orders",), MachineryKind.QUEUE_DOUBLES, times=1)
    with world(counting("message"), machinery=(doubles,)) as entered:
        chain = Chain({"Defib-count_down": LONGEST - 1})
        entered.queues.put(ORDERS.arn, "2", "sns.amazonaws.com", TOPIC, chain=chain)
        run_for(entered, timedelta(minutes=5))

        assert [line.partition(" ")[2] for line in SEEN] == ["2", "2"]
        assert dead(entered) == 2


def test_of_two_functions_that_wake_each_other_each_is_counted_by_itself() -> None:
    onward = queue("onward")
    one = function("count_down", environment={"WAY": "message", "ONWARD": onward.url})
    other = replace(one, name="Defib-other", environment={"WAY": "message", "ONWARD": ORDERS.url})
    of = wiring(one, more=(onward,))
    back = Poll(onward.arn, other.name, 10, reports_failures=True, concurrency=None)
    with world(replace(of, functions=(one, other), polls=(*of.polls, back))) as entered:
        send(entered, "33")
        run_for(entered, timedelta(minutes=5))

        assert len(SEEN) == 32
        assert dead(entered) == 1


def test_of_a_batch_the_longest_chain_of_each_function_counts() -> None:
    assert joined([Chain({"a": 3}), Chain({"a": 1, "b": 2})]) == Chain({"a": 3, "b": 2})
