"""Who received the disclosed data, or entries of the record: each office with the entry that shows it.

A recipient is anybody to whom data are disclosed (LED art. 3(10), GDPR art. 4(9)). The provider that disclosed
them is their source and no recipient of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from ledger.entries.case import Case, Entry, replacements
from ledger.facts.vocabulary import ROLES
from ledger.messages import Message
from projections.reports.entry_numbers import number
from projections.sentences.names import names_of
from projections.views.custody import HANDS

MADE = re.compile(
    r"to make a bundle for (?P<role_code>[A-Z0-9]+) \("
)  # how `cli.access.recorded_access` begins the reason of an export
NOTHING = re.compile(
    r"nothing was handed out after entry (?P<log_index>\d+) of the log"
)  # and how it begins the reason of the entry after one that failed
DISCLOSED = "data-disclosed"
DEFENCE = Message("The defence")
HELD = (*HANDS, "use-recorded", "expert-verification-performed")  # who signs one of these has the data


@dataclass(frozen=True, slots=True)
class DataReceipt:
    """Hold one entry which shows that somebody received something: the entry, who, and a sentence for people.

    `whom` is the same receiver as the record has it: an actor, the code of a State, or the defence.
    """

    entry: Entry
    who: str
    says: str
    whom: str


def recipients(case: Case) -> list[DataReceipt]:
    """Return everybody who received data or entries of an order, in the order of the events.

    Replaced entries do not count. An office that is shown to hold data without a recorded receipt is listed at
    the first entry that shows it. A transfer that its receiver acknowledged is listed at the receipt alone.
    """
    names = names_of(case).offices
    replaced_leaves = replacements(case.entries, datetime.max.replace(tzinfo=UTC))
    entries = sorted((e for e in case.acting if e.leaf not in replaced_leaves), key=lambda e: (e.on, e.index))
    sources = {e.actor for e in entries if e.kind == DISCLOSED}
    holders = set(sources)
    receipts: list[DataReceipt] = []
    for e in entries:
        place = number(e, case)
        holder = _holder(e)
        if holder is not None and holder not in holders:
            holders.add(holder)
            who = names.get(holder, holder)
            receipts.append(
                DataReceipt(e, who, Message("{0} is shown to hold the data, entry {1}.", who, place), holder)
            )
        receiver = _receiver(e)
        if receiver is None or _acknowledged(e, receiver, entries):
            continue
        if receiver not in sources or e.kind == "bundle-issued":
            holders.add(receiver)
            who = names.get(receiver, receiver)
            receipts.append(DataReceipt(e, who, _says(e, who, names, place), receiver))
    return receipts


def readers(accesses: Iterable[Entry]) -> list[str]:
    """Return the roles, in words, for which bundles were made, read from the reasons of `record-accessed` entries.

    An access after which nothing was handed out does not count. The reasons are sealed, so open them first.
    """
    accesses = list(accesses)
    void_leaves = {e.replaces for e in accesses if came_to_nothing(e, accesses)}
    matches = (MADE.match(str(e.get("justification", ""))) for e in accesses if e.leaf not in void_leaves)
    return list(
        dict.fromkeys(Message(ROLES[match["role_code"]]) for match in matches if match and match["role_code"] in ROLES)
    )


def replaced_access(e: Entry, accesses: Iterable[Entry]) -> Entry | None:
    """Return the access, among these, that an entry of the same signer replaces."""
    return next((a for a in accesses if a.leaf == e.replaces and a.by == e.by), None)


def came_to_nothing(e: Entry, accesses: Iterable[Entry]) -> Entry | None:
    """Return the access after which nothing was handed out, where `e` says so in the form of the program.

    Such an entry repeats what was opened for which purpose, is later, and its reason begins with fixed words.
    Any other replacement leaves the access as it is: values were opened.
    """
    access = replaced_access(e, accesses)
    if access is None or e.on < access.on or not NOTHING.match(str(e.get("justification", ""))):
        return None
    same = all(e.get(name) == access.get(name) for name in ("view", "purpose_code", "orders"))
    return access if same else None


def _holder(e: Entry) -> str | None:
    """Return the office that had the data before this entry, or has them without a receipt."""
    if e.kind == "custody-transferred":
        return _text(e.get("released_by"))
    return e.actor if e.kind in HELD and e.kind not in (DISCLOSED, "evidence-received") else None


def _receiver(e: Entry) -> str | None:
    """Return the receiver of this entry: an actor, the code of a State, or the defence."""
    match e.kind:
        case "evidence-received":
            return e.actor
        case "custody-transferred":
            return _text(e.get("received_by"))
        case "data-disclosed" | "data-transmitted-by-state" | "shared-domestically" | "bundle-issued":
            return _text(e.get("recipient"))
        case "onward-transferred":
            return _text(e.get("recipient_office") or e.get("recipient_party"))
        case "defence-bundle-issued":
            return DEFENCE
    return None


def _acknowledged(e: Entry, receiver: str, entries: Iterable[Entry]) -> bool:
    """Return True for handed-over data with a recorded receipt: one about this entry, or a later one about no entry."""
    return e.kind in (DISCLOSED, "data-transmitted-by-state") and any(
        r.kind == "evidence-received"
        and r.actor == receiver
        and (r.get("about") == e.leaf or (r.get("about") is None and r.on >= e.on))
        for r in entries
    )


def _says(e: Entry, who: str, names: Mapping[str, str], place: str) -> str:
    exhibit, giver = e.get("exhibit"), names.get(e.actor, e.actor)
    match e.kind:
        case "evidence-received":
            if exhibit is None:
                return Message("{0} received the data, entry {1}.", who, place)
            return Message("{0} received the data as exhibit {1}, entry {2}.", who, exhibit, place)
        case "custody-transferred":
            released = names.get(e.get("released_by"), e.get("released_by"))
            return Message("{0} received exhibit {1} from {2}, entry {3}.", who, exhibit, released, place)
        case "defence-bundle-issued":
            return Message(
                "{0} received the raw answer and the means to check it from {1}, entry {2}.", who, giver, place
            )
        case "bundle-issued":
            return Message("{0} received entries of the order from {1}, entry {2}.", who, giver, place)
    return Message("{0} received the data from {1}, entry {2}.", who, giver, place)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
