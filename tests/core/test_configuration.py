"""The shipped ``defib.toml`` and ``docs/configuration.md`` say what the types and the parser say."""

from __future__ import annotations

import re
from dataclasses import MISSING, fields, is_dataclass
from itertools import pairwise, takewhile
from pathlib import Path
from typing import TYPE_CHECKING, get_args, get_origin, get_type_hints

import pytest

from defib.core.document import Document
from defib.core.drill import DrillSettings
from defib.core.escalation import Escalation
from defib.core.messages import MessageLimits
from defib.core.mistake import shown
from defib.core.parse import PolicyError, parse
from defib.core.policy import (
    ApplicationRemedy,
    Calls,
    Delivery,
    Detection,
    Limits,
    Mode,
    Patience,
    Repair,
    Retention,
    Tag,
    Verify,
)
from defib.core.setting import Setting, setting_of
from defib.core.watchtower import WatchtowerSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from _typeshed import DataclassInstance

ROOT = Path(__file__).parents[2]
SHIPPED = (ROOT / "defib.toml").read_text(encoding="utf-8")
DOC = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(toml|text)\n(.*?)^```$", DOC, re.DOTALL | re.MULTILINE)
HEADING = "| Key | Meaning | Default | Allowed | Example |"


def keys(kind: type[DataclassInstance], at: str = "") -> Iterator[tuple[str, str, Setting]]:
    """Every key of the file with its default as written, in the order of the types."""
    hints: dict[str, object] = get_type_hints(kind)
    for f in fields(kind):
        setting, hint = setting_of(f.metadata), hints[f.name]
        if setting is None:
            continue
        item = get_args(hint)[0] if get_origin(hint) is tuple else hint
        inner = item if isinstance(item, type) and is_dataclass(item) and item is not Tag else None
        if inner is None or inner is not hint:
            required = f.default is MISSING and f.default_factory is MISSING
            named = inner is not None and "name" in {g.name for g in fields(inner)}
            if not named:
                default = f.default_factory() if f.default_factory is not MISSING else f.default
                yield f"{at}{f.name}", "required" if required else f"`{shown(default)}`", setting
            at_inner = f"{at}{f.name}.<name>." if named else f"{at}{f.name}[]."
        else:
            at_inner = f"{at}{f.name}."
        if inner is not None:
            yield from keys(inner, at_inner)


KEYS = tuple(keys(Document))


def table_of_keys() -> str:
    rows = [
        f"| `{key}` | {setting.about} | {default} | {setting.allowed} | `{setting.example}` |"
        for key, default, setting in KEYS
    ]
    return "\n".join([HEADING, "|---|---|---|---|---|", *rows])


def message(text: str) -> str:
    with pytest.raises(PolicyError) as caught:
        parse(text)
    return str(caught.value)


def shipped_section(table: str) -> list[str]:
    """The lines of one table of the shipped file."""
    after = SHIPPED.partition(f"\n[{table}]\n")[2]
    return re.split(r"^\[", after, maxsplit=1, flags=re.MULTILINE)[0].splitlines()


def comment_above(lines: list[str], number: int) -> str:
    above = takewhile(lambda line: line.startswith("#"), reversed(lines[:number]))
    return " ".join(line.removeprefix("# ") for line in reversed(list(above)))


def test_the_documented_table_of_keys_is_that_of_the_types() -> None:
    documented = DOC[DOC.index(HEADING) :].strip().splitlines()
    assert documented == table_of_keys().splitlines()


def test_every_row_of_the_table_has_five_cells() -> None:
    assert {row.count("|") for row in table_of_keys().splitlines()} == {6}


def test_the_documented_samples_of_messages_are_what_the_parser_says() -> None:
    samples = [
        (before, after)
        for (kind, before), (next_kind, after) in pairwise(BLOCKS)
        if (kind, next_kind) == ("toml", "text")
    ]
    assert len(samples) == 2
    for source, said in samples:
        assert message(source) == said.rstrip("\n")


def test_the_smallest_documented_file_is_a_policy() -> None:
    assert parse(BLOCKS[0][1]).services[0].mode is Mode.HEAL


def test_every_question_is_linked_at_the_top() -> None:
    questions = re.findall(r"^## (.+)$", DOC, re.MULTILINE)
    links = re.findall(r"^- \[(.+)\]\(#(.+)\)$", DOC, re.MULTILINE)
    assert links == [(q, re.sub(r"[^a-z -]", "", q.lower()).replace(" ", "-")) for q in questions]


def test_the_shipped_file_is_a_policy_as_it_is() -> None:
    policy = parse(SHIPPED)
    web, db, worker = policy.services
    assert policy.opt_in == Tag("self-heal", "true")
    assert [(s.name, dict(s.match), s.mode, s.tell) for s in policy.services] == [
        (name, {"service": (name,)}, Mode.HEAL, ("oncall",)) for name in ("web", "db", "worker")
    ]
    assert (web.minimum_healthy, web.application_down) == (1, ApplicationRemedy.REBOOT)
    assert (db.minimum_healthy, worker.minimum_healthy) == (1, 0)
    assert [(c.name, c.email, c.sms) for c in policy.contacts] == [
        ("oncall", ("oncall@example.com",), ("+12025550123",))
    ]


def test_the_limits_in_the_shipped_file_are_the_defaults() -> None:
    policy = parse(SHIPPED)
    assert (policy.repair, policy.calls, policy.retention) == (Repair(), Calls(), Retention())
    assert (policy.detection, policy.limits, policy.watchtower) == (Detection(), Limits(), WatchtowerSettings())
    assert (policy.escalation, policy.messages) == (Escalation(), MessageLimits())
    assert (policy.delivery, policy.drill) == (Delivery(), DrillSettings())
    assert {(s.patience, s.verify) for s in policy.services} == {(Patience(), Verify())}


def test_what_is_commented_out_in_the_shipped_file_is_right() -> None:
    policy = parse(re.sub(r"^#   ", "", SHIPPED, flags=re.MULTILINE))
    assert [group.name for group in policy.services[0].target_groups] == ["web"]
    assert [entry.days for entry in policy.services[0].maintenance] == [("sun",)]
    assert [entry.date for entry in policy.maintenance] == ["2026-10-25"]
    assert [(other.name, other.address) for other in policy.page.elsewhere] == [
        ("statuspage", "https://api.statuspage.io/v1")
    ]
    assert [entry.at for entry in policy.contacts[0].quiet] == ["22:00"]


@pytest.mark.parametrize(
    ("key", "setting"),
    [
        (key, setting)
        for key, _, setting in KEYS
        if not any(word in key for word in ("target", ".maintenance", "elsewhere", ".quiet"))
    ],
)
def test_the_shipped_file_has_the_key_and_says_its_range(key: str, setting: Setting) -> None:
    table, _, name = key.replace("services.<name>", "services.web").replace("<name>", "oncall").rpartition(".")
    lines = shipped_section(table)
    (number,) = (n for n, line in enumerate(lines) if line.startswith(f"{name} = "))
    limits = re.search(
        r"(?:duration from|number from|list of|table of|one of) (.+?)(?:, each .*|, in steps.*)?$", setting.allowed
    )
    for limit in limits[1].split(", ") if limits else ():
        assert limit in comment_above(lines, number)


def test_all_examples_together_are_a_policy() -> None:
    """So each of them is a value that its key takes, and none is the default, which would teach nothing."""
    lines: dict[str, list[str]] = {}
    for key, default, setting in KEYS:
        if "[]" not in key:
            table, _, name = key.replace("services.<name>", "services.web").replace("<name>", "oncall").rpartition(".")
            lines.setdefault(table, []).append(f"{name} = {setting.example}")
            assert f"`{setting.example}`" != default
    policy = parse("\n".join(f"[{table}]\n" + "\n".join(rows) for table, rows in lines.items()))
    (group,) = policy.services[0].target_groups
    inner = {key: setting.example for key, _, setting in KEYS if "target_groups[]" in key}
    assert list(inner.values()) == [f'"{group.arn}"', f'"{group.load_balancer}"']
