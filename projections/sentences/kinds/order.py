"""The sentences of the kinds on the order and its service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

PATTERNS: Final[Mapping[str, str]] = {
    "order-drafted": "{who} put a draft of {instrument} on file, addressed to {to_party}.",
    "order-supervised": (
        "{who} ({capacity}) supervised the making of the order and <decision=approved:approved "
        "it|refused:refused to approve it>."
    ),
    "order-validated": "{who} ({capacity}) <decision=approved:validated|refused:refused to validate> the order.",
    "protection-examined": (
        "{who} examined whether the data are protected[, after consulting {consulted}].[ Result: {protected_by}.]"
    ),
    "order-issued": (
        "{who} issued {instrument}, addressed to [{providers} in ]{to_party}[, number {reference}][, in case "
        "{case_ref}].<emergency=yes: It was issued as an emergency.>[ It asks for: {elements_sought}.]"
    ),
    "order-transmitted": (
        "{who} sent the order to {addressee} {channel}.[ The decentralised IT system was not used: "
        "{alternative_ground}.]"
    ),
    "alternative-transmission-recorded": (
        "{who} recorded in the decentralised IT system that {reference} ({size:bytes}) was sent to "
        "{recipient} on {sent_on} by other means."
    ),
    "order-received": (
        "{who} <acting=ISS:recorded that the order had arrived|*:received the order><proper_addressee=no: at "
        "a place that is not the designated one>.[ The time of arrival rests on: {proof_kind}.]"
    ),
    "duplicate-service-recorded": (
        "{who} recorded that the same order arrived a second time[ {channel}] on {second_on}."
    ),
    "receipt-disputed": "{who} disputed the time of arrival[ in {about}] and stated {claimed_on} instead.",
    "authenticity-questioned": "{who} questioned whether the order is genuine[ ({about})]: {doubt}.",
    "authenticity-confirmed": "{who} confirmed {method} that the order is genuine[ ({about})].",
    "order-repudiated": "{who} declared that it did not make the order[ ({about})]: {finding}.",
    "order-referred-back": (
        "{who} referred the order back for clarification[: {reason_codes}].<data_preserved=yes: The data are "
        "kept meanwhile.>"
    ),
    "form-received": "{who} received the form that was sent to it[ by {about}].",
    "additional-information-requested": (
        "{who} asked {asked_of} for more information<asks_consent_to_share=yes: and for consent to show the "
        "reply to the provider>."
    ),
    "additional-information-provided": (
        "{who} answered the request for information[ ({answers})]<may_share_with_provider=yes:; the provider "
        "may see the reply>."
    ),
    "order-corrected": (
        "{who} corrected the order[ ({corrects})]<material=no: without a change of what must be done>.[ It "
        "now asks for: {elements_sought}.]"
    ),
    "order-adapted": "{who} narrowed the order[ ({adapts})][; cause: {cause}].[ It now asks for: {elements_sought}.]",
    "order-maintained": "{who} maintained the order after an objection[ ({answers})].",
    "impossibility-concluded": (
        "{who} concluded that it is impossible to execute the order, and that it need not be executed."
    ),
    "order-withdrawn": "{who} withdrew the order[ (reason: {reason})]; {data_handling}.",
    "withdrawal-confirmed": (
        "{who} confirmed that the withdrawal arrived<stopped=yes:; the order is not executed|no:; the "
        "execution was not stopped>."
    ),
    "order-closed": "{who} closed the file: {outcome}.",
}
