"""What judges reckon for themselves is what the documents say; and Defib, which reckons in another way, agrees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from defib.core import maintenance as defibs
from defib.core.case import Action, Attempt
from defib.core.contact import Contact
from defib.core.guards.ownership import OWNERS
from defib.core.limits import Limits
from defib.core.maintenance import Maintenance
from defib.core.model import Result, Verdict
from defib.core.page.planned import planned as planned_on
from defib.core.policy import ApplicationRemedy, Detection, Policy
from defib.core.rationing import FRESH, turns
from defib.core.setting import EMAIL
from defib.core.severity import Severity
from defib.core.target_group import TargetGroup
from sim.fuzz.invariants.asked import is_asked
from sim.fuzz.invariants.care import is_anothers, is_opted_in, service_of
from sim.fuzz.invariants.ends import looks_within
from sim.fuzz.invariants.found import turn_within
from sim.fuzz.invariants.hears import means
from sim.fuzz.invariants.planned import FOR_EVER, TAG, kept_until, on_until, spans, tagged_until
from sim.fuzz.invariants.quiet import waits_no_longer
from sim.fuzz.invariants.subscribers import ADDRESS
from sim.fuzz.invariants.tried import done_at, is_begun, is_changed, last, under_way
from tests.core.facts import NOON, POLICY, after, case
from tests.fuzz.test_judges_of_words import post
from tests.fuzz.worlds import MINUTE, broken, told

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
TURNING = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Havana", "Africa/Casablanca", "UTC")
NEVER_TURNING = ("Asia/Kathmandu", "Pacific/Kiritimati", "Asia/Kolkata")
SECOND = timedelta(seconds=1)
INSTANTS = st.integers(0, 4 * 365 * 24 * 3600).map(lambda second: datetime(2024, 1, 1, tzinfo=UTC) + second * SECOND)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def of_berlin(at: str, lasts: timedelta = timedelta(hours=2), **on: object) -> Maintenance:
    return Maintenance(at, lasts, "Europe/Berlin", **on)  # type: ignore[arg-type]


# --- Planned outages and quiet hours (docs/configuration.md, What about planned outages?) -----------------------------

WINDOWS = [
    ("of the example, in winter", of_berlin("02:30", days=("sun",)), "2026-01-11T01:30", "2026-01-11T03:30"),
    ("of the example, in summer", of_berlin("02:30", days=("sun",)), "2026-07-12T00:30", "2026-07-12T02:30"),
    (
        "skipped: the offset before the change",
        of_berlin("02:30", days=("sun",)),
        "2026-03-29T01:30",
        "2026-03-29T03:30",
    ),
    ("twice: the first of the two", of_berlin("02:30", days=("sun",)), "2026-10-25T00:30", "2026-10-25T02:30"),
    ("lasts is exact time, forward", of_berlin("01:30", date="2026-03-29"), "2026-03-29T00:30", "2026-03-29T02:30"),
    ("lasts is exact time, back", of_berlin("01:30", date="2026-10-25"), "2026-10-24T23:30", "2026-10-25T01:30"),
    (
        "skipped into another day",
        Maintenance("00:15", timedelta(hours=1), "America/Havana", ("sun",)),
        "2026-03-08T05:15",
        "2026-03-08T06:15",
    ),
    (
        "half an hour skipped",
        Maintenance("02:15", timedelta(hours=1), "Australia/Lord_Howe", date="2026-10-04"),
        "2026-10-03T15:45",
        "2026-10-03T16:45",
    ),
]


@pytest.mark.parametrize(("planned", "begin", "end"), [row[1:] for row in WINDOWS], ids=[row[0] for row in WINDOWS])
def test_an_outage_is_on_when_the_documents_say(planned: Maintenance, begin: str, end: str) -> None:
    first, last_ = utc(begin), utc(end)
    assert [on_until((planned,), at) for at in (first - SECOND, first, last_ - SECOND, last_)] == [
        None,
        last_,
        last_,
        None,
    ]


@st.composite
def outages(draw: st.DrawFn) -> Maintenance:
    at, zone = draw(st.times()), draw(st.sampled_from(TURNING + NEVER_TURNING))
    lasts = timedelta(seconds=draw(st.integers(300, 3 * 24 * 3600)))
    if draw(st.booleans()):
        day = draw(st.dates(date(2024, 1, 1), date(2027, 12, 31)))
        return Maintenance(f"{at:%H:%M}", lasts, zone, date=day.isoformat())
    return Maintenance(f"{at:%H:%M}", lasts, zone, days=tuple(draw(st.sets(st.sampled_from(DAYS), min_size=1))))


@st.composite
def moments(draw: st.DrawFn, planned: Maintenance) -> datetime:
    """Any, but often one near to a change of clocks, or to the day of what comes once."""
    if planned.date and draw(st.booleans()):
        near = datetime.combine(date.fromisoformat(planned.date), datetime.min.time(), UTC)
    else:
        changes = ("2026-03-29T01:00", "2026-10-25T01:00", "2026-03-08T07:00", "2026-11-01T06:00", "2026-10-03T15:30")
        near = draw(st.sampled_from([utc(change) for change in changes]) | INSTANTS)
    return near + timedelta(seconds=draw(st.integers(-2 * 24 * 3600, 3 * 24 * 3600)))


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_defib_agrees_when_an_outage_is_on_and_until_when(data: st.DataObject) -> None:
    planned = data.draw(outages())
    now = data.draw(moments(planned))
    assert on_until((planned,), now) == defibs.on_until((planned,), now)


@given(st.data())
@settings(max_examples=30, deadline=None)
def test_defib_agrees_which_outages_are_near(data: st.DataObject) -> None:
    planned = data.draw(outages())
    now = data.draw(moments(planned))
    hour = timedelta(hours=1)
    theirs = {(w.start, w.end) for w in defibs.windows(planned, now - hour, now + hour)}
    assert {s for s in spans((planned,), now - hour, now + hour) if s[0] <= now + hour and s[1] > now - hour} == theirs


@pytest.mark.parametrize(
    ("written", "until"),
    [
        ("2026-10-25T06:00:00Z", "2026-10-25T06:00"),
        ("2026-10-25T06:00:00+02:00", "2026-10-25T04:00"),
        ("2026-10-25T06:00-09:30", "2026-10-25T15:30"),
    ],
)
def test_a_tag_holds_until_the_time_that_it_says(written: str, until: str) -> None:
    assert tagged_until({TAG: written}) == utc(until)
    assert kept_until(POLICY, POLICY.services[0], {TAG: written}, utc(until)) is None
    assert kept_until(POLICY, POLICY.services[0], {TAG: written}, utc(until) - SECOND) == utc(until)


@pytest.mark.parametrize("written", ["tomorrow", "2026-10-25T06:00:00", "2026-02-30T06:00:00Z", "2026-10-25T25:00:00Z"])
def test_a_tag_that_says_no_time_holds_too(written: str) -> None:
    assert tagged_until({TAG: written}) == FOR_EVER
    assert defibs.until_of({TAG: written}) is None


@given(INSTANTS, st.integers(-14 * 60, 14 * 60))
def test_defib_agrees_until_when_a_tag_holds(until: datetime, offset: int) -> None:
    written = until.astimezone(timezone(timedelta(minutes=offset))).isoformat()
    assert tagged_until({TAG: written}) == defibs.until_of({TAG: written}) == until


# --- Whose an instance is --------------------------------------------------------------------------------------------

TAGS = st.dictionaries(st.sampled_from(("service", "stage", "self-heal")), st.sampled_from(("web", "true", "a", "b")))
MATCHES = st.dictionaries(
    st.sampled_from(("service", "stage")), st.lists(st.sampled_from(("web", "a", "b")), min_size=1), min_size=1
)


@given(TAGS, MATCHES)
def test_defib_agrees_whose_an_instance_is(tags: Mapping[str, str], match: Mapping[str, list[str]]) -> None:
    service = replace(POLICY.services[0], match={key: tuple(values) for key, values in match.items()})
    policy = replace(POLICY, services=(service,))
    assert is_opted_in(policy, tags) == policy.opted_in(tags)
    assert service_of(policy, tags) == policy.service_of(tags)


@pytest.mark.parametrize("key", [*OWNERS, "kubernetes.io/cluster/blue"])
def test_whatever_another_system_tags_is_its_own(key: str) -> None:
    assert is_anothers({"service": "web", key: "whatever"})
    assert not is_anothers({"service": "web", f"not-{key}": "whatever"})


# --- Limits, turns and means -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("waited", "minutes"), [(0, 1), (100, 1), (101, 2), (250, 4), (1_000, 16)])
def test_a_thousand_that_wait_have_their_turn_in_sixteen_minutes(waited: int, minutes: int) -> None:
    assert turn_within(waited) == minutes * MINUTE
    assert turns(waited, FRESH) == minutes


@given(st.integers(0, 5_000))
def test_defib_agrees_when_whose_turn_comes(waited: int) -> None:
    assert turn_within(waited) == turns(waited, FRESH) * MINUTE


@given(st.integers(0, 5_000), st.integers(20, 1_000), st.integers(5, 3_600))
@settings(max_examples=50)
def test_defib_agrees_how_often_what_waits_is_looked_at(failing: int, looks: int, hold: int) -> None:
    world, limits = told("april-30"), Limits(looks=looks)
    repair = replace(world.policy.repair, hold=timedelta(seconds=hold))
    world.judge.truth.policy = replace(world.policy, limits=limits, repair=repair)
    world.judge.truth.store.whole = replace(world.store.whole, failing=failing)
    apart = looks_within(world.judge.truth) - limits.hold_among(failing, repair.hold)
    assert abs(apart) <= timedelta(milliseconds=1)


@pytest.mark.parametrize("remedy", list(ApplicationRemedy))
@pytest.mark.parametrize("every", [timedelta(seconds=5), timedelta(seconds=59), MINUTE])
def test_defib_agrees_which_target_groups_are_asked_between_sweeps(remedy: ApplicationRemedy, every: timedelta) -> None:
    group = TargetGroup("arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/1", "app/web/1")
    service = replace(POLICY.services[0], application_down=remedy, target_groups=(group,))
    policy = replace(POLICY, services=(service,), detection=Detection(targets_every=every))
    assert is_asked(policy, group.arn) == (policy.asks_a_minute > 0)
    assert not is_asked(policy, "another")


@pytest.mark.parametrize(
    "address", ["a@example.com", "A.b+c@mail.example.co", "two@at@example.com", "a b@x.org", "a@x"]
)
def test_defib_agrees_what_is_an_address(address: str) -> None:
    assert (ADDRESS.fullmatch(address) is not None) == EMAIL.fits(address)


def test_defib_agrees_who_hears_what_is_urgent() -> None:
    for contact in _contacts(told("april-30").policy):
        assert bool(means(contact, Severity.URGENT)) == contact.hears_what_is_urgent


def _contacts(policy: Policy) -> list[Contact]:
    kinds = ((), ("low",), ("low", "urgent"))
    return [
        replace(contact, email_for=by_email, sms_for=by_sms, chat=chat, chat_for=by_email)
        for contact in policy.contacts
        for by_email in kinds
        for by_sms in kinds
        for chat in (True, False)
    ]


ATTEMPTS = st.lists(
    st.tuples(st.sampled_from(list(Action)), st.none() | st.sampled_from(list(Verdict)), st.booleans()), max_size=5
)


@given(ATTEMPTS)
def test_defib_agrees_what_became_of_the_attempts_of_a_case(found: list[tuple[Action, Verdict | None, bool]]) -> None:
    attempts = tuple(_attempt(number, *one) for number, one in zip(count(1), found, strict=False))
    of_it = replace(case(), attempts=attempts)
    assert (is_begun(of_it), is_changed(of_it), under_way(of_it)) == (of_it.begun, of_it.acted, of_it.intent)
    assert [last(of_it, action) for action in Action] == [of_it.last(action) for action in Action]
    assert [done_at(attempt) for attempt in attempts] == [attempt.done_at for attempt in attempts]


def _attempt(number: int, action: Action, verdict: Verdict | None, claimed: bool) -> Attempt:
    result = Result("i-1", number, verdict, after(seconds=number)) if verdict is not None else None
    return Attempt(number, action, "because", NOON, NOON if claimed else None, result)


# --- What is found by that -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("planned", [True, False])
def test_what_waits_for_the_end_of_an_outage_that_nobody_has_planned_is_found(planned: bool) -> None:
    world = told("april-30", 12 * MINUTE)
    held = replace(next(iter(world.store.cases.values())), held_by="maintenance")
    if planned:
        machine = world.cloud.machines[held.instance_id]
        world.cloud.retag(machine.name, {**machine.tags, TAG: (world.time.now + MINUTE).isoformat()})
    world.judge.remembered(held)
    assert ("ends" in broken(world)) is not planned


@pytest.mark.parametrize("late", [timedelta(0), timedelta(minutes=50)])
def test_what_is_low_and_comes_long_after_quiet_hours_is_found(late: timedelta) -> None:
    world = told("april-30", 2 * 60 * MINUTE)
    truth = world.judge.truth
    over = (truth.time.now - late).replace(second=0)
    begins = over - timedelta(hours=1)
    quiet = Maintenance(f"{begins:%H:%M}", timedelta(hours=1), days=DAYS)
    contact = replace(world.policy.contacts[0], quiet=(quiet,))
    waits_no_longer(post(severity=Severity.LOW), contact, begins + MINUTE, truth)
    assert ("told" in broken(world)) is bool(late)


@pytest.mark.parametrize("off_by", [timedelta(0), timedelta(minutes=10)])
def test_a_page_that_tells_of_an_outage_at_another_time_is_found(off_by: timedelta) -> None:
    world = told("april-30", 5 * MINUTE)
    truth, page = world.judge.truth, world.site.pages[-1]
    every_hour = tuple(Maintenance(f"{hour:02}:10", timedelta(minutes=30), days=DAYS) for hour in range(24))
    truth.policy = replace(truth.policy, maintenance=every_hour)
    truth.story = replace(truth.story, policy=truth.policy)
    told_of = planned_on(truth.policy, page.generated_at)
    late = tuple(replace(outage, start=outage.start + off_by, end=outage.end + off_by) for outage in told_of)
    world.site.pages.append(replace(page, planned=late))
    world.judge.laid_out()
    assert ("page" in broken(world)) is bool(off_by)
