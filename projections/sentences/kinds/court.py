"""The sentences of the kinds on the court and the defence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

PATTERNS: Final[Mapping[str, str]] = {
    "defence-bundle-issued": "{who} gave the defence a bundle[; it holds: {includes}].",
    "defence-challenge-filed": "{who} challenged the evidence[ on: {criteria}].",
    "expert-verification-performed": "{who} repeated the check with {tool}, version {tool_version}: {result}.",
    "court-ruled": "{who} ruled[ on {about}]: {ruling}.",
    "report-issued": "{who} made a report from the record: {report}, as of {as_of}.",
    "bundle-issued": (
        "{who} handed entries of the order, with proofs, to {recipient}[ (entries {first_entry} to {last_entry})]."
    ),
    "counterparty-record-received": "{who} received entry {index} of the record {origin}. Its check: {proof_check}.",
}
