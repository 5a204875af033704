"""Nothing is told twice, no flicker is told at all, and silence is no recovery."""

from __future__ import annotations

from datetime import timedelta

from tests.watchtower.seen import NOW
from watchtower.memory import Change, Memory, take_in
from watchtower.model import Finding, Report, Weight

SWEEP = Finding("sweep", "sweep", Weight.GRAVE, "no sweep", "No sweep.", "Look")
PAGE = Finding("page", "page old", Weight.MINOR, "old page", "The page is old.", "Look")


def night(*reports: Report, looks: int = 2) -> list[Change]:
    memory, changes = Memory(), []
    for minute, report in enumerate(reports):
        memory, change = take_in(memory, report, looks, NOW + timedelta(minutes=minute))
        changes.append(change)
    return changes


def report(*findings: Finding, unmade: str = "") -> Report:
    return Report(findings, frozenset({unmade} - {""}))


def told(changes: list[Change]) -> list[tuple[list[str], list[str]]]:
    return [([f.key for f in change.new], [known.short for known in change.over]) for change in changes]


def test_what_is_wrong_in_two_looks_in_a_row_is_told_once() -> None:
    assert told(night(*[report(SWEEP)] * 4)) == [([], []), (["sweep"], []), ([], []), ([], [])]


def test_a_flicker_tells_nobody() -> None:
    assert not any(night(report(SWEEP), report(), report(SWEEP), report()))


def test_what_is_right_again_in_two_looks_in_a_row_is_told_once() -> None:
    changes = night(report(SWEEP), report(SWEEP), report(), report(), report())

    assert told(changes)[2:] == [([], []), ([], ["no sweep"]), ([], [])]
    assert changes[3].over[0].since == NOW


def test_a_flicker_of_health_is_no_recovery() -> None:
    assert (
        told(night(report(SWEEP), report(SWEEP), report(), report(SWEEP), report(), report(SWEEP)))[2:]
        == [([], [])] * 4
    )


def test_what_cannot_be_checked_is_neither_worse_nor_over() -> None:
    unknown = report(unmade="sweep")
    changes = night(report(SWEEP), report(SWEEP), unknown, unknown, unknown, report(), report())

    assert told(changes)[2:] == [([], [])] * 4 + [([], ["no sweep"])]
    assert [known.short for known in changes[3].still] == ["no sweep"]


def test_a_first_look_at_something_wrong_counts_on_after_a_look_that_could_not_tell() -> None:
    assert told(night(report(SWEEP), report(unmade="sweep"), report(SWEEP)))[2] == (["sweep"], [])


def test_one_look_is_enough_where_the_operator_says_so() -> None:
    assert told(night(report(SWEEP), report(), looks=1)) == [(["sweep"], []), ([], ["no sweep"])]


def test_what_is_seen_a_look_later_is_told_along_so_that_one_death_is_one_message() -> None:
    assert told(night(report(PAGE), report(PAGE, SWEEP), report(PAGE, SWEEP))) == [
        ([], []),
        (["page old", "sweep"], []),
        ([], []),
    ]


def test_a_change_weighs_what_its_gravest_part_weighs() -> None:
    changes = night(report(PAGE), report(PAGE), report(PAGE, SWEEP), report(PAGE, SWEEP))

    assert [change.weight for change in (changes[1], changes[3])] == [Weight.MINOR, Weight.GRAVE]
    assert [known.short for known in changes[3].still] == ["old page"]
