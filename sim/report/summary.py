"""The end of a replay on the terminal: what the staff received, each fault's course, the comparison, the verdict."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from rich import box
from rich.console import Console, Group
from rich.padding import Padding
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from sim.recording import FaultRecord, Recording
from sim.report.figures import figures, headline, milestones
from sim.report.messages import SENDER, Delivery, deliveries
from sim.report.tone import Tone, tone
from sim.report.words import clean, clock, count, offset, percent, phrase, span

STYLES = {
    Tone.GOOD: "green",
    Tone.BAD: "bold red",
    Tone.MOVING: "blue",
    Tone.WARN: "yellow",
    Tone.ACT: "bold blue",
    Tone.IDLE: "dim",
}

_TELLING = ("opened", "held", "approval", "escalated", "resolved")
"""The notices whose e-mails are shown in full; those of progress are in the page."""
_EMAILS = 4
_FAULTS = 5


def print_summary(recording: Recording, page: Path | None, console: Console, width: int) -> None:
    """Print the summary of ``recording``, ``width`` columns wide at most."""
    for part in (
        *_received(recording, width, page),
        *_shown(recording),
        *_courses(recording),
        *_comparison(recording, width),
        *_dead_arrivals(recording),
        *_expectations(recording),
        *_troubles(recording),
    ):
        console.print(part, width=width, highlight=False)
    console.print(_verdict(recording), width=width, highlight=False)
    if page is not None:
        # On a line of its own and never wrapped, so that it can be clicked or copied.
        console.print(Text(f"Page: {page}"), soft_wrap=True, highlight=False)


def _received(recording: Recording, width: int, page: Path | None) -> list[Padding | Panel | Text]:
    sent = deliveries(recording)
    parts: list[Padding | Panel | Text] = [_rule("What the staff received")]
    if not sent:
        return [*parts, Text("Nothing: nobody was disturbed.")]
    telling = [d for d in sent if d.medium == "email" and d.notice in _TELLING]
    chosen = telling if len(telling) <= _EMAILS else [*telling[: _EMAILS - 1], telling[-1]]
    for delivery in sent:
        if delivery.medium == "sms":
            parts.append(_sms(delivery))
        elif delivery in chosen:
            parts.append(_email(delivery, width))
    left_out = sum(d.medium == "email" for d in sent) - len(chosen)
    if left_out:
        parts.append(Text(f"and {count(left_out, 'e-mail')} more{', in the page' if page else ''}", "dim"))
    return parts


def _email(delivery: Delivery, width: int) -> Panel:
    head = Table.grid(padding=(0, 2, 0, 0))
    head.add_column(style="dim", no_wrap=True)
    head.add_column(overflow="fold")
    head.add_row("From", SENDER["email"])
    head.add_row("To", Text(clean(", ".join(delivery.to))))
    head.add_row("Subject", Text(clean(delivery.subject), "bold"))
    body = Text(clean(delivery.body).strip("\n"), overflow="fold")
    title = Text(f"✉ e-mail · {clock(delivery.at)} UTC · {clean(delivery.notice)}")
    return Panel(Group(head, "", body), title=title, title_align="left", box=box.ROUNDED, width=width)


def _sms(delivery: Delivery) -> Panel:
    title = Text(f"SMS · {clock(delivery.at)} UTC · to {clean(', '.join(delivery.to))}")
    body = Text(clean(delivery.body), overflow="fold")
    return Panel(body, title=title, title_align="left", box=box.ROUNDED, width=56)


def _shown(recording: Recording) -> list[Padding | Table | Text]:
    if not recording.pages:
        return []
    if not recording.updates:
        return [_rule("What customers saw"), Text(f"Nothing but: {clean(recording.pages[-1].banner)}.")]
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for style in ("dim", ""):
        table.add_column(style=style, no_wrap=True)
    table.add_column(overflow="fold")
    for update in recording.updates:
        told = Text(clean(update.name), "bold").append(f"\n{clean(update.body)}", "not bold")
        status = Text(f"{tone(update.status).symbol} {phrase(clean(update.status))}", STYLES[tone(update.status)])
        table.add_row(clock(update.at), status, told)
    mailed = [Text(f"E-mails to those who have subscribed: {len(recording.letters)}.")] if recording.letters else []
    return [_rule("What customers saw"), table, *mailed]


def _courses(recording: Recording) -> list[Table | Padding | Text]:
    parts: list[Table | Padding | Text] = []
    for fault in recording.faults[:_FAULTS]:
        ending = f"{tone(fault.outcome).symbol} {phrase(clean(fault.outcome))}"
        parts += [_rule(f"{clean(fault.name)}: {phrase(clean(fault.kind))} · {ending}"), _course(fault)]
        share = figures(fault).aws_imposed_share
        if share is not None:
            took = span(figures(fault).healed or timedelta())
            imposed = f"AWS itself imposes {span(fault.aws_imposed)} of {took} ({percent(share)})"
            parts.append(Padding(Text(f"{imposed}, Defib {percent(1 - share)}."), (1, 0, 0, 0)))
    if len(recording.faults) > _FAULTS:
        parts.append(Text(f"and {count(len(recording.faults) - _FAULTS, 'fault')} more", "dim"))
    return parts


def _course(fault: FaultRecord) -> Table:
    """Milestones and actions in one order of time."""
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for style in ("dim", "cyan", ""):
        table.add_column(style=style, no_wrap=True)
    table.add_column(overflow="fold")
    tones = {"struck": Tone.BAD, "check failed": Tone.BAD, "handed over": Tone.WARN, "healed": Tone.GOOD}
    lines = [
        (m.at, 0, Text(m.name, STYLES[tones[m.name]] if m.name in tones else "bold"), Text(""))
        for m in milestones(fault)
    ]
    for action in fault.actions:
        name = Text(f"{Tone.ACT.symbol} {phrase(clean(action.action))}", STYLES[Tone.ACT])
        why = Text(clean(action.reason))
        if action.verdict != "done":
            verdict = f"{tone(action.verdict).symbol} {phrase(clean(action.verdict))}: {clean(action.detail)}"
            why.append(f" ({verdict})", STYLES[Tone.WARN])
        lines.append((action.at, 1, name, why))
    for at, _, name, why in sorted(lines, key=lambda line: line[:2]):
        table.add_row(clock(at), offset(at - fault.struck_at), name, why)
    return table


def _comparison(recording: Recording, width: int) -> list[Padding | Text]:
    result = headline(recording)
    parts: list[Padding | Text] = [_rule("Result")]
    original, lasted = recording.original, result.duration
    if original is None or not lasted:
        return [*parts, Text(f"{result.figure}: {clean(result.caption)}", "bold")]
    longest = max(original, lasted)
    room = width - 24
    for name, duration, style in (("then", original, "red"), ("now", lasted, STYLES[result.tone])):
        cells = max(1, round(room * (duration / longest)))
        line = Text(f"{name:<5}").append("█" * cells, style)
        parts.append(line.append(f" {span(duration)}", "bold"))
    said = f"{span(original)} then, {result.figure} now: {clean(result.caption)}"
    return [*parts, Text(said, "bold")]


def _expectations(recording: Recording) -> list[Padding]:
    if not recording.expectations:
        return []
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    for column in ("", "expectation", "expected", "actual"):
        table.add_column(column, overflow="fold", no_wrap=not column)
    for e in recording.expectations:
        held = Text("✓ held", STYLES[Tone.GOOD]) if e.held else Text("✗ FAILED", STYLES[Tone.BAD])
        table.add_row(held, Text(clean(e.text)), Text(clean(e.expected)), Text(clean(e.actual)))
    return [Padding(table, (1, 0))]


def _dead_arrivals(recording: Recording) -> list[Text]:
    """So that a bad image, type or zone shows."""
    return [
        Text(f"dead on arrival: {d.count} × {clean(d.service)}, {clean(d.zone)}, {clean(d.instance_type)}")
        for d in recording.totals.dead_on_arrival
    ]


def _troubles(recording: Recording) -> list[Text]:
    totals = recording.totals
    lines = [f"✗ denied: {call}" for call in totals.denied] + [f"✗ error in a function: {e}" for e in totals.errors]
    if totals.dead_letters:
        lines.append(f"✗ {count(totals.dead_letters, 'message')} in dead-letter queues")
    return [Text(clean(line), STYLES[Tone.BAD]) for line in lines]


def _verdict(recording: Recording) -> Text:
    passed = recording.passed
    text = Text("✓ PASSED" if passed else "✗ FAILED", STYLES[Tone.GOOD if passed else Tone.BAD])
    calls, runs = sum(recording.totals.calls.values()), sum(recording.totals.invocations.values())
    cost = f"{count(runs, 'invocation')}, {count(calls, 'API call')}"
    throttled = sum(recording.totals.throttled.values())
    cost += f" ({throttled} throttled)" if throttled else ""
    return text.append(f"  {clean(recording.scenario)}, seed {recording.seed}: {cost}", "dim")


def _rule(title: str) -> Padding:
    return Padding(Rule(Text(title, "bold"), align="left", style="dim"), (1, 0, 0, 0))
