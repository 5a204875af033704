"""The icons of statuses lie on the page, as files that every browser can draw."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from defib.core.page.model import Page
from defib.core.page.settings import PageSettings
from defib.publish.page.document import Document
from defib.publish.page.everything import documents
from defib.stashboard.icons import ICONS, PATHS, Shape
from tests.core.page.shown import NOON


@pytest.fixture
def laid_out() -> dict[str, Document]:
    page = Page(1, NOON, (), (), ())
    return {document.path: document for document in documents(page, PageSettings(), "https://status.example.com")}


def test_every_icon_is_a_small_drawing_on_the_page(laid_out: dict[str, Document]) -> None:
    for icon in ICONS.values():
        document = laid_out[icon.path]
        drawn = ElementTree.fromstring(document.body)
        assert drawn.tag == "{http://www.w3.org/2000/svg}svg"
        assert document.content_type.startswith("image/svg+xml")
        assert len(document.body) < 600


def test_every_shape_is_drawn_and_no_two_that_say_how_a_service_does_look_alike() -> None:
    assert set(PATHS) == set(Shape)
    told = (Shape.TICK, Shape.CROSS, Shape.EXCLAMATION, Shape.INFORMATION, Shape.QUESTION, Shape.CLOCK, Shape.WORK)
    assert len({PATHS[shape] for shape in told}) == len(told)
    assert {icon.shape for icon in ICONS.values()} == set(Shape)
