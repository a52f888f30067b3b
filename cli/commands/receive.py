"""`comity receive`: verify entries of another office under the keys pinned for it, and wrap them into this record."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING

import click
from msgspec import Struct

from cli.click_extensions import command
from cli.exit_codes import Exit, Stop
from cli.session.options import AS, KEY, ROLE
from cli.terminal import file_io, output
from cli.terminal.answer import CommandAnswer
from cli.terminal.log_output import VERBOSE

if TYPE_CHECKING:
    from ledger.adapters.witness.followed_logs import Prove
    from ledger.application.foreign.receive import Arrival
    from ledger.application.journal import Journal
    from ledger.application.write.receipt import Receipt
    from ledger.bundle.layout import Arranged
    from ledger.entries.envelope import OpenedEntry, Signer
    from ledger.errors import LedgerError
    from ledger.tlog.note import Vkey
    from ledger.verify import EarlierEntries, Report, Trust


class ReceivedItem(Struct, frozen=True):
    """One entry of another log: its position there, whether it was recorded before, and its position here."""

    log: str
    their_index: int
    kind: str
    done: str
    index: int


class ReceivedAnswer(CommandAnswer, tag="comity.received/1"):
    """What became of each entry that arrived."""

    entries: list[ReceivedItem]
    recorded: int
    already: int


logger = logging.getLogger(__name__)

KIND = "counterparty-record-received"
DOUBT_ONLY = frozenset({"KEY-UNKNOWN"})  # the only doubt on a single entry that comes without its register


@command(
    "comity receive order.evidence.zip --as skylark",
    "comity receive answer.evidence.zip --as ilves --order PPO-2026-123",
    "comity receive 12.dsse.json --backs '#7' --as ilves          (its proof, 12.tlog-proof, beside it)",
)
@click.argument("file", metavar="FILE")
@click.option("--order", "name", metavar="ORDER", help="Our order it belongs to (default: the one of the same id).")
@click.option("--backs", metavar="ENTRY", help="The entry of ours that the one received supports.")
@click.option("--anyway", is_flag=True, help="Keep what cannot be verified fully; it then counts for nothing.")
@AS
@ROLE
@KEY
@VERBOSE
def receive(
    file: str,
    name: str | None,
    backs: str | None,
    anyway: bool,
    actor: str | None,
    role: str | None,
    key_file: str | None,
) -> Exit:
    """Take in FILE: the evidence bundle of another record, or one sealed entry.

    It is verified under the keys that our registrar pinned for that log, and wrapped: bytes and proof are kept, and the
    law counts it as its signer's own act. What is here already stays where it is. An entry sealed for this very ledger
    is stored as it is, or wrapped if others wrote first.
    """
    from cli.session.open_ledger import hand, writing

    data = file_io.read(file)
    with writing() as journal:
        opened = _open(data) if data.startswith(b'{"payload":') else None
        if opened is not None and opened.payload.log == journal.origin:
            return _sealed_for_us(journal, opened, actor, role, key_file)
        if opened is None and not data.startswith(b"PK"):
            raise Stop(f"{file} is neither a bundle nor a sealed entry", code=Exit.UNDECIDABLE)
        signer = hand(journal, KIND, actor, role, key_file)  # before anything received is stored
        if opened is None:
            arrivals, check = _from_bundle(journal, data, name, anyway=anyway)
        else:
            arrivals, check = _from_entry(journal, opened, file, anyway=anyway)
        if backs and len(arrivals) != 1:
            raise Stop("--backs is for one entry, and this brings more", hint="receive that entry by itself")
        return _take_in(journal, arrivals, signer, check, name, backs, anyway=anyway)


# -- what is in a file, verified ---------------------------------------------------------------------------------------


def _from_bundle(journal: Journal, data: bytes, name: str | None, *, anyway: bool) -> tuple[list[Arrival], str]:
    from cli.session.open_ledger import find
    from ledger.adapters.keys import mldsa
    from ledger.adapters.timestamps import rfc3161
    from ledger.application.counterparties import keep_register
    from ledger.application.foreign.receive import Arrival
    from ledger.bundle import unpack
    from ledger.bundle.layout import MANIFEST, arrange
    from ledger.bundle.manifest import open_manifest
    from ledger.entries.placement import registry_of
    from ledger.errors import RecordError
    from ledger.verify import verify

    files = unpack(data)
    if MANIFEST not in files:
        raise RecordError("BND-MANIFEST", "a bundle without it is none", where=MANIFEST)
    manifest = open_manifest(files[MANIFEST])
    if manifest.log == journal.origin:
        raise RecordError(
            "CTX-LOG", "this is a bundle of this very ledger", hint="a copy is put back with comity restore"
        )
    trust = _trust(journal, manifest.log)
    read = partial(verify, data, trust, None, journal.now(), mldsa=mldsa.verify, stamps=rfc3161.reader())
    report = read()
    parts = arrange(files, manifest.log, manifest.v)
    check = _settled(journal, report, trust, parts, anyway=anyway)
    _hold(journal, report, trust, parts)
    earlier = _known(journal, trust, manifest.log, [*manifest.heads, *([find(journal, name)] if name else ())])
    if earlier is not None:
        report = read(elsewhere=earlier)
        if report.exhibit is not None:
            raise _convicted(journal, report, files, earlier)
        check = _settled(journal, report, trust, parts, anyway=anyway)
    _compare_ours(journal, parts)
    register = registry_of(manifest.log)
    theirs = {n: (raw, parts.proofs[n]) for n, raw in parts.entries.items() if _open(raw).payload.order == register}
    if all(reason.code == "KEY-SUSPECT" for reason in report.reasons):  # a reported theft is proven too
        keep_register(journal.folder.registers, manifest.log, theirs)
    entries = [(index, raw) for index, raw in parts.entries.items() if index not in theirs]
    if name and len({_open(raw).payload.order for _, raw in entries}) > 1:
        raise Stop("--order is for a bundle of one order, and this brings more")
    texts = {index: tuple(text.decode().splitlines()) for index, text in parts.disclosures.items()}
    logger.info("the bundle of %s %s: %d entries", manifest.log, check, len(entries))
    return [Arrival(raw, parts.proofs[index], texts.get(index, ())) for index, raw in entries], check


def _settled(journal: Journal, report: Report, trust: Trust, parts: Arranged, *, anyway: bool) -> str:
    """Return the result of the verification as a code of the vocabulary; `RecordError` if it failed, or is doubtful.

    With `anyway` a doubtful result is `not-checked`.
    """
    from ledger.errors import RecordError
    from ledger.verify import Verdict

    if report.verdict is Verdict.PASSED:
        return "verifies"
    worst = report.reasons[0]
    if worst.code == "SPLIT-VIEW":
        _convict(journal, trust, [parts.checkpoint, *parts.heads.values()])
    if report.verdict is Verdict.FAILED or not anyway:
        hint = "" if report.verdict is Verdict.FAILED else "--anyway keeps it all the same; it will count for nothing"
        raise RecordError(worst.code, worst.says, where=worst.where, hint=hint)
    for reason in report.reasons:
        output.tell(f"{reason.code}: {reason.says}")
    return "not-checked"


def _from_entry(journal: Journal, opened: OpenedEntry, file: str, *, anyway: bool) -> tuple[list[Arrival], str]:
    """Return one entry with its proof, and the result of its verification.

    Its register is missing, so our own register has to confirm that the key belongs to its signer.
    """
    from cli.commands.verify import proof_beside
    from ledger.adapters.keys import mldsa
    from ledger.application.foreign.receive import Arrival
    from ledger.errors import RecordError
    from ledger.verify import Verdict, verify_entry

    signer = opened.payload.signer
    trust = _trust(journal, opened.payload.log)
    proof = proof_beside(file)
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
    if lacks and (report.verdict is Verdict.FAILED or not anyway):
        hint = "" if report.verdict is Verdict.FAILED else "ask for the bundle of the whole order, or say --anyway"
        raise RecordError(lacks[0].code, lacks[0].says, where=lacks[0].where, hint=hint)
    if report.head is not None:
        _hold(journal, report, trust, None)
        _hold_entry(journal, opened, proof, trust)
    return [Arrival(opened.raw, proof)], "not-checked" if lacks else "verifies"


def _known(journal: Journal, trust: Trust, origin: str, orders: Sequence[str]) -> EarlierEntries | None:
    """Return what was received from a log before: entries of these orders, and its register; None if nothing was."""
    from ledger.application.counterparties import registers
    from ledger.application.foreign.recall import recalled
    from ledger.tlog.note import origin_hash

    register = registers(journal.folder.registers).get(origin_hash(origin), {})
    earlier = recalled(origin, orders, journal.store, journal.folder.foreign, trust.policy.logs, register)
    return earlier if earlier.entries else None


def _convicted(journal: Journal, report: Report, files: Mapping[str, bytes], known: EarlierEntries) -> LedgerError:
    """Return the error for a log that a bundle and earlier entries contradict; keep the exhibit as evidence.

    For two entries at one position, both are kept with their proofs.
    """
    from hashlib import sha256

    from ledger.adapters.witness.followed_logs import convicted, keep_evidence
    from ledger.entries.wrapped_entry import PROOF
    from ledger.tlog.tree import parse_proof

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
    from ledger.adapters.witness.followed_logs import convicted
    from ledger.entries.split_view import Shown
    from ledger.tlog.tree import parse_proof
    from ledger.verify import Contradiction, hold_entry

    earlier = _known(journal, trust, opened.payload.log, [opened.payload.order])
    if earlier is None:
        return
    try:
        hold_entry(Shown(opened.raw, proof, _signed_by(trust, parse_proof(proof).note)), earlier)
    except Contradiction as wrong:
        if wrong.exhibit is None:
            raise
        raise convicted(journal.folder.evidence, wrong.code, wrong.says, wrong.exhibit) from wrong


def _trust(journal: Journal, origin: str) -> Trust:
    from ledger.application.counterparties import trust_in

    return trust_in(journal.folder.path / "trust", journal.cases.register(reveal=False), origin)


def _open(raw: bytes) -> OpenedEntry:
    from ledger.entries.envelope import open_

    return open_(raw)


# -- heads, theirs and ours --------------------------------------------------------------------------------------------


def _hold(journal: Journal, report: Report, trust: Trust, parts: Arranged | None) -> None:
    """Compare their newest head with those seen before, and store it."""
    from ledger.adapters.witness.followed_logs import followed, hold_against

    head = report.head
    if head is None:
        raise AssertionError("what was verified leads to a head")
    key = _signed_by(trust, head.note)
    with closing(followed(journal.folder.others, key.name)) as heads:
        comparison = hold_against(heads, key, head, _proofs(parts), journal.now(), journal.folder.evidence)
    for size in comparison.unproven:
        output.tell(
            f"{key.name}: nothing connects its head of {head.checkpoint.size} entries with that of {size}, seen before"
        )


def _proofs(parts: Arranged | None) -> Prove:
    from ledger.verify.heads import hashes

    def prove(m: int, n: int) -> tuple[list[bytes], None] | None:
        proof = None if parts is None else parts.consistency.get((m, n))
        return None if proof is None else (hashes(proof), None)

    return prove


def _convict(journal: Journal, trust: Trust, notes: list[bytes]) -> None:
    """Store the exhibit that their log signed two trees; both notes came in one bundle."""
    from ledger.adapters.witness.followed_logs import keep_split
    from ledger.errors import RecordError
    from ledger.tlog.note import open_checkpoint

    opened = []
    for note in notes:
        key = _signed_by(trust, note)
        opened.append((key, open_checkpoint(note, key.name, key, ())))
    for at, (key, one) in enumerate(opened):
        for _, two in opened[at + 1 :]:
            a, b = one.checkpoint, two.checkpoint
            if a.size == b.size and a.root != b.root:
                why = RecordError("SPLIT-VIEW", f"two trees of {a.size} entries")
                keep_split(journal.folder.evidence, key, one.note, two.note, (), None, why)


def _signed_by(trust: Trust, note: bytes) -> Vkey:
    from ledger.errors import RecordError
    from ledger.tlog.note import open_checkpoint

    for key in trust.policy.logs[:-1]:
        try:
            open_checkpoint(note, key.name, key, ())
        except RecordError:
            continue
        return key
    return trust.policy.logs[-1]


def _compare_ours(journal: Journal, parts: Arranged) -> None:
    """Compare the heads of our own log that they have seen with our log."""
    from ledger.adapters.witness.cosigning import check_shown
    from ledger.entries.wrapped_entry import PROOF
    from ledger.tlog.tree import parse_proof

    for name, content in parts.foreign.items():
        if name.endswith(PROOF):
            check_shown(journal.log, parse_proof(content).note, journal.folder.evidence)
        elif content.startswith(f"{journal.origin}\n".encode()):
            check_shown(journal.log, content, journal.folder.evidence)


# -- into the record ---------------------------------------------------------------------------------------------------


def _take_in(
    journal: Journal,
    arrivals: list[Arrival],
    signer: Signer,
    check: str,
    name: str | None,
    backs: str | None,
    *,
    anyway: bool,
) -> Exit:
    from cli.session.open_ledger import find
    from cli.session.recording import Place
    from ledger.application.foreign import receive as post

    rows: list[ReceivedItem] = []
    fresh = []
    folder, evidence = journal.folder.foreign, journal.folder.evidence
    order = find(journal, name) if name else ""
    drafts = []
    for arrival in post.wanted(arrivals, journal.store, journal.origin):
        opened = _open(arrival.raw)
        place = order or opened.payload.order
        key = _signed_by(_trust(journal, opened.payload.log), _note(arrival))
        position = post.place_of(arrival, place, journal.store, key, folder, evidence)
        if position.index is not None:
            rows.append(_row(opened, arrival, "already recorded", position.index))
            continue
        _check_place(journal, place, arrival)
        now = journal.now()
        if not anyway:
            _check_order(opened, place)
            post.check_counts(arrival, journal.cases, journal.store.size())
        leaf = Place.of(journal, KIND, place, None).event(backs) if backs else None
        draft = post.draft_of(
            arrival, journal.origin, signer, now, check, order=place, backs=leaf, entry=position.entry
        )
        fresh.append(arrival)
        drafts.append(draft)
    post.keep_files(fresh, folder)
    receipts = journal.record_batch(drafts) if drafts else []
    logger.info("%d entries stored, %d were here already", len(receipts), len(rows))
    rows += [_row(_open(a.raw), a, "recorded", r.index) for a, r in zip(fresh, receipts, strict=True)]
    _tell(rows, receipts)
    return Exit.DONE


def _check_order(opened: OpenedEntry, order: str) -> None:
    from ledger.errors import RecordError

    if opened.payload.order != order:
        hint = "--anyway keeps it all the same, as what its recipient has observed"
        raise RecordError("CTX-ORDER", f"it is about the order {opened.payload.order}", where=order, hint=hint)


def _check_place(journal: Journal, order: str, arrival: Arrival) -> None:
    from ledger.application.foreign.receive import check_instrument
    from ledger.errors import RecordError

    newest = journal.store.newest(order)
    check_instrument(arrival, _open(newest[1]).payload.instrument if newest else None)
    if journal.subject_keys and journal.subject_keys.main_of(order) is not None:
        raise RecordError("CTX-ORDER", "what arrives from others does not go where some of them may not look")


def _sealed_for_us(
    journal: Journal, opened: OpenedEntry, actor: str | None, role: str | None, key_file: str | None
) -> Exit:
    """Record an entry sealed elsewhere for this ledger: unchanged, or wrapped if other entries came first."""
    from cli.session.open_ledger import hand
    from cli.terminal.receipt import tell
    from ledger.application.foreign.receive import keep_alone
    from ledger.application.write.draft import Draft
    from ledger.entries.envelope import Circumstances
    from ledger.entries.wrapped_entry import wrapping_crossed
    from ledger.errors import RecordError

    try:
        (receipt,) = journal.receive_sealed([opened.raw])
    except RecordError as refused:
        if refused.code != "CTX-CHAIN" or journal.store.newest(opened.payload.order) is None:
            raise
    else:
        tell(journal, opened.payload.kind, receipt)
        return Exit.DONE
    size = journal.store.size()
    journal.read_keyring().check(opened, size)
    journal.read_keyring().check_role(opened.payload.signer, size)
    if opened.payload.order in (journal.registry, journal.access):
        raise RecordError("CTX-CHAIN", "others wrote to the register first", hint="read it again, and seal it again")
    signer = hand(journal, KIND, actor, role, key_file)
    entry, before = _crossed(journal, opened)
    if before is None:
        output.tell("others wrote first: it is wrapped, and counts as its signer's act")
        keep_alone(opened.raw, journal.folder.foreign)
    else:
        size = before
    now = journal.now()
    draft = Draft(
        wrapping_crossed(opened.raw, size),
        opened.payload.order,
        signer,
        Circumstances(now, now),
        entry=entry,
        wraps=opened.raw,
    )
    tell(journal, KIND, journal.record_batch([draft])[0])
    return Exit.DONE


def _crossed(journal: Journal, opened: OpenedEntry) -> tuple[str, int | None]:
    """Return the id under which a crossed entry is wrapped, and its recorded position if it was wrapped before."""
    from hashlib import sha256

    for attempt in range(1_000):
        entry = opened.leaf[:32] if not attempt else sha256(f"{opened.leaf}\n{attempt}".encode()).hexdigest()[:32]
        before = journal.store.by_entry(bytes.fromhex(entry))
        if before is None:
            return entry, None
        p = _open(before[1]).payload
        if (p.kind, p.order, p.public.get("leaf")) == (KIND, opened.payload.order, opened.leaf):
            return entry, p.public["index"]
    raise AssertionError("ids of 128 bits are not all taken")


def _note(arrival: Arrival) -> bytes:
    from ledger.tlog.tree import parse_proof

    return parse_proof(arrival.proof).note


def _row(opened: OpenedEntry, arrival: Arrival, done: str, index: int) -> ReceivedItem:
    from ledger.tlog.tree import parse_proof

    p = opened.payload
    return ReceivedItem(p.log, parse_proof(arrival.proof).index, p.kind, done, index)


def _tell(items: list[ReceivedItem], receipts: list[Receipt]) -> None:

    def text() -> str:
        lines = [f"{i.done:<17} {i.kind}, entry {i.their_index} of {i.log}, here #{i.index}" for i in items]
        return "\n".join(lines or ["nothing in it is for us"])

    rows: list[ReceivedItem | tuple[str | None, ...]] = [*items]
    rows = rows or [(None, None, None, "nothing for us", None)]
    answer = ReceivedAnswer(items, len(receipts), len(items) - len(receipts))
    output.emit(answer, ReceivedItem.__struct_fields__, rows, text=text)
