"""The cases that a long test tries: a sample, another for each SEED; with FULL=1 all of them.

`make test` tries a quarter of the examples of a property, and `make slow` all of them.
"""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from typing import Any

from hypothesis import settings

SEED = os.environ.get("SEED") or "0"  # any word


def sampled(everything: Sequence[int], part: int) -> Sequence[int]:
    """Return one in `part` of these, at least one if there is any, in their order; all of them with FULL=1."""
    if os.environ.get("FULL") or not everything:
        return everything
    return sorted(random.Random(SEED).sample(everything, -(-len(everything) // part)))


def examples(whole: int, **more: Any) -> settings:
    """Return the settings of a property with `whole` examples in `make slow`, and a quarter of them in `make test`."""
    return settings(max_examples=-(-whole // 4) if settings.get_current_profile_name() == "sample" else whole, **more)
