"""Which of the messages that people get say that something is wrong with Defib itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from defib.core.incident import NoticeKind
from sim.recording import Message

if TYPE_CHECKING:
    from sim.world import World

ASKS_FOR_PEOPLE = frozenset({NoticeKind.HELD.value, NoticeKind.ESCALATED.value})
"""Notices about an instance that say that Defib can't go on by itself."""
WATCHTOWER = "Defib watchtower: "
"""How the subjects of its messages begin."""


def about_defib(message: Message, world: World) -> bool:
    """Whether it came past the topic of the incidents."""
    return message.topic not in {f.environment.get("DEFIB_INCIDENTS_TOPIC", "") for f in world.wiring.functions}


def told_of_defib(message: Message, world: World) -> str:
    """By which path it tells that Defib can't do what it should: ``alarm sweep-heartbeat``; empty if it does not.

    Of an e-mail, which is what comes first.
    """
    if not about_defib(message, world):
        return f"notice {message.notice}" if message.notice in ASKS_FOR_PEOPLE else ""
    if message.subject.startswith(WATCHTOWER):
        return f"watchtower: {message.subject.removeprefix(WATCHTOWER)}"
    text = f"{message.subject} {message.body}"
    fired = [alarm.word for alarm in world.wiring.alarms if alarm.name in text]
    return f"alarm {fired[0]}" if fired else f"message to {message.topic.rpartition(':')[2]}"
