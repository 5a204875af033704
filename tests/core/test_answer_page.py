"""What the page behind a link says of an incident as a whole, and of all the incidents of a digest."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from defib.core.answer import many_page, page
from defib.core.answer.link import Link, Say, Use
from defib.core.answer.many import SEVERAL, Many, asking
from defib.core.answer.standing import standing
from defib.core.call import Want, wanted
from defib.core.case import Outcome
from defib.core.contact import Contact
from defib.core.incident import Incident, Member, Phase
from defib.core.model import Cause
from tests.core.facts import NOON, POLICY, SERVICE, after, case

TOLD = replace(POLICY, services=(replace(SERVICE, tell=("ann",)),), contacts=(Contact("ann"),))
ON_IT = (Say.ACKNOWLEDGE, Say.SNOOZE)
LINK = Link("web-7", 3, "", ON_IT, "ann", after(hours=1))
MANY = Many(("web-7", "web-8"), "ann", after(hours=1), link_id="many-1")
WANT = Want("web-7", "one_by_one", NOON, "web servers fall one by one")
HALF_AN_HOUR = timedelta(minutes=30)


def member(number: int, phase: Phase) -> Member:
    return Member(f"i-{number}-1", f"i-{number}", f"web-{number}", "us-east-1a", Cause.APPLICATION_DOWN, NOON, phase)


CALLED = wanted(Incident("web", 7, NOON), WANT, TOLD, NOON)


def now(incident: Incident) -> str:
    """What the page says of how it stands, whether or not anything may be said to it."""
    stands = standing(LINK, incident, None, after(minutes=5))
    return dict(page.question(LINK, incident, None, stands, TOLD, after(minutes=5)).facts)["Now"]


@pytest.mark.parametrize(
    ("incident", "stands"),
    [
        (
            replace(CALLED, members=(member(1, Phase.HELD), member(2, Phase.CLOSED))),
            "open; 1 of 2 instances in trouble",
        ),
        (
            replace(CALLED, members=(member(1, Phase.CLOSED),), resolved_at=after(minutes=2), call=None),
            "over since 12:02:00 UTC; 0 of 1 instances in trouble",
        ),
        (
            replace(CALLED, timeline=("12:00:00 UTC  zone use1-az4 is impaired",)),
            "open; last said: 12:00:00 UTC  zone use1-az4 is impaired",
        ),
        (CALLED, "open; nothing has been said of it yet"),
    ],
)
def test_an_incident_as_a_whole_stands_as_its_instances_do_or_as_was_said_last(incident: Incident, stands: str) -> None:
    assert now(incident) == stands


def test_a_question_about_an_incident_as_a_whole_names_it_and_takes_who_is_on_it() -> None:
    asked = page.question(LINK, CALLED, None, standing(LINK, CALLED, None, NOON), TOLD, NOON)

    assert asked.title == "Who looks after web-7?"
    assert asked.lead == "Defib asks for a person."
    assert asked.more[0] == ("Incident", "web-7")
    assert [offer.say for offer in asked.offers] == list(ON_IT)


def test_of_a_case_that_is_over_the_page_says_how_it_ended_while_others_of_its_incident_still_call() -> None:
    about = case(closed_at=NOON, outcome=Outcome.RECOVERED, reason="it works again by itself")
    link = replace(LINK, case_id=about.id)
    stands = standing(link, CALLED, about, NOON)

    asked = page.question(link, CALLED, about, stands, TOLD, NOON)

    assert asked.lead == "web-2 (i-0aa1): it works again by itself."
    assert asked.offers


@pytest.mark.parametrize(("say", "to"), [(Say.ACKNOWLEDGE, ("web-7",)), (Say.SNOOZE, ("web-7",)), (Say.APPROVE, ())])
def test_a_link_to_many_says_to_those_that_call_what_a_call_takes_and_no_yes(say: Say, to: tuple[str, ...]) -> None:
    assert asking(MANY, {"web-7": CALLED, "web-8": Incident("web", 8, NOON)}, say) == to


def test_each_incident_of_a_digest_stands_as_it_does_now_those_that_call_first() -> None:
    over = Incident("web", 8, NOON, resolved_at=after(minutes=2), timeline=("12:02:00 UTC  web-2 works again",))
    quiet = Incident("web", 9, NOON, timeline=("12:01:00 UTC  web-3 is stopped and started",))
    many = replace(MANY, incident_ids=("web-5", "web-8", "web-9", "web-7"))

    asked = many_page.listed(many, {"web-7": CALLED, "web-8": over, "web-9": quiet}, TOLD)

    assert asked.facts == (
        ("web-7", "asks for somebody since 12:00:00 UTC: web servers fall one by one"),
        ("web-5", "Defib has forgotten it"),
        ("web-8", "over since 12:02:00 UTC. 12:02:00 UTC  web-2 works again"),
        ("web-9", "nobody is needed. 12:01:00 UTC  web-3 is stopped and started"),
    )


def test_an_answer_that_may_not_have_been_passed_on_is_asked_for_once_more_even_if_nobody_calls_now() -> None:
    use = Use("many-1", SEVERAL, "", Say.SNOOZE, "Ada", NOON)

    again = page.unfinished(many_page.listed(MANY, {}, TOLD), use, HALF_AN_HOUR)

    assert [offer.say for offer in again.offers] == [Say.SNOOZE]
    assert (again.code, again.name) == (503, "Ada")
