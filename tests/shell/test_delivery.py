"""Whatever the order, the rates, the quiet hours, the crashes and the retries: each contact hears of each notice."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from defib.core.contact import Contact
from defib.core.incident import Notice, NoticeKind
from defib.core.maintenance import DAYS, Maintenance
from defib.core.medium import Medium
from defib.core.messages import MessageLimits
from defib.core.post import Post
from defib.core.severity import Severity
from defib.shell.announce import announce
from defib.shell.sum_up import sum_up
from tests.core.facts import NOON, SERVICE
from tests.core.facts import POLICY as PLAIN
from tests.shell.machine import ProcessDied
from tests.shell.office import MAIL, Office

ANN = Contact("ann", email=("ann@example.com",), https=("https://events.example.com/x",))
BOB = Contact("bob", email=("bob@example.com",), chat=True)
MEANS = (("ann", Medium.EMAIL), ("ann", Medium.HTTPS), ("bob", Medium.EMAIL), ("bob", Medium.CHAT))
WEB = replace(SERVICE, tell=("ann", "bob"))
LIMITS = MessageLimits(most=3, window=timedelta(minutes=5), at_once=2)
STORM_WINDOW = LIMITS.storm_window
TICK, SWEEP = timedelta(seconds=5), timedelta(minutes=1)
ARRIVALS = timedelta(minutes=20)
LONG_ENOUGH = timedelta(hours=3)


@dataclass(frozen=True)
class Course:
    """What happens: each notice's severity and when it comes, when a process dies, and who sleeps when."""

    notices: tuple[tuple[int, Severity], ...]
    """Ticks after noon, in any order."""
    deaths: tuple[int, ...]
    """Of all calls to the outside world, the ones at which the process dies."""
    quiet: bool


COURSES = st.builds(
    Course,
    notices=st.lists(
        st.tuples(st.integers(0, int(ARRIVALS / TICK)), st.sampled_from(list(Severity))), min_size=1, max_size=60
    ).map(tuple),
    deaths=st.lists(st.integers(0, 300), max_size=12).map(tuple),
    quiet=st.booleans(),
)


def run(course: Course) -> tuple[Office, list[Notice]]:
    """Let everything happen, tick by tick: arrivals at once, retries and what is due by the sweep and by reminders."""
    night = Maintenance(at="11:50", lasts=timedelta(minutes=20), days=DAYS)
    quiet = (night,) if course.quiet else ()
    contacts = tuple(replace(contact, quiet=quiet) for contact in (ANN, BOB))
    office = Office(replace(PLAIN, services=(WEB,), contacts=contacts, messages=LIMITS))
    dies = Deaths(course.deaths)
    for channel in (office.sns, office.chat):
        channel.before = channel.after = dies
        channel.clock = office.clock
    office.mail.around = dies
    arrivals: dict[int, list[Notice]] = {}
    notices = []
    for number, (tick, severity) in enumerate(course.notices, 1):
        made = Notice(
            f"web-{number}",
            "web",
            1,
            NoticeKind.ESCALATED if severity is Severity.URGENT else NoticeKind.OPENED,
            NOON + tick * TICK,
            "i-1-1",
            "i-1",
            f"subject {number};",
            f"body {number};",
            "sms",
            severity,
        )
        notices.append(made)
        arrivals.setdefault(tick, []).append(made)
    for tick in range(int(LONG_ENOUGH / TICK)):
        for made in arrivals.get(tick, ()):
            office.store.notices[made.incident_id, 1] = made
            with suppress(ProcessDied):
                announce(made.incident_id, 1, office.edges, office.policy)
        _remind(office)
        if (tick * TICK) % SWEEP == timedelta(0):
            _sweep(office)
        office.clock.advance(TICK)
    return office, notices


class Deaths:
    """Kills the process at the calls of these numbers."""

    def __init__(self, at: tuple[int, ...]) -> None:
        self._at, self._calls = at, 0

    def __call__(self) -> None:
        self._calls += 1
        if self._calls in self._at:
            raise ProcessDied


def _remind(office: Office) -> None:
    now = office.clock.now()
    due = [contact for contact, at, _ in office.reminders.asked if at <= now]
    office.reminders.asked = [asked for asked in office.reminders.asked if asked[1] > now]
    for contact in due:
        with suppress(ProcessDied):
            sum_up(contact, office.edges, office.policy)


def _sweep(office: Office) -> None:
    now = office.clock.now()
    for made in office.store.unpublished_notices(now - SWEEP, 200):
        with suppress(ProcessDied):
            announce(made.incident_id, made.sequence, office.edges, office.policy)
    for box in list(office.mail.boxes.values()):
        at = box.due_at()
        if at is not None and at <= now:
            with suppress(ProcessDied):
                sum_up(box.contact, office.edges, office.policy)


def reached(office: Office, made: Notice, contact: str, medium: Medium) -> datetime | None:
    """When the contact first had the notice by that medium, alone or with others."""
    channel = office.sns if medium in MAIL else office.chat
    times = (
        at
        for at, post in zip(channel.times, channel.published, strict=True)
        if post.contact == contact and medium in post.media and made.subject in _text(post, medium)
    )
    return min(times, default=None)


def _text(post: Post, medium: Medium) -> str:
    return {Medium.EMAIL: post.subject + post.email, Medium.HTTPS: post.https, Medium.CHAT: post.chat}.get(medium, "")


@settings(max_examples=150, deadline=None)
@given(COURSES)
def test_every_notice_reaches_every_contact_by_every_medium(course: Course) -> None:
    office, notices = run(course)

    for made in notices:
        for contact, medium in MEANS:
            assert reached(office, made, contact, medium) is not None, (made.subject, contact, medium)
    assert office.mail.kept == {}
    assert all(box.due_at() is None for box in office.mail.boxes.values())
    assert office.store.unpublished_notices(office.clock.now(), 10) == []


@settings(max_examples=100, deadline=None)
@given(COURSES)
def test_without_a_crash_a_call_for_help_waits_for_more_than_a_minute_only_after_others_and_never_for_long(
    course: Course,
) -> None:
    office, notices = run(replace(course, deaths=()))

    calls = [made for made in notices if made.severity is Severity.URGENT]
    for contact in ("ann", "bob"):
        heard = {made.incident_id: reached(office, made, contact, Medium.EMAIL) for made in calls}
        for made in calls:
            at = heard[made.incident_id]
            assert at is not None
            if at - made.at > timedelta(minutes=1):
                within = [other for other in heard.values() if other and other <= made.at < other + 2 * STORM_WINDOW]
                assert within, "they were asked for others just before"
                assert at - made.at <= STORM_WINDOW + TICK


@settings(max_examples=100, deadline=None)
@given(COURSES)
def test_nobody_gets_more_than_the_limit_apart_from_what_is_urgent(course: Course) -> None:
    office, _ = run(replace(course, deaths=()))

    times = [
        at
        for at, post in zip(office.sns.times, office.sns.published, strict=True)
        if post.contact == "ann" and Medium.EMAIL in post.media and post.severity is not Severity.URGENT
    ]
    for first, beyond in zip(times, times[LIMITS.most :], strict=False):
        assert beyond - first >= LIMITS.window


@settings(max_examples=100, deadline=None)
@given(COURSES)
def test_quiet_hours_are_quiet(course: Course) -> None:
    office, _ = run(replace(course, deaths=(), quiet=True))

    until = NOON + timedelta(minutes=10)
    for at, post in zip(office.sns.times, office.sns.published, strict=True):
        if at < until and set(post.media) != {Medium.HTTPS}:
            assert post.severity is not Severity.LOW
