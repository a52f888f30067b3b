"""The sentences of the kinds on the exhibit, hand to hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

PATTERNS: Final[Mapping[str, str]] = {
    "custody-transferred": (
        "{released_by} handed exhibit {exhibit} to {received_by}; {check}[ (SHA-256 {digest_after:digest})]."
    ),
    "evidence-accessed": "{who} opened exhibit {exhibit} for {purpose_code}.",
    "working-copy-made": (
        "{who} made the working copy {copy} of exhibit {exhibit}; {check}[ (SHA-256 {digest_after:digest})]."
    ),
    "evidence-sealed": "{who} sealed exhibit {exhibit} with seal {seal}.",
    "analysis-performed": "{who} examined exhibit {exhibit} with {tool}, version {tool_version}; {check}.",
    "out-of-scope-data-identified": "{who} found that more was received than was asked for[: {elements}].",
    "data-returned": (
        "{who} sent back <scope=all:all data|part:part of the data|out-of-scope:data that were not asked "
        "for>[ ({elements})][: {manifest}]."
    ),
    "data-destroyed": (
        "{who} destroyed <scope=all:all data|part:part of the data|out-of-scope:data that were not asked "
        "for>[ ({elements})]: {method}.[ Witness: {witness}.]"
    ),
    "use-restricted": (
        "{who} restricted the use of <scope=all:all data|part:part of the data|out-of-scope:data that were "
        "not asked for>[ ({elements})][ until {until}]."
    ),
}
