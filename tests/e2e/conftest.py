"""Deploys once for all end-to-end tests, which run only when asked for: ``pytest --e2e tests/e2e``."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from defib.aws.clock import SystemClock
from tests.e2e import cli, emulator
from tests.e2e.ec2_proxy import Ec2Proxy, serving
from tests.e2e.hardware import Hardware
from tests.e2e.inbox import Inbox
from tests.e2e.stack import Stack
from tests.e2e.world import World, create_target_group


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--e2e", action="store_true", help="run the end-to-end tests, too: some minutes of real time")


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    # The option is unknown to a run that does not name this folder.
    return None if config.getoption("--e2e", default=False) else True


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    world = item.funcargs.get("world") if isinstance(item, pytest.Function) else None
    if report.failed and isinstance(world, World):
        report.sections.append(("What Defib and the emulator say", _told_by(world)))
    return report


def _told_by(world: World) -> str:
    try:
        return world.report()
    except (BotoCoreError, ClientError) as error:
        # The emulator may be what has failed.
        return f"Nothing; they could not be asked: {error}"


@pytest.fixture(scope="session")
def tell() -> Callable[[str], None]:
    """Says what happens, and when."""
    start = time.monotonic()
    print()
    return lambda text: print(f"[{time.monotonic() - start:6.1f} s] {text}", flush=True)


@pytest.fixture(scope="session")
def world(tell: Callable[[str], None]) -> Iterator[World]:
    """Defib, deployed."""
    clock = SystemClock()
    hardware = Hardware(clock)
    port = emulator.free_port()
    with (
        # Functions that are still ending may yet write into it.
        tempfile.TemporaryDirectory(prefix="defib-e2e-", ignore_cleanup_errors=True) as directory,
        serving(Ec2Proxy(port, hardware, clock, tell)) as hardware_endpoint,
        pytest.MonkeyPatch.context() as patched,
    ):
        scratch = Path(directory)
        shared = emulator.environment(f"http://127.0.0.1:{port}", hardware_endpoint)
        for name in os.environ.keys() - shared.keys():
            patched.delenv(name)
        for name, value in shared.items():
            patched.setenv(name, value)
        # Few, so that what hangs fails the test soon.
        patched.setenv("AWS_MAX_ATTEMPTS", "2")
        with emulator.running(port, scratch, shared):
            tell("the emulator runs")
            cli.bootstrap(shared, scratch)
            tell("bootstrapped")
            target_group = create_target_group("pool")
            outputs = cli.deploy(shared, scratch, target_group)
            tell(f"deployed: {', '.join(outputs)}")
            topic = outputs["IncidentsTopic"]
            mail = Inbox(topic, "email", lambda text: tell(f"mail: {text}"))
            texts = Inbox(topic, "sms", lambda text: tell(f"text: {text}"))
            yield World(Stack(outputs), hardware, mail, texts, tell, target_group)
