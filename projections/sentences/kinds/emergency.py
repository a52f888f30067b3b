"""The sentences of the kinds on emergencies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

PATTERNS: Final[Mapping[str, str]] = {
    "emergency-declared": "{who} declared an emergency. In danger: {threat}.",
    "oral-request-made": (
        "{who} made the request by word of mouth to {spoke_to}<confirmation_demanded=yes:; a confirmation in "
        "writing is asked for>."
    ),
    "request-confirmed-in-writing": "{who} confirmed the request in writing[ ({confirms})].",
    "determination-given": "{who} informed the requesting side: {result}.",
    "emergency-reassessed": (
        "{who} looked at the emergency again: {outcome}, from {effective_at} "
        "on.<known_false_at_declaration=yes: The declared facts were known to be untrue.>"
    ),
    "ex-post-validation-sought": "{who} asked {asked_of} for validation after the fact.",
    "ex-post-validation-granted": "{who} ({capacity}) granted the validation after the fact[ ({about})].",
    "ex-post-validation-refused": "{who} ({capacity}) refused the validation after the fact[ ({about})].",
    "emergency-request-formalised": "{who} sent the request again in its formal form, {channel}[, number {reference}].",
}
