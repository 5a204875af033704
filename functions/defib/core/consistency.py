"""What no key can say alone: that services, contacts, target groups and durations agree with each other."""

from __future__ import annotations

from datetime import timedelta
from itertools import combinations

from defib.core.between_sweeps_check import check_asks
from defib.core.boot import climb
from defib.core.contact import chat_output
from defib.core.drill_check import check_drill
from defib.core.duration import format_duration
from defib.core.frozen import replace
from defib.core.maintenance_check import check_maintenance, check_quiet
from defib.core.medium import Medium, means_of
from defib.core.mistake import Mistakes, Path, closest, written
from defib.core.page.agreement import check_page
from defib.core.policy import Contact, Mode, Policy, Service
from defib.core.setting import CONTACT_NAME, NAME
from defib.core.target_group_check import check_target_groups, place

CALL_MOST = timedelta(seconds=20)
"""How long one call may take with all its attempts, so that it ends within the 30 s of the function that makes it."""

EXAMPLES = {"region": "us-west-2", "primary_region": "us-east-1"}

PAGE_LAG = timedelta(minutes=2)
"""How long after a renewal of the status page is due a reader may still see the one before."""

ADDRESSES_MOST = 150
"""Each has two subscriptions, of the 500 resources of a stack (CloudFormation User Guide, quotas)."""

CHATS_MOST = 15
"""Their topics are told to a function by a variable, of 4 KB for all of them (Lambda Developer Guide, quotas)."""

CLIMB = (
    "evidence_timeout",
    "auto_recovery_grace",
    "reboots",
    "reboot_trial",
    "drain_timeout",
    "stop_timeout",
    "force_stop_timeout",
    "start_timeout",
)
"""What in ``[repair]`` adds up to one climb of the ladder, every rung taken once."""


def check(policy: Policy, mistakes: Mistakes) -> None:
    """Report every disagreement, except where a value in question is wrong by itself."""
    matched = [service for service in policy.services if not mistakes.spoil(_match(service))]
    for one, other in combinations(matched, 2):
        _check_overlap(one, other, mistakes)
    for service in policy.services:
        _check_opt_in(service, policy, mistakes)
        _check_tell(service, policy.contacts, mistakes)
        _check_named("tell", service.tell, service, policy.contacts, mistakes)
        _check_named("then", service.then, service, policy.contacts, mistakes)
        _check_verify(service, policy, mistakes)
        _check_planned_restart(service, policy, mistakes)
        check_maintenance(service.maintenance, ("services", service.name, "maintenance"), mistakes)
    check_maintenance(policy.maintenance, ("defib", "maintenance"), mistakes)
    _check_addresses(policy.contacts, mistakes)
    check_drill(policy.drill, mistakes)
    check_target_groups(policy.services, mistakes)
    check_asks(policy, mistakes)
    check_page(policy, mistakes)
    _check_watchtower(policy, mistakes)
    _check_attempts(policy, mistakes)
    _check_durations(policy, mistakes)
    _check_replacements(policy, mistakes)
    _check_calls(policy, mistakes)
    second = (("escalation", "second_after"), policy.escalation.second_after)
    everybody: Path = ("escalation", "everybody_after")
    _check_order(second, (everybody, policy.escalation.everybody_after), mistakes)


def _match(service: Service) -> Path:
    return ("services", service.name, "match")


def _check_overlap(one: Service, other: Service, mistakes: Mistakes) -> None:
    shared = one.match.keys() & other.match.keys()
    if not any(set(one.match[key]).isdisjoint(other.match[key]) for key in shared):
        must = f"overlaps {written(_match(one))}, an instance could belong to both; give one tag key different values"
        mistakes.add(_match(other), dict(other.match), must, f'match = {{ service = "{other.name}" }}')


def _check_opt_in(service: Service, policy: Policy, mistakes: Mistakes) -> None:
    tag, path = policy.opt_in, (*_match(service), policy.opt_in.key)
    values = service.match.get(tag.key, (tag.value,))
    if tag.value not in values and not mistakes.spoil(path, ("defib", "opt_in_tag")):
        must = f"matches nothing: only instances with the opt-in tag {tag.key}={tag.value} are in Defib's care"
        mistakes.add(path, values, must, 'match = { service = "web" }')


def _check_tell(service: Service, contacts: tuple[Contact, ...], mistakes: Mistakes) -> None:
    path: Path = ("services", service.name, "tell")
    known = _names(contacts)
    if service.mode is not Mode.OBSERVE and not service.tell and not mistakes.spoil(path):
        example = f'tell = ["{known[0] if known else "oncall"}"]'
        mistakes.add(path, [], f'must name a contact: with mode = "{service.mode}" somebody is told', example)
    if mistakes.found_at(("contacts",)):
        return
    told = [contact for contact in contacts if contact.name in service.tell]
    if service.mode is Mode.APPROVE and told and not any(contact.email for contact in told):
        must = (
            'must name a contact with an e-mail address: with mode = "approve" it says how to answer, which no SMS can'
        )
        mistakes.add(path, list(service.tell), must, 'email = ["oncall@example.com"]')
    elif service.mode is Mode.APPROVE and told and all(map(_is_asked_by_text_alone, told)):
        must = (
            'must name a contact that takes what is urgent by another means than SMS: with mode = "approve" that says '
            "how to answer"
        )
        mistakes.add(path, list(service.tell), must, 'email_for = ["urgent"]')


