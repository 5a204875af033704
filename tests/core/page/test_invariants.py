"""Whatever happens to the services, in whatever order, the page keeps its promises."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from defib.core.incident import Phase
from defib.core.page.model import ComponentStatus, IncidentStatus
from defib.core.page.settings import PageSettings, Publishing
from defib.core.page.trouble import Trouble, component_status
from tests.core.page.shown import NOON, POLICY, Story, minutes

SERVICES = tuple(service for service in POLICY.services if service.page.title)


@st.composite
def looks(draw: st.DrawFn) -> list[tuple[float, tuple[Trouble, ...]]]:
    """Moments in order, each with what is in trouble then; a trouble that goes on keeps its beginning."""
    since: dict[str, datetime] = {}
    found: list[tuple[float, tuple[Trouble, ...]]] = []
    at = 0.0
    for _ in range(draw(st.integers(1, 12))):
        at += draw(st.sampled_from((0.2, 1.0, 2.5, 10.0, 45.0)))
        failing = draw(st.sets(st.sampled_from([service.name for service in SERVICES])))
        since = {name: since.get(name, NOON + minutes(at)) for name in sorted(failing)}
        phases = st.sets(st.sampled_from([p for p in Phase if p is not Phase.CLOSED]), min_size=1)
        found.append(
            (at, tuple(Trouble(n, s, draw(st.integers(1, 3)), frozenset(draw(phases))) for n, s in since.items()))
        )
    return found


@given(looks())
def test_what_lasts_longer_than_the_hold_time_is_shown_as_it_is(story: list[tuple[float, tuple[Trouble, ...]]]) -> None:
    told = Story()
    by_name = {service.name: service for service in SERVICES}
    for at, troubled in story:
        told.at(at, *troubled)
        shown = {c.key: c.status for c in told.shown.components}
        for trouble in troubled:
            if NOON + minutes(at) - trouble.since >= POLICY.page.hold:
                assert shown[trouble.service] is component_status(trouble, by_name[trouble.service])
        for name in by_name.keys() - {trouble.service for trouble in troubled}:
            assert shown[name] is ComponentStatus.OPERATIONAL


@given(looks())
def test_a_subject_never_has_two_open_incidents_and_every_incident_ends_with_its_trouble(
    story: list[tuple[float, tuple[Trouble, ...]]],
) -> None:
    told = Story()
    for at, troubled in story:
        told.at(at, *troubled)
        subjects = [incident.subject for incident in told.shown.open]
        assert len(subjects) == len(set(subjects))
    told.at(story[-1][0] + 1)
    assert told.shown.open == ()
    assert {incident.status for incident in told.incidents.values()} <= {IncidentStatus.RESOLVED}


@given(looks())
def test_updates_are_numbered_in_order_and_say_what_the_one_before_left(
    story: list[tuple[float, tuple[Trouble, ...]]],
) -> None:
    told = Story()
    for at, troubled in story:
        told.at(at, *troubled)
    for incident in told.incidents.values():
        assert [u.sequence for u in incident.updates] == list(range(1, len(incident.updates) + 1))
        assert [u.at for u in incident.updates] == sorted(u.at for u in incident.updates)
        standing: dict[str, ComponentStatus] = {}
        for update in incident.updates:
            for affected in update.affected:
                assert affected.old is standing.get(affected.key, ComponentStatus.OPERATIONAL)
                standing[affected.key] = affected.new


@given(looks())
def test_a_second_look_at_the_same_moment_changes_nothing(story: list[tuple[float, tuple[Trouble, ...]]]) -> None:
    told = Story()
    for at, troubled in story:
        told.at(at, *troubled)
        shown = told.shown
        assert told.at(at, *troubled).changed == ()
        assert told.shown == shown


@given(looks())
def test_in_draft_mode_nothing_is_ever_shown_by_itself(story: list[tuple[float, tuple[Trouble, ...]]]) -> None:
    told = Story(replace(POLICY, page=PageSettings(enabled=True, publishing=Publishing.DRAFT)))
    for at, troubled in story:
        told.at(at, *troubled)
        assert {c.status for c in told.shown.components} == {ComponentStatus.OPERATIONAL}
    assert all(incident.draft for incident in told.incidents.values())
