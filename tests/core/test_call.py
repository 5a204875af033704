"""When Defib asks for a person: whom, and how soon more of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from defib.core.announce import announce
from defib.core.answer.link import Say, offers_of
from defib.core.call import (
    HANDED_OVER,
    WANTS_MAX,
    CallAnswer,
    Reaction,
    Want,
    answered,
    unwanted,
    wanted,
)
from defib.core.call_news import escalate, heard
from defib.core.case import Action, Case, Outcome
from defib.core.escalation import Tier
from defib.core.incident import Incident, NoticeKind
from defib.core.model import Verdict
from defib.core.policy import Service
from defib.core.severity import Severity
from defib.core.words import SMS_MAX, SUBJECT_MAX
from tests.core.calls import (
    ASKING,
    BROKEN,
    HANDED,
    ON_IT,
    POLICY,
    WANT,
    WEB,
    call_of,
    called,
    incident_of,
)
from tests.core.facts import NOON, after, attempt


def test_who_is_handed_a_case_is_asked_for() -> None:
    incident = incident_of((BROKEN, HANDED))

    call = call_of(incident)
    assert [want.headline for want in call.wants] == ["web-2 (i-0aa1) needs you: nothing helps"]
    assert (call.tier, call.next_at) == (Tier.FIRST, after(minutes=5))
    assert incident.reached is Tier.FIRST


def test_a_repair_asks_for_nobody() -> None:
    assert incident_of().call is None


WANTS: list[tuple[str, Case, bool]] = [
    ("handed over", HANDED, True),
    ("a yes or no is wanted", replace(ASKING, held_action=Action.STOP), True),
    ("too few others", replace(BROKEN, held_by="minimum_healthy", told_of=("minimum_healthy",)), True),
    ("the kill switch is off", replace(BROKEN, held_by="kill_switch", told_of=("kill_switch",)), True),
    ("the operator only observes", replace(BROKEN, held_by="observe_mode", told_of=("observe_mode",)), False),
    ("its turn will come", replace(BROKEN, held_by="stack_share", told_of=("stack_share",)), False),
    ("its owner replaces it", replace(BROKEN, held_by="owned_by_others", told_of=("owned_by_others",)), False),
    ("AWS is at it", replace(BROKEN, held_by="aws_at_work", told_of=("aws_at_work",)), False),
]


def test_what_asks_for_a_person_says_where_the_evidence_is() -> None:
    taken = replace(HANDED, attempts=(attempt(Action.EVIDENCE, verdict=Verdict.LOST),))

    incident, _ = announce(incident_of(), BROKEN, taken, POLICY, NOON)

    assert incident is not None
    assert [want.evidence for want in call_of(incident).wants] == ["not captured (lost)"]


@pytest.mark.parametrize(("now", "asks"), [row[1:] for row in WANTS], ids=[row[0] for row in WANTS])
def test_what_asks_for_a_person(now: Case, *, asks: bool) -> None:
    held = replace(now, held_action=Action.STOP) if now.held_by else now

    incident, (notice,) = announce(incident_of(), BROKEN, held, POLICY, NOON)

    assert incident is not None
    assert (incident.call is not None) is asks
    assert (notice.severity is Severity.URGENT) is asks


TELLS_NOBODY = replace(POLICY, services=(replace(WEB, tell=()),))


def test_a_call_names_only_so_many_that_ask_and_asks_for_the_others_all_the_same() -> None:
    crowded = called()
    for number in range(WANTS_MAX):
        crowded = wanted(crowded, replace(WANT, about=f"i-{number}-1"), POLICY, NOON)
    assert len(call_of(crowded).wants) == WANTS_MAX

    heeded = answered(crowded, CallAnswer("web-7", Reaction.ACKNOWLEDGE, "Ann"), POLICY, NOON)
    anew = wanted(heeded, replace(WANT, about="i-last-1"), POLICY, NOON)

    assert len(call_of(anew).wants) == WANTS_MAX
    assert call_of(anew).pause is None, "who is on it is asked again"


def test_one_of_so_many_that_asks_anew_for_another_reason_asks_in_its_own_place() -> None:
    """The old reason ends only once the new one is in the call (core/announce.py): there must be room for it."""
    crowded = called()
    for number in range(WANTS_MAX):
        crowded = wanted(crowded, replace(WANT, about=f"i-{number}-1", why="approval"), POLICY, NOON)

    anew = wanted(crowded, replace(WANT, about="i-7-1", why=HANDED_OVER), POLICY, NOON)

    assert [w.why for w in call_of(unwanted(anew, "i-7-1", HANDED_OVER)).wants if w.about == "i-7-1"] == [HANDED_OVER]
    assert len(call_of(anew).wants) == WANTS_MAX


def test_a_service_that_tells_nobody_asks_nobody() -> None:
    assert incident_of((BROKEN, HANDED), policy=TELLS_NOBODY).call is None


COURSE: list[tuple[timedelta, Tier, timedelta]] = [
    (timedelta(minutes=5), Tier.SECOND, timedelta(minutes=15)),
    (timedelta(minutes=15), Tier.EVERYBODY, timedelta(minutes=45)),
    (timedelta(minutes=45), Tier.EVERYBODY, timedelta(minutes=75)),
]


def test_nobody_answers_until_everybody_is_asked_and_asked_again() -> None:
    incident = called()

    for at, tier, then in COURSE:
        early, silence = escalate(incident, POLICY, NOON + at - timedelta(seconds=1))
        assert (early, silence) == (incident, None)
        incident, notice = escalate(incident, POLICY, NOON + at)
        assert notice is not None
        assert (notice.kind, notice.severity, notice.tier) == (NoticeKind.CALLED, Severity.URGENT, tier)
        assert call_of(incident).next_at == NOON + then


def test_a_call_for_a_yes_alone_says_which_repair_it_is_about_so_that_its_link_can_say_yes() -> None:
    asking = incident_of((BROKEN, replace(ASKING, held_action=Action.STOP)))
    _, about_a_repair = escalate(asking, POLICY, after(minutes=5))
    _, about_another = escalate(called(), POLICY, after(minutes=5))

    assert about_a_repair is not None
    assert about_a_repair.case_id == ASKING.id
    assert offers_of(about_a_repair) == (Say.APPROVE, Say.REJECT, Say.ACKNOWLEDGE, Say.SNOOZE)
    assert "aws events put-events" in about_a_repair.body.partition("What you must do: ")[2]
    assert about_another is not None
    assert about_another.case_id == ""
    assert offers_of(about_another) == (Say.ACKNOWLEDGE, Say.SNOOZE)


def test_a_sweep_that_comes_late_asks_all_who_should_have_been_asked_by_then() -> None:
    incident, notice = escalate(called(), POLICY, after(minutes=20))

    assert notice is not None
    assert notice.tier is Tier.EVERYBODY
    assert call_of(incident).next_at == after(minutes=50)


def test_each_louder_message_says_who_has_been_asked_and_since_when() -> None:
    incident, _ = escalate(called(), POLICY, after(minutes=5))
    _, notice = escalate(incident, POLICY, after(minutes=15))

    assert notice is not None
    assert "ann since 12:00:00 UTC; bob since 12:05:00 UTC; eve since 12:15:00 UTC, 3 times so far" in notice.body
    assert "Unless somebody answers, Defib asks again at 12:45:00 UTC." in notice.body
    assert "Look at it." in notice.body


@pytest.mark.parametrize("wants", [1, 2, 300])
@pytest.mark.parametrize("name", ["web", "zone:us-east-1a", "a" * 31])
def test_every_louder_message_fits(wants: int, name: str) -> None:
    policy = replace(POLICY, services=(replace(WEB, name=name),))
    incident = Incident(name, 12345, NOON)
    for number in range(wants):
        incident = wanted(incident, replace(WANT, about=f"i-{number}", headline="w" * 150), policy, NOON)

    incident, notice = escalate(incident, policy, after(minutes=5))
    paused, said = heard(incident, CallAnswer(incident.id, Reaction.SNOOZE, "x" * 60), policy, after(minutes=6))
    _, again = escalate(paused, policy, after(hours=2))

    assert notice is not None
    assert again is not None
    for made in (notice, said, again):
        assert len(made.subject) <= SUBJECT_MAX
        assert len(made.sms) <= SMS_MAX
        assert len(made.body) < 40_000


def test_whoever_is_asked_second_reads_what_is_wrong_and_where_the_evidence_is() -> None:
    incident = wanted(Incident("web", 1, NOON), replace(WANT, evidence="s3://evidence/web-2/1"), POLICY, NOON)

    _, notice = escalate(incident, POLICY, after(minutes=5))

    assert notice is not None
    first, *lines = notice.body.splitlines()
    assert first.startswith("Nobody has answered: ")
    assert "What is wrong:    1 thing waits for a person:" in lines
    assert "Evidence:         s3://evidence/web-2/1" in lines


def test_a_call_about_a_zone_names_it_once() -> None:
    want = Want("all", "all", NOON, "zone use1-az4 (us-east-1a) is impaired", "Look at it.")
    incident = wanted(Incident("zone:us-east-1a", 7, NOON), want, POLICY, NOON)

    _, notice = escalate(incident, POLICY, after(minutes=5))

    assert notice is not None
    assert notice.subject == "[Defib] NEEDS YOU: nobody has answered: zone use1-az4 (us-east-1a) is impaired"
    assert notice.sms.startswith("Defib: nobody has answered: zone use1-az4 (us-east-1a) is impaired. ")


def test_what_is_wanted_already_is_not_wanted_twice() -> None:
    assert wanted(called(), WANT, POLICY, after(minutes=1)) == called()


def test_the_same_case_seen_again_asks_nothing_anew() -> None:
    incident = answered(incident_of((BROKEN, HANDED)), replace(ON_IT, incident_id="web-1"), POLICY, NOON)

    same, notices = announce(incident, HANDED, replace(HANDED, look_again_at=after(minutes=9)), POLICY, NOON)

    assert (same, notices) == (incident, ())


def test_a_case_that_asks_for_another_reason_goes_on_asking_those_it_has_reached() -> None:
    """Nobody said yes in time: whoever was asked for the yes is now asked to repair it."""
    incident = incident_of((BROKEN, replace(ASKING, held_action=Action.STOP)))
    incident, _ = escalate(incident, POLICY, after(minutes=5))
    given_up = replace(ASKING, held_by="", handed_over_at=after(minutes=6), ask="Repair it.", reason="nobody approved")

    incident_then, (notice,) = announce(incident, ASKING, given_up, POLICY, after(minutes=6))

    assert incident_then is not None
    assert notice.tier is Tier.SECOND
    assert [want.why for want in call_of(incident_then).wants] == [HANDED_OVER]
    assert call_of(incident_then).next_at == after(minutes=15)


def test_nobody_is_asked_for_what_goes_on_by_itself() -> None:
    held = replace(BROKEN, held_by="minimum_healthy", held_action=Action.STOP, told_of=("minimum_healthy",))
    goes_on = replace(held, held_by="", held_action=None, attempts=(*held.attempts, attempt(Action.STOP, verdict=None)))

    assert incident_of((BROKEN, held), (held, goes_on)).call is None


def test_a_call_ends_with_the_last_thing_that_asks() -> None:
    two = wanted(called(), replace(WANT, about="i-0bb2-1"), POLICY, NOON)

    one = unwanted(two, "i-0aa1-1")
    assert [want.about for want in call_of(one).wants] == ["i-0bb2-1"]
    assert unwanted(one, "i-0bb2-1").call is None


def test_all_who_were_asked_read_that_it_is_over() -> None:
    incident, _ = escalate(incident_of((BROKEN, HANDED)), POLICY, after(minutes=15))
    well = replace(HANDED, closed_at=after(minutes=16), outcome=Outcome.RECOVERED, reason="it works again")

    over, (notice,) = announce(incident, HANDED, well, POLICY, after(minutes=16))

    assert over is not None
    assert over.call is None
    assert (notice.kind, notice.severity, notice.tier) == (NoticeKind.RESOLVED, Severity.HIGH, Tier.EVERYBODY)


def test_a_drill_is_called_by_the_same_function() -> None:
    drill = wanted(Incident("drill:ann", 1, NOON), replace(WANT, about="drill"), POLICY, NOON)

    _, notice = escalate(drill, POLICY, after(minutes=15))

    assert notice is not None
    assert notice.tier is Tier.EVERYBODY


LONE = Service("lone", {"service": ("lone",)}, tell=("ann",))


def test_a_message_for_many_stays_small_enough_for_the_table() -> None:
    incident = Incident("lone", 1, NOON)
    policy = replace(POLICY, services=(LONE,))
    for number in range(500):
        incident = wanted(incident, replace(WANT, about=f"i-{number}", duty="d" * 500), policy, NOON)

    assert sum(len(want.duty) for want in call_of(incident).wants) == 10 * 500
