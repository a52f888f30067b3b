"""The sentences of the kinds on what the provider answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

PATTERNS: Final[Mapping[str, str]] = {
    "data-disclosed": (
        "{who} handed over {manifest|data whose files are not opened here|data whose list of files was "
        "erased}[ to {recipient}] {channel}.<partial=yes: It is not all that was asked for.>[ Withheld: "
        "{withheld}[ ({withheld_reason})].][ The decentralised IT system was not used: {alternative_ground}.]"
    ),
    "data-transmitted-by-state": (
        "{who} passed on {manifest|data whose files are not opened here|data whose list of files was erased}[ "
        "to {recipient}] {channel}.[ The decentralised IT system was not used: {alternative_ground}.]"
    ),
    "access-extended": "{who} extended the access to the data until {access_until}[ at the request of {requested_by}].",
    "evidence-received": "{who} received {manifest|the data|the data}[ as exhibit {exhibit}]; {check}.",
    "no-data-held": "{who} stated that it holds no such data[: {elements}].",
    "disclosure-declined": "{who} declined to disclose[: {reason_code}].",
    "reason-requested": "{who} asked why there is no disclosure.",
    "reason-given": "{who} gave the reasons why there is no disclosure[ ({answers})].",
    "reasons-for-non-execution-given": (
        "{who} gave its reasons for not executing the order, or not fully or not in time[: "
        "{reason_codes}].<data_preserved=yes: The data are kept meanwhile.>"
    ),
    "reasoned-objection-filed": "{who} objected that the law of {conflicting_law_party} forbids the disclosure.",
    "foreign-government-informed": (
        "{who} informed the government of {government} that contents of its national are sought."
    ),
    "court-review-requested": "{who} asked the court to review the order after an objection[ ({about})].",
    "court-review-decided": "{who} <decision=upheld:upheld|lifted:lifted> the order.",
    "deadline-extended": "{who} set {new_due} as the new end of the deadline {deadline:period}.",
    "deadline-lapsed": "The deadline {deadline:period} ended on {due}.",
}
