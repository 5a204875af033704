"""``make deploy``: says what it will create and what that costs, deploys, and says what is left for people to do."""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import sys
from collections.abc import Iterable, Iterator
from datetime import timedelta
from functools import cache
from pathlib import Path

from defib.core.policy import Policy
from infra.bundle import ROOT, Target
from infra.cost import REFRESH, Line, Template, costs, creates, extras, watchtower_costs
from infra.kept_switch import KeptSwitch, switch_name
from infra.lapsed import REMEDY, refuse_lapsed
from infra.left_to_do import STACK, WATCHTOWER_STACK, left_to_do
from infra.operator_error import OperatorError
from infra.prices import PRICES_OF
from infra.remarks import to_see_in
from infra.synthesize import TEMPLATE, WATCHTOWER_TEMPLATE, synthesize

_MADE_UP = re.compile(
    r"@(.+\.)?example\.(com|net|org)$|^\+1\d{3}55501\d\d$|^https://([^/:]+\.)?example\.(com|net|org)([/:]|$)",
    re.IGNORECASE,
)
"""Addresses that belong to nobody (RFC 2606) and numbers that ring nowhere (NANP, 555-01xx)."""

_EXAMPLE = re.compile(r"\bexample\.(com|net|org)\b|^Example CI$", re.IGNORECASE)
"""What the shipped file says of a company that there is not."""

REGION_VARIABLES = ("AWS_REGION", "AMAZON_REGION", "AWS_DEFAULT_REGION", "AMAZON_DEFAULT_REGION")
"""Where the CDK CLI looks for the Region before it looks into the profile, in its order."""

WITHOUT_PAGE = {
    # Distributed Load Testing on AWS, Deploy in AWS GovCloud (US) Regions; AWS GovCloud (US) User Guide, Setting up
    # Amazon CloudFront.
    "us-gov-": "AWS GovCloud (US) has no CloudFront",
    # Getting Started with AWS in China, CloudFront. No certificate that a policy may name is of that partition.
    "cn-": "CloudFront in China serves nothing under an address of its own",
}
"""By how the names of Regions begin, why a stack there can have no status page."""

NO_CREDENTIALS = """
Your AWS configuration holds no credentials: name a profile in AWS_PROFILE, log in (aws sso login, aws configure), then
see with aws sts get-caller-identity whom AWS takes you for.\
"""

FAILED = f"""
Nothing was deployed, or not all. Before the first deploy to an account and Regions: make bootstrap.
Where CloudFront says that the account must be verified first, ask AWS Support for that; until then deploy Defib without
its status page: [page] enabled = false. Do that only where no page was deployed before: else its address and that of
its API are deleted, and the next page has others. Whoever has subscribed to it stays so.
Where CloudFormation says NotFound of an AWS::SNS::Subscription, SNS has forgotten addresses that this would change.
{REMEDY}\
"""

COPY_LEFT = """
Where CloudFormation says that the bucket of the page's copy exists already, an earlier stack has left it, or somebody
else has one of its name. Delete it with all its versions, and deploy again; ACCOUNT is the account's number:
  {command}
If that is refused, it is somebody else's: name another Region in page.failover_region.\
"""

EMPTY = (
    """.venv/bin/python -c 'import boto3; b = boto3.resource("s3", "{region}")"""
    """.Bucket("defib-page-ACCOUNT-{region}"); b.object_versions.delete(); b.delete()'"""
)
"""Deletes a bucket whose every object has versions, which the AWS CLI does not in one command."""


def main() -> int:
    try:
        return _deploy()
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


def _deploy() -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.deploy", description="Deploy Defib with the CDK CLI.")
    parser.add_argument("--policy", type=Path, default=ROOT / "defib.toml", help="the operator's file")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "cdk.out", help="where the template goes")
    chosen = parser.parse_args()
    policy_path = chosen.policy.resolve()
    try:
        assembly = synthesize(policy_path, chosen.out.resolve(), Target(compiled=True))
        policy = _policy(policy_path)
        region = where_it_goes(policy, configured_region())
        template: Template = json.loads((assembly / TEMPLATE).read_text(encoding="utf-8"))
        refuse_lapsed(STACK, template, policy.calls, region)
        tower = assembly / WATCHTOWER_TEMPLATE
        watchtower = json.loads(tower.read_text(encoding="utf-8")) if tower.exists() else None
        if watchtower is not None:
            refuse_lapsed(WATCHTOWER_STACK, watchtower, policy.calls, policy.watchtower.region)
    except OperatorError as error:
        sys.exit(str(error))
    said = summary(template, watchtower, policy.asks_a_minute, policy.page.refresh)
    print("\n".join((*said, *warnings(policy, policy_path.name), "")), flush=True)
    outputs = assembly.parent / "outputs.json"
    deploy = ["cdk", "deploy", "--all", "--app", str(assembly), "--outputs-file", str(outputs)]
    status = _kill_switch(policy, region).deploy(deploy)
    if status != 0:
        print(failed(policy) if has_credentials() else NO_CREDENTIALS)
        return status
    templates = {STACK: template, **({WATCHTOWER_STACK: watchtower} if watchtower is not None else {})}
    to_see = tuple(to_see_in(policy, policy_path.name))
    print("\n".join(("", *left_to_do(json.loads(outputs.read_text(encoding="utf-8")), policy, templates, to_see))))
    return 0


