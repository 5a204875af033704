"""What each function is given: memory, time and how many may run at once. The one place to set it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shape:
    """The size of one function."""

    does: str
    memory_mb: int
    """No function needs more than about 100 MB. The rest buys processor time, which Lambda gives in proportion (a full
    core at 1,769 MB): a cold start is mostly imports, and takes twice as long with half of this."""
    timeout_s: int
    concurrency: int | None
    """How many the queue may run at once (Lambda allows no fewer than 2); None for what no queue feeds."""


SHAPES = {
    "diagnose": Shape(
        does="looks at an instance and decides; reads only",
        memory_mb=512,
        timeout_s=30,
        # EC2 answers 10 DescribeInstances a second for long (AWSEC2 DeveloperGuide, ec2-api-throttling): five
        # diagnoses of about half a second each use all of it.
        concurrency=5,
    ),
    "remediate": Shape(
        does="reboots, stops, starts, drains and restores what is opted in",
        memory_mb=512,
        timeout_s=30,
        # EC2 takes 2 StartInstances a second for long: more at once would only be throttled.
        concurrency=2,
    ),
    "evidence": Shape(
        does="keeps what a stop would destroy",
        memory_mb=512,
        timeout_s=30,
        concurrency=5,
    ),
    "publish": Shape(
        does="tells people",
        memory_mb=512,
        timeout_s=30,
        # The queue keeps an incident's notices in order; a second incident needn't wait for the first, nor any of them
        # for a canary of the watchtower.
        concurrency=3,
    ),
    "sweep": Shape(
        does="looks at every opted-in instance once a minute",
        # Run every minute, it is hardly ever cold.
        memory_mb=256,
        # Shorter than the minute between two sweeps, so that they never overlap.
        timeout_s=45,
        concurrency=None,
    ),
    "page": Shape(
        does="makes the status page anew",
        memory_mb=512,
        # The first time after a year of incidents it lays out a file for each.
        timeout_s=120,
        concurrency=2,
    ),
    "stashboard": Shape(
        does="answers the Stashboard API",
        memory_mb=512,
        timeout_s=25,
        concurrency=None,
    ),
    "answer": Shape(
        does="takes people's answers by a link",
        memory_mb=512,
        # HTTP APIs wait for 30 s at most (API Gateway Developer Guide, HTTP API quotas).
        timeout_s=25,
        concurrency=None,
    ),
    "subscribe": Shape(
        does="sends a link to whoever wants the status page by e-mail",
        memory_mb=512,
        timeout_s=25,
        concurrency=None,
    ),
}

OF_THE_PAGE = frozenset({"page"})
"""Deployed only where the policy has a status page."""
OF_THE_API = frozenset({"stashboard"})
"""Deployed only where it speaks Stashboard's API."""
OF_THE_ANSWERS = frozenset({"answer"})
"""Deployed only where e-mails carry links to answer by."""

OF_SUBSCRIBERS = frozenset({"subscribe"})
"""Deployed only where customers may subscribe to it."""
FOLLOWER = Shape(
    does="tells another page what the status page says",
    memory_mb=512,
    # One call, or a look and a second list, each within its deadlines, and the table around it.
    timeout_s=30,
    concurrency=2,
)
"""One for each page that follows, besides those above."""
