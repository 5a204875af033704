"""Every kind of mistake in one value of ``defib.toml``."""

from __future__ import annotations

from datetime import timedelta

import pytest

from defib.core.mistake import MISTAKES_MOST, shown
from defib.core.policy import Mode, Repair, Service
from tests.core.policy_file import file, mistakes

MATCH = 'for example match = { service = "web" }'
TAG = "must be a tag value of 1 to 256 characters without * or ? (there are no wildcards)"
TAGS = "must be a table of 1 to 10 tag keys, each with a value or a list of 1 to 50 values"
OPT_IN = (
    'must be a tag as "key=value", made of letters, digits and _ . : / + @ -, the key not beginning with aws:; '
    'for example opt_in_tag = "self-heal=true"'
)
EMAIL = 'must be an e-mail address; for example email = ["oncall@example.com"]'
PHONE = 'must be a phone number with + and country code, digits only (E.164); for example sms = ["+12025550123"]'
NAME = "its name must be 1 to 31 of a-z, 0-9 and -, beginning with a letter"


@pytest.mark.parametrize(
    ("table", "lines", "expected"),
    [
        # a number or a percentage
        *[
            (
                "services.web",
                f"match = {{ service = 'web' }}\nminimum_healthy = {given}",
                f"services.web.minimum_healthy = {given}: must be a whole number from 0 to 1000, "
                'or a percentage from "1%" to "99%"; for example minimum_healthy = "50%"',
            )
            for given in ("1001", "true", "0.5", '"0%"', '"100%"', '"50"', '"33.3%"', '"050%"', '" 50%"', '"-1%"')
        ],
        # unknown keys
        ("repair", "rebots = 1", 'repair.rebots = 1: unknown key; did you mean "reboots"?'),
        (
            "zzz",
            "",
            "zzz = {}: unknown key; allowed here: defib, services, contacts, answers, escalation, delivery, drill, "
            "messages, page, watchtower, detection, repair, limits, calls, retention",
        ),
        (
            "services.web.verify",
            "match = 1",
            "services.web.verify.match = 1: unknown key here; it belongs right below [services.web], before any other "
            "table",
        ),
        (
            "services.web.verify",
            "page = 1",
            "services.web.verify.page = 1: unknown key; allowed here: stable_for, timeout",
        ),
        (
            "services.web.verify",
            "runbok = 1",
            "services.web.verify.runbok = 1: unknown key; allowed here: stable_for, timeout",
        ),
        (
            "services.web.verify.page",
            "",
            'services.web.verify.page = {}: unknown key; did you mean "services.web.page"?',
        ),
        *(
            ("services.web", f"match = {{ service = 'web' }}\n{given}", f"services.web.{given}: unknown key; {remedy}")
            for given, remedy in (
                ("timeout = 3", 'did you mean "services.web.verify.timeout"?'),
                ("rate = 3", 'did you mean "limits.rate"?'),
                ("enabled = true", "allowed here: {service}"),
            )
        ),
        ("contacts.oncall.detection", "", 'contacts.oncall.detection = {}: unknown key; did you mean "detection"?'),
        (
            'services.web."a b\\u0007"',
            "",
            'services.web."a b\\u0007" = {}: unknown key; allowed here: {service}',
        ),
        # wrong types
        (
            "repair",
            "reboots = true",
            "repair.reboots = true: must be a whole number from 0 to 5; for example reboots = 0",
        ),
        (
            "repair",
            "reboots = 1.0",
            "repair.reboots = 1.0: must be a whole number from 0 to 5; for example reboots = 0",
        ),
        (
            "repair",
            'reboots = "1"',
            'repair.reboots = "1": must be a whole number from 0 to 5; for example reboots = 0',
        ),
        (
            "detection",
            "fleet_alarm = 1",
            "detection.fleet_alarm = 1: must be true or false; for example fleet_alarm = false",
        ),
        ("repair", "hold = 60", 'repair.hold = 60: must be a duration from 5s to 1h; for example hold = "5m"'),
        (
            "repair",
            "hold = 07:32:00",
            'repair.hold = 07:32:00: must be a duration from 5s to 1h; for example hold = "5m"',
        ),
        ("services.web", "match = 'web'", f'services.web.match = "web": {TAGS}; {MATCH}'),
        (
            "services.web",
            "match = { service = 3 }",
            f"services.web.match.service = 3: must be text in quotes, or a list of 1 to 50 different texts; {MATCH}",
        ),
        ("services.web", "match = { service = [['web']] }", f'services.web.match.service[0] = ["web"]: {TAG}; {MATCH}'),
        ("defib", "opt_in_tag = 1", f"defib.opt_in_tag = 1: {OPT_IN}"),
        # out of range
        ("repair", "reboots = 6", "repair.reboots = 6: must be a whole number from 0 to 5; for example reboots = 0"),
        ("repair", "reboots = -1", "repair.reboots = -1: must be a whole number from 0 to 5; for example reboots = 0"),
        (
            "repair",
            f"reboots = 1{'0' * 40}",
            "repair.reboots = a number of more than 64 bits: must be a whole number from 0 to 5; for "
            "example reboots = 0",
        ),
        (
            "repair",
            'act_timeout = "44s"',
            'repair.act_timeout = "44s": must be a duration from 45s to 5m; for example act_timeout = "90s"',
        ),
        (
            "repair",
            'evidence_timeout = "1h"',
            'repair.evidence_timeout = "1h": must be a duration from 5s to 60s; for example evidence_timeout = "30s"',
        ),
        (
            "services.web.patience",
            'check = "5 minutes"',
            'services.web.patience.check = "5 minutes": must be a duration from 0s to 1h; for example check = "2m"',
        ),
        (
            "retention",
            'evidence = "36h"',
            'retention.evidence = "36h": must be a duration from 1d to 3650d, in steps of 1d; for '
            'example evidence = "90d"',
        ),
        (
            "retention",
            'logs = "2d"',
            'retention.logs = "2d": must be one of 1d, 3d, 5d, 7d, 14d, 30d, 60d, 90d, 120d, 150d, '
            "180d, 365d, 400d, 545d, "
            '731d, 1096d, 1827d, 2192d, 2557d, 2922d, 3288d, 3653d; for example logs = "90d"',
        ),
        # choices
        (
            "services.web",
            'match = { service = "web" }\nmode = "heel"',
            'services.web.mode = "heel": must be one of "observe", "approve", "heal"; for example mode = "heal"; '
            'did you mean "heal"?',
        ),
        (
            "services.web",
            'match = { service = "web" }\nmode = 1',
            'services.web.mode = 1: must be one of "observe", "approve", "heal"; for example mode = "heal"',
        ),
        # names
        (
            "contacts.Bob",
            "sms = '+12025550123'",
            f'contacts.Bob = {{ sms = "+12025550123" }}: {NAME}; for example [contacts.oncall]',
        ),
        (
            "contacts.1a",
            "sms = '+12025550123'",
            f'contacts.1a = {{ sms = "+12025550123" }}: {NAME}; for example [contacts.oncall]',
        ),
        (
            'services."a\\nb"',
            "match = { a = '1', service = 'b' }",
            f'services."a\\u000ab" = {{ match = {{ a = "1", service = "b" }} }}: {NAME}; for example [services.web]',
        ),
        # lists and lengths
        ("services.web", "match = {}", f"services.web.match = {{}}: {TAGS}; {MATCH}"),
        (
            "services.web",
            "match = { service = [] }",
            f"services.web.match.service = []: must be text in quotes, or a list of 1 to 50 different texts; {MATCH}",
        ),
        ("services.web", "match = { service = '' }", f'services.web.match.service = "": {TAG}; {MATCH}'),
        ("services.web", "match = { service = 'web-*' }", f'services.web.match.service = "web-*": {TAG}; {MATCH}'),
        (
            "services.web",
            'match = { service = "\\u202Eweb" }',
            f'services.web.match.service = "\\u202eweb": {TAG}; {MATCH}',
        ),
        (
            "services.web",
            "match = { '' = 'web' }",
            f'services.web.match."" = "web": its key must be a tag key of 1 to 128 characters; {MATCH}',
        ),
        (
            "services.web",
            "match = { service = ['web', 'web'] }",
            f'services.web.match.service[1] = "web": must be in the list only once; {MATCH}',
        ),
        # addresses
        ("contacts.oncall", "email = 'a@b'", f'contacts.oncall.email = "a@b": {EMAIL}'),
        (
            "contacts.oncall",
            "email = ['x@example.com', 'a b@example.com']",
            f'contacts.oncall.email[1] = "a b@example.com": {EMAIL}',
        ),
        ("contacts.oncall", "email = 'a@example..com'", f'contacts.oncall.email = "a@example..com": {EMAIL}'),
        ("contacts.oncall", 'email = "a@example.com\\n"', f'contacts.oncall.email = "a@example.com\\u000a": {EMAIL}'),
        ("contacts.oncall", "sms = '2025550123'", f'contacts.oncall.sms = "2025550123": {PHONE}'),
        ("contacts.oncall", "sms = '+02025550123'", f'contacts.oncall.sms = "+02025550123": {PHONE}'),
        ("contacts.oncall", "sms = '+1202555012345678'", f'contacts.oncall.sms = "+1202555012345678": {PHONE}'),
        (
            "contacts.oncall",
            "",
            "contacts.oncall = {}: must have an address: email, sms, https or chat; for example email = "
            '["oncall@example.com"]',
        ),
        (
            "contacts.oncall",
            "email = 'a@example.com'\nemail_for = ['low']",
            'contacts.oncall = { email_for = ["low"] }: must take what is urgent by one of its means, so '
            "that somebody hears when Defib "
            'asks for them; for example email_for = ["urgent"]',
        ),
        (
            "contacts.oncall",
            "email = 'a@example.com'\nhttps = 'http://events.example.com'",
            'contacts.oncall.https = "http://events.example.com": must be a web address that begins with https://; '
            'for example https = ["https://events.example.com/integration/defib"]',
        ),
        (
            "contacts.oncall",
            "email = 'a@example.com'\nsms_for = 'loud'",
            'contacts.oncall.sms_for = "loud": must be one of low, high, urgent; for example sms_for = ["urgent"]',
        ),
        (
            "escalation",
            "second_after = '20m'",
            'escalation.everybody_after = "15m": must be at least escalation.second_after = "20m"; for example '
            'everybody_after = "20m"',
        ),
        (
            "contacts.boss",
            "email = 'OnCall@example.com'",
            'contacts.boss.email[0] = "OnCall@example.com": belongs to contact oncall already; name '
            "both contacts in tell "
            'instead; for example tell = ["oncall", "boss"]',
        ),
        # the opt-in tag
        ("defib", "", f"defib.opt_in_tag is missing: {OPT_IN}"),
        ("defib", "opt_in_tag = 'self-heal'", f'defib.opt_in_tag = "self-heal": {OPT_IN}'),
        ("defib", "opt_in_tag = 'a=b=c'", f'defib.opt_in_tag = "a=b=c": {OPT_IN}'),
        ("defib", "opt_in_tag = 'AWS:x=y'", f'defib.opt_in_tag = "AWS:x=y": {OPT_IN}'),
        ("defib", "opt_in_tag = 'a=${b}'", f'defib.opt_in_tag = "a=${{b}}": {OPT_IN}'),
        ("defib", 'opt_in_tag = "a=\'b"', f'defib.opt_in_tag = "a=\'b": {OPT_IN}'),
        (
            "services.web",
            "match = { self-heal = 'false', service = 'web' }",
            'services.web.match.self-heal = ["false"]: matches nothing: only instances with the opt-in '
            "tag self-heal=true "
            f"are in Defib's care; {MATCH}",
        ),
    ],
)
def test_a_mistake_is_named_with_its_value_what_is_allowed_and_an_example(
    table: str, lines: str, expected: str
) -> None:
    repair = ", ".join(Repair.__dataclass_fields__)
    service = ", ".join(name for name in Service.__dataclass_fields__ if name != "name")
    assert mistakes(file({table: lines})) == [expected.replace("{repair}", repair).replace("{service}", service)]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a" * 101, '"' + "a" * 99 + '…"'),
        ('say "a\\b"', '"say \\"a\\\\b\\""'),
        (["a", "b", "c", "d", "e"], '["a", "b", "c", …]'),
        ({"a b": [1, [2, [3]]], "c": {"d": {"e": 1}}}, '{ "a b" = [1, […]], c = { d = {…} } }'),
        ((), "[]"),
        (timedelta(seconds=90), '"1m30s"'),
        (Mode.HEAL, '"heal"'),
    ],
)
def test_a_value_is_shown_as_it_would_be_written_and_cut_short(value: object, expected: str) -> None:
    assert shown(value) == expected


def test_after_a_hundred_mistakes_nobody_reads_on() -> None:
    keys = "\n".join(f"wrong{n} = {n}" for n in range(MISTAKES_MOST + 9))

    assert len(mistakes(file({"repair": keys}))) == MISTAKES_MOST


def test_there_are_no_more_addresses_than_a_stack_has_room_for() -> None:
    many = {
        f"contacts.c{c}": "email = [" + ",\n".join(f"'c{c}n{n}@example.com'" for n in range(20)) + "]"
        for c in range(11)
    }

    (mistake,) = mistakes(file(many))
    assert mistake.startswith("contacts")
    assert "have 221 addresses, must be at most 150 in one stack" in mistake


def test_there_are_no_more_chat_channels_than_a_function_can_be_told_of() -> None:
    many = {f"contacts.c{c}": "chat = true" for c in range(16)}

    (mistake,) = mistakes(file(many))
    assert "have 16 chat channels, must be at most 15 in one stack" in mistake
