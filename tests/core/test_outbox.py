"""What goes to a contact now, what waits, and for how long. The first that is urgent waits for nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from defib.core.contact import Contact
from defib.core.digest import batch_of
from defib.core.escalation import Tier
from defib.core.incident import Notice, NoticeKind
from defib.core.maintenance import DAYS, Maintenance
from defib.core.medium import Medium, media_of
from defib.core.messages import MessageLimits
from defib.core.outbox import SUMMED_UP_AFTER, Lane, Outbox, Sent, Waiting, decide
from defib.core.outgoing import begin, has_last_word
from defib.core.severity import Severity
from tests.core.facts import NOON, after

LIMITS = MessageLimits(most=3, window=timedelta(minutes=10), at_once=2)
ANN = Contact(
    "ann", email=("ann@example.com",), sms=("+12025550123",), https=("https://events.example.com/x",), chat=True
)
NIGHT = Maintenance(at="22:00", lasts=timedelta(hours=9), days=DAYS)
SLEEPER = replace(ANN, quiet=(replace(NIGHT, at="11:00"),))
DROWSY, DROWSY_UNTIL = replace(ANN, quiet=(replace(NIGHT, at="12:01"),)), timedelta(hours=9, minutes=1)
PEOPLE = (Medium.EMAIL, Medium.SMS, Medium.CHAT)


def notice(
    sequence: int = 1, severity: Severity = Severity.HIGH, kind: NoticeKind = NoticeKind.OPENED, incident: str = "web-1"
) -> Notice:
    subject = f"subject {sequence}"
    return Notice(
        incident, "web", sequence, kind, NOON, "i-1", "i", subject, "body", "sms", severity=severity, tier=Tier.FIRST
    )


LOW, HIGH, URGENT = notice(severity=Severity.LOW), notice(), notice(severity=Severity.URGENT)
PROGRESS = notice(kind=NoticeKind.PROGRESS)

MEDIA: list[tuple[str, Contact, Notice, tuple[Medium, ...]]] = [
    ("urgent goes by all", ANN, URGENT, tuple(Medium)),
    ("low goes by no SMS", ANN, LOW, (Medium.EMAIL, Medium.HTTPS, Medium.CHAT)),
    ("nor does progress", ANN, PROGRESS, (Medium.EMAIL, Medium.HTTPS, Medium.CHAT)),
    ("nor does an answer", ANN, notice(kind=NoticeKind.ACKNOWLEDGED), (Medium.EMAIL, Medium.HTTPS, Medium.CHAT)),
    ("a call does", ANN, notice(kind=NoticeKind.CALLED, severity=Severity.URGENT), tuple(Medium)),
    ("only what there is", Contact("bob", email=("b@example.com",)), URGENT, (Medium.EMAIL,)),
    ("what is wanted", replace(ANN, email_for=("urgent",), https_for=("urgent",)), HIGH, (Medium.SMS, Medium.CHAT)),
    ("SMS for the low too", replace(ANN, sms_for=("low",), chat=False), LOW, (Medium.EMAIL, Medium.SMS, Medium.HTTPS)),
]


@pytest.mark.parametrize(("contact", "of", "media"), [row[1:] for row in MEDIA], ids=[row[0] for row in MEDIA])
def test_by_which_means_a_notice_goes(contact: Contact, of: Notice, media: tuple[Medium, ...]) -> None:
    assert media_of(of, contact) == media


def sent(*minutes_ago: float, urgent: bool = False) -> tuple[Sent, ...]:
    return tuple(Sent(after(minutes=-m), f"web-9#{n}", urgent) for n, m in enumerate(minutes_ago))


FULL = Outbox("ann", sent=sent(9, 5, 1))
ZONE = replace(URGENT, service="zone:us-east-1a")
BLOWING = Outbox(
    "ann",
    sent=(Sent(after(seconds=-50), "storm:web-1#1", urgent=True),),
    storm_since=NOON,
    storm_urgent=True,
    storm_waits=1,
    storm_digests=1,
)
CHATTER = replace(BLOWING, sent=(Sent(after(seconds=-50), "storm:web-1#1"),), storm_urgent=False, storm_waits=3)
STORMY = Outbox("ann", sent=sent(0.5, 0.1, urgent=True))

TABLE: list[tuple[str, Outbox, Contact, Notice, Lane | None, timedelta]] = [
    ("the first goes at once", Outbox("ann"), ANN, HIGH, None, timedelta(0)),
    ("within the limit", replace(FULL, sent=FULL.sent[1:]), ANN, HIGH, None, timedelta(0)),
    ("beyond the limit it waits for a place", FULL, ANN, HIGH, Lane.LIMIT, timedelta(minutes=1)),
    ("urgent ones take no place", replace(FULL, sent=sent(9, 5, 1, urgent=True)), ANN, HIGH, None, timedelta(0)),
    ("urgent is beyond the limit", FULL, ANN, URGENT, None, timedelta(0)),
    ("old ones count no more", Outbox("ann", sent=sent(11, 10, 1)), ANN, HIGH, None, timedelta(0)),
    (
        "who comes later overtakes nobody",
        Outbox("ann", limit_at=after(minutes=2)),
        ANN,
        HIGH,
        Lane.LIMIT,
        timedelta(0),
    ),
    ("the first urgent ones go at once", replace(STORMY, sent=STORMY.sent[1:]), ANN, URGENT, None, timedelta(0)),
    ("one of many waits for the others", STORMY, ANN, URGENT, Lane.STORM, SUMMED_UP_AFTER),
    (
        "but not longer for those that follow",
        replace(STORMY, storm_at=after(seconds=9)),
        ANN,
        URGENT,
        Lane.STORM,
        timedelta(seconds=9),
    ),
    (
        "a storm goes on after its digest",
        BLOWING,
        ANN,
        URGENT,
        Lane.STORM,
        timedelta(minutes=2),
    ),
    ("and then everything is in its digests", BLOWING, ANN, HIGH, Lane.STORM, timedelta(minutes=2)),
    ("but what is low in quiet hours", BLOWING, SLEEPER, LOW, Lane.QUIET, timedelta(hours=8)),
    (
        "each wait of a storm is twice the one before, to the longest",
        replace(BLOWING, storm_waits=9),
        ANN,
        URGENT,
        Lane.STORM,
        timedelta(minutes=4),
    ),
    ("a storm of what is not urgent", Outbox("ann", sent=sent(0.5, 0.1)), ANN, HIGH, Lane.STORM, SUMMED_UP_AFTER),
    ("keeps no first call for help back", replace(BLOWING, sent=sent(0.5, 0.1)), ANN, URGENT, None, timedelta(0)),
    ("in a storm of chatter either", CHATTER, ANN, URGENT, None, timedelta(0)),
    (
        "and the next waits as in a new one",
        replace(CHATTER, sent=sent(0.5, urgent=True), storm_at=after(minutes=3)),
        ANN,
        URGENT,
        Lane.STORM,
        SUMMED_UP_AFTER,
    ),
    ("nor one long after the last", replace(BLOWING, sent=sent(8, urgent=True)), ANN, URGENT, None, timedelta(0)),
    ("nor the zone that explains it", replace(BLOWING, sent=sent(1, urgent=True)), ANN, ZONE, None, timedelta(0)),
    ("but two of those within a minute", BLOWING, ANN, ZONE, Lane.STORM, timedelta(minutes=2)),
    ("a storm is over after a minute", Outbox("ann", sent=sent(2, 1.5, urgent=True)), ANN, URGENT, None, timedelta(0)),
    ("low waits for the end of quiet hours", Outbox("ann"), SLEEPER, LOW, Lane.QUIET, timedelta(hours=8)),
    ("high does not", Outbox("ann"), SLEEPER, HIGH, None, timedelta(0)),
    ("urgent does not", Outbox("ann"), SLEEPER, URGENT, None, timedelta(0)),
    ("low goes outside quiet hours", Outbox("ann"), replace(ANN, quiet=(NIGHT,)), LOW, None, timedelta(0)),
    ("low waits for their end where they begin before its turn", FULL, DROWSY, LOW, Lane.QUIET, DROWSY_UNTIL),
    ("in a storm, too", BLOWING, DROWSY, LOW, Lane.QUIET, DROWSY_UNTIL),
    ("high waits no longer for that", BLOWING, DROWSY, HIGH, Lane.STORM, timedelta(minutes=2)),
    (
        "nor does low where the storm's digest comes before them",
        replace(BLOWING, storm_at=after(seconds=30)),
        DROWSY,
        LOW,
        Lane.STORM,
        timedelta(seconds=30),
    ),
]


@pytest.mark.parametrize(
    ("outbox", "contact", "of", "lane", "wait"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_what_becomes_of_a_notice(
    outbox: Outbox, contact: Contact, of: Notice, lane: Lane | None, wait: timedelta
) -> None:
    remembered, decided = decide(outbox, of, contact, LIMITS, NOON)

    if lane is None:
        assert decided.waits is None
        assert decided.now == media_of(of, contact)
        assert remembered.sent[-1] == Sent(NOON, "web-1#1", of.severity is Severity.URGENT)
    else:
        assert decided.now == (Medium.HTTPS,), "machines hear of each at once"
        assert decided.waits is not None
        assert decided.waits.lane is lane
        assert remembered.at(lane) == NOON + wait
        assert remembered.sent == outbox.sent


def test_what_was_remembered_and_never_marked_goes_again() -> None:
    remembered, _ = decide(Outbox("ann"), HIGH, ANN, LIMITS, NOON)

    again, decided = decide(remembered, HIGH, ANN, LIMITS, after(minutes=1))

    assert again == remembered
    assert decided.now == tuple(Medium)


def test_a_contact_that_only_a_machine_reads_has_no_limit() -> None:
    machine = Contact("pager", https=("https://events.example.com/x",))

    assert decide(FULL, HIGH, machine, LIMITS, NOON)[1].now == (Medium.HTTPS,)


def waiting(number: int, lane: Lane = Lane.LIMIT, incident: str = "web-1") -> Waiting:
    made = notice(number)
    return Waiting("ann", lane, NOON, incident, number, made.kind, made.severity, made.subject, "web", PEOPLE)


def test_what_waits_goes_when_there_is_a_place_and_takes_it() -> None:
    due = replace(FULL, limit_at=after(minutes=1))

    begun, batch = begin(due, Lane.LIMIT, batch_of([waiting(2), waiting(1)]), ANN, LIMITS, after(minutes=1))

    assert [w.sequence for w in batch] == [1, 2]
    assert begun.sent[-1].about == "limit:web-1#1"
    assert begun.limit_at == after(minutes=2), "were the process to die now, it goes again"


@pytest.mark.parametrize("lane", [Lane.LIMIT, Lane.QUIET])
def test_without_a_place_it_waits_on(lane: Lane) -> None:
    begun, batch = begin(FULL.until(lane, NOON), lane, (waiting(1, lane),), ANN, LIMITS, NOON)

    assert batch == ()
    assert begun.at(lane) == after(minutes=1)


@pytest.mark.parametrize("lane", list(Lane))
def test_what_is_low_does_not_go_in_quiet_hours_whatever_it_waited_for(lane: Lane) -> None:
    low = replace(waiting(1, lane), severity=Severity.LOW)

    begun, batch = begin(Outbox("ann").until(lane, NOON), lane, (low,), SLEEPER, LIMITS, NOON)

    assert (batch, begun.at(lane)) == ((), after(hours=8))
    assert begin(begun, lane, (low,), SLEEPER, LIMITS, after(hours=8))[1] == (low,)
    assert begin(begun, lane, (low, waiting(2, lane)), SLEEPER, LIMITS, NOON)[1], "what is not low wakes them anyway"


def test_what_is_low_begins_no_storm_of_which_nothing_waits() -> None:
    outbox = Outbox("ann", sent=sent(0.4, 0.1))

    remembered, _ = decide(outbox, LOW, DROWSY, LIMITS, after(seconds=30))

    assert remembered == replace(outbox, quiet_at=NOON + DROWSY_UNTIL)


def test_a_storm_of_calls_needs_no_place_and_one_of_chatter_waits_for_one() -> None:
    full, call = FULL.until(Lane.STORM, NOON), replace(waiting(1, Lane.STORM), severity=Severity.URGENT)

    assert begin(full, Lane.STORM, (waiting(2, Lane.STORM), call), ANN, LIMITS, NOON)[1]
    begun, batch = begin(full, Lane.STORM, (waiting(2, Lane.STORM),), ANN, LIMITS, NOON)
    assert (batch, begun.storm_at) == ((), after(minutes=1))


def test_a_message_believed_lost_goes_again_in_the_place_that_it_has() -> None:
    begun, _ = begin(Outbox("ann", limit_at=NOON), Lane.LIMIT, (waiting(1),), ANN, LIMITS, NOON)

    again, batch = begin(begun, Lane.LIMIT, (waiting(1),), ANN, LIMITS, after(minutes=1))

    assert len(batch) == 1
    assert again.sent == begun.sent


def test_nothing_waits_any_more() -> None:
    assert begin(Outbox("ann", limit_at=NOON), Lane.LIMIT, (), ANN, LIMITS, NOON) == (Outbox("ann"), ())


def test_a_storm_counts_what_it_has_summed_up() -> None:
    first, _ = begin(
        Outbox("ann", storm_since=NOON), Lane.STORM, tuple(waiting(n) for n in range(5)), ANN, LIMITS, NOON
    )
    again, _ = begin(first, Lane.STORM, tuple(waiting(n) for n in range(7, 10)), ANN, LIMITS, after(minutes=2))

    assert (again.storm_digests, again.storm_notices, again.storm_since) == (2, 8, NOON)


def test_a_storm_of_which_nothing_waits_is_over() -> None:
    blowing = replace(BLOWING, storm_at=NOON, storm_notices=9)

    assert begin(blowing, Lane.STORM, (), ANN, LIMITS, NOON) == (Outbox("ann", sent=BLOWING.sent), ())


TWICE = replace(BLOWING, storm_at=NOON, storm_digests=2)


def test_the_last_word_of_a_storm_is_a_message_like_any_other() -> None:
    over, _ = begin(TWICE, Lane.STORM, (), ANN, LIMITS, NOON)

    assert has_last_word(TWICE, LIMITS, NOON)
    assert over.sent == (*TWICE.sent, Sent(NOON, "storm:over"))
    assert over.storm_since is None


@pytest.mark.parametrize(
    "outbox",
    [
        replace(TWICE, storm_digests=1),
        replace(TWICE, sent=sent(9, 5, 1)),
    ],
    ids=["a storm of one digest", "a contact that has had its share"],
)
def test_a_storm_that_has_no_last_word_is_over_all_the_same(outbox: Outbox) -> None:
    assert not has_last_word(outbox, LIMITS, NOON)
    assert begin(outbox, Lane.STORM, (), ANN, LIMITS, NOON) == (Outbox("ann", sent=outbox.sent), ())


def test_the_most_urgent_lane_is_due_first() -> None:
    outbox = Outbox("ann", storm_at=after(seconds=5), limit_at=NOON, quiet_at=NOON)

    assert outbox.due(NOON) is Lane.LIMIT
    assert outbox.due(after(seconds=5)) is Lane.STORM
    assert outbox.due_at() == NOON
    assert Outbox("ann").due(NOON) is None


@pytest.mark.parametrize("lane", [Lane.MAIL, Lane.CHAT])
def test_what_one_way_did_not_take_is_tried_each_minute_without_a_place_and_counts_no_more(lane: Lane) -> None:
    for outbox in (FULL.until(lane, NOON), replace(BLOWING, storm_at=NOON).until(lane, NOON)):
        begun, batch = begin(outbox, lane, (waiting(1, lane),), ANN, LIMITS, NOON)

        assert batch == (waiting(1, lane),)
        assert begun == outbox.until(lane, after(minutes=1))


def test_of_two_ways_that_take_nothing_each_is_tried_in_turn_after_all_else() -> None:
    outbox = Outbox("ann", limit_at=NOON, mail_at=NOON, chat_at=after(seconds=-1))

    assert outbox.due(NOON) is Lane.LIMIT
    assert outbox.until(Lane.LIMIT, None).due(NOON) is Lane.CHAT
    assert Outbox("ann", mail_at=NOON, chat_at=after(seconds=1)).due(after(seconds=1)) is Lane.MAIL
    assert outbox.due_at() == after(seconds=-1)


def test_a_storm_that_is_over_leaves_what_is_apart_where_it_is() -> None:
    outbox = replace(BLOWING, storm_at=NOON, mail_at=after(seconds=9), chat_at=after(seconds=7))

    over, _ = begin(outbox, Lane.STORM, (), ANN, LIMITS, NOON)

    assert (over.storm_at, over.mail_at, over.chat_at) == (None, after(seconds=9), after(seconds=7))


def test_what_a_way_did_not_take_goes_before_what_is_new_there_and_only_there() -> None:
    outbox = Outbox("ann", chat_at=after(minutes=1))

    assert outbox.owes_by((Medium.CHAT,), NOON)
    assert not outbox.owes_by((Medium.EMAIL, Medium.SMS), NOON)
    assert not replace(outbox, mail_at=NOON).owes_by((Medium.HTTPS,), NOON), "machines wait for nothing"
    assert not replace(outbox, chat_at=after(minutes=2)).owes_by((Medium.CHAT,), NOON), "it sleeps"
