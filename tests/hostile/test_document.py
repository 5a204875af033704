"""docs/hostile-input.md names tests that are there, and limits that the code has."""

from __future__ import annotations

import re
from pathlib import Path

from defib.answer import asked, token
from defib.aws import normalise, untrusted, wire
from defib.core import mistake, parse
from defib.core.answer.name import NAME_MAX
from defib.core.setting import EMAIL
from defib.handlers import subscribe
from defib.publish.channels import http
from defib.stashboard import dates, oauth, router
from sim import scenario_file
from tests.hostile.strategies import PROFILES
from watchtower import https

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "hostile-input.md").read_text(encoding="utf-8")
ROWS = {row.split("|")[1].strip(): row for row in TEXT.splitlines() if row.startswith("| ")}


def test_every_test_that_it_names_is_there_and_every_test_here_is_named() -> None:
    named = set(re.findall(r"`(tests/[a-z_/]+\.py)`", TEXT))
    assert all((ROOT / name).is_file() for name in named)
    here = {f"tests/hostile/{file.name}" for file in Path(__file__).parent.glob("test_*.py")}
    assert here - named == {"tests/hostile/test_document.py"}
    assert all("`tests/" in row for way, row in ROWS.items() if way not in {"Way in", "Where to"})


def test_the_limits_are_those_of_the_code() -> None:
    limits = {
        "`defib.toml`": (parse.BYTES_MOST // 1024, parse.LINE_MOST, mistake.MISTAKES_MOST),
        "Scenario files": (scenario_file.BYTES_MOST // 1024, scenario_file.LINE_MOST, mistake.MISTAKES_MOST),
        "Events of AWS and of operators, the canary, signals, questions to load balancers": (
            untrusted.BODY_MAX // 1024,
            normalise.ENTITIES_MAX,
            untrusted.TEXT_MAX,
        ),
        "Orders, notices, turns of the page, releases of a draft": (untrusted.BODY_MAX // 1024,),
        "Requests to the Stashboard API": (router.BODY_MOST, oauth.FIELDS_MOST),
        "Dates of the Stashboard API": (dates.WRITTEN_MOST,),
        "Links of answers": (token.TOKEN_MAX,),
        "Forms of answers, and names": (asked.BODY_MAX, NAME_MAX),
        "The form that subscribes": (subscribe.BODY_MOST, subscribe.FIELDS_MOST, EMAIL.longest),
        "Other pages' answers": (http.ANSWER_MOST // 1024**2,),
        "What the watchtower reads, and remembers": (https.MANIFEST_READ,),
    }
    for way, numbers in limits.items():
        for number in numbers:
            assert re.search(rf"\b{number:,}\b", ROWS[way]), (way, number)
    assert wire.NUMBER_MAX == 10**9
    for examples in PROFILES.values():
        assert f"{examples:,}" in TEXT
