"""The keys of links: what shows of them, what becomes of a link when they change, and its way into the mail."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import boto3
import pytest
import time_machine

from defib.answer import token as tokens
from defib.core.incident import NoticeKind
from defib.shell.store import Remembered
from tests.aws.cases import WEB_1, a_notice
from tests.aws.fleet import Overlay
from tests.handlers.links import NEXT_KEY, YES, Answers, asking, mailed, title
from tests.handlers.questions import ABOUT_A_REPAIR, later
from tests.handlers.stage import LINK_KEY, Stage


def test_no_token_no_secret_and_no_body_is_in_any_line_of_the_log(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = asking(stage)
    token = answers.token()
    for attempt in (token, f"{token}x", token.replace("1.", "2.")):
        answers.get(attempt)
        answers.post(attempt, "approve", "Ada")
        answers.send(attempt, "answer=approve&by=hunter2&by=hunter2")
    answers.send(token, "hunter2", "text/plain")
    logged = "".join(capsys.readouterr())
    assert '"answer":"approve"' in logged
    assert '"by":"Ada"' in logged
    for secret in (token, *(part for part in token.split(".")[1:3]), LINK_KEY, "hunter2"):
        assert secret not in logged


def test_no_error_and_no_representation_shows_a_key(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    answers = asking(stage)
    assert LINK_KEY not in repr(answers.key())
    token = answers.token()
    answers.rotate("hunter2")

    answer = answers.get(token)

    logged = "".join(capsys.readouterr())
    assert answer["statusCode"] == 503
    assert "must have at least 32 characters" in logged
    assert "hunter2" not in answer["body"] + logged


def test_a_rotated_key_leaves_the_links_in_the_mail_working(answers: Answers) -> None:
    token = answers.token()
    answers.get(token)
    answers.rotate(NEXT_KEY)

    assert answers.token() != token, "new links are signed with the new key"
    with time_machine.travel(later(minutes=29), tick=False):
        assert title(answers.get(token)) == "May Defib repair web-1?"
        assert title(answers.post(token, "approve")) == "Thank you, Ada."


def test_a_link_of_a_new_key_works_at_once_though_the_old_one_is_still_remembered(answers: Answers) -> None:
    answers.get(answers.token())
    answers.rotate(NEXT_KEY)

    with time_machine.travel(later(seconds=10), tick=False):
        assert title(answers.get(answers.token())) == "May Defib repair web-1?"


def test_a_key_retired_for_longer_than_links_live_is_refused(answers: Answers) -> None:
    """Whoever has stolen it can make no link, though nobody has used it meanwhile."""
    stolen = answers.key()
    answers.rotate(NEXT_KEY)
    forged = tokens.token_of(replace(ABOUT_A_REPAIR, expires_at=later(days=30)), stolen)

    for moment, accepted in ((later(hours=24, minutes=4), True), (later(hours=24, minutes=5), False)):
        with time_machine.travel(moment, tick=False):
            assert (answers.get(forged)["statusCode"] == 200) is accepted


def test_two_rotations_end_every_link_in_the_mail(answers: Answers) -> None:
    token = answers.token()
    answers.get(token)
    answers.rotate(NEXT_KEY)
    answers.rotate(NEXT_KEY[::-1])

    with time_machine.travel(later(minutes=5), tick=False):
        assert title(answers.get(token)) == "This link is not valid."


def test_made_up_keys_do_not_make_it_ask_for_the_secret_each_time(answers: Answers) -> None:
    edges, _, _ = answers.module._built()
    overlay = Overlay()
    overlay.lay_over(edges.keys._secrets)
    payload, signature = answers.token().split(".")[1:3]

    for number in range(20):
        answers.get(f"1.{payload}.{signature}.{number:08x}")

    assert len(overlay.named("GetSecretValue")) == 2, "the newest and the one before, once"


def test_the_link_in_a_published_message_can_be_answered(stage: Stage) -> None:
    answers = asking(stage)
    url = published_link(stage, answers)

    assert url.startswith("https://abc123.execute-api.us-east-1.amazonaws.com/a/1.")
    assert title(answers.post(url.rpartition("/")[2], "approve")) == "Thank you, Ada."
    assert answers.said() == [YES]


@pytest.mark.parametrize("spoiled", ["gone", "too short"])
def test_a_message_goes_out_without_its_link_when_the_key_cannot_be_read(
    stage: Stage, capsys: pytest.CaptureFixture[str], spoiled: str
) -> None:
    answers = asking(stage)
    if spoiled == "gone":
        boto3.client("secretsmanager").delete_secret(SecretId="answers", ForceDeleteWithoutRecovery=True)
    else:
        answers.rotate("hunter2")

    assert published_link(stage, answers) == ""

    logged = "".join(capsys.readouterr())
    assert "a message goes out without its link" in logged
    assert "hunter2" not in logged


def published_link(stage: Stage, answers: Answers) -> str:
    """The link in the e-mail that asks for a yes; empty where the e-mail has arrived without one."""
    notice = a_notice(kind=NoticeKind.APPROVAL, sequence=3, body="Down.\nWhat you must do: Say yes or no.")
    case, incident = answers.store.latest_case(WEB_1), answers.store.latest_incident("web")
    assert case is not None
    answers.store.remember(Remembered(case, incident, (notice,)))
    body = mailed(
        stage,
        lambda: stage.invoke("publish", json.dumps({"incident_id": "web-7", "sequence": 3}), groups={0: "web-7"}),
    )
    assert "Say yes or no." in body
    found = re.search(r"https://\S+", body)
    return found[0] if found is not None else ""
