"""Readings in, findings out: every rule of the watchtower, pure.

A question without an answer is a finding too; and when the whole primary Region is mute, that is one finding, which
says what is known and what is not: it need not be Defib that is dead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from watchtower.model import (
    Finding,
    Heartbeats,
    Listing,
    PageMade,
    Readings,
    Report,
    TextsIn,
    Unknown,
    Weight,
    Why,
)
from watchtower.settings import Settings, Subscriber

INTERVAL = timedelta(minutes=1)
"""How often the watchtower looks, and sends a canary."""

HEARTBEATS = re.compile(r"(?:Sweep|Canary)Heartbeat")
"""Alarms on what the watchtower reads itself, sooner."""

AUTHOR = re.compile(r"-Watch([A-Za-z]+?)[0-9A-F]{8}(?:-|$)")
"""In the name that CloudFormation gives an alarm: stack, path, a hash, and what makes it unique."""

BY_HAND = "Look at your instances by hand"


def check(readings: Readings, settings: Settings, now: datetime) -> Report:
    """Everything that is wrong as far as ``readings`` tell."""
    unmade = frozenset(_unmade(readings, settings))
    findings: list[Finding] = []
    if _primary_is_mute(readings, settings):
        findings.append(_partition(readings, settings, now))
    else:
        findings += _unanswered(readings, settings)
    if isinstance(readings.heartbeats, Heartbeats):
        findings += _sweep(readings.heartbeats, settings, now)
        findings += _canary(readings.heartbeats, settings, now)
    findings += _alarms(readings, settings)
    findings += (found for listing in readings.listings for found in _subscribers(listing, settings))
    findings += (found for texts in readings.texts for found in _texts(texts, settings))
    findings += _page(readings, settings, now)
    return Report(tuple(findings), unmade)


def _unmade(readings: Readings, settings: Settings) -> Iterator[str]:
    if isinstance(readings.heartbeats, Unknown):
        yield from ("sweep", "canary")
    if isinstance(readings.alarms, Unknown):
        yield "alarms"
    yield from (_of_listing(listing) for listing in readings.listings if isinstance(listing.found, Unknown))
    yield from (_of_texts(texts.region) for texts in readings.texts if isinstance(texts.found, Unknown))
    if isinstance(readings.page, Unknown) and not _tells_of_page(readings.page):
        yield "page"
    if _primary_is_mute(readings, settings):
        yield "unanswered"


def _of_listing(listing: Listing) -> str:
    return f"subscribers {listing.region} {listing.topic}"


def _of_texts(region: str) -> str:
    return f"texts {region}"


def _of_primary(readings: Readings, settings: Settings) -> Iterator[tuple[str, object]]:
    """What was asked of the primary's Region, in words, and what came of it."""
    yield "what its parts are called", readings.watched
    yield "whether a canary gets through: none could be sent", readings.canary_sent
    yield "when it last swept, and whether canaries come out", readings.heartbeats
    yield "how its alarms stand", readings.alarms
    for listing in readings.listings:
        if listing.region == settings.primary_region:
            yield f"who is behind its topic {listing.topic}", listing.found
    for texts in readings.texts:
        if texts.region == settings.primary_region:
            yield "how its SMS quota stands", texts.found


def _primary_is_mute(readings: Readings, settings: Settings) -> bool:
    return all(isinstance(found, Unknown) and found.mute for _, found in _of_primary(readings, settings))


