"""Texts to the United States: sent only where a number is registered for it, which SNS does not say by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from defib.aws.clients import client
from defib.core.medium import Medium
from defib.core.policy import Calls
from defib.core.reach import Address, Topic
from infra.texts import unsent
from tests.aws.fleet import Overlay

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

HERE = "us-west-2"
PHONE = Address(Topic.INCIDENTS, Medium.SMS, "+12025550123", "oncall")
ABROAD = Address(Topic.INCIDENTS, Medium.SMS, "+442079460000", "london")
MAIL = Address(Topic.INCIDENTS, Medium.EMAIL, "+1@example.com", "oncall")
TOLL_FREE = {
    "PhoneNumber": "+18005550123",
    "Status": "Active",
    "Iso2CountryCode": "US",
    "NumberCapabilities": ["SMS", "VOICE"],
}


def sns(**laid: Any) -> tuple[SNSClient, Overlay]:
    made = client("sns", Calls(attempts=1), HERE)
    return made, Overlay(**laid).lay_over(made)


def registered(*numbers: dict[str, Any]) -> SNSClient:
    return sns(answers={"ListOriginationNumbers": {"PhoneNumbers": list(numbers)}})[0]


def test_where_a_number_is_registered_nothing_is_said() -> None:
    assert unsent(registered({**TOLL_FREE, "Iso2CountryCode": "GB"}, TOLL_FREE), HERE, [PHONE]) == ""


@pytest.mark.parametrize(
    "numbers",
    [
        [],
        [{**TOLL_FREE, "Iso2CountryCode": "GB"}],
        [{**TOLL_FREE, "Status": "Pending"}],
        [{**TOLL_FREE, "NumberCapabilities": ["VOICE"]}],
    ],
    ids=["none", "of another country", "not yet registered", "for calls only"],
)
def test_where_none_can_send_it_is_said_of_which_region_and_for_whom(numbers: list[dict[str, Any]]) -> None:
    said = unsent(registered(*numbers), HERE, [PHONE, ABROAD, MAIL])

    assert said.startswith("Texts from us-west-2 to +12025550123, if in the United States, go out only with")
    assert "there is none" in said


def test_who_may_not_ask_is_told_all_the_same() -> None:
    refused, _ = sns(refusals={"ListOriginationNumbers": "AuthorizationError"})

    said = unsent(refused, HERE, [PHONE])

    assert "whether there is one could not be asked" in said
    assert "AuthorizationError" in said


def test_nobody_is_asked_where_no_text_goes_there() -> None:
    asking, asked = sns()

    assert unsent(asking, HERE, [ABROAD, MAIL]) == ""
    assert asked.calls == []
