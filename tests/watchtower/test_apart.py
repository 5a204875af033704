"""The watchtower shares nothing with what it watches, and no call of its own is without an end."""

from __future__ import annotations

import ast
import gc
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from defib.core import canary
from defib.core.page.settings import PageSettings
from defib.core.parse import parse
from defib.publish.page.site import Manifest, _as_document
from defib.publish.sns import BACK
from infra.bundle import Target
from infra.watched import Reached, Seen, Way
from infra.watchtower import MEMORY_MB, TIMEOUT
from infra.watchtower_bundle import FINDINGS, HEARTBEAT, bundle_watchtower
from tests.infra.conftest import POLICY
from watchtower import https, life, readings
from watchtower.asking import ATTEMPTS, CALL, CONNECT_TIMEOUT, LONGEST, READ_TIMEOUT, READING, client
from watchtower.settings import Subscriber, read

FUNCTIONS = Path(__file__).parents[2] / "functions"
MODULES = sorted((FUNCTIONS / "watchtower").glob("*.py"))
RUNTIME = {"boto3", "botocore", "urllib3"}
"""What its bundle or Lambda's runtime holds; the stubs of boto3 are for the type checker alone."""
PURE = {
    *("model.py", "memory.py", "words.py", "spans.py"),
    *("checks.py", "life.py", "deployed.py", "people.py", "web.py"),
}
ENDPOINTS = 9
"""Its own table, five services there, the page and every API at once, and two services here: what a look may wait for
in vain."""


def imported(module: Path) -> set[str]:
    """Modules, and by its full name whatever is taken from one: that may be a module, too."""
    nodes = list(ast.walk(ast.parse(module.read_text())))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    sources = [node for node in nodes if isinstance(node, ast.ImportFrom)]
    return names.union(*({f"{node.module}", *(f"{node.module}.{a.name}" for a in node.names)} for node in sources))


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_no_line_of_what_it_watches_is_in_it(module: Path) -> None:
    for name in imported(module):
        top = name.partition(".")[0]
        assert top == "watchtower" or top in sys.stdlib_module_names | RUNTIME or top.startswith("mypy_boto3_"), name


@pytest.mark.parametrize("name", sorted(PURE))
def test_what_judges_and_words_knows_no_aws_and_no_clock(name: str) -> None:
    module = FUNCTIONS / "watchtower" / name

    assert not {taken.partition(".")[0] for taken in imported(module)} & (RUNTIME | {"os", "time", "json", "pathlib"})
    assert not {"watchtower.clock", "watchtower.asking", "watchtower.readings"} & imported(module)
    assert ".now(" not in module.read_text()


def test_nothing_of_what_it_watches_imports_it() -> None:
    others = sorted((FUNCTIONS / "defib").rglob("*.py"))

    assert others
    assert [path.name for path in others if any(f"{name}.".startswith("watchtower.") for name in imported(path))] == []


def test_its_bundle_holds_its_own_code_and_settings_and_an_http_client(tmp_path: Path) -> None:
    policy = parse(POLICY.read_text())
    ways = (Way("notices", "publish"), Way("incidents", "diagnose", "notices"))
    seen = Seen("Defib", (Reached("Alerts", "email", "oncall@defib.test"),), 28, ways, ("StateRule",), ("answer",))

    bundle_watchtower(policy, Target(), seen, tmp_path / "code")
    settings = read(tmp_path / "code")

    assert {path.name for path in (tmp_path / "code").iterdir()} == {"watchtower", "urllib3", "settings.json"}
    assert (settings.region, settings.primary_region, settings.primary_stack) == ("us-west-2", "us-east-1", "Defib")
    assert settings.subscribers == (Subscriber("Alerts", "email", "oncall@defib.test"),)
    assert {subscriber.topic for subscriber in settings.own_subscribers} == {FINDINGS, HEARTBEAT}
    assert settings.texts
    assert (settings.sweep_within, settings.canary_within) == (timedelta(seconds=90), timedelta(seconds=30))
    assert (settings.alarms, settings.looks, settings.sms_share) == (28, 2, 80)
    assert [(way.word, way.feeds, way.after) for way in settings.ways] == [
        ("notices", "publish", ""),
        ("incidents", "diagnose", "notices"),
    ]
    assert (settings.rules, settings.doors) == (("StateRule",), ("answer",))
    assert settings.page_within > PageSettings().refresh
    assert settings.dead_mans_switch == "https://ping.defib.test/4b0d7e2c"


def test_what_it_sends_and_reads_is_what_the_watched_side_takes_and_leaves() -> None:
    """Both name these for themselves, for they share no line."""
    from defib.aws import heartbeats  # noqa: PLC0415 - beside its only use

    assert (readings.CANARY_SOURCE, readings.CANARY_TYPE) == (canary.EVENT_SOURCE, canary.DETAIL_TYPE)
    assert (readings.HEARTBEATS, readings.SWEEP) == (heartbeats.HEARTBEATS, heartbeats.SWEEP)
    assert readings.CANARY == heartbeats.CANARY
    assert life.TOPIC == BACK


def test_when_the_page_was_made_stands_where_it_is_looked_for() -> None:
    made = datetime(2026, 4, 30, 3, 0, 1, 250_000, tzinfo=UTC)
    body = _as_document(Manifest(7, made, "x" * 64, etags={f"incidents/{n}.html": "0" * 32 for n in range(9999)})).body

    found = https.MADE.search(body[: https.MANIFEST_READ])

    assert found is not None
    assert datetime.fromisoformat(found[1].decode()) == made


@pytest.mark.parametrize("service", ["cloudwatch", "dynamodb", "events", "sns", "ssm"])
def test_every_client_has_deadlines_and_one_try(service: str) -> None:
    config = client(service, "us-east-1").meta.config  # type: ignore[call-overload] # the table's strings are the literals

    assert config.connect_timeout == CONNECT_TIMEOUT.total_seconds()
    assert config.read_timeout == READ_TIMEOUT.total_seconds()
    assert config.retries == {"mode": "standard", "total_max_attempts": ATTEMPTS}


def test_clients_are_made_and_the_clock_is_read_in_one_place_each() -> None:
    makers = {path.name for path in MODULES if "boto3.client(" in path.read_text() or "Session(" in path.read_text()}
    readers = {path.name for path in MODULES if "datetime.now(" in path.read_text()}

    assert makers == {"asking.py"}
    assert readers == {"clock.py"}


def test_the_sum_of_all_deadlines_fits_in_a_look_and_the_longest_look_in_its_function() -> None:
    assert ENDPOINTS * CALL <= READING
    assert LONGEST.total_seconds() < TIMEOUT.to_seconds() < 60
    assert MEMORY_MB >= 256


def test_garbage_is_collected_again_once_a_client_is_made() -> None:
    assert gc.isenabled()
    client("sns", "us-east-1")
    assert gc.isenabled()
