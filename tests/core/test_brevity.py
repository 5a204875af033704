"""What a telephone shows is a whole sentence, however long the reason."""

from __future__ import annotations

import pytest

from defib.core.brevity import clauses, sms_of, subject_of
from defib.core.words import SMS_MAX, SUBJECT_MAX

HELD, NEEDED = "[Defib db] HELD: db-2", "[Defib db] NEEDS YOU: db-2"
DECIDE = "Defib would have stopped it and started it on another host. Please decide."


@pytest.mark.parametrize(
    ("opening", "headline", "subject"),
    [
        (HELD, "is held: it runs Windows", "[Defib db] HELD: db-2: it runs Windows"),
        (
            HELD,
            "is held: 0 of 1 other members of the replicated group db are healthy; see that the data is safe",
            "[Defib db] HELD: db-2: 0 of 1 other members of the replicated group db are healthy",
        ),
        (
            HELD,
            "is held: AWS is at work on it (system-reboot, as announced) until 12 June 01:28 UTC; wait for it, or ask",
            "[Defib db] HELD: db-2: AWS is at work on it (system-reboot, as announced) until 12 June 01:28 UTC",
        ),
        (
            NEEDED,
            "needs you: it fails again though it was healed 3 times within 24 hours: the cure does not last",
            "[Defib db] NEEDS YOU: db-2: it fails again though it was healed 3 times within 24 hours",
        ),
        (
            "[Defib backend] NEEDS YOU: backend-2",
            "needs you: it fails again though it was healed 3 times within 24 hours: the cure does not last",
            "[Defib backend] NEEDS YOU: backend-2: it fails again though it was healed 3 times within 24 hours",
        ),
        (
            NEEDED,
            "is STOPPED and needs you: it could not be started in 5 tries: a volume of it could not be attached; most",
            "[Defib db] NEEDS YOU: db-2 is STOPPED: it could not be started in 5 tries",
        ),
    ],
    ids=["it fits", "a clause less", "without what the tag says", "whole clauses", "both", "the state stays"],
)
def test_a_subject_ends_where_a_clause_ends(opening: str, headline: str, subject: str) -> None:
    assert len(subject) <= SUBJECT_MAX
    assert subject_of(opening, headline) == subject


@pytest.mark.parametrize(
    ("headline", "brief", "sms"),
    [
        ("is held: it runs Windows", DECIDE, f"Defib db: db-2 is held: it runs Windows. {DECIDE}"),
        (
            "is held: it is protected against stopping (DisableApiStop), and Defib never lifts that. Switch it off",
            DECIDE,
            "Defib db: db-2 is held: it is protected against stopping (DisableApiStop), and Defib never lifts that. "
            "Switch it off. Please decide.",
        ),
        (
            "is held: the kill switch is off; set the SSM parameter /defib/<stack>/healing to on to let Defib act",
            DECIDE,
            "Defib db: db-2 is held: the kill switch is off; "
            "set the SSM parameter /defib/<stack>/healing to on to let Defib act. Please decide.",
        ),
        (
            "is held: 0 of 1 other members of the replicated group db are healthy; see that the data is safe, "
            "that the others work, and that somebody knows",
            DECIDE,
            "Defib db: db-2 is held: 0 of 1 other members of the replicated group db are healthy; "
            "see that the data is safe. Please decide.",
        ),
    ],
    ids=["it fits", "what was planned goes first", "so that the remedy stays", "then what comes last"],
)
def test_an_sms_ends_with_what_it_asks_for(headline: str, brief: str, sms: str) -> None:
    assert len(sms) <= SMS_MAX
    assert sms_of("Defib db: db-2", headline, brief) == sms


def test_a_bracket_is_never_left_open() -> None:
    assert clauses("AWS is at work (maintenance, as announced) until noon", 40, 0) == "AWS is at work"


def test_a_sentence_without_an_end_in_reach_is_cut_and_shows_it() -> None:
    endless = "x" * 200

    assert subject_of(HELD, endless) == f"{HELD} {endless}"[: SUBJECT_MAX - 3] + "..."
    assert sms_of("Defib db: db-2", endless, DECIDE) == f"Defib db: db-2 {endless}"[: SMS_MAX - 3] + "..."
