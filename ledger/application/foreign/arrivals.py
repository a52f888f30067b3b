"""Verify what arrives from another log, before anything of it is recorded: its entries, and its heads against ours."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from functools import partial
from hashlib import sha256

from ledger.adapters.keys import mldsa
from ledger.adapters.timestamps import rfc3161
from ledger.adapters.witness.cosigning import check_shown
from ledger.adapters.witness.followed_logs import Prove, convicted, followed, hold_against, keep_evidence, keep_split
from ledger.application.counterparties import keep_register, registers, trust_in
from ledger.application.foreign.recall import recalled
from ledger.application.foreign.receive import Arrival
from ledger.application.journal import Journal
from ledger.bundle.archive import unpack
from ledger.bundle.layout import MANIFEST, Arranged, arrange
from ledger.bundle.manifest import open_manifest
from ledger.entries.envelope import OpenedEntry, open_
from ledger.entries.placement import registry_of
from ledger.entries.split_view import Shown
from ledger.entries.wrapped_entry import PROOF
from ledger.errors import LedgerError, RecordError
from ledger.tlog.names import origin_hash
from ledger.tlog.note import Vkey, open_checkpoint
from ledger.tlog.tree import parse_proof
from ledger.trust.trust_folder import Trust
from ledger.verify.earlier_bundles import EarlierEntries, hold_entry
from ledger.verify.evidence_bundle import verify
from ledger.verify.heads import hashes
from ledger.verify.progress import Contradiction
from ledger.verify.report import Report, Verdict
from ledger.verify.single_entry import verify_entry

logger = logging.getLogger(__name__)

Say = Callable[[str], None]

NOT_JUDGED = "CP-ORIGIN"  # the trust is of another log, so nothing was verified that one could keep
DOUBT_ONLY = frozenset({"KEY-UNKNOWN"})  # the only doubt on a single entry that comes without its register


def from_bundle(
    journal: Journal, data: bytes, order: str | None, say: Say, *, anyway: bool = False, origin: str | None = None
) -> tuple[list[Arrival], str]:
    """Return the entries of a bundle with their proofs, and the result of its verification, a code of the vocabulary.

    It is verified under the keys that our registrar pinned for its log, against what was received before. `order` is
    the id of the order of ours that the entries are for; by default each is for the order of the same id. With
    `origin` it has to be of that log. `say` gets what people should know. What it shows of its log (register, newest
    head) is kept. `RecordError` for what is not proven, `LedgerError` SPLIT-VIEW.
    """
    files = unpack(data)
    if MANIFEST not in files:
        raise RecordError("BND-MANIFEST", "a bundle without it is none", where=MANIFEST)
    manifest = open_manifest(files[MANIFEST])
    if manifest.log == journal.origin:
        raise RecordError(
            "CTX-LOG", "this is a bundle of this very ledger", hint="a copy is put back with comity restore"
        )
    if origin is not None and manifest.log != origin:
        raise RecordError("CTX-LOG", f"a bundle of {manifest.log}, and not of {origin}", where=MANIFEST)
    trust = trust_in_log(journal, manifest.log)
    read = partial(verify, data, trust, None, journal.now(), mldsa=mldsa.verify, stamps=rfc3161.reader())
    report = read()
    parts = arrange(files, manifest.log, manifest.v)
    check = _settled(journal, report, trust, parts, say, anyway=anyway)
    _hold(journal, report, trust, parts, say)
    earlier = _known(journal, trust, manifest.log, [*manifest.heads, *([order] if order else ())])
    if earlier is not None:
        report = read(elsewhere=earlier)
        if report.exhibit is not None:
            raise _convicted(journal, report, files, earlier)
        check = _settled(journal, report, trust, parts, say, anyway=anyway)
    _compare_ours(journal, parts)
    register = registry_of(manifest.log)
    theirs = {n: (raw, parts.proofs[n]) for n, raw in parts.entries.items() if open_(raw).payload.order == register}
    if all(reason.code == "KEY-SUSPECT" for reason in report.reasons):  # a reported theft is proven too
        keep_register(journal.received, manifest.log, theirs)
    entries = [(index, raw) for index, raw in parts.entries.items() if index not in theirs]
    texts = {index: tuple(text.decode().splitlines()) for index, text in parts.disclosures.items()}
    logger.info("the bundle of %s %s: %d entries", manifest.log, check, len(entries))
    return [Arrival(raw, parts.proofs[index], texts.get(index, ())) for index, raw in entries], check


def _settled(journal: Journal, report: Report, trust: Trust, parts: Arranged, say: Say, *, anyway: bool) -> str:
    """Return the result of the verification as a code of the vocabulary; `RecordError` if it failed, or is doubtful.

    With `anyway` a doubtful result is `not-checked`.
    """
    if report.verdict is Verdict.PASSED:
        return "verifies"
    worst = report.reasons[0]
    if worst.code == "SPLIT-VIEW":
        _convict(journal, trust, [parts.checkpoint, *parts.heads.values()])
    refused = report.verdict is Verdict.FAILED or worst.code == NOT_JUDGED
    if refused or not anyway:
        hint = "" if refused else "--anyway keeps it all the same; it will count for nothing"
        raise RecordError(worst.code, worst.says, where=worst.where, hint=hint)
    for reason in report.reasons:
        say(f"{reason.code}: {reason.says}")
    return "not-checked"


def from_entry(
    journal: Journal, opened: OpenedEntry, proof: bytes, say: Say, *, anyway: bool
) -> tuple[list[Arrival], str]:
    """Return one entry with its proof, and the result of its verification.

    Its register is missing, so our own register has to confirm that the key belongs to its signer.
    """
    signer = opened.payload.signer
    trust = trust_in_log(journal, opened.payload.log)
    report = verify_entry(opened.raw, proof, trust, None, journal.now(), mldsa=mldsa.verify)
    keyring = journal.read_keyring()
    enrolled = keyring.keys.get(signer.key)
    ours = (
        enrolled is not None
        and enrolled.actor == signer.actor
        and enrolled.accepted is not None
        and enrolled.ended is None
        and keyring.holds(signer, journal.store.size())
    )
    lacks = [reason for reason in report.reasons if not (ours and reason.code in DOUBT_ONLY)]
    refused = report.verdict is Verdict.FAILED or any(reason.code == NOT_JUDGED for reason in lacks)
    if lacks and (refused or not anyway):
        hint = "" if refused else "ask for the bundle of the whole order, or say --anyway"
        raise RecordError(lacks[0].code, lacks[0].says, where=lacks[0].where, hint=hint)
    if report.head is not None:
        _hold(journal, report, trust, None, say)
        _hold_entry(journal, opened, proof, trust)
    return [Arrival(opened.raw, proof)], "not-checked" if lacks else "verifies"


def _known(journal: Journal, trust: Trust, origin: str, orders: Sequence[str]) -> EarlierEntries | None:
    """Return what was received from a log before: entries of these orders, and its register; None if nothing was."""
    register = registers(journal.received).get(origin_hash(origin), {})
    earlier = recalled(origin, orders, journal.store, journal.received, trust.policy.logs, register)
    return earlier if earlier.entries else None


def _convicted(journal: Journal, report: Report, files: Mapping[str, bytes], known: EarlierEntries) -> LedgerError:
    """Return the error for a log that a bundle and earlier entries contradict; keep the exhibit as evidence.

    For two entries at one position, both are kept with their proofs.
    """
    (wrong,) = report.reasons
    if wrong.code == "SPLIT-VIEW":
        ours = files[wrong.where], files[wrong.where.removesuffix(".dsse.json") + PROOF]
        place = parse_proof(ours[1]).index
        theirs = next((s.raw, s.proof) for s in known.entries if parse_proof(s.proof).index == place)
        for raw, proof in (ours, theirs):
            name = sha256(raw).hexdigest()
            keep_evidence(journal.folder.evidence, {f"{name}.dsse.json": raw, f"{name}{PROOF}": proof})
    return convicted(journal.folder.evidence, wrong.code, wrong.says, report.exhibit or b"")


def _hold_entry(journal: Journal, opened: OpenedEntry, proof: bytes, trust: Trust) -> None:

    earlier = _known(journal, trust, opened.payload.log, [opened.payload.order])
    if earlier is None:
        return
    try:
        hold_entry(Shown(opened.raw, proof, signed_by(trust, parse_proof(proof).note)), earlier)
    except Contradiction as wrong:
        if wrong.exhibit is None:
            raise
        raise convicted(journal.folder.evidence, wrong.code, wrong.says, wrong.exhibit) from wrong


def trust_in_log(journal: Journal, origin: str) -> Trust:

    return trust_in(journal.folder.path / "trust", journal.cases.register(reveal=False), origin)


# -- heads, theirs and ours --------------------------------------------------------------------------------------------


def _hold(journal: Journal, report: Report, trust: Trust, parts: Arranged | None, say: Say) -> None:
    """Compare their newest head with those seen before, and store it."""
    head = report.head
    if head is None:
        raise AssertionError("what was verified leads to a head")
    key = signed_by(trust, head.note)
    with closing(followed(journal.folder.others, key.name)) as heads:
        comparison = hold_against(heads, key, head, _proofs(parts), journal.now(), journal.folder.evidence)
    for size in comparison.unproven:
        say(f"{key.name}: nothing connects its head of {head.checkpoint.size} entries with that of {size}, seen before")


def _proofs(parts: Arranged | None) -> Prove:

    def prove(m: int, n: int) -> tuple[list[bytes], None] | None:
        proof = None if parts is None else parts.consistency.get((m, n))
        return None if proof is None else (hashes(proof), None)

    return prove


def _convict(journal: Journal, trust: Trust, notes: list[bytes]) -> None:
    """Store the exhibit that their log signed two trees; both notes came in one bundle."""
    opened = []
    for note in notes:
        key = signed_by(trust, note)
        opened.append((key, open_checkpoint(note, key.name, key, ())))
    for at, (key, one) in enumerate(opened):
        for _, two in opened[at + 1 :]:
            a, b = one.checkpoint, two.checkpoint
            if a.size == b.size and a.root != b.root:
                why = RecordError("SPLIT-VIEW", f"two trees of {a.size} entries")
                keep_split(journal.folder.evidence, key, one.note, two.note, (), None, why)


def signed_by(trust: Trust, note: bytes) -> Vkey:
    """Return the key of a log that signed a note; the newest one where none did."""
    for key in trust.policy.logs[:-1]:
        try:
            open_checkpoint(note, key.name, key, ())
        except RecordError:
            continue
        return key
    return trust.policy.logs[-1]


def _compare_ours(journal: Journal, parts: Arranged) -> None:
    """Compare the heads of our own log that they have seen with our log."""
    for name, content in parts.foreign.items():
        if name.endswith(PROOF):
            check_shown(journal.log, parse_proof(content).note, journal.folder.evidence)
        elif content.startswith(f"{journal.origin}\n".encode()):
            check_shown(journal.log, content, journal.folder.evidence)
