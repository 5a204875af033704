"""A letter that SNS refuses holds up none about anything else, and none of its own incident overtakes it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from defib.core.incident import Phase
from defib.core.page.mail import Letter
from defib.shell.mail import mail
from defib.shell.ports import CallFailed, Rejected, Unanswered
from tests.shell.mailing import Stage


@dataclass
class Refusing:
    """Takes every letter but those of the first incident."""

    error: CallFailed
    number: int = 1
    letters: list[Letter] = field(default_factory=list)
    tried: int = 0

    def tell(self, letter: Letter) -> None:
        self.tried += 1
        if letter.number == self.number:
            raise self.error
        self.letters.append(letter)


def two_outages() -> Stage:
    """Of the first two letters are to go, of the second one."""
    stage = Stage()
    stage.off(1, Phase.REPAIRING)
    stage.off(4, Phase.REPAIRING)
    stage.off(5, Phase.VERIFYING)
    stage.off(6, Phase.REPAIRING, service="api")
    stage.off(9, Phase.REPAIRING, service="api")
    return stage


def test_one_that_is_never_taken_holds_up_no_other_incidents() -> None:
    stage, subscribers = two_outages(), Refusing(Rejected("too long", "InvalidParameter"))
    stage.edges = replace(stage.edges, subscribers=subscribers)

    for _ in range(2):
        with pytest.raises(Rejected, match="too long"):
            mail(stage.edges, stage.policy)

    assert [letter.number for letter in subscribers.letters] == [2]
    assert subscribers.tried == 3, "once a turn, and what comes after it of the same incident not at all"
    subscribers.number = 0
    mail(stage.edges, stage.policy)
    assert [letter.body.partition(" ")[0] for letter in subscribers.letters] == [
        "Identified",
        "Identified",
        "Monitoring",
    ]


def test_where_nothing_answers_no_other_is_tried() -> None:
    stage, subscribers = two_outages(), Refusing(Unanswered("no answer"))
    stage.edges = replace(stage.edges, subscribers=subscribers)

    with pytest.raises(Unanswered):
        mail(stage.edges, stage.policy)

    assert subscribers.tried == 1
