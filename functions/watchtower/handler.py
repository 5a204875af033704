"""Once a minute: look, remember, tell. Wiring only; imports nothing of what it watches."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from watchtower import clock, deploys, telling
from watchtower.asking import READING, Asking, attempt
from watchtower.checks import check
from watchtower.memory import Change, Memory, take_in
from watchtower.model import Readings, Report, Unknown
from watchtower.readings import Eyes, Own, Primary
from watchtower.settings import Place, Settings, read
from watchtower.state import State
from watchtower.words import message

if TYPE_CHECKING:
    from datetime import datetime

METRICS_NAMESPACE = "Defib"
METRIC = "LookCompleted"
SERVICE = "watchtower"


@dataclass(slots=True)
class Tower:
    """What one environment keeps between looks."""

    eyes: Eyes
    state: State
    memory: Memory
    """The last known, for when the table does not answer."""


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    del event, context
    tower = _built()
    began = clock.now()
    asking = Asking(clock.now, began + READING)
    here = tower.eyes.settings.region
    remembered = asking.ask(f"DynamoDB in {here}", tower.state.read)
    before = tower.memory if isinstance(remembered, Unknown) else remembered
    readings = tower.eyes.look(asking, before.watched, began)
    noted, report = _judged(readings, before, tower.eyes.settings, began)
    after, change = take_in(noted, report, tower.eyes.settings.looks, began)
    untold = _tell(tower, change, began)
    # What could not be told counts as not told: the next look tries again.
    tower.memory = after if untold is None else before
    unwritten = _remember(tower, remembered)
    troubles = [trouble for trouble in (untold, unwritten) if trouble is not None]
    _ping(tower, report, troubles)
    _log(report, change, troubles, began)
    return {"findings": len(report.findings), "told": len(change.new) + len(change.over)}


def _judged(readings: Readings, before: Memory, settings: Settings, now: datetime) -> tuple[Memory, Report]:
    """What is wrong, in view of what the watched stack says of the last deploy; and what is remembered of that."""
    noted = deploys.take_note(before, readings.watched, settings, now)
    if noted.watched is not None and deploys.is_replaced(noted.watched, settings):
        return replace(noted, known=deploys.about(noted.known)), deploys.replaced(noted.watched, settings)
    there = deploys.expected(settings, noted, readings, now)
    report = check(readings, there, now)
    still = deploys.still(check(readings, settings, now), report, noted) if there is not settings else ()
    return noted, replace(report, findings=(*report.findings, *still, *deploys.lasting(settings, noted, now)))


def _tell(tower: Tower, change: Change, now: datetime) -> Unknown | None:
    if not change:
        return None
    eyes = tower.eyes
    whom = f"SNS in {eyes.settings.region}"
    said = message(change, eyes.settings, now)
    return attempt(whom, lambda: telling.tell(eyes.own.sns, eyes.place.topic, said))


def _remember(tower: Tower, remembered: Memory | Unknown) -> Unknown | None:
    """Written after it is told: a crash in between makes people read a message twice, never miss one."""
    if remembered == tower.memory:
        return None
    return attempt(f"DynamoDB in {tower.eyes.settings.region}", lambda: tower.state.write(tower.memory))


def _ping(tower: Tower, report: Report, troubles: list[Unknown]) -> None:
    address = tower.eyes.settings.dead_mans_switch
    replaced = deploys.is_replaced(tower.memory.watched, tower.eyes.settings)
    if not address or troubles or not report.well or replaced:
        return
    missed = attempt("the dead man's switch", lambda: telling.ping(tower.eyes.http, address))
    if isinstance(missed, Unknown):
        print(json.dumps({"level": "WARNING", "message": "not pinged", "why": missed.detail}))


def _log(report: Report, change: Change, troubles: list[Unknown], now: datetime) -> None:
    """One structured line, and the heartbeat in it unless people could not be told (CloudWatch, EMF specification)."""
    line: dict[str, object] = {
        "level": "ERROR" if troubles else "INFO",
        "message": "looked",
        "findings": [finding.short for finding in report.findings],
        "told": [*(finding.short for finding in change.new), *(known.short for known in change.over)],
        "troubles": [trouble.detail for trouble in troubles],
    }
    if not troubles:
        metric = {"Name": METRIC, "StorageResolution": 1}
        directive = {"Namespace": METRICS_NAMESPACE, "Dimensions": [["service"]], "Metrics": [metric]}
        emf = {"Timestamp": int(now.timestamp() * 1000), "CloudWatchMetrics": [directive]}
        line |= {"_aws": emf, "service": SERVICE, METRIC: 1}
    print(json.dumps(line))


@cache
def _built() -> Tower:
    from urllib3 import PoolManager  # noqa: PLC0415 - only a look needs it

    settings, place = read(Path(os.environ["LAMBDA_TASK_ROOT"])), Place.of(os.environ)
    own = Own.of(settings.region)
    eyes = Eyes(settings, place, Primary.of(settings.primary_region), own, PoolManager())
    return Tower(eyes, State(own.dynamodb, place.table), Memory())