def _is_asked_by_text_alone(contact: Contact) -> bool:
    return contact.hears_what_is_urgent and not replace(contact, sms=()).hears_what_is_urgent


def _names(contacts: tuple[Contact, ...]) -> list[str]:
    return [contact.name for contact in contacts if NAME.fits(contact.name)]


def _check_named(
    key: str, names: tuple[str, ...], service: Service, contacts: tuple[Contact, ...], mistakes: Mistakes
) -> None:
    path: Path = ("services", service.name, key)
    known = _names(contacts)
    if mistakes.found_at(("contacts",)):
        return
    for number, name in enumerate(names):
        if CONTACT_NAME.fits(name) and name not in known:
            meant = closest(name, known)
            must = (
                f"must be a contact of this file: {', '.join(known)}" if known else "there is no contact in this file"
            )
            mistakes.add((*path, number), name, must, f"[contacts.{name}]" if not meant else "", meant)


def _check_planned_restart(service: Service, policy: Policy, mistakes: Mistakes) -> None:
    path: Path = ("services", service.name, "planned_restart")
    windows: Path = ("services", service.name, "maintenance")
    if not service.planned_restart or service.maintenance or policy.maintenance:
        return
    if not mistakes.found_at(windows) and not mistakes.found_at(("defib", "maintenance")):
        must = "needs a maintenance window to restart in; the service has none, nor has [defib]"
        mistakes.add(path, True, must, "planned_restart = false")


def _check_verify(service: Service, policy: Policy, mistakes: Mistakes) -> None:
    at: Path = ("services", service.name, "verify")
    timeout = ((*at, "timeout"), service.verify.timeout)
    _check_order(((*at, "stable_for"), service.verify.stable_for), timeout, mistakes)
    _check_order((("repair", "restart_trial"), policy.repair.restart_trial), timeout, mistakes)


def _check_watchtower(policy: Policy, mistakes: Mistakes) -> None:
    tower, at = policy.watchtower, "watchtower"
    # It is the watchtower that pings: without one the service outside would never hear anything, and never miss it.
    for given, needed in (("region", "primary_region"), ("primary_region", "region"), ("dead_mans_switch", "region")):
        if getattr(tower, given) and not getattr(tower, needed) and not mistakes.spoil((at, needed)):
            mistakes.add(
                (at, given), getattr(tower, given), f"must come with a {needed}", f'{needed} = "{EXAMPLES[needed]}"'
            )
    if not tower.region or not tower.primary_region or mistakes.spoil((at, "region"), (at, "primary_region")):
        return
    if tower.region == tower.primary_region:
        must = "must be another Region than primary_region: what dies with Defib can't tell of its death"
        mistakes.add((at, "region"), tower.region, must, 'region = "us-west-2"')
    for service in policy.services:
        for number, group in enumerate(service.target_groups):
            path: Path = ("services", service.name, "target_groups", number, "arn")
            if not mistakes.spoil(path) and place(group.arn)[0] != tower.primary_region:
                must = f"must be in watchtower.primary_region, {tower.primary_region}"
                mistakes.add(path, group.arn, must)
    least = policy.page.refresh + PAGE_LAG
    if (
        policy.page.enabled
        and tower.page_within < least
        and not mistakes.spoil(("page", "refresh"), (at, "page_within"))
    ):
        needed = format_duration(least)
        must = f"must be at least {needed}: page.refresh and {format_duration(PAGE_LAG)} for caches and the queue"
        mistakes.add((at, "page_within"), tower.page_within, must, f'page_within = "{needed}"')


def _check_addresses(contacts: tuple[Contact, ...], mistakes: Mistakes) -> None:
    # SNS refuses a second subscription of an address to a topic when its filter differs (Subscribe).
    count = sum(len(contact.email) + len(contact.sms) + len(contact.https) for contact in contacts)
    chats = sum(contact.chat for contact in contacts)
    for number, most, what in ((count, ADDRESSES_MOST, "addresses"), (chats, CHATS_MOST, "chat channels")):
        if number > most and not mistakes.spoil(("contacts",)):
            mistakes.add(("contacts",), "", f"have {number} {what}, must be at most {most} in one stack")
    seen: dict[str, str] = {}
    outputs: dict[str, str] = {}
    for contact in filter(lambda one: NAME.fits(one.name), contacts):
        at: Path = ("contacts", contact.name)
        _check_means(contact, at, mistakes)
        namesake = outputs.setdefault(chat_output(contact.name), contact.name) if contact.chat else contact.name
        if namesake != contact.name:
            must = f"would have the output of contact {namesake}, {chat_output(namesake)}, for its topic; rename one"
            mistakes.add((*at, "chat"), True, must, "[contacts.lead]")
        for key, addresses in (("email", contact.email), ("sms", contact.sms), ("https", contact.https)):
            for number, address in enumerate(addresses):
                owner = seen.setdefault(address.lower(), contact.name)
                if owner != contact.name:
                    must = f"belongs to contact {owner} already; name both contacts in tell instead"
                    mistakes.add((*at, key, number), address, must, f'tell = ["{owner}", "{contact.name}"]')


