"""What people hear of zonal shifts, in the incident of the zone: begun until when, or why not and what to do."""

from __future__ import annotations

from datetime import datetime

from defib.core.asking import in_region
from defib.core.bulletin import Story, compose
from defib.core.frozen import replace
from defib.core.incident import Incident, Notice, NoticeKind
from defib.core.policy import Policy
from defib.core.shift import Move, Shift, ShiftAnswer
from defib.core.shifting import is_final
from defib.core.stack import Stack


def zones_with_news(stack: Stack) -> tuple[str, ...]:
    """The zones of shifts whose end, or whose hold, people have not heard of."""
    return tuple(sorted({shift.zone for shift in stack.shifts if _is_news(shift)}))


def tell(stack: Stack, zone: str, incident: Incident, policy: Policy, now: datetime) -> tuple[Stack, Incident, Notice]:
    """The stack, the zone's incident and its next notice once people have heard of all news of its shifts."""
    news = [shift for shift in stack.shifts if shift.zone == zone and _is_news(shift)]
    for shift in news:
        stack = stack.with_shift(replace(shift, said=shift.answer))
    failed = [shift for shift in news if shift.answer is not ShiftAnswer.DONE]
    kind = NoticeKind.PROGRESS
    if failed:
        held = all(shift.answer is ShiftAnswer.HELD for shift in failed)
        kind = NoticeKind.HELD if held else NoticeKind.ESCALATED
    story = replace(_story(zone, news, failed, policy.region), asks=bool(failed), about="shift")
    return stack, *compose(incident, story, kind, policy, now)


def _is_news(shift: Shift) -> bool:
    return shift.answer is not shift.said and (shift.answer is ShiftAnswer.HELD or is_final(shift))


def _story(zone: str, news: list[Shift], failed: list[Shift], region: str) -> Story:
    back = all(shift.move is Move.END for shift in news)
    done = len(news) - len(failed)
    whose = news[0].name if len(news) == 1 else f"{done or len(news)} of {len(news)} load balancers"
    where = f"back to zone {zone}" if back else f"away from zone {zone}"
    headline = f"traffic of {whose} is {'' if done else 'not '}shifted {where}"
    wrong = f"Nothing any more: zone {zone} works again." if back else f"Zone {zone} is impaired."
    lines = "".join(f"\n  {shift.name}: {_line(shift)}" for shift in news)
    if failed:
        held = all(shift.answer is ShiftAnswer.HELD for shift in failed)
        doing = "It tries again every few minutes." if held else "Nothing more."
        commands = "\n".join(f"  {_command(shift, region)}" for shift in failed)
        duty = f"If you want the traffic {where} now:\n{commands}"
        return Story(headline, wrong, doing + lines, duty, "Defib tries again." if held else "Please look now.")
    if all(shift.is_others for shift in news):
        said = f"AWS keeps the traffic of {whose} from zone {zone}"
        return Story(said, wrong, "It looks again every few minutes." + lines, "Nothing.", "Nothing for you to do.")
    ends = [f"  {_cancel(shift, region)}" for shift in news if shift.id]
    duty = "Nothing. To end it yourself:\n" + "\n".join(ends) if ends and not back else "Nothing."
    doing = "Nothing more." if back else "It ends what it shifted when the zone has recovered."
    return Story(headline, wrong, doing + lines, duty, "Nothing for you to do.")


def _line(shift: Shift) -> str:
    if shift.answer is ShiftAnswer.DONE:
        return shift.detail
    return f"{'not shifted away' if shift.move is Move.START else 'not shifted back'}: {shift.detail}"


def _command(failed: Shift, region: str) -> str:
    balancer = f"{in_region(region)} --resource-identifier {failed.load_balancer}"
    if failed.move is Move.START:
        away = f"--away-from {failed.zone_id} --expires-in 3h --comment 'zone impaired'"
        return f"aws arc-zonal-shift start-zonal-shift{balancer} {away}"
    return _cancel(failed, region) if failed.id else f"aws arc-zonal-shift list-zonal-shifts{balancer}"


def _cancel(shift: Shift, region: str) -> str:
    return f"aws arc-zonal-shift cancel-zonal-shift{in_region(region)} --zonal-shift-id {shift.id}"
