"""The link in an e-mail: where it says what the reader must do, and nowhere else."""

from __future__ import annotations

from datetime import datetime

from defib.core.frozen import dataclass


@dataclass(frozen=True, slots=True)
class AnswerLink:
    """Where the reader of one message may answer it."""

    url: str
    until: datetime


DUTY = "What you must do: "
INDENT = " " * len(DUTY)


def with_link(body: str, url: str, until: datetime) -> str:
    """The e-mail ``body`` with ``url``, on a line of its own so that mail programs make it one to open.

    What the body says of other ways to answer stays: a link is no promise that the page can be reached.
    """
    lasts = f"{until:%d %B %H:%M} UTC"
    answer = f"Answer here. Opening it changes nothing; it takes one answer, until {lasts}:\n{INDENT}{url}"
    before, duty, after = body.partition(f"\n{DUTY}")
    return f"{before}{duty}{answer}\n{INDENT}{after}" if duty else f"{body}\n{DUTY}{answer}"
