"""DynamoDB takes no item of more than 400 kB (DynamoDB Developer Guide, Quotas): whatever fails, none becomes one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from defib.aws.codec import Codec
from defib.aws.store import DynamoStore
from defib.core.announce import MEMBERS_MAX, announce
from defib.core.contact import Contact
from defib.core.model import Cause
from defib.core.page.derive import Derived, derive
from defib.core.page.model import ComponentStatus, PublicIncident, Shown
from defib.core.page.posted import BODY_MAX, OPEN_MOST, Posted, posted
from defib.core.page.settings import PageSettings, ServiceOnPage
from defib.core.policy import Policy, Retention
from defib.core.service import ApplicationRemedy
from defib.shell.timelines import timelines
from tests.aws.cases import NOON, a_case
from tests.aws.policies import a_policy, a_service
from tests.aws.table import TABLE
from tests.core.page.shown import trouble

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


class TestPage:
    """What is shown and each incident are items of their own; what one look changes is one transaction of 4 MB."""

    def test_three_hundred_services_each_in_trouble_by_itself_fit_after_a_day_of_updates(self) -> None:
        sizes = Sizes(of_page(300))
        sizes.look(*sizes.names)
        for n in range(OPEN_MOST):
            sizes.post(f"s{n}", 6, "Dark.")
        for hour in (1, 24):
            sizes.look(*sizes.names, after=hour * 60)
        assert sizes.largest < 400_000
        assert sizes.write < 4_000_000

    def test_a_service_that_people_post_about_at_great_length_fits(self) -> None:
        sizes = Sizes(of_page(60))
        for n in range(60):
            sizes.post(f"s{n}", n, "x" * BODY_MAX)
            sizes.post("s0", n, "\N{SNOWMAN}" * BODY_MAX)
        assert sizes.largest < 400_000

    def test_what_a_monitor_posts_each_minute_of_a_day_fits(self) -> None:
        sizes = Sizes(of_page(1))
        for minute in range(1_440):
            sizes.post("s0", minute, "CRITICAL - Socket timeout after 10 seconds: " + "s" * 200)
        assert sizes.largest < 400_000

    @pytest.mark.parametrize("count", [60, 300])
    def test_a_group_that_falls_and_recovers_one_by_one_fits(self, count: int) -> None:
        sizes = Sizes(of_page(count, "Builds"))
        for n in range(count if count < 100 else 12):
            sizes.look(*sizes.names[: n + 1], after=2 + n)
        sizes.look(*sizes.names, after=2 + count)
        assert sizes.largest < 400_000
        for n in range(count if count < 100 else 12):
            sizes.look(*sizes.names[n + 1 :], after=3 + count + n)
        assert sizes.largest < 400_000
        assert len(sizes.shown.components) == count


def of_page(count: int, group: str = "") -> Policy:
    """So many services, with long names."""
    described = (ServiceOnPage(f"{n} {'t' * 50}", "d" * 100, group) for n in range(count))
    services = (a_service(f"s{n}", page=page) for n, page in enumerate(described))
    return replace(a_policy(*services), page=PageSettings(enabled=True))


class Sizes:
    """The page's items as they would be written, call after call."""

    def __init__(self, policy: Policy) -> None:
        self.policy, self.shown = policy, Shown()
        self.names = [service.name for service in policy.services]
        self.kept: dict[int, PublicIncident] = {}
        self.changed: list[PublicIncident] = []
        """By the last call."""

    @property
    def largest(self) -> int:
        return max(item_size(self.shown), *map(item_size, self.kept.values()))

    @property
    def write(self) -> int:
        """The last one, as a whole."""
        return item_size(self.shown) + sum(map(item_size, self.changed))

    def public_incident(self, number: int) -> PublicIncident | None:
        return self.kept.get(number)

    def look(self, *names: str, after: float = 5) -> None:
        more = True
        while more:
            troubled = [trouble(name) for name in names]
            derived = derive(self.shown, troubled, self.policy, NOON + timedelta(minutes=after))
            self._keep(derived)
            more = derived.more

    def post(self, key: str, after: float, message: str) -> None:
        said = Posted(key, ComponentStatus.MAJOR_OUTAGE, message)
        self._keep(posted(self.shown, said, self.policy, NOON + timedelta(minutes=after)))

    def _keep(self, derived: Derived) -> None:
        self.changed = [replace(i, version=1) for i in timelines(derived.changed, self, self.policy)]
        self.kept |= {incident.number: incident for incident in self.changed}
        self.shown = replace(derived.shown, open=tuple(replace(i, version=1) for i in derived.shown.open))


def item_size(value: Shown | PublicIncident) -> int:
    return size_of({"M": Codec().item(value, {})})
