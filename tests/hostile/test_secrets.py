"""Secrets as people type them in: read, or refused in words that say nothing of the value."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given

from defib.aws.secret import SECRET_MOST, Secret
from defib.shell.ports import Rejected
from defib.stashboard.oauth import Credentials
from tests.fakes import FakeClock
from tests.hostile.strategies import BOUNDED, DEEP, LINEAR, TEXTS, VALUES, growth, tampered

VALUE = "made-up-0001"
TYPED = json.dumps({"consumer_key": VALUE, "consumer_secret": VALUE, "token": VALUE, "token_secret": VALUE})


class Secrets:
    """As much of Secrets Manager as holds one secret."""

    def __init__(self, text: str) -> None:
        self._text = text

    def get_secret_value(self, **_: object) -> dict[str, Any]:
        return {"SecretString": self._text}


def read(text: str) -> Credentials:
    secrets: Any = Secrets(text)
    return Secret(secrets, "defib/page", Credentials, "the secret of the page", FakeClock()).read()


@BOUNDED
@given(tampered((TYPED,)) | VALUES.map(json.dumps) | TEXTS)
@example("")
@example("[" * DEEP)
@example('{"a":' * DEEP)
@example(TYPED.replace(VALUE, "\ud800", 1))
def test_a_secret_is_read_or_refused_without_a_word_of_it(text: str) -> None:
    said = ""
    try:
        assert isinstance(read(text), Credentials)
    except Rejected as error:
        said = str(error)
    assert VALUE not in said
    assert not said or said.startswith("the secret of the page must be a JSON object with ")


def test_what_a_person_has_typed_well_is_read() -> None:
    assert read(TYPED).token == VALUE
    with pytest.raises(Rejected):
        read(TYPED[:-1])


def test_a_secret_that_is_too_long_is_refused_in_words_that_say_how_long_it_may_be() -> None:
    spaces = " " * (SECRET_MOST - len(TYPED))
    assert read(TYPED + spaces).token == VALUE
    with pytest.raises(Rejected) as caught:
        read(TYPED + spaces + " ")
    assert str(caught.value).endswith(f"token_secret, of at most {SECRET_MOST} characters")
    assert VALUE not in str(caught.value)


def test_a_secret_of_twice_as_many_fields_takes_at_most_twice_the_work() -> None:
    fields = dict.fromkeys(range(1000), "a")

    def typed(count: int) -> Credentials:
        return read(json.dumps({**json.loads(TYPED), **dict(list(fields.items())[:count])}))

    assert growth(typed, 500) <= LINEAR
