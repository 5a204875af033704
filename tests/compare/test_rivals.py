from dataclasses import replace
from datetime import timedelta

import pytest

from sim.compare import defib
from sim.compare.fault_class import CLASSES, Wanted, class_named
from sim.compare.rivals.auto_recovery import AutomaticRecovery
from sim.compare.rivals.cloudwatch import CloudWatch
from sim.compare.rivals.custodian import Custodian, NoCustodian, Situation, remembered
from sim.compare.rivals.floor import Floor
from sim.compare.rivals.karpenter import Karpenter
from sim.compare.rivals.person import Person
from sim.compare.rivals.rival import Rival
from sim.compare.rivals.scaling_group import ScalingGroup
from sim.compare.run import one
from sim.compare.tables import LIMIT
from sim.compare.trial import Harm, Trial, summed
from sim.replay import POLICIES

GONE = {Harm.DATA_LOST, Harm.ADDRESS_LOST}


def tried(rival: Rival, fault: str, seed: int = 0) -> Trial:
    return one(rival, class_named(fault), seed)


def custodian() -> Custodian:
    return Custodian(remembered())


class TestCloudWatch:
    @pytest.mark.parametrize(
        ("fault", "heals"),
        [
            ("zombie", False),
            ("hung kernel", True),
            ("host fails", True),
            ("volumes out of reach", False),
            ("application down", False),
            ("stopped unasked", False),
            ("no capacity", False),
        ],
    )
    def test_heals_what_a_reboot_or_a_recovery_cures(self, fault: str, heals: bool) -> None:
        assert (tried(CloudWatch(), fault).serves_again is not None) is heals

    def test_recovery_keeps_the_public_address(self) -> None:
        trial = tried(CloudWatch(), "public address")
        assert trial.serves_again is not None
        assert not trial.harms

    def test_reboots_the_last_server_for_a_check_that_lies(self) -> None:
        assert tried(CloudWatch(), "last healthy target").harms == {Harm.NEEDLESS, Harm.BELOW_MINIMUM}

    def test_one_failed_sample_is_not_enough(self) -> None:
        assert tried(CloudWatch(), "false alarm").acts == ()

    def test_a_zombie_is_rebooted_once_an_alarm(self) -> None:
        assert tried(CloudWatch(), "zombie").acts == ("reboot",)


class TestAutomaticRecovery:
    @pytest.mark.parametrize(
        ("fault", "acts"),
        [("host fails", ("recover",)), ("zombie", ()), ("hung kernel", ()), ("local disks", ()), ("no capacity", ())],
    )
    def test_moves_only_what_has_lost_its_host(self, fault: str, acts: tuple[str, ...]) -> None:
        assert tried(AutomaticRecovery(), fault).acts == acts

    def test_is_tried_once_a_failure_and_people_are_told(self) -> None:
        full = class_named("no capacity")
        room_soon = replace(full, faults=tuple(replace(f, lasts=f.lasts and f.lasts / 3) for f in full.faults))
        trial = one(AutomaticRecovery(), room_soon, 0)
        assert (trial.acts, trial.serves_again) == ((), None)
        assert trial.told is not None


class TestScalingGroup:
    @pytest.mark.parametrize(
        "fault", ["zombie", "volumes out of reach", "application down", "dead on arrival", "no capacity"]
    )
    def test_replaces_and_with_that_loses_disks_and_addresses(self, fault: str) -> None:
        trial = tried(ScalingGroup(), fault)
        assert trial.serves_again is not None
        assert trial.harms == GONE

    def test_launches_before_it_terminates(self) -> None:
        assert tried(ScalingGroup(), "zombie").acts == ("launch", "terminate")

    def test_replaces_what_a_person_has_stopped(self) -> None:
        assert Harm.OVERRULED in tried(ScalingGroup(), "stopped by a person").harms

    def test_waits_for_a_key_that_new_volumes_need_too(self) -> None:
        trial = tried(ScalingGroup(), "failing key")
        assert trial.serves_again is not None
        assert trial.serves_again > timedelta(minutes=15)


class TestKarpenter:
    @pytest.mark.parametrize(
        ("fault", "heals"), [("zombie", True), ("volumes out of reach", False), ("application down", False)]
    )
    def test_sees_the_system_and_the_instance_check(self, fault: str, heals: bool) -> None:
        assert (tried(Karpenter(), fault).serves_again is not None) is heals

    def test_terminates_the_last_server_without_regard(self) -> None:
        assert Harm.BELOW_MINIMUM in tried(Karpenter(), "last healthy target").harms

    def test_gives_up_a_node_whose_retirement_is_announced(self) -> None:
        trial = tried(Karpenter(), "retirement")
        assert Harm.NEEDLESS in trial.harms
        assert trial.serves_again is not None
        assert trial.serves_again < timedelta(minutes=5)

    def test_tells_nobody(self) -> None:
        assert tried(Karpenter(), "zombie").told is None


