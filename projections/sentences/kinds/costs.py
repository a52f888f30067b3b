"""The sentences of the kinds on costs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

PATTERNS: Final[Mapping[str, str]] = {
    "costs-claimed": "{who} claimed costs of {amount} {currency}.",
    "costs-reimbursed": (
        "{who} <amount=0:declined to reimburse the costs|*:reimbursed costs of {amount} {currency}>[ ({claim})]."
    ),
}
