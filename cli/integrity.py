"""What a report may say on integrity: one order read again, believing nothing, or the verdict on a whole ledger.

A page that comes with the evidence vouches for nothing, so without trust from elsewhere the word is at best
INDETERMINATE, whatever was checked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from cli.reading import Reader
from ledger.chain import Chains
from ledger.envelope import Opened, open_
from ledger.keyring import Keyring, Registrar
from ledger.note import Head, Vkey, open_checkpoint
from ledger.refusal import Refused
from ledger.tlog import check_inclusion, leaf_hash, prove_inclusions
from ledger.verify import Report, Trust, Verdict
from ledger.world import mldsa
from ledger.world.heads import Kept
from projections.face import Checked, Checkpoint, Reason

NO_ANCHOR = Reason(
    "NO_TRUST_ANCHOR",
    "",
    "Nothing was found wrong, but under the keys of the record's own folder: nobody else vouches.",
)
NO_WITNESS = "When the entries were made, and that nobody was shown another version of this log: no witness signed it."
NOT_TRUE = "That what the entries say is true: a log proves what was said, by whose key, and in which order."


@dataclass(frozen=True, slots=True)
class Read:
    """One order read again: the word on it, and the opened head that it leads to, None if none was kept by then."""

    checked: Checked
    checkpoint: Checkpoint | None


def read_again(reader: Reader, order: str, kept: Kept | None, trust: Trust | None) -> Read:
    """Check every entry of an order and of the register that a kept head covers: signatures, keys, chain, inclusion."""
    registrar = reader.folder.registrar if trust is None or trust.registrar is None else trust.registrar
    key = _log_keys(reader, trust)[-1]
    head: Head | None = None
    try:
        head = _opened(reader, kept, trust)
        entries = _entries(reader, order, registrar, head)
    except Refused as wrong:
        problem = Reason(wrong.code, wrong.where, wrong.says)
        says = "This order and the register were read again; what was met first is proved wrong."
        checked = Checked(str(Verdict.FAILED), says, (problem,), (NOT_TRUE,))
        return Read(checked, None if kept is None or head is None else _checkpoint(head, kept, key))
    covered = "" if head is None else ", and its place in the tree of the checkpoint below"
    says = (
        f"{entries} entries of this order and of the register of offices and keys were read again: "
        f"each one's signature, key and place in its chain{covered}. The rest of the log was not read."
    )
    verdict = Verdict.PASSED if trust is not None else Verdict.INDETERMINATE
    doubts = () if trust is not None else (NO_ANCHOR,)
    seen = head is not None and head.cosignatures
    checked = Checked(str(verdict), says, doubts, (*(() if seen else (NO_WITNESS,)), NOT_TRUE))
    return Read(checked, None if head is None or kept is None else _checkpoint(head, kept, key))


def _log_keys(reader: Reader, trust: Trust | None) -> tuple[Vkey, ...]:
    """The keys that may have signed heads of this log: those of the trust, else the ledger's own."""
    policy = reader.folder.policy if trust is None else trust.policy
    return tuple(k for k in policy.logs if k.name == reader.folder.origin) or reader.folder.keys


def _opened(reader: Reader, kept: Kept | None, trust: Trust | None) -> Head | None:
    """A kept head with its signatures checked; raises `Refused`."""
    if kept is None:
        return None
    policy = reader.folder.policy if trust is None else trust.policy
    witnesses = tuple(policy.witnesses.values())
    return open_checkpoint(kept.note, reader.folder.origin, _log_keys(reader, trust), witnesses, mldsa=mldsa.verify)


def kept_checkpoint(reader: Reader, kept: Kept | None, trust: Trust | None) -> Checkpoint | None:
    """A kept head as a report names it; None where there is none, or none that its keys signed."""
    try:
        head = _opened(reader, kept, trust)
    except Refused:
        return None
    return None if head is None or kept is None else _checkpoint(head, kept, _log_keys(reader, trust)[-1])


def _entries(reader: Reader, order: str, registrar: Registrar, head: Head | None) -> int:
    """How many entries were read again; raises `Refused` at the first that is wrong, naming it.

    Of the register every byte is read again, and checked again where any of them, or the head, is not what it was.
    """
    register, entries = reader.store.order(reader.cases.registry), reader.store.order(order)
    of = (registrar, head and head.note, tuple((index, leaf_hash(raw)) for index, raw in register))
    if of not in reader.registers:
        keyring, chains = Keyring(reader.cases.registry, registrar), Chains(reader.folder.origin)
        _follow(reader, register, chains, keyring.admit, head)
        reader.registers.clear()
        reader.registers[of] = keyring, chains
    keyring, chains = reader.registers[of]
    _follow(reader, entries, Chains(chains.origin, {**chains.heads}, {*chains.seen}), keyring.check, head)
    return len(register) + len(entries)


def _follow(
    reader: Reader,
    entries: Sequence[tuple[int, bytes]],
    chains: Chains,
    signed: Callable[[Opened, int], None],
    head: Head | None,
) -> None:
    """Check the entries of one order: signature, place in its chain, who `signed`, and the way to the head's root."""
    size = 0 if head is None else head.checkpoint.size
    covered = [index for index, _ in entries if index < size]
    paths = dict(zip(covered, prove_inclusions(covered, size, reader.store.hashes), strict=True))
    for index, raw in entries:
        try:
            opened = open_(raw)
            chains.follow(opened)
            signed(opened, index)
            if head is not None and index in paths:
                check_inclusion(index, size, leaf_hash(raw), paths[index], head.checkpoint.root)
        except Refused as wrong:
            raise Refused(wrong.code, wrong.says, where=f"#{index}") from None


def audited(report: Report, trust: Trust | None) -> Checked:
    """The word of an audit for a page: the same verdict, but passed only under trust from elsewhere."""
    says = f"{report.entries} entries and {report.signatures} signatures were checked, and the tree they make."
    doubts = tuple(Reason(r.code, r.where, r.says) for r in report.reasons)
    unproven = tuple(_sentence(says) for says in report.not_proven if not says.startswith(NO_ANCHOR.code))
    verdict = report.verdict
    if verdict is Verdict.PASSED and trust is None:
        verdict, doubts = Verdict.INDETERMINATE, (NO_ANCHOR,)
    return Checked(str(verdict), says, doubts, unproven)


def _sentence(says: str) -> str:
    """A sentence of `not_proven` without the code before it."""
    code, colon, rest = says.partition(": ")
    return rest[:1].upper() + rest[1:] if colon and code.upper() == code else says


def _checkpoint(head: Head, kept: Kept, key: Vkey) -> Checkpoint:
    origin, size, root = head.note.decode().split("\n")[:3]
    return Checkpoint(origin, int(size), root, key.text, kept.at, tuple(k.name for k, _ in head.cosignatures))


def checkpoint(head: Head | None, kept: Mapping[int, Kept], key: Vkey) -> Checkpoint | None:
    """The published head of an audit, as a report names it."""
    found = None if head is None else kept.get(head.checkpoint.size)
    return None if head is None or found is None else _checkpoint(head, found, key)
