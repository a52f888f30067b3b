"""Run step 15: check the predecessor of this log, and the entries of other records that its entries name or wrap."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ledger.entries.envelope import OpenedEntry, open_
from ledger.entries.placement import registry_of
from ledger.entries.wrapped_entry import KIND, PROOF
from ledger.errors import RecordError
from ledger.tlog.tree import leaf_hash, parse_proof
from ledger.verify.entries import note_texts
from ledger.verify.field_forms import known
from ledger.verify.other_records.other_logs import NotProven, OtherLogs, unsigned
from ledger.verify.other_records.received_entries import (
    ABSENT,
    MISMATCH,
    UNPROVEN,
    ArrivedEntry,
    ReceivingLog,
    arrived,
    by_leaf,
    checked_place,
)
from ledger.verify.progress import Unproven, VerificationLog, counted

__all__ = ["ReceivingLog", "by_leaf", "check_arrived", "check_successor", "say_predecessor"]


def check_successor(
    opened: Mapping[int, OpenedEntry], foreign: Mapping[str, bytes], logs: OtherLogs, book: VerificationLog
) -> None:
    """Check a log that succeeds another against the last head of its predecessor: CTX-SUCCESSOR.

    The first entry of the register names the predecessor. Its head travels as a file. Only a verifier who
    trusts a key of the old log can prove that the old log signed it.
    """
    say_predecessor(opened, book)
    for index, entry in opened.items():
        p = entry.payload
        if p.kind != "log-succeeded" or known(p) is None:
            continue
        public = p.public
        where = f"entry {index}"
        if p.seq != 1 or public["predecessor"] == p.log:
            raise RecordError(
                "CTX-SUCCESSOR", "only the first entry of a register names another log before it", where=where
            )
        note = next((foreign[d.sha256] for d in p.documents if d.sha256 in foreign), None)
        if note is None:
            book.not_proven.append(
                f"What {public['predecessor']} was when this log took its place: its head is not here."
            )
            continue
        try:
            _check_predecessor(note, public, logs, book)
        except RecordError as wrong:
            raise RecordError("CTX-SUCCESSOR", f"{wrong.code} {wrong.says}", where=where) from wrong


def say_predecessor(register: Mapping[int, OpenedEntry], book: VerificationLog) -> None:
    """Say with how many entries the log before this one ended: only the signer of the succession states that."""
    for entry in register.values():
        p = entry.payload
        if p.kind == "log-succeeded" and p.seq == 1 and known(p) is not None:
            ended = f"{p.public['predecessor']} ended with {counted(p.public['size'], 'entry', 'entries')}"
            by = f"{p.signer.actor} of {p.signer.party} signs that"
            book.not_proven.append(Unproven("CMP-PREDECESSOR", f"that {ended} and holds none behind them: {by}."))


def _check_predecessor(note: bytes, said: Mapping[str, Any], logs: OtherLogs, book: VerificationLog) -> None:
    head = unsigned(note)
    claim = (said["predecessor"], said["size"], said["root"])
    if (head.origin, head.size, head.root.hex()) != claim:
        raise RecordError(
            "CP-CONSISTENCY", f"its last head is of {head.size} entries of {head.origin}, with another root"
        )
    try:
        logs.state(head.origin, note)
    except NotProven as lacks:
        book.not_proven.append(f"That {head.origin} ended in the state it is said to have ended with: {lacks.says}.")


def check_arrived(
    opened: Mapping[int, OpenedEntry],
    foreign: Mapping[str, bytes],
    here: ReceivingLog,
    logs: OtherLogs,
    book: VerificationLog,
) -> Iterator[ArrivedEntry]:
    """Yield every wrapped entry with what is proven of it, in log order.

    `opened` are the entries by log index, `foreign` the files of other records by name. A false
    (ENT-MISMATCH), absent (ENT-ABSENT) or unproven (ENT-UNPROVEN) entry is a finding on its wrapper.
    """
    origins, good = set(), 0
    for one in arrived(opened.items(), foreign.get, here, logs):
        good += not one.code
        yield one
        if one.inner is not None:
            note_texts(one.inner, book)
        public = one.wrapper.payload.public
        where = f"entry {one.index} wraps entry {public['index']} of {public['origin']}: {one.says}"
        if one.code == MISMATCH:
            book.remark(MISMATCH, where, one.wrapper.leaf, level="V")
        elif one.code:
            book.remark(one.code, where, one.wrapper.leaf)
            if one.code == UNPROVEN:
                book.not_proven.append(f"That {_whom(one)} is the author of what {where}.")
        elif one.closed:
            names = ", ".join(one.closed)
            book.not_proven.append(
                f"That what entry {one.index} wraps and what it backs say the same of {names}: closed."
            )
        if not one.code and one.inner is not None and one.inner.payload.log != one.wrapper.payload.log:
            origins.add(one.inner.payload.log)
    for origin in sorted(origins):
        if size := logs.register_size(origin):
            book.not_proven.append(
                Unproven(
                    "CMP-REGISTER",
                    f"that no key was revoked, reported or replaced in the register of {origin} behind its "
                    f"entry {size}.",
                )
            )
    check_references(opened, foreign, logs, book)
    book.says(f"{counted(good, 'entry', 'entries')} of other records")


def _whom(one: ArrivedEntry) -> str:
    return "its signer" if one.inner is None else one.inner.payload.signer.actor


def check_references(
    opened: Mapping[int, OpenedEntry], foreign: Mapping[str, bytes], logs: OtherLogs, book: VerificationLog
) -> None:
    """Check each reference to another record (`other`) against the entry there: ENT-MISMATCH, ENT-ABSENT.

    The `other` of a wrapper is checked with the wrapped entry.
    """
    files: dict[str, str] | None = None  # built only if an entry has a reference
    for index, entry in opened.items():
        p = entry.payload
        if not p.other or (p.kind == KIND and known(p) is not None) or p.order == registry_of(p.log):
            continue
        says = f"entry {index} rests on entry {p.other.index} of {p.other.origin}"
        if files is None:
            files = {leaf_hash(raw).hex(): name for name, raw in foreign.items() if len(name) == 64}
        name = files.get(p.other.leaf)
        if name is None:
            book.remark(ABSENT, f"{says}, which is not here", entry.leaf)
            continue
        try:
            _check_reference(name, foreign, p.other.origin, p.other.index, logs)
        except RecordError as wrong:
            book.remark(MISMATCH, f"{says}, and it is not so: {wrong.code} {wrong.says}", entry.leaf, level="V")
        except NotProven as lacks:
            book.not_proven.append(f"What {says}: not proven is {lacks.says}.")


def _check_reference(name: str, foreign: Mapping[str, bytes], origin: str, index: int, logs: OtherLogs) -> None:
    inner = open_(foreign[name])
    if inner.payload.log != origin:
        raise RecordError("CTX-LOG", f"it was sealed for {inner.payload.log}, not for {origin}")
    proof = foreign.get(f"{name}{PROOF}")
    if proof is None:
        raise NotProven("PRF-FORMAT", f"that it stands in the log {origin}: no proof from there is here")
    checked_place(inner, parse_proof(proof), index, "", logs)
