"""Subjects and SMS of whole clauses: what has no room is left to the e-mail."""

from __future__ import annotations

import re

from defib.core.words import SMS_MAX, SUBJECT_MAX, plain

INTROS = {"is held: ": ": ", "needs you: ": ": ", "is STOPPED and needs you: ": " is STOPPED: "}
"""Beginnings that say nothing without the reason that follows, and what a subject, whose tag says them, has instead."""

_END = re.compile(r"; |\. |: |, | \(")


def subject_of(opening: str, headline: str) -> str:
    """The subject of an e-mail about ``opening``: a tag, such as NEEDS YOU, and who it is about."""
    intro = _intro(headline)
    start = opening + (INTROS[intro] if intro else " ")
    text = start + headline[len(intro) :]
    if len(text) <= SUBJECT_MAX:
        return plain(text, SUBJECT_MAX)
    return _first((clauses(text, SUBJECT_MAX, len(start)), clauses(text, SUBJECT_MAX, len(opening))), text, SUBJECT_MAX)


def once(headline: str) -> str:
    """``headline`` in the middle of a message that says that it needs somebody: without saying so again."""
    for intro in ("is STOPPED and needs you: ", "needs you: "):
        headline = headline.replace(f" {intro}", INTROS[intro])
    return headline


def sms_of(opening: str, headline: str, brief: str) -> str:
    """An SMS about ``opening``: what ``brief`` asks for stays, if need be without its plan."""
    text, least = f"{opening} {headline}", len(opening) + 1 + len(_intro(headline))
    ends = (f". {brief}", f". {brief.rpartition('. ')[2]}")
    whole = next((text + end for end in ends if len(text + end) <= SMS_MAX), "")
    if whole:
        return plain(whole, SMS_MAX)
    # The reason is worth more than the plan.
    end = ends[1]
    cut = filter(None, (clauses(text, SMS_MAX - len(end), at_least) for at_least in (least, len(opening))))
    return plain(next((part + end for part in cut), text + ends[0]), SMS_MAX)


def clauses(text: str, limit: int, least: int) -> str:
    """As many whole clauses of ``text`` as fit; empty where none ends between ``least`` and ``limit`` characters."""
    ends = (end.start() for end in _END.finditer(text) if least < end.start() <= limit)
    # What opens a bracket must close it.
    return max((text[:end] for end in ends if text[:end].count("(") == text[:end].count(")")), key=len, default="")


def _intro(headline: str) -> str:
    return next((intro for intro in INTROS if headline.startswith(intro)), "")


def _first(texts: tuple[str, ...], otherwise: str, limit: int) -> str:
    return plain(next(filter(None, texts), otherwise), limit)
