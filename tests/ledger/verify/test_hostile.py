"""An invalid container, list, note or proof ends the check, with its code and its file."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

import msgspec
import pytest
from msgspec.structs import replace

from ledger.bundle.archive import pack, unpack
from ledger.bundle.manifest import Manifest, open_manifest, seal_manifest
from ledger.tlog.note import b64, cosign, note_digest
from ledger.tlog.tree import format_proof, leaf_hash, prove_consistency, prove_inclusion
from ledger.verify.report import Verdict
from tests.support.memory_ledger import (
    NOW,
    OPEN,
    ORDER,
    Hand,
    Ledger,
    changed,
    checked,
    ends,
    hand,
    rezipped,
    small,
    smuggled,
)

Files = dict[str, bytes]


def remove(path: str, files: Files) -> None:
    del files[path]


def put(path: str, content: bytes, files: Files) -> None:
    files[path] = content


# -- 1, 3: the container and its list ----------------------------------------------------------------------------------


def test_a_container_that_breaks_the_profile_is_not_looked_into() -> None:
    ledger, ilves = small()
    data = ledger.bundle(ilves)
    ends(b"MZ" + data, ledger, "BND-ZIP", 1, "archive")
    ends(b"", ledger, "BND-ZIP", 1)
    ends(rezipped(data, lambda f: f.update(mimetype=b"application/zip")), ledger, "BND-ZIP", 1, "mimetype")
    twice = rezipped(data, lambda f: f.update({"Policy": b""}))
    ends(twice, ledger, "BND-ZIP", 1)


UNSIGNED: dict[str, tuple[Callable[[Files, str], object], str]] = {
    "a file nobody listed": (lambda f, here: f.update({"extra.txt": b"x"}), "extra.txt"),
    "a listed file is missing": (lambda f, here: f.pop(f"{here}/entries/3.tlog-proof"), "entries/3.tlog-proof"),
    "other content": (lambda f, here: f.update(policy=f["policy"] + b"#\n"), "policy"),
    "other content of the same size": (lambda f, here: f.update(policy=f["policy"][:-2] + b"x\n"), "policy"),
    "a page that says something else": (lambda f, here: f.update({"READ-ME-FIRST.html": b"all is well"}), "READ-ME"),
    "sums of something else": (lambda f, here: f.update(SHA256SUMS=f["SHA256SUMS"].upper()), "SHA256SUMS"),
    "no sums": (lambda f, here: f.pop("SHA256SUMS"), "SHA256SUMS"),
    "no manifest": (lambda f, here: f.pop("manifest.dsse.json"), "manifest"),
    "a manifest that is none": (lambda f, here: f.update({"manifest.dsse.json": b"{}"}), "manifest"),
    "an entry as manifest": (
        lambda f, here: f.update({"manifest.dsse.json": f[f"{here}/entries/4.dsse.json"]}),
        "manifest",
    ),
}


@pytest.mark.parametrize("change", UNSIGNED)
def test_what_the_manifest_does_not_say_is_found(change: str) -> None:
    ledger, ilves = small()
    make, where = UNSIGNED[change]
    ends(rezipped(ledger.bundle(ilves), lambda f: make(f, ledger.folder)), ledger, "BND-MANIFEST", 3, where)


def test_the_manifest_of_another_bundle_does_not_fit() -> None:
    ledger, ilves = small()
    other = unpack(ledger.bundle(ilves, "SP"))["manifest.dsse.json"]
    ends(rezipped(ledger.bundle(ilves), lambda f: f.update({"manifest.dsse.json": other})), ledger, "BND-MANIFEST", 3)


def test_a_manifest_whose_signature_is_another_ones_is_no_manifest() -> None:
    ledger, ilves = small()

    def forge(files: Files) -> None:
        raw = files["manifest.dsse.json"]
        other = hand("somebody").signer("ISS")
        said = open_manifest(raw)
        signed = seal_manifest(said, replace(other, public=bytes.fromhex(ilves.key)))
        files["manifest.dsse.json"] = signed

    assert "SIG-BAD" in ends(rezipped(ledger.bundle(ilves), forge), ledger, "BND-MANIFEST", 3)


LISTS: dict[str, Callable[[Manifest], Manifest]] = {
    "twice": lambda m: msgspec.structs.replace(m, files=[*m.files, m.files[0]]),
    "in another order": lambda m: msgspec.structs.replace(m, files=m.files[::-1]),
    "with another size": lambda m: msgspec.structs.replace(
        m, files=[msgspec.structs.replace(m.files[0], size=1), *m.files[1:]]
    ),
    "with itself": lambda m: msgspec.structs.replace(
        m, files=[msgspec.structs.replace(m.files[0], path="SHA256SUMS"), *m.files]
    ),
    "at no moment": lambda m: msgspec.structs.replace(m, made_at="2027-99-01T00:00:00Z"),
}


@pytest.mark.parametrize("change", LISTS)
def test_a_list_that_is_signed_and_wrong_is_wrong(change: str) -> None:
    ledger, ilves = small()
    signer = ilves.signer("ISS")

    def resign(files: Files) -> None:
        said = LISTS[change](open_manifest(files["manifest.dsse.json"]))
        files["manifest.dsse.json"] = seal_manifest(said, signer)

    ends(rezipped(ledger.bundle(ilves), resign), ledger, "BND-MANIFEST", 3)


@pytest.mark.parametrize(
    "path",
    ["extra.txt", "logs/other/checkpoint", "documents/x", "foreign/00", "logs/{}/entries/01.dsse.json", "logs/{}/x"],
)
def test_a_file_the_layout_does_not_have_is_refused_even_if_it_is_listed(path: str) -> None:
    ledger, ilves = small()
    where = path.format(ledger.folder.removeprefix("logs/"))
    data = changed(ledger.bundle(ilves), lambda f: f.update({where: b"x"}), ilves.signer("ISS"))
    ends(data, ledger, "BND-MANIFEST", 3, where)


# -- 4 to 6: notes -----------------------------------------------------------------------------------------------------


def noted(change: Callable[[bytes], bytes]) -> tuple[bytes, Ledger]:
    ledger, ilves = small()
    note = change(ledger.checkpoint())
    path = f"{ledger.folder}/checkpoint"
    return changed(ledger.bundle(ilves), lambda f: f.update({path: note}), ilves.signer("ISS")), ledger


NOTES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "no blank line": (lambda n: n.replace(b"\n\n", b"\n"), "CP-FORMAT"),
    "CRLF": (lambda n: n.replace(b"\n", b"\r\n"), "CP-FORMAT"),
    "an extension line": (lambda n: n.replace(b"\n\n", b"\nmore\n\n"), "CP-FORMAT"),
    "size 05": (lambda n: n.replace(b"\n5\n", b"\n05\n"), "CP-FORMAT"),
    "a root of 31 bytes": (
        lambda n: n.replace(n.split(b"\n")[2], b64(bytes(31)).encode()),
        "CP-FORMAT",
    ),
    "another size": (lambda n: n.replace(b"\n5\n", b"\n6\n"), "CP-SIG"),
    "another root": (lambda n: n.replace(n.split(b"\n")[2], b64(bytes(32)).encode()), "CP-SIG"),
    "another origin": (lambda n: n.replace(b"ledger.test/xo/karsk\n", b"ledger.test/xv\n", 1), "CP-ORIGIN"),
    "an origin in capitals": (lambda n: n.replace(b"ledger", b"LEDGER", 1), "CP-ORIGIN"),
    "a signature of somebody else": (
        lambda n: n.partition(b"\n\n")[0] + b"\n\n" + Ledger(log=hand("x")).checkpoint().partition(b"\n\n")[2],
        "CP-SIG",
    ),
    "empty": (lambda n: b"", "CP-FORMAT"),
}


@pytest.mark.parametrize("change", NOTES)
def test_a_checkpoint_that_the_log_did_not_sign_so_is_refused(change: str) -> None:
    make, code = NOTES[change]
    data, ledger = noted(make)
    ends(data, ledger, code, 4, "checkpoint")


def test_a_note_under_another_name_than_its_digest_is_refused() -> None:
    ledger, ilves = small()
    note = ledger.checkpoint(4)
    data = pack(replace(ledger.contents(), heads={"ab" * 32: note}), ilves.signer("ISS"))
    ends(data, ledger, "CP-FORMAT", 4, "heads/" + "ab" * 32)


def test_cosignatures_of_removed_witnesses_and_of_the_log_itself_do_not_count() -> None:
    ledger, ilves = small(witnesses=2)
    note = ledger.checkpoint(None, NOW)
    stranger = cosign(note, "witness.test/gone", hand("gone").seed, int(NOW.timestamp())).encode()
    twice = note.split(b"\n\n")[1].split(b"\n")[1] + b"\n"
    for extra in (stranger, twice):
        data = ledger.bundle(ilves, note=note + extra)
        assert "1 of 2" in ends(data, ledger, "CP-QUORUM", 5, "checkpoint", OPEN)


def test_two_trees_of_one_size_are_an_exhibit() -> None:
    ledger, ilves = small()
    fork = ledger.checkpoint(ledger.size, root=bytes(32))
    data = pack(replace(ledger.contents(), heads={note_digest(fork): fork}), ilves.signer("ISS"))
    says = ends(data, ledger, "SPLIT-VIEW", 6, note_digest(fork))
    assert "keep both" in says


def earlier() -> tuple[Ledger, Hand]:
    ledger, ilves = small()
    ledger.witnessed()
    ledger.record(ilves, "order-transmitted", {"addressee": "skylark", "channel": "mail"}, order=ORDER)
    return ledger, ilves


def test_a_head_nothing_connects_leaves_it_open_and_a_wrong_proof_does_not() -> None:
    ledger, ilves = earlier()
    signer = ilves.signer("ISS")
    assert checked(ledger.bundle(ilves), ledger).verdict is Verdict.PASSED
    ends(pack(replace(ledger.contents(), consistency={}), signer), ledger, "CP-CONSISTENCY", 6, "heads/", OPEN)
    proof = prove_consistency(5, 6, ledger.read)
    for wrong in (proof[::-1], proof[:-1], [*proof, bytes(32)], []):
        data = pack(replace(ledger.contents(), consistency={(5, 6): wrong}), signer)
        ends(data, ledger, "CP-CONSISTENCY", 6, "consistency/5-6")
    path = f"{ledger.folder}/consistency/5-6"

    def beside(text: bytes, files: Files) -> None:
        files[path.replace("5-6", "2-6")] = text

    ends(changed(ledger.bundle(ilves), partial(beside, b"garbage"), signer), ledger, "CP-CONSISTENCY", 6, "y/2-6")
    assert checked(changed(ledger.bundle(ilves), partial(beside, b""), signer), ledger).verdict is not Verdict.FAILED
    for text in (b"x\n", b"", unpack(ledger.bundle(ilves))[path][:-1]):
        data = changed(ledger.bundle(ilves), partial(put, path, text), signer)
        ends(data, ledger, "CP-CONSISTENCY", 6, "consistency/5-6")


def test_a_fork_below_the_head_has_no_proof() -> None:
    ledger, ilves = earlier()
    fork = ledger.checkpoint(3, root=bytes(32))
    heads = {note_digest(fork): fork}
    proof = {(3, 6): prove_consistency(3, 6, ledger.read)}
    ends(
        pack(replace(ledger.contents(), heads=heads, consistency=proof), ilves.signer("ISS")),
        ledger, "CP-CONSISTENCY", 6, "consistency/3-6",
    )  # fmt: skip


# -- 8: proofs ---------------------------------------------------------------------------------------------------------


def proved(index: int, proof: bytes) -> tuple[bytes, Ledger]:
    ledger, ilves = small()
    path = f"{ledger.folder}/entries/{index}.tlog-proof"
    return changed(ledger.bundle(ilves), lambda f: f.update({path: proof}), ilves.signer("ISS")), ledger


def test_a_proof_that_leads_elsewhere_is_refused() -> None:
    ledger, _ = small()
    note, path = ledger.checkpoint(), prove_inclusion(3, 5, ledger.read)
    wrong = {
        "PRF-PATH": [
            format_proof(3, path[::-1], note),
            format_proof(3, path[:-1], note),
            format_proof(3, [*path, bytes(32)], note),
            format_proof(3, prove_inclusion(2, 5, ledger.read), note),
            format_proof(3, [bytes(32)] * 3, note),
        ],
        "PRF-INDEX": [
            format_proof(2, prove_inclusion(2, 5, ledger.read), note),
            format_proof(5, path, note),
            format_proof(2**40, path, note),
        ],
        "PRF-FORMAT": [
            format_proof(3, prove_inclusion(3, 4, ledger.read), ledger.checkpoint(4)),
            format_proof(3, path, note + b"\n"),
            format_proof(3, path, note).replace(b"@v1", b"@v2"),
            format_proof(3, path, note).replace(b"index 3", b"index 03"),
            format_proof(3, path, note).replace(b"\n\n", b"\n", 1),
            b"",
        ],
    }
    for code, proofs in wrong.items():
        for proof in proofs:
            data, ledger = proved(3, proof)
            ends(data, ledger, code, 8, "entries/3.tlog-proof")


def test_an_entry_and_its_proof_come_together() -> None:
    ledger, ilves = small()
    for part in ("dsse.json", "tlog-proof"):
        lost = f"{ledger.folder}/entries/3.{part}"
        data = changed(ledger.bundle(ilves), partial(remove, lost), ilves.signer("ISS"))
        ends(data, ledger, "PRF-FORMAT", 8, "entries/3")


def test_an_entry_in_anothers_place_does_not_fit_its_proof() -> None:
    ledger, ilves = small()
    one, two = (f"{ledger.folder}/entries/{n}.dsse.json" for n in (3, 4))
    data = changed(ledger.bundle(ilves), lambda f: f.update({one: f[two], two: f[one]}), ilves.signer("ISS"))
    ends(data, ledger, "PRF-PATH", 8, "entries/3")


def test_an_index_beyond_the_tree_is_refused() -> None:
    ledger, ilves = small()

    def move(files: Files) -> None:
        raw = files[f"{ledger.folder}/entries/4.dsse.json"]
        files[f"{ledger.folder}/entries/7.dsse.json"] = raw
        files[f"{ledger.folder}/entries/7.tlog-proof"] = format_proof(
            7, prove_inclusion(4, 5, ledger.read), ledger.checkpoint()
        )

    ends(changed(ledger.bundle(ilves), move, ilves.signer("ISS")), ledger, "PRF-INDEX", 8, "entries/7")


def test_a_node_cannot_pass_for_a_leaf() -> None:
    """Second preimage: the 64 bytes under an inner node, presented as an entry."""
    ledger, ilves = small()
    two = b"".join(leaf_hash(raw) for raw in ledger.entries[:2])
    path = f"{ledger.folder}/entries/0"

    def swap(files: Files) -> None:
        files[f"{path}.dsse.json"] = two
        files[f"{path}.tlog-proof"] = format_proof(0, prove_inclusion(0, 5, ledger.read)[1:], ledger.checkpoint())

    ends(changed(ledger.bundle(ilves), swap, ilves.signer("ISS")), ledger, "ENV-NONCANON", 8, "entries/0")


def signature_again(raw: bytes) -> bytes:
    head, _, tail = raw.partition(b'"signatures":[')
    return head + b'"signatures":[' + tail[:-2] + b"," + tail


ENVELOPES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "trailing newline": (lambda r: r + b"\n", "ENV-NONCANON"),
    "white space": (lambda r: r.replace(b",", b", ", 1), "ENV-NONCANON"),
    "a member more": (lambda r: r[:-1] + b',"x":1}', "ENV-NONCANON"),
    "a member twice": (lambda r: r[:-1] + b"," + r[1:].partition(b",")[0] + b"}", "ENV-NONCANON"),
    "base64 of the web": (lambda r: r.replace(b'"payload":"e', b'"payload":"_', 1), "ENV-NONCANON"),
    "stray bits": (lambda r: re.sub(rb'.=="}]', rb'B=="}]', r), "ENV-NONCANON"),
    "no padding": (lambda r: r.replace(b'=="}]', b'"}]'), "ENV-NONCANON"),
    "two signatures": (signature_again, "ENV-SIGCOUNT"),
    "no signature": (lambda r: r.partition(b'"signatures"')[0] + b'"signatures":[]}', "ENV-SIGCOUNT"),
    "key id in capitals": (lambda r: re.sub(rb'(?<="keyid":")[0-9a-f]+', lambda m: m[0].upper(), r), "ENV-NONCANON"),
    "a key id of somebody else": (lambda r: re.sub(rb'(?<="keyid":")[0-9a-f]+', b"ab" * 32, r), "ENV-KEYID"),
    "another type": (lambda r: r.replace(b"event.v1", b"event.v2"), "ENV-TYPE"),
    "the type of a manifest": (lambda r: r.replace(b"event.v1", b"manifest.v1"), "ENV-TYPE"),
    "the type with a parameter": (lambda r: r.replace(b"v1+json", b"v1+json;a=1"), "ENV-TYPE"),
    "too large": (lambda r: r.replace(b'"payload":"', b'"payload":"' + b"AAAA" * 12_000), "ENV-SIZE"),
    "nothing": (lambda r: b"", "ENV-NONCANON"),
}  # fmt: skip


@pytest.mark.parametrize("change", ENVELOPES)
def test_bytes_in_the_log_that_are_no_sealed_entry_are_refused(change: str) -> None:
    ledger, ilves = small()
    make, code = ENVELOPES[change]
    ends(smuggled(ledger, ilves, make(ledger.entries[3])), ledger, code, 8, "entries/5.dsse.json")


def test_the_same_leaf_twice_is_a_replay() -> None:
    ledger, ilves = small()
    ends(smuggled(ledger, ilves, ledger.entries[3]), ledger, "LEAF-DUPLICATE", 8, "entries/5")
