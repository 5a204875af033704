"""Each command in docs/operations.md is one that a shell and AWS take; each filter of a log fits what is logged."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import jmespath
import pytest
from aws_lambda_powertools import Logger
from botocore import xform_name
from botocore.session import get_session

from defib.aws.journal import PowertoolsJournal
from defib.core.case import Action
from defib.core.model import InstanceState, Observation, Result, Verdict
from defib.core.parse import parse
from defib.core.traits import Traits
from defib.handlers.batch import each_message
from defib.shell.ports import Transient, Unanswered
from infra.bundle import ROOT
from infra.delivery import SMS
from tests.aws.cases import NOON, WEB_1, a_case
from tests.handlers.stage import Context
from tests.operations import PAGE, SECTIONS, blocks, quoted

OF_THE_CLI = {"query", "output", "region", "max-items", "profile"}
"""Options that are not the operation's own (AWS CLI User Guide, Command line options)."""
CLI_ONLY = {("logs", "tail"): {"since"}, ("dynamodb", "wait"): {"table-name"}}
"""Commands that are no operation of AWS's (AWS CLI Command Reference), with the options that the page gives them."""
ADDED = {("ec2", "run-instances"): {"max-count", "min-count"}}
"""What the CLI adds where it is not said."""
STUBBED = ("aws", "git", "make", ".venv/bin/python")
SHELL = [block for block in blocks() if not block.startswith(("fields ", "["))]
INLINE = [text for text in quoted(PAGE) if text.startswith("aws ")]
QUERIES = [block for block in blocks() if block.startswith("fields ")]


@pytest.mark.parametrize("block", [*SHELL, *INLINE])
def test_each_command_is_one_that_aws_takes(block: str, tmp_path: Path) -> None:
    called = list(run(block, tmp_path))

    assert called
    for name, *words in called:
        if name == "aws":
            check(words, whole=block in SHELL)


def run(block: str, scratch: Path, answer: str = "an-answer") -> Iterator[list[str]]:
    """The words of each program that a shell starts for ``block``; each prints ``answer``, and does nothing."""
    log = scratch / "called"
    for name in STUBBED:
        stub = scratch / name
        stub.parent.mkdir(parents=True, exist_ok=True)
        stub.write_text(
            f"#!/bin/sh\nprintf '%s\\0' {name} \"$@\" >>'{log}'\nprintf '\\n\\0' >>'{log}'\necho {answer}\n"
        )
        stub.chmod(0o755)
    variables = dict.fromkeys(set(re.findall(r"\$([A-Z_]+)", block)), "given")
    env = {**variables, "PATH": f"{scratch}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-eu", "-c", block], cwd=scratch, env=env, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    lines = log.read_text(encoding="utf-8").split("\n\0")
    return (line.rstrip("\0").split("\0") for line in lines if line)


def test_the_log_groups_of_texts_are_those_of_the_region_and_account_of_the_stack(tmp_path: Path) -> None:
    (block,) = (block for block in SHELL if "PREFIX=" in block)
    called = run(block, tmp_path, "arn:aws:cloudformation:eu-west-1:123456789012:stack/Defib/0a1b")

    groups = [words[words.index("--log-group-name") + 1] for words in called if "put-retention-policy" in words]
    name = f"sns/eu-west-1/123456789012/{SMS}"
    assert groups == [name, f"{name}/Failure"]


def check(words: Sequence[str], *, whole: bool) -> None:
    """Hold a command against AWS's own models: its operation, its options and, if it is whole, that none is missing."""
    service, operation, *rest = words
    for option, value in pairwise(rest):
        if option == "--query":
            jmespath.compile(value)
        elif value.startswith(("{", "[")):
            json.loads(value)
    given = {word.removeprefix("--") for word in rest if word.startswith("--")} - OF_THE_CLI
    if (service, operation) in CLI_ONLY:
        assert given <= CLI_ONLY[service, operation]
        return
    model = get_session().get_service_model(service)
    (found,) = (name for name in model.operation_names if xform_name(name, "-") == operation)
    shape = model.operation_model(found).input_shape
    known = {xform_name(member, "-") for member in shape.members} if shape is not None else set()
    required = {xform_name(member, "-") for member in shape.required_members} if shape is not None else set()
    given = {option if option in known else option.removeprefix("no-") for option in given}
    assert given <= known, (service, operation)
    assert not whole or required <= given | ADDED.get((service, operation), set()), (service, operation)


