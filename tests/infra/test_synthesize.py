from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from infra import assembly, bundle
from infra.bundle import ROOT, Target
from infra.operator_error import OperatorError
from infra.synthesize import TEMPLATE, synthesize
from tests.infra.conftest import POLICY
from tests.infra.synthesized import Synthesized

NO_NETWORK_IN_NODE = """
const net = require('net'), dns = require('dns');
const refuse = () => { throw new Error('synth asked for the network'); };
net.Socket.prototype.connect = refuse; dns.lookup = refuse; dns.promises.lookup = refuse;
"""

NO_NETWORK_IN_PYTHON = """
import runpy, socket, sys
def refuse(*_): raise OSError('synth asked for the network')
socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = refuse
runpy.run_path(sys.argv[1], run_name='__main__')
"""


def run_app(tmp_path: Path, policy: Path, *python: str) -> subprocess.CompletedProcess[str]:
    """app.py as the CDK CLI runs it, without credentials, Region or home."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CDK_"))}
    environment = kept | {
        "CDK_OUTDIR": str(tmp_path / "cdk.out"),
        "CDK_CONTEXT_JSON": json.dumps({"policy": str(policy)}),
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    block = tmp_path / "block.js"
    block.write_text(NO_NETWORK_IN_NODE)
    environment["NODE_OPTIONS"] = f"--require {block}"
    command = [sys.executable, *(python or ("app.py",))]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_synth_asks_nothing_of_network_account_or_region(tmp_path: Path) -> None:
    deployed = synthesize(POLICY, tmp_path / "deployed", Target(compiled=True))
    done = run_app(tmp_path, POLICY, "-c", NO_NETWORK_IN_PYTHON, "app.py")

    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "cdk.out" / TEMPLATE).read_text()) == json.loads((deployed / TEMPLATE).read_text())


def test_a_mistake_in_the_policy_stops_synth_with_its_message_alone(tmp_path: Path) -> None:
    policy = tmp_path / "mine.toml"
    policy.write_text(
        POLICY.read_text().replace('mode = "heal"', 'mode = "hael"').replace("fleet_alarm", "fleet_alram")
    )

    done = run_app(tmp_path, policy)

    assert done.returncode == 1
    assert not (tmp_path / "cdk.out" / TEMPLATE).exists()
    assert "Traceback" not in done.stderr
    assert f"2 mistakes in the policy ({policy}):" in done.stderr
    assert "defib.toml" not in done.stderr
    for word in ("services.web.mode", "hael", "heal", "detection.fleet_alram", "fleet_alarm"):
        assert word in done.stderr


def test_a_policy_that_is_not_there_is_named_once_and_with_how_to_name_another(tmp_path: Path) -> None:
    policy = tmp_path / "none.toml"
    with pytest.raises(OperatorError) as raised:
        assembly.read_policy(policy)

    assert str(raised.value) == (
        f"Can't read the policy {policy}: No such file or directory. "
        "Name another with POLICY=FILE for make, or -c policy=FILE for cdk."
    )


def test_regions_that_there_are_not_stop_synth_with_what_was_probably_meant(tmp_path: Path) -> None:
    policy = tmp_path / "mine.toml"
    policy.write_text(
        '[defib]\nopt_in_tag = "self-heal=true"\n[services.web]\nmatch = { service = "web" }\npage.title = "Website"\n'
        '[page]\nenabled = true\nfailover_region = "us-wset-2"\n'
        '[watchtower]\nregion = "us-esat-1"\nprimary_region = "eu-wets-1"\n'
    )

    done = run_app(tmp_path, policy)

    assert done.returncode == 1
    assert done.stderr.splitlines()[-3:] == [
        'page.failover_region = "us-wset-2": no Region of AWS that this CDK knows; did you mean "us-west-2"?',
        'watchtower.region = "us-esat-1": no Region of AWS that this CDK knows; did you mean "us-east-1"?',
        'watchtower.primary_region = "eu-wets-1": no Region of AWS that this CDK knows; did you mean "eu-west-1"?',
    ]
    assert "Traceback" not in done.stderr


def test_a_policy_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match=r"nowhere\.toml.*POLICY=FILE for make, or -c policy=FILE for cdk"):
        assembly.read_policy(tmp_path / "nowhere.toml")


def test_a_policy_that_no_stack_has_room_for_is_told_as_that(tmp_path: Path) -> None:
    arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup"
    balancer = "app/lb/0123456789abcdef"
    groups = [
        f'[[services.s{n // 20}.target_groups]]\narn = "{arn}/g{n}/{n:016x}"\nload_balancer = "{balancer}"'
        for n in range(50)
    ]
    addresses = [",\n".join(f'"c{c}n{n}@example.com"' for n in range(10)) for c in range(15)]
    people = [f"[contacts.c{c}]\nemail = [{each}]\nchat = true" for c, each in enumerate(addresses)]
    services = [
        f'[services.s{n}]\nmatch = {{ service = "s{n}" }}\nmode = "observe"\npage.title = "{n}"' for n in range(3)
    ]
    policy = tmp_path / "defib.toml"
    more = "[page]\nenabled = true\napi = true\nsubscribe = true\n[answers]\nenabled = true"
    elsewhere = [
        "[page.elsewhere.statuspage]",
        'kind = "statuspage"',
        'secret = "defib/statuspage"',
        'page_id = "kctbh9vrtdwd"',
        'components = { s0 = "8kbf7d35c070" }',
    ]
    policy.write_text(
        "\n".join(['[defib]\nopt_in_tag = "self-heal=true"', *services, *groups, *people, more, *elsewhere])
    )

    with pytest.raises(OperatorError, match=r"500 resources .* name fewer"):
        assembly.into(tmp_path / "cdk.out", policy, Target())


def test_only_what_has_changed_is_synthesized_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Path] = []

    def into(outdir: Path, policy: Path, target: Target) -> None:
        asked.append(policy)
        outdir.mkdir()

    monkeypatch.setattr(assembly, "into", into)
    policy, out = tmp_path / "defib.toml", tmp_path / "build" / "cdk.out"
    policy.write_text(POLICY.read_text())
    synthesize(policy, out)
    synthesize(policy, out)
    policy.write_text(POLICY.read_text() + "\n# changed\n")
    synthesize(policy, out)

    assert asked == [policy, policy]


def test_the_asset_holds_the_code_its_dependencies_and_the_policy(stack: Synthesized) -> None:
    key = stack.function("diagnose")["Code"]["S3Key"].removesuffix(".zip")
    asset = stack.assembly / f"asset.{key}"
    compiled = [path.name for path in (asset / "msgspec").glob("*.so")]

    assert (asset / "defib.toml").read_text() == POLICY.read_text()
    assert (asset / "defib" / "handlers" / "diagnose.py").is_file()
    assert (asset / "aws_lambda_powertools").is_dir()
    assert compiled
    assert all("cpython-314-aarch64" in name for name in compiled)
    assert not (asset / "boto3").exists(), "the runtime has it"


def test_the_asset_is_the_same_whoever_lays_it_out(tmp_path: Path) -> None:
    for name in ("one", "two"):
        bundle.bundle(POLICY, Target(), tmp_path / name)
    contents = [
        {path.relative_to(root): path.read_bytes() for path in root.rglob("*") if path.is_file()}
        for root in (tmp_path / "one", tmp_path / "two")
    ]

    assert contents[0] == contents[1]
    assert not [path for path in contents[0] if path.name in {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"}]


@pytest.mark.parametrize("umask", [0o022, 0o077])
def test_lambda_may_read_all_of_it_whatever_the_umask_of_whoever_lays_it_out(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        bundle.bundle(POLICY, Target(), tmp_path / "code")
    finally:
        os.umask(before)

    laid_out = [tmp_path / "code", *(tmp_path / "code").rglob("*")]
    assert {stat.S_IMODE(path.stat().st_mode) for path in laid_out if path.is_dir()} == {0o755}
    assert {stat.S_IMODE(path.stat().st_mode) for path in laid_out if path.is_file()} == {0o644}


def test_dependencies_that_cannot_be_fetched_are_a_message_not_a_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = tmp_path / "requirements.txt"
    wanted.write_text("./nothing-here.whl\n")
    monkeypatch.setattr(bundle, "REQUIREMENTS", wanted)
    monkeypatch.setattr(bundle, "CACHE", tmp_path / "cache")

    with pytest.raises(OperatorError, match="make install"):
        bundle.dependencies(Target())

    assert not [path for path in (tmp_path / "cache").iterdir() if path.suffix != ".part"]
