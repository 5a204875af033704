"""The commands in docs/operations.md find what the functions have written."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import jmespath
import pytest
from aws_lambda_powertools import Logger

from defib.aws.codec import Codec
from defib.aws.journal import PowertoolsJournal
from defib.aws.normalise import normalise
from defib.aws.reach_store import DynamoReachStore
from defib.aws.store import DynamoStore
from defib.core.audit import entry
from defib.core.call import Asked, Call, Pause, Reaction, Want
from defib.core.case import Action, Case, Outcome
from defib.core.drill import Drill
from defib.core.escalation import Tier
from defib.core.medium import Medium
from defib.core.model import InstanceState, Observation, Result, Signal, Verdict
from defib.core.policy import Retention
from defib.core.reach import Finding, Problem, Reach
from defib.shell.ports import Rejected
from defib.shell.reach import Look, Reached
from defib.shell.store import Conflict, Remembered
from tests.aws.cases import NOON, WEB_1, WEB_2, a_case, a_notice, an_incident
from tests.aws.table import TABLE
from tests.operations import PAGE, SECTIONS, commands

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

OPTIONS = {
    "--table-name": "TableName",
    "--index-name": "IndexName",
    "--key-condition-expression": "KeyConditionExpression",
    "--filter-expression": "FilterExpression",
    "--expression-attribute-names": "ExpressionAttributeNames",
    "--expression-attribute-values": "ExpressionAttributeValues",
    "--max-items": "Limit",
}
"""Of the AWS CLI's ``dynamodb query``, as the API names them."""


@pytest.fixture
def store(dynamodb: DynamoDBClient) -> DynamoStore:
    return DynamoStore(dynamodb, TABLE, Retention())


def answered(dynamodb: DynamoDBClient, section: str) -> list[list[str | None]]:
    """What the section's query prints."""
    (command,) = commands(section)
    words = shlex.split(command.replace("$TABLE", TABLE))
    assert words[:3] == ["aws", "dynamodb", "query"]
    asked: dict[str, Any] = {}
    query, rest = "", iter(words[3:])
    for option in rest:
        if option == "--no-scan-index-forward":
            asked["ScanIndexForward"] = False
        elif option == "--query":
            query = next(rest)
        elif option == "--output":
            assert next(rest) == "table"
        else:
            value = next(rest)
            asked[OPTIONS[option]] = int(value) if option == "--max-items" else _parsed(value)
    found: list[list[str | None]] = jmespath.search(query, dynamodb.query(**asked))
    return found


def _parsed(value: str) -> Any:
    return json.loads(value) if value.startswith("{") else value


def remember(store: DynamoStore, before: Case | None, after: Case, minute: int) -> Case:
    trail = entry(before, after, NOON + timedelta(minutes=minute))
    return store.remember(Remembered(after, audit=trail)).case


@pytest.fixture
def healed(store: DynamoStore) -> Case:
    """A case from its opening to a reboot that cures it, with another instance's beside it."""
    remember(store, None, a_case(WEB_2, reason="another's"), 0)
    opened = remember(store, None, a_case(number=3, reason="one sample"), 0)
    acting = remember(store, opened, replace(opened.with_intent(Action.REBOOT, "hung", NOON), reason="hung"), 2)
    result = Result(acting.id, 1, Verdict.DONE, NOON + timedelta(minutes=2))
    done = remember(store, acting, replace(acting.with_result(result), reason="giving it time"), 3)
    over = replace(done, closed_at=NOON, outcome=Outcome.HEALED, reason="the reboot cured it", look_again_at=None)
    return remember(store, done, over, 9)


@pytest.mark.usefixtures("healed")
def test_the_trail_of_an_instance_says_who_did_what_when_and_why(dynamodb: DynamoDBClient) -> None:
    assert answered(dynamodb, "Who did what to an instance, and why?") == [
        ["2026-04-30T12:00:00Z", "wait", None, None, "one sample"],
        ["2026-04-30T12:02:00Z", "act:reboot", "reboot", None, "hung"],
        ["2026-04-30T12:03:00Z", "wait", "reboot", "done", "giving it time"],
        ["2026-04-30T12:09:00Z", "close:healed", None, None, "the reboot cured it"],
    ]


def test_the_trail_of_a_night_leaves_out_other_nights(store: DynamoStore, dynamodb: DynamoDBClient) -> None:
    first = remember(store, None, a_case(reason="that night"), 0)
    remember(store, first, replace(first, reason="the next"), 24 * 60)

    assert answered(dynamodb, "What happened to it in one night?") == [["2026-04-30T12:00:00Z", "wait", "that night"]]


