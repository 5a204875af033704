"""Properties are tried with the same examples in every run; ``HYPOTHESIS_PROFILE=thorough`` draws others each time."""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("same", derandomize=True, database=None, deadline=None)
if os.environ.get("HYPOTHESIS_PROFILE") != "thorough":
    settings.load_profile("same")
