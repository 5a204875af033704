"""A scenario served while it plays: what browsers, programs and clients of Stashboard get, before, during and after."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from oauthlib.oauth1 import Client  # type: ignore[import-untyped]  # it has no types
from requests_oauthlib import OAuth1Session  # type: ignore[import-untyped]  # it has no types

from infra.operator_error import OperatorError
from sim.__main__ import main
from sim.replay import ROOT
from sim.serve.player import Busy, Mode
from tests.sim.replays import PAGE_API
from tests.sim.served import WALL, Served, served

KEYS = ("anonymous", "anonymous", "defib", "made-up-token-secret")
MOMENTS = ("12:02:00", "12:06:30", "12:09:00", "12:20:00")
"""Before the failure, identified, under repair, and when all is over."""


@pytest.fixture
def april_30() -> Iterator[Served]:
    with served("april-30") as april:
        april.until("12:01:30")
        yield april


def posted(april: Served, message: str, token_secret: str = KEYS[3], at: datetime = WALL) -> int:
    """What the client that the greeting shows is answered; ``at`` is the time of its clock."""
    where = f"{april.address}/admin/api/v1/services/web/events"
    with OAuth1Session(*KEYS[:3], token_secret, timestamp=f"{at.timestamp():.0f}") as session:
        code: int = session.post(where, data={"status": "down", "message": message}, timeout=60).status_code
    return code


def test_the_page_follows_the_outage_and_the_api_keeps_its_shape_at_each_moment(april_30: Served) -> None:
    banners, indicators = [], []
    for moment in MOMENTS:
        april_30.until(moment)
        status = april_30.get("/api/v2/status.json").json["status"]
        indicators.append(status["indicator"])
        banners.append(status["description"] in april_30.get("/").text)
        for path, schema in PAGE_API.items():
            schema.validate(april_30.get(f"/{path}").json)
    assert indicators == ["none", "minor", "minor", "none"]
    assert all(banners)
    assert april_30.player.mode is Mode.OVER
    assert [recording.passed for recording in april_30.ended] == [True]
    assert "Resolved" in april_30.get("/history.atom").text


def test_before_the_first_layout_it_answers_as_an_empty_bucket() -> None:
    with served("april-30") as april:
        answer = april.get("/")
    assert answer.code == 403
    assert b"AccessDenied" in answer.body


def test_an_event_that_a_client_posts_shows_on_the_page_and_for_programs(april_30: Served) -> None:
    assert posted(april_30, "We look into <b>it</b>.") == 200
    april_30.until("12:02:00")
    incidents = april_30.get("/api/v2/incidents/unresolved.json").json["incidents"]
    assert [i["incident_updates"][0]["body"] for i in incidents] == ["We look into <b>it</b>."]
    assert "We look into &lt;b&gt;it&lt;/b&gt;." in april_30.get("/").text
    assert april_30.get("/api/v1/services/web/events").json["events"][0]["message"] == "We look into <b>it</b>."


def test_a_wrong_signature_and_a_wrong_clock_are_refused_by_the_real_handler(april_30: Served) -> None:
    assert posted(april_30, "no", token_secret="guessed") == 403
    assert posted(april_30, "no", at=WALL - timedelta(minutes=6)) == 403
    assert april_30.send("POST", "/admin/api/v1/services/web/events", b"status=down&message=no").code == 403
    assert april_30.get("/api/v1/services/web/events").json["events"] == []


def test_a_request_that_comes_twice_is_refused_though_time_has_passed(april_30: Served) -> None:
    path, form = "/admin/api/v1/services/web/events", "application/x-www-form-urlencoded"
    client = Client(*KEYS, timestamp=f"{WALL.timestamp():.0f}")
    _, signed, body = client.sign(april_30.address + path, "POST", "status=down&message=once", {"Content-Type": form})
    codes = []
    for moment in ("12:02:00", "12:02:30"):
        april_30.until(moment)
        again = april_30.send("POST", path, body.encode(), content_type=form, authorization=signed["Authorization"])
        codes.append(again.code)
    assert codes == [200, 403]


def test_it_rests_while_paused_and_a_write_moves_it_on_until_the_page_has_followed(april_30: Served) -> None:
    assert april_30.send("POST", "/_replay", b"do=pause").code == 303
    before = april_30.now
    april_30.pass_real(timedelta(seconds=20))
    assert april_30.now == before
    assert posted(april_30, "Told while paused.") == 200
    assert "Told while paused." in april_30.get("/").text
    assert 10 <= (april_30.now - before).total_seconds() < 15
    april_30.send("POST", "/_replay", b"speed=60")
    assert (april_30.player.mode, april_30.player.speed) == (Mode.PLAYING, 60)


def test_after_the_end_it_goes_on_serving_and_taking_events(april_30: Served) -> None:
    april_30.until("12:20:00")
    assert april_30.player.mode is Mode.OVER
    assert posted(april_30, "One more thing.") == 200
    assert "One more thing." in april_30.get("/").text
    assert "and the scenario is over" in april_30.get("/_replay").text


def test_its_own_page_tells_the_clock_what_happened_and_what_staff_received(april_30: Served) -> None:
    april_30.until("12:06:00")
    page = april_30.get("/_replay")
    assert page.headers["cache-control"] == "no-store"
    assert "<script" not in page.text
    assert 'http-equiv="refresh" content="2"' in page.text
    for words in ("12:06:0", "10 seconds a second", "web-2", "zombie", "oncall@example.com", "made-up-token-secret"):
        assert words in page.text
    assert 'http-equiv="refresh"' not in april_30.get("/_replay?still").text


def test_who_asks_after_the_end_is_told() -> None:
    with served("april-30") as april:
        player = april.player
    with pytest.raises(Busy, match="has ended"):
        player.ask(lambda: None)


def test_only_loopback_is_served_and_a_port_in_use_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with (
            pytest.raises(OperatorError, match=rf"127\.0\.0\.1:{port} can't be served: .* --port"),
            served("april-30", port),
        ):
            pass


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--speed", "fast"], "'fast' is no speed: give a number from 0.1 to 100, such as 10, or max"),
        (["--speed", "0"], "'0' is no speed"),
        (["--speed", "inf"], "'inf' is no speed"),
        (["--port", "99999"], "'99999' is no port: give a number from 0 to 65535"),
    ],
)
def test_a_wrong_speed_or_port_gets_a_message(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        main(["serve", str(ROOT / "scenarios" / "april-30.toml"), *arguments])
    assert left.value.code == 2
    assert said in capsys.readouterr().err


def test_a_page_without_the_stashboard_api_answers_there_as_anywhere_else_where_nothing_is() -> None:
    with served("april-30", policy=ROOT / "defib.toml") as april:
        april.until("12:01:30")
        assert april.get("/api/v2/status.json").code == 200
        assert april.get("/api/v1/services").code == april.get("/nothing/here").code == 404
        assert posted(april, "no") in (403, 405)
        assert "Stashboard" not in april.get("/_replay?still").text


def test_an_unknown_scenario_and_a_policy_without_a_page_get_a_message(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["serve", str(tmp_path / "none.toml")]) == 2
    assert "none.toml: No such file or directory" in capsys.readouterr().err
    bare = tmp_path / "defib.toml"
    policy = (ROOT / "defib.toml").read_text(encoding="utf-8")
    bare.write_text(policy.replace("enabled = true", "enabled = false"))
    status = main(["serve", str(ROOT / "scenarios" / "april-30.toml"), "--policy", str(bare), "--port", "0"])
    assert status == 2
    assert "enabled = true under [page]" in capsys.readouterr().err


def test_ctrl_c_ends_it_when_it_is_over_and_until_then_it_says_where_to_look() -> None:
    command = [sys.executable, "-m", "sim", "serve", "scenarios/false-alarm.toml", "--speed", "max", "--port", "0"]
    path = os.pathsep.join((str(ROOT), str(ROOT / "functions")))
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": path},
    ) as process:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if "served until Ctrl-C" in line:
                break
        process.send_signal(signal.SIGINT)
        _, complaints = process.communicate(timeout=60)
    assert (process.returncode, complaints) == (0, "")
    assert any("what customers see" in line for line in lines)
    assert any("PASSED" in line for line in lines)
