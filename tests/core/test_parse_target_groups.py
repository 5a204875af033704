"""Which target groups a file may name, for which service, and where."""

from __future__ import annotations

import pytest

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