def _check_means(contact: Contact, at: Path, mistakes: Mistakes) -> None:
    if mistakes.spoil(at):
        return
    if not (contact.email or contact.sms or contact.https or contact.chat):
        must = "must have an address: email, sms, https or chat"
        mistakes.add(at, {}, must, 'email = ["oncall@example.com"]')
    elif not contact.hears_what_is_urgent:
        must = "must take what is urgent by one of its means, so that somebody hears when Defib asks for them"
        means = (f"{medium}_for" for medium in Medium if medium in means_of(contact))
        severities = {key: getattr(contact, key) for key in means}
        mistakes.add(at, severities, must, f'{next(iter(severities))} = ["urgent"]')
    check_quiet(contact.quiet, (*at, "quiet"), mistakes)


def _check_attempts(policy: Policy, mistakes: Mistakes) -> None:
    repair = policy.repair
    counts: tuple[Path, ...] = (("repair", "reboots"), ("repair", "restarts"))
    starts: Path = ("repair", "starts")
    if repair.starts < repair.restarts and not mistakes.spoil(starts, *counts):
        must = f"must be at least repair.restarts = {repair.restarts}: each restart needs a start"
        mistakes.add(starts, repair.starts, must, f"starts = {repair.restarts}")
    # Evidence, the reboots, and for each restart: drain, stop, forced stop, start, restore.
    needed = 1 + repair.reboots + 5 * repair.restarts
    attempts: Path = ("repair", "attempts")
    if repair.attempts < needed and not mistakes.spoil(attempts, *counts):
        must = f"must be at least {needed}: evidence, repair.reboots, and 5 actions for each of repair.restarts"
        mistakes.add(attempts, repair.attempts, must, f"attempts = {needed}")


def _check_durations(policy: Policy, mistakes: Mistakes) -> None:
    repair = policy.repair
    at: Path = ("repair",)
    first, longest = (*at, "retry_backoff"), (*at, "retry_backoff_max")
    _check_order((first, repair.retry_backoff), (longest, repair.retry_backoff_max), mistakes)
    _check_order(((*at, "settle"), repair.settle), ((*at, "restart_trial"), repair.restart_trial), mistakes)
    # In service while it reboots: once its check counts again, its Auto Scaling group replaces what does not answer.
    _check_order(((*at, "reboot_trial"), repair.reboot_trial), ((*at, "suppress_for"), repair.suppress_for), mistakes)
    paths: list[Path] = [(*at, key) for key in (*CLIMB, "case_age")]
    paths += [("services", service.name, "verify", "timeout") for service in policy.services]
    if repair.case_age < climb(policy) and not mistakes.spoil(*paths):
        needed = format_duration(climb(policy))
        must = f"must be at least {needed}, the time of one climb: {', '.join(CLIMB)} and the longest verify.timeout"
        mistakes.add((*at, "case_age"), repair.case_age, must, f'case_age = "{needed}"')


def _check_replacements(policy: Policy, mistakes: Mistakes) -> None:
    limits, arrival = policy.limits, policy.repair.arrival_timeout
    window: Path = ("limits", "group_window")
    # Where one after the other never arrives, a shorter window would have forgotten the first by the last.
    least = (limits.group_replacements + 1) * arrival
    paths: tuple[Path, ...] = (window, ("limits", "group_replacements"), ("repair", "arrival_timeout"))
    if limits.group_window < least and not mistakes.spoil(*paths):
        needed = format_duration(least)
        must = f"must be at least {needed}: repair.arrival_timeout for each of limits.group_replacements and the next"
        mistakes.add(window, limits.group_window, must, f'group_window = "{needed}"')


def _check_order(least: tuple[Path, timedelta], other: tuple[Path, timedelta], mistakes: Mistakes) -> None:
    (least_path, shorter), (path, longer) = least, other
    if longer < shorter and not mistakes.spoil(least_path, path):
        needed = format_duration(shorter)
        must = f'must be at least {written(least_path)} = "{needed}"'
        mistakes.add(path, longer, must, f'{path[-1]} = "{needed}"')


def _check_calls(policy: Policy, mistakes: Mistakes) -> None:
    calls = policy.calls
    took = calls.longest
    if took > CALL_MOST and not mistakes.spoil(("calls",)):
        must = (
            f"attempts x (connect_timeout + read_timeout) and the pauses between them are {format_duration(took)}, "
            f"must be at most {format_duration(CALL_MOST)} for a call to end before its function does"
        )
        mistakes.add(("calls", "attempts"), calls.attempts, must, "attempts = 2")
