"""``defib.toml`` to a Policy, or to every mistake at once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from defib.core.parse import parse
from defib.core.policy import (
    ApplicationRemedy,
    Contact,
    Detection,
    Mode,
    Patience,
    Policy,
    Repair,
    Service,
    Tag,
    TargetGroup,
    Verify,
)
from tests.core.policy_file import ARN, GROUP, error, file, mistakes


def test_a_small_file_has_every_default() -> None:
    assert parse(file({})) == Policy(
        opt_in=Tag("self-heal", "true"),
        services=(Service("web", {"service": ("web",)}),),
        contacts=(Contact("oncall", email=("oncall@example.com",)),),
    )


def test_every_kind_of_value_is_read() -> None:
    policy = parse(
        file(
            {
                "services.web": f'match = {{ service = ["web", "api"], "aws:stage" = "prod" }}\nmode = "heal"\ntell = '
                f'["oncall"]\nminimum_healthy = 2\n'
                f'application_down = "restart"\nverify.stable_for = "1m30s"\ntarget_groups = [{GROUP}]',
                "services.web.patience": 'check = "0s"',
                "contacts.oncall": 'sms = "+12025550123"',
                "detection": "fleet_alarm = false",
                "repair": "reboots = 0",
            }
        )
    )
    assert policy.services == (
        Service(
            name="web",
            match={"service": ("web", "api"), "aws:stage": ("prod",)},
            mode=Mode.HEAL,
            minimum_healthy=2,
            application_down=ApplicationRemedy.RESTART,
            patience=Patience(check=timedelta(0)),
            verify=Verify(stable_for=timedelta(seconds=90)),
            target_groups=(TargetGroup(ARN, "app/web/50dc6c495c0c9188"),),
            tell=("oncall",),
        ),
    )
    assert policy.contacts == (Contact("oncall", sms=("+12025550123",)),)
    assert policy.detection == Detection(fleet_alarm=False)
    assert policy.repair == Repair(reboots=0)


def test_services_keep_the_order_of_the_file() -> None:
    policy = parse(file({"services.api": "match = { service = 'api' }", "services.a": "match = { service = 'a' }"}))
    assert [service.name for service in policy.services] == ["web", "api", "a"]


def test_a_byte_order_mark_is_no_mistake() -> None:
    assert parse("\ufeff" + file({})) == parse(file({}))


def test_windows_line_ends_are_no_mistake() -> None:
    assert parse(file({}).replace("\n", "\r\n")) == parse(file({}))


def test_an_instance_is_in_defibs_care_by_its_tag_and_in_a_service_by_its_match() -> None:
    policy = parse(file({"services.db": "match = { service = ['db', 'cache'], stage = 'prod' }"}))
    assert policy.opted_in({"self-heal": "true"})
    assert not policy.opted_in({"self-heal": "yes"})
    assert not policy.opted_in({})
    assert policy.service_of({"service": "cache", "stage": "prod"}) == policy.service("db")
    assert policy.service_of({"service": "cache"}) is None
    assert policy.service("api") is None


def test_all_mistakes_are_named_at_once() -> None:
    said = mistakes(
        """
        colour = "red"
        defib = 3
        repair = []
        [services]
        db = 4
        [services.web]
        match = { service = "web" }
        mode = "heal"
        patience = { check = 5 }
        [services.api]
        tell = ["nobody"]
        mode = "observ"
        [contacts.oncall]
        [calls]
        attempts = 0
        """
    )
    assert [line.partition(":")[0] for line in said] == [
        'colour = "red"',
        "defib = 3",
        "services.db = 4",
        "services.web.patience.check = 5",
        "services.api.match is missing",
        'services.api.mode = "observ"',
        "repair = []",
        "calls.attempts = 0",
        "services.web.tell = []",
        'services.api.tell[0] = "nobody"',
        "contacts.oncall = {}",
    ]


def test_the_message_counts_and_lists_the_mistakes() -> None:
    found = error("")
    first, second = found.mistakes
    assert str(found) == f"2 mistakes in the policy (defib.toml):\n  {first}\n  {second}"
    assert (first.key, first.given) == ("defib.opt_in_tag", None)
    assert str(second) == "services is missing: must be 1 to 300 tables; for example [services.web]"


def test_one_mistake_is_not_called_mistakes() -> None:
    assert str(error("[a]\n[a]")).startswith("1 mistake in the policy (defib.toml):\n  line 2")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "[a]\n[a]",
            "line 2: this table is there twice: [a]; merge the two, or rename one; for example [services.web-2]",
        ),
        ("[a]\nb = 1\nb = 2", "line 3: this is set twice: b = 2; keep one of the two"),
        (
            "a.b = 1\n[a]\n",
            "line 2: this table is there twice: [a]; merge the two, or rename one; for example [services.web-2]",
        ),
        ("a = { b = 1, b = 2 }", "line 1: this is set twice: a = { b = 1, b = 2 }; keep one of the two"),
        ("a = { b = 1 }\na.c = 2", "line 2: this is set twice: a.c = 2; keep one of the two"),
        ("[a.b]\n[a]\nb.c = 1", "line 3: this is set twice: b.c = 1; keep one of the two"),
        (
            "a = 90s",
            'line 1: this goes on after its value: a = 90s; text and durations need quotes; for example check = "90s"',
        ),
        (
            "a = heal",
            "line 1: this is not a value: a = heal; text and durations need straight quotes, true and false small "
            'letters; for example check = "90s"',
        ),
        (
            "\n\n= 1",
            "line 3: this is neither a [table] nor a key: = 1; a key is followed by = and a value; for "
            'example check = "90s"',
        ),
        ("a 1", 'line 1: this key has no value: a 1; a key is followed by = and a value; for example check = "90s"'),
        ("a = 1\nb = [1,\n\n", "line 2: the file ends before this is complete: b = [1,; close its quotes and brackets"),
        ("a = 'x", "line 1: the file ends before this is complete: a = 'x; close its quotes and brackets"),
        ('a = "x\nb = 1', 'line 1: this string is not closed: a = "x; end it with the quote that it begins with'),
        ("a", 'line 1: this key has no value: a; a key is followed by = and a value; for example check = "90s"'),
        (
            "[a\nb = 1",
            "line 1: this is no [table]: [a; its name ends with the brackets that it begins with; for example "
            "[services.web]",
        ),
        (
            "a = ['b'\nc = []",
            "line 2: a list goes wrong here: c = []; a comma is missing, or the ] of the list before it; for example "
            'tell = ["oncall", "lead"]',
        ),
        *(
            (
                text,
                f"line 1: {trouble}: {text.splitlines()[0]}; a table in {{ }} is one line, with a comma between two "
                'keys and none at its end; for example match = { service = "web" }',
            )
            for text, trouble in (
                ("a = {\nb = 1 }", "a key should be here"),
                ("a = { b = 1, }", "a key should be here"),
                ("a = { b = 1\n}", "a table in braces goes wrong here"),
            )
        ),
        ("a = '\x07'", "line 1: this is not TOML: a = '\\u0007'; Found invalid character '\\x07'"),
        (
            "\ud800 = 1",
            "line 1: this is neither a [table] nor a key: \\ud800 = 1; a key is followed by = and a value; ",
        ),
        ("a = " + "9" * 5_000, "line 1: 5004 characters long, must be at most 400; break lists up"),
        ("a = [\n" * 30_000, "defib.toml: 180000 bytes long, must be at most 65536 (64 KiB)"),
        ("a =" + "[\n" * 30_000, "defib.toml: brackets are nested too deeply"),
        (
            "a = 1\nb = " + "x" * 390,
            "line 2: this is not a value: b = " + "x" * 195 + "…; text and durations need straight quotes, ",
        ),
    ],
)
def test_what_is_not_toml_is_named_with_its_line(text: str, expected: str) -> None:
    (mistake,) = mistakes(text)
    assert mistake == expected or (expected.endswith(("; ", ", ")) and mistake.startswith(expected))


def test_a_service_described_twice_is_named_with_its_line() -> None:
    (mistake,) = mistakes(file({}) + "\n[services.web]\nmatch = { service = 'api' }")
    assert mistake.startswith("line 7: this table is there twice: [services.web]; merge the two, or rename one")
