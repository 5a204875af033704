"""Makes moto's answers quick: for each member of each value it tries every alias that an object might have.

DynamoDB's values are plain dicts, which have none: the name as it is, or in snake case, is all that moto would find.
An item's attributes are already what goes over the wire, but for bytes: an incident of hundreds of instances has
thousands, each of which moto would ask for every type that an attribute may be of.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from botocore import xform_name
from moto.core.model import StructureShape
from moto.core.serialize import AttributePicker, AttributePickerContext, BaseJSONSerializer

ATTRIBUTE = "AttributeValue"
"""The shape of an item's attributes (Amazon DynamoDB API Reference)."""


@contextmanager
def quick() -> Iterator[None]:
    """Within it, members of plain dicts are found without a search, and attributes are passed on as they are."""
    search, structure = AttributePicker.__call__, BaseJSONSerializer._serialize_type_structure  # noqa: SLF001  # moto's

    def pick(picker: AttributePicker, context: AttributePickerContext) -> Any:
        found = context.obj
        if type(found) is not dict or picker.response_transformers:
            return search(picker, context)
        if context.key in found:
            return found[context.key]
        return found.get(xform_name(context.key))

    def pass_on(serializer: BaseJSONSerializer, into: Any, value: Any, shape: StructureShape, key: str) -> None:
        if shape.name == ATTRIBUTE and type(value) is dict:
            serializer._default_serialize(into, _on_the_wire(value), shape, key)  # noqa: SLF001  # as above
        else:
            structure(serializer, into, value, shape, key)

    with (
        patch.object(AttributePicker, "__call__", pick),
        patch.object(BaseJSONSerializer, "_serialize_type_structure", pass_on),
    ):
        yield


def _on_the_wire(value: Any) -> Any:
    """Bytes are written in base64."""
    if type(value) is dict:
        return {name: _on_the_wire(inner) for name, inner in value.items()}
    if type(value) is list:
        return [_on_the_wire(inner) for inner in value]
    return base64.b64encode(value).decode() if type(value) is bytes else value
