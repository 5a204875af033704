"""``python -m sim replay SCENARIO``: exit status 0 when all expectations hold, 1 when not, 2 for a file to mend.

``python -m sim messages``: 0 when the messages kept under docs/messages are those that are sent, 1 when not.

``python -m sim fuzz``: 0 when every invariant held in every story, 1 when not, 2 for options that don't fit.

``python -m sim cost``: 0, or 2 for a policy to mend.

``python -m sim scale``: 0, or 1 where memory exceeds its limit or a size could not be measured.

``python -m sim compare``: 0 when compared, 1 where a limit is missed, 2 when Cloud Custodian is not installed.

``python -m sim serve SCENARIO``: 0 when it was ended with Ctrl-C, 2 for a file, a port or a speed to mend.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

import sim.sealed  # noqa: F401  # before all that imports moto
from defib.core.mistake import closest
from infra.operator_error import OperatorError
from sim import measuring
from sim.compare.command import main as compared
from sim.compare.command import options as compare_options
from sim.cost.command import main as cost
from sim.fuzz.command import main as fuzzed
from sim.fuzz.command import options as fuzz_options
from sim.fuzz.nth import main as every_call
from sim.listener import EventKind, Listener
from sim.machine import Machine
from sim.machinery_check import NoSuchComponent
from sim.recording import Recording
from sim.replay import ROOT, replay
from sim.report import document, page, shown
from sim.report.live import LiveView
from sim.scale.command import SIZES
from sim.scale.command import main as scale
from sim.scenario import Scenario
from sim.scenario_file import ScenarioError, load
from sim.serve.control import speed_of
from sim.serve.pace import RealPace
from sim.serve.show import ended_by_signals, show
from sim.whole_number import FLEET, MILLION, SEED, SHARE, whole_number

SPEED = 10.0
"""April 30th's twenty minutes in two."""
PORT = 8000


class Screen:
    """Shows the world's events in the terminal."""

    def __init__(self, view: LiveView) -> None:
        self._view = view

    def on_event(self, at: datetime, kind: EventKind, instance: str, text: str) -> None:
        self._view.event(at, kind.value, instance, text)

    def on_instance(self, machine: Machine, doing: str) -> None:
        worst = machine.view.worst
        check = worst.value if worst else "none"
        self._view.instance(machine.instance_id, machine.name, machine.zone, machine.state.value, check, doing)


def main(arguments: list[str] | None = None) -> int:
    chosen = _parser().parse_args(arguments)
    if chosen.command == "messages":
        return _messages(chosen.write, chosen.scenarios or shown.SHOWN)
    if chosen.command == "nth":
        return every_call(chosen.scenarios, chosen.every, chosen.moto, chosen.faults, chosen.apart)
    if chosen.command == "compare":
        return compared(chosen)
    if chosen.command == "fuzz":
        return fuzzed(chosen)
    if chosen.command == "cost":
        return cost(chosen.instances, _policy(chosen), chosen.json, chosen.write)
    if chosen.command == "scale":
        return scale(chosen.most, chosen.json, chosen.write)
    try:
        if chosen.command in measuring.COMMANDS:
            return measuring.run(chosen)
        scenario = load(chosen.scenario)
        if chosen.command == "serve":
            _serve(scenario, chosen)
            return 0
        recording = _replayed(scenario, chosen)
    except (ScenarioError, NoSuchComponent, OperatorError) as error:
        print(error, file=sys.stderr)
        return 2
    except BrokenPipeError:
        raise
    except OSError as error:
        hint = _meant(error, vars(chosen).get("scenario"))
        print(f"{error.filename or chosen.scenario}: {error.strerror or error}{hint}", file=sys.stderr)
        return 2
    return 0 if recording.passed else 1


def _messages(write: bool, scenarios: Sequence[str]) -> int:
    differing = 0
    for scenario in scenarios:
        messages = shown.sent(scenario)
        if write:
            shown.keep(scenario, messages)
            print(f"{scenario}: {len(messages)} messages")
            continue
        for difference in shown.differences(scenario, messages):
            print(difference)
            differing += 1
    if differing:
        print("To keep what is sent now: python -m sim messages --write")
    return 1 if differing else 0


def _serve(scenario: Scenario, chosen: argparse.Namespace) -> None:
    with LiveView(scenario.title, scenario.start, scenario.start + scenario.until) as view, ExitStack() as stack:

        def over(recording: Recording) -> None:
            view.finished(recording, None)
            view.say("The scenario is over. Its page is served until Ctrl-C.")

        show(
            scenario,
            chosen.scenario.stem,
            _policy(chosen),
            seed=chosen.seed,
            speed=chosen.speed,
            port=chosen.port,
            pace=RealPace(),
            listener=Screen(view),
            say=view.say,
            when_over=over,
            started=lambda player: stack.enter_context(ended_by_signals(player)),
        )


def _replayed(scenario: Scenario, chosen: argparse.Namespace) -> Recording:
    name = chosen.scenario.stem
    if chosen.out is not None:
        # Before the replay, not after it: there may be a file of that name, or no right to write.
        chosen.out.mkdir(parents=True, exist_ok=True)
    if chosen.json:
        recording = _replay(scenario, name, chosen, None)
        print(document.to_json(recording))
        if chosen.out is not None:
            page.write(recording, chosen.out)
        return recording
    with LiveView(scenario.title, scenario.start, scenario.start + scenario.until) as view:
        recording = _replay(scenario, name, chosen, Screen(view))
        view.finished(recording, page.write(recording, chosen.out) if chosen.out is not None else None)
    return recording


