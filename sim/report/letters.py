"""Every message as a file of its own: what one person received at one moment, to read without a page around it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC
from pathlib import Path

from sim.recording import Message, Recording
from sim.report.messages import SENDER
from sim.report.words import clean, clock

MESSAGES = "messages"
"""The folder beside the page."""

ADDRESS_MAX = 60
"""Characters of an address in a file's name."""


def files(recording: Recording) -> Mapping[str, str]:
    """The messages by file name, such as ``001-12-04-58-email-oncall@example.com.txt``, in the order of arrival.

    An e-mail has its headers before its body, and a text its number. What goes to machines is the JSON alone.
    """
    ordered = sorted((*recording.messages, *recording.letters), key=lambda message: message.at)
    return {_name(number, message): _text(message) for number, message in enumerate(ordered, 1)}


def write(recording: Recording, directory: Path) -> None:
    """Write each message under ``directory``/messages, which then holds nothing else. Raises OSError."""
    folder = directory / MESSAGES
    for old in folder.glob("*"):
        old.unlink()
    for name, text in files(recording).items():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


def _name(number: int, message: Message) -> str:
    address = re.sub(r"[^A-Za-z0-9@+._-]+", "-", message.to)[:ADDRESS_MAX].strip("-")
    ending = "json" if _is_json(message.body) else "txt"
    return f"{number:03}-{clock(message.at).replace(':', '-')}-{message.medium}-{address}.{ending}"


def _text(message: Message) -> str:
    if _is_json(message.body):
        return json.dumps(json.loads(message.body), indent=2, ensure_ascii=False) + "\n"
    headers = [
        f"From: {SENDER.get(message.medium, 'Amazon SNS')}",
        f"To: {message.to}",
        f"Date: {message.at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC",
    ]
    if message.subject:
        headers.append(f"Subject: {message.subject}")
    return clean("\n".join((*headers, "", message.body, "")))


def _is_json(body: str) -> bool:
    """Whether machines read it: a JSON object, which no sentence is."""
    if not body.startswith("{"):
        return False
    try:
        return isinstance(json.loads(body), dict)
    except ValueError:
        return False
