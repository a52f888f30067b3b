"""The sentences of the kinds on passing data on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

PATTERNS: Final[Mapping[str, str]] = {
    "shared-domestically": "{who} passed data on to {recipient} for {purpose_code}[: {elements}].",
    "onward-transfer-authorisation-requested": (
        "{who} asked whether data may go to {recipient_party} for {purpose_code}[: {elements}]."
    ),
    "onward-transfer-authorisation-granted": "{who} authorised the onward transfer[ ({about})].",
    "onward-transfer-authorisation-refused": "{who} did not authorise the onward transfer[ ({about})].",
    "onward-transferred": "{who} transferred data to {recipient_party}[ (office: {recipient_office})][: {elements}].",
}
