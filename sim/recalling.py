"""Makes moto and botocore quick: at every call they work out what depends on nothing but a name.

Which methods a class has, a name in snake case, a part of the user agent without forbidden characters.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from unittest.mock import patch

from botocore import useragent
from moto.core import responses
from moto.sqs import models as sqs

_KNOWN = (
    (responses, "camelcase_to_underscores"),
    (responses, "method_names_from_class"),
    (sqs, "camelcase_to_underscores"),
    (useragent, "sanitize_user_agent_string_component"),
)
"""Each a function of its arguments alone, of which there are as many as operations, services and versions."""
_RECALLED = tuple((module, name, cache(getattr(module, name))) for module, name in _KNOWN)


@contextmanager
def quick() -> Iterator[None]:
    """Within it, each is worked out once, and then known to the end of the process."""
    with ExitStack() as stack:
        for module, name, recalled in _RECALLED:
            stack.enter_context(patch.object(module, name, recalled))
        yield
