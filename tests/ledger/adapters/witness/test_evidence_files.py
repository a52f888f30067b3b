"""Evidence is kept under its digest, once, durably, and never replaced."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from ledger.adapters.witness.followed_logs import convicted, keep_evidence, split_view
from tests.support.files.system_calls import synced


def test_a_file_of_evidence_that_is_kept_is_not_written_again(tmp_path: Path) -> None:
    folder = tmp_path / "evidence"
    with synced() as names:
        keep_evidence(folder, {"a": b"first", "b": b"second"})
    assert names == [".a.new", ".b.new", "evidence"]
    before = (folder / "a").stat().st_ino
    with synced() as names:
        keep_evidence(folder, {"a": b"first", "c": b"third"})
    assert names == [".c.new", "evidence"]
    assert (folder / "a").stat().st_ino == before
    assert folder.stat().st_mode & 0o777 == 0o700
    keep_evidence(folder, {"a": b"another"})
    assert (folder / "a").read_bytes() == b"first"


def test_an_exhibit_is_kept_under_its_digest_and_its_form(tmp_path: Path) -> None:
    name = sha256(b"{}").hexdigest()
    fault = split_view(tmp_path, "two trees", b"{}", "split-view")
    assert (tmp_path / f"{name}.split-view.json").read_bytes() == b"{}"
    assert (fault.code, str(tmp_path / f"{name}.split-view.json") in fault.says) == ("SPLIT-VIEW", True)
    assert fault.hint == f"comity verify {tmp_path / name}.split-view.json"
    assert convicted(tmp_path, "MAP-SPLIT", "two maps", b"{}").code == "MAP-SPLIT"
    assert (tmp_path / f"{name}.exhibit.json").exists()
