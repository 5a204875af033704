"""The keys of a page that follows must agree: with its kind, and with the services of this page."""

from __future__ import annotations

import pytest

from defib.core.parse import parse
from tests.core.policy_file import file, mistakes

PAGE = {"page": "enabled = true", "services.web.page": 'title = "Website"'}
STATUSPAGE = 'kind = "statuspage"\nsecret = "s"\npage_id = "kctbh9vrtdwd"\ncomponents = { web = "8kbf7d35c070" }'
CACHET = 'kind = "cachet"\nsecret = "s"\nurl = "https://status.example.com/api"\ncomponents = { web = "3" }'
WEBHOOK = 'kind = "webhook"\nsecret = "s"\nurl = "https://hooks.example.com"'


def other(lines: str, **tables: str) -> str:
    return file({**PAGE, **tables, "page.elsewhere.other": lines})


@pytest.mark.parametrize("lines", [STATUSPAGE, CACHET, WEBHOOK])
def test_what_agrees_is_a_policy(lines: str) -> None:
    assert [(page.name, page.secret) for page in parse(other(lines)).page.elsewhere] == [("other", "s")]


AT = "page.elsewhere.other"
WRONG = [
    (
        STATUSPAGE.replace('page_id = "kctbh9vrtdwd"\n', ""),
        f'{AT}.page_id = "": must say which page: statuspage serves many from one address; '
        'for example page_id = "kctbh9vrtdwd"',
    ),
    (f'{CACHET}\npage_id = "x"', f'{AT}.page_id = "x": must be left out: a cachet page is known by its url'),
    (
        CACHET.replace('url = "https://status.example.com/api"\n', ""),
        f'{AT}.url = "": must be the address of its API: a cachet page can be anywhere; '
        'for example url = "https://status.example.com/api"',
    ),
    (
        STATUSPAGE.partition("\ncomponents")[0],
        f"{AT}.components = {{}}: must name the services that are shown there; "
        'for example components = { web = "8kbf7d35c070" }',
    ),
    (
        STATUSPAGE.replace("web =", "wbe ="),
        f'{AT}.components.wbe = ["8kbf7d35c070"]: must be a service with a title: web; did you mean "web"?',
    ),
    (
        CACHET.replace('"3"', '"8kbf"'),
        f'{AT}.components.web = ["8kbf"]: must be a number: Cachet\'s components have no other ids; '
        'for example web = "3"',
    ),
    (
        f'{WEBHOOK}\ncomponents = {{ web = "x" }}',
        f'{AT}.components = {{ web = ["x"] }}: must be left out: a webhook is told of every component',
    ),
]


@pytest.mark.parametrize(("lines", "said"), WRONG)
def test_what_does_not_is_named_with_its_remedy(lines: str, said: str) -> None:
    assert mistakes(other(lines)) == [said]


def test_a_page_that_is_not_there_cannot_be_followed() -> None:
    assert mistakes(other(STATUSPAGE, page="enabled = false")) == [
        f'{AT} = {{ kind = "statuspage" }}: needs a page to follow: page.enabled is false; '
        "for example [page] enabled = true"
    ]


def test_a_service_without_a_title_cannot_be_shown_there() -> None:
    said = mistakes(file({"page": "enabled = true", AT: STATUSPAGE}))
    assert f'{AT}.components.web = ["8kbf7d35c070"]: must be a service with a title: none has one' in said


def test_a_key_that_is_wrong_by_itself_is_named_once() -> None:
    assert len(mistakes(other(STATUSPAGE.replace("statuspage", "statuspge")))) == 1
    assert len(mistakes(other(STATUSPAGE.replace('"kctbh9vrtdwd"', '"not an id"')))) == 1
    assert len(mistakes(other(WEBHOOK.replace("https://", "http://")))) == 1
