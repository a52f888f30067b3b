"""A folder of receipts has the entries that its audience may know of, sealed, each with a receipt by the log's key."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from cli.session.ledger_reader import reading
from ledger.adapters.folders.ledger_folder import read_folder
from ledger.entries.envelope import open_
from tests.cli.exports.test_writers import sealed_values
from tests.ledger.tlog.test_cose_receipt import accepts
from tests.support.cli import ledger_of, run, size


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ledger_of("S1", tmp_path_factory.mktemp("receipts"))


def made(ledger: Path, *, order: str = "main", audience: str = "COURT", to: str = "receipts") -> Path:
    folder = ledger.parent / to
    words = ("export", order, "--format", "cose-receipts", "--audience", audience, "-o", str(folder))
    done = run(*words, ledger=ledger)
    assert done.exit_code == 0, done.output
    return folder


@pytest.fixture(scope="module")
def folder(ledger: Path) -> Path:
    return made(ledger)


def public(folder: Path) -> bytes:
    key = load_pem_public_key((folder / "log-key.pem").read_bytes())
    assert isinstance(key, Ed25519PublicKey)
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def entries(folder: Path) -> dict[int, tuple[bytes, bytes]]:
    """Return the entries and receipts of a folder by log index."""
    return {
        int(file.name.partition(".")[0]): (file.read_bytes(), file.with_name(f"{file.name[:-10]}.receipt").read_bytes())
        for file in (folder / "entries").glob("*.dsse.json")
    }


def test_each_entry_has_a_receipt_that_verifies_for_it_and_for_no_other(folder: Path) -> None:
    found = entries(folder)
    assert len(found) == len(list((folder / "entries").iterdir())) // 2 > 10
    for index, (raw, receipt) in found.items():
        assert accepts(receipt, raw, public(folder))
        other = next(entry for n, (entry, _) in found.items() if n != index)
        assert not accepts(receipt, other, public(folder))


def test_the_key_is_that_of_the_log_and_both_files_have_it(ledger: Path, folder: Path) -> None:
    assert public(folder) == read_folder(ledger).keys[0].public
    assert cbor2.loads((folder / "log-key.cbor").read_bytes())[-2] == public(folder)


def test_entries_are_the_stored_bytes_and_no_sealed_value_is_in_the_folder(ledger: Path, folder: Path) -> None:
    whole = b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())
    values = sealed_values(ledger)
    assert values
    assert [value for value in values if value.encode() in whole] == []
    with reading(ledger) as reader:
        stored = dict(reader.store.page(0, reader.store.size()))
    assert {index: raw == stored[index] for index, (raw, _) in entries(folder).items()} == dict.fromkeys(
        entries(folder), True
    )


def test_receipts_open_nothing_so_nothing_is_recorded_and_the_same_head_gives_the_same_bytes(
    ledger: Path, folder: Path
) -> None:
    before = size(ledger)
    again = made(ledger, to="again")
    first = {file.name: file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    assert {file.name: file.read_bytes() for file in again.rglob("*") if file.is_file()} == first
    assert size(ledger) == before


def test_the_reader_is_told_in_two_languages_what_a_receipt_does_not_say(folder: Path) -> None:
    text = " ".join((folder / "READ-ME.txt").read_text("utf-8").split())
    assert text.startswith("TEST.")
    assert "A receipt carries no witness." in text
    assert "The signature covers neither." in text
    assert "Eine Quittung hat keinen Zeugen." in text


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("--reveal",), "leave out --reveal"),
        (("--as-of", "2030-01-01T00:00:00Z"), "leave out --reveal"),
        (("--documents", "."), "leave out --reveal"),
        (("--unsigned",), "asic-e"),
    ],
)
def test_what_a_receipt_cannot_carry_is_refused(ledger: Path, tmp_path: Path, args: tuple[str, ...], says: str) -> None:
    place = tmp_path / "out"
    words = ("export", "main", "--format", "cose-receipts", "--audience", "COURT", "-o", str(place), *args)
    done = run(*words, ledger=ledger)
    assert done.exit_code == 2
    assert says in done.output
    assert not place.exists()


def test_receipts_are_for_somebody_and_a_folder_and_never_take_a_name(ledger: Path, tmp_path: Path) -> None:
    words = ("export", "main", "--format", "cose-receipts")
    assert "who is going to read it" in run(*words, "-o", str(tmp_path / "out"), ledger=ledger).output
    assert "a folder" in run(*words, "--audience", "COURT", "-o", "-", ledger=ledger).output
    assert "is there already" in run(*words, "--audience", "COURT", "-o", str(tmp_path), ledger=ledger).output


def test_without_the_extra_nothing_is_written_and_the_error_names_it(
    ledger: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "cbor2", None)
    place = tmp_path / "out"
    words = ("export", "main", "--format", "cose-receipts", "--audience", "COURT", "-o", str(place))
    done = run(*words, ledger=ledger)
    assert done.exit_code == 4
    assert "pip install 'comity[scitt]'" in done.output
    assert not place.exists()


def test_a_copy_without_its_guard_signs_no_receipt(ledger: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(ledger, tmp_path / "ledger"))
    for guard in copy.glob("state/*/guard.db*"):
        guard.unlink()
    words = ("export", "main", "--format", "cose-receipts", "--audience", "COURT", "-o", str(tmp_path / "out"))
    done = run(*words, ledger=copy)
    assert done.exit_code == 4
    assert "GUARD-MISSING" in done.output
    assert not (tmp_path / "out").exists()


def test_a_companion_goes_to_those_alone_who_may_know_of_it(tmp_path: Path) -> None:
    ledger = ledger_of("emergency-validation-refused", tmp_path)
    kinds = {
        audience: kinds_of(made(ledger, order="kept", audience=audience, to=audience)) for audience in ("COURT", "SP")
    }
    assert "ex-post-validation-sought" in kinds["COURT"]
    assert kinds["SP"] == [kind for kind in kinds["COURT"] if not kind.startswith("ex-post-validation")]


def kinds_of(folder: Path) -> list[str]:
    return [open_(raw).payload.kind for _, (raw, _) in sorted(entries(folder).items())]
