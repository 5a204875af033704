"""Readings in, findings out: every rule of the watchtower, pure.

A question without an answer is a finding too; and when the whole primary Region is mute, that is one finding, which
says what is known and what is not: it need not be Defib that is dead.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from watchtower import deployed, life, people, web
from watchtower.model import Finding, Heartbeats, PageMade, Readings, Report, Unknown, Weight, Why
from watchtower.settings import Settings
from watchtower.spans import ago

QUOTA = "SMS quota"


def check(readings: Readings, settings: Settings, now: datetime) -> Report:
    """Everything that is wrong as far as ``readings`` tell."""
    unmade = frozenset(_unmade(readings, settings))
    findings: list[Finding] = []
    if _primary_is_mute(readings, settings):
        findings.append(_partition(readings, settings, now))
    else:
        findings += _unanswered(readings, settings)
        findings += web.doors(readings, settings)
    if isinstance(readings.heartbeats, Heartbeats):
        findings += life.sweep(readings.heartbeats, settings, now)
        findings += life.canaries(readings.heartbeats, settings, now)
    findings += deployed.alarms(readings, settings)
    findings += deployed.rules(readings, settings)
    findings += (found for listing in readings.listings for found in people.subscribers(listing, settings))
    findings += (found for texts in readings.texts for found in people.texts(texts, settings))
    findings += web.page(readings, settings, now)
    return Report(tuple(findings), unmade)


def _unmade(readings: Readings, settings: Settings) -> Iterator[str]:
    if isinstance(readings.heartbeats, Unknown):
        yield from ("sweep", "canary")
    if isinstance(readings.alarms, Unknown):
        yield "alarms"
    if isinstance(readings.rules, Unknown):
        yield "rules"
    yield from (people.of_listing(listing) for listing in readings.listings if isinstance(listing.found, Unknown))
    yield from (people.of_texts(texts.region) for texts in readings.texts if isinstance(texts.found, Unknown))
    if isinstance(readings.page, Unknown) and not web.was_asked(readings.page):
        yield "page"
    mute = _primary_is_mute(readings, settings)
    for door in readings.doors:
        if isinstance(door.found, Unknown) and (mute or not web.was_asked(door.found)):
            yield web.of_door(door.function)
    if mute:
        yield "unanswered"


def _of_primary(readings: Readings, settings: Settings) -> Iterator[tuple[str, object]]:
    """What was asked of the primary's Region, in words, and what came of it."""
    yield "what its parts are called", readings.watched
    yield "whether a canary gets through: none could be sent", readings.canary_sent
    yield "when it last swept, and whether canaries come out", readings.heartbeats
    yield "how its alarms stand", readings.alarms
    yield "whether its rules are on", readings.rules
    for listing in readings.listings:
        if listing.region == settings.primary_region:
            yield f"who is behind its topic {listing.topic}", listing.found
    for texts in readings.texts:
        if texts.region == settings.primary_region:
            yield f"how its {QUOTA} stands", texts.found


def _primary_is_mute(readings: Readings, settings: Settings) -> bool:
    answers = [found for _, found in _of_primary(readings, settings)] + [door.found for door in readings.doors]
    return all(isinstance(found, Unknown) and found.mute for found in answers)


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
            f"{ago(now - page.at)} ago: {there} was alive then. If it is newer when you open it in a while, only the "
            "way between the Regions is cut."
        )
    elif isinstance(page, PageMade):
        seen = (
            f"Calls to {here} work; the status page answers from a cache or a copy, but was last made "
            f"{ago(now - page.at)} ago: {there} itself may be dark."
        )
    elif isinstance(page, Unknown) and web.was_asked(page):
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
        f"{life.BY_HAND}; see AWS Health for {there}",
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
        (f"how the {QUOTA} of {texts.region} stands", texts.found)
        for texts in readings.texts
        if texts.region == settings.region
    ]
    fronts = [("how the status page does", readings.page)]
    fronts += [(f"whether {door.function} answers", door.found) for door in readings.doors]
    # That one of these did not answer is what was to be found out.
    asked += [(what, found) for what, found in fronts if not (isinstance(found, Unknown) and web.was_asked(found))]
    for what, found in asked:
        # What could not be asked for want of a name follows from the question for the names, which is told.
        if isinstance(found, Unknown) and found.why is not Why.NO_NAME:
            yield Finding(
                "unanswered",
                f"unanswered {what}",
                # Texts go out though nobody can tell their quota.
                Weight.MINOR if QUOTA in what else Weight.GRAVE,
                f"can't tell: {found.detail}",
                f"The watchtower can't tell {what}: {found.detail}.",
                "If it lasts, see AWS Health; if it says that access is denied, deploy again",
            )
