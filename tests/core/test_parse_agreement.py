"""What the keys of ``defib.toml`` can't say alone."""

from __future__ import annotations

import pytest

from defib.core.parse import parse
from tests.core.policy_file import GROUP, error, file, mistakes

MATCH = 'for example match = { service = "web" }'
ELEVEN = ",\n".join(GROUP.replace("/web/6", f"/web{n}/6") for n in range(11))
MANY_ASKED = (
    "[services.api]\nmatch = { service = 'api' }\napplication_down = 'restart'\n" + f"target_groups = [{ELEVEN}]"
)
TAGS = "must be a table of 1 to 10 tag keys, each with a value or a list of 1 to 50 values"


@pytest.mark.parametrize(
    ("table", "lines", "expected"),
    [
        # the page
        (
            "page",
            "enabled = true",
            "page.enabled = true: needs a service to show: none has a title; for example [services.web.page] "
            'title = "Website"',
        ),
        (
            "page",
            "domain = 'status.example.com'",
            'page.domain = "status.example.com": must come with a certificate; for example certificate = '
            '"arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012"',
        ),
        (
            "page",
            "legacy_writes = true",
            "page.legacy_writes = true: needs the Stashboard API: page.api is false; for example api = true",
        ),
        # repair
        (
            "repair",
            "reboot_trial = '6m'\nsuppress_for = '5m'",
            'repair.suppress_for = "5m": must be at least repair.reboot_trial = "6m"; for example suppress_for = "6m"',
        ),
        # contacts
        (
            "contacts.a1-2",
            "chat = true\n[contacts.a12]\nchat = true",
            "contacts.a12.chat = true: would have the output of contact a1-2, ChatTopicA12, for its topic; rename one; "
            "for example [contacts.lead]",
        ),
        # drills
        (
            "drill",
            "zone = 'Europe/Berlni'",
            'drill.zone = "Europe/Berlni": must be a time zone of the IANA time zone database; for example zone = '
            '"Europe/Berlin"',
        ),
        (
            "drill",
            "days = []",
            'drill.days = []: must name a day: without one no drill ever comes, which every = "0s" says; for example '
            'days = ["tue"]',
        ),
        (
            "drill",
            "every = '23h'",
            'drill.every = "23h": must be 0s, which is never, or at least 1d: drills come at one hour of a day; for '
            'example every = "7d"',
        ),
        (
            "drill",
            "every = '1d'\nanswer_within = '22h1s'",
            'drill.answer_within = "22h1s": must be at most 22h, two hours less than drill.every: the next drill takes '
            "the place of one that nobody has answered, and nobody would hear of that; for example answer_within = "
            '"22h"',
        ),
        # services
        (
            "services.web",
            "match = { service = 'web' }\nplanned_restart = true",
            "services.web.planned_restart = true: needs a maintenance window to restart in; the service has none, nor "
            "has [defib]; for example planned_restart = false",
        ),
        ("services.web", "", f"services.web.match is missing: {TAGS}; {MATCH}"),
        (
            "services.api",
            "match = { service = ['api', 'web'], stage = 'prod' }",
            'services.api.match = { service = ["api", "web"], stage = ["prod"] }: overlaps '
            "services.web.match, an instance "
            'could belong to both; give one tag key different values; for example match = { service = "api" }',
        ),
        (
            "services.api",
            "match = { stage = 'prod' }",
            'services.api.match = { stage = ["prod"] }: overlaps services.web.match, an instance could belong to both; '
            'give one tag key different values; for example match = { service = "api" }',
        ),
        (
            "services.web",
            "match = { service = 'web' }\nmode = 'heal'",
            'services.web.tell = []: must name a contact: with mode = "heal" somebody is told; for '
            'example tell = ["oncall"]',
        ),
        (
            "services.web",
            "match = { service = 'web' }\nmode = 'approve'",
            'services.web.tell = []: must name a contact: with mode = "approve" somebody is told; for '
            'example tell = ["oncall"]',
        ),
        (
            "services.web",
            "match = { service = 'web' }\nmode = 'approve'\ntell = 'boss'\n[contacts.boss]\nsms = '+12025550123'",
            'services.web.tell = ["boss"]: must name a contact with an e-mail address: with mode = "approve" it says '
            'how to answer, which no SMS can; for example email = ["oncall@example.com"]',
        ),
        (
            "services.web",
            "match = { service = 'web' }\nmode = 'approve'\ntell = 'boss'\n"
            "[contacts.boss]\nsms = '+12025550123'\nemail = 'boss@example.com'\nemail_for = ['low', 'high']",
            'services.web.tell = ["boss"]: must name a contact that takes what is urgent by another means than SMS: '
            'with mode = "approve" that says how to answer; for example email_for = ["urgent"]',
        ),
        (
            "services.web",
            "match = { service = 'web' }\ntell = ['oncal']",
            'services.web.tell[0] = "oncal": must be a contact of this file: oncall; did you mean "oncall"?',
        ),
        (
            "services.web",
            "match = { service = 'web' }\ntell = 'boss'",
            'services.web.tell[0] = "boss": must be a contact of this file: oncall; for example [contacts.boss]',
        ),
        (
            "services.web",
            "match = { service = 'web' }\ntell = 'The Boss'",
            'services.web.tell = "The Boss": must be the name of a contact; for example tell = ["oncall"]',
        ),
        # how often load balancers are asked
        (
            "detection",
            "targets_every = '10s'",
            'detection.targets_every = "10s": asks nobody: no service with application_down = "reboot" or "restart" '
            'names a target group under target_groups; for example targets_every = "1m"',
        ),
        (
            "services.web",
            f"match = {{ service = 'web' }}\ntarget_groups = [{GROUP}]\n[detection]\ntargets_every = '59s'",
            'detection.targets_every = "59s": asks nobody: no service with application_down = "reboot" or "restart" '
            'names a target group under target_groups; for example targets_every = "1m"',
        ),
        (
            "detection",
            f"targets_every = '5s'\n{MANY_ASKED}",
            'detection.targets_every = "5s": must be at least "6s": the 11 target groups of services with '
            'application_down = "reboot" or "restart" would be asked 121 times a minute between the sweeps, at most '
            '120; for example targets_every = "6s"',
        ),
        # durations and counts that must agree
        (
            "services.web.verify",
            "stable_for = '10m'\ntimeout = '6m'",
            'services.web.verify.timeout = "6m": must be at least services.web.verify.stable_for = "10m"; '
            'for example timeout = "10m"',
        ),
        (
            "services.web.verify",
            "timeout = '4m'",
            'services.web.verify.timeout = "4m": must be at least repair.restart_trial = "5m"; for '
            'example timeout = "5m"',
        ),
        (
            "repair",
            "settle = '2m'\nrestart_trial = '90s'",
            'repair.restart_trial = "1m30s": must be at least repair.settle = "2m"; for example restart_trial = "2m"',
        ),
        (
            "repair",
            "retry_backoff = '3m'",
            'repair.retry_backoff_max = "2m": must be at least repair.retry_backoff = "3m"; '
            'for example retry_backoff_max = "3m"',
        ),
        (
            "repair",
            "starts = 1",
            "repair.starts = 1: must be at least repair.restarts = 2: each restart needs a start; "
            "for example starts = 2",
        ),
        (
            "repair",
            "attempts = 11",
            "repair.attempts = 11: must be at least 12: evidence, repair.reboots, and 5 actions for each "
            "of repair.restarts; "
            "for example attempts = 12",
        ),
        (
            "repair",
            "case_age = '30m'",
            'repair.case_age = "30m": must be at least 35m35s, the time of one climb: evidence_timeout, '
            "auto_recovery_grace, reboots, reboot_trial, drain_timeout, stop_timeout, force_stop_timeout, "
            "start_timeout and the longest verify.timeout; "
            'for example case_age = "35m35s"',
        ),
        (
            "limits",
            "group_window = '2h'\ngroup_replacements = 20",
            'limits.group_window = "2h": must be at least 3h30m: repair.arrival_timeout for each of '
            "limits.group_replacements and the next; "
            'for example group_window = "3h30m"',
        ),
        (
            "watchtower",
            "region = 'us-west-2'",
            'watchtower.region = "us-west-2": must come with a primary_region; '
            'for example primary_region = "us-east-1"',
        ),
        (
            "watchtower",
            "dead_mans_switch = 'https://hc-ping.com/4b0d7e2c'",
            'watchtower.dead_mans_switch = "https://hc-ping.com/4b0d7e2c": must come with a region; for example '
            'region = "us-west-2"',
        ),
        (
            "watchtower",
            "primary_region = 'us-east-1'",
            'watchtower.primary_region = "us-east-1": must come with a region; for example region = "us-west-2"',
        ),
        (
            "watchtower",
            "region = 'us-east-1'\nprimary_region = 'us-east-1'",
            'watchtower.region = "us-east-1": must be another Region than primary_region: what dies with Defib '
            "can't tell of its death; "
            'for example region = "us-west-2"',
        ),
        (
            "calls",
            "attempts = 3",
            "calls.attempts = 3: attempts x (connect_timeout + read_timeout) and the pauses between them are 24s, "
            "must be at most 20s for a call to end before its function does; for example attempts = 2",
        ),
    ],
)
def test_values_must_agree_with_each_other(table: str, lines: str, expected: str) -> None:
    assert mistakes(file({table: lines})) == [expected]


