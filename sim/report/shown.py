"""The messages of some scenarios, kept under ``docs/messages`` for readers, and held against what is sent now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from sim.replay import ROOT, replay
from sim.report import letters
from sim.scenario_file import load

FOLDER = ROOT / "docs" / "messages"

SHOWN = (
    "acknowledged-by-link",
    "acknowledged-in-time",
    "alarm-storm",
    "approval-expired",
    "approval-given",
    "april-30",
    "drill-unanswered",
    "monitor-hangs",
    "never-comes-back",
    "nobody-answers",
    "partition",
    "primary-region-dark",
    "publish-dies",
    "queue-backs-up",
    "sns-refuses",
    "table-unavailable",
    "zone-loss",
)
"""Outages that heal and that people mend, calls with and without an answer, a drill, and Defib's own death."""


def sent(scenario: str) -> Mapping[str, str]:
    """What people receive in ``scenario`` now, by file name."""
    return letters.files(replay(load(ROOT / "scenarios" / f"{scenario}.toml"), scenario))


def kept(scenario: str, folder: Path = FOLDER) -> Mapping[str, str]:
    """What is kept of ``scenario``, by file name; nothing where there is no such folder."""
    return {file.name: file.read_text(encoding="utf-8") for file in sorted((folder / scenario).glob("*"))}


def keep(scenario: str, messages: Mapping[str, str], folder: Path = FOLDER) -> None:
    """Put ``messages`` in the place of what is kept of ``scenario``. Raises OSError."""
    (folder / scenario).mkdir(parents=True, exist_ok=True)
    for old in (folder / scenario).glob("*"):
        old.unlink()
    for name, text in messages.items():
        (folder / scenario / name).write_text(text, encoding="utf-8")


def differences(scenario: str, messages: Mapping[str, str], folder: Path = FOLDER) -> Iterator[str]:
    """What is kept and no longer sent, sent and not kept, or sent otherwise: one line a file."""
    before = kept(scenario, folder)
    for name in sorted({*before, *messages}):
        if name not in messages:
            yield f"{scenario}/{name} is kept, and no such message is sent"
        elif name not in before:
            yield f"{scenario}/{name} is sent, and not kept"
        elif before[name] != messages[name]:
            yield f"{scenario}/{name} is sent with other words than those kept"
