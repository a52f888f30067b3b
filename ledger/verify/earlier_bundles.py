"""Compare a bundle with other evidence of its log: a second bundle, or entries that were received earlier.

Each history of a forked order verifies alone. Two of them convict the log: SPLIT-VIEW if its trees contradict
each other, SPLIT-ORDER or CTX-REPLAY if its entries do, each with an exhibit for third parties. A bundle that
ends before an entry of the order under its own head is CMP-CUT. Later entries of the register are used to
judge the keys in the bundle.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from operator import attrgetter

from msgspec import Struct, field

from ledger.bundle.archive import unpack
from ledger.bundle.archive_kind import inside, is_container
from ledger.bundle.layout import COMMIT, MANIFEST, POLICY, Arranged, arrange
from ledger.bundle.manifest import Manifest, open_manifest
from ledger.entries.envelope import OpenedEntry, open_
from ledger.entries.placement import at_odds, registry_of
from ledger.entries.split_view import Shown, prove_omission, prove_order, prove_split
from ledger.errors import RecordError
from ledger.tlog.note import MlDsa, Vkey, note_digest, parse_checkpoint
from ledger.tlog.policy import Policy, parse_policy
from ledger.tlog.tree import check_consistency, leaf_hash, parse_proof
from ledger.trust.trust_folder import Trust
from ledger.verify.heads import Heads, hashes, open_heads
from ledger.verify.progress import Contradiction, VerificationLog, counted


class EarlierEntries(Struct, frozen=True):
    """Entries of the log `origin` with proofs, its notes with the keys that signed them, and proofs between sizes.

    All of it was verified when it was shown.
    """

    origin: str
    entries: Sequence[Shown] = ()
    notes: Mapping[bytes, frozenset[Vkey]] = field(default_factory=dict)
    consistency: Mapping[tuple[int, int], bytes] = field(default_factory=dict)

    def keys(self) -> set[Vkey]:
        """Return the keys of the log that signed at least one of the notes or proofs."""
        return {shown.log for shown in self.entries}.union(*self.notes.values())

    def opened(self) -> Iterator[tuple[int, OpenedEntry, Shown]]:
        """Yield each entry with its index in the log, from 0, in the order of indexes."""
        pairs = ((parse_proof(shown.proof).index, shown) for shown in self.entries)
        for index, shown in sorted(pairs, key=lambda each: each[0]):
            yield index, open_(shown.raw, verify=False), shown


def known_of(data: bytes, trust: Trust | None, mldsa: MlDsa | None = None) -> EarlierEntries:
    """Return what a bundle shows of its log. The bundle must have been verified under the same trust."""
    bundle = inside(data) if is_container(data) else None
    files = unpack(bundle.data if bundle else data)
    manifest = open_manifest(files[MANIFEST])
    parts = arrange(files, manifest.log, manifest.v)
    policy = parse_policy(files[POLICY]) if trust is None else trust.policy
    heads = open_heads(parts, manifest.log, policy, VerificationLog(), mldsa)
    notes = {head.note: heads.signed_by[digest] for digest, head in heads.all.items()}
    log = _first(notes[heads.head.note])
    entries = [Shown(raw, parts.proofs[index], log) for index, raw in parts.entries.items()]
    if (commit := shown_commit(parts, log)) is not None:
        entries.append(commit)
    return EarlierEntries(manifest.log, entries, notes, parts.consistency)


def comparable(
    known: EarlierEntries | None, manifest: Manifest, policy: Policy, book: VerificationLog
) -> EarlierEntries | None:
    """Return `known` if it is of the bundle's log, under keys of this policy; else record that and return None."""
    if known is None or (known.origin == manifest.log and known.keys() <= set(policy.logs)):
        return known
    book.gravest.append(
        f"That the other record agrees with this one: it is of {known.origin}, or by another key than those used here, "
        "and was not compared."
    )
    return None


# -- step 6 ------------------------------------------------------------------------------------------------------------


def check_heads(heads: Heads, parts: Arranged, known: EarlierEntries, book: VerificationLog) -> None:
    """Compare the states of the log in a bundle with the known ones: SPLIT-VIEW.

    If no proof connects a state with the head, it is not proven that both are of one log.
    """
    head, apart = heads.head.checkpoint, set()
    for note, keys in known.notes.items():
        earlier = parse_checkpoint(note.decode().partition("\n\n")[0] + "\n")
        for digest, each in heads.all.items():
            if each.checkpoint.size == earlier.size and each.checkpoint.root != earlier.root:
                wrong = RecordError("SPLIT-VIEW", f"two trees of size {earlier.size}: keep both notes")
                raise _split(heads, digest, note, keys, (), wrong)
        if head.size == earlier.size or 0 in (head.size, earlier.size):
            continue
        (m, one), (n, two) = sorted(((head.size, head.root), (earlier.size, earlier.root)))
        apart.add(earlier.size)
        for path in _paths((parts.consistency, known.consistency), m, n):
            try:
                check_consistency(m, n, one, two, path)
                apart.discard(earlier.size)
            except RecordError as wrong:
                split = _split(heads, note_digest(heads.head.note), note, keys, path, wrong)
                if split.exhibit is not None:
                    raise split from wrong
    if apart:
        sizes = ", ".join(map(str, sorted(apart)))
        book.not_proven.append(
            f"That the states of {sizes} entries, known from elsewhere, and this one are of one log that only grew."
        )


