"""What the operator must mend before a synth can go on."""

from __future__ import annotations


class OperatorError(Exception):
    """The message is all that the operator needs to see; no traceback."""
