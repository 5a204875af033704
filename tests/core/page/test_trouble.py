"""Which services are in trouble, from the incidents that staff are told of."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from defib.core.incident import Incident, Member, Phase
from defib.core.model import Cause
from defib.core.page.trouble import Trouble, losses, troubles

NOON = datetime(2026, 4, 30, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=3)


def member(number: int, phase: Phase = Phase.REPAIRING, since: datetime = NOON) -> Member:
    name = f"i-0aa{number}"
    return Member(f"{name}-1", name, f"web-{number}", "us-east-1a", Cause.SYSTEM_IMPAIRED, since, phase)


def closed(number: int, since: datetime, at: datetime) -> Member:
    return replace(member(number, Phase.CLOSED, since), closed_at=at)


def test_a_service_is_in_trouble_while_an_instance_of_its_newest_incident_is() -> None:
    open_one = Incident("web", 1, NOON, members=(member(1), member(2, Phase.CLOSED)))
    ended = Incident("api", 1, NOON, members=(member(3),), resolved_at=LATER)

    assert troubles([open_one, ended]) == (Trouble("web", NOON, 1, frozenset({Phase.REPAIRING})),)


def test_what_fails_by_itself_and_what_fails_with_its_zone_is_one_trouble_since_the_first_of_both() -> None:
    alone = Incident("web", 1, LATER, members=(member(1, Phase.HANDED_OVER, LATER),))
    zone = Incident("zone:us-east-1a", 1, NOON, services={"web": 4})

    assert troubles([alone, zone]) == (Trouble("web", NOON, 5, frozenset({Phase.HANDED_OVER, Phase.HELD})),)


def test_trouble_that_goes_from_one_instance_to_another_without_a_gap_began_with_the_first() -> None:
    first, second = closed(1, NOON - timedelta(minutes=5), NOON), closed(2, NOON, LATER)
    relay = Incident("web", 1, NOON, members=(first, second, member(3, since=LATER)))

    (trouble,) = troubles([relay])

    assert (trouble.since, trouble.instances) == (NOON - timedelta(minutes=5), 1)


@pytest.mark.parametrize("phase", [Phase.VERIFYING, Phase.HANDED_OVER])
def test_what_keeps_an_incident_open_while_all_serve_bridges_no_gap(phase: Phase) -> None:
    """A restart before an event is over, and AWS's list has yet to hear of it."""
    moved = replace(member(1, phase), cause=Cause.EVENT_SCHEDULED, idle=True)
    healed = closed(2, NOON - timedelta(hours=2), NOON - timedelta(minutes=1))

    assert troubles([Incident("web", 1, NOON, members=(moved, healed))]) == ()
    (trouble,) = troubles([Incident("web", 1, NOON, members=(moved, healed, member(3)))])
    assert (trouble.since, trouble.instances, trouble.needs_people) == (NOON, 1, False)


def test_a_service_has_lost_what_nobody_has_seen_work_since() -> None:
    lost = replace(closed(1, NOON, LATER), is_lost=True)
    healed = replace(closed(1, LATER, LATER + timedelta(minutes=9)), case_id="i-0aa1-2")
    ended = Incident("web", 1, NOON, members=(lost, closed(2, NOON, NOON)), resolved_at=LATER)

    assert losses([ended, Incident("api", 1, NOON, members=(closed(3, NOON, LATER),))]) == {"web": LATER}
    assert losses([replace(ended, members=(lost, healed))]) == {}


def test_what_its_group_terminates_was_in_trouble_only_until_then() -> None:
    leaving = replace(member(1, since=NOON - timedelta(hours=1)), idle=True)
    gone = replace(leaving, phase=Phase.CLOSED, closed_at=LATER)

    assert troubles([Incident("web", 1, NOON, members=(leaving,))]) == ()
    (trouble,) = troubles([Incident("web", 1, NOON, members=(gone, member(2)))])
    assert trouble.since == NOON


@pytest.mark.parametrize(
    ("phase", "idle", "shown"),
    [
        (Phase.WATCHING, True, False),
        (Phase.WATCHING, False, False),
        (Phase.HELD, True, False),
        (Phase.HELD, False, True),
        (Phase.REPAIRING, False, True),
        (Phase.VERIFYING, True, False),
        (Phase.HANDED_OVER, True, False),
        (Phase.HANDED_OVER, False, True),
    ],
)
def test_what_aws_has_announced_is_trouble_only_while_the_instance_is_missed(
    phase: Phase, idle: bool, shown: bool
) -> None:
    planned = replace(member(1, phase, NOON - timedelta(days=3)), cause=Cause.EVENT_SCHEDULED, idle=idle)

    (trouble,) = troubles([Incident("web", 1, NOON, members=(planned, member(2)))])

    assert trouble.instances == 1 + shown
    assert (trouble.since == NOON) is not shown


def test_what_aws_had_announced_and_is_over_was_no_trouble() -> None:
    avoided = replace(member(1, Phase.CLOSED), cause=Cause.EVENT_SCHEDULED)

    (trouble,) = troubles([Incident("web", 1, NOON, members=(avoided, member(2, since=LATER)))])

    assert trouble.since == LATER
