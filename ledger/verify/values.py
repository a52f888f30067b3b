"""Steps 13, 14 and 16: what is opened belongs there, files are those that were named, other records agree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Any

from ledger.bundle.layout import Arranged
from ledger.bundle.manifest import Manifest
from ledger.chain import registry_of
from ledger.envelope import Opened, entry_of, open_
from ledger.facts import KINDS
from ledger.note import MLDSA44, MlDsa, open_checkpoint, parse_checkpoint
from ledger.order import Entry
from ledger.policy import Policy
from ledger.refusal import Refused
from ledger.tlog import Proof, check_inclusion, leaf_hash, parse_proof
from ledger.veil import digest_of, lift
from ledger.verify.fields import check_sealed, known
from ledger.verify.heads import Heads
from ledger.verify.notebook import Notebook, counted, placed

# -- step 13 -----------------------------------------------------------------------------------------------------------


def lift_values(
    opened: Mapping[int, Opened], parts: Arranged, manifest: Manifest, heads: Heads, book: Notebook
) -> dict[int, Entry]:
    """Every entry as the law sees it, with the values that are opened here: SD-*, FACT."""
    for index in parts.disclosures.keys() - opened.keys():
        raise Refused("SD-UNKNOWN", "there is no such entry", where=f"{heads.folder}/disclosures/{index}.txt")
    destroyed = _destroyed(opened)
    entries = {}
    for index, entry in opened.items():
        texts = parts.disclosures.get(index)
        try:
            values, digests = _lift(entry, texts) if texts is not None else ({}, {})
        except Refused as wrong:
            raise placed(wrong, f"{heads.folder}/disclosures/{index}.txt") from wrong
        closed = set(entry.sd).difference(digests.values())
        claimed = {c.field for c in manifest.withheld if c.index == index and c.why == "erased"}
        erased = _erased(entry, values, closed & destroyed.keys(), closed, claimed)
        entries[index] = _entry(entry, index, values, erased, digests)
        for name, digest in digests.items():
            if digest in destroyed:
                says = f"entry {index}: {name} was erased by entry {destroyed[digest]}, and is opened here all the same"
                book.remark("SD-ERASED", says, entry.leaf)
    book.says(f"{counted(sum(len(e.digests) for e in entries.values()), 'value')} opened")
    return entries


def _lift(entry: Opened, text: bytes) -> tuple[dict[str, Any], dict[str, str]]:
    """Values by name, and the digests of their disclosures by name."""
    lines = text.decode("ascii", "replace").split("\n")
    if lines.pop() or not lines:
        raise Refused("SD-FORMAT", "one disclosure a line, each ended by a newline, at least one")
    values = lift(lines, entry.sd, public=entry.payload.public)
    for name in values.keys() - set(entry.payload.sealed):
        raise Refused("SD-NAME", f"{name} is not among the sealed fields of the entry")
    check_sealed(entry.payload, values)
    return values, dict(zip(values, map(digest_of, lines), strict=True))


def _destroyed(opened: Mapping[int, Opened]) -> dict[str, int]:
    """Digest -> index of the entry that says nobody can open it any more."""
    found: dict[str, int] = {}
    for index, entry in opened.items():
        if entry.payload.kind == "payload-key-destroyed" and known(entry.payload):
            for digest in entry.payload.public.get("digests", []):
                found.setdefault(digest, index)
    return found


def _erased(
    entry: Opened, values: Mapping[str, Any], gone: set[str], closed: set[str], claimed: set[str]
) -> frozenset[str]:
    """Which closed fields are erased, and not only withheld.

    Digests do not say whose they are. All of them closed for good settles it; else the maker's list does, where it
    names as many fields as digests were closed.
    """
    names = frozenset(entry.payload.sealed).difference(values)
    if gone == closed:
        return names
    return names & claimed if len(names & claimed) == len(gone) else frozenset()


def _entry(
    entry: Opened, index: int, values: Mapping[str, Any], erased: frozenset[str], digests: Mapping[str, str]
) -> Entry:
    made = entry_of(entry, index, values, erased=erased, digests=digests)
    p = entry.payload
    if p.kind in KINDS and known(p) is None:  # a later schema: to this reader, a kind it does not know
        return replace(made, kind=f"{p.kind}/{p.schema}")
    return made


# -- step 14 -----------------------------------------------------------------------------------------------------------


def check_documents(parts: Arranged, book: Notebook) -> None:
    """Every document, and every entry of another record, is the file its name says: DOC-HASH."""
    files = {f"documents/{name}": content for name, content in parts.documents.items()}
    files |= {f"foreign/{name}": content for name, content in parts.foreign.items() if len(name) == 64}
    for path, content in files.items():
        if (found := sha256(content).hexdigest()) != path.partition("/")[2]:
            raise Refused("DOC-HASH", f"its SHA-256 is {found}", where=path)
    book.says(counted(len(files), "file"))


# -- step 16 -----------------------------------------------------------------------------------------------------------


def check_others(
    opened: Mapping[int, Opened],
    parts: Arranged,
    policy: Policy,
    mldsa: MlDsa | None,
    manifest: Manifest,
    book: Notebook,
) -> None:
    """What entries say of another party's record, held against the entry from there: ENT-MISMATCH.

    ENT-ABSENT, the other entry not being in the bundle, is a finding.
    """
    by_leaf = {leaf_hash(raw).hex(): name for name, raw in parts.foreign.items() if len(name) == 64}
    checked = 0
    for index, entry in opened.items():
        if entry.payload.order == registry_of(manifest.log):
            continue
        for origin, place, leaf, name in _claims(entry):
            found = name if name in parts.foreign else by_leaf.get(leaf)
            if found is None:
                says = f"entry {index} rests on entry {place} of {origin}, which is not in the bundle"
                book.remark("ENT-ABSENT", says, entry.leaf)
                continue
            try:
                _check_other(found, parts, (origin, place, leaf), policy, mldsa, book)
            except Refused as wrong:
                says = f"entry {index} says otherwise: {wrong.code} {wrong.says}"
                raise Refused("ENT-MISMATCH", says, where=f"foreign/{found}") from wrong
            checked += 1
    book.says(f"{counted(checked, 'entry', 'entries')} of other records")


def _claims(entry: Opened) -> Iterator[tuple[str, int, str, str]]:
    """(origin, index, leaf, SHA-256 of the envelope or "") of every entry of another record that this one names."""
    p = entry.payload
    if p.kind == "counterparty-record-received" and known(p):
        yield p.public["origin"], p.public["index"], p.public["leaf"], p.public["envelope"]
    if p.other:
        yield p.other.origin, p.other.index, p.other.leaf, ""


def _check_other(
    name: str, parts: Arranged, said: tuple[str, int, str], policy: Policy, mldsa: MlDsa | None, book: Notebook
) -> None:
    origin, index, leaf = said
    raw = parts.foreign[name]
    opened = open_(raw)
    if opened.leaf != leaf:
        raise Refused("PRF-PATH", f"its leaf is {opened.leaf}, not {leaf}")
    if opened.payload.log != origin:
        raise Refused("CTX-LOG", f"it was sealed for {opened.payload.log}, not for {origin}")
    proof = parts.foreign.get(f"{name}.tlog-proof")
    if proof is None:
        book.not_proven.append(f"That entry {index} stands in the log {origin}: no proof from there is in the bundle.")
        return
    parsed = parse_proof(proof)
    if parsed.index != index:
        raise Refused("PRF-INDEX", f"its proof is for entry {parsed.index}, not {index}")
    _check_foreign_log(raw, parsed, origin, policy, mldsa, book)


def _check_foreign_log(
    raw: bytes, proof: Proof, origin: str, policy: Policy, mldsa: MlDsa | None, book: Notebook
) -> None:
    head = parse_checkpoint(proof.note.decode("utf-8", "replace").partition("\n\n")[0] + "\n")
    if head.origin != origin:
        raise Refused("CP-ORIGIN", f"its proof leads to a checkpoint of {head.origin}")
    check_inclusion(proof.index, head.size, leaf_hash(raw), proof.path, head.root)
    key = next((key for key in policy.logs if key.name == origin), None)
    if key is None:
        says = f"That {origin} signed the checkpoint of its entry {proof.index}: no key of it is trusted."
        book.not_proven.append(says)
        return
    witnesses = [w for w in policy.witnesses.values() if mldsa or w.type != MLDSA44]
    open_checkpoint(proof.note, origin, key, witnesses, mldsa=mldsa)
