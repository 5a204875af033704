"""The CDK app: ``defib.toml`` in, one stack out; needs no network, account or Docker.

Context: ``-c policy=FILE``, ``-c lambda_platform=TAG -c lambda_python=X.Y``, ``-c metric_math=false``.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "functions"))

from infra.assembly import from_context
from infra.operator_error import OperatorError

if __name__ == "__main__":
    try:
        from_context()
    except OperatorError as error:
        sys.exit(str(error))
