"""The sentences of the kinds on keeping data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

PATTERNS: Final[Mapping[str, str]] = {
    "preservation-requested": "{who} asked that data be kept[ for {period}][: {elements}].",
    "preservation-confirmed": "{who} confirmed that the data are kept[ until {until}][: {elements}].",
    "preservation-refused": "{who} declared that the data are not kept: {ground}.",
    "preservation-risk-reported": "{who} reported that the preservation is a risk for: {risk}.",
    "preservation-extended": "{who} extended the preservation by {extends_by}.",
    "production-request-confirmed": (
        "{who} confirmed that the kept data were asked for: {production_kind}[, number {reference}]."
    ),
    "preservation-ceased": "{who} stated that the data are no longer kept: {cause}.",
    "preservation-released": (
        "{who} informed the addressee that the data need no longer be kept or produced[: {cause}]."
    ),
    "traffic-data-partially-disclosed": (
        "{who} disclosed enough traffic data to find another provider[ in {other_provider_party}][: {manifest}]."
    ),
}
