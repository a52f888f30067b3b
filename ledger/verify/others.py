"""Steps 15 and 16: what arrived from other records, as the law counts it, and whether it stands there as we say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ledger.bundle.layout import Arranged
from ledger.bundle.manifest import Manifest
from ledger.chain import registry_of
from ledger.counterparty import KIND, PROOF, VALUES, as_counted, is_impostor, wrapped
from ledger.envelope import Opened, open_
from ledger.keyring import Keyring
from ledger.note import MLDSA44, Head, MlDsa, Vkey, note_digest, open_checkpoint, parse_checkpoint
from ledger.order import Entry
from ledger.policy import Policy
from ledger.refusal import Refused
from ledger.tlog import Proof, check_inclusion, leaf_hash, parse_proof
from ledger.verify.fields import known
from ledger.verify.notebook import Notebook, counted

# -- step 15 -----------------------------------------------------------------------------------------------------------


def arrived(opened: Mapping[int, Opened], parts: Arranged, keyring: Keyring) -> list[Entry]:
    """The wrapped entries that count as their signers' acts, each at the place of its wrapper.

    One that was sealed for this very log counts if its key could sign there; one signed in the name of an office that
    has keys here, by another key, does not.
    """
    destroyed = {
        digest
        for entry in opened.values()
        if entry.payload.kind == "payload-key-destroyed" and known(entry.payload)
        for digest in entry.payload.public.get("digests", ())
    }
    found = []
    for index, wrapper in opened.items():
        inner = wrapped(wrapper, parts.foreign.get)
        if inner is not None and _may_sign(inner, wrapper, index, keyring):
            texts = parts.foreign.get(f"{wrapper.payload.public['envelope']}{VALUES}", b"")
            lines = texts.decode("ascii").splitlines()
            found.append(as_counted(inner, wrapper, index, lines, destroyed=destroyed))
    return found


def _may_sign(inner: Opened, wrapper: Opened, index: int, keyring: Keyring) -> bool:
    try:
        if inner.payload.log != wrapper.payload.log:
            return not is_impostor(inner, keyring, index)
        keyring.check(inner, index)
    except Refused:
        return False
    return True


# -- step 16 -----------------------------------------------------------------------------------------------------------


def check_successor(
    opened: Mapping[int, Opened], parts: Arranged, policies: Sequence[Policy], mldsa: MlDsa | None, book: Notebook
) -> None:
    """A log that takes the place of another says so in its first entry, with the last head of that one: CTX-SUCCESSOR.

    The head travels as a file; that the old log signed it is proven to whoever trusts a key of it.
    """
    for index, entry in opened.items():
        p = entry.payload
        if p.kind != "log-succeeded" or known(p) is None:
            continue
        said = p.public
        where = f"entry {index}"
        if p.seq != 1 or said["predecessor"] == p.log:
            raise Refused(
                "CTX-SUCCESSOR", "only the first entry of a register names another log before it", where=where
            )
        note = next((parts.foreign[d.sha256] for d in p.documents if d.sha256 in parts.foreign), None)
        if note is None:
            book.not_proven.append(
                f"What {said['predecessor']} was when this log took its place: its head is not here."
            )
            continue
        try:
            _check_predecessor(note, said, policies, mldsa, book)
        except Refused as wrong:
            raise Refused("CTX-SUCCESSOR", f"{wrong.code} {wrong.says}", where=where) from wrong


def _check_predecessor(
    note: bytes, said: Mapping[str, Any], policies: Sequence[Policy], mldsa: MlDsa | None, book: Notebook
) -> None:
    head = parse_checkpoint(note.decode("utf-8", "replace").partition("\n\n")[0] + "\n")
    told = (said["predecessor"], said["size"], said["root"])
    if (head.origin, head.size, head.root.hex()) != told:
        raise Refused("CP-CONSISTENCY", f"its last head is of {head.size} entries of {head.origin}, with another root")
    pinned = [(policy, key) for policy in policies for key in policy.logs if key.name == head.origin]
    if pinned:
        _open(note, pinned, mldsa)
    else:
        book.not_proven.append(f"That {head.origin} signed the state it ended with: no key of it is trusted.")


def check_others(
    opened: Mapping[int, Opened],
    parts: Arranged,
    policies: Sequence[Policy],
    mldsa: MlDsa | None,
    manifest: Manifest,
    book: Notebook,
) -> None:
    """What entries say of another party's record, held against the entry from there: ENT-MISMATCH.

    `policies` name whom the verifier trusts: for the bundle's own log first, then for others. ENT-ABSENT, the other
    entry not being in the bundle, is a finding.
    """
    by_leaf = {leaf_hash(raw).hex(): name for name, raw in parts.foreign.items() if len(name) == 64}
    checked = 0
    for index, entry in opened.items():
        if entry.payload.order == registry_of(manifest.log):
            continue
        for origin, place, leaf, name, head in _claims(entry):
            found = name if name in parts.foreign else by_leaf.get(leaf)
            if found is None:
                says = f"entry {index} rests on entry {place} of {origin}, which is not in the bundle"
                book.remark("ENT-ABSENT", says, entry.leaf)
                continue
            try:
                _check_other(found, parts, (origin, place, leaf, head), policies, mldsa, book)
            except Refused as wrong:
                says = f"entry {index} says otherwise: {wrong.code} {wrong.says}"
                raise Refused("ENT-MISMATCH", says, where=f"foreign/{found}") from wrong
            checked += 1
    book.says(f"{counted(checked, 'entry', 'entries')} of other records")


def _claims(entry: Opened) -> Iterator[tuple[str, int, str, str, str]]:
    """(origin, index, leaf, SHA-256 of the envelope or "", of the head or "") of every entry elsewhere that it names.

    Only where an entry wraps another does its `other` speak of the head of the proof kept here.
    """
    p = entry.payload
    wraps = p.kind == KIND and known(p) is not None
    if wraps:
        yield p.public["origin"], p.public["index"], p.public["leaf"], p.public["envelope"], ""
    if p.other:
        yield p.other.origin, p.other.index, p.other.leaf, "", p.other.checkpoint_sha256 if wraps else ""


def _check_other(
    name: str,
    parts: Arranged,
    said: tuple[str, int, str, str],
    policies: Sequence[Policy],
    mldsa: MlDsa | None,
    book: Notebook,
) -> None:
    origin, index, leaf, head = said
    raw = parts.foreign[name]
    opened = open_(raw)
    if opened.leaf != leaf:
        raise Refused("PRF-PATH", f"its leaf is {opened.leaf}, not {leaf}")
    if opened.payload.log != origin:
        raise Refused("CTX-LOG", f"it was sealed for {opened.payload.log}, not for {origin}")
    proof = parts.foreign.get(f"{name}{PROOF}")
    if proof is None:
        book.not_proven.append(f"That entry {index} stands in the log {origin}: no proof from there is in the bundle.")
        return
    parsed = parse_proof(proof)
    if parsed.index != index:
        raise Refused("PRF-INDEX", f"its proof is for entry {parsed.index}, not {index}")
    if head and head != (digest := note_digest(parsed.note)):
        raise Refused("PRF-PATH", f"its proof leads to the head {digest}, not {head}")
    _check_foreign_log(raw, parsed, origin, policies, mldsa, book)


def _check_foreign_log(
    raw: bytes, proof: Proof, origin: str, policies: Sequence[Policy], mldsa: MlDsa | None, book: Notebook
) -> None:
    head = parse_checkpoint(proof.note.decode("utf-8", "replace").partition("\n\n")[0] + "\n")
    if head.origin != origin:
        raise Refused("CP-ORIGIN", f"its proof leads to a checkpoint of {head.origin}")
    check_inclusion(proof.index, head.size, leaf_hash(raw), proof.path, head.root)
    pinned = [(policy, key) for policy in policies for key in policy.logs if key.name == origin]
    if not pinned:
        says = f"That {origin} signed the checkpoint of its entry {proof.index}: no key of it is trusted."
        book.not_proven.append(says)
        return
    _open(proof.note, pinned, mldsa)


def _open(note: bytes, pinned: Sequence[tuple[Policy, Vkey]], mldsa: MlDsa | None) -> Head:
    """A log may have had several keys: the note is good if one of them signed it, else the last says what is wrong."""
    (policy, key), *rest = pinned
    witnesses = [w for w in policy.witnesses.values() if mldsa or w.type != MLDSA44]
    try:
        return open_checkpoint(note, key.name, key, witnesses, mldsa=mldsa)
    except Refused:
        if not rest:
            raise
    return _open(note, rest, mldsa)
