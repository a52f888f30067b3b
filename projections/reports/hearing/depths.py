"""The depths of a hearing bundle, without the modules that make one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

Depth = Literal["simple", "detailed", "diagnostic"]
DEPTHS: Final[Sequence[Depth]] = ("simple", "detailed", "diagnostic")
