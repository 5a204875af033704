from __future__ import annotations

import dataclasses
import json
import re
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest

from sim.recording import Recording
from sim.report.document import to_json
from sim.report.figures import figures, headline
from sim.report.messages import bundles
from sim.report.tone import Tone
from sim.report.words import clean, offset, span
from tests.sim.report_recordings import (
    APRIL_30,
    FALSE_ALARM,
    FAULT,
    HANDED_OVER,
    HOSTILE,
    every_kind,
    poisoned,
)

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "replay-document.schema.json").read_text(encoding="utf-8"))


@every_kind
def test_the_document_follows_its_schema(recording: Recording) -> None:
    assert breaches(json.loads(to_json(recording)), SCHEMA) == []


def test_the_schema_refuses_what_it_does_not_describe() -> None:
    document = json.loads(to_json(APRIL_30))
    document["faults"][0] |= {"struck_at": "noon", "surprise": 1, "aws_imposed_share": 2}
    del document["totals"]["denied"]
    assert len(breaches(document, SCHEMA)) == 4


def test_the_document_survives_hostile_text() -> None:
    assert json.loads(to_json(poisoned(APRIL_30)))["title"] == APRIL_30.title + HOSTILE


def test_the_document_derives_the_figures_of_each_fault() -> None:
    (fault,) = json.loads(to_json(APRIL_30))["faults"]
    assert fault["seconds_to_detect"] == 140
    assert fault["seconds_to_announce"] == 144
    assert fault["seconds_from_detection_to_announcement"] == 4
    assert fault["seconds_to_heal"] == 665
    assert fault["aws_imposed_share"] == pytest.approx(624 / 665, abs=1e-4)
    assert fault["aws_imposed_share"] + fault["defib_share"] == pytest.approx(1)


def test_what_never_happened_is_null() -> None:
    (fault,) = json.loads(to_json(HANDED_OVER))["faults"]
    assert fault["healed_at"] is None
    assert fault["seconds_to_heal"] is None
    assert fault["aws_imposed_share"] is None
    assert fault["seconds_to_escalate"] == 1140


def breaches(value: object, schema: dict[str, object], path: str = "$") -> list[str]:
    """Where ``value`` breaks ``schema``, by the keywords that this schema uses."""
    if "$ref" in schema:
        name = str(schema["$ref"]).removeprefix("#/$defs/")
        return breaches(value, SCHEMA["$defs"][name], path)
    if "anyOf" in schema:
        choices = [breaches(value, s, path) for s in cast("list[dict[str, object]]", schema["anyOf"])]
        return [] if [] in choices else choices[0]
    if "const" in schema:
        return [] if value == schema["const"] else [f"{path}: not {schema['const']}"]
    kinds = cast("list[str]", schema["type"] if isinstance(schema["type"], list) else [schema["type"]])
    if not any(isinstance(value, KINDS[k]) and (k == "boolean" or not isinstance(value, bool)) for k in kinds):
        return [f"{path}: not of type {kinds}"]
    found = []
    if isinstance(value, str) and not re.search(str(schema.get("pattern", "")), value):
        found.append(f"{path}: not a {schema['pattern']}")
    low, high = (cast("float | None", schema.get(bound)) for bound in ("minimum", "maximum"))
    if isinstance(value, int | float) and ((low is not None and value < low) or (high is not None and value > high)):
        found.append(f"{path}: out of bounds")
    if isinstance(value, list):
        items = cast("dict[str, object]", schema["items"])
        found += [b for n, item in enumerate(value) for b in breaches(item, items, f"{path}[{n}]")]
    if isinstance(value, dict):
        known = cast("dict[str, dict[str, object]]", schema.get("properties", {}))
        other = cast("dict[str, object] | bool", schema["additionalProperties"])
        found += [f"{path}: lacks {k}" for k in cast("list[str]", schema.get("required", [])) if k not in value]
        for key, item in value.items():
            inner = known.get(key, other)
            found += breaches(item, inner, f"{path}.{key}") if isinstance(inner, dict) else [f"{path}: unknown {key}"]
    return found


KINDS: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}


def test_the_headline_is_the_worst_ending() -> None:
    lost = HANDED_OVER.faults[0]
    mixed = dataclasses.replace(APRIL_30, faults=(FAULT, dataclasses.replace(lost, name="web-3")))
    assert headline(APRIL_30).figure == "11 min 5 s"
    assert headline(mixed).fault is mixed.faults[1]
    assert headline(FALSE_ALARM).fault is None


def test_a_fault_still_open_at_the_end_is_the_headline() -> None:
    still = dataclasses.replace(FAULT, healthy_at=None, healed_at=None, outcome="open")
    result = headline(dataclasses.replace(APRIL_30, faults=(FAULT, still)))
    assert (result.figure, result.tone) == ("27 min", Tone.BAD)


def test_the_share_that_aws_imposes_never_leaves_its_bounds() -> None:
    odd = dataclasses.replace(FAULT, aws_imposed=timedelta(hours=2))
    assert figures(odd).aws_imposed_share == 1
    assert figures(odd).defib_share == 0


def test_the_email_and_the_sms_of_a_notice_belong_together() -> None:
    assert [[d.medium for d in b] for b in bundles(APRIL_30)] == [["email", "sms"]] * 3


def test_one_text_to_several_people_is_one_delivery() -> None:
    first = APRIL_30.messages[0]
    twice = dataclasses.replace(APRIL_30, messages=(first, dataclasses.replace(first, to="second@example.com")))
    ((delivery,),) = bundles(twice)
    assert delivery.to == ("oncall@example.com", "second@example.com")


def test_a_text_sent_again_to_the_same_person_is_another_delivery() -> None:
    first = APRIL_30.messages[0]
    later = dataclasses.replace(first, at=first.at + timedelta(hours=1))
    assert len(bundles(dataclasses.replace(APRIL_30, messages=(first, later)))) == 2


@pytest.mark.parametrize(
    ("seconds", "words", "after"),
    [
        (0, "0 s", "+0:00"),
        (45, "45 s", "+0:45"),
        (665, "11 min 5 s", "+11:05"),
        (3600, "60 min", "+1:00:00"),
        (15060, "4 h 11 min", "+4:11:00"),
        (-5, "-5 s", "-0:05"),
    ],
)
def test_durations_read_as_people_say_them(seconds: int, words: str, after: str) -> None:
    assert span(timedelta(seconds=seconds)) == words
    assert offset(timedelta(seconds=seconds)) == after


def test_clean_text_keeps_its_line_breaks() -> None:
    assert clean("a\r\nb\tc\x1b[0m") == "a\nb\tc\N{REPLACEMENT CHARACTER}[0m"
