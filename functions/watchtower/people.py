"""Whether people can be told: who is behind each topic, and how SMS stand."""

from __future__ import annotations

from collections.abc import Iterator

from watchtower.model import Finding, Listing, TextsIn, Unknown, Weight
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
    confirmed = {subscription.endpoint for subscription in listing.found if subscription.confirmed}
    pending = {subscription.endpoint for subscription in listing.found} - confirmed
    all_wanted = settings.subscribers if listing.region == settings.primary_region else settings.own_subscribers
    wanted = [subscriber for subscriber in all_wanted if subscriber.topic == listing.topic]
    if wanted and not any(subscriber.endpoint in confirmed for subscriber in wanted):
        yield Finding(
            about,
            f"{about} nobody",
            Weight.GRAVE,
            f"nobody hears {where}: no address is confirmed",
            f"None of the {len(wanted)} addresses of topic {where} is confirmed: what it says reaches nobody.",
            "Open the links that SNS has mailed, or deploy again for new ones",
        )
        return
    for subscriber in wanted:
        if subscriber.endpoint not in confirmed:
            yield _deaf(about, where, subscriber, subscriber.endpoint in pending)


def _deaf(about: str, where: str, subscriber: Subscriber, pending: bool) -> Finding:
    todo = (
        'Open the link in the mail "AWS Notification - Subscription Confirmation"; after two days it is void, then '
        "subscribe again"
        if pending
        else "Somebody has unsubscribed it, or its link went stale: remove it from defib.toml, deploy, add it, and "
        "deploy again"
    )
    state = "has not confirmed" if pending else "is no longer subscribed to"
    return Finding(
        about,
        f"{about} {subscriber.endpoint}",
        Weight.MINOR,
        f"{subscriber.endpoint} {state} {where}",
        f"{subscriber.endpoint} {state} topic {where} and hears nothing of it.",
        todo,
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
