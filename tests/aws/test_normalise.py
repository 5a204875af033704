"""AWS's own event samples, and what must not get past them, as signals or as Malformed."""

from __future__ import annotations

import json

import msgspec
import pytest

from defib.aws.normalise import ENTITIES_MAX, normalise
from defib.aws.untrusted import BODY_MAX, TEXT_MAX, plain
from defib.core.model import InstanceState, Result, Signal, Source, TargetGroupSignal, Verdict
from defib.shell.ports import Malformed
from tests.aws.cases import WEB_1, WEB_2
from tests.aws.samples import STRUCK, changed, sample

WEB_GROUP = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/73e2d6bc24d8a067"
ASKED = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/6d0ecf831eec9f09"


def question(field: str, value: object) -> str:
    """One of Defib's own to a load balancer, with the field set to ``value``."""
    asked = {"target_group_arn": ASKED, "at": "2026-04-30T12:00:10Z", "reason": "", "until": "2026-04-30T12:01:00Z"}
    return json.dumps({**asked, field: value})


@pytest.mark.parametrize(
    ("name", "source", "instances", "words"),
    [
        ("alarm-instance", Source.ALARM, [WEB_1], "alarm web-1-status is ALARM: Threshold Crossed"),
        ("alarm-instance-ok", Source.ALARM, [WEB_1], "alarm web-1-status is OK: Threshold Crossed"),
        ("contributor-alarm", Source.FLEET_ALARM, [WEB_1], "alarm Defib-FleetAlarm is ALARM for it: Threshold"),
        ("contributor-muted", Source.FLEET_ALARM, [WEB_1], "alarm Defib-FleetAlarm is ALARM for it: Threshold"),
        ("state-pending", Source.STATE_CHANGE, [WEB_1], "EC2 says it is pending"),
        ("state-running", Source.STATE_CHANGE, [WEB_1], "EC2 says it is running"),
        ("state-stopping", Source.STATE_CHANGE, [WEB_1], "EC2 says it is stopping"),
        ("state-stopped", Source.STATE_CHANGE, [WEB_1], "EC2 says it is stopped"),
        ("state-shutting-down", Source.STATE_CHANGE, [WEB_1], "EC2 says it is shutting-down"),
        ("state-terminated", Source.STATE_CHANGE, [WEB_1], "EC2 says it is terminated"),
        ("health-retirement", Source.HEALTH, [WEB_1, WEB_2], "AWS Health says AWS_EC2_INSTANCE_RETIREMENT_SCHEDULED"),
        ("health-recovery-failed", Source.HEALTH, [WEB_1], "AWS Health says AWS_EC2_INSTANCE_AUTO_RECOVERY_FAILURE"),
    ],
)
def test_an_event_about_instances_becomes_one_signal_for_each(
    name: str, source: Source, instances: list[str], words: str
) -> None:
    signals = [signal for signal in normalise(json.dumps(sample(name))) if isinstance(signal, Signal)]

    assert [signal.instance_id for signal in signals] == instances
    assert {signal.source for signal in signals} == {source}
    assert all(signal.reason.startswith(words) for signal in signals)


def test_a_signal_carries_the_time_of_its_event_and_what_ec2_says_there() -> None:
    (signal,) = normalise(json.dumps(sample("state-stopped")))

    assert isinstance(signal, Signal)
    assert (signal.at, signal.state) == (STRUCK, InstanceState.STOPPED)


def test_an_alarm_on_a_target_group_names_the_group_in_its_own_account_and_region() -> None:
    (signal,) = normalise(json.dumps(sample("alarm-target-group")))

    assert isinstance(signal, TargetGroupSignal)
    assert (signal.target_group_arn, signal.at) == (WEB_GROUP, STRUCK)


