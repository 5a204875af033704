"""What Defib asks of ARC, by botocore's own model of it; moto knows no zonal shifts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from botocore.client import BaseClient
from botocore.stub import Stubber

from defib.aws.clients import client
from defib.aws.zonal_shift import ArcClient, ArcRouter
from defib.shell.ports import Away, Rejected, Transient, Unanswered
from tests.aws.account import ONCE

BALANCER = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/web/50dc6c495c0c9188"
UNTIL = datetime(2026, 4, 30, 15, 0, tzinfo=UTC)
HERE, THERE = "use1-az4", "use1-az2"
HOURS = timedelta(hours=3)


class Arc:
    """A real client whose answers are scripted: each is held against the service's model, each call too."""

    def __init__(self) -> None:
        self.client = client("arc-zonal-shift", ONCE)
        self.stub = Stubber(cast("BaseClient", self.client))
        self.router = ArcRouter(lambda: self.client)

    def knows(self, *shifts: dict[str, Any], autoshifts: tuple[dict[str, Any], ...] = ()) -> None:
        answer = {"arn": BALANCER, "appliedWeights": {}, "zonalShifts": [*shifts], "autoshifts": [*autoshifts]}
        self.stub.add_response("get_managed_resource", answer, {"resourceIdentifier": BALANCER})

    def starts(self) -> None:
        asked = {
            "resourceIdentifier": BALANCER,
            "awayFrom": HERE,
            "expiresIn": "180m",
            "comment": "Defib: zone us-east-1a is impaired",
        }
        begun = {**asked, "zonalShiftId": "shift-1", "startTime": UNTIL - HOURS, "expiryTime": UNTIL}
        begun["status"] = "ACTIVE"
        del begun["expiresIn"]
        self.stub.add_response("start_zonal_shift", begun, asked)

    def ends(self) -> None:
        ended = {**shifted(HERE), "status": "CANCELED"}
        del ended["appliedStatus"]
        self.stub.add_response("cancel_zonal_shift", ended, {"zonalShiftId": "shift-1"})

    def refuses(self, method: str, code: str, status: int = 400) -> None:
        self.stub.add_client_error(method, code, http_status_code=status)

    def start(self) -> Away:
        return self.router.start(BALANCER, HERE, HOURS, "zone us-east-1a is impaired")


def shifted(away_from: str, comment: str = "Defib: zone us-east-1a is impaired", **more: Any) -> dict[str, Any]:
    return {
        "zonalShiftId": "shift-1",
        "resourceIdentifier": BALANCER,
        "awayFrom": away_from,
        "comment": comment,
        "startTime": UNTIL - HOURS,
        "expiryTime": UNTIL,
        "appliedStatus": "APPLIED",
        **more,
    }


def autoshifted(away_from: str, status: str = "APPLIED") -> dict[str, Any]:
    return {"appliedStatus": status, "awayFrom": away_from, "startTime": UNTIL - HOURS}


@pytest.fixture
def arc(aws: None) -> Iterator[Arc]:
    found = Arc()
    with found.stub:
        yield found
    found.stub.assert_no_pending_responses()


def test_traffic_is_shifted_for_so_long(arc: Arc) -> None:
    arc.knows()
    arc.starts()

    assert arc.start() == Away("shifted away until 30 April 15:00 UTC", "shift-1", UNTIL)


@pytest.mark.parametrize(
    ("comment", "own"), [("Defib: zone us-east-1a is impaired", "shift-1"), ("maintenance by Ann", "")]
)
def test_what_is_shifted_already_is_not_shifted_again_and_only_what_is_defibs_is_its_to_end(
    arc: Arc, comment: str, own: str
) -> None:
    arc.knows(shifted(HERE, comment))

    away = arc.start()

    assert away.id == own
    assert "until 30 April 15:00 UTC" in away.detail


def test_a_practice_run_is_no_shift(arc: Arc) -> None:
    arc.knows(shifted(THERE, shiftType="PRACTICE_RUN"))
    arc.starts()

    assert arc.start().id == "shift-1"


def test_aws_own_autoshift_is_left_to_aws_and_nobody_knows_until_when(arc: Arc) -> None:
    arc.knows(autoshifts=(autoshifted(HERE),))

    away = arc.start()

    assert (away.id, away.until, away.held) == ("", None, False)
    assert "AWS has shifted it away by itself" in away.detail


def test_a_shift_never_takes_the_place_of_aws_own_autoshift_away_from_another_zone(arc: Arc) -> None:
    arc.knows(autoshifts=(autoshifted(THERE),))

    away = arc.start()

    assert away.held
    assert "AWS has shifted it away from use1-az2 by itself" in away.detail


