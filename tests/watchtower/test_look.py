"""The handler, minute by minute, against moto in two Regions."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

import time_machine

from tests.watchtower.seen import HERE, NOW, THERE
from tests.watchtower.stage import LINKS, MINUTE, PAGE, SWITCH, Answer, Stage, minutes, silent, unheard
from watchtower import clock


class Outside:
    """A service that expects a ping a minute, and raises the alarm when none has come for two and a half."""

    def __init__(self, began: datetime) -> None:
        self._last = began

    def hear(self, pings: Sequence[datetime]) -> None:
        self._last = max([self._last, *pings])

    def raises_the_alarm_at(self, now: datetime) -> bool:
        return now - self._last > timedelta(seconds=150)


def test_while_all_is_well_nobody_hears_of_it_and_the_outside_is_pinged(
    stage: Stage, time: time_machine.Traveller
) -> None:
    assert minutes(stage, time, 3) == []
    assert stage.web.pings == 3


def test_whoever_is_asked_over_https_is_asked_by_a_connection_that_no_freeze_has_killed(
    stage: Stage, time: time_machine.Traveller
) -> None:
    minutes(stage, time, 1)

    assert {PAGE, LINKS, SWITCH} == {address.removesuffix("/manifest.json") for address, _ in stage.web.requests}
    assert {options["headers"]["Connection"] for _, options in stage.web.requests} == {"close"}


def test_a_look_leaves_its_heartbeat_in_the_log(stage: Stage) -> None:
    stage.alive()
    line = stage.look()

    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert (line["LookCompleted"], line["service"]) == (1, "watchtower")
    metric = {"Name": "LookCompleted", "StorageResolution": 1}
    assert directive == {"Namespace": "Defib", "Dimensions": [["service"]], "Metrics": [metric]}


def test_a_canary_goes_onto_the_watched_bus_each_minute(stage: Stage) -> None:
    stage.look()
    (canary,) = stage.wire.events

    assert (canary["Source"], canary["DetailType"]) == ("defib.watchtower", "Canary")
    assert json.loads(canary["Detail"]) == {"sent_at": NOW.isoformat()}


def test_what_is_wrong_twice_is_told_once_and_so_is_its_end(stage: Stage, time: time_machine.Traveller) -> None:
    minutes(stage, time, 1)
    (wrong,) = minutes(stage, time, 5, alive=False)
    (right,) = minutes(stage, time, 3)

    assert wrong["Subject"].startswith("Defib watchtower: no sweep in us-east-1 for 2 min")
    assert "No canary sent in the last" in wrong["Message"].replace("\n  ", " ")
    assert right["Subject"].startswith("Defib watchtower: over: no sweep")
    assert wrong["MessageAttributes"]["weight"]["Value"] == "grave"


def test_a_dead_primary_is_told_within_three_minutes_of_its_last_sign_of_life(
    stage: Stage, time: time_machine.Traveller
) -> None:
    stage.alive()
    stage.look()
    # The last sweep ended 20 s before this look, the last canary came out 58 s before it.
    assert minutes(stage, time, 1, alive=False) == []
    assert len(minutes(stage, time, 1, alive=False)) == 1


def test_memory_outlives_the_environment(stage: Stage, time: time_machine.Traveller) -> None:
    minutes(stage, time, 1, alive=False)
    stage.restart()

    assert len(minutes(stage, time, 1, alive=False)) == 1
    stage.restart()
    assert minutes(stage, time, 2, alive=False) == []


def test_while_its_own_table_is_silent_nothing_is_told_twice(stage: Stage, time: time_machine.Traveller) -> None:
    def no_memory(region: str, call: str) -> None:
        if region == HERE and call.startswith("dynamodb"):
            silent(region, call)

    stage.wire.fault = no_memory

    assert len(minutes(stage, time, 5, alive=False)) == 1
    assert "LookCompleted" not in stage.look(), "nobody may rely on a watchtower that can't remember"


def test_what_could_not_be_told_is_told_later_and_the_heartbeat_stays_away(
    stage: Stage, time: time_machine.Traveller
) -> None:
    def no_topic(region: str, call: str) -> None:
        if region == HERE and call == "sns:Publish":
            silent(region, call)

    stage.wire.fault = no_topic
    minutes(stage, time, 2, alive=False)
    line = stage.look()
    stage.wire.fault = lambda region, call: None

    assert "LookCompleted" not in line
    assert line["troubles"] == ["SNS in us-west-2 timed out"]
    assert len(minutes(stage, time, 2, alive=False)) == 1


def test_a_dark_region_is_told_as_a_partition_and_nothing_else(stage: Stage, time: time_machine.Traveller) -> None:
    minutes(stage, time, 2)

    def dark(region: str, call: str) -> None:
        if region == THERE:
            silent(region, call)

    def no_links(address: str) -> None:
        if address == LINKS:
            raise unheard()

    stage.wire.fault, stage.web.fault = dark, no_links
    (told,) = minutes(stage, time, 5, alive=False)
    stage.wire.fault, stage.web.fault = lambda region, call: None, lambda address: None
    pings = stage.web.pings
    (over,) = minutes(stage, time, 3)

    assert told["Subject"] == "Defib watchtower: no answer from us-east-1: can't tell if Defib lives"
    assert "the status page, which comes through CloudFront, was made 0 s ago" in " ".join(told["Message"].split())
    assert pings == 2, "no ping while it can't tell"
    assert over["Subject"].endswith(", all is well")


def test_the_page_is_asked_at_the_last_known_address_while_the_region_is_dark(
    stage: Stage, time: time_machine.Traveller
) -> None:
    minutes(stage, time, 1)
    stage.restart()
    stage.wire.fault = lambda region, call: silent(region, call) if region == THERE else None
    before = len(stage.web.requests)
    minutes(stage, time, 1, alive=False)

    assert sorted(address for address, _ in stage.web.requests[before:]) == [LINKS, f"{PAGE}/manifest.json"]


def test_when_both_regions_are_dead_the_outside_service_misses_the_ping(
    stage: Stage, time: time_machine.Traveller
) -> None:
    outside = Outside(clock.now())

    def dark(region: str, call: str) -> None:
        if region == THERE:
            silent(region, call)

    minutes(stage, time, 3)
    outside.hear(stage.web.pinged)
    assert not outside.raises_the_alarm_at(clock.now())

    # The primary's Region first, so that the watchtower's own still speaks; then that one too: no look, and no ping.
    stage.wire.fault = dark
    minutes(stage, time, 1, alive=False)
    for _ in range(2):
        time.shift(MINUTE)
    outside.hear(stage.web.pinged)
    assert outside.raises_the_alarm_at(clock.now())

    stage.wire.fault = lambda region, call: None
    minutes(stage, time, 3)
    outside.hear(stage.web.pinged)
    assert not outside.raises_the_alarm_at(clock.now())


def test_a_missed_ping_is_the_outside_services_business(stage: Stage, time: time_machine.Traveller) -> None:
    stage.web.fault = lambda address: Answer(500) if address == SWITCH else None

    assert minutes(stage, time, 3) == []
