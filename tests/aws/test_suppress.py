"""EC2's application status check: read beneath a suppression, suppressed for a bounded time, and resumed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest

from defib.aws import application, suppress
from defib.core.model import Check, Checks, CheckStatus
from defib.shell.ports import CallFailed, Rejected, Transient
from tests.aws.fleet import Overlay

if TYPE_CHECKING:
    from collections.abc import Callable

    from botocore.client import BaseClient
    from mypy_boto3_ec2 import EC2Client

WEB = "i-0a1b2c3d4e5f60001"
HALF_AN_HOUR = timedelta(minutes=30)
SINCE = datetime(2026, 9, 8, 3, 4, tzinfo=UTC)
OK, SILENT = Check(CheckStatus.OK), Check(CheckStatus.SUPPRESSED)
APPLIES = Checks(OK, OK, application=OK)
ENABLE, DISABLE = "EnableApplicationStatusCheckSuppression", "DisableApplicationStatusCheckSuppression"
ACTS: list[tuple[str, Callable[[EC2Client], str]]] = [
    (ENABLE, lambda ec2: suppress.perform(ec2, WEB, HALF_AN_HOUR)),
    (DISABLE, lambda ec2: suppress.perform(ec2, WEB, None)),
]


class OldClient:
    """A client whose model knows nothing of application status checks."""


@pytest.fixture
def overlay(ec2: EC2Client) -> Overlay:
    laid = Overlay().lay_over(cast("BaseClient", ec2))
    laid.answers[ENABLE] = laid.answers[DISABLE] = {"SuccessfulResults": [{"InstanceId": WEB}]}
    return laid


def status(said: str, *details: dict[str, Any]) -> dict[str, Any]:
    """What DescribeApplicationStatus answers of one instance."""
    found = {"InstanceId": WEB, "ApplicationStatus": {"Status": said, "Details": list(details)}}
    return {"ApplicationStatuses": {"Instances": [found]}}


def detail(said: str, aggregation: str = "included") -> dict[str, Any]:
    return {"ApplicationStatusCheckId": "asc-1", "Aggregation": aggregation, "Status": said, "StatusSince": SINCE}


def test_a_suppression_names_one_instance_and_always_a_time(ec2: EC2Client, overlay: Overlay) -> None:
    suppress.begin(ec2, WEB, HALF_AN_HOUR)
    suppress.end(ec2, WEB)

    (begun,), (ended,) = overlay.named(ENABLE), overlay.named(DISABLE)
    assert (begun["InstanceIds"], begun["DurationSeconds"]) == ([WEB], 1800)
    assert ended["InstanceIds"] == [WEB]


@pytest.mark.parametrize(("operation", "act"), ACTS)
def test_a_call_that_succeeds_and_does_nothing_is_a_refusal(
    ec2: EC2Client, overlay: Overlay, operation: str, act: Callable[[EC2Client], str]
) -> None:
    overlay.answers[operation] = {"UnsuccessfulResults": [{"InstanceId": WEB, "Reason": "no check is associated"}]}

    with pytest.raises(Rejected, match="no check is associated"):
        act(ec2)


@pytest.mark.parametrize(("code", "error"), [("UnauthorizedOperation", Rejected), ("RequestLimitExceeded", Transient)])
@pytest.mark.parametrize(("operation", "act"), ACTS)
def test_a_failure_is_sorted_by_what_can_be_done_about_it(
    ec2: EC2Client,
    overlay: Overlay,
    operation: str,
    act: Callable[[EC2Client], str],
    code: str,
    error: type[CallFailed],
) -> None:
    overlay.refusals[operation] = code

    with pytest.raises(error) as failed:
        act(ec2)

    assert failed.value.code == code


@pytest.mark.parametrize(("operation", "act"), ACTS)
def test_an_sdk_without_the_api_is_refused_with_what_to_do(operation: str, act: Callable[[EC2Client], str]) -> None:
    with pytest.raises(Rejected, match=r"put a newer boto3 into functions/requirements\.txt") as refused:
        act(cast("EC2Client", OldClient()))

    assert refused.value.code == suppress.OLD_SDK


@pytest.mark.parametrize(
    ("details", "beneath"),
    [
        ([detail("passed")], OK),
        ([detail("passed"), detail("failed")], Check(CheckStatus.IMPAIRED, SINCE)),
        ([detail("passed"), detail("initializing")], Check(CheckStatus.INITIALIZING)),
        ([detail("insufficient-data"), detail("passed")], Check(CheckStatus.INSUFFICIENT_DATA)),
        ([detail("passed"), detail("failed", "excluded")], OK),
        ([], Check(CheckStatus.NOT_APPLICABLE)),
    ],
    ids=["passes", "one of two fails", "starting", "unsure", "what is excluded never counts", "nothing is said"],
)
def test_beneath_a_suppression_the_checks_go_on(
    ec2: EC2Client, overlay: Overlay, details: list[dict[str, Any]], beneath: Check
) -> None:
    overlay.answers["DescribeApplicationStatus"] = status("suppressed", *details)

    seen = application.completed(ec2, WEB, APPLIES, silenced=True)

    assert (seen.application, seen.beneath) == (SILENT, beneath)


def test_what_is_not_suppressed_stays_as_it_was_read(ec2: EC2Client, overlay: Overlay) -> None:
    overlay.answers["DescribeApplicationStatus"] = status("impaired", detail("failed"))

    assert application.completed(ec2, WEB, APPLIES, silenced=False) == APPLIES


def test_what_defib_has_suppressed_is_seen_though_ec2_says_that_no_check_applies(
    ec2: EC2Client, overlay: Overlay
) -> None:
    overlay.answers["DescribeApplicationStatus"] = status("suppressed", detail("failed"))

    seen = application.completed(ec2, WEB, Checks(OK, OK), silenced=True)

    assert (seen.application, seen.beneath) == (SILENT, Check(CheckStatus.IMPAIRED, SINCE))


def test_where_no_check_applies_and_defib_has_suppressed_none_nothing_is_asked(
    ec2: EC2Client, overlay: Overlay
) -> None:
    assert application.completed(ec2, WEB, Checks(OK, OK), silenced=False) == Checks(OK, OK)
    assert overlay.calls == []


@pytest.mark.parametrize("checks", [APPLIES, Checks(OK, OK)], ids=["one applies", "none applies"])
def test_who_may_not_ask_sees_what_there_is(ec2: EC2Client, overlay: Overlay, checks: Checks) -> None:
    overlay.refusals["DescribeApplicationStatus"] = "UnauthorizedOperation"

    assert application.completed(ec2, WEB, checks, silenced=True) == checks
    assert application.completed(cast("EC2Client", OldClient()), WEB, checks, silenced=True) == checks


def test_a_suppression_of_which_ec2_says_nothing_just_now_is_not_taken_for_none(
    ec2: EC2Client, overlay: Overlay
) -> None:
    overlay.refusals["DescribeApplicationStatus"] = "RequestLimitExceeded"

    with pytest.raises(Transient):
        application.completed(ec2, WEB, Checks(OK, OK), silenced=True)
