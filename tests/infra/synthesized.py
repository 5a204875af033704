"""The template as tests ask about it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Statement = dict[str, Any]
Properties = dict[str, Any]


@dataclass(frozen=True)
class Synthesized:
    """A synthesized template; values are as CloudFormation gets them, references unresolved."""

    template: dict[str, Any]
    assembly: Path

    @classmethod
    def load(cls, assembly: Path, name: str) -> Synthesized:
        return cls(json.loads((assembly / name).read_text()), assembly)

    def of(self, kind: str) -> dict[str, Properties]:
        """Properties of each resource of the type, by logical id."""
        found = {key: body for key, body in self.template["Resources"].items() if body["Type"] == kind}
        return {key: body.get("Properties", {}) for key, body in found.items()}

    def one(self, kind: str, part: str = "") -> Properties:
        """The one resource of the type whose logical id holds ``part``."""
        (properties,) = (properties for key, properties in self.of(kind).items() if part in key)
        return properties

    def id_of(self, kind: str, part: str) -> str:
        (found,) = (key for key in self.of(kind) if part in key)
        return found

    def function(self, name: str) -> Properties:
        handler = f"defib.handlers.{name}.lambda_handler"
        (found,) = (f for f in self.of("AWS::Lambda::Function").values() if f["Handler"] == handler)
        return found

    def statements(self, function: str) -> list[Statement]:
        """All that the function's role allows, inline and attached."""
        (role, _) = self.function(function)["Role"]["Fn::GetAtt"]
        return list(self._of_role(role))

    def roles(self) -> dict[str, list[Statement]]:
        return {role: list(self._of_role(role)) for role in self.of("AWS::IAM::Role")}

    def _of_role(self, role: str) -> Iterator[Statement]:
        for policy in self.of("AWS::IAM::Role")[role].get("Policies", []):
            yield from policy["PolicyDocument"]["Statement"]
        for attached in self.of("AWS::IAM::Policy").values():
            if {"Ref": role} in attached["Roles"]:
                yield from attached["PolicyDocument"]["Statement"]


def listed(value: object) -> list[Any]:
    """IAM's one-or-many as many."""
    return value if isinstance(value, list) else [value]
