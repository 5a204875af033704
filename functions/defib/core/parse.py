"""``defib.toml`` to a Policy, with all its mistakes found at once.

Run when the stack is synthesized and when a function starts.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping

from defib.core.consistency import check
from defib.core.document import Document
from defib.core.mistake import Mistake, Mistakes, PolicyError, printable
from defib.core.policy import Policy
from defib.core.read import Reader

__all__ = ["Mistake", "PolicyError", "not_toml", "parse", "policy_in"]

BYTES_MOST = 64 * 1024
LINE_MOST = 400
"""In characters. A key fits in a line, and reading a dotted one costs the square of its parts."""

_QUOTES = ("text and durations need quotes", 'check = "90s"')
_VALUE = "text and durations need straight quotes, true and false small letters"
_ONCE = ("keep one of the two", "")
_LIST = ("a comma is missing, or the ] of the list before it", 'tell = ["oncall", "lead"]')
_ONE_LINE = (
    "a table in { } is one line, with a comma between two keys and none at its end",
    'match = { service = "web" }',
)
_REMEDIES = (
    ("Cannot declare", "this table is there twice", "merge the two, or rename one", "[services.web-2]"),
    ("Cannot overwrite", "this is set twice", *_ONCE),
    ("Cannot mutate", "this is set twice", *_ONCE),
    ("Cannot redefine", "this is set twice", *_ONCE),
    ("Duplicate inline", "this is set twice", *_ONCE),
    ("Invalid value", "this is not a value", _VALUE, _QUOTES[1]),
    ("Expected newline", "this goes on after its value", *_QUOTES),
    ("Invalid statement", "this is neither a [table] nor a key", "a key is followed by = and a value", 'check = "90s"'),
    ("Illegal character '\\n'", "this string is not closed", "end it with the quote that it begins with", ""),
    ("Expected '='", "this key has no value", "a key is followed by = and a value", 'check = "90s"'),
    ("Expected ']", "this is no [table]", "its name ends with the brackets that it begins with", "[services.web]"),
    ("Unclosed array", "a list goes wrong here", *_LIST),
    ("Invalid initial", "a key should be here", *_ONE_LINE),
    ("Unclosed inline", "a table in braces goes wrong here", *_ONE_LINE),
)
"""How tomllib's complaints begin, and what to say instead: the trouble, the remedy, an example."""


def parse(text: str) -> Policy:
    """Read the operator's file.

    Raises PolicyError, and nothing else, with all mistakes found.
    """
    return policy_in(_decode(text))


def policy_in(tables: Mapping[str, object]) -> Policy:
    """The policy that the decoded file holds. Raises PolicyError, and nothing else, with all mistakes found."""
    mistakes = Mistakes()
    document = Reader(mistakes).table(Document, tables, ())
    policy = Policy(
        opt_in=document.defib.opt_in_tag,
        services=document.services,
        contacts=document.contacts,
        detection=document.detection,
        repair=document.repair,
        limits=document.limits,
        calls=document.calls,
        retention=document.retention,
        delivery=document.delivery,
        drill=document.drill,
        page=document.page,
        watchtower=document.watchtower,
        answers=document.answers,
        escalation=document.escalation,
        messages=document.messages,
        maintenance=document.defib.maintenance,
    )
    check(policy, mistakes)
    mistakes.raise_if_any()
    return policy


def _decode(text: str) -> dict[str, object]:
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > BYTES_MOST:
        raise _broken("defib.toml", f"{size} bytes long, must be at most {BYTES_MOST} (64 KiB)")
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) > LINE_MOST:
            raise _broken(f"line {number}", f"{len(line)} characters long, must be at most {LINE_MOST}; break lists up")
    try:
        return tomllib.loads(text.removeprefix("\ufeff"))
    except RecursionError:
        raise _broken("defib.toml", "brackets are nested too deeply") from None
    except ValueError as error:
        number, wrong, example = not_toml(str(error), text)
        raise PolicyError((Mistake(f"line {number}", "", wrong, example),)) from None


def _broken(key: str, must: str) -> PolicyError:
    return PolicyError((Mistake(key, "", must),))


def not_toml(error: str, text: str) -> tuple[int, str, str]:
    """What tomllib's complaint means: the line, what is wrong there with its remedy, and an example."""
    place = re.search(r" \(at (?:line ([0-9]+), column [0-9]+|end of document)\)$", error)
    words = error[: place.start()] if place else error
    lines = text.rstrip().split("\n")
    number = int(place[1]) if place and place[1] else len(lines)
    line = printable(lines[min(number, len(lines)) - 1].strip())
    if place and not place[1] and not words.startswith(("Cannot", "Duplicate", "Expected '='")):
        must = f"the file ends before this is complete: {line}; close its quotes and brackets"
        return number, must, ""
    for beginning, trouble, remedy, example in _REMEDIES:
        if words.startswith(beginning):
            return number, f"{trouble}: {line}; {remedy}", example
    return number, f"this is not TOML: {line}; {printable(words)}", ""
