"""Which services are in trouble, from the incidents that staff are told of."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from defib.core.incident import Incident, Member, Phase
from defib.core.model import Cause
from defib.core.page.trouble import Trouble, troubles

NOON = datetime(2026, 4, 30, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=3)


def member(number: int, phase: Phase = Phase.REPAIRING, since: datetime = NOON) -> Member:
    name = f"i-0aa{number}"
    return Member(f"{name}-1", name, f"web-{number}", "us-east-1a", Cause.SYSTEM_IMPAIRED, since, phase)


def test_a_service_is_in_trouble_while_an_instance_of_its_newest_incident_is() -> None:
    open_one = Incident("web", 1, NOON, members=(member(1), member(2, Phase.CLOSED)))
    ended = Incident("api", 1, NOON, members=(member(3),), resolved_at=LATER)

    assert troubles([open_one, ended]) == (Trouble("web", NOON, 1, frozenset({Phase.REPAIRING})),)


def test_what_fails_by_itself_and_what_fails_with_its_zone_is_one_trouble_since_the_first_of_both() -> None:
    alone = Incident("web", 1, LATER, members=(member(1, Phase.HANDED_OVER, LATER),))
    zone = Incident("zone:us-east-1a", 1, NOON, services={"web": 4})

    assert troubles([alone, zone]) == (Trouble("web", NOON, 5, frozenset({Phase.HANDED_OVER, Phase.HELD})),)


def test_trouble_that_goes_from_one_instance_to_another_without_a_gap_began_with_the_first() -> None:
    relay = Incident("web", 1, NOON, members=(member(1, Phase.CLOSED), member(2, since=LATER)))

    (trouble,) = troubles([relay])

    assert (trouble.since, trouble.instances) == (NOON, 1)


def test_what_aws_had_announced_and_is_over_was_no_trouble() -> None:
    avoided = replace(member(1, Phase.CLOSED), cause=Cause.EVENT_SCHEDULED)

    (trouble,) = troubles([Incident("web", 1, NOON, members=(avoided, member(2, since=LATER)))])

    assert trouble.since == LATER
