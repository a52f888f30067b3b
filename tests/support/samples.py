"""What a long test tries of all there is to try: a sample, another for each SEED; with FULL=1 all of it."""

from __future__ import annotations

import os
import random
from collections.abc import Sequence

SEED = int(os.environ.get("SEED") or "0")


def sampled(everything: Sequence[int], part: int) -> Sequence[int]:
    """One in `part` of these, at least one if there is any, in their order; all of them with FULL=1."""
    if os.environ.get("FULL") or not everything:
        return everything
    return sorted(random.Random(SEED).sample(everything, -(-len(everything) // part)))
