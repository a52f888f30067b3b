"""The sentence of each kind of fact, as a pattern: one table for each group of the vocabulary.

The catalogue of a language (`projections/locale`) has a pattern for each of them, because other languages order
words in another way.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from projections.sentences.kinds import (
    answer,
    costs,
    court,
    custody,
    customer,
    emergency,
    escalation,
    governance,
    order,
    preservation,
    rights,
    sharing,
    third_state,
)

PATTERNS: Final[Mapping[str, str]] = {
    kind: pattern
    for table in (
        *(order, third_state, preservation, answer, escalation, emergency, customer, custody, sharing, rights, court),
        *(governance, costs),
    )
    for kind, pattern in table.PATTERNS.items()
}
