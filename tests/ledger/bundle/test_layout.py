"""Layout versions: 1 and 2 are read, features of 2 are refused in 1, and a later version gets no verdict."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from cli.exit_codes import Exit
from ledger.bundle.archive import unpack
from ledger.bundle.layout import version_of
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
