"""Run steps 8 to 11: each entry is in the log, signed, at its place in its order, by a key that could sign there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from ledger.bundle.layout import MANIFEST, Arranged
from ledger.bundle.manifest import HeadOf, Manifest
from ledger.entries.envelope import OpenedEntry, open_
from ledger.entries.keyring import Keyring, RegisteredKey, Registrar
from ledger.entries.log_keys import ALGORITHMS, key_at, key_starts
from ledger.entries.log_keys import KIND as ROTATED
from ledger.entries.payload import SignedBy
from ledger.entries.placement import Chains, registry_of
from ledger.entries.text_form import odd_texts
from ledger.errors import RecordError
from ledger.tlog.note import ED25519, Head, note_digest
from ledger.tlog.policy import Policy
from ledger.tlog.tree import check_inclusion, leaf_hash, parse_proof
from ledger.trust.trust_folder import Trust
from ledger.verify.field_forms import check_public, known
from ledger.verify.heads import Heads
from ledger.verify.progress import OWN_KEYS, Unproven, VerificationLog, counted, placed
from ledger.verify.time_brackets import Times

# -- step 8 ------------------------------------------------------------------------------------------------------------


def check_leaves(parts: Arranged, heads: Heads, book: VerificationLog) -> None:
    """Check that every entry is a canonical envelope, and that its leaf is at its index in the tree of the head.

    Raises ENV-*, PRF-FORMAT, PRF-INDEX, PRF-PATH, LEAF-DUPLICATE.
    """
    leaves: dict[bytes, int] = {}
    for index in sorted(parts.entries.keys() | parts.proofs.keys()):
        where = f"{heads.folder}/entries/{index}"
        raw, proof = parts.entries.get(index), parts.proofs.get(index)
        if raw is None or proof is None:
            raise RecordError("PRF-FORMAT", "an entry and its proof come together", where=where)
        try:
            check_envelope(raw)
        except RecordError as wrong:
            raise placed(wrong, f"{where}.dsse.json") from wrong
        try:
            check_leaf(raw, proof, index, heads.head)
        except RecordError as wrong:
            raise placed(wrong, f"{where}.tlog-proof") from wrong
        if (first := leaves.setdefault(leaf_hash(raw), index)) != index:
            raise RecordError("LEAF-DUPLICATE", f"the same bytes as entry {first}", where=f"{where}.dsse.json")
    book.says(f"{counted(len(parts.entries), 'entry', 'entries')} in the tree of {heads.head.checkpoint.size}")


def check_envelope(raw: bytes) -> None:
    """Check the form of the envelope, but not its signature: ENV-*."""
    try:
        open_(raw, verify=False)
    except RecordError as wrong:
        if wrong.code.startswith("ENV-"):
            raise


def check_leaf(raw: bytes, proof: bytes, index: int, head: Head) -> None:
    """Check that the proof leads from entry `index` to this head, and has its note: PRF-FORMAT, PRF-INDEX, PRF-PATH."""
    parsed = parse_proof(proof)
    if parsed.note != head.note:
        raise RecordError("PRF-FORMAT", "the proof leads to another checkpoint than the bundle's")
    if parsed.index != index:
        raise RecordError("PRF-INDEX", f"a proof for entry {parsed.index} stands beside entry {index}")
    check_inclusion(index, head.checkpoint.size, leaf_hash(raw), parsed.path, head.checkpoint.root)


# -- step 9 ------------------------------------------------------------------------------------------------------------


def open_entries(parts: Arranged, heads: Heads, book: VerificationLog) -> dict[int, OpenedEntry]:
    """Return every entry by log index, with its signature and payload checked. Raises SIG-BAD, JSON-*, SD-*, FACT."""
    opened: dict[int, OpenedEntry] = {}
    for index, raw in parts.entries.items():
        try:
            opened[index] = open_(raw)
            check_public(opened[index].payload)
            note_texts(opened[index], book)
        except RecordError as wrong:
            raise placed(wrong, f"{heads.folder}/entries/{index}.dsse.json") from wrong
    book.says(counted(len(opened), "signature"))
    return opened


def note_texts(entry: OpenedEntry, book: VerificationLog) -> None:
    """Add a finding for each odd text of an entry: TEXT-UNASSIGNED, TEXT-UNSEEN (`ledger.entries.text_form`)."""
    for odd in odd_texts(entry.payload):
        book.remark(odd.code, odd.says, entry.leaf)


# -- step 10 -----------------------------------------------------------------------------------------------------------


def check_places(opened: Mapping[int, OpenedEntry], manifest: Manifest, heads: Heads, book: VerificationLog) -> None:
    """Check that each order in the bundle is a whole chain 1..m that ends at the head in the manifest: CTX-*."""
    chains = Chains(manifest.log)
    for index, entry in opened.items():
        try:
            chains.follow(entry)
        except RecordError as wrong:
            raise placed(wrong, f"{heads.folder}/entries/{index}.dsse.json") from wrong
    chain_ends = {order: HeadOf(link.seq, link.leaf) for order, link in chains.heads.items()}
    for order in sorted(chain_ends.keys() | manifest.heads.keys()):
        here, claimed = chain_ends.get(order), manifest.heads.get(order)
        if here != claimed:
            ends = f"ends at entry {here.seq} here" if here else "is not here"
            claim = f"at entry {claimed.seq} ({claimed.leaf[:8]}..)" if claimed else "nowhere"
            raise RecordError("CTX-CHAIN", f"order {order} {ends}, says the manifest: {claim}", where=MANIFEST)
    for order, what in ((manifest.order, "the order"), (registry_of(manifest.log), "the registry")):
        if order not in chain_ends:
            raise RecordError("CTX-CHAIN", f"{what} is not in the bundle", where=MANIFEST)
    book.says(f"{counted(len(chain_ends), 'order')}, each whole from its first entry on")


NAMED = 20  # the most entries that a sentence lists

# -- step 11 -----------------------------------------------------------------------------------------------------------


def choose_registrar(trust: Trust | None, first: SignedBy, book: VerificationLog) -> Registrar:
    """Return the trusted registrar; without one, for information only, the signer of the `first` register entry."""
    if trust is not None and trust.registrar is not None:
        return trust.registrar
    book.not_proven.append(
        Unproven(
            "",
            f"That {first.actor} keeps the register of this log: its key was taken from the {book.of} itself.",
            OWN_KEYS,
        )
    )
    return Registrar(first.actor, first.party, first.key)


def check_keys(
    opened: Mapping[int, OpenedEntry],
    manifest: Manifest,
    registrar: Registrar,
    heads: Heads,
    times: Times,
    book: VerificationLog,
    later: Mapping[int, OpenedEntry],
) -> Keyring:
    """Check that every entry and the manifest are signed by a key that could sign at that position: KEY-*, CP-KEY.

    `later` are entries known from elsewhere that follow the register of the bundle. Doubts KEY-SUSPECT for a
    key that was reported later, KEY-SCHEMA for entries on keys that this reader does not know.
    """
    keyring = Keyring(registry_of(manifest.log), registrar)
    for index, entry in opened.items():
        try:
            keyring.admit(entry, index)
        except RecordError as wrong:
            raise placed(wrong, f"{heads.folder}/entries/{index}.dsse.json") from wrong
    _check_maker(keyring, manifest, heads.head.checkpoint.size)
    for index, entry in later.items():
        keyring.admit(entry, index)
    check_log_keys({**opened, **later}.values(), heads)
    for actor, since, doubtful in suspect(opened, keyring, times):
        doubt_key(actor, since, doubtful, f"{heads.folder}/entries/{doubtful[0]}.dsse.json", book)
    doubt_unread(keyring, lambda index: f"{heads.folder}/entries/{index}.dsse.json", book)
    book.says(f"{counted(len(keyring.keys), 'key')} of {counted(len(keyring.offices), 'office')}")
    return keyring


def _check_maker(keyring: Keyring, manifest: Manifest, size: int) -> None:
    signer = manifest.signer
    key = keyring.keys.get(signer.key)
    office = keyring.offices.get(signer.actor)
    if key is None or key.accepted is None or key.actor != signer.actor:
        raise RecordError(
            "KEY-UNKNOWN", f"this was no key of {signer.actor} when the log had {size} entries", where=MANIFEST
        )
    if key.ended is not None:
        raise RecordError("KEY-ENDED", f"the key of {key.actor} ended at position {key.ended}", where=MANIFEST)
    if office is None or office.party != signer.party:
        raise RecordError(
            "KEY-UNKNOWN", f"{signer.actor} is not registered as an office of {signer.party}", where=MANIFEST
        )
    if not keyring.holds(signer, size):
        raise RecordError("KEY-ROLE", f"{signer.actor} does not hold the role {signer.role}", where=MANIFEST)


def check_log_keys(opened: Iterable[OpenedEntry], heads: Heads) -> None:
    """Check each note against the rotations of the log's key, which say which sizes each key signs. Raises CP-KEY.

    Both keys may sign one note.
    """
    for public in rotations(opened):
        for digest, head in heads.all.items():
            keys, size = {key.text for key in heads.signed_by[digest]}, head.checkpoint.size
            wanted, other = public["old_key"], public["new_key"]
            if size >= public["from_size"]:
                wanted, other = other, wanted
            if other in keys and wanted not in keys:
                raise RecordError("CP-KEY", f"this key does not sign size {size}", where=heads.where(digest))


def check_rotations(opened: Iterable[OpenedEntry], heads: Heads, trust: Trust | None, book: VerificationLog) -> None:
    """Doubt CP-KEY if several keys of the log signed notes, and nothing says which sizes each of them signs.

    The register says it, or a signed policy. If neither does, the register was cut before the change of the
    key, or the log changed its key and did not record it.
    """
    named = set(trust.sizes if trust is not None else ())
    for public in rotations(opened):
        named |= {public["old_key"], public["new_key"]}
    for kind in ALGORITHMS:
        signed = {key.text for keys in heads.signed_by.values() for key in keys if key.type == kind}
        if len(signed) > 1 and not signed <= named:
            says = f"{len(signed)} keys of the log signed notes here"
            book.doubt("CP-KEY", f"{says}, and the register does not say which sizes each signs", heads.folder)


def check_lines(
    opened: Iterable[OpenedEntry] | None, heads: Heads, policy: Policy, trust: Trust | None, book: VerificationLog
) -> None:
    """Check that no line of the log is missing: for each algorithm of its keys in the policy, a key signed each state.

    Raises CP-KEY if a signed policy, or the register in `opened`, says that a key of the policy signs the size.
    If neither does, a head without a line is a doubt, CP-KEY: the key begins later, or a line was taken away.
    Without a register `opened` is None.
    """
    origin, digest_of_head = heads.head.checkpoint.origin, note_digest(heads.head.note)
    starts = key_starts(rotations(opened or ()))
    for kind, algorithm in ALGORITHMS.items():
        named = {key.text for key in policy.logs if key.name == origin and key.type == kind}
        spans = [trust.sizes[key] for key in named if key in trust.sizes] if trust else []
        for digest, head in heads.all.items():
            size = head.checkpoint.size
            if not named or any(key.type == kind for key in heads.signed_by[digest]):
                continue
            if spans:
                due = any(size in span for span in spans)
            elif kind == ED25519 and opened is not None and not starts[kind]:
                due = True  # the log has had one such key
            else:
                due = key_at(starts[kind], size) in named
            if due:
                says = f"the {algorithm} key of the log signs size {size} too, and its line is missing"
                raise RecordError("CP-KEY", says, where=heads.where(digest))
            if digest == digest_of_head and not spans:
                says = f"the policy has an {algorithm} key of the log, and the head has no line of it"
                book.doubt("CP-KEY", f"{says}; nothing proves that it signs larger trees only", heads.where(digest))


def rotations(opened: Iterable[OpenedEntry]) -> list[dict[str, Any]]:
    """Return the public values of the rotations of a key of the log, in the schema that is known."""
    return [o.payload.public for o in opened if o.payload.kind == ROTATED and known(o.payload) is not None]


def suspect(opened: Mapping[int, OpenedEntry], keyring: Keyring, times: Times) -> Iterator[tuple[str, str, list[int]]]:
    """Yield each reported key that signed doubtful entries: its holder, since when, and the indexes (`is_suspect`)."""
    for key in keyring.keys.values():
        if key.reported is None:
            continue
        doubtful = [n for n, entry in opened.items() if is_suspect(entry, n, key, times)]
        if doubtful:
            yield key.actor, key.suspected_since or "", doubtful


def is_suspect(entry: OpenedEntry, index: int, key: RegisteredKey, times: Times) -> bool:
    """Return True if `key` signed this entry, was reported later, and the entry is not proven to be older than that."""
    return (
        key.reported is not None
        and key.suspected_since is not None
        and entry.payload.signer.key == key.public
        and index < key.reported
        and not times.before(index, key.suspected_since)
    )


def doubt_key(actor: str, since: str, doubtful: Sequence[int], where: str, book: VerificationLog) -> None:
    """Doubt KEY-SUSPECT: a key that may have been in wrong hands signed the entries `doubtful` (log indexes)."""
    book.doubt(
        "KEY-SUSPECT",
        f"the key of {actor} may have been in wrong hands since {since}, and nothing proves "
        f"that {counted(len(doubtful), 'entry', 'entries')} ({_listed(doubtful)}) existed before",
        where,
    )


def doubt_unread(keyring: Keyring, where: Callable[[int], str], book: VerificationLog) -> None:
    """Doubt KEY-SCHEMA if the register has entries on keys of a later version; `where` returns the file of an entry."""
    if keyring.unread:
        what = f"{counted(len(keyring.unread), 'entry', 'entries')} on keys in the register ({_listed(keyring.unread)})"
        says = f"a later version wrote {what}, not read here: a key may have ended"
        book.doubt("KEY-SCHEMA", says, where(keyring.unread[0]))


def _listed(indexes: Sequence[int]) -> str:
    return ", ".join([*map(str, indexes[:NAMED]), *(["..."] if len(indexes) > NAMED else [])])