@pytest.mark.usefixtures("healed")
def test_the_newest_case_says_how_the_repair_stands(store: DynamoStore, dynamodb: DynamoDBClient) -> None:
    held = a_case(number=4, reason="too few", held_by="minimum_healthy")
    remember(store, None, held, 30)

    assert answered(dynamodb, "How does its repair stand?") == [
        ["CASE#000004", "instance_impaired", "too few", "minimum_healthy", "2026-04-30T12:01:00Z", "", None]
    ]


def test_incidents_that_ask_for_somebody_are_listed_with_when_they_ask_again(
    store: DynamoStore, dynamodb: DynamoDBClient
) -> None:
    want = Want("i-1-1", "handed_over", NOON, "web-1 needs you: nothing helps")
    call = Call(NOON, NOON, NOON + timedelta(minutes=5), (want,), (Asked(Tier.FIRST, NOON),))
    taken = replace(call, pause=Pause(Reaction.ACKNOWLEDGE, "Ada", NOON, NOON), next_at=NOON + timedelta(hours=4))
    for service, asks in (("web", call), ("db", taken), ("calm", None)):
        store.remember(Remembered(a_case(f"i-0a1b2c3d4e5f6{len(service):04}"), an_incident(service=service, call=asks)))

    assert answered(dynamodb, "Who is asked for?") == [
        ["SERVICE#web", "INCIDENT#000007", "2026-04-30T12:05:00.000000+00:00"],
        ["SERVICE#db", "INCIDENT#000007", "2026-04-30T16:00:00.000000+00:00"],
    ]


def test_what_is_open_is_listed_with_its_next_look(store: DynamoStore, dynamodb: DynamoDBClient, healed: Case) -> None:
    assert healed.closed_at is not None
    assert answered(dynamodb, "What is open now?") == [
        ["2026-04-30T12:01:00.000000+00:00", f"INSTANCE#{WEB_2}", "CASE#000001"]
    ]


def test_what_people_were_told_is_listed_with_when_it_went_out(store: DynamoStore, dynamodb: DynamoDBClient) -> None:
    store.remember(Remembered(a_case(), notices=(a_notice(1), a_notice(2, NOON + timedelta(minutes=5)))))
    store.mark_published("web-7", 1, NOON + timedelta(seconds=3))

    assert answered(dynamodb, "What were people told?") == [
        ["2026-04-30T12:00:00Z", "opened", "web-1 is down", "2026-04-30T12:00:03.000000+00:00"],
        ["2026-04-30T12:05:00Z", "opened", "web-1 is down", None],
    ]


def test_the_log_has_the_fields_that_are_asked_for(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "diagnose")
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Defib")
    case = a_case(version=1).with_intent(Action.REBOOT, "hung", NOON)
    # A name of its own: a logger that another test has made would go on writing where that one read.
    journal = PowertoolsJournal(Logger(service="diagnose-asked"))
    journal.decided(None, case, Observation(WEB_1, NOON, InstanceState.RUNNING, NOON))
    journal.performed(case, Result(case.id, 1, Verdict.DONE, NOON))
    lines = [line for line in map(json.loads, capsys.readouterr().out.splitlines()) if "message" in line]
    (query,) = commands("How do I read the log?", "fields ")
    fields = set(re.findall(r"\w+", query.splitlines()[0].removeprefix("fields @timestamp"))) | {"instance_id"}

    assert [line["message"] for line in lines] == ["decided", "performed"]
    assert fields <= {key for line in lines for key in line}
    assert {line["instance_id"] for line in lines} == {WEB_1}


def test_the_answer_is_one_that_is_understood() -> None:
    (command,) = commands("How do I answer when it asks?")
    ((put,),) = [json.loads(word) for word in shlex.split(command) if word.startswith("[")]
    event = {
        "version": "0",
        "id": "5b1d9a6a-0000-4000-8000-000000000000",
        "source": put["Source"],
        "detail-type": put["DetailType"],
        "time": "2026-04-30T12:00:00Z",
        "region": "us-east-1",
        "account": "123456789012",
        "resources": [],
        "detail": json.loads(put["Detail"]),
    }

    (signal,) = normalise(json.dumps(event))

    assert isinstance(signal, Signal)
    assert signal.instance_id == WEB_1


