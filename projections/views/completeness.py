"""An order before it is sent: what would be found if it were served now, and what to add.

The order is judged as the law judges a record: with an invented entry, served at once and with no authority
notified yet, next to a register. So the list is never another list than the findings that would follow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import replace

from ledger.entries.case import Case, Entry
from ledger.law import judge
from ledger.law.next_steps.lookup import NOT_IN_FORCE, NextSteps
from ledger.law.parties.known_parties import RATIFIED
from ledger.law.rules.order_contents import CONTENTS, WORDS
from ledger.messages import Message, joined

NO_ENTRY = "0" * 64  # a leaf hash that no entry has


@dataclass(frozen=True, slots=True)
class Missing:
    """Hold one thing to add: code and level of the finding it would be, its citation, its sentence, the text to add.

    `commands` would settle it in the register, if what they say is so.
    """

    code: str
    level: str
    cite: str
    says: str
    add: str
    commands: tuple[str, ...] = ()


# What to do about findings that are not about a field of the form.
ADVICE = {
    "V-7-5a-MISSING": Message("send the notification, with the summary of facts, in the same moment as the order"),
    "V-8-MISSING": Message("send the enforcing authority its copy in the same moment as the certificate"),
    "V-7-2b": Message("have the order supervised or validated, and record that before it is served"),
    "V-4-COMPETENCE": Message(
        "have it validated by an authority that may issue for these data, or state the emergency"
    ),
    "V-7-RESERVED": Message("use article 8 or mutual assistance: this Party does not apply article 7"),
    "W-7-RESERVER-ISSUES": Message("check whether a Party that reserved article 7 may send such orders"),
    "V-8-13-RESERVED": Message("leave out traffic data: this Party does not apply article 8 to them"),
    "V-7-8-NOT-TRIED": "ask the provider first, or say in prior_attempts why it was not asked",
    "V-8-11-SENDER": Message("let the central authority send it"),
    "V-9-1b": Message("do not use article 9 for subscriber information alone with this Party"),
    "F730": Message("leave out access numbers, and ask for them under article 8"),
    "V-5-4": "state in offence_threshold which threshold for traffic and content data is met",
    "V-5-3-SENTENCE": "state sentence_months, sentence_in_absentia and convicted_absconded, or make no such order",
    "V-5-7-NO-JUSTIFICATION": "state controller_delay_justification and controller_delay_reasons",
    "G-5-8-NOT-EXAMINED": Message(
        "record protection-examined: where the public authority is, or which condition is met"
    ),
    "V-7-2-OTHER-ADDRESSEE": Message(
        "send it to the designated establishment or legal representative, or state the emergency"
    ),
    "W-7-2-NO-EARLIER-ORDER": "name in prior_order the order to which nobody reacted",
    "W-9-4-ADDRESSEE": Message(
        "add a translation into a language that the addressee accepts, and name it in languages"
    ),
    "W-9-4-NOTIFIED": Message("add a translation into a language that the enforcing State accepts"),
    "W-19-5-NO-GROUND": "send it through the common system, or state in alternative_ground why that is not possible",
    "W-13-2-NOT-IN-ORDER": "state notice_delay_grounds",
    "V-NOT-IN-FORCE": Message("use another instrument: this one is not in force between the two on this day"),
    "V-3-1-OWN-STATE": Message("use a national order: the addressee is in the State of the issuing authority"),
    "W-27-9-a-COPY": Message(
        "send a copy to the central authority at the same time, or let the central authority send it"
    ),
    "G-DECLARATIONS-UNVERIFIED": Message("read the declarations of the addressed Party and record them as verified"),
}


def lint(
    public: Mapping[str, Any],
    sealed: Mapping[str, Any],
    registry: Sequence[Entry],
    now: datetime,
    channel: str,
    earlier: Sequence[Entry] = (),
) -> list[Missing]:
    """Return what would be found in an order with these fields, under this register, sent by this channel at `now`.

    `earlier` are the entries that the order has on record before it is issued, as a validation.
    """
    issued = _entry(len(earlier) + 1, "order-issued", str(public["instrument"]), public, sealed, now, earlier)
    entries = (*earlier, issued)
    return lacking(Case(issued.order, issued.instrument or "", entries, tuple(registry)), now, channel)


def lacking(case: Case, now: datetime, channel: str) -> list[Missing]:
    """Return what would be found if the order of a case were sent by this channel at `now`, unless it was already."""
    issued = case.issued[0]
    instrument = issued.instrument or ""
    if not any(e.kind == "order-transmitted" for e in case.entries):
        named = {"addressee": _addressee(issued.public), "channel": channel}
        transmission = _entry(len(case.entries) + 1, "order-transmitted", instrument, named, {}, now, case.entries)
        case = replace(case, entries=(*case.entries, replace(transmission, party=issued.party)))
    points = {p.code: p for p in CONTENTS.get(instrument, ())}
    missing = []
    judgement = judge(case, now)
    steps = NextSteps(case, judgement, "ORDER")
    for finding in judgement.findings:
        point = points.get(finding.code)
        if point is not None:
            absent = [name for name in point.fields if not issued.stated(name)]
            add: str = joined("; ", (Message("{0}: {1}", name, Message(WORDS[name])) for name in absent))
        else:
            add = ADVICE.get(finding.code, "")
        if add:
            found = steps.of_finding(finding) if finding.code == NOT_IN_FORCE else ()
            commands = tuple(step.command for step in found if step.command)
            cite = ", ".join(finding.cite)
            missing.append(Missing(finding.code, finding.level.value, cite, finding.says, add, commands))
    return missing


def _addressee(public: Mapping[str, Any]) -> str:
    providers = public.get("providers") or ["addressee"]
    return str(providers[0])


def _entry(
    seq: int,
    kind: str,
    instrument: str,
    public: Mapping[str, Any],
    sealed: Mapping[str, Any],
    now: datetime,
    earlier: Sequence[Entry],
) -> Entry:
    return Entry(
        leaf=f"{seq:064x}",
        index=max((e.index for e in earlier), default=-1) + 1,
        order=earlier[0].order if earlier else "00000000-0000-4000-8000-000000000000",
        seq=seq,
        kind=kind,
        instrument=instrument,
        by=str(public.get("issuing_authority", "issuer")),
        role="ISS",
        party=str(public.get("from_party", "")),
        key=NO_ENTRY,
        speaks="act",
        on=now,
        at=now,
        public=public,
        sealed=sealed,
    )


def known_register(now: datetime) -> list[Entry]:
    """Return a register of the real Parties as far as they are known, for an order checked outside any ledger."""
    before = now - timedelta(seconds=1)
    entries: list[Entry] = []

    def say(kind: str, **public: Any) -> None:
        index = len(entries)
        entries.append(
            Entry(
                leaf=f"{index + 1000:064x}",
                index=index,
                order=NO_ENTRY,
                seq=index + 1,
                kind=kind,
                instrument=None,
                by="known",
                role="ADM",
                party="",
                key=NO_ENTRY,
                speaks="act",
                on=before,
                at=before,
                public=public,
            )
        )

    for party in RATIFIED.values():
        say("party-registered", party=party.code, zone=party.zone, declarations_verified=party.complete)
        for d in party.declarations:
            say(
                "declaration-recorded",
                party=party.code,
                declaration=d.code,
                verified=d.verified,
                valid_from=f"{party.ratified:%Y-%m-%d}",
            )
    return entries
