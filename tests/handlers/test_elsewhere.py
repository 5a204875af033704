"""The function that tells another page, over TLS and against moto: what goes out, and what never."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import boto3
import pytest

from defib.aws.clients import client
from defib.aws.page_store import DynamoPageStore
from defib.aws.wire import Turn, encode
from defib.core.page.derive import derive
from defib.core.page.followed import Followed
from defib.core.policy import Retention
from defib.shell.page import Repaged
from defib.shell.ports import Rejected
from sim.elsewhere.statuspage import StatuspageServer
from sim.internet import HANGS, RESETS, Failure, Request, Response
from tests.aws.account import ONCE
from tests.aws.cases import NOON
from tests.aws.table import TABLE
from tests.core.page.shown import POLICY, minutes, trouble
from tests.handlers.stage import Stage, failed
from tests.publish.channels.loopback import Loopback, with_tls
from tests.publish.channels.pair import KEY, PAGE_ID

WEB = "8kbf7d35c070"
KNOWN = json.dumps({"api_key": KEY})
CALLS = """
[calls]
read_timeout = "1s"
attempts = 1
"""


@dataclass
class There:
    """The other page."""

    server: StatuspageServer = field(default_factory=lambda: StatuspageServer(KEY, PAGE_ID, [WEB]))
    answered: Callable[[Request], Response | Failure] | None = None
    """Stands in for its own answers."""

    def answer(self, request: Request) -> Response | Failure:
        return (self.answered or self.server.answer)(request)


@pytest.fixture
def there(stage: Stage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[There]:
    """A page that the policy names, and whose certificate the function may trust."""
    page = There()
    with Loopback(page.answer, lambda: NOON) as loopback, with_tls(loopback, tmp_path) as certificate:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        policy = tmp_path / "defib.toml"
        policy.write_text(policy.read_text().replace("https://127.0.0.1:9", f"https://{loopback.host}") + CALLS)
        yield page


def keep(secret: str) -> None:
    boto3.client("secretsmanager").create_secret(Name="defib/statuspage", SecretString=secret)


def outage() -> None:
    """This page shows one."""
    store = DynamoPageStore(client("dynamodb", ONCE), TABLE, Retention())
    derived = derive(store.shown(), [trouble(since=NOON - minutes(5))], POLICY, NOON)
    store.remember_page(Repaged(derived.shown, derived.changed))


def followed() -> Followed:
    return DynamoPageStore(client("dynamodb", ONCE), TABLE, Retention()).followed("atlassian")


def turn(stage: Stage) -> Any:
    return stage.invoke("elsewhere", encode(Turn("page-1")))


def waits(stage: Stage) -> list[int]:
    """How many turns wait, and how many will after a delay."""
    found = boto3.client("sqs").get_queue_attributes(QueueUrl=stage.queues["elsewhere"], AttributeNames=["All"])
    there = found["Attributes"]
    return [int(there["ApproximateNumberOfMessages"]), int(there["ApproximateNumberOfMessagesDelayed"])]


def everything() -> str:
    """All that the table holds."""
    return json.dumps(boto3.client("dynamodb").scan(TableName=TABLE)["Items"], default=str)


def test_a_turn_tells_the_other_page_remembers_that_and_asks_for_the_next(
    stage: Stage, there: There, capsys: pytest.CaptureFixture[str]
) -> None:
    keep(KNOWN)
    outage()
    assert failed(turn(stage)) == []
    assert [said.status for said in there.server.said] == ["identified"]
    assert there.server.stands[WEB] == "degraded_performance"
    (item,) = followed().items
    assert (item.key, item.told, item.remote) == ("1", "1", there.server.said[0].about)
    assert waits(stage) == [0, 1]
    logged = capsys.readouterr().out
    assert '"came":"told"' in logged
    assert KEY not in logged + everything()


def test_what_this_page_does_not_show_makes_no_call(stage: Stage, there: There) -> None:
    keep(KNOWN)
    assert failed(turn(stage)) == []
    assert there.server.requests == []
    assert waits(stage) == [0, 0]


def echo(status: int) -> Callable[[Request], Response]:
    """Repeats all that it was sent, as careless error pages do."""
    return lambda request: Response(status, json.dumps({**request.headers, "known": KEY}).encode())


MALFORMED = json.dumps({"api-key": KEY})
FAILURES: dict[str, tuple[str, Callable[[Request], Response | Failure] | None, str]] = {
    "a key that is refused": (json.dumps({"api_key": f"{KEY}-old"}), None, "401"),
    "a refusal that repeats the key": (KNOWN, echo(403), "holds a secret"),
    "an error of its own": (KNOWN, echo(500), "holds a secret"),
    "too many calls": (KNOWN, echo(429), "holds a secret"),
    "silence": (KNOWN, lambda _: HANGS, "no answer in time"),
    "a broken connection": (KNOWN, lambda _: RESETS, "the connection broke"),
    "an answer of another shape": (KNOWN, echo(200), "not what its API promises"),
    "a secret of another shape": (MALFORMED, None, "must be a JSON object with api_key"),
    "a secret that is no JSON": (KEY, None, "must be a JSON object with api_key"),
    "a key that no header can hold": (json.dumps({"api_key": f"{KEY}\r\nX-Other: 1"}), None, "the call failed"),
    "no such secret": ("", None, "ResourceNotFoundException"),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_a_failure_is_named_asks_for_another_turn_and_shows_no_secret_anywhere(
    stage: Stage, there: There, capsys: pytest.CaptureFixture[str], failure: str
) -> None:
    secret, there.answered, said = FAILURES[failure]
    if secret:
        keep(secret)
    outage()
    # The function's own failures are none of the queue's: what was to be told is in the table.
    assert failed(turn(stage)) == []
    failing = followed().failing
    assert failing is not None
    assert said in failing.said
    assert waits(stage) == [0, 1]
    written = capsys.readouterr()
    logged = written.out + written.err
    assert '"came":"failed"' in logged
    assert said in logged
    assert KEY not in logged + everything()
    assert there.server.said == []


def test_a_failure_that_a_person_must_mend_is_told_to_staff_at_once_and_one_that_may_pass_is_not(
    stage: Stage, there: There
) -> None:
    keep(KNOWN)
    outage()
    there.answered = echo(500)
    turn(stage)
    assert stage.received("notices") == []
    there.answered = echo(403)
    store = DynamoPageStore(client("dynamodb", ONCE), TABLE, Retention())
    store.remember_followed("atlassian", replace(followed(), quiet_until=None, doing=None))
    turn(stage)
    (notice,) = stage.received("notices")
    assert notice["incident_id"].startswith("page:atlassian-")


def test_who_has_no_certificate_that_can_be_trusted_is_sent_nothing(
    stage: Stage, there: There, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    keep(KNOWN)
    outage()
    turn(stage)
    failing = followed().failing
    assert failing is not None
    assert "certificate" in failing.said
    assert there.server.requests == []


def test_a_table_that_fails_leaves_the_turn_to_the_queue_and_nothing_goes_out(
    stage: Stage, there: There, capsys: pytest.CaptureFixture[str]
) -> None:
    keep(KNOWN)
    outage()
    boto3.client("dynamodb").delete_table(TableName=TABLE)
    assert failed(turn(stage)) == ["m0"]
    assert there.server.requests == []
    assert KEY not in capsys.readouterr().out


def test_a_page_that_the_policy_no_longer_names_says_what_to_do(stage: Stage, there: There) -> None:
    stage.environment["DEFIB_OTHER_PAGE"] = "gone"
    with pytest.raises(Rejected, match=r"\[page.elsewhere.gone\] is not in the policy; deploy again"):
        turn(stage)


def test_a_message_that_is_no_turn_is_left_for_people_and_makes_no_call(stage: Stage, there: There) -> None:
    keep(KNOWN)
    outage()
    assert failed(stage.invoke("elsewhere", '{"turn": 1}')) == ["m0"]
    assert there.server.requests == []
