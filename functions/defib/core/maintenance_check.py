"""Whether planned outages and quiet hours name real days and zones."""

from __future__ import annotations

from datetime import date

from defib.core.maintenance import Maintenance, is_always, is_zone
from defib.core.mistake import Mistakes, Path

YEARS = range(2000, 3000)
"""A window that ends after the last day of the calendar, or begins before its first in UTC, has no times."""


def check_maintenance(planned: tuple[Maintenance, ...], at: Path, mistakes: Mistakes) -> None:
    for number, entry in enumerate(planned):
        path: Path = (*at, number)
        if mistakes.spoil(path):
            continue
        if bool(entry.days) == bool(entry.date):
            must = "must name either the days of the week or the one date on which it begins"
            given = {"days": entry.days, "date": entry.date} if entry.date else {"at": entry.at, "lasts": entry.lasts}
            mistakes.add(path, given, must, 'days = ["sun"]')
        if not is_zone(entry.zone):
            must = "must be a time zone of the IANA time zone database"
            mistakes.add((*path, "zone"), entry.zone, must, 'zone = "Europe/Berlin"')
        if entry.date and not _is_date(entry.date):
            mistakes.add((*path, "date"), entry.date, "must be a day of the years 2000 to 2999", 'date = "2026-10-25"')


def check_quiet(quiet: tuple[Maintenance, ...], at: Path, mistakes: Mistakes) -> None:
    """As ``check_maintenance``, and that they end: what they keep goes when they do."""
    check_maintenance(quiet, at, mistakes)
    if not mistakes.spoil(at) and is_always(quiet):
        must = 'must end at some hour: messages of low severity would wait for ever; else leave "low" out of each means'
        given = [{"at": entry.at, "lasts": entry.lasts} for entry in quiet]
        mistakes.add(at, given, must, 'email_for = ["high", "urgent"]')


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).year in YEARS
    except ValueError:
        return False
