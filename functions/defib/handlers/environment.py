"""What the deployment tells a function: one frozen value, read at its first invocation and never at import."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from defib.core.frozen import dataclass, replace
from defib.core.parse import parse
from defib.core.policy import Policy


class MissingVariable(KeyError):
    """The deployment did not set an environment variable that this function needs."""

    def __str__(self) -> str:
        return str(self.args[0])


@dataclass(frozen=True, slots=True)
class Environment:
    """The variables that infra/ sets. Each raises MissingVariable when asked for but not set."""

    variables: Mapping[str, str]

    @classmethod
    def read(cls) -> Environment:
        """The environment of this process as it is now."""
        return cls(dict(os.environ))

    def policy(self) -> Policy:
        """The operator's file, and where it holds. Raises what ``parse`` raises, though synth has parsed it before."""
        path = Path(self._value("LAMBDA_TASK_ROOT")) / self._value("DEFIB_POLICY")
        return replace(parse(path.read_text(encoding="utf-8")), region=self.region)

    @property
    def region(self) -> str:
        """Lambda's own variable (Lambda Developer Guide, Defined runtime environment variables)."""
        return self._value("AWS_REGION")

    @property
    def table(self) -> str:
        return self._value("DEFIB_TABLE")

    @property
    def signals_queue(self) -> str:
        return self._value("DEFIB_SIGNALS_QUEUE")

    @property
    def orders_queue(self) -> str:
        return self._value("DEFIB_ORDERS_QUEUE")

    @property
    def evidence_queue(self) -> str:
        return self._value("DEFIB_EVIDENCE_QUEUE")

    @property
    def notices_queue(self) -> str:
        return self._value("DEFIB_NOTICES_QUEUE")

    @property
    def set_aside_queues(self) -> tuple[str, ...]:
        return tuple(self._value("DEFIB_SET_ASIDE_QUEUES").split())

    @property
    def evidence_bucket(self) -> str:
        return self._value("DEFIB_EVIDENCE_BUCKET")

    @property
    def incidents_topic(self) -> str:
        return self._value("DEFIB_INCIDENTS_TOPIC")

    @property
    def alerts_topic(self) -> str:
        return self._value("DEFIB_ALERTS_TOPIC")

    @property
    def chat_topics(self) -> Mapping[str, str]:
        """The ARN of each topic that a chat channel subscribes to, by contact; none while no contact has a chat."""
        pairs = (pair.partition("=") for pair in self.variables.get("DEFIB_CHAT_TOPICS", "").split(",") if pair)
        return {name: arn for name, _, arn in pairs}

    @property
    def status_page(self) -> str:
        """The address of the status page; empty where there is none."""
        return self.variables.get("DEFIB_STATUS_PAGE", "")

    @property
    def page_queue(self) -> str:
        """Empty where there is no status page."""
        return self.variables.get("DEFIB_PAGE_QUEUE", "")

    @property
    def page_bucket(self) -> str:
        return self._value("DEFIB_PAGE_BUCKET")

    @property
    def page_url(self) -> str:
        return self._value("DEFIB_PAGE_URL")

    @property
    def subscribers_topic(self) -> str:
        """Empty where customers can't subscribe."""
        return self.variables.get("DEFIB_SUBSCRIBERS_TOPIC", "")

    @property
    def subscribing_topic(self) -> str:
        """The same, for the form, which is of no use without."""
        return self._value("DEFIB_SUBSCRIBERS_TOPIC")

    @property
    def subscribe_at(self) -> str:
        """Where the page's form is sent; empty where there is none."""
        return self.variables.get("DEFIB_SUBSCRIBE_AT", "")

    @property
    def stashboard_secret(self) -> str:
        return self._value("DEFIB_STASHBOARD_SECRET")

    @property
    def answers_secret(self) -> str:
        return self._value("DEFIB_ANSWERS_SECRET")

    @property
    def answers_url(self) -> str:
        """Where links lead, without a slash at its end; empty where e-mails carry none."""
        return self.variables.get("DEFIB_ANSWERS_URL", "")

    @property
    def page_copy(self) -> str:
        """The bucket in another Region that keeps a copy; empty where none does."""
        return self.variables.get("DEFIB_PAGE_COPY", "")

    @property
    def other_page(self) -> str:
        """The name, in the policy, of the page that this function tells."""
        return self._value("DEFIB_OTHER_PAGE")

    @property
    def other_page_secret(self) -> str:
        return self._value("DEFIB_OTHER_PAGE_SECRET")

    @property
    def other_page_queues(self) -> tuple[str, ...]:
        """Of all pages that follow this one, or of the one that this function tells; empty where none follows."""
        return tuple(self.variables.get("DEFIB_OTHER_PAGE_QUEUES", "").split())

    @property
    def kill_switch(self) -> str:
        return self._value("DEFIB_KILL_SWITCH")

    def _value(self, name: str) -> str:
        value = self.variables.get(name, "")
        if not value:
            raise MissingVariable(f"the environment variable {name} is not set; infra/ grants and names what it is for")
        return value
