"""What a month costs: the arithmetic by hand, the one table of prices, and the bound on the shipped policy."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

import sim.__main__
from defib.core.medium import Medium
from defib.core.parse import parse
from infra.cost import costs, watchtower_costs
from infra.prices import PRICES, Item
from infra.synthesize import TEMPLATE, WATCHTOWER_TEMPLATE, synthesize
from sim.compare.rivals.custodian import Asked
from sim.cost.command import main, report
from sim.cost.counting import Counted, quiet, quiet_scenario
from sim.cost.month import BAD_SHARE, bill, months
from sim.cost.tables import BARE, DOCUMENT, WATCHED, by_service, by_size, prices
from sim.cost.usage import Unpriced, Usage, metrics, standing, used
from sim.replay import POLICIES, POLICY, ROOT
from sim.template import Resource
from sim.wiring import Wiring
from tests.sim.small_world import function, wiring

TEMPLATES = (TEMPLATE, WATCHTOWER_TEMPLATE)
HOUR = timedelta(hours=1)
QUIET = timedelta(minutes=5)
"""One renewal of the page and five sweeps."""
SHIPPED_USD = 2.00
AFTER = timedelta(minutes=3)


def counted(of: Wiring | None = None, **calls: float) -> Counted:
    named = {name.replace("__", ":"): number for name, number in calls.items()}
    return Counted(of or wiring(function("note")), HOUR, named, {}, {}, {}, {}, {})


def alarm(**properties: object) -> Resource:
    return Resource(
        "A", "AWS::CloudWatch::Alarm", dict(properties), {}, "a", "arn:aws:cloudwatch:us-east-1:1:alarm:a", "a"
    )


@pytest.fixture(scope="module")
def shipped() -> Counted:
    return quiet(10, span=QUIET, after=AFTER)


def test_a_call_is_billed_as_what_it_uses_times_its_price() -> None:
    usage = used(counted(dynamodb__PutItem=3, s3__PutObject=10, ec2__DescribeInstances=1_000))

    assert usage.of == {Item.TABLE_WRITE: 6, Item.S3_PUT: 10}
    assert bill(usage).usd == pytest.approx(6 * 0.625e-6 + 10 * 5e-6)


def test_a_call_whose_price_nobody_has_looked_up_is_not_taken_for_free() -> None:
    with pytest.raises(Unpriced, match="kinesis:PutRecord has no price"):
        used(counted(kinesis__PutRecord=1))


@pytest.mark.parametrize("medium", [medium for medium in Medium if medium is not Medium.CHAT])
def test_a_message_by_every_medium_that_a_contact_may_have_has_a_price(medium: Medium) -> None:
    assert bill(used(replace(counted(), messages={medium.value: 1.0}))).usd > 0


def test_a_message_by_a_medium_without_a_price_is_not_taken_for_free() -> None:
    with pytest.raises(Unpriced, match="'pigeon'"):
        used(replace(counted(), messages={"pigeon": 1.0}))


def test_an_invocation_costs_its_request_its_memory_and_its_log() -> None:
    of = wiring(function("note"))
    usage = used(replace(counted(of), invocations={"note": 10}, seconds={"note": 4.0}, log_bytes={"note": 1_000}))

    assert usage.of[Item.LAMBDA_REQUEST] == 10
    assert usage.of[Item.LAMBDA_GB_SECOND] == pytest.approx(4.0 * of.functions[0].memory / 1024)
    assert usage.of[Item.LOGS] == pytest.approx((1_000 + 10 * 400) / 1e9)


@pytest.mark.parametrize(
    ("item", "properties"),
    [
        (Item.ALARM, {"MetricName": "Errors", "Period": 300}),
        (Item.ALARM, {"Metrics": [{"Expression": "a + 0"}, {"MetricStat": {"Period": 60}}]}),
        (Item.QUICK_ALARM, {"Metrics": [{"Expression": "FILL(a, 0)"}, {"MetricStat": {"Period": 30}}]}),
        (Item.QUICK_ALARM, {"MetricName": "Beats", "Period": 10}),
    ],
)
def test_an_alarm_costs_by_its_resolution(item: Item, properties: dict[str, object]) -> None:
    found = standing(replace(wiring(function("note")), alarms=(alarm(**properties),))).of

    assert (found[Item.ALARM], found[Item.QUICK_ALARM]) == ((1, 0) if item is Item.ALARM else (0, 1))


def test_a_target_group_of_the_policy_is_asked_by_each_sweep_and_as_often_in_between_as_it_says() -> None:
    at_once = quiet(3, POLICIES / "pool-at-once.toml", timedelta(minutes=2))

    assert at_once.calls["elbv2:DescribeTargetHealth"] == 2 * (1 + 11)
    assert at_once.invocations["diagnose"] == 2 * 11


def test_the_fleet_alarm_is_not_among_them_since_it_costs_by_the_instance() -> None:
    of = replace(wiring(function("note")), alarms=(alarm(Metrics=[{"Expression": "SELECT MAX(x) FROM y"}]),))

    assert standing(of).of[Item.ALARM] == standing(of).of[Item.QUICK_ALARM] == 0


def test_a_queue_is_polled_all_month_whether_or_not_it_holds_anything(shipped: Counted) -> None:
    assert len(shipped.wiring.polls) >= 5
    asked = standing(shipped.wiring).of
    assert asked[Item.SQS_REQUEST] + asked[Item.FIFO_REQUEST] == len(shipped.wiring.polls) * 15 * 43_200


def test_requests_to_queues_that_keep_an_order_are_billed_as_the_dearer_that_they_are(shipped: Counted) -> None:
    in_order = [poll.queue_arn for poll in shipped.wiring.polls if poll.queue_arn.endswith(".fifo")]
    lines = {line.what: line for line in months(10, shipped, shipped).idle.lines}
    queues = lines["requests to queues in order"]

    assert len(in_order) == 2
    # Their polls, and of each minute's turn of the page that it is sent, received and deleted.
    assert queues.amount == pytest.approx((2 * 15 + 3) * 43_200)
    assert queues.usd == pytest.approx(queues.amount * 0.5e-6)
    assert queues.due == queues.usd


def test_the_free_tier_pays_for_so_many_and_no_more() -> None:
    assert bill(Usage({Item.ALARM: 4})).due == 0
    assert bill(Usage({Item.ALARM: 14})).due == pytest.approx(0.40)
    assert bill(Usage({Item.ALARM: 14})).usd == pytest.approx(1.40)
    assert bill(Usage({Item.SECRET: 2})).due == pytest.approx(0.80)


def test_a_metric_that_two_of_them_put_is_one_metric() -> None:
    put = replace(counted(), metrics={"sweep:Suspects": 60})

    assert metrics(put, replace(put, metrics={"sweep:Suspects": 1, "diagnose:Decisions": 9})).of == {Item.METRIC: 2}


@pytest.mark.parametrize(("instances", "heals"), [(1, 1), (10, 1), (11, 2), (1_000, 100)])
def test_in_a_bad_month_one_instance_in_ten_is_healed_and_one_at_least(instances: int, heals: int) -> None:
    found = months(instances, counted(), replace(counted(), messages={"sms": 2.0}))

    assert (BAD_SHARE, found.heals) == (0.10, heals)
    assert found.bad.due - found.idle.due == pytest.approx(heals * 2 * 0.01)


def test_what_a_heal_takes_is_counted_beyond_the_quiet_of_the_same_length() -> None:
    quiet_hour, heal = counted(dynamodb__Query=60), replace(counted(dynamodb__Query=50), span=HOUR / 2)

    assert heal.beyond(quiet_hour).calls == {"dynamodb:Query": 20}


def test_an_alarm_an_instance_costs_by_the_instance_beyond_the_free_ten() -> None:
    assert [months(n, counted(), counted()).alarms_each for n in (10, 100, 1_000)] == pytest.approx([0, 9, 99])
    assert months(1_000, counted(), counted()).fleet_alarm == pytest.approx(100)


def test_every_price_says_where_it_stands_and_when_it_was_read() -> None:
    assert set(PRICES) == set(Item)
    for price in PRICES.values():
        assert re.fullmatch(r"aws\.amazon\.com/[a-z0-9/-]+", price.source)
        assert price.read_on.year >= 2026
        assert price.usd > 0


def test_the_shipped_policy_costs_about_two_dollars_at_most_in_a_quiet_month(shipped: Counted) -> None:
    idle = months(1_000, shipped, shipped).idle

    assert idle.due <= SHIPPED_USD
    assert {line.service for line in idle.lines if line.due > 0.5} == {"SQS"}


@pytest.mark.parametrize("policy", [POLICY, BARE, WATCHED], ids=lambda policy: policy.stem)
def test_make_deploy_says_that_it_costs_what_is_counted(policy: Path, tmp_path: Path) -> None:
    happened = quiet(10, policy, QUIET, AFTER)
    idle = months(10, happened, happened).idle

    assembly = synthesize(policy, tmp_path)
    tower = assembly / WATCHTOWER_TEMPLATE
    lines = [
        *costs(json.loads((assembly / TEMPLATE).read_text(encoding="utf-8"))),
        *(watchtower_costs(json.loads(tower.read_text(encoding="utf-8"))) if policy == WATCHED else ()),
    ]

    assert sum(line.usd for line in lines) == pytest.approx(idle.usd, rel=0.02)
    assert sum(max(0.0, line.usd - line.free) for line in lines) == pytest.approx(idle.due, rel=0.02)


def test_make_deploy_says_what_a_page_costs_that_is_often_renewed_and_has_a_copy(tmp_path: Path) -> None:
    policy, text = tmp_path / "defib.toml", POLICY.read_text(encoding="utf-8")
    often = text.replace('refresh = "5m"', 'refresh = "1m"')
    policy.write_text(often.replace('failover_region = ""', 'failover_region = "us-west-2"'), encoding="utf-8")
    happened = quiet(10, policy, QUIET, AFTER)
    idle = months(10, happened, happened).idle

    assembly = synthesize(policy, tmp_path / "cdk.out")
    template = json.loads((assembly / TEMPLATE).read_text(encoding="utf-8"))
    lines = list(costs(template, refresh=timedelta(minutes=1)))

    assert sum(line.usd for line in lines) == pytest.approx(idle.usd, rel=0.02)
    assert sum(max(0.0, line.usd - line.free) for line in lines) == pytest.approx(idle.due, rel=0.02)


def test_the_policy_with_a_watchtower_differs_from_the_shipped_one_in_nothing_else() -> None:
    with_one, shipped_file = (parse(file.read_text(encoding="utf-8")) for file in (WATCHED, POLICY))

    assert with_one.watchtower.stands
    assert replace(with_one, watchtower=shipped_file.watchtower) == shipped_file


def test_what_heals_and_tells_without_page_and_links_costs_about_one_dollar() -> None:
    bare = quiet(10, BARE, QUIET, AFTER)

    assert months(1_000, bare, bare).idle.due < 1.10


def test_a_quiet_fleet_ten_times_as_large_makes_not_one_call_more(shipped: Counted) -> None:
    assert quiet(100, span=QUIET, after=AFTER).calls == shipped.calls


def test_a_quiet_fleet_has_the_size_that_was_asked_for() -> None:
    assert sum(fleet.count for fleet in quiet_scenario(100, HOUR).fleet) == 100


def test_the_documents_table_of_prices_is_that_of_the_code() -> None:
    table = DOCUMENT.read_text(encoding="utf-8").partition("<!-- counted: prices -->")[2].partition("<!-- end -->")[0]
    header, _rule, *rows = table.strip().splitlines()

    assert [header, *rows] == ["| " + " | ".join(row) + " |" for row in prices()]


def test_the_documents_quiet_month_is_what_is_counted_now(shipped: Counted) -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    found = re.search(r"^\| 1,000 \| \$(\d+\.\d\d) \|", text, re.MULTILINE)

    assert found is not None
    # The document counts a longer time.
    assert float(found[1]) == pytest.approx(months(1_000, shipped, shipped).idle.due, abs=0.05)


def test_the_rows_of_all_sizes_are_in_dollars() -> None:
    (row,) = by_size([months(10, counted(), counted())])

    assert row == ["10", "$0.00", "$0.00", "1", "$1.00", "$0.00"]


def test_the_services_sum_to_the_month_they_are_of() -> None:
    found = [months(n, counted(s3__PutObject=9_000), counted(sqs__SendMessage=3e6)) for n in (10, 100)]

    head, *services, total = by_service(found)
    assert [len(row) for row in (head, *services, total)] == [4] * (len(services) + 2)
    for column in (1, 2, 3):
        of_services = sum(float(row[column].lstrip("$")) for row in services)
        assert of_services == pytest.approx(float(total[column].lstrip("$")), abs=0.0005 * len(services))
    assert [float(cell.lstrip("$")) for cell in total[1:]] == pytest.approx(
        [bill.due for bill in (found[0].idle, *(m.bad for m in found))], abs=0.0005
    )


def test_the_terminal_says_dollars_by_service_and_counts_in_full() -> None:
    found = months(10, counted(s3__PutObject=9_000, sqs__SendMessage=10_000.5), counted())
    lines = list(report([found]))

    assert any(line.split() == ["all", f"${found.idle.due:.3f}", f"${found.bad.due:.3f}"] for line in lines)
    assert any(re.match(r"  S3 +writes and lists of objects +6,480,000 ", line) for line in lines)
    assert not any("e+" in line for line in lines)
    assert any("a bad month, 1 heal:" in line for line in lines)


def test_json_has_each_service_and_whole_counts(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = months(10, counted(s3__PutObject=9_000), counted())
    monkeypatch.setattr("sim.cost.command.of_sizes", lambda *_: [found])

    assert main([10], None, True, False) == 0
    (said,) = json.loads(capsys.readouterr().out)
    for month in (said["idle"], said["bad_month"]):
        assert sum(one["due_usd"] for one in month["services"]) == pytest.approx(month["due_usd"])
        assert sum(one["usd"] for one in month["services"]) == pytest.approx(month["usd"])
        assert all(isinstance(line["amount"], int) for line in month["lines"])


def test_the_document_names_what_goes_beyond_the_free_tier(shipped: Counted) -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    free = {(price.service, item.value): price.free for item, price in PRICES.items()}
    beyond = {
        line.service
        for line in months(1_000, shipped, shipped).idle.lines
        if 0 < free[line.service, line.what] < line.amount
    }

    (said,) = re.findall(r"^- beyond it: (.*?);$", text, re.MULTILINE | re.DOTALL)
    assert {name for name in {price.service for price in PRICES.values()} if name in said} == beyond


def test_a_policy_that_is_not_there_is_told_of(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main([10], tmp_path / "none.toml", True, False) == 2
    assert capsys.readouterr().err == f"{tmp_path / 'none.toml'}: No such file or directory\n"


@pytest.mark.parametrize("part", [["--policy", str(WATCHED)], ["--instances", "10"]], ids=["policy", "instances"])
def test_what_another_policy_or_size_costs_renews_no_document(
    part: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[Path] = []
    monkeypatch.setattr("sim.cost.command.document", written.append)

    assert sim.__main__.main(["cost", *part, "--write"]) == 2
    assert "leave --instances and --policy out" in capsys.readouterr().err
    assert not written


@pytest.mark.parametrize("command", [["cost", "--instances", "10"], ["compare"]], ids=["cost", "compare"])
def test_mistakes_are_told_under_the_name_of_the_policy_that_was_given(
    command: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Not even Cloud Custodian has to be there for it, as after a first installation it is not.
    monkeypatch.setattr("sim.compare.command.Asked", partial(Asked, tmp_path / "none"))
    (tmp_path / "eu.toml").write_text("[services]\n", encoding="utf-8")
    assert sim.__main__.main([*command, "--policy", str(tmp_path / "eu.toml")]) == 2
    assert f"in the policy ({tmp_path / 'eu.toml'}):" in capsys.readouterr().err


@pytest.mark.parametrize(("row", "policy"), [("shipped", POLICY), ("with a watchtower", WATCHED)])
def test_what_make_deploy_prints_is_within_5_percent_of_what_was_counted(row: str, policy: Path) -> None:
    assembly = synthesize(policy, ROOT / "build" / "tests" / f"cost-{policy.stem}")
    templates = [json.loads((assembly / name).read_text("utf-8")) for name in TEMPLATES if (assembly / name).exists()]
    lines = [line for of, template in zip((costs, watchtower_costs), templates, strict=False) for line in of(template)]
    printed = sum(line.usd for line in lines), sum(max(0.0, line.usd - line.free) for line in lines)

    (found,) = re.findall(rf"^\| {row} \| \$(\S+) \| \$(\S+) \|$", DOCUMENT.read_text("utf-8"), re.MULTILINE)
    assert printed == pytest.approx(tuple(map(float, found)), rel=0.02)
