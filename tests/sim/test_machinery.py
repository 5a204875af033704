"""Faults in Defib's own machinery: each does what it says, to what it names, and to nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import boto3
import pytest

from sim.machinery import NATURES, MachineryFault, MachineryKind
from sim.metrics import Metric
from sim.wiring import Rule, Schedule, Target, Wiring
from sim.world import World
from tests.sim.seen import SEEN
from tests.sim.small_world import dead, function, queue, run_for, send, wiring, world

MINUTE = timedelta(minutes=1)
START = timedelta(0)


def fault(kind: MachineryKind, *on: str, **more: Any) -> MachineryFault:
    return MachineryFault(START, on, kind, **more)


def broken(of: Wiring, *faults: MachineryFault) -> World:
    return world(of, machinery=faults)


def errors(entered: World, name: str, metric: str = "Errors") -> float | None:
    now = entered.time.now
    of = Metric.of("AWS/Lambda", metric, FunctionName=name)
    return entered.metrics.statistic(of, "Sum", entered.scenario.start, now + MINUTE)


def test_every_kind_says_what_it_strikes_and_does() -> None:
    assert set(NATURES) == set(MachineryKind)


def test_a_call_that_hangs_costs_each_attempts_deadlines_and_ends_in_botocores_own_error() -> None:
    with broken(wiring(function("patient")), fault(MachineryKind.CALL_HANGS, "sqs:GetQueueUrl")) as entered:
        send(entered, "go")
        run_for(entered, MINUTE)

        (line,) = SEEN
        assert line.startswith("ReadTimeoutError after ")
        # Two attempts of one and three seconds each, and a pause of at most one second between them.
        assert 8.0 <= float(line.split()[2]) < 9.0
        assert entered.recorder.ledger.calls["sqs:GetQueueUrl"] == 2


@pytest.mark.parametrize(
    ("kind", "more", "outcome", "attempts"),
    [
        (MachineryKind.CALL_REFUSED, {"error": "AccessDenied"}, "AccessDenied", 1),
        (MachineryKind.CALL_REFUSED, {"error": "InternalError"}, "InternalError", 2),
        (MachineryKind.CALL_THROTTLED, {}, "RequestThrottled", 2),
        (MachineryKind.CALL_REFUSED, {"by": ("note",)}, "answered", 1),
        (MachineryKind.CALL_REFUSED, {"nth": 2}, "answered", 1),
        (MachineryKind.CALL_REFUSED, {"region": "eu-west-1"}, "answered", 1),
    ],
)
def test_a_service_refuses_as_it_is_told_and_the_client_tries_again_where_botocore_does(
    kind: MachineryKind, more: dict[str, Any], outcome: str, attempts: int
) -> None:
    with broken(wiring(function("patient")), fault(kind, "sqs:GetQueue*", **more)) as entered:
        send(entered, "go")
        run_for(entered, MINUTE)

        assert [line.split()[0] for line in SEEN] == [outcome]
        assert entered.recorder.ledger.calls["sqs:GetQueueUrl"] == attempts


def test_an_answer_is_lost_though_each_attempt_was_carried_out() -> None:
    onward = queue("onward")
    forward = function("forward", environment={"ONWARD": onward.url, "AWS_MAX_ATTEMPTS": "2"})
    lost = fault(MachineryKind.ANSWER_LOST, "sqs:SendMessage", times=1)
    with broken(wiring(replace(forward, timeout=timedelta(seconds=30)), more=(onward,)), lost) as entered:
        send(entered, "twice")
        run_for(entered, timedelta(minutes=5))

        assert entered.queues.visible("onward") > 1


@pytest.mark.parametrize(("kind", "sent"), [(MachineryKind.DIES_BEFORE_CALL, 1), (MachineryKind.DIES_AFTER_CALL, 2)])
def test_a_process_dies_just_before_or_just_after_a_call_and_does_its_work_once_more(
    kind: MachineryKind, sent: int
) -> None:
    onward = queue("onward")
    forward = function("forward", environment={"ONWARD": onward.url})
    with broken(wiring(forward, more=(onward,)), fault(kind, "sqs:SendMessage", times=1)) as entered:
        send(entered, "once")
        run_for(entered, timedelta(minutes=5))

        assert entered.queues.visible("onward") == sent
        assert entered.recorder.ledger.killed == ["forward: Runtime exited with error: signal: killed"]


def test_every_second_entry_of_a_batch_is_refused() -> None:
    onward = queue("onward")
    split = function("send_two", environment={"ONWARD": onward.url})
    refused = fault(MachineryKind.BATCH_PARTLY_REFUSED, "sqs:SendMessageBatch")
    with broken(wiring(split, more=(onward,)), refused) as entered:
        send(entered, "go")
        run_for(entered, timedelta(seconds=10))

        assert SEEN == ["sent ['b'], refused ['a']"]
        assert entered.queues.visible("onward") == 1


def test_a_function_dies_before_its_first_line_and_its_message_comes_again() -> None:
    died = fault(MachineryKind.FUNCTION_DIES, "note", times=1)
    with broken(wiring(function("note")), died) as entered:
        send(entered, "hello")
        run_for(entered, timedelta(minutes=2))

        assert [line.partition(" ")[2] for line in SEEN] == ["hello"]
        assert errors(entered, "Defib-note") == 1
        assert entered.recorder.ledger.errors == []
        assert entered.recorder.ledger.killed == ["note: Runtime exited with error: signal: killed"]


def test_a_function_dies_when_so_many_of_its_calls_have_been_answered() -> None:
    died = fault(MachineryKind.FUNCTION_DIES, "never_end", after_calls=3)
    with broken(wiring(function("never_end")), died) as entered:
        send(entered, "go")
        run_for(entered, timedelta(seconds=20))

        assert entered.recorder.ledger.calls["sqs:GetQueueUrl"] == 3
        assert len(SEEN) == 1


def test_a_sandbox_whose_process_has_died_is_not_used_again() -> None:
    died = fault(MachineryKind.FUNCTION_DIES, "count_loads", nth=2, times=1)
    with broken(wiring(function("count_loads"), batch_size=1), died) as entered:
        for body in ("a", "b", "c"):
            send(entered, body)
            run_for(entered, timedelta(seconds=10))

        assert SEEN == ["1", "1"]


def test_a_function_that_hangs_is_killed_at_its_timeout() -> None:
    hung = fault(MachineryKind.FUNCTION_HANGS, "note", times=1)
    with broken(wiring(function("note")), hung) as entered:
        send(entered, "hello")
        run_for(entered, timedelta(seconds=35))
        assert SEEN == []

        run_for(entered, timedelta(seconds=35))
        assert len(SEEN) == 1
        assert entered.recorder.ledger.durations["note"][0] == 30


def test_a_throttled_function_does_not_start_and_its_messages_wait_for_their_visibility() -> None:
    throttled = fault(MachineryKind.FUNCTION_THROTTLED, "note", times=2)
    with broken(wiring(function("note")), throttled) as entered:
        send(entered, "hello")
        run_for(entered, timedelta(minutes=3))

        assert [line.split()[0] for line in SEEN] == ["12:01:21"]
        assert errors(entered, "Defib-note", "Throttles") == 2


def test_a_queue_from_which_nothing_is_taken_gives_all_when_it_is_over() -> None:
    late = fault(MachineryKind.QUEUE_LATE, "orders", lasts=timedelta(minutes=2))
    with broken(wiring(function("note")), late) as entered:
        send(entered, "hello")
        run_for(entered, MINUTE)
        assert entered.queues.visible("orders") == 1

        run_for(entered, timedelta(minutes=2))
        assert [line.split()[0] for line in SEEN] == ["12:02:01"]


def test_a_message_that_is_delivered_twice_comes_after_the_function_was_done_with_it() -> None:
    doubles = fault(MachineryKind.QUEUE_DOUBLES, "orders", times=1, delay=timedelta(seconds=20))
    with broken(wiring(function("note")), doubles) as entered:
        send(entered, "hello")
        run_for(entered, MINUTE)

        assert [line.split()[0] for line in SEEN] == ["12:00:01", "12:00:21"]
        assert dead(entered) == 0


def with_rule(of: Wiring) -> Wiring:
    orders = next(q for q in of.queues if q.name == "orders")
    rule = Rule("any", f"{orders.arn}-rule", {"source": ["test"]}, (Target(orders.arn, None),), "any-rule")
    return replace(of, rules=(rule,))


@pytest.mark.parametrize(
    ("kind", "arrived"),
    [
        (MachineryKind.EVENTS_LOST, []),
        (MachineryKind.EVENTS_DOUBLED, ["0", "1", "0", "1"]),
        (MachineryKind.EVENTS_DELAYED, ["0", "1"]),
        (MachineryKind.EVENTS_REORDERED, ["1", "0"]),
    ],
)
def test_events_are_lost_doubled_delayed_or_reordered_on_their_way_to_a_rules_targets(
    kind: MachineryKind, arrived: list[str]
) -> None:
    of = with_rule(wiring(function("note_events"), batch_size=1))
    with broken(of, fault(kind, "any-rule")) as entered:
        for n in range(2):
            entered.bus.put("test", "Test", {"n": str(n)}, ())
            run_for(entered, timedelta(seconds=2))
        soon = len(SEEN)
        run_for(entered, MINUTE)

        assert [line.partition(" ")[2] for line in SEEN] == arrived
        assert soon == {MachineryKind.EVENTS_DOUBLED: 2, MachineryKind.EVENTS_REORDERED: 1}.get(kind, 0)


def test_a_read_that_may_lag_shows_the_table_as_it_was_and_a_consistent_one_as_it_is() -> None:
    stale = fault(MachineryKind.STALE_READS, "dynamodb", delay=timedelta(seconds=30))
    with broken(wiring(function("write_and_read")), stale) as entered:
        create_table()
        for _ in range(2):
            send(entered, "go")
            run_for(entered, MINUTE)

        assert SEEN == ["lagging 0, consistent 1", "lagging 1, consistent 1"]


def test_a_write_that_has_conditions_meets_another_as_dynamodb_says_it() -> None:
    with broken(wiring(function("write_on_condition")), fault(MachineryKind.WRITE_CONFLICTS, "dynamodb")) as entered:
        create_table()
        send(entered, "go")
        run_for(entered, MINUTE)

        assert SEEN == [
            "written",
            "ConditionalCheckFailedException",
            "TransactionConflictException",
            "TransactionCanceledException",
        ]


def create_table() -> None:
    boto3.client("dynamodb").create_table(
        TableName="t",
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )


def every_minute(of: Wiring) -> Wiring:
    return replace(of, schedules=(Schedule("clock", MINUTE, of.functions[0].arn, {"Records": []}, "every-minute"),))


def test_a_schedule_does_not_fire_and_a_throttled_one_is_tried_again_for_a_minute() -> None:
    silent = fault(MachineryKind.SCHEDULE_SILENT, "every-minute", lasts=timedelta(minutes=3))
    throttled = replace(fault(MachineryKind.FUNCTION_THROTTLED, "note", times=3), at=timedelta(minutes=3))
    with broken(every_minute(wiring(function("note"))), silent, throttled) as entered:
        run_for(entered, timedelta(minutes=3))
        assert entered.recorder.ledger.invocations["note"] == 0

        run_for(entered, timedelta(minutes=2))
        assert entered.recorder.ledger.invocations["note"] == 2
        assert errors(entered, "Defib-note", "Throttles") == 3


def test_in_a_dark_region_nothing_starts_and_nothing_is_measured_until_it_is_lit_again() -> None:
    dark = fault(MachineryKind.REGION_DARK, "us-east-1", lasts=timedelta(minutes=3))
    with broken(every_minute(wiring(function("note"))), dark) as entered:
        send(entered, "hello")
        run_for(entered, timedelta(minutes=3) - timedelta(seconds=1))
        assert entered.recorder.ledger.invocations["note"] == 0
        size = Metric.of("AWS/SQS", "ApproximateNumberOfMessagesVisible", QueueName="orders")
        assert entered.metrics.statistic(size, "Maximum", entered.scenario.start, entered.time.now) is None

        run_for(entered, timedelta(seconds=10))
        assert [line.partition(" ")[2] for line in SEEN] == ["hello"]


@pytest.mark.parametrize(
    ("apart", "outcome"),
    [
        (("us-east-1", "us-west-2"), "ReadTimeoutError"),
        (("us-east-1", "eu-west-1"), "AWS.SimpleQueueService.NonExistentQueue"),
    ],
)
def test_a_partition_cuts_off_the_calls_between_its_two_regions_only(apart: tuple[str, str], outcome: str) -> None:
    far = function("patient", environment={"ELSEWHERE": "us-west-2"})
    with broken(wiring(far), fault(MachineryKind.PARTITION, *apart)) as entered:
        send(entered, "go")
        run_for(entered, MINUTE)

        assert [line.split()[0] for line in SEEN] == [outcome]
