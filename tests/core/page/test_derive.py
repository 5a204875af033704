from __future__ import annotations

from dataclasses import replace

import pytest

from defib.core.incident import Phase
from defib.core.page.derive import components_of, publish
from defib.core.page.model import ComponentStatus, Impact, IncidentStatus, Shown
from defib.core.page.settings import Language, Outage, PageSettings, Publishing, ServiceOnPage
from defib.core.page.words import words
from tests.core.page.shown import API, HIDDEN, NOON, POLICY, WEB, WORKER, Story, minutes, trouble


class TestHold:
    def test_a_blip_that_is_over_before_the_hold_time_is_never_public(self) -> None:
        story = Story()
        for minute in (0, 0.5, 1, 1.9):
            story.at(minute, trouble())
        story.at(2.5)
        assert not story.incidents
        assert story.statuses["web"] == "operational"

    def test_trouble_that_lasts_as_long_as_the_hold_time_is_public(self) -> None:
        story = Story()
        story.at(2, trouble())
        assert story.only.created_at == NOON + minutes(2)
        assert story.only.started_at == NOON
        assert story.statuses == {"web": "degraded_performance", "api": "operational", "worker": "operational"}

    def test_what_is_handed_over_to_people_is_public_at_once(self) -> None:
        story = Story()
        story.at(0.1, trouble(phase=Phase.HANDED_OVER))
        assert story.only.status is IncidentStatus.INVESTIGATING
        assert "looking into it" in story.only.updates[0].body

    def test_a_service_without_a_title_is_never_on_the_page(self) -> None:
        story = Story()
        story.at(60, trouble(HIDDEN.name))
        assert not story.incidents

    def test_a_service_whose_trouble_no_customer_feels_has_no_incident(self) -> None:
        quiet = replace(WEB, page=ServiceOnPage("Website", impact=Outage.OPERATIONAL))
        story = Story(replace(POLICY, services=(quiet,)))
        story.at(60, trouble())
        assert not story.incidents