def test_what_the_last_look_at_addresses_found_is_listed_with_its_beginning(dynamodb: DynamoDBClient) -> None:
    DynamoReachStore(dynamodb, TABLE, Retention()).remember_reach(Reached(OPTED_OUT))
    words = shlex.split(commands("Is everybody reachable?")[0].replace("$TABLE", TABLE))
    asked = dict(zip(words[3::2], words[4::2], strict=True))

    answer = dynamodb.get_item(TableName=asked["--table-name"], Key=json.loads(asked["--key"]))

    assert words[:3] == ["aws", "dynamodb", "get-item"]
    assert jmespath.search(asked["--query"], answer) == [
        "2026-04-30T12:00:00Z",
        [["opted_out", "+12025550123", "oncall", "2026-04-30T12:00:00Z"]],
    ]


def test_the_newest_drills_are_listed_with_their_answers(dynamodb: DynamoDBClient) -> None:
    drilled = Drill("oncall", NOON, 2, answer="12:03:00 UTC  drill answered by Ada after 3m")
    DynamoReachStore(dynamodb, TABLE, Retention()).remember_reach(Reached(replace(OPTED_OUT, drills=(drilled,))))
    command, _ = commands("Does everybody answer?")
    words = shlex.split(command.replace("$TABLE", TABLE))
    asked = dict(zip(words[3::2], words[4::2], strict=True))

    answer = dynamodb.get_item(TableName=asked["--table-name"], Key=json.loads(asked["--key"]))

    assert jmespath.search(asked["--query"], answer) == [["oncall", "2026-04-30T12:00:00Z", False, drilled.answer]]


def test_the_log_of_the_sweep_has_the_fields_that_are_asked_for(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "sweep")
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Defib")
    PowertoolsJournal(Logger(service="sweep-asked")).looked(Look(OPTED_OUT.findings, {}))
    (line,) = [line for line in map(json.loads, capsys.readouterr().out.splitlines()) if "message" in line]
    (query,) = commands("Is everybody reachable?", "fields ")

    assert set(re.findall(r"\w+", query.splitlines()[0].removeprefix("fields @timestamp"))) <= set(line)
    assert f'"{line["message"]}"' in query


OPTED_OUT = Reach(
    looked_at=NOON, findings=(Finding(Problem.OPTED_OUT, Medium.SMS, "+12025550123", "oncall", NOON, told=True),)
)


def test_every_question_is_linked_at_the_top() -> None:
    links = re.findall(r"^- \[(.+)\]\(#(.+)\)$", PAGE, re.MULTILINE)
    assert links == [(q, re.sub(r"[^a-z -]", "", q.lower()).replace(" ", "-")) for q in SECTIONS]


def test_what_only_a_newer_version_knows_an_older_one_passes_over_and_drops(dynamodb: DynamoDBClient) -> None:
    kept = read_after(dynamodb, "brand_new", "x")

    assert kept == a_case(version=1)
    assert "brand_new" not in Codec().item(kept, {})


def test_a_value_that_only_a_newer_version_knows_leaves_the_item_unread(dynamodb: DynamoDBClient) -> None:
    with pytest.raises(Rejected, match=r"CASE#000001'} is no Case: Invalid enum value 'brand_new' - at `\$\.cause`"):
        read_after(dynamodb, "cause", "brand_new")

    assert '"is no Case"' in SECTIONS[GOING_BACK]


def test_a_case_that_is_deleted_without_its_trail_leaves_no_place_for_the_next(
    store: DynamoStore, dynamodb: DynamoDBClient
) -> None:
    remember(store, None, a_case(), 0)
    dynamodb.delete_item(TableName=TABLE, Key={"pk": {"S": f"INSTANCE#{WEB_1}"}, "sk": {"S": "CASE#000001"}})

    with pytest.raises(Conflict):
        remember(store, None, a_case(), 1)
    assert "Do not delete it alone" in SECTIONS[GOING_BACK]


GOING_BACK = "How do I upgrade, and how do I go back?"


def read_after(dynamodb: DynamoDBClient, attribute: str, value: str) -> Case:
    """The case as it is read once somebody has written ``value`` into its item."""
    store = DynamoStore(dynamodb, TABLE, Retention())
    remember(store, None, a_case(), 0)
    key: Any = {"pk": {"S": f"INSTANCE#{WEB_1}"}, "sk": {"S": "CASE#000001"}}
    item = dynamodb.get_item(TableName=TABLE, Key=key)["Item"]
    dynamodb.put_item(TableName=TABLE, Item={**item, attribute: {"S": value}})
    case = store.latest_case(WEB_1)
    assert case is not None
    return case
