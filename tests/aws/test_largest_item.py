"""DynamoDB takes no item of more than 400 kB (DynamoDB Developer Guide, Quotas): whatever fails, none becomes one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from defib.aws.store import DynamoStore
from defib.core.announce import MEMBERS_MAX, announce
from defib.core.contact import Contact
from defib.core.model import Cause
from defib.core.policy import Retention
from defib.core.service import ApplicationRemedy
from tests.aws.cases import NOON, a_case
from tests.aws.policies import a_policy, a_service
from tests.aws.table import TABLE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_dynamodb import DynamoDBClient

    from defib.core.incident import Incident


def size_of(value: Mapping[str, Any]) -> int:
    """Bytes of one attribute's value, as DynamoDB counts them (DynamoDB Developer Guide, Item sizes and formats)."""
    ((kind, content),) = value.items()
    match kind:
        case "L":
            return 3 + sum(1 + size_of(one) for one in content)
        case "M":
            return 3 + sum(1 + len(name) + size_of(one) for name, one in content.items())
        case "S":
            return len(content.encode())
        case _:
            # A number has 21 bytes at most; booleans and nulls have one.
            return 21


def test_an_incident_of_ever_so_many_cases_with_long_names_fits_in_an_item(dynamodb: DynamoDBClient) -> None:
    policy = a_policy(a_service(application_down=ApplicationRemedy.RESTART, tell=("ann",)))
    policy = replace(policy, contacts=(Contact("ann", email=("ann@example.com",)),))
    incident: Incident | None = None
    for number in range(MEMBERS_MAX + 200):
        begun = a_case(f"i-{number:017x}", name="n" * 256, cause=Cause.APPLICATION_DOWN)
        known = replace(begun, confirmed_at=NOON, confirmed_cause=Cause.APPLICATION_DOWN)
        given_up = replace(known, handed_over_at=NOON, reason="r" * 500, ask="a" * 500)
        incident, _ = announce(incident, begun, given_up, policy, NOON)

    assert incident is not None
    item = DynamoStore(dynamodb, TABLE, Retention()).incident_item(incident)
    assert size_of({"M": item}) < 400_000
