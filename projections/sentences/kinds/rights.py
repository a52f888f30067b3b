"""The sentences of the kinds on rights of the person, oversight and security."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

PATTERNS: Final[Mapping[str, str]] = {
    "access-requested": "{who} recorded that a person asks for access to the data about that person.",
    "access-granted": "{who} gave the person access[: {includes}].",
    "access-restricted": (
        "{who} refused or limited the access of the person[: {grounds}].<redress_info=no: The person was not "
        "informed how to seek redress.>"
    ),
    "rectification-requested": "{who} recorded that a person asks for data to be put right[ ({about})].",
    "rectification-made": "{who} put data right[ ({about})]: {mode}.",
    "rectification-refused": (
        "{who} refused to put data right[ ({answers})].<redress_info=no: The person was not informed how to "
        "seek redress.>"
    ),
    "supplementary-statement-added": "{who} added a statement to {about|an earlier entry|an earlier entry}.",
    "erasure-requested": "{who} recorded that a person asks for data to be erased.",
    "erasure-decided": "{who} decided on the request to erase[ ({answers})]: {decision}.",
    "reply-period-extended": "{who} extended the time for the answer to a person and informed the person[: {grounds}].",
    "remedy-sought": "{who} recorded that a person seeks a remedy: {forum}[ in {in_party}].",
    "remedy-decided": "{who} decided on the remedy[ ({about})]: {decision}.",
    "retention-rule-set": "{who} fixed that the data are kept[ for {period}]; the need is reviewed on {review_on}.",
    "retention-reviewed": "{who} reviewed the need to keep the data: {decision}[; the next review is on {review_on}].",
    "retention-expired": "{who} recorded that the time for keeping the data is over.",
    "payload-key-destroyed": "{who} destroyed a key to sealed values ({cause}); the values cannot be opened any more.",
    "processing-restricted": "{who} locked data against processing[ ({about})]: {cause}.",
    "restriction-released": "{who} lifted the lock on the data[ ({about})].",
    "purpose-recorded": "{who} recorded the purpose of the data in case {case_ref}: {purpose_code}.",
    "use-recorded": "{who} used data in case {case_ref} for {purpose_code}[: {elements}].",
    "further-use-decided": (
        "{who} <decision=allowed:allowed|refused:refused> the use of the data in case {case_ref}[ ({legal_basis})]."
    ),
    "data-quality-noted": "{who} noted on the reliability of data: {quality}[ ({elements})].",
    "sensitive-data-flagged": (
        "{who} found specially protected data[ ({elements})][: {special_category}].[ Safeguard: {safeguard}.]"
    ),
    "incorrect-transmission-notified": (
        "{who} informed {recipients|the recipients|the recipients} of an error in data that were sent[ "
        "({about})]: {error}."
    ),
    "automated-decision-declared": (
        "{who} declared that a decision rests on automated means alone ({legal_basis|provision not "
        "stated|provision not stated}); {human_reviewer} reviews it."
    ),
    "record-accessed": "{who} read the record ({view}) for {purpose_code}.",
    "security-incident-detected": "{who} became aware of a security incident on {aware_at}: {incident_kind}.",
    "incident-assessed": "{who} assessed the harm of the incident[ ({about})]: {risk}.",
    "mitigation-taken": "{who} acted against the harm of the incident[ ({about})]: {measure}.",
    "incident-notified-to-transferring-party": (
        "{who} informed {notified_authority}, on whose side the data came from, of the incident[ ({about})]."
    ),
    "incident-notified-to-individual": "{who} informed the person concerned of the incident[ ({about})] {channel}.",
    "incident-notified-to-authority": (
        "{who} informed the supervisory authority {notified_authority} of the incident[ "
        "({about})]<phased=yes:; more will follow>."
    ),
    "incident-notice-delayed": (
        "{who} delayed a notice of the incident[ ({about})][: {grounds}]. The ground is reviewed on {review_on}."
    ),
    "notice-published": "{who} published a general notice for the persons concerned, valid from {valid_from} on.",
    "transfers-suspended": (
        "{who} suspended<provisional=yes: provisionally> the transfers from {from_party} to {to_party}."
    ),
    "suspension-lifted": "{who} ended the suspension of transfers[ ({about})].",
    "oversight-inquiry-opened": "{who} opened an inquiry.",
    "corrective-measure-ordered": "{who} ordered a measure[ ({about})]: {measure}.",
    "controller-described": (
        "{who} described the processing of {controller} (language: {language}), valid from {valid_from} on."
    ),
}
