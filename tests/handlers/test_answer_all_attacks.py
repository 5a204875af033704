"""The link to all the incidents of a digest grants nothing that was not signed, to nobody else, for no longer."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine

from defib.answer.token import Key, many_id, signed_many
from defib.aws.clients import client
from defib.aws.link_store import KeptMany
from tests.aws.account import ONCE
from tests.aws.cases import NOON
from tests.aws.table import TABLE
from tests.handlers.digest import MANY, NAMED, Digest
from tests.handlers.links import NEXT_KEY, title
from tests.handlers.questions import later
from tests.handlers.stage import LINK_KEY, Stage


def test_it_expires(digest: Digest) -> None:
    token = digest.link()
    before = digest.items()
    with time_machine.travel(MANY.expires_at, tick=False):
        for answer in (digest.get(token), digest.post(token, "acknowledge")):
            assert (answer["statusCode"], title(answer)) == (410, "This link has expired.")
    assert (digest.items(), digest.said()) == (before, [])


def test_a_tampered_or_invented_link_gets_a_clear_page_and_has_no_effect(digest: Digest) -> None:
    token = digest.link()
    before = digest.items()
    tampered = (
        f"{token[:-1]}",
        f"{token}A",
        f"{token[:-1]}{'A' if token[-1] != 'A' else 'Q'}",
        f"2.{'A' * 22}",
        token.replace("2.", "3."),
        token.swapcase(),
        f"{token}%0d%0aSet-Cookie:%20a=b",
    )
    for attempt in tampered:
        for answer in (digest.get(attempt), digest.post(attempt, "acknowledge")):
            assert (answer["statusCode"], title(answer)) == (404, "This link is not valid."), attempt
    assert (digest.items(), digest.said()) == (before, [])


@pytest.mark.parametrize("what", ["another incident", "a later end", "another key"])
def test_whoever_can_write_the_table_can_still_not_make_it_grant_more(digest: Digest, what: str) -> None:
    signed, token = signed_many(MANY, digest.key())
    changed = {
        "another incident": replace(signed, incident_ids=(*NAMED, "other-7")),
        "a later end": replace(signed, expires_at=NOON + timedelta(days=300)),
        "another key": replace(signed, key_id="00000000"),
    }[what]
    KeptMany(client("dynamodb", ONCE), TABLE).keep(changed)

    answer = digest.post(token, "acknowledge")

    assert (answer["statusCode"], title(answer)) == (404, "This link is not valid.")
    assert digest.said() == []


def test_a_link_that_a_guessed_key_has_signed_grants_nothing(digest: Digest) -> None:
    forged = digest.link(MANY, Key(digest.key().id, b"guessed" * 8))

    assert title(digest.post(forged, "acknowledge")) == "This link is not valid."
    assert digest.said() == []


def test_it_says_no_yes_and_no_no_to_a_repair(digest: Digest) -> None:
    token = digest.link()
    before = digest.items()
    for say in ("approve", "reject"):
        assert digest.post(token, say)["statusCode"] == 403
    assert digest.send(token, "answer=acknowledge&by=Ada&incident=other-7")["statusCode"] == 400
    assert digest.send(token, "answer=acknowledge&by=Ada", sec_fetch_site="cross-site")["statusCode"] == 403
    assert digest.post(token, "acknowledge", "")["statusCode"] == 400
    assert (digest.items(), digest.said()) == (before, [])


def test_neither_the_log_nor_the_table_has_what_could_be_used(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    digest = Digest(stage)
    token = digest.link()
    digest.get(token)
    digest.post(token, "acknowledge")
    logged = "".join(capsys.readouterr())

    assert f'"link":"{many_id(token)}"' in logged
    assert '"by":"Ada"' in logged
    for secret in (token, token.partition(".")[2], LINK_KEY):
        assert secret not in logged
        assert secret not in json.dumps(digest.items(), default=str)


def test_a_rotated_key_leaves_it_working_and_two_rotations_end_it(digest: Digest) -> None:
    token = digest.link()
    digest.rotate(NEXT_KEY)
    assert title(digest.get(token)) == "Who looks after these?"

    digest.rotate("a-third-key-of-64-characters-that-nobody-has-seen-outside-of-here")
    with time_machine.travel(later(minutes=5), tick=False):
        assert title(digest.get(token)) == "This link is not valid."
