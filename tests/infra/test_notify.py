"""What a machine gets that does not answer: more tries than SNS gives by itself, and what it never took is kept."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.infra.synthesized import Synthesized, listed

OUTAGE_S = 2_700
"""Of a machine that still gets everything: three quarters of an hour."""
LONGEST_S = 3_600
"""Of all retries together (SNS Developer Guide, Message delivery retries): a hard limit."""


def by_https(stack: Synthesized, topic: str) -> dict[str, Any]:
    (found,) = (
        subscription
        for subscription in stack.of("AWS::SNS::Subscription").values()
        if subscription["TopicArn"] == {"Ref": stack.id_of("AWS::SNS::Topic", topic)}
        and subscription["Protocol"] == "https"
    )
    return found


@pytest.mark.parametrize(
    ("where", "topic"), [("stack", "Incidents"), ("stack", "Alerts"), ("tower", "Findings"), ("tower", "Heartbeat")]
)
def test_a_machine_that_is_down_for_three_quarters_of_an_hour_gets_each_message_after_all(
    request: pytest.FixtureRequest, where: str, topic: str
) -> None:
    policy = by_https(request.getfixturevalue(where), topic)["DeliveryPolicy"]
    retries = policy["healthyRetryPolicy"]
    shortest, longest = retries["minDelayTarget"], retries["maxDelayTarget"]
    first, last = retries["numMinDelayRetries"], retries["numMaxDelayRetries"]
    between = retries["numRetries"] - first - last

    # How the delay grows in between is not written down, only from what and to what.
    assert first * shortest + between * shortest + last * longest >= OUTAGE_S
    assert first * shortest + between * longest + last * longest < LONGEST_S
    assert longest <= 120, "what waits comes soon after the machine is back"
    assert (retries["backoffFunction"], between > 0) == ("exponential", True)
    assert policy["requestPolicy"] == {"headerContentType": "application/json"}


def test_what_a_machine_never_took_is_kept_where_an_alarm_tells_of_it(stack: Synthesized) -> None:
    kept = stack.id_of("AWS::SQS::Queue", "SetAsideUndelivered")
    (policy,) = (p for p in stack.of("AWS::SQS::QueuePolicy").values() if p["Queues"] == [{"Ref": kept}])
    (sends,) = (s for s in policy["PolicyDocument"]["Statement"] if "sns.amazonaws.com" in json.dumps(s))

    assert by_https(stack, "Incidents")["RedrivePolicy"] == {"deadLetterTargetArn": {"Fn::GetAtt": [kept, "Arn"]}}
    assert (sends["Effect"], sends["Principal"]) == ("Allow", {"Service": "sns.amazonaws.com"})
    assert listed(sends["Action"]) == ["sqs:SendMessage"]
    assert sends["Resource"] == {"Fn::GetAtt": [kept, "Arn"]}
    assert sends["Condition"] == {"ArnEquals": {"aws:SourceArn": {"Ref": stack.id_of("AWS::SNS::Topic", "Incidents")}}}


def test_an_alarm_that_a_machine_did_not_take_raises_no_alarm(stack: Synthesized) -> None:
    """It would be set aside in its turn, and ring anew each hour for as long as the machine is down."""
    assert "RedrivePolicy" not in by_https(stack, "Alerts")


def test_people_are_told_by_the_ways_that_sns_repeats_by_itself(stack: Synthesized) -> None:
    others = [s for s in stack.of("AWS::SNS::Subscription").values() if s["Protocol"] != "https"]

    assert others
    assert not [s for s in others if "DeliveryPolicy" in s], "SNS refuses it"
