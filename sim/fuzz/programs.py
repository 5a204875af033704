"""What speaks to the page by the Stashboard API: programs that post on it, and programs that change it."""

from __future__ import annotations

from functools import partial

from defib.core.policy import Policy
from defib.shell.ports import Clock
from sim.fuzz.api import Api, told
from sim.fuzz.edits import Editors
from sim.fuzz.invariants.board import BoardJudge
from sim.fuzz.onward import Queues
from sim.fuzz.outside import Outside
from sim.fuzz.posts import Posters
from sim.memory.board import FakeBoardStore
from sim.memory.page import FakePageStore


class Programs:
    """All of them, and the judge that hears what they are answered."""

    def __init__(
        self,
        policy: Policy,
        clock: Clock,
        page: FakePageStore,
        queues: Queues,
        outside: Outside,
        judge: BoardJudge,
    ) -> None:
        board = FakeBoardStore(page)
        self._api = api = Api(policy, clock, board, queues, outside, judge.answered)
        self.post = Posters(policy, clock, api).post
        self.edit = Editors(clock, api).edit
        self._clock, self._board, self._judge = clock, board, judge
        self.redeploy(policy)

    def redeploy(self, policy: Policy) -> None:
        """From now on the API answers by another policy."""
        self._api.policy = policy
        self._judge.read = partial(told, policy, self._clock, self._board)