class TestUpdates:
    def test_an_incident_goes_from_investigating_to_resolved_with_the_repair(self) -> None:
        story = Story()
        story.at(2, trouble(phase=Phase.WATCHING))
        story.at(3, trouble(phase=Phase.REPAIRING))
        story.at(8, trouble(phase=Phase.VERIFYING))
        story.at(9)
        assert story.told == ["investigating", "identified", "monitoring", "resolved"]
        assert story.only.monitoring_at == NOON + minutes(8)
        assert story.only.resolved_at == NOON + minutes(9)

    def test_nothing_is_said_while_nothing_changes(self) -> None:
        story = Story()
        story.at(2, trouble())
        version = story.shown.version
        for minute in range(3, 20):
            story.at(minute, trouble())
        assert story.told == ["identified"]
        assert story.shown.version == version

    def test_worse_or_better_updates_the_incident_and_opens_no_other(self) -> None:
        story = Story()
        story.at(2, trouble(phase=Phase.WATCHING))
        story.at(3, trouble(phase=Phase.WATCHING, instances=2))
        assert story.only.impact is Impact.CRITICAL
        assert story.statuses["web"] == "major_outage"
        (change,) = story.only.updates[-1].affected
        assert (change.old, change.new) == (ComponentStatus.DEGRADED, ComponentStatus.MAJOR_OUTAGE)

    def test_its_impact_stays_the_worst_that_it_was(self) -> None:
        story = Story()
        story.at(2, trouble(instances=2))
        story.at(3, trouble())
        story.at(4)
        assert story.only.impact is Impact.CRITICAL

    def test_services_of_one_group_share_one_incident(self) -> None:
        story = Story()
        story.at(2, trouble("api"))
        story.at(4, trouble("api"), trouble("worker"))
        assert story.only.subject == "group:Builds"
        assert story.only.components == {"api": ComponentStatus.DEGRADED, "worker": ComponentStatus.DEGRADED}
        assert story.only.name == "API and Workers: degraded performance"

    def test_one_that_works_again_is_shown_so_while_the_incident_goes_on(self) -> None:
        story = Story()
        story.at(2, trouble("api"), trouble("worker"))
        story.at(4, trouble("worker"))
        assert story.statuses == {"web": "operational", "api": "operational", "worker": "degraded_performance"}
        assert story.only.resolved_at is None

    def test_other_groups_have_incidents_of_their_own(self) -> None:
        story = Story()
        story.at(2, trouble("api"), trouble("web"))
        assert [i.subject for i in story.incidents.values()] == ["group:Builds", "component:web"]

    def test_a_cure_that_does_not_hold_leads_back_to_identified(self) -> None:
        story = Story()
        story.at(2, trouble(phase=Phase.VERIFYING))
        story.at(4, trouble(phase=Phase.REPAIRING))
        assert story.told == ["monitoring", "identified"]

    def test_what_has_been_found_stays_found_while_a_guard_holds_the_repair(self) -> None:
        story = Story()
        story.at(2, trouble(phase=Phase.REPAIRING))
        story.at(4, trouble(phase=Phase.HELD))
        assert story.told == ["identified"]
        story.at(40, trouble(phase=Phase.HELD))
        assert "The repair waits; we are looking into it." in story.only.updates[-1].body

    def test_what_is_handed_over_after_a_repair_is_said_at_once_and_no_longer_to_be_under_repair(self) -> None:
        story = Story()
        story.at(2, trouble(phase=Phase.REPAIRING))
        for minute in (4, 5, 40):
            story.at(minute, trouble(phase=Phase.HANDED_OVER))
        assert story.told == ["identified"] * 3
        assert [update.at for update in story.only.updates] == [NOON + minutes(after) for after in (2, 4, 40)]
        first, *later = (update.body for update in story.only.updates)
        assert "are repairing" in first
        assert all("our staff have to look at it" in body for body in later)

    def test_a_repair_beside_what_is_handed_over_is_said_to_be_one(self) -> None:
        story = Story()
        story.at(2, trouble("api"), trouble("worker", phase=Phase.HANDED_OVER))
        assert "are repairing" in story.only.updates[-1].body
        story.at(4, trouble("worker", phase=Phase.HANDED_OVER))
        assert "our staff have to look at it" in story.only.updates[-1].body

    def test_who_takes_turns_at_what_stays_identified_is_said_once(self) -> None:
        story = Story()
        story.at(2, trouble(phase=Phase.REPAIRING))
        for minute in range(4, 20, 2):
            story.at(minute, trouble(phase=Phase.HANDED_OVER))
            story.at(minute + 1, trouble(phase=Phase.REPAIRING))
        assert story.told == ["identified"] * 2

    def test_the_promised_update_is_made_when_nothing_else_has_been_said(self) -> None:
        story = Story()
        story.at(2, trouble(phase=Phase.WATCHING))
        promised = story.only.next_update_at
        assert promised == NOON + minutes(32)
        assert "by 12:32 UTC" in story.only.updates[-1].body
        story.at(31.9, trouble(phase=Phase.WATCHING))
        assert len(story.only.updates) == 1
        story.at(32, trouble(phase=Phase.WATCHING))
        assert "began at 12:00 UTC lasts" in story.only.updates[-1].body

    def test_what_lasts_for_days_is_said_less_and_less_often_so_that_it_fits_in_an_item(self) -> None:
        story = Story()
        minute = 2.0
        while minute < 30 * 24 * 60:
            story.at(minute, trouble(phase=Phase.HANDED_OVER))
            promised = story.only.next_update_at
            assert promised is not None
            minute = (promised - NOON) / minutes(1)

        assert len(story.only.updates) < 100
        of_the_second_day = [u for u in story.only.updates if NOON + minutes(1440) <= u.at < NOON + minutes(2880)]
        assert len(of_the_second_day) == 9

    def test_trouble_that_comes_back_later_is_another_incident(self) -> None:
        story = Story()
        story.at(2, trouble())
        story.at(5)
        story.at(30, trouble(since=NOON + minutes(27)))
        assert [i.number for i in story.incidents.values()] == [1, 2]


class TestResolving:
    def test_resolving_sets_every_component_operational_in_the_same_value(self) -> None:
        story = Story()
        story.at(2, trouble("api", instances=3), trouble("worker"))
        derived = story.at(9)
        assert [i.status for i in derived.changed] == [IncidentStatus.RESOLVED]
        assert set(story.statuses.values()) == {"operational"}
        assert {a.new for a in story.only.updates[-1].affected} == {ComponentStatus.OPERATIONAL}
        assert story.only.next_update_at is None

    def test_customers_read_how_long_it_lasted(self) -> None:
        story = Story()
        story.at(2, trouble())
        story.at(75)
        assert "1 hour and 15 minutes" in story.only.updates[-1].body

    @pytest.mark.parametrize("language", Language)
    def test_customers_do_not_read_that_what_nobody_has_seen_work_works_again(self, language: Language) -> None:
        story = Story(replace(POLICY, page=replace(POLICY.page, language=language)))
        story.at(2, trouble())
        story.at(9, lost={"web": NOON + minutes(8)})
        said = words(language)
        assert story.only.updates[-1].body == said.ended.format(names="Website", since="12:00")
        assert (story.only.status, story.statuses["web"]) == (IncidentStatus.RESOLVED, "operational")

    def test_one_of_a_group_is_enough_for_that_and_what_was_lost_before_is_not(self) -> None:
        for service, lost_at, says in (("api", 8, "no longer followed"), ("api", -1, "again"), ("web", 8, "again")):
            story = Story()
            story.at(2, trouble("api"), trouble("worker"))
            story.at(9, lost={service: NOON + minutes(lost_at)})
            assert says in story.only.updates[-1].body

    @pytest.mark.parametrize("gone", [(API, WORKER), (API, replace(WEB, page=ServiceOnPage()), WORKER)])
    def test_a_service_that_leaves_the_page_takes_its_incident_with_it(self, gone: tuple[object, ...]) -> None:
        story = Story()
        story.at(2, trouble())
        story.policy = replace(POLICY, services=gone)  # type: ignore[arg-type]  # parametrize types no tuples
        story.at(3, trouble())
        assert story.only.status is IncidentStatus.RESOLVED
        assert "web" not in story.statuses or story.statuses["web"] == "operational"
        assert "The trouble with Website that began at 12:00 UTC is no longer" in story.only.updates[-1].body
        assert [a.name for a in story.only.updates[-1].affected] == ["Website"]

    def test_one_that_is_renamed_is_no_more_in_the_incident_of_its_group_which_goes_on(self) -> None:
        story = Story()
        story.at(2, trouble("api"), trouble("worker", instances=2))
        story.policy = replace(POLICY, services=(WEB, API, replace(WORKER, name="queue")))
        story.at(3, trouble("api"), trouble("worker", instances=2))
        assert story.only.resolved_at is None
        assert story.only.components == {"api": ComponentStatus.DEGRADED}
        assert "worker" not in story.only.updates[-1].body.lower()
        story.at(5, trouble("api"), trouble("queue"))
        assert story.only.components == {"api": ComponentStatus.DEGRADED, "queue": ComponentStatus.DEGRADED}