def _paths(proofs: Sequence[Mapping[tuple[int, int], bytes]], m: int, n: int) -> Iterator[list[bytes]]:
    for each in proofs:
        with suppress(RecordError):
            if (m, n) in each:
                yield hashes(each[m, n])


def _split(
    heads: Heads, digest: str, note: bytes, keys: frozenset[Vkey], path: Sequence[bytes], wrong: RecordError
) -> Contradiction:
    exhibit = None
    for key in sorted(keys & heads.signed_by[digest], key=attrgetter("text")):
        with suppress(RecordError):
            exhibit = prove_split(key, heads.all[digest].note, note, path)
            break
    return Contradiction(RecordError("SPLIT-VIEW", wrong.says), heads.where(digest), exhibit)


# -- step 10 -----------------------------------------------------------------------------------------------------------


def check_entries(
    opened: Mapping[int, OpenedEntry],
    parts: Arranged,
    manifest: Manifest,
    heads: Heads,
    known: EarlierEntries,
    book: VerificationLog,
) -> None:
    """Compare the entries of a bundle with the known ones: SPLIT-VIEW, SPLIT-ORDER, CTX-REPLAY, CMP-CUT."""
    places = {(o.payload.order, o.payload.seq): index for index, o in opened.items()}
    ids = {o.payload.entry: index for index, o in opened.items()}
    log, same = _first(heads.signed_by[note_digest(heads.head.note)]), 0
    for index, earlier, shown in known.opened():
        p = earlier.payload
        if index in opened and opened[index].leaf == earlier.leaf:
            same += 1
        near = (places.get((p.order, p.seq + step)) for step in (0, -1, 1))
        for other in dict.fromkeys((index, *near, ids.get(p.entry))):
            if other is None or other not in opened:
                continue
            here = opened[other]
            ours = Shown(here.raw, parts.proofs[other], log)
            where = f"{heads.folder}/entries/{other}.dsse.json"
            if other == index and here.leaf != earlier.leaf:
                wrong = RecordError("SPLIT-VIEW", f"another entry stands at place {index} of the log elsewhere")
                raise Contradiction(wrong, where, _omission(ours, shown))
            if (broken := at_odds(here, other, earlier, index)) is not None:
                raise Contradiction(broken, where, _order(ours, shown))
    _check_ends(known, manifest, heads.head.checkpoint.size)
    book.says(f"{book.detail}; {counted(same, 'entry', 'entries')} known from elsewhere, and none says otherwise")


def hold_commit(parts: Arranged, heads: Heads, known: EarlierEntries) -> None:
    """Compare the verified entry that commits heads with the known entries: as `hold_entry`, and MAP-SPLIT."""
    if (commit := shown_commit(parts, _first(heads.signed_by[note_digest(heads.head.note)]))) is not None:
        try:
            hold_entry(commit, known)
        except Contradiction as wrong:
            raise Contradiction(wrong, COMMIT, wrong.exhibit) from wrong


def shown_commit(parts: Arranged, log: Vkey) -> Shown | None:
    """Return the entry that commits heads with its proof; None if the bundle has none."""
    raw, proof = parts.commit
    return None if raw is None or proof is None else Shown(raw, proof, log)


def hold_entry(shown: Shown, known: EarlierEntries) -> None:
    """Compare one verified entry with the known entries of its log: SPLIT-VIEW, SPLIT-ORDER, MAP-SPLIT, CTX-REPLAY."""
    here, index = open_(shown.raw, verify=False), parse_proof(shown.proof).index
    for other, earlier, theirs in known.opened():
        if other == index and here.leaf != earlier.leaf:
            wrong = RecordError("SPLIT-VIEW", f"another entry stands at place {index} of the log elsewhere")
            raise Contradiction(wrong, "", _omission(shown, theirs))
        if (broken := at_odds(here, index, earlier, other)) is not None:
            raise Contradiction(broken, "", _order(shown, theirs))


def _omission(ours: Shown, theirs: Shown) -> bytes | None:
    try:
        return prove_omission(ours.log, ours.raw, ours.proof, leaf_hash(theirs.raw), theirs.proof)
    except RecordError:  # the log's key was replaced in between: no single key opens both
        return None


def _order(ours: Shown, theirs: Shown) -> bytes | None:
    try:
        return prove_order(ours, theirs)
    except RecordError:  # an exhibit names Ed25519 keys, and one of the heads has no line of such a key
        return None


def _check_ends(known: EarlierEntries, manifest: Manifest, size: int) -> None:
    """Raise CMP-CUT if an order of the bundle ends before an entry of it that the head covers."""
    for index, earlier, _ in known.opened():
        p = earlier.payload
        end = manifest.heads.get(p.order)
        if end is not None and p.seq > end.seq and index < size:
            says = (
                f"order {p.order} ends at entry {end.seq} here, and the log of {size} entries has entry {p.seq} of it, "
                f"at place {index}: its maker left it out, or the log signed two trees"
            )
            raise RecordError("CMP-CUT", says, where=MANIFEST)


# -- step 11 -----------------------------------------------------------------------------------------------------------


def register_after(known: EarlierEntries, manifest: Manifest) -> dict[int, OpenedEntry]:
    """Return the known entries that follow the register of a bundle without a gap, by log index."""
    registry = registry_of(manifest.log)
    last, later = manifest.heads[registry].leaf, {}
    for index, entry, _ in known.opened():
        if entry.payload.order == registry and entry.payload.prev == last:
            later[index], last = entry, entry.leaf
    return later


def _first(keys: frozenset[Vkey]) -> Vkey:
    return min(keys, key=attrgetter("type", "text"))