def test_the_page_may_be_older_than_its_renewals_leave_it() -> None:
    tables = {
        "services.web.page": "title = 'Website'",
        "page": "enabled = true\nrefresh = '14m'",
        "watchtower": "region = 'us-west-2'\nprimary_region = 'us-east-1'",
    }

    assert mistakes(file(tables)) == [
        'watchtower.page_within = "15m": must be at least 16m: page.refresh and 2m for caches and the queue; '
        'for example page_within = "16m"'
    ]


def test_the_pages_copy_is_not_where_the_page_is() -> None:
    tables = {
        "page": "failover_region = 'us-east-1'",
        "watchtower": "region = 'us-west-2'\nprimary_region = 'us-east-1'",
    }

    assert mistakes(file(tables)) == [
        'page.failover_region = "us-east-1": must be another Region than watchtower.primary_region: the copy would '
        'fail with the page; for example failover_region = "us-west-2"'
    ]


WEB = "match = { service = 'web' }\n"
STATUSPAGE = "kind = 'statuspage'\nsecret = 'old'\npage_id = 'abc'\ncomponents = { web = 'def' }"
SHOWN = {"page": "enabled = true", "services.web.page": "title = 'Website'"}


@pytest.mark.parametrize(
    ("changes", "keys"),
    [
        ({"services.web": "match = 3\ntell = 4\nmode = 'heal'"}, ["services.web.match", "services.web.tell"]),
        ({"services.api": "match = 3"}, ["services.api.match"]),
        (
            {"services.web": WEB + "target_groups = [3, {}]"},
            [f"services.web.target_groups[{key}" for key in ("0]", "1].arn", "1].load_balancer")],
        ),
        ({"repair": "starts = 1\nrestarts = 11\nattempts = 5"}, ["repair.restarts"]),
        ({"repair": "case_age = '1m'\nstop_timeout = 3"}, ["repair.stop_timeout"]),
        ({"calls": "attempts = 4\nread_timeout = '1h'"}, ["calls.read_timeout"]),
        ({"defib": "opt_in_tag = 'x'", "services.web": "match = { self-heal = 'no' }"}, ["defib.opt_in_tag"]),
        ({"services.web": WEB + "verify = { timeout = '6m', stable_for = '1h' }"}, ["services.web.verify.stable_for"]),
        ({"services.web": WEB + "tell = [3, 'oncall']"}, ["services.web.tell[0]"]),
        ({"services.web": WEB + "planned_restart = true\nmaintenance = 3"}, ["services.web.maintenance"]),
        (
            {"drill": "zone = '?'\ndays = 3\nanswer_within = 3"},
            [f"drill.{k}" for k in ("days", "zone", "answer_within")],
        ),
        ({"drill": "every = '1s1'\ndays = []"}, ["drill.every"]),
        ({"drill": "every = '1d'\nanswer_within = '2d'"}, ["drill.answer_within"]),
        ({**SHOWN, "page.elsewhere.old": "kind = 'x'\nsecret = 'old'"}, ["page.elsewhere.old.kind"]),
        (
            {**SHOWN, "page.elsewhere.old": "kind = 'cachet'\nsecret = 'old'\nurl = 3\ncomponents = 4\npage_id = 5"},
            [f"page.elsewhere.old.{key}" for key in ("url", "page_id", "components")],
        ),
        ({**SHOWN, "page.elsewhere.old": STATUSPAGE, "page": "enabled = 3"}, ["page.enabled"]),
    ],
)
def test_a_wrong_value_is_not_held_against_other_keys(changes: dict[str, str], keys: list[str]) -> None:
    """Only what is wrong by itself is named; whether the others agree with it shows once it is right."""
    assert [mistake.key for mistake in error(file(changes)).mistakes] == keys


