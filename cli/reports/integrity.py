"""State the integrity of an order or of a whole ledger in a report, from entries that are read and verified again.

A report that comes with the evidence cannot vouch for it. Without trust from elsewhere, its verdict is
therefore at best INDETERMINATE.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from cli.session import ledger_choice
from cli.session.ledger_reader import LedgerReader
from cli.session.proven_times import times_of
from cli.session.record_reader import VerifiedBundle
from cli.terminal import prompts
from ledger.adapters.keys import mldsa
from ledger.adapters.log.checkpoints import PublishedHead
from ledger.application.integrity.verify_ledger import verify_own
from ledger.bundle.layout import Arranged
from ledger.entries.envelope import OpenedEntry, open_
from ledger.entries.keyring import Keyring, Registrar
from ledger.entries.placement import Chains, map_of
from ledger.errors import RecordError
from ledger.tlog.note import ED25519, Head, Vkey, open_checkpoint
from ledger.tlog.note import Checkpoint as State
from ledger.tlog.tree import EMPTY_ROOT, check_inclusion, leaf_hash, prove_inclusions
from ledger.trust.trust_folder import Trust
from ledger.verify import heads
from ledger.verify.claims import CLOSED, NOT_TRUE
from ledger.verify.completeness.committed_heads import check_commit
from ledger.verify.entries import doubt_key, suspect
from ledger.verify.heads import Heads
from ledger.verify.progress import VerificationLog
from ledger.verify.report import Reason as Doubt
from ledger.verify.report import Report, Verdict
from ledger.verify.time_brackets import Times
from projections.reports.front_page import IntegrityResult, ReportCheckpoint, VerdictReason

NO_ANCHOR = "Nothing was found wrong, but under the keys of the record's own folder: nobody else vouches."
NO_OUTSIDE = "Nothing was found wrong, but nothing from outside the bundle vouches for it."
NO_REGISTRAR = "The trust that was given names the log, but not the registrar who vouches for people's keys."
NO_HEAD = "No checkpoint had been signed by then: nothing shows which entries the log had."
NO_COVER = "The checkpoint named here covers none of these entries."
NO_QUORUM = "Fewer witnesses saw the checkpoint than the policy asks for."
NO_WITNESS = (
    "When the entries were made, and that nobody was shown another version of this log: "
    "no witness signed its checkpoint."
)
NOT_IN_FORCE = "That the trust policy that was given is still in force: it has expired."
NOT_OPENED = "What stands in sealed values: the commitments are proven, the values are not."


def verified(reader: LedgerReader, trust: Trust | None) -> Report:
    """Verify every entry of a ledger of this office."""
    with prompts.progress("verifying") as progress:
        return verify_own(reader.folder, trust, ledger_choice.now(), progress=progress)


@dataclass(frozen=True, slots=True)
class Read:
    """One order that was verified again: the result, and its opened head; None if none was kept by then."""

    checked: IntegrityResult
    checkpoint: ReportCheckpoint | None


def read_again(reader: LedgerReader, order: str, kept: PublishedHead | None, trust: Trust | None) -> Read:
    """Verify every entry of an order and of the register that a kept head covers.

    The steps are those of a bundle's verifier: trust from elsewhere, the head and its quorum, then
    signatures, keys, chain, inclusion.
    """
    book = VerificationLog(of="folder")
    key = sorted(_log_keys(reader, trust), key=lambda key: key.type == ED25519)[-1]
    head: Head | None = None
    try:
        states = _states(reader, kept, trust, book)
        head = None if states is None else states.head
        entries = _entries(reader, order, _registrar(reader, trust), head)
        if head is not None and all(n >= head.checkpoint.size for n, _ in reader.store.order(order)):
            book.doubt("PRF-INDEX", NO_COVER)
        _suspect(reader, order, trust, book)
    except RecordError as wrong:
        problem = VerdictReason(wrong.code, wrong.where, wrong.says)
        says = "This order and the register were read again; what was met first is proved wrong."
        checked = IntegrityResult(str(Verdict.FAILED), says, (problem,), (NOT_TRUE,))
        return Read(checked, None if kept is None or head is None else _checkpoint(head, kept, key))
    covered = "" if head is None else ", and its place in the tree of the checkpoint below"
    says = (
        f"{entries} entries of this order and of the register of offices and keys were read again: "
        f"each one's signature, key and place in its chain{covered}. The rest of the log was not read."
    )
    doubts = _doubts(book.doubts, trust)
    verdict = Verdict.INDETERMINATE if doubts else Verdict.PASSED
    left_out = () if head is None else _left_out(reader, order, head.checkpoint.size)
    checked = IntegrityResult(str(verdict), says, doubts, (*_unproven(book.unproven, head), *left_out))
    return Read(checked, None if head is None or kept is None else _checkpoint(head, kept, key))


def bundle_read(bundle: VerifiedBundle) -> Read:
    """Return the verdict on a bundle as a report states it, and the head of the bundle."""
    report = bundle.report
    says = f"The evidence bundle was verified: {report.entries} entries and {report.signatures} signatures."
    ours = {"NO_TRUST_ANCHOR": NO_OUTSIDE, "CP-QUORUM": NO_QUORUM}
    doubts = tuple(VerdictReason(each.code, each.where, ours.get(each.code, each.says)) for each in report.reasons)
    checked = IntegrityResult(str(report.verdict), says, doubts, _unproven(report.not_proven, report.head))
    if report.head is None or report.as_of is None:
        return Read(checked, None)
    origin, size, root = report.head.note.decode().split("\n")[:3]
    names = tuple(key.name for key, _ in report.head.cosignatures)
    seen = report.head_seen or report.as_of
    return Read(checked, ReportCheckpoint(origin, int(size), root, report.log_key, seen, names))


def _left_out(reader: LedgerReader, order: str, size: int) -> tuple[str, ...]:
    """Return who says that no entry of the order was left out: the ledger, if it committed its heads by this size."""
    keyring, _ = next(iter(reader.registers.values()))
    for index, raw in reversed(reader.store.order(map_of(reader.folder.origin))):
        try:
            covered, _ = check_commit(open_(raw), index, reader.folder.origin, keyring)
        except RecordError:
            continue  # of another key than the ledger's own, or damaged: it commits the ledger to nothing
        if index < size:
            entries = sum(n < covered for n, _ in reader.store.order(order))
            return (
                f"Whether an entry of this order was left out: entry {index} of the log commits the ledger to {entries}"
                f" of them among the first {covered} entries. The evidence bundle carries the proof, and anyone who"
                " has all entries can compute it again. Other orders may hold more on the matter.",
            )
    return ()


def _registrar(reader: LedgerReader, trust: Trust | None) -> Registrar:
    """Return the trusted registrar; without one that of the ledger itself, for whom no one else vouches."""
    return reader.folder.registrar if trust is None or trust.registrar is None else trust.registrar


def _states(
    reader: LedgerReader, kept: PublishedHead | None, trust: Trust | None, book: VerificationLog
) -> Heads | None:
    """Return the kept head, opened and checked for its quorum as in a bundle; None and a doubt without a kept head."""
    policy = reader.folder.policy if trust is None else trust.policy
    heads.check_current(trust, reader.now(), book)
    states: Heads | None = None
    if kept is None:
        book.doubt("CP-SIG", NO_HEAD)
    else:
        parts = Arranged(checkpoint=kept.note)
        states = heads.open_heads(parts, reader.folder.origin, policy, book, mldsa.verify, here="log")
        heads.check_sizes(states, trust)
        states = heads.check_quorum(states, policy, reader.now(), book)
    heads.check_anchored(states, None, trust, book)
    return states


def _suspect(reader: LedgerReader, order: str, trust: Trust | None, book: VerificationLog) -> None:
    """Add KEY-SUSPECT for a key that was reported later, unless kept heads prove its signatures older than that."""
    keyring, _ = next(iter(reader.registers.values()))
    if not any(key.reported is not None for key in keyring.keys.values()):
        return
    opened = dict((*reader.cases.opened(reader.cases.registry), *reader.cases.opened(order)))
    nothing = Heads("log", Head(State(reader.folder.origin, 0, EMPTY_ROOT), b"", ()), {}, {})
    times = times_of(reader, opened, trust) or Times(nothing, reader.folder.policy)
    for actor, since, doubtful in suspect(opened, keyring, times):
        doubt_key(actor, since, doubtful, f"#{doubtful[0]}", book)


def _doubts(doubts: Sequence[Doubt], trust: Trust | None) -> tuple[VerdictReason, ...]:
    """Return the reasons against a better verdict; some have their own sentence in a report."""
    ours = {"NO_TRUST_ANCHOR": NO_ANCHOR if trust is None else NO_REGISTRAR, "CP-QUORUM": NO_QUORUM}
    return tuple(VerdictReason(each.code, each.where, ours.get(each.code, each.says)) for each in doubts)


# The start of a verifier's sentence on what is not proven, and the sentence of a report instead. It is empty where
# the report states the same in another place.
_INSTEAD = {
    "NO-WITNESS": "",
    "TEST": "",
    "POL-EXPIRED": NOT_IN_FORCE,
    CLOSED: NOT_OPENED,
}


def _unproven(sentences: Iterable[str], head: Head | None) -> tuple[str, ...]:
    """Return the sentences on what nothing proves; some have their own words in a report."""
    reasons = [] if head is not None and head.cosignatures else [NO_WITNESS]
    for says in sentences:
        if says.endswith("itself."):
            continue  # the first reason states the same
        instead = next((ours for begins, ours in _INSTEAD.items() if says.startswith(begins)), says)
        reasons += [instead] if instead else []
    return tuple(dict.fromkeys((*(says for says in reasons if says != NOT_TRUE), NOT_TRUE)))


def _log_keys(reader: LedgerReader, trust: Trust | None) -> tuple[Vkey, ...]:
    """Return the keys that may have signed heads of this log: those of the trust, else those of the ledger."""
    policy = reader.folder.policy if trust is None else trust.policy
    return tuple(k for k in policy.logs if k.name == reader.folder.origin) or reader.folder.keys


def _opened(reader: LedgerReader, kept: PublishedHead | None, trust: Trust | None) -> Head | None:
    """Return a kept head with its signatures checked; `RecordError` if they are wrong."""
    if kept is None:
        return None
    policy = reader.folder.policy if trust is None else trust.policy
    witnesses = tuple(policy.witnesses.values())
    return open_checkpoint(kept.note, reader.folder.origin, _log_keys(reader, trust), witnesses, mldsa=mldsa.verify)


def kept_checkpoint(reader: LedgerReader, kept: PublishedHead | None, trust: Trust | None) -> ReportCheckpoint | None:
    """Return a kept head as a report names it; None if there is none, or its signatures are wrong."""
    try:
        head = _opened(reader, kept, trust)
    except RecordError:
        return None
    return None if head is None or kept is None else _checkpoint(head, kept, _log_keys(reader, trust)[-1])


def _entries(reader: LedgerReader, order: str, registrar: Registrar, head: Head | None) -> int:
    """Return how many entries were verified again; `RecordError` at the first wrong one, with its position.

    Every byte of the register is read again. It is verified again if the register, the head or the
    registrar has changed since the last time.
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
    reader: LedgerReader,
    entries: Sequence[tuple[int, bytes]],
    chains: Chains,
    signed: Callable[[OpenedEntry, int], None],
    head: Head | None,
) -> None:
    """Verify the entries of one order: signature, position in its chain, signer, and inclusion in the tree of the head.

    `signed` checks the signer of an entry at its log index.
    """
    size, root = (0, b"") if head is None else (head.checkpoint.size, head.checkpoint.root)
    covered = [index for index, _ in entries if index < size]
    paths = dict(zip(covered, prove_inclusions(covered, size, reader.store.hashes), strict=True))
    for index, raw in entries:
        try:
            opened = open_(raw)
            chains.follow(opened)
            signed(opened, index)
            if index in paths:
                check_inclusion(index, size, leaf_hash(raw), paths[index], root)
        except RecordError as wrong:
            raise RecordError(wrong.code, wrong.says, where=f"#{index}") from None


def audited(report: Report, trust: Trust | None) -> IntegrityResult:
    """Return the integrity of a whole ledger for a page, with the verdict of its verification."""
    says = f"{report.entries} entries and {report.signatures} signatures were checked, and the tree they make."
    unproven = _unproven(report.not_proven, report.head)
    return IntegrityResult(str(report.verdict), says, _doubts(report.reasons, trust), unproven)


def _checkpoint(head: Head, kept: PublishedHead, key: Vkey) -> ReportCheckpoint:
    origin, size, root = head.note.decode().split("\n")[:3]
    return ReportCheckpoint(origin, int(size), root, key.text, kept.at, tuple(k.name for k, _ in head.cosignatures))


def checkpoint(head: Head | None, kept: Mapping[int, PublishedHead], key: Vkey) -> ReportCheckpoint | None:
    """Return the published head of an audit as a report names it; None if there is none."""
    published_head = None if head is None else kept.get(head.checkpoint.size)
    return None if head is None or published_head is None else _checkpoint(head, published_head, key)
