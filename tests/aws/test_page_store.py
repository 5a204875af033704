"""What the page's store promises, kept alike by the table in DynamoDB and by the fake."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from defib.aws.page_store import KEPT_FOR, PAGE, DynamoPageStore
from defib.aws.store import DynamoStore
from defib.core.incident import Incident
from defib.core.page.derive import Derived, derive, publish
from defib.core.page.draft import ask_to_publish
from defib.core.page.elsewhere import Kind, OtherPage
from defib.core.page.elsewhere_news import news
from defib.core.page.followed import About, Doing, Failing, Followed, Held, Item
from defib.core.page.model import ComponentStatus, MaintenanceStatus, PlannedOutage, Shown
from defib.core.page.settings import PageSettings, Publishing, ServiceOnPage
from defib.core.page.timeline import brief
from defib.core.policy import Retention, Service
from defib.core.stack import Crowd, Impairment, Stack
from defib.shell.elsewhere import FollowStore
from defib.shell.page import PageStore, Repaged
from defib.shell.store import Conflict, Remembered, Surveyed
from sim.memory.page import FakePageStore
from tests.aws.account import REGION
from tests.aws.table import TABLE
from tests.core.facts import case
from tests.core.page.shown import NOON, POLICY, minutes, trouble

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

LATER = NOON + minutes(6)
FOLLOWED = Followed(
    counted=7,
    items=(
        Item(About.INCIDENT, "7", "p31zjtct2jer", "2", ("8kbf7d35c070",)),
        Item(
            About.OUTAGE,
            "20260430-1300",
            told="scheduled 2026-04-30T14:00Z",
            outage=PlannedOutage(
                "Maintenance", "At night.", ("web",), NOON, NOON + minutes(60), MaintenanceStatus.SCHEDULED
            ),
        ),
    ),
    components={"8kbf7d35c070": ComponentStatus.MAJOR_OUTAGE},
    latest={"website": "ahJzfnN0YXNoYm9hcmQ"},
    doing=Doing("incident:7", NOON + minutes(1), "3", "8kbf7d35c070"),
    quiet_until=NOON + minutes(2),
    tries=4,
    held=(Held("outage:20260430-1300", NOON + minutes(5)),),
    failing=Failing(NOON, "telling Statuspage of incident:7: 503", told=True, mend=True),
    looked_at=NOON,
)
"""With something of everything."""
DRAFTING = replace(POLICY, page=PageSettings(enabled=True, publishing=Publishing.DRAFT))


@pytest.fixture(params=["dynamodb", "fake"])
def store(request: pytest.FixtureRequest) -> PageStore:
    if request.param == "fake":
        return FakePageStore()
    return DynamoPageStore(request.getfixturevalue("dynamodb"), TABLE, Retention())


def opened(store: PageStore, *services: str) -> Repaged:
    """The page with an incident about each."""
    derived = derive(store.shown(), [trouble(service) for service in services], POLICY, NOON + minutes(5))
    return store.remember_page(change(derived))


def change(derived: Derived) -> Repaged:
    return Repaged(derived.shown, derived.changed)


def test_at_first_nothing_is_shown(store: PageStore) -> None:
    assert store.shown() == Shown()
    assert store.public_incidents(10) == []
    assert list(store.bulletins()) == []
    assert store.latest_incident("web") is None


def test_what_was_remembered_is_read_back_with_the_next_versions(store: PageStore) -> None:
    written = opened(store, "web")
    assert store.shown() == written.shown
    assert written.shown.version == 1
    assert store.public_incidents(10) == [*written.changed]
    assert [*written.shown.open] == [brief(incident) for incident in written.changed]
    assert written.changed[0].version == 1


def test_a_second_write_of_what_was_read_before_the_first_is_refused(store: PageStore) -> None:
    derived = derive(store.shown(), [trouble()], POLICY, NOON + minutes(5))
    store.remember_page(change(derived))
    with pytest.raises(Conflict):
        store.remember_page(change(derived))
    assert store.shown().version == 1


def test_an_incident_goes_on_under_its_number(store: PageStore) -> None:
    opened(store, "web")
    resolved = store.remember_page(change(derive(store.shown(), [], POLICY, NOON + minutes(9))))
    (incident,) = store.public_incidents(10)
    assert incident == resolved.changed[0]
    assert incident.version == 2
    assert store.shown().open == ()


def test_the_newest_come_first_and_no_more_than_asked_for(store: PageStore) -> None:
    opened(store, "web", "api")
    store.remember_page(change(derive(store.shown(), [], POLICY, NOON + minutes(9))))
    opened(store, "worker")
    assert [incident.number for incident in store.public_incidents(10)] == [3, 2, 1]
    assert [incident.number for incident in store.public_incidents(2)] == [3, 2]


def test_a_draft_is_remembered_with_its_notice_and_is_not_public(store: PageStore) -> None:
    derived = derive(store.shown(), [trouble()], DRAFTING, NOON + minutes(5))
    (draft,) = derived.drafted
    store.remember_page(Repaged(derived.shown, derived.changed, (ask_to_publish(draft, REGION, NOON),)))
    assert store.public_incidents(10) == []
    assert [incident.draft for incident in store.shown().open] == [True]
    store.remember_page(change(publish(store.shown(), 1, DRAFTING, NOON + minutes(6))))
    assert [incident.number for incident in store.public_incidents(10)] == [1]


def test_a_draft_that_was_withdrawn_never_becomes_public(store: PageStore) -> None:
    store.remember_page(change(derive(store.shown(), [trouble()], DRAFTING, NOON + minutes(5))))
    store.remember_page(change(derive(store.shown(), [], DRAFTING, NOON + minutes(6))))
    assert store.public_incidents(10) == []


def test_an_incident_is_read_by_its_number_a_draft_too_and_one_that_was_withdrawn(store: PageStore) -> None:
    follows = following(store)
    assert follows.public_incident(1) is None
    opened(store, "web")
    assert follows.public_incident(1) == store.public_incidents(10)[0]
    drafted = store.remember_page(change(derive(store.shown(), [trouble("web"), trouble("api")], DRAFTING, LATER)))
    assert [incident.draft for incident in drafted.changed] == [True]
    assert follows.public_incident(2) == drafted.changed[0]
    store.remember_page(change(derive(store.shown(), [trouble("web")], DRAFTING, LATER)))
    withdrawn = follows.public_incident(2)
    assert withdrawn is not None
    assert withdrawn.withdrawn
    assert follows.public_incident(3) is None


def test_a_page_that_has_never_been_followed_knows_nothing(store: PageStore) -> None:
    assert following(store).followed("atlassian") == Followed()


def test_what_was_remembered_of_a_page_is_read_back_whole_with_the_next_version(store: PageStore) -> None:
    follows = following(store)
    first = follows.remember_followed("atlassian", FOLLOWED)
    assert first == replace(FOLLOWED, version=1)
    assert follows.followed("atlassian") == first
    second = follows.remember_followed("atlassian", replace(first, doing=None, failing=None, held=(), items=()))
    assert (second.version, follows.followed("atlassian")) == (2, second)


def test_what_was_remembered_of_a_page_before_anybody_left_word_is_read(dynamodb: DynamoDBClient) -> None:
    store = DynamoPageStore(dynamodb, TABLE, Retention())
    store.remember_followed("atlassian", FOLLOWED)
    key = {"pk": {"S": PAGE}, "sk": {"S": "ELSEWHERE#atlassian"}}
    dynamodb.update_item(TableName=TABLE, Key=key, UpdateExpression="REMOVE looked_at")

    assert store.followed("atlassian") == replace(FOLLOWED, version=1, looked_at=None)


def test_of_two_who_read_the_same_of_a_page_the_second_is_refused(store: PageStore) -> None:
    follows = following(store)
    follows.remember_followed("atlassian", FOLLOWED)
    for stale in (FOLLOWED, replace(FOLLOWED, version=2)):
        with pytest.raises(Conflict):
            follows.remember_followed("atlassian", stale)
    assert follows.followed("atlassian").version == 1


def test_each_page_that_follows_is_remembered_by_itself_and_none_with_this_one(store: PageStore) -> None:
    follows = following(store)
    follows.remember_followed("atlassian", FOLLOWED)
    assert follows.followed("chat") == Followed()
    follows.remember_followed("chat", Followed(counted=3))
    assert follows.followed("atlassian") == replace(FOLLOWED, version=1)
    assert (store.shown(), store.public_incidents(10)) == (Shown(), [])


def following(store: PageStore) -> FollowStore:
    """The same store, as those read it who tell other pages."""
    assert isinstance(store, DynamoPageStore | FakePageStore)
    return store


class TestTable:
    """What only the table can break."""

    def test_a_drafts_notice_is_due_until_it_has_gone_out(self, dynamodb: DynamoDBClient) -> None:
        page, store = DynamoPageStore(dynamodb, TABLE, Retention()), DynamoStore(dynamodb, TABLE, Retention())
        derived = derive(page.shown(), [trouble()], DRAFTING, NOON + minutes(5))
        page.remember_page(Repaged(derived.shown, derived.changed, (ask_to_publish(derived.drafted[0], REGION, NOON),)))
        (notice,) = store.unpublished_notices(NOON + minutes(10), 10)
        assert store.notice("draft:page-1", 1) == notice

    def test_a_draft_and_a_service_that_is_called_page_keep_their_notices_apart(self, dynamodb: DynamoDBClient) -> None:
        page, store = DynamoPageStore(dynamodb, TABLE, Retention()), DynamoStore(dynamodb, TABLE, Retention())
        derived = derive(page.shown(), [trouble()], DRAFTING, NOON + minutes(5))
        draft = ask_to_publish(derived.drafted[0], "us-east-1", NOON)
        of_the_service = replace(draft, incident_id="page-1", service="page")
        page.remember_page(Repaged(derived.shown, derived.changed, (draft,)))
        store.remember(Remembered(case(service="page", version=0), Incident("page", 1, NOON), (of_the_service,)))
        assert store.unpublished_notices(NOON + minutes(10), 10) == [draft, of_the_service]

    def test_what_is_over_is_forgotten_in_time_and_what_is_open_never(self, dynamodb: DynamoDBClient) -> None:
        page = DynamoPageStore(dynamodb, TABLE, Retention())
        opened(page, "web")
        key = {"pk": {"S": "PAGE"}, "sk": {"S": "INCIDENT#000001"}}
        assert "expires" not in dynamodb.get_item(TableName=TABLE, Key=key)["Item"]
        page.remember_page(change(derive(page.shown(), [], POLICY, NOON + minutes(9))))
        expires = int(dynamodb.get_item(TableName=TABLE, Key=key)["Item"]["expires"]["N"])
        assert expires == (NOON + minutes(9) + KEPT_FOR).timestamp()
        assert timedelta(days=365) < KEPT_FOR

    @pytest.mark.parametrize("publishing", Publishing)
    def test_no_write_has_more_items_than_a_transaction_takes_however_many_services_fail(
        self, dynamodb: DynamoDBClient, publishing: Publishing
    ) -> None:
        """At most 100 (DynamoDB API, TransactWriteItems)."""
        page, writes = DynamoPageStore(dynamodb, TABLE, Retention()), list[int]()
        settings = PageSettings(enabled=True, publishing=publishing)
        services = (Service(f"s{n}", {"n": (str(n),)}, page=ServiceOnPage(f"Service {n}")) for n in range(110))
        policy = replace(POLICY, services=tuple(services), page=settings)
        counted = lambda params, **_: writes.append(len(params["TransactItems"]))  # noqa: E731 - a hook
        dynamodb.meta.events.register("provide-client-params.dynamodb.TransactWriteItems", counted)
        derived = Derived(page.shown(), more=True)
        while derived.more:
            troubled = [trouble(service.name) for service in policy.services]
            derived = derive(page.shown(), troubled, policy, NOON + minutes(5))
            notices = tuple(ask_to_publish(draft, REGION, NOON) for draft in derived.drafted)
            page.remember_page(Repaged(derived.shown, derived.changed, notices))
        assert max(writes) <= 100
        assert len(page.shown().open) == 110

    def test_what_tells_of_many_services_is_known_once_staff_have_been_told_of_it(
        self, dynamodb: DynamoDBClient
    ) -> None:
        page, store = DynamoPageStore(dynamodb, TABLE, Retention()), DynamoStore(dynamodb, TABLE, Retention())
        told, suspected = Impairment("us-east-1a", NOON, 7, incident=1), Impairment("us-east-1b", NOON, 7)
        incident = Incident("zone:us-east-1a", 1, NOON, services={"web": 7})
        crowd = Crowd(NOON, {"web": 120, "api": 9}, 129)
        stack = store.remember_stack(Surveyed(Stack(impaired=(told, suspected), crowd=crowd), incident)).stack
        assert list(page.bulletins()) == ["zone:us-east-1a"]
        assert store.stack().crowd == crowd
        store.remember_stack(Surveyed(replace(stack, crowd=replace(crowd, incident=1, told=129))))
        assert list(page.bulletins()) == ["zone:us-east-1a", "defib:crowd"]
        kept = page.latest_incident("zone:us-east-1a")
        assert kept is not None
        assert kept.services == {"web": 7}

    def test_a_notice_about_a_page_is_due_with_what_is_remembered_of_it_or_neither_is(
        self, dynamodb: DynamoDBClient
    ) -> None:
        page, store = DynamoPageStore(dynamodb, TABLE, Retention()), DynamoStore(dynamodb, TABLE, Retention())
        other = OtherPage("atlassian", Kind.STATUSPAGE, "defib/statuspage")
        untold = replace(FOLLOWED, failing=Failing(NOON, "telling it: 401", mend=True))
        told, notice = news(Followed(), untold, other, POLICY, NOON)
        assert notice is not None
        page.remember_followed("atlassian", told, [notice])
        assert store.unpublished_notices(NOON + minutes(10), 10) == [notice]
        assert page.followed("atlassian").failing == replace(untold.failing or Failing(NOON, ""), told=True)
        with pytest.raises(Conflict):
            page.remember_followed("atlassian", told, [replace(notice, sequence=2)])
        assert store.notice(notice.incident_id, 2) is None