def test_names_that_differ_by_a_dash_alone_are_right_where_not_both_have_a_chat() -> None:
    text = file({"contacts.a1-2": "chat = true", "contacts.a12": "email = 'a@example.com'"})
    assert len(parse(text).contacts) == 3


@pytest.mark.parametrize("lines", ["chat = true", "https = 'https://events.example.com/defib'"])
def test_a_question_may_come_by_chat_or_to_a_machine_where_no_email_brings_it(lines: str) -> None:
    asked = WEB + "mode = 'approve'\ntell = 'boss'"
    boss = f"email = 'boss@example.com'\nemail_for = ['low']\n{lines}"
    assert parse(file({"services.web": asked, "contacts.boss": boss})).services[0].tell == ("boss",)


@pytest.mark.parametrize(
    "lines", ["every = '0s'\ndays = []\nanswer_within = '1d'", "every = '1d'\nanswer_within = '22h'"]
)
def test_drills_that_never_come_by_intention_or_that_can_be_missed_are_right(lines: str) -> None:
    assert parse(file({"drill": lines})).drill.zone == "UTC"


def test_contacts_that_are_no_tables_are_not_called_unknown() -> None:
    text = "contacts = 3\n" + file({"services.web": "match = { service = 'web' }\ntell = 'oncall'"})
    assert mistakes(text.replace("[contacts.oncall]", "[detection]").replace("email", "#")) == [
        "contacts = 3: must be at most 50 tables; for example [contacts.oncall]"
    ]


def test_without_any_contact_the_example_is_one() -> None:
    text = file(
        {
            "services.web": "match = { service = 'web' }\nmode = 'heal'",
            "services.api": "match = { service = 'api' }\ntell = 'a'",
        }
    )
    text = text.replace("[contacts.oncall]\nemail", "#")
    assert mistakes(text) == [
        'services.web.tell = []: must name a contact: with mode = "heal" somebody is told; for '
        'example tell = ["oncall"]',
        'services.api.tell[0] = "a": there is no contact in this file; for example [contacts.a]',
    ]


def test_too_many_services_are_one_mistake() -> None:
    (mistake,) = mistakes(file({f"services.s{n}": f"match = {{ service = 's{n}' }}" for n in range(300)}))
    assert mistake.startswith("services = { web = ")
    assert mistake.endswith("must be 1 to 300 tables; for example [services.web]")
