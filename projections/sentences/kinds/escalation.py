"""The sentences of the kinds on the next step, and enforcement."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

PATTERNS: Final[Mapping[str, str]] = {
    "escalated-to-article8": (
        "{who} turned to the other State under article 8 of the Second Additional Protocol.[ Still wanted: {elements}.]"
    ),
    "escalated-to-mutual-assistance": "{who} turned to mutual assistance[ ({treaty})].[ Still wanted: {elements}.]",
    "enforcement-requested": "{who} asked {enforcing_authority} to enforce the order[; enclosed: {includes}].",
    "recognition-decided": "{who} <decision=recognised:recognised|denied:refused to recognise> the order[: {grounds}].",
    "addressee-objected": "{who} objected to the enforcement of the order[: {grounds}].",
    "compliance-ordered": (
        "{who} required the addressee to comply until {new_due}[; it informed the addressee of: {includes}]."
    ),
    "decision-notified": "{who} notified [{recipients} of ]a decision[ ({about})].",
    "penalty-imposed": "{who} imposed a penalty on the addressee[: {amount}].",
}
