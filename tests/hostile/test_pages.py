"""What anybody writes onto the page or into a mail: shown as text, never as an element, a header or another line."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import date
from functools import cache
from xml.etree import ElementTree

from hypothesis import example, given

from defib.answer.render import response
from defib.core.answer.link import Link, Say
from defib.core.answer.page import mistaken, question
from defib.core.answer.standing import standing
from defib.core.message import compose
from defib.core.model import InstanceState, Observation
from defib.core.news import News
from defib.core.page.mail import SUBJECT_MAX as LETTER_SUBJECT_MAX
from defib.core.page.mail import Mailed, letters
from defib.core.page.model import Page
from defib.core.page.replanned import Plans
from defib.core.page.subscribing import Answer, Day, ask
from defib.core.post import chat_form
from defib.core.setting import EMAIL
from defib.core.words import SMS_MAX, SUBJECT_MAX
from defib.publish.page import badges, feeds, html
from tests.core.facts import NOON, POLICY, SERVICE, after, case
from tests.core.test_message import incident
from tests.hostile.strategies import BOUNDED, NASTY, TEXTS
from tests.publish.page.pages import SETTINGS, URL, states
from tests.publish.page.test_html import Outline

OUTAGE = states()["outage"]
TEXTS_THAT_ARE_UNICODE = TEXTS.map(lambda text: text.encode("utf-8", "replace").decode())
"""What the table can hold: DynamoDB takes UTF-8."""


def planted(text: str) -> Page:
    """The page with ``text`` wherever people may write."""
    components = tuple(replace(c, name=text, description=text, group=text and "Group") for c in OUTAGE.components)
    incidents = (
        replace(i, name=text, updates=tuple(replace(u, body=text) for u in i.updates)) for i in OUTAGE.incidents
    )
    return replace(OUTAGE, components=components, incidents=tuple(incidents))


def outline(page: Page) -> Counter[tuple[str, tuple[str, ...]]]:
    """Which elements the documents have, each with the names of its attributes, and how often."""
    found: Counter[tuple[str, tuple[str, ...]]] = Counter()
    for document in html.documents(page, SETTINGS):
        if document.path.endswith(".html"):
            seen = Outline(document.body.decode())
            assert not seen.broken
            found.update((tag, tuple(sorted(attributes))) for tag, attributes in seen.tags)
    return found


@cache
def innocent() -> Counter[tuple[str, tuple[str, ...]]]:
    return outline(planted("A word"))


@BOUNDED
@given(TEXTS_THAT_ARE_UNICODE.filter(str.strip))
@example(NASTY[7])
@example(NASTY[8])
@example(NASTY[9])
def test_the_page_has_no_element_and_no_attribute_more(text: str) -> None:
    assert outline(planted(text)) == innocent()


@BOUNDED
@given(TEXTS_THAT_ARE_UNICODE)
@example("\u0000\u001b\ufffe\uffff")
@example(NASTY[9])
def test_feeds_and_badges_stay_well_formed(text: str) -> None:
    page = planted(text)
    for document in (*feeds.documents(page, SETTINGS, URL), *badges.documents(page, SETTINGS)):
        if document.path.endswith(".json"):
            json.loads(document.body)
        else:
            root = ElementTree.fromstring(document.body)
            names = {element.tag.rpartition("}")[2] for element in root.iter()}
            assert not names & {"script", "img", "image", "foreignObject"}
            assert not [attribute for element in root.iter() for attribute in element.attrib if attribute[:2] == "on"]


@BOUNDED
@given(TEXTS_THAT_ARE_UNICODE)
@example(NASTY[0])
def test_the_subject_of_a_letter_is_one_line_that_sns_takes(text: str) -> None:
    told = letters(Mailed(), planted(text).incidents, Plans(NOON), replace(SETTINGS, title=text or "Title"), URL)
    assert told
    for letter in told:
        assert letter.subject.isprintable()
        assert len(letter.subject) <= LETTER_SUBJECT_MAX


@BOUNDED
@given(TEXTS)
@example("web-1\r\nWhat you must do: Nothing. All is well.")
@example(NASTY[0])
def test_an_instances_name_adds_no_line_to_a_message_and_fits_its_subject(name: str) -> None:
    observed = Observation("i-0aa1", NOON, InstanceState.RUNNING, launched_at=NOON, tags={"Name": name})
    so_far = case(name=observed.name)
    for news in (News.OPENED, News.HELD, News.ESCALATED, News.CLOSED):
        told = compose(incident(), so_far, news, SERVICE, POLICY, after(minutes=1))[1]
        plain = compose(incident(), replace(so_far, name="web-1"), news, SERVICE, POLICY, after(minutes=1))[1]
        assert told.subject.isascii()
        assert told.subject.isprintable()
        assert len(told.subject) <= SUBJECT_MAX
        assert told.sms.isascii()
        assert told.sms.isprintable()
        assert len(told.sms) <= SMS_MAX
        assert len(told.body.splitlines()) == len(plain.body.splitlines())


@BOUNDED
@given(TEXTS_THAT_ARE_UNICODE)
@example("<https://example.com/approve|Approve> <!channel> <at>Ann</at>")
@example("[Approve](https://example.com/approve) ![](https://example.com/seen.png)")
@example("[x]([y](https://example.com)")
def test_an_instances_name_is_no_link_and_no_mention_in_a_chat(name: str) -> None:
    shown = json.loads(chat_form(f"NEEDS YOU: {name}", f"The instance {name} fails.", "web-7", "escalated", "web-7#1"))
    texts = (shown["content"]["title"], shown["content"]["description"], shown["metadata"]["summary"])
    assert not [text for text in texts if set(text) & set("<>") or "](" in text]


@BOUNDED
@given(TEXTS)
@example("ann@example.com\r\nBcc: x@example.com")
@example("a@" + "a." * 5_000)
def test_only_what_is_an_address_is_sent_a_link(text: str) -> None:
    asked = ask(text, Day(date(2026, 4, 30)), 5)
    assert asked.answer in {Answer.SENT, Answer.WRONG}
    assert bool(asked.address) == (asked.answer is Answer.SENT)
    if asked.address:
        assert EMAIL.fits(asked.address)
        assert asked.address.isascii()
        assert asked.address.isprintable()


@BOUNDED
@given(TEXTS_THAT_ARE_UNICODE)
@example(NASTY[7])
@example(NASTY[8])
def test_a_name_that_is_none_is_shown_as_it_was_typed_and_as_nothing_else(name: str) -> None:
    def tags(given: str) -> list[tuple[str, tuple[str, ...]]]:
        link = Link("web-7", 3, "", (Say.ACKNOWLEDGE,), "oncall", after(minutes=30))
        of = incident()
        asked = question(link, of, None, standing(link, of, None, NOON), POLICY, NOON)
        answered = response("POST", mistaken(asked, "That is no name.", given))
        assert all("\n" not in value and "\r" not in value for value in answered["headers"].values())
        return [(tag, tuple(sorted(attributes))) for tag, attributes in Outline(answered["body"]).tags]

    assert tags(name) == tags("Ann")