def test_a_target_group_in_another_partition_is_named_in_that_partition() -> None:
    body = changed("alarm-target-group", "resources", ["arn:aws-cn:cloudwatch:cn-north-1:123456789012:alarm:web"])
    (signal,) = normalise(body.replace('"region": "us-east-1"', '"region": "cn-north-1"'))

    assert isinstance(signal, TargetGroupSignal)
    assert signal.target_group_arn == WEB_GROUP.replace("aws:", "aws-cn:").replace("us-east-1", "cn-north-1")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(json.dumps(sample("alarm-fleet-parent")), id="the fleet alarm itself, which names no instance"),
        pytest.param(json.dumps(sample("contributor-ok")), id="a series of the fleet alarm that ended or recovered"),
        pytest.param(json.dumps(sample("health-backup")), id="the copy that goes to a second Region"),
        pytest.param(
            changed("health-operational-issue", "detail.eventTypeCode", "AWS_EC2_PERSISTENT_INSTANCE_ISSUE"),
            id="a Health code that nobody knows",
        ),
        pytest.param(
            changed("health-operational-issue", "detail.eventRegion", "us-west-2"), id="another Region's issue"
        ),
        pytest.param(
            changed("health-operational-issue", "detail.statusCode", "upcoming"), id="an issue that has not begun"
        ),
        pytest.param(changed("health-retirement", "detail.backupEvent", True), id="a backup, told as Boolean"),
        pytest.param(changed("health-retirement", "detail.eventRegion", "eu-west-1"), id="another Region's event"),
        pytest.param(changed("health-retirement", "detail.service", "RDS"), id="another service's event"),
        pytest.param(changed("alarm-instance", "detail.configuration", None), id="a composite alarm"),
        pytest.param(
            changed("alarm-instance", "detail.configuration.metrics.0.metricStat", None), id="an alarm on an expression"
        ),
        pytest.param(
            changed("alarm-instance", "detail.configuration.metrics.0.metricStat.metric.dimensions", {"Q": "x"}),
            id="an alarm on something else",
        ),
        pytest.param(
            changed(
                "alarm-instance",
                "detail.configuration.metrics.0.metricStat.metric.dimensions",
                {"InstanceId": "mi-0a1b2c3d4e5f60001"},
            ),
            id="an alarm on a machine outside EC2",
        ),
        pytest.param(changed("alarm-target-group", "detail.state.value", "OK"), id="a target group that is well again"),
        pytest.param(
            changed("contributor-alarm", "detail.alarmContributor.attributes", {"TableName": "x"}),
            id="an alarm on other things than instances",
        ),
        pytest.param(
            changed("health-retirement", "detail.affectedEntities", [{"entityValue": "vol-0a1b2c3d4e5f60001"}]),
            id="a Health event about a volume",
        ),
    ],
)
def test_a_genuine_event_that_is_none_of_our_business_makes_no_signal(body: str) -> None:
    assert normalise(body) == ()


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ("", "truncated"),
        ("{", "truncated"),
        ("null", "Expected `object`, got `null`"),
        ("[]", "Expected `object`, got `array`"),
        ('"i-0a1b2c3d4e5f60001"', "Expected `object`, got `str`"),
        ("{}", "missing required field `source`"),
        ('{"a":' * 40_000, "not a message that Defib knows"),
        ('"\ud800"', "surrogates"),
        ('{"detail-type": 3}', "Expected `str`, got `int` - at `$.detail-type`"),
        (changed("state-stopped", "source", "custom.app"), "unknown event custom.app: EC2 Instance State-change"),
        (changed("state-stopped", "detail-type", "EC2 Spot Instance Interruption Warning"), "unknown event aws.ec2"),
        (changed("state-stopped", "time", "yesterday"), "$.time"),
        (changed("state-stopped", "time", "2026-04-30T09:12:44"), "$.time"),
        (changed("state-stopped", "account", "../../x"), "$.account"),
        (changed("state-stopped", "region", "us-east-1/../.."), "$.region"),
        (changed("state-stopped", "detail", []), "got `array`"),
        (
            changed("state-stopped", "detail.state", "exploded"),
            "detail.state is 'exploded'; EC2 knows pending, running",
        ),
        (changed("state-stopped", "detail.state", None), "missing required field `state`"),
        (changed("state-stopped", "detail.instance-id", "i-1; rm -rf /"), "'i-1; rm -rf /' is no instance id"),
        (changed("state-stopped", "detail.instance-id", f"{WEB_1}\n"), "is no instance id"),
        (changed("state-stopped", "detail.instance-id", 17), "Expected `str`, got `int`"),
        (
            changed("contributor-alarm", "detail.alarmContributor.attributes.InstanceId", "i-*"),
            "'i-*' is no instance id",
        ),
        (changed("contributor-alarm", "detail.alarmContributor", None), "missing required field `alarmContributor`"),
        (changed("alarm-instance", "detail.state", None), "missing required field `state`"),
        (
            changed("health-retirement", "detail.affectedEntities", [{"entityValue": WEB_1}] * (ENTITIES_MAX + 1)),
            f"at most {ENTITIES_MAX}",
        ),
        (changed("health-operational-issue", "detail.statusCode", "resolved"), "Invalid enum value 'resolved'"),
        (changed("health-operational-issue", "detail.eventScopeCode", None), "missing required field `eventScopeCode`"),
        (changed("health-operational-issue", "detail.eventArn", "arn:" + "x" * 1600), "length <= 1600"),
        (changed("health-operational-issue", "detail.eventArn", "arn:aws:health:\u202e"), "matching regex"),
        ('{"source":"nobody","instance_id":"i-0a1b2c3d","at":"2026-04-30T12:00:00Z","reason":""}', "nobody"),
        (question("target_group_arn", "targetgroup/web/1"), "'targetgroup/web/1' is not the ARN of a target group"),
        (question("target_group_arn", f"{ASKED}\n"), "is not the ARN of a target group"),
        (question("at", "2026-04-30T12:00:00"), "each with its offset from UTC"),
        (question("until", None), "has at and until"),
        (question("reason", 3), "Expected `str`, got `int`"),
        (changed("approval-given", "detail.answer", "yes"), "Invalid enum value 'yes'"),
        (changed("approval-given", "detail.answer", None), "missing required field `answer`"),
        (changed("approval-given", "detail.case", "web-2"), "'web-2' is no case id; it should look like i-0a1b"),
        (changed("approval-given", "detail.case", f"{WEB_1}-0"), "is no case id"),
        (changed("approval-given", "detail.case", f"{WEB_1}-3\n"), "is no case id"),
        (changed("approval-given", "detail.case", "i-" + "0" * 100), "Expected `str` of length <= 60"),
        (changed("approval-given", "detail.by", " \t "), "by is empty; it should say who answers"),
        (changed("approval-given", "detail.by", "x" * 201), "Expected `str` of length <= 200"),
        (changed("approval-given", "detail.by", None), "missing required field `by`"),
        (changed("approval-given", "detail.force", True), "unknown field `force`"),
        (changed("approval-call", "detail.incident", "web"), "'web' is no incident id; it should look like web-7"),
        (changed("approval-call", "detail.incident", "../x-7"), "is no incident id"),
        (changed("approval-call", "detail.incident", "web-7\n"), "is no incident id"),
        (changed("approval-call", "detail.incident", "w" * 81), "Expected `str` of length <= 80"),
        (changed("approval-call", "detail.answer", "approve"), "Invalid enum value 'approve'"),
        (changed("approval-call", "detail.answer", "acknowledge"), "for is '20m'; only a snooze lasts for a time"),
        (changed("approval-call", "detail.for", "soon"), "for is 'soon'; it should be a duration from 1m to 7d"),
        (changed("approval-call", "detail.for", "8d"), "for is '8d'; it should be a duration from 1m to 7d"),
        (changed("approval-call", "detail.by", " "), "by is empty; it should say who answers"),
        (changed("drill-wanted", "detail.contact", "On Call"), "contact 'On Call' is none; it should be"),
        (changed("drill-wanted", "detail.by", " "), "by is empty; it should say who answers"),
        (changed("drill-wanted", "detail.hour", "3"), "unknown field `hour`"),
        (changed("approval-call", "detail.case", "i-1"), "unknown field `case`"),
        (changed("approval-given", "source", "aws.ec2"), "unknown event aws.ec2: Approval"),
        (
            f'{{"source":"operator","instance_id":"{WEB_1}","at":"2026-04-30T12:00:00Z","reason":"",'
            '"answer":{"case_id":"x","choice":"approve","by":"Ann"}}',
            "'x' is no case id",
        ),
        (
            '{"source":"sweep","instance_id":"web-1","at":"2026-04-30T12:00:00Z","reason":""}',
            "'web-1' is no instance id",
        ),
        ('{"source":"sweep","instance_id":"i-0a1b2c3d","at":"2026-04-30T12:00:00","reason":""}', "offset from UTC"),
    ],
)
def test_what_is_wrong_with_a_message_is_said(body: str, wrong: str) -> None:
    with pytest.raises(Malformed) as error:
        normalise(body)

    assert wrong in str(error.value)
    assert len(str(error.value)) < 2 * TEXT_MAX