class TestCustodian:
    @pytest.mark.parametrize(
        ("fault", "heals"),
        [("zombie", True), ("stopped unasked", True), ("no capacity", True), ("stuck stopping", False)],
    )
    def test_stops_and_starts(self, fault: str, heals: bool) -> None:
        assert (tried(custodian(), fault).serves_again is not None) is heals

    def test_erases_local_disks(self) -> None:
        assert tried(custodian(), "local disks").harms == {Harm.DATA_LOST}

    def test_leaves_what_a_person_has_stopped(self) -> None:
        assert tried(custodian(), "stopped by a person").acts == ()

    def test_a_situation_that_it_never_was_in_has_no_answer(self) -> None:
        never = Situation("shutting-down", "never", up=True, marked=True, refuse="", points=(1,) * 9)
        with pytest.raises(NoCustodian, match="never asked"):
            remembered()(never)


class TestPerson:
    def test_takes_about_the_original_hour(self) -> None:
        found = [tried(Person(), "zombie", seed).serves_again for seed in range(4)]
        assert all(took is not None and timedelta(minutes=40) < took < timedelta(minutes=80) for took in found)

    @pytest.mark.parametrize("fault", ["false alarm", "last healthy target", "stopped by a person"])
    def test_touches_nothing_that_works_or_that_somebody_stopped(self, fault: str) -> None:
        assert tried(Person(), fault).acts == ()


class TestDefib:
    @pytest.mark.parametrize("fault", [c.name for c in CLASSES if c.in_memory and c.wanted.value == "heal"])
    def test_heals_without_harm(self, fault: str) -> None:
        trial = defib.in_memory(class_named(fault), 0)
        assert trial.serves_again is not None
        assert trial.harms == frozenset()

    @pytest.mark.parametrize("fault", [c.name for c in CLASSES if c.wanted is Wanted.HEAL])
    def test_wastes_at_most_a_tenth_of_the_time_until_all_serve_again(self, fault: str) -> None:
        found = class_named(fault)
        if found.in_memory:
            row = summed([defib.in_memory(found, seed) for seed in range(5)])
        else:
            row = summed([defib.replayed(found, 0)[0]])
        assert row.waste is not None
        assert row.waste.median <= LIMIT

    def test_counts_what_it_leaves_to_ec2_both_ways_where_it_is_replayed(self) -> None:
        trial, _ = defib.replayed(class_named("host fails"), 0)
        assert trial.waste is not None
        assert trial.waste_with_grace is not None
        assert trial.waste <= LIMIT < trial.waste_with_grace

    @pytest.mark.parametrize("fault", ["local disks", "public address"])
    def test_destroys_nothing_and_asks(self, fault: str) -> None:
        trial = defib.in_memory(class_named(fault), 0)
        assert trial.harms == frozenset()
        assert trial.told is not None

    @pytest.mark.parametrize("fault", ["false alarm", "last healthy target", "stopped by a person"])
    def test_leaves_alone_what_needs_nothing(self, fault: str) -> None:
        assert defib.in_memory(class_named(fault), 0).acts == ()

    @pytest.mark.parametrize("seed", range(5))
    def test_restarts_a_dead_application_at_once_where_the_policy_says_so(self, seed: int) -> None:
        trial = defib.in_memory(class_named("application down"), seed)
        assert trial.harms == frozenset()
        assert trial.waste is not None
        assert trial.waste <= 0.10

    def test_goes_by_another_policy_where_one_is_given(self) -> None:
        pool = POLICIES / "pool.toml"
        hasty, patient = (defib.in_memory(class_named("application down"), 0, policy) for policy in (None, pool))
        assert patient.serves_again is not None
        assert hasty.serves_again is not None
        # Its patience, and up to a minute until the next sweep, for which the other does not wait.
        assert timedelta(minutes=3) <= patient.serves_again - hasty.serves_again < timedelta(minutes=4)


class TestFloor:
    @pytest.mark.parametrize("fault", ["zombie", "hung kernel", "host fails", "stopped unasked", "no capacity"])
    def test_is_below_defib(self, fault: str) -> None:
        floor, ours = tried(Floor(), fault).serves_again, defib.in_memory(class_named(fault), 0).serves_again
        assert floor is not None
        assert ours is not None
        assert floor <= ours


class TestTheSameSeed:
    @pytest.mark.parametrize("rival", [ScalingGroup(), Person()], ids=lambda rival: rival.name)
    def test_gives_the_same_trial(self, rival: Rival) -> None:
        assert tried(rival, "zombie", 7) == tried(rival, "zombie", 7)

    def test_gives_the_same_of_defib(self) -> None:
        zombie = class_named("zombie")
        assert defib.in_memory(zombie, 7) == defib.in_memory(zombie, 7)

    def test_another_gives_another(self) -> None:
        assert tried(Person(), "zombie", 7) != tried(Person(), "zombie", 8)
