"""State the integrity of an order or of a whole ledger in a report, from entries that are read and verified again.

A report that comes with the evidence cannot vouch for it. Without trust from elsewhere, its verdict is
therefore at best INDETERMINATE.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from cli.session import ledger_choice
from cli.session.ledger_reader import LedgerReader, ReadRegister
from cli.session.proven_times import times_of
from cli.session.record_reader import VerifiedBundle
from cli.terminal import prompts
from ledger.adapters.keys import mldsa
from ledger.adapters.log.checkpoints import PublishedHead
from ledger.application.integrity.committed_orders import check_orders, newest_commit
from ledger.application.integrity.verify_ledger import verify_own
from ledger.bundle.layout import Arranged
from ledger.entries.envelope import OpenedEntry, open_
from ledger.entries.keyring import Keyring, Registrar
from ledger.entries.placement import Chains
from ledger.errors import RecordError
from ledger.messages import Message
from ledger.tlog.note import ED25519, Head, Vkey, open_checkpoint
from ledger.tlog.note import Checkpoint as State
from ledger.tlog.tree import EMPTY_ROOT, check_inclusion, leaf_hash, prove_inclusions
from ledger.trust.trust_folder import Trust
from ledger.verify import heads
from ledger.verify.claims import NOT_TRUE, check_policy, policy_changes
from ledger.verify.completeness.left_out import COMMITTED, ShownOrders, left_out
from ledger.verify.entries import doubt_key, doubt_unread, suspect
from ledger.verify.heads import Heads
from ledger.verify.history.anchors import check_anchored
from ledger.verify.other_records.counterparties import say_predecessor
from ledger.verify.progress import OWN_KEYS, SEALED, Undecided, Unproven, VerificationLog, placed
from ledger.verify.report import CommittedHeads, Report, Verdict
from ledger.verify.report import Reason as Doubt
from ledger.verify.time_brackets import Times
from projections.reports.front_page import IntegrityResult, ReportCheckpoint, VerdictReason

NO_ANCHOR = Message("Nothing was found wrong, but under the keys of the record's own folder: nobody else vouches.")
NO_OUTSIDE = Message("Nothing was found wrong, but nothing from outside the bundle vouches for it.")
NO_REGISTRAR = Message("The trust that was given names the log, but not the registrar who vouches for people's keys.")
NOT_JUDGED = Message("The record was not judged: the trust that was given is of another log.")
NO_HEAD = Message("No checkpoint had been signed by then: nothing shows which entries the log had.")
NO_COVER = Message("The checkpoint named here covers none of these entries.")
NO_QUORUM = Message("Fewer witnesses saw the checkpoint than the policy asks for.")
NO_WITNESS = Message(
    "When the entries were made, and that nobody was shown another version of this log: no witness "
    "signed its checkpoint."
)
NOT_IN_FORCE = Message("That the trust policy that was given is still in force: it has expired.")
NOT_OPENED = Message("What stands in sealed values: the commitments are proven, the values are not.")


def verified(reader: LedgerReader, trust: Trust | None) -> Report:
    """Verify every entry of a ledger of this office."""
    with prompts.progress("verifying") as progress:
        return verify_own(reader.folder, trust, ledger_choice.now(), progress=progress)


@dataclass(frozen=True, slots=True)
class Read:
    """One order that was verified again: the result, and its opened head; None if none was kept by then."""

    checked: IntegrityResult
    checkpoint: ReportCheckpoint | None


def read_again(
    reader: LedgerReader, order: str, kept: PublishedHead | None, trust: Trust | None, also: Sequence[str] = ()
) -> Read:
    """Verify every entry of an order and of the register that a kept head covers.

    The steps are those of a bundle's verifier: trust from elsewhere, the head and its quorum, then signatures, keys,
    chain, inclusion, and the committed heads. Of the orders `also` only the committed heads are checked.
    """
    book = VerificationLog(of="folder")
    key = sorted(_log_keys(reader, trust), key=lambda key: key.type == ED25519)[-1]
    head: Head | None = None
    try:
        states = _states(reader, kept, trust, book)
        head = None if states is None else states.head
        opened = _entries(reader, order, _registrar(reader, trust), head)
        if head is not None and all(n >= head.checkpoint.size for n, e in opened.items() if e.payload.order == order):
            book.doubt("PRF-INDEX", NO_COVER)
        named = reader.cases.joins.named_by(order)  # an order that was joined may be missing with all its entries
        commit, committed = _committed(reader, [*reader.cases.together(order), *named, *also], opened, head)
        _suspect(reader, opened if commit is None else {**opened, commit[0]: commit[1]}, trust, book)
        _check_register(reader, trust, book)
    except Undecided as lack:
        reason = VerdictReason(lack.code, lack.where, lack.says)
        checked = IntegrityResult(str(Verdict.INDETERMINATE), NOT_JUDGED, (reason,), (NOT_TRUE,), bundled=False)
        return Read(checked, None)
    except RecordError as wrong:
        problem = VerdictReason(wrong.code, wrong.where, wrong.says)
        says = Message("This order and the register were read again; what was met first is proved wrong.")
        checked = IntegrityResult(str(Verdict.FAILED), says, (problem,), (NOT_TRUE,))
        return Read(checked, None if kept is None or head is None else _checkpoint(head, kept, key))
    covered = "" if head is None else Message(", and its place in the tree of the checkpoint below")
    shown = [order, *reader.cases.joins.parts_of(order)]  # a companion is checked, and its entries are not counted
    entries = sum(e.payload.order in (*shown, reader.cases.registry) for e in opened.values())
    says = Message(
        "{0} entries of this order and of the register of offices and keys were read again: each one's "
        "signature, key and place in its chain{1}. The rest of the log was not read.",
        entries,
        covered,
    )
    doubts = _doubts(book.doubts, trust)
    verdict = Verdict.INDETERMINATE if doubts else Verdict.PASSED
    unproven = (*_unproven(book.unproven, head), *_left_out(reader, shown, opened, head, committed))
    checked = IntegrityResult(str(verdict), says, doubts, unproven, bundled=False)
    return Read(checked, None if head is None or kept is None else _checkpoint(head, kept, key))


def bundle_read(bundle: VerifiedBundle) -> Read:
    """Return the verdict on a bundle as a report states it, and the head of the bundle."""
    report = bundle.report
    says = Message(
        "The evidence bundle was verified: {0} entries and {1} signatures.", report.entries, report.signatures
    )
    ours = {"NO_TRUST_ANCHOR": NO_OUTSIDE, "CP-QUORUM": NO_QUORUM}
    doubts = tuple(VerdictReason(each.code, each.where, ours.get(each.code, each.says)) for each in report.reasons)
    checked = IntegrityResult(str(report.verdict), says, doubts, _unproven(report.not_proven, report.head))
    if report.head is None or report.as_of is None:
        return Read(checked, None)
    origin, size, root = report.head.note.decode().split("\n")[:3]
    names = tuple(key.name for key, _ in report.head.cosignatures)
    seen = report.head_seen or report.as_of
    return Read(checked, ReportCheckpoint(origin, int(size), root, report.log_key, seen, names))


def _committed(
    reader: LedgerReader, orders: Sequence[str], opened: Mapping[int, OpenedEntry], head: Head | None
) -> tuple[tuple[int, OpenedEntry] | None, CommittedHeads | None]:
    """Return the newest commit under the head, and the heads of these orders and the register as it has them."""
    if head is None:
        return None, None
    commit = newest_commit(reader.store, reader.folder.origin, head.checkpoint, _register(reader).keyring)
    if commit is None:
        return None, None
    known = {entry.payload.order for entry in opened.values()}
    more = dict(each for order in orders if order not in known for each in reader.cases.opened(order))
    asked = list(dict.fromkeys((*orders, reader.cases.registry)))
    committed = check_orders(reader.store, reader.folder.map, commit, {**opened, **more}, asked, head.checkpoint)
    return commit, committed


def _left_out(
    reader: LedgerReader,
    orders: Sequence[str],
    opened: Mapping[int, OpenedEntry],
    head: Head | None,
    committed: CommittedHeads | None,
) -> Iterator[str]:
    """Yield what is not proven of the end of the order, the first of these, and of the register, as of a bundle.

    What the ledger committed to has the words of a report.
    """
    size = None if head is None else head.checkpoint.size
    last = dict.fromkeys((*orders, reader.cases.registry), 0)
    for index, entry in sorted(opened.items()):
        if entry.payload.order in last and (size is None or index < size):
            last[entry.payload.order] = entry.payload.seq
    if committed is not None:
        entries = sum(committed.counts[order] for order in orders)
        yield Message(
            "Whether an entry of this order was left out: entry {0} of the log commits the ledger to {1} of "
            "them among the first {2} entries. The evidence bundle carries the proof, and anyone who has all "
            "entries can compute it again. Other orders may hold more on the matter.",
            *(committed.index, entries, committed.size),
        )
    shown = ShownOrders(orders[0], reader.cases.registry, last, size, committed, of="paper")
    yield from (Unproven(code, says) for code, says in left_out(shown) if code != COMMITTED)


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
    check_anchored(states, None, trust, book)
    return states


def _suspect(
    reader: LedgerReader, opened: Mapping[int, OpenedEntry], trust: Trust | None, book: VerificationLog
) -> None:
    """Add KEY-SUSPECT for a key that was reported later, unless kept heads prove its signatures older than that."""
    keyring = _register(reader).keyring
    if not any(key.reported is not None for key in keyring.keys.values()):
        return
    nothing = Heads("log", Head(State(reader.folder.origin, 0, EMPTY_ROOT), b"", ()), {}, {})
    times = times_of(reader, opened, trust) or Times(nothing, reader.folder.policy)
    for actor, since, doubtful in suspect(opened, keyring, times):
        doubt_key(actor, since, doubtful, f"#{doubtful[0]}", book)


def _check_register(reader: LedgerReader, trust: Trust | None, book: VerificationLog) -> None:
    """Add what the register leaves open, as for a bundle: KEY-SCHEMA, POL-NEWER, CMP-PREDECESSOR."""
    register = _register(reader)
    doubt_unread(register.keyring, "#{}".format, book)
    check_policy(policy_changes(register.entries), trust, None, book)
    say_predecessor(register.entries, book)


def _doubts(doubts: Sequence[Doubt], trust: Trust | None) -> tuple[VerdictReason, ...]:
    """Return the reasons against a better verdict; some have their own sentence in a report."""
    ours = {"NO_TRUST_ANCHOR": NO_ANCHOR if trust is None else NO_REGISTRAR, "CP-QUORUM": NO_QUORUM}
    return tuple(VerdictReason(each.code, each.where, ours.get(each.code, each.says)) for each in doubts)


# The start of a verifier's sentence on what is not proven, and the sentence of a report instead. It is empty where
# the report states the same in another place.
_INSTEAD = {  # by the code of a sentence, or by what it is about
    "NO-WITNESS": "",
    "TEST": "",
    "POL-EXPIRED": NOT_IN_FORCE,
    SEALED: NOT_OPENED,
    OWN_KEYS: "",  # the first reason states the same
}


def _unproven(sentences: Iterable[str], head: Head | None) -> tuple[str, ...]:
    """Return the sentences on what nothing proves; some have their own words in a report."""
    reasons: list[str] = [] if head is not None and head.cosignatures else [NO_WITNESS]
    for says in sentences:
        kind = says.code or says.about if isinstance(says, Unproven) else ""
        instead = _INSTEAD.get(kind, says)
        reasons += [instead] if instead else []
    return tuple(dict.fromkeys((*(says for says in reasons if says != NOT_TRUE), Message(NOT_TRUE))))


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


def _register(reader: LedgerReader) -> ReadRegister:
    """Return the register as it was verified last."""
    return next(iter(reader.registers.values()))


def _entries(reader: LedgerReader, order: str, registrar: Registrar, head: Head | None) -> dict[int, OpenedEntry]:
    """Return the entries of the register, and of the orders that a case has as one, by index, verified again.

    `RecordError` at the first wrong one, with its position. Every byte of the register is read again. It is verified
    again if the register, the head or the registrar has changed since the last time.
    """
    rows = reader.store.order(reader.cases.registry)
    of = (registrar, head and head.note, tuple((index, leaf_hash(raw)) for index, raw in rows))
    if of not in reader.registers:
        keyring, chains = Keyring(reader.cases.registry, registrar), Chains(reader.folder.origin)
        opened = _follow(reader, reader.cases.registry, rows, chains, keyring.admit, head)
        reader.registers.clear()
        reader.registers[of] = ReadRegister(keyring, chains, opened)
    register = reader.registers[of]
    chains = Chains(register.chains.origin, {**register.chains.heads}, {*register.chains.seen})
    check = register.keyring.check
    opened = register.entries | _follow(reader, order, reader.store.order(order), chains, check, head)
    for other in reader.cases.together(order)[1:]:
        opened |= _follow(reader, other, reader.store.order(other), chains, check, head)
    return opened


def _follow(
    reader: LedgerReader,
    order: str,
    entries: Sequence[tuple[int, bytes]],
    chains: Chains,
    signed: Callable[[OpenedEntry, int], None],
    head: Head | None,
) -> dict[int, OpenedEntry]:
    """Return the entries of one order, verified: signature, position in its chain, signer, inclusion in the tree.

    `signed` checks the signer of an entry at its log index.
    """
    size, root = (0, b"") if head is None else (head.checkpoint.size, head.checkpoint.root)
    covered = [index for index, _ in entries if index < size]
    paths = dict(zip(covered, prove_inclusions(covered, size, reader.store.hashes), strict=True))
    verified = {}
    for index, raw in entries:
        try:
            opened = verified[index] = open_(raw)
            if opened.payload.order != order:
                raise RecordError("CTX-ORDER", f"an entry of order {opened.payload.order} is among those of {order}")
            chains.follow(opened)
            signed(opened, index)
            if index in paths:
                check_inclusion(index, size, leaf_hash(raw), paths[index], root)
        except RecordError as wrong:
            raise placed(wrong, f"#{index}") from None
    return verified


def audited(report: Report, trust: Trust | None) -> IntegrityResult:
    """Return the integrity of a whole ledger for a page, with the verdict of its verification."""
    says = Message(
        "{0} entries and {1} signatures were checked, and the tree they make.", report.entries, report.signatures
    )
    unproven = _unproven(report.not_proven, report.head)
    return IntegrityResult(str(report.verdict), says, _doubts(report.reasons, trust), unproven)


def _checkpoint(head: Head, kept: PublishedHead, key: Vkey) -> ReportCheckpoint:
    origin, size, root = head.note.decode().split("\n")[:3]
    return ReportCheckpoint(origin, int(size), root, key.text, kept.at, tuple(k.name for k, _ in head.cosignatures))


def checkpoint(head: Head | None, kept: Mapping[int, PublishedHead], key: Vkey) -> ReportCheckpoint | None:
    """Return the published head of an audit as a report names it; None if there is none."""
    published_head = None if head is None else kept.get(head.checkpoint.size)
    return None if head is None or published_head is None else _checkpoint(head, published_head, key)
