"""Incidents that ask for somebody, and the link by which a digest asks about them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from defib.answer.token import Key, signed_many
from defib.aws.clients import client
from defib.aws.link_store import KeptMany
from defib.core.answer.many import Many
from tests.aws.account import ONCE
from tests.aws.cases import NOON
from tests.aws.table import TABLE
from tests.handlers.links import Answers
from tests.handlers.questions import called, handed_over
from tests.handlers.stage import Stage

NAMED = ("web-7", "db-7", "queue-7")
MANY = Many(NAMED, "oncall", NOON + timedelta(hours=24))


class Digest(Answers):
    """Three incidents ask for somebody, two of them named in a digest beside one that is over, and one more beside."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        for number, (service, over) in enumerate((("web", None), ("db", None), ("queue", NOON), ("other", None))):
            case = handed_over(instance_id=f"i-0a1b2c3d4e5f6000{number}", service=service)
            changes: dict[str, Any] = {"resolved_at": over, "call": None} if over else {}
            self.remember(case, called(service=service, **changes))

    def link(self, many: Many = MANY, key: Key | None = None) -> str:
        signed, token = signed_many(many, key or self.key())
        KeptMany(client("dynamodb", ONCE), TABLE).keep(signed)
        return token

    def answered(self) -> list[tuple[str, str]]:
        return [(detail["incident"], detail["answer"]) for _, detail in self.said()]