def test_the_filters_of_logs_ask_for_messages_and_fields_that_functions_write() -> None:
    ours = [query for query in QUERIES if "delivery." not in query]
    said = {
        node.value
        for path in (ROOT / "functions").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    for query in ours:
        first, *filters = query.splitlines()
        fields = set(re.findall(r"[@\w]+", first.removeprefix("fields ")))
        messages = {text for line in filters if "message" in line for text in re.findall(r'"([^"/]+)"', line)}
        assert {name for name in fields if not name.startswith("@")} - {"message"} <= said, first
        assert messages <= said | {"ERROR", "WARNING", WEB_1}, query


LOST = Result("i-0a1b2c3d4e5f60001-1", 1, Verdict.LOST, NOON, detail="no answer to RebootInstances")
UNREAD = Observation(
    WEB_1, NOON, InstanceState.RUNNING, NOON, traits=Traits(unread="reading: no answer", unanswered=True)
)
ONE_MESSAGE = {"Records": [{"messageId": "1", "body": "{}", "eventSource": "aws:sqs", "attributes": {}}]}


@pytest.fixture
def logged(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "diagnose")
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Defib")
    return lambda: [line for line in capsys.readouterr().out.splitlines() if line.startswith("{")]


def journal(name: str) -> PowertoolsJournal:
    # A name of its own: a logger that another test has made would go on writing where that one read.
    return PowertoolsJournal(Logger(service=name))


def take(work: Callable[[str], None], name: str) -> None:
    """Have a function take one message."""
    each_message(ONE_MESSAGE, Context(), Logger(service=name), work)  # type: ignore[arg-type]  # as much of a context as is read


def unanswered(body: str) -> None:
    raise Unanswered(f"asking with {body}: InternalError", "InternalError")


@pytest.mark.parametrize(
    ("happens", "told"),
    [
        (lambda: take(unanswered, "a-call"), "problem"),
        (lambda: journal("an-act").performed(a_case().with_intent(Action.REBOOT, "hung", NOON), LOST), "detail"),
        (lambda: journal("a-trait").decided(None, a_case(), UNREAD), ""),
    ],
    ids=["a call", "an act", "what a stop would destroy"],
)
def test_what_the_alarm_counts_is_found_with_the_line_that_says_what_it_was(
    logged: Callable[[], list[str]], happens: Callable[[], object], told: str
) -> None:
    happens()

    lines = logged()
    kept = [line for line in lines if selects(QUESTION, line)]
    counted = next(line for line in lines if '"Unanswered"' in line)
    assert kept[0] == counted
    following = json.loads(lines[lines.index(counted) + 1])
    assert following["message"] == "decided" if not told else (following in map(json.loads, kept) and following[told])


def test_what_was_answered_is_found_without_the_alarms_count() -> None:
    assert not selects(QUESTION, json.dumps({"message": "performed", "verdict": "done"}))
    assert selects(QUESTION, json.dumps({"message": "will be tried again", "code": "RequestLimitExceeded"}))


(QUESTION,) = [query for query in blocks(SECTIONS["Which service of AWS does not answer?"]) if "filter" in query]


def selects(query: str, line: str) -> bool:
    """Whether the query's filter keeps the line: as much of Logs Insights' language as the page uses."""
    (condition,) = re.findall(r"^\| filter (.+)$", query, re.MULTILINE)
    fields = {"@message": line, **json.loads(line)}
    for name, pattern in re.findall(r"(@?\w+) like /(.+?)/", condition):
        found = str(bool(re.search(pattern, str(fields.get(name, "")))))
        condition = condition.replace(f"{name} like /{pattern}/", found)
    for name, value in re.findall(r'(\w+) = "([^"]+)"', condition):
        condition = condition.replace(f'{name} = "{value}"', str(fields.get(name) == value))
    return bool(eval(condition))


def test_a_message_that_was_throttled_is_no_call_that_nothing_answered(logged: Callable[[], list[str]]) -> None:
    def throttled(body: str) -> None:
        raise Transient(body, "RequestLimitExceeded")

    take(throttled, "throttled")

    assert not any('"Unanswered"' in line for line in logged())


def test_the_service_for_a_first_repair_is_one_that_the_shipped_file_takes() -> None:
    (toml,) = (block for block in blocks(SECTIONS["How do I test it without harm?"]) if block.startswith("["))
    policy = parse(f"{(ROOT / 'defib.toml').read_text(encoding='utf-8')}\n{toml}\n")

    service = policy.service("trial")
    assert service is not None
    assert service.match == {"service": ("trial",)}
    (launch,) = (block for block in SHELL if "run-instances" in block)
    assert "{Key=service,Value=trial}" in launch
    assert f"{{Key={policy.opt_in.key},Value={policy.opt_in.value}}}" in launch
    assert "ip link set ens5 down" in launch
