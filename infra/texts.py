"""Whether texts to the United States can be sent at all: SNS takes each, and says nowhere that it did not go out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from defib.core.medium import Medium
from defib.core.reach import Address

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

US = "US"
US_PREFIX = "+1"
"""Of Canada and the Caribbean too: nothing in a number says which without a list of area codes."""


def unsent(sns: SNSClient, region: str, addresses: Sequence[Address]) -> str:
    """What is wrong with texts from ``region`` to the United States, in a line; empty where nothing is.

    Carriers there take texts only from a number that is registered to send them, and each is of one Region alone (AWS
    End User Messaging SMS User Guide, Phone numbers). Who asks needs ``sns:ListOriginationNumbers``, and
    ``sms-voice:DescribePhoneNumbers`` through SNS (AWS managed policy AmazonSNSReadOnlyAccess).
    """
    numbers = sorted({a.endpoint for a in addresses if a.medium is Medium.SMS and a.endpoint.startswith(US_PREFIX)})
    if not numbers:
        return ""
    why = _why(sns)
    if not why:
        return ""
    return (
        f"Texts from {region} to {', '.join(numbers)}, if in the United States, go out only with a toll-free number, "
        f'10DLC or short code registered there, {why}: docs/configuration.md, "Who is told?"'
    )


def _why(sns: SNSClient) -> str:
    """Empty where some number may send."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - only after a deploy

    try:
        for page in sns.get_paginator("list_origination_numbers").paginate():
            for number in page["PhoneNumbers"]:
                sends = "SMS" in number.get("NumberCapabilities", ())
                if sends and number.get("Iso2CountryCode") == US and number.get("Status", "").upper() == "ACTIVE":
                    return ""
    except (BotoCoreError, ClientError) as error:
        return f"and whether there is one could not be asked ({error})"
    return "and there is none"
