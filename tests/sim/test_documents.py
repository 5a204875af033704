"""What README and docs/ tell their reader to run and to open is there."""

import argparse
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sim.__main__ import _parser as of_sim
from tests.bench.__main__ import _parser as of_bench
from tests.mutants.__main__ import _parser as of_mutants
from tests.sim.replays import replayed
from tests.storm.__main__ import _parser as of_storm

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
PARSERS = {"sim": of_sim, "tests.bench": of_bench, "tests.mutants": of_mutants, "tests.storm": of_storm}
START = r"(?:make \S+; |\.venv/bin/)?python -m"
INLINE = re.compile(rf"`{START} ([a-z.]+) ([^`]+)`")
BLOCK = re.compile(rf"^\*?{START} ([a-z.]+) ([^#*\n]+)", re.MULTILINE)


def commands() -> Iterator[tuple[str, str, str]]:
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        for module, arguments in (*INLINE.findall(text), *BLOCK.findall(text)):
            if module in PARSERS:
                yield document.name, module, " ".join(arguments.split())


@pytest.mark.parametrize(("document", "module", "arguments"), sorted(set(commands())))
def test_every_command_is_one_that_the_program_takes(
    document: str, module: str, arguments: str, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [{"N": "10"}.get(word, word) for word in shlex.split(re.sub(r"[\[\]]", "", arguments))]
    if given == ["replay"]:
        given.append("SCENARIO")  # named, not told
    try:
        PARSERS[module]().parse_args(given)
    except SystemExit:
        pytest.fail(f"{document}: python -m {module} {arguments}: {capsys.readouterr().err}")
    scenarios = [word for word in given if word.startswith("scenarios/")]
    assert [name for name in scenarios if not (ROOT / name).exists()] == []


def programs() -> Iterator[tuple[str, argparse.ArgumentParser]]:
    for module, parser in PARSERS.items():
        made = parser()
        parts = [action for action in made._actions if isinstance(action, argparse._SubParsersAction)]
        yield from ((f"{module} {name}", one) for part in parts for name, one in part.choices.items())
        if not parts:
            yield module, made


@pytest.mark.parametrize(("program", "parser"), list(programs()), ids=[name for name, _ in programs()])
def test_every_option_of_a_program_is_told_on_a_page_that_names_it(
    program: str, parser: argparse.ArgumentParser
) -> None:
    pages = [page.read_text(encoding="utf-8") for page in (*DOCUMENTS, ROOT / "docs" / "messages" / "README.md")]
    told = "\n".join(page for page in pages if f"python -m {program}" in page)
    options = [name for action in parser._actions for name in action.option_strings if name not in {"-h", "--help"}]

    assert told, f"no page names python -m {program}"
    assert [name for name in options if not re.search(rf"{re.escape(name)}\b", told)] == []


def test_what_make_install_leaves_runs_them_as_they_stand() -> None:
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-m", "sim", "replay", "--help"],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_readme_says_of_april_30th_what_its_replay_does(shared: Path) -> None:
    found = replayed(ROOT / "scenarios" / "april-30.toml", shared)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")

    lines = (
        "| detected (a failure that lasts, not one bad sample) | {detected} |",
        "| first notice after that | {announced} |",
        "| healed and verified | {healed}; it took an hour then |",
        "| Defib's own share of that time | {own share} |",
        "Meanwhile customers read this, {public} after the failure;",
    )
    assert [line for line in (said.format(**found.durations) for said in lines) if line not in readme] == []


def test_the_picture_in_readme_is_what_the_replay_draws(shared: Path) -> None:
    found = replayed(ROOT / "scenarios" / "april-30.toml", shared)
    kept = (ROOT / "docs" / "april-30.svg").read_text(encoding="utf-8")

    assert kept == found.picture, "if it is right: make demo && cp build/demo/timeline.svg docs/april-30.svg"


def test_whatever_names_a_months_dollars_names_those_of_the_page_on_costs() -> None:
    costs = (ROOT / "docs" / "cost.md").read_text(encoding="utf-8")
    rows = [line.strip("| ").split(" | ") for line in costs.splitlines() if line.startswith("| ")]
    sizes = {row[0]: row[1:] for row in rows if len(row) == 6}
    (before, after), tower, (_, least) = (
        next(row[1:] for row in rows if row[0] == policy)
        for policy in ("shipped", "with a watchtower", "neither page nor links")
    )
    # To ten cents, as they are told.
    more_before, more = (
        f"{float(much.lstrip('$')) - float(little.lstrip('$')):.1f}0"
        for much, little in zip(tower, (before, after), strict=True)
    )
    named = {
        "README.md": (
            f"{after} a quiet month after the free tier, {before} without it",
            f"A bad month of 1,000 instances, in which a hundred must be healed, is {sizes['1,000'][1]}",
            f"With neither status page nor answer links: {least}. A watchtower adds about ${more}.",
        ),
        "defib.toml": (f"About ${more} a month after the free tier.",),
        "docs/configuration.md": (f"It costs about ${more} a month after the free tier",),
        "docs/watching.md": (f"About ${more_before} a month", f"about ${more} after the free tier"),
        "docs/cost.md": (f"**The quiet month is {after}, the bad month of 1,000 instances {sizes['1,000'][1]}**",),
    }

    for name, sums in named.items():
        text = " ".join((ROOT / name).read_text(encoding="utf-8").split())
        assert [said for said in sums if said not in text] == [], name


def test_every_target_of_make_is_there() -> None:
    rules = re.findall(r"^([\w./ -]+):(?!=)", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    targets = {target for rule in rules for target in rule.split()}
    told = {
        (document.name, target)
        for document in (*DOCUMENTS, *sorted((ROOT / "docs" / "decisions").glob("*.md")))
        for target in re.findall(r"\bmake ([\w./-]+)", in_code(document.read_text(encoding="utf-8")))
    }

    assert ("README.md", "demo") in told
    assert [(document, target) for document, target in sorted(told) if target not in targets] == []


def test_make_alone_lists_every_command_that_it_has() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    done = subprocess.run(
        ["make"], cwd=ROOT, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=True
    )

    commands = [name for names in re.findall(r"^\.PHONY: (.+)$", makefile, re.MULTILINE) for name in names.split()]
    listed = [line.split()[1] for line in done.stdout.splitlines()]
    assert set(listed) == set(commands)
    assert "`make` alone lists" in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ((), "cdk destroy --app build/cdk.out --all"),
        (("STACK=DefibWatchtower",), "cdk destroy --app build/cdk.out DefibWatchtower"),
    ],
    ids=["all", "one stack"],
)
def test_taking_it_down_says_first_what_is_lost_and_leaves_it_to_the_cdk_to_ask(
    given: tuple[str, ...], taken: str
) -> None:
    words = ["make", "-n", "-o", "install", "-o", ".venv/.node", "destroy", "POLICY=own.toml", *given]
    # Else the make that runs the tests would have its say in it.
    env = {"PATH": os.environ["PATH"]}
    done = subprocess.run(words, cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    synthesized, *warned, last = done.stdout.splitlines()

    assert "infra.synthesize --policy own.toml --out build/cdk.out" in synthesized
    assert "stays stopped" in warned[0]
    assert 'docs/operations.md, \\"How do I take it down?\\"' in warned[-1]
    assert last == taken


def test_whatever_make_runs_finds_the_node_that_it_has_installed() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")

    assert re.search(r"^export PATH +:= \$\(CURDIR\)/\.venv/bin:", makefile, re.MULTILINE)


def in_code(text: str) -> str:
    """What stands in blocks of code, between backticks, and first in a table's row."""
    fences = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
    rest = fences.sub("", text)
    parts = (fences, text), (re.compile(r"^    .*$|^\| make .*$", re.MULTILINE), rest), (re.compile(r"`[^`]+`"), rest)
    return "\n".join(part for form, where in parts for part in form.findall(where))


def test_every_link_leads_somewhere() -> None:
    for document in DOCUMENTS:
        for link in re.findall(r"\]\(([^)\s]+)\)", document.read_text(encoding="utf-8")):
            if link.startswith(("https://", "mailto:")):
                continue
            file, _, heading = link.partition("#")
            target = document.parent / file if file else document
            assert target.exists(), f"{document.name}: {link}"
            assert not heading or heading in headings(target), f"{document.name}: {link}"


def headings(document: Path) -> set[str]:
    """As GitHub makes anchors of them."""
    found = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in found}
