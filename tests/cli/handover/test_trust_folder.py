"""What is held from elsewhere: a folder, a ledger, a signed policy under its fingerprint, or a policy file."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cli.exit_codes import Exit, Stop
from cli.handover.trust_folder import _check_plain, _some, pin_of, read_trust
from ledger.errors import RecordError

FINGERPRINT = "ab" * 32


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder whose kept fingerprint is that of its name, and whose trust says how it was read."""
    module = "ledger.adapters.folders.read_trust"
    monkeypatch.setattr(f"{module}.kept_pin", lambda path: "kept" if path.endswith("pinned") else None)
    monkeypatch.setattr(f"{module}.read_trust_folder", lambda path, pin: ("folder", Path(path).name, pin))
    monkeypatch.setattr(f"{module}.versions_of", lambda path: ["1"] if path.endswith("pinned") else [])
    monkeypatch.setattr("cli.handover.trust_folder.parse_trust", lambda files: ("file", files))
    for name in ("plain", "pinned"):
        (tmp_path / name).mkdir()
    (tmp_path / "policy").write_bytes(b"log x")
    return tmp_path


def test_a_folder_is_read_under_the_fingerprint_and_a_file_is_a_policy(folder: Path) -> None:
    found: list[Any] = [
        read_trust(str(folder / "plain")), read_trust(str(folder / "pinned")), read_trust(str(folder / "policy")),
        read_trust(str(folder / "policy"), FINGERPRINT),
    ]  # fmt: skip
    assert found == [
        ("folder", "plain", None), ("folder", "pinned", "kept"), ("file", {"policy": b"log x"}),
        ("folder", "policy", FINGERPRINT),
    ]  # fmt: skip


def test_a_fingerprint_is_typed_in_a_file_or_kept(folder: Path) -> None:
    file = folder / "words"
    file.write_text(f"{FINGERPRINT}\n", "ascii")
    pinned = str(folder / "pinned")
    assert [pin_of(pinned, typed) for typed in (None, FINGERPRINT, str(file))] == ["kept", FINGERPRINT, FINGERPRINT]
    with pytest.raises(RecordError, match="there is no file 'gone', and"):
        pin_of(pinned, "gone")
    file.write_text("no words", "ascii")
    with pytest.raises(RecordError) as found:
        pin_of(pinned, str(file))
    assert "there is no file" not in str(found.value)


def test_a_file_that_came_with_the_folder_is_no_typed_fingerprint(folder: Path) -> None:
    (folder / "stick" / "deep").mkdir(parents=True)
    for place in ("pinned/words", "stick/words", "stick/deep/words"):
        (folder / place).write_text(f"{FINGERPRINT}\n", "ascii")
        (folder / "link").unlink(missing_ok=True)
        (folder / "link").symlink_to(folder / place)
        for named in (folder / place, folder / "link"):
            with pytest.raises(RecordError, match="came in the folder that it is to vouch for") as found:
                pin_of(str(folder / "pinned"), str(named), str(folder / "stick"))
            assert found.value.code == "NO_TRUST_ANCHOR"


def test_a_folder_without_a_version_says_how_one_is_made(folder: Path) -> None:
    versions: Any = _some(str(folder / "pinned"))
    assert versions == ["1"]
    with pytest.raises(Stop, match=r"has no 1\.trust\.json") as stopped:
        _some(str(folder / "plain"))
    assert stopped.value.code is Exit.UNDECIDABLE


def test_the_plain_files_of_a_page_are_those_of_the_signed_policy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ledger.trust.signed_policy.plain_files", lambda trust: {"policy": b"a", "registrar": b"b"})
    trust: Any = SimpleNamespace()
    _check_plain(str(tmp_path), trust)
    (tmp_path / "page").mkdir()
    (tmp_path / "page" / "registrar").write_bytes(b"b")
    _check_plain(str(tmp_path), trust)
    (tmp_path / "page" / "registrar").write_bytes(b"c")
    with pytest.raises(RecordError, match="TRUST-FORMAT") as found:
        _check_plain(str(tmp_path), trust)
    assert found.value.where == "page/registrar"
