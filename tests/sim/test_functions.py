"""The simulated Lambda and its queues: redelivery, timeouts, environments, permissions."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sim.iam import Statement
from tests.sim.seen import SEEN
from tests.sim.small_world import dead, function, queue, run_for, send, wiring, world


def test_a_message_reaches_the_function_and_is_gone() -> None:
    with world(wiring(function("note"))) as entered:
        send(entered, "hello")
        run_for(entered, timedelta(minutes=5))

        assert SEEN == ["12:00:01 hello"]
        assert not entered.queues.busy()


def test_a_failing_function_gets_its_message_again_until_it_is_a_dead_letter() -> None:
    with world(wiring(function("fail"))) as entered:
        send(entered, "poison")
        run_for(entered, timedelta(minutes=5))

        assert [line.partition(" ")[0] for line in SEEN] == ["12:00:01", "12:00:40", "12:01:20"]
        assert dead(entered) == 1
        assert entered.recorder.ledger.errors == ["fail: ValueError: cannot digest it"] * 3


def test_a_partial_failure_brings_back_only_the_message_that_failed() -> None:
    with world(wiring(function("fail_in_part"))) as entered:
        send(entered, "good")
        send(entered, "bad")
        run_for(entered, timedelta(minutes=5))

        assert [line.partition(" ")[2] for line in SEEN] == ["good", "bad", "bad", "bad"]
        assert dead(entered) == 1


def test_a_delayed_message_arrives_after_its_delay() -> None:
    onward = queue("onward")
    forward = function("forward", environment={"ONWARD": onward.url})
    with world(wiring(forward, more=(onward,))) as entered:
        send(entered, "later")
        run_for(entered, timedelta(seconds=30))
        assert entered.queues.visible("onward") == 0

        run_for(entered, timedelta(seconds=40))
        assert entered.queues.visible("onward") == 1


def test_a_function_is_killed_at_its_timeout_and_cannot_catch_it() -> None:
    with world(wiring(function("never_end"))) as entered:
        send(entered, "go")
        run_for(entered, timedelta(seconds=38))

        assert len(SEEN) == 1
        assert SEEN[0].endswith("died with 0 ms left")
        assert entered.recorder.ledger.errors == ["never_end: Task timed out after 30 seconds"]


def test_a_fifo_queue_holds_back_what_follows_a_failure_in_its_group() -> None:
    with world(wiring(function("fail"), fifo=True, batch_size=1)) as entered:
        for n, group in enumerate(("web", "web", "db")):
            send(entered, f"{group}-{n}", "orders.fifo", MessageGroupId=group, MessageDeduplicationId=f"{n}")
        run_for(entered, timedelta(seconds=30))

        assert sorted(line.partition(" ")[2] for line in SEEN) == ["db-2", "web-0"]


def test_a_warm_environment_remembers_and_a_second_one_is_fresh() -> None:
    with world(wiring(function("count_loads"), batch_size=1)) as entered:
        send(entered, "a")
        send(entered, "b")
        run_for(entered, timedelta(seconds=10))
        send(entered, "c")
        run_for(entered, timedelta(seconds=10))

        assert SEEN == ["1", "1", "2"]


def test_a_thread_pool_runs_on_virtual_time_and_what_hangs_is_left_behind() -> None:
    with world(wiring(function("two_at_once"))) as entered:
        send(entered, "go")
        run_for(entered, timedelta(minutes=1))

        (line,) = SEEN
        assert line.endswith("1 done, 1 running")
        assert "asked 1 times" in line
        assert entered.recorder.ledger.calls["sqs:GetQueueUrl"] < 300


OPTED_IN = Statement(
    "Allow", ("ec2:StopInstances",), ("*",), {"StringEquals": {"aws:ResourceTag/self-heal": ("true",)}}
)
POLLING = Statement("Allow", ("sqs:*",), ("*",), {})


@pytest.mark.parametrize(("name", "outcome"), [("web-1", "stopped"), ("other-1", "UnauthorizedOperation")])
def test_a_call_succeeds_only_where_the_role_allows_it(name: str, outcome: str) -> None:
    with world(wiring(function("stop", OPTED_IN, POLLING))) as entered:
        send(entered, entered.machines[name].instance_id)
        run_for(entered, timedelta(seconds=10))

        assert [outcome] == SEEN
        assert bool(entered.recorder.ledger.denied) is (outcome != "stopped")


def test_rights_that_were_not_needed_can_be_told() -> None:
    with world(wiring(function("note", OPTED_IN, POLLING))) as entered:
        assert [g.action for g in entered.unused_grants()] == ["ec2:StopInstances"]


def test_a_role_that_may_not_poll_its_queue_is_noticed_before_anything_happens() -> None:
    with world(wiring(function("note", OPTED_IN))) as entered:
        assert "note: sqs:ReceiveMessage" in entered.recorder.ledger.denied[0]
