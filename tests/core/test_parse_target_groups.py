"""Which target groups a file may name, for which service, and where."""

from __future__ import annotations

import pytest

from defib.core.parse import parse
from defib.core.target_group_check import TARGET_GROUPS_MOST
from tests.core.policy_file import ARN, BASE, GROUP, file, mistakes


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        ("3", "services.web.target_groups = 3: must be at most 20 tables"),
        ("[3]", "services.web.target_groups[0] = 3: must be a table"),
        (
            "[{ load_balancer = 'app/web/50dc6c495c0c9188' }]",
            "services.web.target_groups[0].arn is missing: must be the ARN",
        ),
        (
            f"[{{ arn = '{ARN}' }}]",
            "services.web.target_groups[0].load_balancer is missing: must be the part of the load",
        ),
        (
            f"[{{ arn = '{ARN}', load_balancer = 'web' }}]",
            'services.web.target_groups[0].load_balancer = "web": must be the part of the load balancer\'s ARN after',
        ),
        (
            f"[{GROUP.replace('targetgroup', 'loadbalancer')}]",
            "services.web.target_groups[0].arn = "
            '"arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/web/6d0ecf831eec9f09": must be',
        ),
        (f"[{GROUP.replace(':123456789012', ':1234')}]", "services.web.target_groups[0].arn = "),
        (
            f"[{GROUP}, {GROUP}]",
            "services.web.target_groups[1].arn = "
            '"arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/6d0ecf831eec9f09": belongs to '
            "service web already; a target group serves one service",
        ),
        (
            f"[{GROUP}, {GROUP.replace('us-east-1', 'eu-west-1').replace('/web', '/api')}]",
            "services.web.target_groups[1].arn = "
            '"arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/api/6d0ecf831eec9f09": must be in '
            "Region us-east-1 and account 123456789012, as the target group before it",
        ),
    ],
)
def test_a_target_group_must_be_right(groups: str, expected: str) -> None:
    (mistake,) = mistakes(file({"services.web": f"match = {{ service = 'web' }}\ntarget_groups = {groups}"}))
    assert mistake.startswith(expected)


def test_a_target_group_is_where_the_watchtower_believes_defib_to_be() -> None:
    tables = {"watchtower": "region = 'us-east-1'\nprimary_region = 'eu-west-1'"}
    (mistake,) = mistakes(file(tables | {"services.web": f"{BASE['services.web']}\ntarget_groups = [{GROUP}]"}))

    assert mistake.startswith("services.web.target_groups[0].arn = ")
    assert mistake.endswith("must be in watchtower.primary_region, eu-west-1")


def test_a_target_group_serves_one_service() -> None:
    services = {
        f"services.{name}": f"match = {{ service = '{name}' }}\ntarget_groups = [{GROUP}]" for name in ("web", "api")
    }
    (mistake,) = mistakes(file(services))
    assert mistake.startswith("services.api.target_groups[0].arn = ")
    assert mistake.endswith("belongs to service web already; a target group serves one service")


def test_a_stack_names_no_more_target_groups_than_a_role_has_room_for() -> None:
    def tables(count: int) -> dict[str, str]:
        each = [GROUP.replace("/web/6d0e", f"/web/{number:04x}") for number in range(count)]
        lists = {name: ",\n".join(each[n * 20 :][:20]) for n, name in enumerate(("web", "api", "db"))}
        return {f"services.{n}": f"match = {{ service = '{n}' }}\ntarget_groups = [{of}]" for n, of in lists.items()}

    parse(file(tables(TARGET_GROUPS_MOST)))
    (mistake,) = mistakes(file(tables(TARGET_GROUPS_MOST + 1)))
    assert mistake.startswith("services.db.target_groups[10].arn = ")
    assert mistake.endswith(": is one of 51, must be at most 50 in one stack; give the others the opt-in tag instead")
