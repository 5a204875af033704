"""What subscribers read: each public update once, in order, in the page's language, and nothing that breaks a mail."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from defib.core.incident import Phase
from defib.core.page.mail import (
    CLAIMED_FOR,
    SUBJECT_MAX,
    Letter,
    Mailed,
    begun,
    claimed,
    is_news,
    letters,
    released,
    resumed,
    sent,
    settled,
    taken_over,
    to_be_ended,
)
from defib.core.page.model import MaintenanceStatus, PlannedOutage, PublicIncident
from defib.core.page.replanned import Plans, Told, as_told
from defib.core.page.settings import Language, PageSettings
from tests.core.page.shown import NOON, Story, minutes, trouble

URL = "https://status.example.com"
SETTINGS = PageSettings(title="Example CI")
OUTAGE = PlannedOutage(
    "Planned maintenance: Website",
    "Website may be unavailable.",
    ("web",),
    NOON + timedelta(days=3),
    NOON + timedelta(days=3, hours=1),
    MaintenanceStatus.SCHEDULED,
)
TOLD = as_told(OUTAGE)


def planning(*outages: PlannedOutage) -> Plans:
    return Plans(NOON, outages, outages, frozenset({"web"}))


def outage_of_web() -> PublicIncident:
    """With three updates: opened, monitoring, resolved."""
    story = Story()
    story.at(3, trouble())
    story.at(5, trouble(phase=Phase.VERIFYING))
    story.at(9)
    (incident,) = story.incidents.values()
    return incident


def written(mailed: Mailed, *incidents: PublicIncident, settings: PageSettings = SETTINGS) -> tuple[Letter, ...]:
    return letters(mailed, incidents, planning(), settings, URL)


def test_every_update_is_a_letter_in_its_order_under_one_subject() -> None:
    found = written(Mailed(), outage_of_web())

    assert [letter.sequence for letter in found] == [1, 2, 3]
    assert {letter.subject for letter in found} == {"[Example CI] Website: degraded performance"}
    assert [letter.body.partition(" ")[0] for letter in found] == ["Identified", "Monitoring", "Resolved"]


def test_a_letter_says_what_happened_to_what_where_to_read_more_and_why_one_gets_it() -> None:
    incident = outage_of_web()
    first = written(Mailed(), incident)[0].body

    assert first.split("\n\n") == [
        f"Identified – {incident.updates[0].body}",
        "Website: Degraded performance",
        f"{URL}/incidents/{incident.id}.html",
        "You get this because you subscribed to the status of Example CI.",
    ]


def test_it_speaks_the_pages_language() -> None:
    german = replace(SETTINGS, language=Language.GERMAN)
    last = written(Mailed(), outage_of_web(), settings=german)[-1].body

    assert last.startswith("Behoben – ")
    assert "Website: In Betrieb" in last
    assert last.endswith("weil Sie den Status von Example CI abonniert haben.")


def test_what_was_told_is_not_told_again() -> None:
    incident = outage_of_web()
    mailed = Mailed()
    for number in (1, 2, 3):
        (letter, *_) = written(mailed, incident)
        assert letter.sequence == number
        mailed = sent(claimed(mailed, letter, NOON), letter, NOON)

    assert written(mailed, incident) == ()


def test_incidents_are_told_of_in_the_order_in_which_things_happened() -> None:
    one = outage_of_web()
    other = replace(one, number=2, updates=tuple(replace(u, at=u.at + minutes(1)) for u in one.updates))

    assert [letter.about for letter in written(Mailed(), one, other)] == [one.id, other.id] * 3


def test_what_was_public_before_anybody_could_subscribe_is_no_news() -> None:
    incident = outage_of_web()
    mailed = begun([incident], planning(OUTAGE))

    assert letters(mailed, [incident], planning(OUTAGE), SETTINGS, URL) == ()
    more = replace(incident, updates=(*incident.updates, replace(incident.updates[-1], sequence=4)))
    found = letters(mailed, [more], planning(OUTAGE), SETTINGS, URL)
    assert [letter.sequence for letter in found] == [4]


def test_after_weeks_without_letters_what_is_over_is_no_news_and_of_all_else_the_newest_is() -> None:
    over = outage_of_web()
    begun_before = replace(over, number=2)
    still_open = replace(over, number=3, resolved_at=None, updates=over.updates[:2])
    told_before = replace(over, number=4)
    mailed = Mailed(told={begun_before.id: 1, told_before.id: 3})

    incidents = (over, begun_before, still_open, told_before)
    found = written(resumed(mailed, incidents), *incidents)

    assert [(letter.about, letter.sequence) for letter in found] == [(still_open.id, 2), (begun_before.id, 3)]


def test_a_planned_outage_is_announced_once_and_begins_and_ends_as_was_told() -> None:
    (letter,) = letters(Mailed(), (), planning(OUTAGE), SETTINGS, URL)
    assert letter.subject == "[Example CI] Planned maintenance: Website"
    assert letter.body.startswith("Scheduled – Website may be unavailable.\n\nhttps://status.example.com/#")
    mailed = sent(Mailed(), letter, NOON)
    for status, at in zip(MaintenanceStatus, (NOON, OUTAGE.start, OUTAGE.end), strict=True):
        outages = replace(planning(replace(OUTAGE, status=status)), now=at)
        assert letters(mailed, (), outages, SETTINGS, URL) == ()


def test_one_that_is_called_off_is_told_of_as_such_once() -> None:
    mailed = Mailed(planned=(TOLD,))
    (letter,) = letters(mailed, (), planning(), SETTINGS, URL)

    assert letter.subject == "[Example CI] Planned maintenance: Website"
    assert letter.body.split("\n\n") == [
        "Called off – This maintenance will not take place.",
        "Planned maintenance: Website\n2026-05-03 12:00 – 13:00 UTC",
        f"{URL}/",
        "You get this because you subscribed to the status of Example CI.",
    ]
    after = sent(mailed, letter, NOON)
    assert after.planned == ()
    assert letters(after, (), planning(), SETTINGS, URL) == ()


def test_one_whose_end_is_moved_is_told_of_with_the_times_of_before() -> None:
    mailed, longer = Mailed(planned=(TOLD,)), replace(OUTAGE, end=OUTAGE.end + timedelta(hours=1), body="Until two.")
    (letter,) = letters(mailed, (), planning(longer), SETTINGS, URL)

    told, link, _ = letter.body.split("\n\n")
    assert told == "Changed – Until two. Until now it was planned from 2026-05-03 12:00 to 13:00 UTC."
    assert (link, letter.key) == (f"{URL}/#{OUTAGE.id}", f"{OUTAGE.id} 1")
    after = sent(mailed, letter, NOON)
    assert after.planned == (as_told(longer, 1),)
    assert letters(after, (), planning(longer), SETTINGS, URL) == ()
    (back,) = letters(after, (), planning(OUTAGE), SETTINGS, URL)
    assert back.key == f"{OUTAGE.id} 2"


def test_one_that_is_moved_is_told_of_as_the_same_and_what_was_there_before_is_forgotten() -> None:
    later = replace(OUTAGE, start=OUTAGE.start + timedelta(days=1), end=OUTAGE.end + timedelta(days=1))
    mailed = Mailed(planned=(TOLD,))
    (letter,) = letters(mailed, (), planning(later), SETTINGS, URL)

    assert letter.body.startswith("Changed – ")
    assert sent(mailed, letter, NOON).planned == (as_told(later, 1),)


def test_one_that_is_over_before_it_was_to_be_is_told_the_end_of() -> None:
    on = replace(TOLD, start=NOON - timedelta(hours=1), end=NOON + timedelta(hours=1))
    over = replace(OUTAGE, start=on.start, end=NOON, status=MaintenanceStatus.COMPLETED)
    for outages, link in (((over,), f"{URL}/#{over.id}"), ((), f"{URL}/")):
        (letter,) = letters(Mailed(planned=(on,)), (), planning(*outages), SETTINGS, URL)
        assert letter.body.split("\n\n")[0] == "Completed – The planned maintenance is over."
        assert letter.body.split("\n\n")[2] == link
        assert sent(Mailed(planned=(on,)), letter, NOON).planned == ()


def test_what_has_become_of_it_is_told_in_the_pages_language() -> None:
    german = replace(SETTINGS, language=Language.GERMAN)
    longer = replace(OUTAGE, end=OUTAGE.end + timedelta(days=1))
    (off,) = letters(Mailed(planned=(TOLD,)), (), planning(), german, URL)
    (moved,) = letters(Mailed(planned=(TOLD,)), (), planning(longer), german, URL)

    assert off.body.startswith("Abgesagt – Diese Wartung findet nicht statt.")
    assert moved.body.startswith("Geändert – ")
    assert "Bisher war sie von 2026-05-03 12:00 bis 13:00 UTC geplant." in moved.body


def test_what_was_announced_before_times_were_remembered_is_known_as_it_is_planned_now() -> None:
    before = Mailed(announced=(OUTAGE.earlier_id, "gone"))
    mailed = taken_over(before, planning(OUTAGE))

    assert (mailed.planned, mailed.announced) == ((TOLD,), ())
    assert taken_over(mailed, planning(OUTAGE)) == mailed
    assert letters(mailed, (), planning(OUTAGE), SETTINGS, URL) == ()


def test_one_that_is_over_before_anybody_was_told_is_not_told_of() -> None:
    assert letters(Mailed(), (), planning(replace(OUTAGE, status=MaintenanceStatus.COMPLETED)), SETTINGS, URL) == ()


@pytest.mark.parametrize(
    ("mailed", "news"),
    [
        (Mailed(page=7, planned=(TOLD,)), False),
        (Mailed(page=6, planned=(TOLD,)), True),
        (Mailed(page=7), True),
        (Mailed(page=7, planned=(replace(TOLD, end=NOON + timedelta(days=4)),)), True),
    ],
)
def test_there_is_news_when_the_page_has_changed_or_an_outage_has_come_near_or_is_another(
    mailed: Mailed, news: bool
) -> None:
    assert is_news(mailed, 7, planning(OUTAGE)) is news


def test_a_claim_keeps_others_away_until_it_ends_or_is_given_back() -> None:
    (letter, *_) = written(Mailed(), outage_of_web())
    mailed = claimed(Mailed(), letter, NOON)

    assert mailed.taken(NOON + CLAIMED_FOR - timedelta(seconds=1))
    assert not mailed.taken(NOON + CLAIMED_FOR)
    assert not released(mailed).taken(NOON)
    assert not sent(mailed, letter, NOON).taken(NOON)


def test_what_can_not_come_up_any_more_is_forgotten() -> None:
    incident = outage_of_web()
    over = Told("Old", ("web",), NOON - timedelta(days=2), NOON - timedelta(days=1))
    mailed = Mailed(told={incident.id: 3, "old": 9}, planned=(TOLD, over))

    after = settled(mailed, 7, [incident], planning(OUTAGE))
    assert (after.page, after.told, after.planned) == (7, {incident.id: 3}, (TOLD,))


def test_what_was_begun_to_be_told_is_remembered_until_its_end_is() -> None:
    over = outage_of_web()
    still_open = replace(over, resolved_at=None, updates=over.updates[:2])

    def unended(told: int, incident: PublicIncident, *before: int) -> tuple[int, ...]:
        return to_be_ended(Mailed(told={incident.id: told} if told else {}, unended=before), [incident]).unended

    assert unended(2, still_open) == (1,), "more will come"
    assert unended(2, over) == (1,), "the end is still to be told"
    assert unended(3, over, 1) == (), "it was told"
    assert unended(0, over) == (), "nobody read of it"
    assert unended(0, over, 1) == (1,), "somebody may have read of it"
    assert to_be_ended(Mailed(unended=(7,)), [over]).unended == (), "it is gone"


def test_what_was_claimed_is_to_be_ended_and_a_planned_outage_is_no_incident() -> None:
    (letter, *_) = written(Mailed(), outage_of_web())
    (planned,) = letters(Mailed(), (), planning(OUTAGE), SETTINGS, URL)
    mailed = claimed(Mailed(unended=(9,)), letter, NOON)

    assert mailed.unended == released(mailed).unended == sent(mailed, letter, NOON).unended == (1, 9)
    assert claimed(Mailed(), planned, NOON).unended == ()


@pytest.mark.parametrize("name", ["Shop\r\nBcc: all@example.com", "Shop\x00\x07", "Sh\u2028op", "x" * 200, "Büro"])
def test_no_name_breaks_a_subject(name: str) -> None:
    (letter, *_) = written(Mailed(), replace(outage_of_web(), name=name))

    assert letter.subject.isprintable()
    assert 0 < len(letter.subject) <= SUBJECT_MAX


def test_no_message_brings_control_characters_into_a_body() -> None:
    incident = outage_of_web()
    evil = replace(incident.updates[0], body="Dark.\r\n\x1b[2J\x00\u202egnirts")
    (letter, *_) = written(Mailed(), replace(incident, updates=(evil,)))

    assert letter.body.startswith("Identified – Dark.\n[2Jgnirts\n\n")
