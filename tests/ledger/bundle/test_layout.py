"""Layout versions: 1 and 2 are read, features of 2 are refused in 1, and a later version gets no verdict."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from cli.exit_codes import Exit
from ledger.bundle.archive import unpack
from ledger.bundle.layout import (
    MEDIA_TYPES,
    VERSION,
    arrange,
    check_claimed,
    check_version,
    folder,
    rank,
    sums,
    version_of,
)
from ledger.bundle.manifest import open_manifest
from ledger.errors import RecordError
from ledger.verify.evidence_bundle import verify
from ledger.verify.report import Verdict
from tests.support.cli import run
from tests.support.memory_ledger import NOW, Hand, Ledger, checked, ends, listed, small

V1, V2, V3 = (b"application/vnd.comity.evidence-bundle.v%d+zip" % v for v in (1, 2, 3))


def made(ledger: Ledger, by: Hand, media: bytes, version: int, more: dict[str, bytes] | None = None) -> bytes:
    """Make a bundle with the media type `media` in its first file and the version `version` in its manifest."""
    data = unpack(ledger.bundle(by))
    files = {**data, "mimetype": media, **(more or {})}
    said = replace(open_manifest(data["manifest.dsse.json"]), v=version)
    return listed(files, said, by.signer("ISS"))


def later(ledger: Ledger, by: Hand) -> bytes:
    """Make a bundle that claims layout 3."""
    return ledger.bundle(by).replace(V2, V3)


def test_a_bundle_of_layout_1_is_read_as_before() -> None:
    ledger, ilves = small()
    data = made(ledger, ilves, V1, 1)
    assert version_of(data) == 1
    assert checked(data, ledger).verdict is Verdict.PASSED


def test_bytes_that_do_not_begin_as_a_bundle_claim_no_version() -> None:
    first = b"PK\3\4" + bytes(26) + b"mimetype" + V3
    assert version_of(first) == 3
    for begins in (b"PK\1\2" + first[4:], first.replace(b"mimetype", b"mimetypo"), b"mimetype" + V3, b""):
        assert version_of(begins) is None


def test_the_page_for_people_names_the_registers_of_other_logs_from_layout_2_on() -> None:
    ledger, ilves = small()
    page = unpack(ledger.bundle(ilves))["READ-ME-FIRST.html"]
    (row,) = [line for line in page.splitlines(keepends=True) if b"<code>others/</code>" in line]
    pages = {"with": page, "without": page.replace(row, b"")}
    remarked = {
        name: {p.code for p in checked(made(ledger, ilves, V1, 1, {"READ-ME-FIRST.html": said}), ledger).procedure}
        for name, said in pages.items()
    }
    assert ("CMP-README" in remarked["with"], "CMP-README" in remarked["without"]) == (True, False)


@pytest.mark.parametrize(("media", "version"), [(V1, 2), (V2, 1)])
def test_manifest_and_first_file_name_the_same_version(media: bytes, version: int) -> None:
    ledger, ilves = small()
    ends(made(ledger, ilves, media, version), ledger, "BND-MANIFEST", 3, "manifest")


@pytest.mark.parametrize("path", [f"others/{'ab' * 32}/entries/0.dsse.json", "map/proof", "map/a/b"])
def test_what_layout_2_brought_is_no_part_of_layout_1(path: str) -> None:
    ledger, ilves = small()
    assert checked(made(ledger, ilves, V2, 2, {path: b"x"}), ledger).verdict is Verdict.PASSED
    ends(made(ledger, ilves, V1, 1, {path: b"x"}), ledger, "BND-MANIFEST", 3, path)


@pytest.mark.parametrize(
    "path",
    [
        *(
            "others/x/entries/0.dsse.json",
            f"others/{'ab' * 32}/entries/00.dsse.json",
            f"others/{'ab' * 32}/0.dsse.json",
        ),
        *(f"others/{'ab' * 32}/entries/0.txt", "map/a/b/c", "other/a"),
        *("foreign", "documents", "views", "others", "map"),
    ],
)
def test_a_name_that_layout_2_does_not_have_is_refused(path: str) -> None:
    ledger, ilves = small()
    ends(made(ledger, ilves, V2, 2, {path: b"x"}), ledger, "BND-MANIFEST", 3, path)


def test_of_a_bundle_of_a_later_layout_nothing_is_said(tmp_path: Path) -> None:
    ledger, ilves = small()
    (file := tmp_path / "later.evidence.zip").write_bytes(later(ledger, ilves))
    with pytest.raises(RecordError, match="BND-VERSION"):
        verify(file.read_bytes(), ledger.trust(), None, NOW)
    (trust := tmp_path / "trust").mkdir()
    for name, text in ledger.trust_files().items():
        (trust / name).write_bytes(text)
    done = run("verify", str(file), "--trust", str(trust), "--json", ledger=tmp_path)
    assert done.exit_code == Exit.UNDECIDABLE
    assert "newer version" in done.stderr
    assert "TOTAL" not in done.output
    if done.stdout:
        assert "verdict" not in json.loads(done.stdout)


HERE = folder("ledger.test/x")
HASH, OTHER = "ab" * 32, "cd" * 32
UUID = "11111111-2222-4333-8444-555555555555"
NEEDED = ("mimetype", "READ-ME-FIRST.html", "SHA256SUMS", "manifest.dsse.json", "policy", f"{HERE}/checkpoint")


def test_each_file_of_a_bundle_is_read_for_what_its_name_says() -> None:
    paths = (
        *(f"{HERE}/heads/{HASH}", f"{HERE}/consistency/1-23", f"{HERE}/entries/10.dsse.json"),
        *(f"{HERE}/entries/9.dsse.json", f"{HERE}/entries/9.tlog-proof", f"{HERE}/disclosures/9.txt"),
        *(f"{HERE}/checkpoint.1.tsr", f"{HERE}/heads/{HASH}.1.tsr", f"{HERE}/tsa/a/root.pem"),
        *(f"documents/{HASH}", f"foreign/{OTHER}", f"foreign/{OTHER}.tlog-proof", f"foreign/{OTHER}.txt"),
        *(f"others/{HASH}/entries/3.dsse.json", f"others/{HASH}/entries/3.tlog-proof"),
        *(f"others/{HASH}/entries/4.tlog-proof", f"others/{OTHER}/entries/0.dsse.json"),
        *("map/heads-committed.tlog-proof", "map/heads-committed.dsse.json", f"map/{UUID}.mptproof"),
        *(f"map/audits/{HASH}.note", "map/later", "views/a/b.csv", "policy.dsse.json"),
    )
    parts = arrange({path: path.encode() for path in (*NEEDED, *paths)}, "ledger.test/x")
    here = HERE.encode()
    assert parts.checkpoint == here + b"/checkpoint"
    assert parts.heads == {HASH: here + b"/heads/" + HASH.encode()}
    assert parts.consistency == {(1, 23): here + b"/consistency/1-23"}
    assert list(parts.entries.items()) == [(n, here + b"/entries/%d.dsse.json" % n) for n in (9, 10)]
    assert parts.proofs == {9: here + b"/entries/9.tlog-proof"}
    assert parts.disclosures == {9: here + b"/disclosures/9.txt"}
    assert list(parts.tokens) == ["checkpoint.1.tsr", f"heads/{HASH}.1.tsr", "tsa/a/root.pem"]
    assert parts.documents == {HASH: f"documents/{HASH}".encode()}
    assert list(parts.foreign) == [OTHER, f"{OTHER}.tlog-proof", f"{OTHER}.txt"]
    assert parts.others == {
        HASH: {
            3: (f"others/{HASH}/entries/3.dsse.json".encode(), f"others/{HASH}/entries/3.tlog-proof".encode()),
            4: (b"", f"others/{HASH}/entries/4.tlog-proof".encode()),
        },
        OTHER: {0: (f"others/{OTHER}/entries/0.dsse.json".encode(), b"")},
    }
    assert parts.commit == (b"map/heads-committed.dsse.json", b"map/heads-committed.tlog-proof")
    assert parts.map_proofs == {UUID: f"map/{UUID}.mptproof".encode()}
    assert parts.audits == {f"{HASH}.note": f"map/audits/{HASH}.note".encode()}


@pytest.mark.parametrize("path", NEEDED)
def test_a_bundle_without_one_of_these_files_is_none(path: str) -> None:
    files = dict.fromkeys(NEEDED, b"")
    del files[path]
    with pytest.raises(RecordError, match="a bundle without it is none") as refused:
        arrange(files, "ledger.test/x")
    assert (refused.value.code, refused.value.where) == ("BND-MANIFEST", path)


@pytest.mark.parametrize("path", [f"{folder('ledger.test/y')}/checkpoint", f"{HERE}/entries/x", f"{HERE}/"])
def test_a_file_of_another_log_belongs_into_no_bundle_of_this_one(path: str) -> None:
    with pytest.raises(RecordError, match=r"no such file belongs into a bundle of ledger\.test/x") as refused:
        arrange(dict.fromkeys((*NEEDED, path), b""), "ledger.test/x")
    assert (refused.value.code, refused.value.where) == ("BND-MANIFEST", path)


def test_files_are_in_the_order_of_their_kinds_and_then_of_their_names() -> None:
    ranked = ["mimetype", "SHA256SUMS", "policy", "logs/a", "logs/b", "foreign/a", "map/a", "Another", "zz/a"]
    backwards = ranked[::-1]
    assert sorted(backwards, key=rank) == ranked


def test_the_sums_are_over_every_other_file() -> None:
    digest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert sums({"mimetype": b"", "SHA256SUMS": b"x", "a b": b""}) == f"{digest}  mimetype\n{digest}  a b\n".encode()


@pytest.mark.parametrize(("version", "later"), [(1, False), (VERSION, False), (VERSION + 1, True), (9999, True)])
def test_a_later_version_is_known_by_the_first_file_whatever_the_archive_is(version: int, later: bool) -> None:
    media = b"application/vnd.comity.evidence-bundle.v%d+zip" % version
    for check, data in ((check_version, b"PK\3\4" + bytes(26) + b"mimetype" + media + b"PK"), (check_claimed, media)):
        if later:
            with pytest.raises(RecordError, match=f"its layout is {version}, this program reads up to 2") as refused:
                check(data)
            assert refused.value.code == "BND-VERSION"
        else:
            check(data)


def test_a_media_type_that_is_none_claims_no_version() -> None:
    for other in (b"", b"x", V3 + b"x", b"x" + V3, MEDIA_TYPES[VERSION].replace(b"v2", b"v02")):
        check_claimed(other)
    check_version(b"PK\3\4" + bytes(26) + b"mimetype" + b"application/zip")
