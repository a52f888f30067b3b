"""The sentences of the kinds on the authorities of the other State."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

PATTERNS: Final[Mapping[str, str]] = {
    "notification-sent": "{who} notified {notified_authority} of the order[; enclosed: {includes}].",
    "notification-received": "{who} received the notification.",
    "consultation-opened": "{who} consulted {consulted}[; topic: {topic}].",
    "consultation-concluded": "{who} ended the consultation[ ({about})]: {outcome}.",
    "no-ground-confirmed": "{who} confirmed that it raises no (further) ground for refusal.",
    "non-disclosure-instructed": (
        "{who} instructed the provider not to disclose <scope=all:any data|part:part of the data>[ "
        "({elements})]. Ground: {ground}."
    ),
    "instruction-reasons-given": "{who} gave the contact authority the reasons for its instruction[ ({about})].",
    "instruction-lifted": "{who} took back its instruction not to disclose[ ({about})].",
    "ground-for-refusal-raised": (
        "{who} raised a ground for refusal against <scope=all:all data|part:part of the data|conditions:use "
        "without conditions>[ ({elements})][: {grounds}]."
    ),
    "waiver-requested": (
        "{who} asked[ {asked_of}] for the waiver of an immunity or a privilege. Power to waive: {holder}."
    ),
    "waiver-decided": "{who} <decision=waived:waived|not-waived:did not waive> the immunity or the privilege.",
    "condition-imposed": "{who} allowed use only under a condition: {condition_code}.[ It binds: {elements}.]",
    "condition-accepted": "{who} accepted the condition[ ({about})].",
    "condition-declined": "{who} declared that it cannot comply with the condition[ ({about})].",
    "use-explained": "{who} explained how it used the data.",
    "request-accepted": "{who} took on the request, which was complete on {complete_at}.",
    "execution-postponed": "{who} postponed the execution[ until {until}].",
    "request-refused": "{who} refused the request: {ground}.",
}
