"""The sentences of the kinds on offices, keys, declarations and disputes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

PATTERNS: Final[Mapping[str, str]] = {
    "party-registered": (
        "{who} entered {party} in the register as a Party (time zone {zone})[; reason for its name: {names_reason}]."
    ),
    "authority-registered": (
        "{who} entered {actor} of {party} in the register as an office[; roles: {roles}]"
        "[; reason for its name: {names_reason}]."
    ),
    "authority-changed": (
        "{who} changed the entry of {actor} in the register, from {valid_from} on[; roles: {roles}]"
        "[; reason for its name: {names_reason}]."
    ),
    "declaration-recorded": (
        "{who} recorded the declaration {declaration} of {party}, valid from {valid_from} on<verified=no:; "
        "its text was not read>."
    ),
    "key-registered": "{who} entered the key {key:digest} of {actor} in the register[; roles: {roles}].",
    "key-accepted": "{who} showed that it holds the key {key:digest}.",
    "key-rotated": "{who} replaced the key {old_key:digest} of {actor} by the key {new_key:digest}.",
    "key-revoked": "{who} revoked the key[ {key:digest}] of {actor}: {cause}.",
    "key-compromised": (
        "{who} reported that the key[ {key:digest}] of {actor} may have been in wrong hands since {suspected_since}."
    ),
    "policy-adopted": "{who} adopted the policy {policy}, in force from {valid_from} on.",
    "heads-committed": "{who} committed the heads of all orders at {size} entries, under one root.",
    "timestamp-anchored": "{who} obtained a time stamp for the first {tree_size} entries of the log.",
    "event-disputed": "{who} says that {about|an earlier entry|an earlier entry} is wrong.",
    "log-key-rotated": "{who} recorded that another key signs the checkpoints of this log from size {from_size} on.",
    "log-succeeded": "{who} recorded that this log takes the place of the log {predecessor} at size {size}: {cause}.",
    "witness-changed": "{who} changed the witnesses, mirrors or auditors of this log, or the quorum.",
    "archive-made": (
        "{who} wrote the first {size} entries of the log to an archive with the manifest {manifest_digest:digest}."
    ),
    "signing-page-published": "{who} published the signing page {sha256:digest} at {base}, from Comity {version}.",
}