def failed(policy: Policy) -> str:
    """What to do about the causes of a failed deploy that CloudFormation does not say."""
    region = policy.page.failover_region
    return FAILED + (COPY_LEFT.format(command=EMPTY.format(region=region)) if region else "")


def where_it_goes(policy: Policy, configured: str) -> str:
    """The Region of Defib. Raises OperatorError if the CLI is configured for one that the policy does not mean.

    It means the one that the watchtower watches, another than that of the page's copy, and one that can have its page.
    """
    wanted = policy.watchtower.primary_region
    if policy.watchtower.stands and configured not in {"", wanted}:
        raise OperatorError(
            f"Your AWS configuration says Region {configured}, but watchtower.primary_region says {wanted}. Put "
            f'primary_region = "{configured}" there to deploy Defib to {configured}, or set AWS_REGION={wanted}.'
        )
    if policy.page.enabled and configured and configured == policy.page.failover_region:
        raise OperatorError(
            f"Your AWS configuration says Region {configured}, and so does page.failover_region: the page's copy would "
            "fail with the page. Name another Region there."
        )
    _refuse_page(policy, wanted or configured)
    return wanted or configured


def _refuse_page(policy: Policy, region: str) -> None:
    for prefix, why in WITHOUT_PAGE.items():
        if policy.page.enabled and region.startswith(prefix):
            raise OperatorError(
                f"CloudFront is to serve the status page of your policy, but {why}. To deploy Defib to {region}, do "
                "without it: [page] enabled = false."
            )


def summary(
    template: Template, watchtower: Template | None = None, asks: int = 0, refresh: timedelta = REFRESH
) -> Iterator[str]:
    """What will be created and what it costs; ``asks`` and ``refresh`` as ``costs`` takes them."""
    lines = [*costs(template, asks, refresh), *(watchtower_costs(watchtower) if watchtower is not None else ())]
    yield f"This will create or update: {creates(template)}."
    if watchtower is not None:
        yield f"And, for the watchtower in another Region: {creates(watchtower)}."
    yield f"A quiet month costs about ${_total(lines):.2f}, or ${_after_free_tier(lines):.2f} after the free tier"
    yield f"if nothing else in the account uses it ({PRICES_OF}):"
    yield from (f"  ${line.usd:5.2f}  {line.what}" for line in lines)
    yield "On top come:"
    yield from (f"  {extra}" for extra in extras(template))


def warnings(policy: Policy, name: str) -> Iterator[str]:
    """Addresses that would tell nobody, and words that are not the operator's own."""
    given = {address for contact in policy.contacts for address in (*contact.email, *contact.sms, *contact.https)}
    made_up = sorted(address for address in given if _MADE_UP.search(address))
    if made_up:
        yield ""
        yield f"WARNING: addresses in {name} that reach nobody: {', '.join(made_up)}. Put your own people's there."
    if not given and not any(contact.chat for contact in policy.contacts):
        yield ""
        yield f"WARNING: {name} names no contact with an address: nobody will be told of anything."
    examples = [f'{key} = "{said}"' for key, said in _page_words(policy) if _EXAMPLE.search(said)]
    if examples:
        yield ""
        yield f"WARNING: customers will read an example's words on the status page: {', '.join(examples)} in {name}."
        yield "Put your own there, or enabled = false under [page]."


def _page_words(policy: Policy) -> Iterator[tuple[str, str]]:
    """What the policy has customers read, by its key."""
    if not policy.page.enabled:
        return
    yield "page.title", policy.page.title
    yield "page.support_url", policy.page.support_url
    for service in policy.services:
        if service.page.title:
            yield f"services.{service.name}.page.description", service.page.description


def configured_region() -> str:
    """The Region of the operator's AWS configuration, as the CDK CLI reads it; empty where there is none.

    Raises OperatorError for a configuration that can't be read, such as a profile that is not there.
    """
    import boto3  # noqa: PLC0415 - only a deploy needs it
    from botocore.exceptions import BotoCoreError  # noqa: PLC0415 - see above

    # The CLI knows names that boto3 does not.
    given = (os.environ.get(name, "") for name in REGION_VARIABLES)
    try:
        return next(filter(None, given), "") or boto3.Session().region_name or ""
    except BotoCoreError as error:
        raise OperatorError(f"Your AWS configuration can't be used: {error}. See AWS_PROFILE and ~/.aws.") from error


def has_credentials() -> bool:
    """Whether AWS's SDK finds credentials, good ones or not; the CLI may know of others, so only its failure asks."""
    import boto3  # noqa: PLC0415 - only a deploy needs it
    from botocore.exceptions import BotoCoreError  # noqa: PLC0415 - see above

    try:
        return boto3.Session().get_credentials() is not None
    except BotoCoreError:
        return False


def _kill_switch(policy: Policy, region: str) -> KeptSwitch:
    from defib.aws.clients import client  # noqa: PLC0415 - only a deploy needs it

    return KeptSwitch(cache(lambda: client("ssm", policy.calls, region)), switch_name(STACK), region)


def _policy(path: Path) -> Policy:
    from infra.assembly import read_policy  # noqa: PLC0415 - loads the CDK, which a cached synth does without

    return read_policy(path)


def _total(lines: Iterable[Line]) -> float:
    return sum(line.usd for line in lines)


def _after_free_tier(lines: Iterable[Line]) -> float:
    return sum(max(0.0, line.usd - line.free) for line in lines)


if __name__ == "__main__":
    sys.exit(main())