def test_a_message_larger_than_any_event_is_not_even_read() -> None:
    with pytest.raises(Malformed, match=f"at most {BODY_MAX}"):
        normalise(changed("state-stopped", "padding", "ä" * (BODY_MAX // 2)))


def test_words_of_others_are_cut_and_made_printable() -> None:
    hostile = "\x1b[2J\u202e\r\n{" + "x" * 10_000
    (signal,) = normalise(changed("alarm-instance", "detail.state.reason", hostile))

    assert isinstance(signal, Signal)
    assert len(signal.reason) == TEXT_MAX
    assert signal.reason.isprintable()
    assert signal.reason.endswith("x…")


def test_defibs_own_signals_come_back_as_they_were_sent() -> None:
    result = Result(f"{WEB_1}-3", 2, Verdict.RETRY, STRUCK, "InsufficientInstanceCapacity", "starting: no room")
    signal = Signal(Source.RESULT, WEB_1, STRUCK, "start: retry", result)

    assert normalise(msgspec.json.encode(signal).decode()) == (signal,)


def test_an_alarm_on_one_instance_by_several_metrics_is_one_signal() -> None:
    metric = sample("alarm-instance")["detail"]["configuration"]["metrics"][0]

    assert len(normalise(changed("alarm-instance", "detail.configuration.metrics", [metric, metric]))) == 1


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("", 10, ""),
        ("  a \t b\n", 10, "a b"),
        ("0123456789", 10, "0123456789"),
        ("01234567890", 10, "012345678…"),
        ("näher – 日本", 20, "näher – 日本"),
    ],
)
def test_plain_text_is_one_printable_line(text: str, limit: int, expected: str) -> None:
    assert plain(text, limit) == expected
