"""What a key of ``defib.toml`` may hold: meaning, range and example, kept beside the field that it fills.

The parser, its messages and the table of keys in ``docs/configuration.md`` all read these.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from defib.core.duration import parse_duration
from defib.core.frozen import dataclass

if TYPE_CHECKING:
    from enum import StrEnum

Metadata = Mapping[str, "Setting"]


@dataclass(frozen=True, slots=True)
class Form:
    """How a string must look. Nothing unprintable fits any form."""

    words: str
    longest: int
    pattern: str = r".+"
    """Compiled when it is first used: most files need few of them, and long ones take milliseconds each."""

    def fits(self, text: str) -> bool:
        return len(text) <= self.longest and text.isprintable() and re.fullmatch(self.pattern, text) is not None


NAME = Form("1 to 31 of a-z, 0-9 and -, beginning with a letter", 31, r"[a-z][a-z0-9-]*")
CONTACT_NAME = Form("the name of a contact", 31, NAME.pattern)
MAYBE_HTTPS = Form(
    "a web address that begins with https://, or nothing",
    300,
    r"(?:https://[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~:/?#@!$&()*+,;=%-]*)?)?",
)
EMAIL = Form(
    "an e-mail address",
    254,
    r"[A-Za-z0-9._%+'-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}",
)
PHONE = Form("a phone number with + and country code, digits only (E.164)", 16, r"\+[1-9][0-9]{6,14}")
HTTPS_ENDPOINT = Form(
    "a web address that begins with https://",
    300,
    r"https://[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~:/?#@!$&()*+,;=%-]*)?",
)
SEVERITY = Form("one of low, high, urgent", 6, "low|high|urgent")
TARGET_GROUP_ARN = Form(
    "the ARN of a target group",
    200,
    r"arn:aws[a-z-]*:elasticloadbalancing:[a-z]{2}[a-z0-9-]+:[0-9]{12}:targetgroup/[A-Za-z0-9-]{1,32}/[0-9a-z]{16}",
)
LOAD_BALANCER = Form(
    "the part of the load balancer's ARN after loadbalancer/",
    64,
    r"(?:app|net|gwy)/[A-Za-z0-9-]{1,32}/[0-9a-z]{16}",
)
INSTANCE_TYPE = Form("an instance type", 40, r"[a-z0-9-]+\.[a-z0-9-]+")
TAG_KEY = Form("a tag key of 1 to 128 characters", 128)
TAG_VALUE = Form("a tag value of 1 to 256 characters without * or ? (there are no wildcards)", 256, r"[^*?]+")
ANY = Form("text", 0)
# Stricter than EC2: the tag goes into IAM conditions and a Metrics Insights query, where quotes, $ and * have meaning.
OPT_IN_TAG = Form(
    'a tag as "key=value", made of letters, digits and _ . : / + @ -, the key not beginning with aws:',
    257,
    r"(?!(?i:aws:))[A-Za-z0-9_.:/+@-]{1,128}=[A-Za-z0-9_.:/+@-]{1,256}",
)


@dataclass(frozen=True, slots=True)
class Setting:
    """One key: what people read about it, and its limits."""

    about: str
    example: str
    """As written in the file, after the equals sign."""
    allowed: str
    """Completes "must be"."""
    least: int = 0
    most: int = 0
    """The number, the duration in seconds, or how many items."""
    step: int = 1
    """Of a duration, in seconds."""
    among: tuple[int, ...] = ()
    """The only durations allowed, in seconds; empty: all within the range."""
    form: Form = ANY
    keys: int = 0
    """How many tag keys at most."""

    percent_most: int = 0
    """The greatest percentage that a number may be written as; 0: none may."""

    def holds(self, number: int) -> bool:
        """Whether a number, a duration's seconds or a count of items is within the limits."""
        return self.least <= number <= self.most and number % self.step == 0 and number in (self.among or (number,))


def setting_of(metadata: Mapping[str, object]) -> Setting | None:
    """The setting in a dataclass field's metadata; None for a field that the file doesn't fill."""
    found = metadata.get("setting")
    return found if isinstance(found, Setting) else None


def flag(about: str, example: str = "false") -> Metadata:
    """True or false."""
    return {"setting": Setting(about, example, "true or false")}


def number(about: str, example: int, least: int, most: int) -> Metadata:
    """A whole number."""
    return {"setting": Setting(about, str(example), f"a whole number from {least} to {most}", least, most)}


def number_or_percent(about: str, example: str, least: int, most: int, percent_most: int) -> Metadata:
    """A whole number, or a percentage as text."""
    allowed = f'a whole number from {least} to {most}, or a percentage from "1%" to "{percent_most}%"'
    return {"setting": Setting(about, example, allowed, least, most, percent_most=percent_most)}


def choice(about: str, kind: type[StrEnum], example: StrEnum) -> Metadata:
    """One of an enum's values."""
    allowed = "one of " + ", ".join(f'"{member.value}"' for member in kind)
    return {"setting": Setting(about, f'"{example.value}"', allowed)}


def duration(about: str, example: str, least: str, most: str, step: str = "1s") -> Metadata:
    """A duration within a range, both ends included, in multiples of ``step``."""
    whole = "" if step == "1s" else f", in steps of {step}"
    allowed = f"a duration from {least} to {most}{whole}"
    return {"setting": Setting(about, f'"{example}"', allowed, _seconds(least), _seconds(most), _seconds(step))}


def one_duration(about: str, example: str, among: str) -> Metadata:
    """One of the durations in ``among``, separated by spaces and growing."""
    seconds = tuple(map(_seconds, among.split()))
    allowed = "one of " + ", ".join(among.split())
    return {"setting": Setting(about, f'"{example}"', allowed, seconds[0], seconds[-1], among=seconds)}


def _seconds(duration: str) -> int:
    return int(parse_duration(duration).total_seconds())


def string(about: str, example: str, form: Form) -> Metadata:
    """A string of a certain form."""
    return {"setting": Setting(about, f'"{example}"', form.words, form=form)}


def strings(about: str, example: str, form: Form, most: int) -> Metadata:
    """A list of different strings of a certain form; one string stands for a list of one."""
    return {"setting": Setting(about, example, f"a list of at most {most}, each {form.words}", most=most, form=form)}


def tags(about: str, example: str, keys: int, values: int) -> Metadata:
    """Tag keys, each with a value or a list of values."""
    allowed = f"a table of 1 to {keys} tag keys, each with a value or a list of 1 to {values} values"
    return {"setting": Setting(about, example, allowed, 1, values, form=TAG_VALUE, keys=keys)}


def ids(about: str, example: str, form: Form, keys: int, values: int) -> Metadata:
    """Ids elsewhere by names here, each name with an id or a list of them."""
    allowed = f"a table of 1 to {keys} names, each with an id or a list of 1 to {values} ids"
    return {"setting": Setting(about, example, allowed, 1, values, form=form, keys=keys)}


def tables(about: str, example: str, least: int, most: int) -> Metadata:
    """Several tables, named or in a list."""
    allowed = f"{least} to {most} tables" if least else f"at most {most} tables"
    return {"setting": Setting(about, example, allowed, least, most)}


def table(about: str) -> Metadata:
    """One table, whose keys have settings of their own."""
    return {"setting": Setting(about, "", "a table")}
