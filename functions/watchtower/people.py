"""Whether people can be told: who is behind each topic, and how SMS stand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from watchtower.model import Finding, Listing, Standing, Subscription, TextsIn, Unknown, Weight
from watchtower.settings import Settings, Subscriber


def of_listing(listing: Listing) -> str:
    """What its findings are about."""
    return f"subscribers {listing.region} {listing.topic}"


def of_texts(region: str) -> str:
    """What its findings are about."""
    return f"texts {region}"


def subscribers(listing: Listing, settings: Settings) -> Iterator[Finding]:
    if isinstance(listing.found, Unknown):
        return
    about, where = of_listing(listing), f"{listing.topic} in {listing.region}"
    all_wanted = settings.subscribers if listing.region == settings.primary_region else settings.own_subscribers
    wanted = [subscriber for subscriber in all_wanted if subscriber.topic == listing.topic]
    stands = {subscriber: _standing(subscriber, listing.found) for subscriber in wanted}
    if wanted and Standing.CONFIRMED not in stands.values():
        yield Finding(
            about,
            f"{about} nobody",
            Weight.GRAVE,
            f"nobody hears {where}: no address is confirmed",
            f"None of the {len(wanted)} addresses of topic {where} is confirmed: what it says reaches nobody.",
            OPEN if Standing.PENDING in stands.values() else RENEW,
        )
        return
    yield from (_deaf(about, where, one, stands[one]) for one in wanted if stands[one] is not Standing.CONFIRMED)


def _standing(subscriber: Subscriber, found: Sequence[Subscription]) -> Standing:
    """The best of it: one that came back is listed twice. One that is not listed was unsubscribed some days ago."""
    endpoint = subscriber.endpoint.lower()
    return min((one.standing for one in found if one.endpoint.lower() == endpoint), default=Standing.UNSUBSCRIBED)


OPEN = 'Open the link in the mail "AWS Notification - Subscription Confirmation"; after two days it is void'

RENEW = (
    "Take the address out of defib.toml (where its contact has no other, put another in its place), make deploy, "
    "put it back, make deploy, and confirm; a deploy alone makes no new subscription"
)
"""CloudFormation does not notice that a subscription is gone (cloudformation-coverage-roadmap#1388, #2455)."""


def _deaf(about: str, where: str, subscriber: Subscriber, standing: Standing) -> Finding:
    pending = standing is Standing.PENDING
    why = (
        "" if pending else " Nobody confirmed in time, or somebody, or a scanner of mail, unsubscribed it by its link."
    )
    state = "has not confirmed" if pending else "is no longer subscribed to"
    return Finding(
        about,
        f"{about} {subscriber.endpoint}",
        Weight.MINOR,
        f"{subscriber.endpoint} {state} {where}",
        f"{subscriber.endpoint} {state} topic {where} and hears nothing of it.{why}",
        OPEN if pending else RENEW,
    )


def texts(given: TextsIn, settings: Settings) -> Iterator[Finding]:
    if isinstance(given.found, Unknown):
        return
    about, found = of_texts(given.region), given.found
    if found.spent * 100 >= found.quota * settings.sms_share:
        gone = found.spent >= found.quota
        yield Finding(
            about,
            f"{about} {'gone' if gone else 'quota'}",
            Weight.GRAVE if gone else Weight.MINOR,
            f"SMS quota of {given.region} {'used up' if gone else 'almost used up'}",
            f"${found.spent:.2f} of the ${found.quota:.2f} that may go into SMS this month in {given.region} are "
            f"spent. {'No more texts go out' if gone else 'Beyond it no text goes out'} until next month.",
            "Raise it: SNS console, Text messaging preferences; beyond AWS's own quota by Service Quotas",
        )
    if found.sandboxed:
        yield Finding(
            about,
            f"{about} sandbox",
            Weight.MINOR,
            f"SMS in {given.region} reach verified numbers only",
            f"The account is in the SMS sandbox of {given.region}: only numbers verified there get texts.",
            "Verify each number in the SNS console of that Region, or leave the sandbox",
        )
