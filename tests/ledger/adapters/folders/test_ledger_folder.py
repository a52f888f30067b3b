"""The trust files of a ledger are read whole or refused with their path, and say where each store is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ledger.adapters.folders.ledger_folder import Folder, make_folder, read_folder
from ledger.adapters.storage.postgres import Address
from ledger.entries.keyring import Registrar
from ledger.errors import LedgerError, RecordError
from ledger.formats.ed25519 import public_key
from ledger.tlog.note import MLDSA44, Vkey, log_vkey
from tests.support.files.system_calls import synced

ORIGIN = "ledger.test/xo/karsk"
PUBLIC = public_key(bytes(32))
REGISTRAR = Registrar("reg", "XO", "ab" * 32)
AT = "postgresql://user@host/base"


@pytest.fixture
def made(tmp_path: Path) -> Path:
    make_folder(tmp_path / "led", ORIGIN, PUBLIC, REGISTRAR)
    return tmp_path / "led"


def refused(call: Callable[..., object], *given: Any) -> tuple[str, str]:
    with pytest.raises(LedgerError) as raised:
        call(*given)
    return raised.value.code, raised.value.says


def test_a_new_folder_is_private_and_says_its_log_and_its_registrar(tmp_path: Path) -> None:
    path = tmp_path / "led"
    with synced() as names:
        make_folder(path, ORIGIN, PUBLIC, REGISTRAR)
    assert names == [".registrar.new", ".policy.new", "trust", "led"]
    folders = [path, path / "trust", path / "trust" / "tsa", path / "log"]
    assert [each.stat().st_mode & 0o777 for each in folders] == [0o700] * 4
    folder = read_folder(path)
    assert (folder.origin, folder.registrar, folder.test, folder.mirrors) == (ORIGIN, REGISTRAR, False, {})
    assert (folder.store, folder.shared) == ("", False)
    assert folder.keys == (folder.key,)
    assert (path / "trust" / "policy").read_text() == f"log {log_vkey(ORIGIN, PUBLIC)}\nquorum none\n"
    make_folder(tmp_path / "test", ORIGIN, PUBLIC, REGISTRAR, test=True)
    assert read_folder(tmp_path / "test").test
    with pytest.raises(RecordError):
        make_folder(tmp_path / "none", "no origin", PUBLIC, REGISTRAR)
    assert not (tmp_path / "none").exists()


def test_each_store_is_a_file_unless_a_file_names_a_database(made: Path) -> None:
    def where(folder: Folder) -> list[object]:
        return [folder.entries, folder.subject_keys, folder.heads, folder.others]

    at = Address(AT, ORIGIN)
    own = [made / name for name in ("entries.db", "keys.db", "heads.db", "others")]
    folder = read_folder(made)
    assert where(folder) == own
    assert (folder.views, folder.map, folder.log, folder.evidence) == tuple(
        made / name for name in ("views.db", "map.db", "log", "evidence")
    )
    assert (folder.has_subject_keys, folder.has_heads) == (False, False)
    (made / "keys-store").write_text(f"{AT}\n")
    folder = read_folder(made)
    assert where(folder) == [own[0], at, own[2], own[3]]
    assert folder.has_subject_keys
    (made / "store").write_text(f"{AT}\n")
    folder = read_folder(made)
    assert where(folder) == [at] * 4
    assert folder.has_heads
    (made / "heads.db").touch()  # it was made before heads could be shared
    (made / "keys-store").unlink()
    (made / "keys.db").touch()
    folder = read_folder(made)
    assert where(folder) == [at, own[1], own[2], own[3]]
    assert (folder.has_heads, folder.has_subject_keys) == (True, True)
    (made / "store").unlink()
    assert read_folder(made).has_heads


@pytest.mark.parametrize("name", ["store", "keys-store"])
@pytest.mark.parametrize("content", [b"", b"\n", b" ", "postgresql://ü/x".encode()])
def test_a_file_that_should_name_a_database_and_does_not_is_refused(made: Path, name: str, content: bytes) -> None:
    (made / name).write_bytes(content)
    assert refused(read_folder, made) == ("TRUST", f"{made / name} is no address of a database")


@pytest.mark.parametrize("name", ["policy", "registrar"])
def test_a_folder_without_a_trust_file_is_no_ledger(made: Path, name: str) -> None:
    (made / "trust" / name).unlink()
    assert refused(read_folder, made) == (
        "NO-LEDGER",
        f"{made} is not a ledger: {name} is missing from its trust folder",
    )


def test_the_newest_ed25519_key_of_the_one_log_is_its_key(made: Path) -> None:
    policy = made / "trust" / "policy"
    second, other = log_vkey(ORIGIN, public_key(b"2" * 32)), log_vkey("ledger.test/other", public_key(b"3" * 32))
    strong = Vkey.of(ORIGIN, MLDSA44, bytes(1312)).text
    begins = policy.read_text()
    policy.write_text(f"{begins}log {second}\nlog {strong}\n")
    folder = read_folder(made)
    assert (len(folder.keys), folder.key.text, folder.origin) == (3, second, ORIGIN)
    for text, says in (
        (f"{begins}log {other}\n", "names 2 logs, a ledger has one"),
        ("quorum none\n", "names 0 logs, a ledger has one"),
        (f"log {strong}\nquorum none\n", "names no Ed25519 key of the log"),
    ):
        policy.write_text(text)
        assert refused(read_folder, made) == ("TRUST", f"{policy} {says}")


@pytest.mark.parametrize(
    ("name", "content"),
    [("policy", b"words\n"), ("registrar", b"reg XO\n"), ("registrar", "ü XO".encode()), ("mirrors", b"mirror x\n")],
)
def test_a_damaged_trust_file_is_refused(made: Path, name: str, content: bytes) -> None:
    (made / "trust" / name).write_bytes(content)
    code, says = refused(read_folder, made)
    assert (code, says.startswith(f"{made / 'trust'}: ")) == ("TRUST", True)


@pytest.mark.parametrize("extra", ["\n", " ", "\t", " x"])
def test_a_registrar_is_one_line_of_three_words_and_a_key_of_64_digits(made: Path, extra: str) -> None:
    """Digits with a line break between them are the same bytes, and no key that an entry can name."""
    path = made / "trust" / "registrar"
    line = path.read_text()
    for text in (f"{line}{extra}", f"{line[:-9]}{extra}{line[-9:]}", line.upper(), line.replace("reg ", "")):
        path.write_text(text)
        assert refused(read_folder, made)[0] == "TRUST", text
    path.write_text(line[:-1])
    assert read_folder(made).registrar == REGISTRAR
