"""docs/hostile-input.md names tests that are there, and limits that the code has."""

from __future__ import annotations

import re
from pathlib import Path

from defib.answer import asked, token
from defib.aws import normalise, secret, untrusted, wire
from defib.core import mistake, parse
from defib.core.answer.name import NAME_MAX
from defib.core.setting import EMAIL
from defib.handlers import subscribe
from defib.publish.channels import http
from defib.publish.page import site
from defib.stashboard import dates, oauth, router
from sim import scenario_file
from tests.hostile.strategies import LINEAR, PROFILES
from watchtower import https, settings

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "hostile-input.md").read_text(encoding="utf-8")
ROWS = {row.split("|")[1].strip(): row for row in TEXT.splitlines() if row.startswith("| ")}


def test_every_test_that_it_names_is_there_and_every_test_here_is_named() -> None:
    named = set(re.findall(r"`(tests/[a-z_/]+\.py)`", TEXT))
    assert all((ROOT / name).is_file() for name in named)
    here = {f"tests/hostile/{file.name}" for file in Path(__file__).parent.glob("test_*.py")}
    assert here - named == {"tests/hostile/test_document.py"}
    assert all("`tests/" in row for way, row in ROWS.items() if way not in {"Way in", "Where to"})


def test_each_way_in_has_a_limit_and_a_test_in_which_its_work_is_counted() -> None:
    ways_in = TEXT.partition("What is shown or passed on")[0]
    rows = [row for way, row in ROWS.items() if row in ways_in and way != "Way in"]
    assert len(rows) > 15
    for row in rows:
        _, way, limit, _, tests, _ = (cell.strip() for cell in row.split("|"))
        named = [ROOT / name for name in re.findall(r"`(tests/[a-z_/]+\.py)`", tests)]
        counted = [file for file in named if re.search(r"\b(steps|growth|setprofile)\(", file.read_text())]
        assert limit, way
        assert counted, way


def test_the_limits_are_those_of_the_code() -> None:
    limits = {
        "`defib.toml`": (parse.BYTES_MOST // 1024, parse.LINE_MOST, mistake.MISTAKES_MOST),
        "Scenario files": (scenario_file.BYTES_MOST // 1024, scenario_file.LINE_MOST, mistake.MISTAKES_MOST),
        "Events of AWS and of operators, the canary, signals, questions to load balancers": (
            untrusted.BODY_MAX // 1024,
            normalise.ENTITIES_MAX,
            untrusted.TEXT_MAX,
        ),
        "Orders, notices, contacts whose messages are due, turns of the page, releases of a draft": (
            untrusted.BODY_MAX // 1024,
        ),
        "Requests to the Stashboard API": (router.BODY_MOST, oauth.FIELDS_MOST),
        "Dates of the Stashboard API": (dates.WRITTEN_MOST,),
        "Links of answers": (token.TOKEN_MAX,),
        "Forms of answers, and names": (asked.BODY_MAX, NAME_MAX),
        "The form that subscribes": (subscribe.BODY_MOST, subscribe.FIELDS_MOST, EMAIL.longest),
        "Other pages' answers": (http.ANSWER_MOST // 1024**2,),
        "What the watchtower reads, and remembers": (https.MANIFEST_READ,),
        "The watchtower's settings": (settings.BYTES_MOST // 1024**2,),
        "Secrets that people type in": (secret.SECRET_MOST,),
        "The page's manifest, as it lies in S3": (site.MANIFEST_MOST // 1024**2,),
    }
    for way, numbers in limits.items():
        for number in numbers:
            assert re.search(rf"\b{number:,}\b", ROWS[way]), (way, number)
    assert f"at most {LINEAR} times the calls" in TEXT
    assert wire.NUMBER_MAX == 10**9
    for examples in PROFILES.values():
        assert f"{examples:,}" in TEXT
