"""Every rule of the watchtower: what is seen, and what is wrong with it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.watchtower.seen import (
    ADA,
    ALERTS,
    BOB,
    DEAD_LETTERS,
    FINDINGS,
    HEARTBEAT,
    HERE,
    NOW,
    PHONE,
    SETTINGS,
    THERE,
    WAYS,
    WELL,
    ago,
    listing,
    mute,
    silent,
    spoilt,
)
from watchtower import people
from watchtower.checks import check
from watchtower.memory import Change
from watchtower.model import (
    CameOut,
    Finding,
    Heartbeats,
    Knocked,
    Listing,
    PageMade,
    Readings,
    Rule,
    Texts,
    TextsIn,
    Unknown,
    Weight,
    Why,
)
from watchtower.words import SMS_MOST, message

EVERY_WAY = tuple(way.word for way in WAYS)


def beats(
    swept: float | None = 40, sent: float | None = 60, took: float = 3, ways: tuple[str, ...] = EVERY_WAY
) -> Heartbeats:
    """As the canaries of ``ways`` have it; those of all others are well."""
    well, canary = CameOut(ago(seconds=60), ago(seconds=57)), None
    if sent is not None:
        canary = CameOut(ago(seconds=sent), ago(seconds=sent - took))
    found = {way: canary if way in ways else well for way in EVERY_WAY}
    came = {way: one for way, one in found.items() if one is not None}
    return Heartbeats(None if swept is None else ago(seconds=swept), came)


def knocked(function: str, found: Unknown) -> tuple[Knocked, ...]:
    return tuple(Knocked(door, found if door == function else None) for door in SETTINGS.doors)


def texts(spent: float, quota: float = 1.0, sandboxed: bool = False) -> tuple[TextsIn, ...]:
    return (TextsIn(THERE, Texts(spent, quota, sandboxed)), WELL.texts[1])


REFUSED = Unknown(Why.REFUSED, "CloudWatch in us-east-1 answers AccessDenied")
NAMELESS = Unknown(Why.NO_NAME, "what it is called there is not known")

WRONG: list[tuple[str, Readings, list[tuple[str, Weight]]]] = [
    ("all is well", WELL, []),
    ("the sweep is as late as it may be", spoilt(heartbeats=beats(swept=90)), []),
    ("the sweep is late", spoilt(heartbeats=beats(swept=91)), [("sweep", Weight.GRAVE)]),
    ("nothing was ever swept", spoilt(heartbeats=beats(swept=None)), [("sweep", Weight.GRAVE)]),
    ("the last canary but one is out, the next on its way", spoilt(heartbeats=beats(sent=90)), []),
    ("a canary did not come out", spoilt(heartbeats=beats(sent=91)), [("canary", Weight.GRAVE)]),
    ("no canary ever came out", spoilt(heartbeats=beats(sent=None)), [("canary", Weight.GRAVE)]),
    ("a canary is as slow as it may be", spoilt(heartbeats=beats(took=30)), []),
    ("a canary is slow", spoilt(heartbeats=beats(took=31)), [("canary slow", Weight.GRAVE)]),
    (
        "canaries of one way are slow",
        spoilt(heartbeats=beats(took=31, ways=("orders",))),
        [("canary slow", Weight.GRAVE)],
    ),
    (
        "one queue is shut",
        spoilt(heartbeats=beats(sent=91, ways=("orders",))),
        [("canary orders", Weight.GRAVE)],
    ),
    (
        "no canary ever came one way",
        spoilt(heartbeats=beats(sent=None, ways=("turns-atlassian",))),
        [("canary turns-atlassian", Weight.GRAVE)],
    ),
    (
        "what goes on from a queue that is shut is not told besides",
        spoilt(heartbeats=beats(sent=91, ways=("notices", "incidents", "turns", "turns-atlassian"))),
        [("canary notices", Weight.GRAVE), ("canary turns", Weight.GRAVE)],
    ),
    (
        "the topic takes what it is given and delivers nothing",
        spoilt(heartbeats=beats(sent=91, ways=("incidents",))),
        [("canary incidents", Weight.GRAVE)],
    ),
    (
        "an alarm about Defib is on",
        spoilt(alarms=(replace(DEAD_LETTERS, state="ALARM"), HEARTBEAT)),
        [(f"alarm {DEAD_LETTERS.name}", Weight.GRAVE)],
    ),
    (
        "what the watchtower sees itself is not told twice",
        spoilt(alarms=(DEAD_LETTERS, replace(HEARTBEAT, state="ALARM"))),
        [],
    ),
    ("an alarm has no data yet", spoilt(alarms=(replace(DEAD_LETTERS, state="INSUFFICIENT_DATA"), HEARTBEAT)), []),
    (
        "an alarm is switched off",
        spoilt(alarms=(replace(DEAD_LETTERS, enabled=False), HEARTBEAT)),
        [(f"alarm off {DEAD_LETTERS.name}", Weight.MINOR)],
    ),
    ("alarms were deleted", spoilt(alarms=(HEARTBEAT,)), [("alarms missing", Weight.GRAVE)]),
    (
        "a rule is switched off whose events the sweep does without",
        spoilt(rules=(Rule("StateRule", False), Rule("ApprovalRule", True))),
        [("rule StateRule", Weight.MINOR)],
    ),
    (
        "a rule is switched off by which people answer",
        spoilt(rules=(Rule("StateRule", True), Rule("ApprovalRule", False))),
        [("rule ApprovalRule", Weight.GRAVE)],
    ),
    ("a rule was deleted", spoilt(rules=(Rule("StateRule", True),)), [("rule ApprovalRule", Weight.GRAVE)]),
    (
        "an address has not confirmed",
        spoilt(listings=(listing(THERE, "Alerts", ADA, PHONE, pending=(BOB,)), FINDINGS)),
        [(f"subscribers {THERE} Alerts {BOB}", Weight.MINOR)],
    ),
    (
        "an address has unsubscribed",
        spoilt(listings=(listing(THERE, "Alerts", ADA, PHONE), FINDINGS)),
        [(f"subscribers {THERE} Alerts {BOB}", Weight.MINOR)],
    ),
    (
        "an address is listed as unsubscribed",
        spoilt(listings=(listing(THERE, "Alerts", ADA, PHONE, unsubscribed=(BOB,)), FINDINGS)),
        [(f"subscribers {THERE} Alerts {BOB}", Weight.MINOR)],
    ),
    (
        "an address had unsubscribed and is back",
        spoilt(listings=(listing(THERE, "Alerts", ADA, BOB, PHONE, unsubscribed=(BOB,)), FINDINGS)),
        [],
    ),
    (
        "an address is written otherwise",
        spoilt(listings=(listing(THERE, "Alerts", ADA, BOB.upper(), PHONE), FINDINGS)),
        [],
    ),
    (
        "nobody is left",
        spoilt(listings=(listing(THERE, "Alerts", "stranger@defib.test", pending=(ADA,)), FINDINGS)),
        [(f"subscribers {THERE} Alerts nobody", Weight.GRAVE)],
    ),
    (
        "nobody hears the watchtower itself",
        spoilt(listings=(ALERTS, listing(HERE, "Findings"))),
        [(f"subscribers {HERE} Findings nobody", Weight.GRAVE)],
    ),
    ("texts may go on", spoilt(texts=texts(0.79)), []),
    ("texts are almost used up", spoilt(texts=texts(0.80)), [(f"texts {THERE} quota", Weight.MINOR)]),
    ("texts are used up", spoilt(texts=texts(1.0)), [(f"texts {THERE} gone", Weight.GRAVE)]),
    ("texts are in the sandbox", spoilt(texts=texts(0, sandboxed=True)), [(f"texts {THERE} sandbox", Weight.MINOR)]),
    ("the page is as old as it may be", spoilt(page=PageMade(ago(minutes=15))), []),
    ("the page is old", spoilt(page=PageMade(ago(minutes=16))), [("page old", Weight.GRAVE)]),
    ("the page does not answer", spoilt(page=silent("the status page")), [("page", Weight.GRAVE)]),
    ("there is no page", spoilt(page=None), []),
    (
        "links lead nowhere",
        spoilt(doors=knocked("answer", Unknown(Why.REFUSED, "its answer: HTTP status 500"))),
        [("door answer", Weight.GRAVE)],
    ),
    (
        "the form does not answer",
        spoilt(doors=knocked("subscribe", silent("its subscribe"))),
        [("door subscribe", Weight.MINOR)],
    ),
    (
        "a function was not asked for want of time",
        spoilt(doors=knocked("answer", Unknown(Why.NO_TIME, "no time was left to ask its answer"))),
        [("unanswered whether answer answers", Weight.GRAVE)],
    ),
    (
        "whether rules are on is refused",
        spoilt(rules=Unknown(Why.REFUSED, "EventBridge in us-east-1 answers AccessDenied")),
        [("unanswered whether its rules are on", Weight.GRAVE)],
    ),
    (
        "the page was not asked for want of time",
        spoilt(page=Unknown(Why.NO_TIME, "no time was left to ask the status page")),
        [("unanswered how the status page does", Weight.GRAVE)],
    ),
    ("a service refuses", spoilt(alarms=REFUSED), [("unanswered how its alarms stand", Weight.GRAVE)]),
    (
        "who may not know of texts is told so by mail",
        spoilt(texts=(TextsIn(HERE, REFUSED),)),
        [(f"unanswered how the SMS quota of {HERE} stands", Weight.MINOR)],
    ),
    (
        "one service is silent while others answer",
        spoilt(heartbeats=silent()),
        [("unanswered when it last swept, and whether canaries come out", Weight.GRAVE)],
    ),
    (
        "the names are refused, and nothing that needs them is told besides",
        spoilt(
            watched=REFUSED,
            heartbeats=NAMELESS,
            listings=(replace(ALERTS, found=NAMELESS), FINDINGS),
            page=NAMELESS,
            rules=NAMELESS,
            doors=tuple(Knocked(door, NAMELESS) for door in SETTINGS.doors),
        ),
        [("unanswered what its parts are called", Weight.GRAVE)],
    ),
    ("the whole Region is silent", mute(), [("partition", Weight.GRAVE)]),
]


@pytest.mark.parametrize(("readings", "expected"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_what_is_seen_is_judged(readings: Readings, expected: list[tuple[str, Weight]]) -> None:
    report = check(readings, SETTINGS, NOW)

    assert [(finding.key, finding.weight) for finding in report.findings] == expected
    assert report.well is not any(weight is Weight.GRAVE for _, weight in expected)


@pytest.mark.parametrize(
    "finding", [f for row in WRONG for f in check(row[1], SETTINGS, NOW).findings], ids=lambda f: f.key
)
def test_a_finding_says_what_it_means_and_what_to_do_and_fits_a_text(finding: Finding) -> None:
    told = message(Change(new=(finding,)), SETTINGS, NOW)

    assert len(told.sms) <= SMS_MOST
    assert finding.short.split(" (")[0][:60] in told.sms
    assert finding.meaning.endswith(".")
    assert finding.todo
    assert not finding.todo.endswith(".")


PARTITIONS = [
    (mute(page=PageMade(ago(seconds=50))), ["was made 50 s ago", "only the way between the Regions is cut"]),
    (mute(page=PageMade(ago(minutes=16))), ["from a cache or a copy", "itself may be dark"]),
    (mute(page=silent("the status page")), ["does not answer either", "itself may be dark"]),
    (mute(page=None), [f"it is {THERE}, or the way there, that is cut"]),
    (
        mute(listings=(replace(ALERTS, found=silent()), replace(FINDINGS, found=silent())), texts=()),
        ["the watchtower that is cut off"],
    ),
]


@pytest.mark.parametrize(("readings", "words"), PARTITIONS)
def test_a_partition_is_told_as_a_partition_with_what_is_known_besides(readings: Readings, words: list[str]) -> None:
    (finding,) = (f for f in check(readings, SETTINGS, NOW).findings if f.about == "partition")

    assert all(word in finding.meaning for word in words)
    assert "may or may not be working" in finding.meaning
    assert "dead" not in finding.short


def test_one_answer_of_whatever_kind_makes_it_no_partition() -> None:
    report = check(mute(alarms=REFUSED), SETTINGS, NOW)

    assert "partition" not in {finding.key for finding in report.findings}
    assert {finding.about for finding in report.findings} == {"unanswered", "door answer", "door subscribe"}


def test_what_could_not_be_checked_is_named_so_that_it_is_not_taken_for_well() -> None:
    report = check(mute(), SETTINGS, NOW)

    assert report.unmade == {
        *("sweep", "canary", "alarms", "rules", "door answer", "door subscribe"),
        *(f"subscribers {THERE} Alerts", f"texts {THERE}", "unanswered"),
    }


LATE = Unknown(Why.NO_TIME, "no time was left")


@pytest.mark.parametrize(
    ("readings", "unmade"),
    [
        (WELL, set()),
        (spoilt(page=LATE), {"page"}),
        (spoilt(page=silent("the status page")), set()),
        (spoilt(doors=knocked("answer", LATE)), {"door answer"}),
        (spoilt(doors=knocked("answer", silent("its answer"))), set()),
    ],
    ids=["all is well", "the page not asked", "the page asked in vain", "a door not asked", "a door asked in vain"],
)
def test_what_was_asked_counts_as_checked_and_what_was_not_does_not(readings: Readings, unmade: set[str]) -> None:
    assert check(readings, SETTINGS, NOW).unmade == unmade


@pytest.mark.parametrize(
    ("found", "open_the_link"),
    [
        (listing(THERE, "Alerts", ADA, PHONE, pending=(BOB,)), True),
        (listing(THERE, "Alerts", ADA, PHONE, pending=(BOB,), unsubscribed=(BOB,)), True),
        (listing(THERE, "Alerts", ADA, PHONE, unsubscribed=(BOB,)), False),
        (listing(THERE, "Alerts", ADA, PHONE), False),
        (listing(THERE, "Alerts", pending=(ADA,), unsubscribed=(BOB,)), True),
        (listing(THERE, "Alerts", unsubscribed=(ADA, BOB, PHONE)), False),
    ],
    ids=["pending", "pending again", "unsubscribed", "gone", "nobody, one of them pending", "nobody"],
)
def test_a_link_is_to_be_opened_where_there_is_one_and_else_the_address_is_subscribed_anew(
    found: Listing, open_the_link: bool
) -> None:
    (finding,) = check(spoilt(listings=(found, FINDINGS)), SETTINGS, NOW).findings

    assert finding.todo == (people.OPEN if open_the_link else people.RENEW)


def test_the_names_of_those_who_hear_nothing_are_told() -> None:
    report = check(spoilt(listings=(listing(THERE, "Alerts", ADA, pending=(BOB,)), FINDINGS)), SETTINGS, NOW)

    told = message(Change(new=report.findings), SETTINGS, NOW)

    assert BOB in told.body
    assert PHONE in told.body
