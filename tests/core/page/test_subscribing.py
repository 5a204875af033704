"""Who is sent a link: an address that is one, not twice a day, and not more a day than the operator allows."""

from __future__ import annotations

from datetime import date

import pytest

from defib.core.page.subscribing import MARKS, Answer, Asked, Day, ask, mark_of, sent, unsent

TODAY = Day(date(2026, 4, 30))


def test_an_address_is_counted_marked_and_sent_a_link() -> None:
    # Blanks around it are a slip of the hand, and go.
    asked = ask("  ann@example.com \n", TODAY, 2)

    assert asked == Asked(Answer.SENT, "ann@example.com", Day(TODAY.date, 0, 1, (mark_of("ann@example.com"),)))


def test_a_second_time_on_the_same_day_the_answer_is_the_same_and_nothing_is_sent() -> None:
    day = ask("ann@example.com", TODAY, 2).day
    assert day is not None

    assert ask("Ann@Example.com", day, 2) == Asked(Answer.SENT)
    assert ask("ann@example.com", Day(date(2026, 5, 1)), 2).address == "ann@example.com"


def test_beyond_the_days_limit_nobody_new_is_sent_one() -> None:
    assert ask("ann@example.com", Day(TODAY.date, count=2), 2) == Asked(Answer.FULL)


@pytest.mark.parametrize("count", [1, 2], ids=["with room", "full"])
def test_no_answer_tells_who_has_asked_before(count: int) -> None:
    day = Day(TODAY.date, count=count, marks=(mark_of("ann@example.com"),))

    assert ask("ann@example.com", day, 2).answer is ask("bob@example.com", day, 2).answer


def test_one_that_could_not_be_sent_may_ask_again_but_counts() -> None:
    day = ask("ann@example.com", TODAY, 2).day
    assert day is not None

    after = unsent(day, "ann@example.com", is_wrong=False)
    assert (after.count, after.marks) == (1, ())


def test_while_no_link_can_be_sent_whoever_has_asked_before_is_tried_as_all_others_are() -> None:
    known = Day(TODAY.date, count=1, marks=(mark_of("ann@example.com"),))
    failing = unsent(known, "bob@example.com", is_wrong=False)

    assert ask("ann@example.com", failing, 3).address == "ann@example.com"
    assert ask("ann@example.com", sent(failing), 3) == Asked(Answer.SENT)


def test_an_address_that_is_wrong_gets_nobody_else_a_second_link() -> None:
    known = Day(TODAY.date, count=1, marks=(mark_of("ann@example.com"),))

    assert ask("ann@example.com", unsent(known, "bob@example.com", is_wrong=True), 3) == Asked(Answer.SENT)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ann",
        "ann@localhost",
        "ann@example.com\r\nBcc: all@example.com",
        "ann@example.com,bob@example.com",
        "ann@example.com bob@example.com",
        "Ann <ann@example.com>",
        "<script>alert(1)</script>@example.com",
        "ann@example.com?subject=x",
        "ann@exa\u043cple.com",
        "a" * 65 + "@example.com",
        "a@" + "b" * 250 + ".com",
        "ann@-example.com",
        "https://example.com/hook",
        "+12025550123",
        "arn:aws:sqs:us-east-1:123456789012:queue",
    ],
)
def test_what_is_no_address_is_not_counted(text: str) -> None:
    assert ask(text, TODAY, 2) == Asked(Answer.WRONG)


def test_a_mark_tells_no_address() -> None:
    marks = [mark_of(f"person-{number}@example.com") for number in range(5_000)]

    assert all(0 <= mark < MARKS for mark in marks)
    # Of 5,000 addresses some share theirs already: with all there are in the world, thousands share each.
    assert len(set(marks)) < len(marks)