def _replay(scenario: Scenario, name: str, chosen: argparse.Namespace, listener: Listener | None) -> Recording:
    return replay(scenario, name, _policy(chosen), seed=chosen.seed, listener=listener)


def _policy(chosen: argparse.Namespace) -> Path | None:
    return chosen.policy.resolve() if chosen.policy is not None else None


_PORT = whole_number("port", 0, 65_535, f", such as {PORT}")
_MOST = whole_number("largest fleet", SIZES[0], MILLION, ", such as 1000")
"""Of less than the smallest size, nothing is measured."""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sim", description="A simulated AWS on virtual time.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", dest="command")
    command = commands.add_parser("replay", help="replay a scenario: an outage as data, see docs/scenarios.md")
    _common(command)
    command.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    command.add_argument("--out", type=Path, metavar="DIR", help="write a page with a picture, and each message, there")
    command = commands.add_parser("messages", help="hold the messages in docs/messages against those that are sent")
    command.add_argument("scenarios", nargs="*", type=_kept, metavar="NAME", help="which; else all")
    command.add_argument("--write", action="store_true", help="keep those that are sent now instead")
    command = commands.add_parser("compare", help="Defib beside the alternatives, see docs/comparison.md")
    compare_options(command)
    command = commands.add_parser("fuzz", help="live through stories drawn from seeds, see docs/invariants.md")
    fuzz_options(command)
    command = commands.add_parser("nth", help="let every call of scenarios fail once, see docs/invariants.md")
    command.add_argument("scenarios", nargs="*", metavar="NAME", help="such as april-30 (all)")
    command.add_argument("--every", type=SHARE, default=1, metavar="N", help="of so many calls let one fail (1)")
    command.add_argument(
        "--faults", type=SHARE, metavar="N", help="only the first N faults of each, and whom they strike"
    )
    either = command.add_mutually_exclusive_group()
    either.add_argument(
        "--apart",
        type=SHARE,
        default=0,
        metavar="N",
        help="let one call in N fail in each life: N lives for each way",
    )
    either.add_argument(
        "--moto", action="store_true", help="in the deployed functions on moto: six lives a call, of seconds each"
    )
    command = commands.add_parser("cost", help="what a month costs, from counted calls, see docs/cost.md")
    command.add_argument("--instances", type=FLEET, nargs="+", metavar="N", help="sizes of fleet (10 to 10,000)")
    command.add_argument("--policy", type=Path, metavar="FILE", help="another policy than the shipped one")
    command.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    command.add_argument("--write", action="store_true", help="renew the tables in docs/cost.md instead")
    command = commands.add_parser("scale", help="how storms, sweeps and memory grow with the fleet, see docs/scale.md")
    command.add_argument("--most", type=_MOST, default=SIZES[-1], metavar="N", help="the largest fleet (100000)")
    command.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    command.add_argument("--write", action="store_true", help="renew the tables and the picture of docs/scale.md, too")
    command = commands.add_parser("serve", help="play a scenario and serve its status page to this machine's browser")
    _common(command)
    command.add_argument(
        "--speed", type=_speed, default=SPEED, metavar="N", help="virtual seconds a second, 0.1 to 100, or max (10)"
    )
    command.add_argument(
        "--port",
        type=_PORT,
        default=PORT,
        metavar="P",
        help=f"of 127.0.0.1 ({PORT}); 0: any free",
    )
    measuring.add_to(commands)
    return parser


def _common(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "scenario", type=_scenario, metavar="SCENARIO", help="such as scenarios/april-30.toml or april-30"
    )
    command.add_argument("--policy", type=Path, metavar="FILE", help="another policy than the scenario's or defib.toml")
    command.add_argument("--seed", type=SEED, metavar="N", help="another seed than the scenario's")


def _names() -> tuple[str, ...]:
    """Of the scenarios that are shipped."""
    return tuple(sorted(file.stem for file in (ROOT / "scenarios").glob("*.toml")))


def _scenario(text: str) -> Path:
    """A file, or the one of that name among those that are shipped."""
    return ROOT / "scenarios" / f"{text}.toml" if text in _names() and not Path(text).is_file() else Path(text)


def _meant(error: OSError, scenario: Path | None) -> str:
    """A hint, where it is the scenario that is not there."""
    missing = isinstance(error, FileNotFoundError) and scenario is not None and error.filename == str(scenario)
    meant = closest(scenario.stem, _names()) if missing and scenario is not None else ""
    return f"; did you mean scenarios/{meant}.toml?" if meant else ""


def _kept(text: str) -> str:
    if text not in shown.SHOWN:
        raise argparse.ArgumentTypeError(f"of {text!r} no messages are kept, but of {', '.join(shown.SHOWN)}")
    return text


def _speed(text: str) -> float:
    try:
        return speed_of(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _until_nobody_reads() -> int:
    """The exit status; that of a command ended by SIGPIPE where whoever read this has had enough, as ``head`` has.

    After Ctrl-C, that of SIGINT: whoever ends it by hand needs no traceback.
    """
    try:
        status = main()
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    return status


if __name__ == "__main__":
    sys.exit(_until_nobody_reads())
