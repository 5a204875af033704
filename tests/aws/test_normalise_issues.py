"""An issue of EC2's own, as AWS Health's events tell it: where it is, and whether it is over."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from defib.aws.normalise import ZONES_MAX, normalise
from defib.core.issue import Issue
from defib.core.model import Signal, Source
from tests.aws.cases import WEB_1
from tests.aws.samples import STRUCK, changed, sample

ARN = "arn:aws:health:us-east-1::event/EC2"
POWER = f"{ARN}/AWS_EC2_POWER_CONNECTIVITY_ISSUE/AWS_EC2_POWER_CONNECTIVITY_ISSUE_a1b2c3d4"
OPERATIONAL = f"{ARN}/AWS_EC2_OPERATIONAL_ISSUE/AWS_EC2_OPERATIONAL_ISSUE_7f35c8ae"
ENDED = datetime(2026, 4, 30, 10, 40, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "issue"),
    [
        ("health-operational-issue", Issue(OPERATIONAL, "AWS_EC2_OPERATIONAL_ISSUE", STRUCK, STRUCK)),
        (
            "health-zone-issue",
            Issue(POWER, "AWS_EC2_POWER_CONNECTIVITY_ISSUE", STRUCK, STRUCK, zone_ids=("use1-az4",)),
        ),
        (
            "health-zone-issue-closed",
            Issue(POWER, "AWS_EC2_POWER_CONNECTIVITY_ISSUE", ENDED, ENDED, over=True, zone_ids=("use1-az4",)),
        ),
        ("health-issue-resolved-open", Issue(OPERATIONAL, "AWS_EC2_OPERATIONAL_ISSUE", ENDED, ENDED, over=True)),
    ],
)
def test_an_issue_of_ec2s_own_says_where_and_whether_it_is_over(name: str, issue: Issue) -> None:
    assert normalise(json.dumps(sample(name))) == (issue,)


def test_an_issue_of_this_account_is_told_from_a_public_one() -> None:
    (issue,) = normalise(changed("health-operational-issue", "detail.eventScopeCode", "ACCOUNT_SPECIFIC"))

    assert isinstance(issue, Issue)
    assert not issue.public


def test_an_issue_of_single_instances_is_a_reason_to_look_at_them_not_to_wait() -> None:
    body = changed("health-recovery-failed", "detail.eventTypeCode", "AWS_EC2_INSTANCE_AVAILABILITY_ISSUE")
    (signal,) = normalise(body)

    assert isinstance(signal, Signal)
    assert (signal.source, signal.instance_id) == (Source.HEALTH, WEB_1)


@pytest.mark.parametrize(
    ("text", "zones"),
    [
        ("Power is lost in usw2-az1 and usw2-az3.", ("usw2-az1", "usw2-az3")),
        ("Elevated errors in a Local Zone (usw2-lax1-az1).", ("usw2-lax1-az1",)),
        ("Elevated API error rates in the US-EAST-1 Region.", ()),
        ("xuse1-az44444, use1_az4, use1-az", ()),
        (" ".join(f"use1-az{n}" for n in range(ZONES_MAX + 1)), ()),
        ("use1-az4 " * 1000, ("use1-az4",)),
    ],
)
def test_zones_are_read_from_what_aws_writes(text: str, zones: tuple[str, ...]) -> None:
    (issue,) = normalise(changed("health-zone-issue", "detail.eventDescription.0.latestDescription", text))

    assert isinstance(issue, Issue)
    assert issue.zone_ids == zones


@pytest.mark.parametrize(
    "end", ["", "soon", "Thu, 30 Apr 2026 09:12:45 GMT", "Thu, 99 Apr 2026 09:12:00 GMT", "x" * 9999]
)
def test_an_end_that_has_not_come_or_is_no_time_ends_no_issue(end: str) -> None:
    event = json.loads(changed("health-zone-issue", "detail.statusCode", "open"))
    event["detail"]["endTime"] = end
    (issue,) = normalise(json.dumps(event))

    assert isinstance(issue, Issue)
    assert not issue.over
