"""Makes moto's answers quick: for each member of each value it tries every alias that an object might have.

DynamoDB's values are plain dicts, which have none: the name as it is, or in snake case, is all that moto would find.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from botocore import xform_name
from moto.core.serialize import AttributePicker, AttributePickerContext


@contextmanager
def quick() -> Iterator[None]:
    """Within it, members of plain dicts are found without a search."""
    search = AttributePicker.__call__

    def pick(picker: AttributePicker, context: AttributePickerContext) -> Any:
        found = context.obj
        if type(found) is not dict or picker.response_transformers:
            return search(picker, context)
        if context.key in found:
            return found[context.key]
        return found.get(xform_name(context.key))

    with patch.object(AttributePicker, "__call__", pick):
        yield