def test_of_two_autoshifts_only_the_one_in_effect_keeps_traffic_away(arc: Arc) -> None:
    arc.knows(autoshifts=(autoshifted(THERE), autoshifted(HERE, "NOT_APPLIED")))
    arc.knows(autoshifts=(autoshifted(THERE, "NOT_APPLIED"), autoshifted(HERE)))

    waits, keeps = arc.start(), arc.start()

    assert waits.held
    assert "AWS has shifted it away from use1-az2 by itself" in waits.detail
    assert not keeps.held


def test_a_persons_shift_ends_when_they_have_said(arc: Arc) -> None:
    arc.knows(shifted(HERE, "Ann"))

    assert arc.start().until == UNTIL


def test_a_shift_away_from_another_zone_is_never_overridden(arc: Arc) -> None:
    arc.knows(shifted(THERE, "Ann"))

    with pytest.raises(Rejected, match="shifted away from use1-az2 until 30 April 15:00 UTC"):
        arc.start()


def test_a_load_balancer_that_arc_does_not_manage_is_refused_with_the_remedy(arc: Arc) -> None:
    arc.refuses("get_managed_resource", "ResourceNotFoundException", 404)

    with pytest.raises(Rejected, match=r"zonal_shift\.config\.enabled to true"):
        arc.start()


def test_where_arc_does_not_say_what_is_shifted_nothing_has_been(arc: Arc) -> None:
    arc.refuses("get_managed_resource", "InternalServerException", 500)

    with pytest.raises(Transient) as raised:
        arc.start()

    assert type(raised.value) is Transient


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("ConflictException", 409, Transient),
        ("ThrottlingException", 429, Transient),
        ("InternalServerException", 500, Unanswered),
        ("AccessDeniedException", 403, Rejected),
        ("ValidationException", 400, Rejected),
    ],
)
def test_errors_are_sorted_by_what_to_do_next(arc: Arc, code: str, status: int, kind: type[Exception]) -> None:
    arc.knows()
    arc.refuses("start_zonal_shift", code, status)

    with pytest.raises(kind) as caught:
        arc.start()
    assert type(caught.value) is kind


def test_defibs_own_shift_is_ended(arc: Arc) -> None:
    arc.knows(shifted(HERE))
    arc.ends()

    assert arc.router.end(BALANCER, HERE) == "its traffic goes to the zone again"


@pytest.mark.parametrize("code", ["ConflictException", "ResourceNotFoundException"])
def test_one_that_ends_by_itself_at_the_same_moment_is_ended(arc: Arc, code: str) -> None:
    arc.knows(shifted(HERE))
    arc.refuses("cancel_zonal_shift", code)

    assert arc.router.end(BALANCER, HERE) == "its traffic goes to the zone again"


def test_an_end_that_arc_refuses_is_an_error(arc: Arc) -> None:
    arc.knows(shifted(HERE))
    arc.refuses("cancel_zonal_shift", "AccessDeniedException", 403)

    with pytest.raises(Rejected):
        arc.router.end(BALANCER, HERE)


@pytest.mark.parametrize(
    ("shifts", "says"),
    [
        ([], "somebody had ended the shift before"),
        ([shifted(THERE)], "somebody had ended the shift before"),
        ([shifted(HERE, "Ann")], "left as it is: somebody else shifted it away, until 30 April 15:00 UTC"),
    ],
)
def test_what_others_shifted_or_ended_is_left_as_it_is(arc: Arc, shifts: list[dict[str, Any]], says: str) -> None:
    arc.knows(*shifts)

    assert says in arc.router.end(BALANCER, HERE)


@pytest.mark.parametrize("shifts", [[], [shifted(HERE)]], ids=["Defib's is over", "Defib's is on"])
def test_where_aws_keeps_the_traffic_away_nobody_says_that_it_goes_there_again(
    arc: Arc, shifts: list[dict[str, Any]]
) -> None:
    arc.knows(*shifts, autoshifts=(autoshifted(HERE, "NOT_APPLIED"),))
    if shifts:
        arc.ends()

    assert arc.router.end(BALANCER, HERE) == "Defib keeps it away no more; AWS does still, by itself (zonal autoshift)"


def test_the_client_has_what_is_used_of_it(arc: Arc) -> None:
    used = [name for name in vars(ArcClient) if not name.startswith("_")]

    assert used == ["get_managed_resource", "start_zonal_shift", "cancel_zonal_shift"]
    assert all(hasattr(arc.client, name) for name in used)