def _partition(readings: Readings, settings: Settings, now: datetime) -> Finding:
    there, here = settings.primary_region, settings.region
    own: list[object] = [listing.found for listing in readings.listings if listing.region == here]
    own += [texts.found for texts in readings.texts if texts.region == here]
    cut_off = bool(own) and all(isinstance(found, Unknown) for found in own)
    page = readings.page
    if cut_off:
        seen = f"Calls to {here} itself fail too, so it may be the watchtower that is cut off."
    elif isinstance(page, PageMade) and now - page.at <= settings.page_within:
        seen = (
            f"Calls to {here} work, and the status page, which comes through CloudFront, was made "
            f"{_ago(now - page.at)} ago: {there} was alive then. If it is newer when you open it in a while, only the "
            "way between the Regions is cut."
        )
    elif isinstance(page, PageMade):
        seen = (
            f"Calls to {here} work; the status page answers from a cache or a copy, but was last made "
            f"{_ago(now - page.at)} ago: {there} itself may be dark."
        )
    elif isinstance(page, Unknown) and _tells_of_page(page):
        seen = f"Calls to {here} work; the status page does not answer either: {there} itself may be dark."
    else:
        seen = f"Calls to {here} work: it is {there}, or the way there, that is cut."
    return Finding(
        "partition",
        "partition",
        Weight.GRAVE,
        f"no answer from {there}: can't tell if Defib lives",
        f"From {here}, no service of {there} answers. This is a partition or a dark Region; Defib may or may not be "
        f"working there. {seen}",
        f"{BY_HAND}; see AWS Health for {there}",
    )


def _unanswered(readings: Readings, settings: Settings) -> Iterator[Finding]:
    """One finding for each question without an answer, so that what can't be told is said."""
    asked = list(_of_primary(readings, settings))
    asked += [
        (f"who is behind the watchtower's topic {listing.topic}", listing.found)
        for listing in readings.listings
        if listing.region == settings.region
    ]
    asked += [
        (f"how the SMS quota of {texts.region} stands", texts.found)
        for texts in readings.texts
        if texts.region == settings.region
    ]
    if readings.page is not None:
        asked.append(("how the status page does", readings.page))
    for what, found in asked:
        if found is readings.page and isinstance(found, Unknown) and _tells_of_page(found):
            continue
        # What could not be asked for want of a name follows from the question for the names, which is told.
        if isinstance(found, Unknown) and found.why is not Why.NO_NAME:
            yield Finding(
                "unanswered",
                f"unanswered {what}",
                Weight.GRAVE,
                f"can't tell: {found.detail}",
                f"The watchtower can't tell {what}: {found.detail}.",
                "If it lasts, see AWS Health; if it says that access is denied, deploy again",
            )


def _sweep(heartbeats: Heartbeats, settings: Settings, now: datetime) -> Iterator[Finding]:
    swept_at = heartbeats.swept_at
    if swept_at is not None and now - swept_at <= settings.sweep_within:
        return
    there = settings.primary_region
    since = "ever" if swept_at is None else f"for {_ago(now - swept_at)}"
    yield Finding(
        "sweep",
        "sweep",
        Weight.GRAVE,
        f"no sweep in {there} {since}: Defib may be blind",
        f"No sweep of Defib in {there} has seen everything {since}. What fails now may be found late or never.",
        f"{BY_HAND}; read the log of sweep in {there}, then its schedule",
    )


def _canary(heartbeats: Heartbeats, settings: Settings, now: datetime) -> Iterator[Finding]:
    canary, there = heartbeats.canary, settings.primary_region
    if canary is None or now - canary.sent_at > settings.canary_within + INTERVAL:
        since = "has ever" if canary is None else f"sent in the last {_ago(now - canary.sent_at)} has"
        yield Finding(
            "canary",
            "canary",
            Weight.GRAVE,
            f"signals don't come through in {there}: nobody may be told",
            f"No canary {since} come through: event bus, signals queue, diagnose, notices queue, publish, topic, "
            "table. A real alarm would not either.",
            f"{BY_HAND}; read the logs of diagnose and publish in {there}, then their queues",
        )
    elif canary.at - canary.sent_at > settings.canary_within:
        yield Finding(
            "canary",
            "canary slow",
            Weight.GRAVE,
            f"signals take {_ago(canary.at - canary.sent_at)} in {there}: news is late",
            f"The last canary took {_ago(canary.at - canary.sent_at)} from the event bus to the topic; "
            f"{_ago(settings.canary_within)} are allowed.",
            f"Look at the ages of the queues in {there}, then for throttles of diagnose and publish",
        )


