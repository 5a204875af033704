"""What is low leaves people alone in their quiet hours, and reaches them when those are over."""

from __future__ import annotations

from datetime import datetime, timedelta

from defib.core.contact import Contact
from defib.core.detection import MINUTE
from defib.core.medium import Medium
from defib.core.post import Post
from defib.core.severity import Severity
from sim.fuzz.invariants.planned import on_until
from sim.fuzz.invariants.truth import Truth

DIGEST_FOUND = timedelta(minutes=1, seconds=5)
"""How late what waits may be: a sweep finds it, and it is delivered."""


def leaves_alone(post: Post, contact: Contact, truth: Truth) -> None:
    """Nothing low comes in quiet hours, by itself or summed up."""
    now, people = truth.time.now, {*post.media} - {Medium.HTTPS}
    if post.severity is not Severity.LOW or not people or not contact.quiet:
        return
    until = on_until(contact.quiet, now - DIGEST_FOUND)
    if until is not None and now < until and truth.calm(now):
        what = f"{post.notice} of {post.incident_id}"
        truth.breaks("told", f"{what} is low, and reaches {contact.name} in quiet hours")


def waits_no_longer(post: Post, contact: Contact, made_at: datetime, truth: Truth) -> None:
    """What was made then waits for the end of quiet hours, and for nothing else where nothing is summed up."""
    due, people = made_at, {*post.media} - {Medium.HTTPS}
    if not people or not contact.quiet or truth.policy_at(made_at) is not truth.policy:
        return
    while (until := on_until(contact.quiet, due)) is not None:
        due = until
    found = DIGEST_FOUND + (MINUTE if truth.struck_since(due) else timedelta(0)) + truth.worn(due)
    late = truth.time.now - due
    if late > found and truth.calm(due):
        truth.breaks("told", f"what is low reaches {contact.name} only {late} after their quiet hours")
