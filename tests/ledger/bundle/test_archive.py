"""A bundle has each part in its file and its files in one order, and its first file says that it is a bundle."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
from msgspec.structs import replace

from ledger.bundle import zip_profile
from ledger.bundle.archive import pack, unpack, unpacked
from ledger.bundle.audience import Withheld
from ledger.bundle.layout import MEDIA_TYPES, VERSION, rank, sums
from ledger.bundle.manifest import Closed, HeadOf, open_manifest
from ledger.errors import RecordError
from ledger.tlog.names import origin_hash
from ledger.tlog.note import b64
from tests.support.memory_ledger import ORDER, small

TYPE = MEDIA_TYPES[VERSION]


@pytest.mark.parametrize(
    "files",
    [
        {"policy": b""},
        {"mimetype": TYPE + b"x", "policy": b""},
        {"mimetype": b"", "policy": b""},
        {},
    ],
)
def test_an_archive_whose_first_file_is_no_media_type_of_a_bundle_is_refused_there(files: dict[str, bytes]) -> None:
    with pytest.raises(RecordError, match="the first file must say") as refused:
        unpack(zip_profile.write(files))
    assert (refused.value.code, refused.value.where) == ("BND-ZIP", "mimetype")


def test_an_archive_in_another_order_was_zipped_again() -> None:
    files = {"policy": b"", "mimetype": TYPE}
    assert unpacked(zip_profile.write(files)) == (files, False)
    assert unpacked(zip_profile.write({"mimetype": TYPE, "policy": b""})) == (files, True)
    files = {"mimetype": TYPE, "policy": b"", "SHA256SUMS": b""}
    assert unpacked(zip_profile.write(files)) == (files, False)


def test_a_bundle_is_written_in_the_order_of_its_layout() -> None:
    ledger, ilves = small()
    bundle = ledger.bundle(ilves)
    files, original = unpacked(bundle)
    assert original
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        assert archive.namelist() == list(files) == sorted(files, key=rank)
    assert files["SHA256SUMS"] == sums({**files, "SHA256SUMS": b""})


def test_an_archive_that_was_zipped_again_keeps_its_first_error_unless_it_is_a_bundle() -> None:
    def zipped(files: dict[str, bytes]) -> bytes:
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        return made.getvalue()

    assert unpacked(zipped({"policy": b"", "mimetype": TYPE, "manifest.dsse.json": b"x"}))[1] is False
    for files in ({"policy": b"", "manifest.dsse.json": b""}, {"mimetype": b"x", "manifest.dsse.json": b""}):
        with pytest.raises(RecordError, match="BND-ZIP"):
            unpacked(zipped(files))
    later = TYPE.replace(b"v2", b"v3")
    for data in (zipped({"mimetype": later, "manifest.dsse.json": b"x"}), zip_profile.write({"mimetype": later})):
        with pytest.raises(RecordError, match="BND-VERSION"):
            unpacked(data)


@pytest.mark.parametrize(("version", "code"), [(2, "BND-ZIP"), (3, "BND-VERSION")])
def test_of_an_archive_that_cannot_be_read_the_first_bytes_say_whether_a_later_version_made_it(
    version: int, code: str
) -> None:
    media = b"application/vnd.comity.evidence-bundle.v%d+zip" % version
    with pytest.raises(RecordError, match=code):
        unpacked(b"PK\3\4" + bytes(26) + b"mimetype" + media + b"compressed in some other way")


LEDGER, ILVES = small()
MORE: dict[str, Any] = {
    "heads": {"ab" * 32: b"note"},
    "consistency": {(1, 5): [bytes(32), b"\1" * 32]},
    "tokens": {"checkpoint.1.tsr": b"token"},
    "documents": {"cd" * 32: b"document"},
    "foreign": {"ef" * 32: b"entry", f"{'ef' * 32}.tlog-proof": b"proof"},
    "views": {"a/b.csv": b"view"},
    "others": {"ledger.test/y": {0: (b"first", b"its proof"), 10: (b"second", b"another proof")}},
    "commit": (b"commit", b"proof of it"),
    "map_proofs": {ORDER: b"map proof"},
    "audits": {f"{'12' * 32}.note": b"audit"},
}


def test_each_part_of_a_bundle_is_in_its_file() -> None:
    contents = replace(LEDGER.contents(), **MORE)
    files = unpack(pack(contents, ILVES.signer("ISS")))
    here, there = LEDGER.folder, f"others/{origin_hash('ledger.test/y')}/entries"
    expected = {
        "mimetype": TYPE,
        "policy": contents.policy,
        f"{here}/checkpoint": contents.checkpoint,
        f"{here}/heads/{'ab' * 32}": b"note",
        f"{here}/consistency/1-5": f"{b64(bytes(32))}\n{b64(bytes([1]) * 32)}\n".encode(),
        f"{here}/checkpoint.1.tsr": b"token",
        f"documents/{'cd' * 32}": b"document",
        f"foreign/{'ef' * 32}": b"entry",
        f"foreign/{'ef' * 32}.tlog-proof": b"proof",
        "views/a/b.csv": b"view",
        f"{there}/0.dsse.json": b"first",
        f"{there}/0.tlog-proof": b"its proof",
        f"{there}/10.dsse.json": b"second",
        f"{there}/10.tlog-proof": b"another proof",
        "map/heads-committed.dsse.json": b"commit",
        "map/heads-committed.tlog-proof": b"proof of it",
        f"map/{ORDER}.mptproof": b"map proof",
        f"map/audits/{'12' * 32}.note": b"audit",
    }
    for index, raw, proof in contents.entries:
        expected |= {f"{here}/entries/{index}.dsse.json": raw, f"{here}/entries/{index}.tlog-proof": proof}
    for index, texts in contents.disclosures.items():
        expected[f"{here}/disclosures/{index}.txt"] = "".join(f"{text}\n" for text in texts).encode()
    made = {path: files.pop(path) for path in ("READ-ME-FIRST.html", "SHA256SUMS", "manifest.dsse.json")}
    assert files == expected
    every = {**files, **made}
    assert made["SHA256SUMS"] == sums({path: every[path] for path in sorted(every, key=rank)})
    assert b"Time-stamp authorities" in made["READ-ME-FIRST.html"]


def test_a_bundle_does_not_depend_on_the_sequence_in_which_its_entries_are_given() -> None:
    contents, signer = LEDGER.contents(), ILVES.signer("ISS")
    made = pack(contents, signer)
    for turned in (contents.entries[::-1], [*contents.entries[3:], *contents.entries[:3]]):
        assert pack(replace(contents, entries=turned), signer) == made


def test_a_bundle_without_commit_has_no_map_and_without_tokens_no_step_for_them() -> None:
    contents = replace(LEDGER.contents(), **MORE | {"commit": None, "tokens": {}, "audits": {}})
    files = unpack(pack(contents, ILVES.signer("ISS")))
    assert not any(path.startswith("map/") for path in files)
    assert b"Time-stamp authorities" not in files["READ-ME-FIRST.html"]


def test_the_manifest_has_the_newest_entry_of_each_order() -> None:
    said = open_manifest(unpack(pack(LEDGER.contents(), ILVES.signer("ISS")))["manifest.dsse.json"])
    assert said.heads == {LEDGER.registry: HeadOf(3, LEDGER.leaf(2)), ORDER: HeadOf(2, LEDGER.leaf(4))}
    assert (said.signer.key, said.signer.actor, said.signer.role, said.signer.party) == (
        ILVES.key,
        "ilves",
        "ISS",
        "XO",
    )


@pytest.mark.parametrize(
    ("audience", "named"), [("CT", True), ("DEF", True), ("SP", False), ("REG", False), ("CUST", False)]
)
def test_the_values_that_stay_closed_are_counted_for_every_audience_and_named_to_some(
    audience: str, named: bool
) -> None:
    contents = LEDGER.contents(audience)
    withheld = (Withheld(4, "identifiers", "erased"), Withheld(4, "summary_of_facts", "audience"))
    contents = replace(contents, about=replace(contents.about, withheld=withheld))
    said = open_manifest(unpack(pack(contents, ILVES.signer("ISS")))["manifest.dsse.json"])
    assert said.withheld_count == 2
    names = [Closed(4, "identifiers", "erased"), Closed(4, "summary_of_facts", "audience")]
    assert said.withheld == (names if named else [])


def test_no_bundle_is_made_of_an_order_without_entries() -> None:
    contents = LEDGER.contents()
    other = "22222222-2222-4333-8444-555555555555"
    with pytest.raises(RecordError, match="CTX-CHAIN") as refused:
        pack(replace(contents, about=replace(contents.about, order=other)), ILVES.signer("ISS"))
    assert (refused.value.says, refused.value.where) == ("none of its entries are here", other)


def test_an_exporter_does_not_judge_the_entries_that_it_packs() -> None:
    contents = LEDGER.contents()
    *rest, (n, raw, proof) = contents.entries
    at = raw.index(b'"sig":"') + 7
    forged = raw[:at] + (b"B" if raw[at : at + 1] == b"A" else b"A") + raw[at + 1 :]
    files = unpack(pack(replace(contents, entries=[*rest, (n, forged, proof)]), ILVES.signer("ISS")))
    assert files[f"{LEDGER.folder}/entries/{n}.dsse.json"] == forged
