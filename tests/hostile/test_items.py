"""Items of the table that somebody has edited by hand: read, or Rejected in words that name the item."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from defib.aws.codec import Codec
from defib.core.answer.link import Use
from defib.core.case import Action, Case
from defib.core.incident import Incident, Notice
from defib.core.page.mail import Mailed
from defib.core.page.model import PublicIncident, Shown
from defib.core.reach import Reach
from defib.core.stack import Stack
from defib.shell.ports import Rejected
from defib.stashboard.model import Board, Event
from tests.aws.cases import a_case, an_attempt, an_incident
from tests.hostile.strategies import BOUNDED, LINEAR, TEXTS, growth, shows

SHAPES = (Case, Incident, Notice, Stack, Reach, Use, Shown, PublicIncident, Board, Event, Mailed)
CODEC = Codec()
KEYS = {"pk": "CASE#i-0a1b2c3d", "sk": "0000000001"}
ATTEMPTED: Any = CODEC.item(a_case(attempts=(an_attempt(Action.STOP),)), KEYS)
SAMPLES = (CODEC.item(a_case(), KEYS), CODEC.item(an_incident(), KEYS))
NUMBERS = st.sampled_from(("1", "1.5", "NaN", "Infinity", "1E400", "1" * 50, "abc", ""))
ATTRIBUTES = st.recursive(
    st.builds(lambda text: {"S": text}, TEXTS)
    | st.builds(lambda text: {"N": text}, NUMBERS)
    | st.sampled_from(({"BOOL": True}, {"NULL": True}, {"B": b"x"}, {"SS": ["a"]}, {"X": 1}, {}, 5, None)),
    lambda inner: (
        st.builds(lambda rows: {"L": rows}, st.lists(inner, max_size=2))
        | st.builds(lambda rows: {"M": rows}, st.dictionaries(TEXTS, inner, max_size=2))
    ),
    max_leaves=5,
)


def read(item: dict[str, Any]) -> None:
    for shape in SHAPES:
        try:
            assert isinstance(CODEC.value(item, shape), shape)
        except Rejected as error:
            shows(error)


@BOUNDED
@given(st.sampled_from(SAMPLES), st.data())
def test_a_damaged_item_is_read_or_rejected(sample: dict[str, Any], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(sample)))
    damaged = {**sample, name: data.draw(ATTRIBUTES)}
    read(damaged)
    read({key: value for key, value in sample.items() if key != name})


@BOUNDED
@given(st.dictionaries(st.sampled_from(("version", "components", "due", "at", "pk")), ATTRIBUTES, max_size=3))
@example({"version": {"N": "NaN"}})
@example({"version": {"N": "1E400"}})
@example({"version": {"N": "1" * 50}})
@example({"version": {}})
@example({"version": 5})
@example({"x": {"X": 1}})
def test_an_item_of_anything_is_read_or_rejected(item: dict[str, Any]) -> None:
    read(item)


def test_the_error_names_the_item_and_what_to_do() -> None:
    todo = r"mend it, or deploy the version that wrote it\. Do not delete it: its number would be given again"
    with pytest.raises(Rejected, match=rf"CASE#i-0a1b2c3d.* is no Case: .*; {todo}") as caught:
        CODEC.value({**SAMPLES[0], "number": {"S": "one"}}, Case)
    assert caught.value.code == "DamagedItem"


def test_an_item_nested_without_end_is_rejected() -> None:
    nested: dict[str, Any] = {"L": []}
    for _ in range(5_000):
        nested = {"L": [nested]}
    with pytest.raises(Rejected):
        CODEC.value({"x": nested}, Shown)


def test_an_item_of_twice_as_much_takes_at_most_twice_the_work() -> None:
    def of(size: int) -> dict[str, Any]:
        more = {f"unknown{number}": {"M": {"a": {"N": "1"}}} for number in range(size)}
        return {**ATTEMPTED, **more, "attempts": {"L": [*ATTEMPTED["attempts"]["L"]] * size}}

    assert growth(lambda size: CODEC.value(of(size), Case), 100) <= LINEAR
    assert growth(lambda size: read({**of(size), "number": {"S": "one"}}), 100) <= LINEAR