class TestDraft:
    policy = replace(POLICY, page=PageSettings(enabled=True, publishing=Publishing.DRAFT))

    def test_a_draft_shows_nothing_and_is_told_of_once(self) -> None:
        story = Story(self.policy)
        story.at(2, trouble())
        story.at(4, trouble(phase=Phase.VERIFYING))
        assert [draft.number for draft in story.drafted] == [1]
        assert story.only.draft
        assert set(story.statuses.values()) == {"operational"}

    def test_a_draft_has_one_update_that_is_kept_up_to_date(self) -> None:
        story = Story(self.policy)
        story.at(2, trouble())
        story.at(4, trouble(instances=2))
        assert [u.sequence for u in story.only.updates] == [1]
        assert story.only.components == {"web": ComponentStatus.MAJOR_OUTAGE}

    def test_a_draft_is_withdrawn_when_the_trouble_is_over(self) -> None:
        story = Story(self.policy)
        story.at(2, trouble())
        story.at(5)
        assert story.only.withdrawn
        assert story.shown.open == ()

    def test_once_published_its_updates_follow_by_themselves(self) -> None:
        story = Story(self.policy)
        story.at(2, trouble(phase=Phase.WATCHING))
        story.keep(publish(story.shown, 1, self.policy, NOON + minutes(5)))
        assert story.statuses["web"] == "degraded_performance"
        assert story.only.created_at == story.only.updates[0].at == NOON + minutes(5)
        story.at(6, trouble(phase=Phase.REPAIRING))
        story.at(9)
        assert story.told == ["investigating", "identified", "resolved"]
        assert len(story.drafted) == 1

    @pytest.mark.parametrize("number", [2, 0])
    def test_publishing_what_is_no_draft_changes_nothing(self, number: int) -> None:
        story = Story(self.policy)
        story.at(2, trouble())
        assert publish(story.shown, number, self.policy, NOON + minutes(5)).shown == story.shown


class TestComponents:
    def test_those_of_one_group_stand_together_in_the_policys_order(self) -> None:
        components = components_of(POLICY, Shown(), NOON)
        assert [(c.key, c.group, c.position) for c in components] == [
            ("api", "Builds", 1),
            ("worker", "Builds", 2),
            ("web", "", 3),
        ]

    def test_a_component_keeps_its_id_and_its_age(self) -> None:
        first = components_of(POLICY, Shown(), NOON)
        again = components_of(POLICY, Shown(components=first), NOON + minutes(60))
        assert again == first
        assert len(first[0].id) == 12

    @pytest.mark.parametrize(
        "page",
        [
            ServiceOnPage("Shop"),
            ServiceOnPage("Website", description="Everything under www.example.com."),
            ServiceOnPage("Website", group="Builds"),
        ],
        ids=["another title", "a description", "a group"],
    )
    def test_a_component_that_is_described_anew_keeps_its_id_and_its_age(self, page: ServiceOnPage) -> None:
        (first,) = components_of(
            replace(POLICY, services=(replace(WEB, page=ServiceOnPage("Website")),)), Shown(), NOON
        )
        described = replace(POLICY, services=(replace(WEB, page=page),))
        (again,) = components_of(described, Shown(components=(first,)), NOON + minutes(60))
        assert (again.name, again.description, again.group) == (page.title, page.description, page.group)
        assert (again.id, again.created_at) == (first.id, NOON)