def _alarms(readings: Readings, settings: Settings) -> Iterator[Finding]:
    if isinstance(readings.alarms, Unknown):
        return
    there = settings.primary_region
    if len(readings.alarms) < settings.alarms:
        yield Finding(
            "alarms",
            "alarms missing",
            Weight.GRAVE,
            f"{settings.alarms - len(readings.alarms)} of Defib's own alarms are gone in {there}",
            f"{there} has {len(readings.alarms)} alarms about Defib itself; {settings.alarms} were deployed.",
            "Deploy again",
        )
    for alarm in readings.alarms:
        named = AUTHOR.search(alarm.name)
        name = named[1] if named else alarm.name
        if not alarm.enabled:
            yield Finding(
                "alarms",
                f"alarm off {alarm.name}",
                Weight.MINOR,
                f"alarm {name} is switched off",
                f"The actions of alarm {alarm.name} in {there} are disabled: it would tell nobody.",
                f"aws cloudwatch enable-alarm-actions --region {there} --alarm-names {alarm.name}",
            )
        if alarm.state == "ALARM" and not HEARTBEATS.search(alarm.name):
            yield Finding(
                "alarms",
                f"alarm {alarm.name}",
                Weight.GRAVE,
                f"alarm {name} in {there}",
                f"Alarm {alarm.name}: {alarm.description}",
                "As the alarm says",
            )


def _subscribers(listing: Listing, settings: Settings) -> Iterator[Finding]:
    if isinstance(listing.found, Unknown):
        return
    about, where = _of_listing(listing), f"{listing.topic} in {listing.region}"
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


def _texts(texts: TextsIn, settings: Settings) -> Iterator[Finding]:
    if isinstance(texts.found, Unknown):
        return
    about, found = _of_texts(texts.region), texts.found
    if found.spent * 100 >= found.quota * settings.sms_share:
        gone = found.spent >= found.quota
        yield Finding(
            about,
            f"{about} {'gone' if gone else 'quota'}",
            Weight.GRAVE if gone else Weight.MINOR,
            f"SMS quota of {texts.region} {'used up' if gone else 'almost used up'}",
            f"${found.spent:.2f} of the ${found.quota:.2f} that may go into SMS this month in {texts.region} are "
            f"spent. {'No more texts go out' if gone else 'Beyond it no text goes out'} until next month.",
            "Raise it: SNS console, Text messaging preferences; beyond AWS's own quota by Service Quotas",
        )
    if found.sandboxed:
        yield Finding(
            about,
            f"{about} sandbox",
            Weight.MINOR,
            f"SMS in {texts.region} reach verified numbers only",
            f"The account is in the SMS sandbox of {texts.region}: only numbers verified there get texts.",
            "Verify each number in the SNS console of that Region, or leave the sandbox",
        )


def _page(readings: Readings, settings: Settings, now: datetime) -> Iterator[Finding]:
    page = readings.page
    if isinstance(page, Unknown) and _tells_of_page(page):
        yield Finding(
            "page",
            "page",
            Weight.GRAVE,
            f"the status page doesn't answer: {page.detail}",
            f"The status page does not answer over HTTPS: {page.detail}. Customers may see nothing.",
            "Open it yourself; then see CloudFront and the page's bucket",
        )
    elif isinstance(page, PageMade) and now - page.at > settings.page_within:
        yield Finding(
            "page",
            "page old",
            Weight.GRAVE,
            f"the status page is {_ago(now - page.at)} old",
            f"The status page was last made {_ago(now - page.at)} ago; {_ago(settings.page_within)} are allowed. What "
            "customers read may be wrong.",
            f"Read the log of page in {settings.primary_region}, then its queue",
        )


def _tells_of_page(unknown: Unknown) -> bool:
    """Whether it was asked: that it does not answer is then the very thing that was to be found out."""
    return unknown.why in {Why.SILENT, Why.REFUSED}


def _ago(span: timedelta) -> str:
    seconds = max(int(span.total_seconds()), 0)
    if seconds < 120:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 7200 else f"{seconds // 3600} h"
