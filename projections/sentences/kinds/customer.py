"""The sentences of the kinds on the notice to the customer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

PATTERNS: Final[Mapping[str, str]] = {
    "confidentiality-requested": "{who} asked that the customer not be informed[ until {until}].",
    "confidentiality-ordered": (
        "{who} <acting=CT:forbade to inform the customer|*:recorded that it is forbidden to inform the "
        "customer>[ until {until}]. Basis: {confidentiality_basis}."
    ),
    "customer-notification-delayed": (
        "{who} delayed the notice to the person[: {grounds}]. The ground is reviewed on {review_on}."
    ),
    "customer-notification-delay-extended": (
        "{who} extended the delay of the notice to the person[: {grounds}].<reassessed=no: The ground was not "
        "examined afresh.> The ground is reviewed on {review_on}."
    ),
    "customer-notification-omitted": "{who} decided that the person will not be informed[: {grounds}].",
    "customer-notification-delay-lifted": (
        "{who} ended the delay of the notice[ ({about})]; the person is now to be informed."
    ),
    "customer-notified": "{who} informed the person {channel}[ of: {includes}].",
    "customer-notified-contrary-to-confidentiality": (
        "{who} recorded that the customer was informed against the confidentiality<admitted=yes:; the "
        "provider says so itself|no:; the provider did not say so itself>."
    ),
    "notice-requirement-communicated": (
        "{who} communicated that its law requires the person to be informed[ ({legal_basis})]. Contact: {contact}."
    ),
    "restriction-status-asked": "{who} asked whether it is still barred to inform the person.",
    "restriction-status-answered": (
        "{who} answered that it is <still_restricted=yes:still|no:no longer> barred to inform the person[ "
        "until {until}]."
    ),
    "controller-informed": "{who} informed the controller of the production of data.",
}
