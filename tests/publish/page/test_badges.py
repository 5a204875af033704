from __future__ import annotations

import json
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from defib.core.page.model import ComponentStatus
from defib.core.page.settings import Language
from defib.publish.page.badges import COLOURS, documents
from tests.publish.page.pages import SETTINGS, states

STATES = states()
SVG = "{http://www.w3.org/2000/svg}"


def bodies(state: str) -> dict[str, bytes]:
    return {d.path: d.body for d in documents(STATES[state], SETTINGS)}


def test_there_is_a_badge_and_an_endpoint_for_the_page_and_for_each_component() -> None:
    keys = ["page", *(component.key for component in STATES["outage"].components)]
    assert bodies("outage").keys() == {f"badge/{key}.{kind}" for key in keys for kind in ("svg", "json")}


def test_an_image_says_the_status_in_words_also_to_those_who_can_not_see_it() -> None:
    image = ElementTree.fromstring(bodies("outage")["badge/web.svg"])
    assert image.attrib["role"] == "img"
    assert image.attrib["aria-label"] == "Website: Major outage"
    assert [text.text for text in image.iter(f"{SVG}text")] == ["Website", "Major outage"]


def test_an_endpoint_is_what_shields_reads() -> None:
    assert json.loads(bodies("outage")["badge/page.json"]) == {
        "schemaVersion": 1,
        "label": "Example CI",
        "message": "Major outage",
        "color": "b00020",
        "isError": True,
    }


def test_a_service_called_page_does_not_take_the_badge_of_the_whole_page() -> None:
    page = STATES["outage"]
    named_so = replace(page.components[0], key="page", name="Pages", status=ComponentStatus.OPERATIONAL)
    found = list(documents(replace(page, components=(*page.components, named_so)), SETTINGS))

    assert len({d.path for d in found}) == len(found)
    assert {d.path: d.body for d in found}["badge/page.json"] == bodies("outage")["badge/page.json"]


def test_badges_speak_the_pages_language() -> None:
    german = {d.path: d.body for d in documents(STATES["outage"], replace(SETTINGS, language=Language.GERMAN))}
    assert json.loads(german["badge/web.json"])["message"] == "Ausgefallen"


@pytest.mark.parametrize("status", ComponentStatus)
def test_white_text_can_be_read_on_every_colour(status: ComponentStatus) -> None:
    assert contrast("#ffffff", COLOURS[status]) >= 4.5


def test_a_hostile_name_stays_text() -> None:
    page = STATES["operational"]
    hostile = replace(page.components[0], name='"><script>alert(1)</script>')
    found = {d.path: d.body for d in documents(replace(page, components=(hostile,)), SETTINGS)}
    image = ElementTree.fromstring(found[f"badge/{hostile.key}.svg"])
    assert next(image.iter(f"{SVG}text")).text == hostile.name
    assert not list(image.iter(f"{SVG}script"))


def contrast(one: str, other: str) -> float:
    """WCAG 2.2, contrast ratio."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
