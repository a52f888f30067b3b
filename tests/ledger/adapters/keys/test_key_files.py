"""Signing keys are ordinary OpenSSH files; keys of data subjects can be destroyed permanently."""

from __future__ import annotations

import base64
import shutil
import sqlite3
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization as ssh
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace

from ledger.adapters.keys.key_files import SeedKey, exists, finish, listed, load, new, public_of
from ledger.adapters.storage.entry_reader import Ciphertext
from ledger.adapters.storage.sqlite import temporary_path
from ledger.adapters.subject_keys.key_store import DestroyedKey, SubjectKeyStore
from ledger.errors import LedgerError
from ledger.formats.ed25519 import verify_signature
from ledger.formats.selective_disclosure import Disclosure, veil
from tests.support.files.system_calls import synced, synced_sizes

ENTRY = "00112233445566778899aabbccddeeff"
ORDER = "11111111-1111-4111-8111-111111111111"


def code_of(path: Path, passphrase: bytes | None = None) -> str:
    with pytest.raises(LedgerError) as fault:
        load(path, passphrase)
    return fault.value.code


def test_a_key_signs_after_it_was_written_and_read_back(tmp_path: Path) -> None:
    made = new(tmp_path / "keys" / "ilves")
    read = load(tmp_path / "keys" / "ilves")
    assert read.public == made.public == public_of(tmp_path / "keys" / "ilves")
    assert verify_signature(made.public, b"message", read.sign(b"message"))
    assert listed(tmp_path / "keys") == {"ilves": made.public}


def test_key_files_are_for_their_owner_only(tmp_path: Path) -> None:
    new(tmp_path / "keys" / "ilves")
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "keys" / "ilves").stat().st_mode) == 0o600
    for right in (0o1, 0o2, 0o4, 0o10, 0o20, 0o40):
        (tmp_path / "keys" / "ilves").chmod(0o600 | right)
        assert code_of(tmp_path / "keys" / "ilves") == "KEY-MODE"


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    made = new(tmp_path / "ilves")
    with pytest.raises(FileExistsError):
        new(tmp_path / "ilves")
    assert load(tmp_path / "ilves").public == made.public


def test_a_public_file_that_a_crash_prevented_is_written_once(tmp_path: Path) -> None:
    key = new(tmp_path / "key")
    whole = (tmp_path / "key.pub").read_bytes()
    assert finish(tmp_path / "key", key.public) is False
    (tmp_path / "key.pub").unlink()
    assert finish(tmp_path / "key", key.public) is True
    assert (tmp_path / "key.pub").read_bytes() == whole


def test_what_an_interrupted_write_left_is_no_key_and_is_removed(tmp_path: Path) -> None:
    path = tmp_path / "key"
    assert exists(path) is False
    path.touch()
    left = [temporary_path(path), temporary_path(tmp_path / "key.pub")]
    for each in left:
        each.touch()
    assert exists(path) is False
    assert list(tmp_path.iterdir()) == []
    new(path)
    assert exists(path) is True
    assert exists(tmp_path / "key.pub") is True


def test_a_key_is_on_the_disk_with_its_folder_when_it_is_made_or_finished(tmp_path: Path) -> None:
    with synced() as names:
        key = new(tmp_path / "keys" / "ilves")
    assert names[-1] == "keys"
    assert len(names) == len(set(names)) == 3
    (tmp_path / "keys" / "ilves.pub").unlink()
    with synced() as names:
        finish(tmp_path / "keys" / "ilves", key.public)
    assert (len(names), names[-1]) == (2, "keys")
    assert sorted(path.name for path in (tmp_path / "keys").iterdir()) == ["ilves", "ilves.pub"]


def test_a_key_file_is_whole_when_it_is_synced(tmp_path: Path) -> None:
    with synced_sizes() as sizes:
        new(tmp_path / "ilves")
    whole = [(tmp_path / name).stat().st_size for name in ("ilves", "ilves.pub")]
    assert [size for name, size in sizes if name != tmp_path.name] == whole


KEY = b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + bytes(range(32))


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"ssh-ed25519",
        b"ssh-rsa " + base64.b64encode(KEY),
        b"ssh-ed25519 " + base64.b64encode(KEY[:-1]),
        b"ssh-ed25519 " + base64.b64encode(KEY + b"\0"),
        b"ssh-ed25519 " + base64.b64encode(b"\1" + KEY[1:]),
        b"ssh-ed25519 *" + base64.b64encode(KEY),
        b"ssh-ed25519 " + base64.b64encode(KEY)[:-1],
        b"ssh-ed25519 \xff" + base64.b64encode(KEY),
    ],
)
def test_a_public_file_of_another_type_or_of_other_bytes_is_not_listed(line: bytes, tmp_path: Path) -> None:
    (tmp_path / "key.pub").write_bytes(line)
    assert public_of(tmp_path / "key") is None
    assert listed(tmp_path) == {}
    assert public_of(tmp_path / "none") is None


def test_keys_are_listed_by_name_whatever_the_order_of_the_disk(tmp_path: Path) -> None:
    names = [f"{n:02x}" for n in (7, 3, 9, 1, 8, 0, 4)]
    for name in names:
        (tmp_path / f"{name}.pub").write_bytes(b"ssh-ed25519 " + base64.b64encode(KEY))
    assert listed(tmp_path) == dict.fromkeys(sorted(names), KEY[-32:])
    assert list(listed(tmp_path)) == sorted(names)


def test_the_private_seed_is_not_shown_by_accident() -> None:
    key = SeedKey(bytes(range(32)))
    assert key.seed.hex() not in repr(key)


def test_a_locked_key_opens_with_its_passphrase_only(tmp_path: Path) -> None:
    made = new(tmp_path / "ilves", passphrase=b"correct horse")
    assert load(tmp_path / "ilves", b"correct horse").public == made.public
    assert code_of(tmp_path / "ilves") == "KEY-LOCKED"
    assert code_of(tmp_path / "ilves", b"battery") == "KEY-LOCKED"
    assert listed(tmp_path) == {"ilves": made.public}, "listing needs no passphrase"


def test_a_passphrase_for_a_key_without_one_does_no_harm(tmp_path: Path) -> None:
    made = new(tmp_path / "ilves")
    assert load(tmp_path / "ilves", b"for nothing").public == made.public


@pytest.mark.parametrize("encoding", [ssh.Encoding.PEM, ssh.Encoding.DER])
def test_pkcs8_is_read(tmp_path: Path, encoding: ssh.Encoding) -> None:
    private = Ed25519PrivateKey.generate()
    path = tmp_path / "old.key"
    path.write_bytes(private.private_bytes(encoding, ssh.PrivateFormat.PKCS8, ssh.NoEncryption()))
    path.chmod(0o600)
    assert load(path).public == private.public_key().public_bytes_raw()


def test_what_is_no_ed25519_key_is_said_to_be_none(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.touch(0o600)
    for data in (b"", b"-----BEGIN OPENSSH PRIVATE KEY-----\nnone\n-----END OPENSSH PRIVATE KEY-----\n", b"text"):
        path.write_bytes(data)
        assert code_of(path) == "KEY-FORMAT"
    other = ec.generate_private_key(ec.SECP256R1())
    path.write_bytes(other.private_bytes(ssh.Encoding.PEM, ssh.PrivateFormat.OpenSSH, ssh.NoEncryption()))
    assert code_of(path) == "KEY-FORMAT"
    assert code_of(tmp_path / "nobody") == "KEY-MISSING"


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="needs ssh-keygen")
def test_ssh_keygen_reads_what_we_write_and_we_read_what_it_makes(tmp_path: Path) -> None:
    made = new(tmp_path / "ours")
    shown = subprocess.run(["ssh-keygen", "-y", "-f", tmp_path / "ours"], capture_output=True, check=True).stdout
    assert shown.split()[:2] == (tmp_path / "ours.pub").read_bytes().split()[:2]
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "secret words", "-C", "x", "-f", str(tmp_path / "theirs")]
    subprocess.run(command, check=True)
    theirs = load(tmp_path / "theirs", b"secret words")
    assert theirs.public == public_of(tmp_path / "theirs")
    assert theirs.public != made.public


# -- keys of data subjects ---------------------------------------------------------------------------------------------


@pytest.fixture
def subject_keys(tmp_path: Path) -> Iterator[SubjectKeyStore]:
    subject_keys = SubjectKeyStore.create(tmp_path / "keys.db")
    yield subject_keys
    subject_keys.close()


def disclosures(*names: str) -> list[Disclosure]:
    return [veil(name, f"value of {name}", bytes(16)) for name in names]


def close(subject_keys: SubjectKeyStore, disclosed: list[Disclosure], **whose: str) -> tuple[Ciphertext, ...]:
    """Encrypt disclosures for the target of the order, or for the data subject that `whose` names by field."""
    names = {"target", *whose.values()} if len(whose) < len(disclosed) else set(whose.values())
    keys = subject_keys.keys_for([(name, ORDER) for name in names])
    return subject_keys.encrypt_values(ENTRY, disclosed, lambda field: (whose.get(field, "target"), ORDER), keys)


def test_what_was_closed_opens_again(subject_keys: SubjectKeyStore) -> None:
    disclosed = disclosures("identifiers", "offences")
    closed = close(subject_keys, disclosed)
    assert [c.field for c in closed] == ["identifiers", "offences"]
    assert {c.key_id for c in closed} == {subject_keys.key_of("target", ORDER)}
    assert subject_keys.decrypt_values(ENTRY, closed) == [d.text for d in disclosed]
    assert all(
        c.ciphertext is not None and d.text.encode() not in c.ciphertext for c, d in zip(closed, disclosed, strict=True)
    )


def test_each_subject_has_a_key_of_its_own_under_a_random_name(subject_keys: SubjectKeyStore) -> None:
    disclosed = disclosures("identifiers", "witness")
    first, second = close(subject_keys, disclosed, witness="somebody")
    assert first.key_id != second.key_id
    assert subject_keys.subjects() == {("target", ORDER): first.key_id, ("somebody", ORDER): second.key_id}
    assert "target" not in first.key_id


def test_a_ciphertext_moved_to_another_entry_field_or_key_does_not_open(subject_keys: SubjectKeyStore) -> None:
    (closed,) = close(subject_keys, disclosures("identifiers"))
    (other,) = close(subject_keys, disclosures("identifiers"), identifiers="other")
    assert subject_keys.decrypt_values(ENTRY, [closed])
    assert subject_keys.decrypt_values("ff" * 16, [closed]) == []
    assert subject_keys.decrypt_values(ENTRY, [replace(closed, field="offences")]) == []
    assert subject_keys.decrypt_values(ENTRY, [replace(closed, key_id=other.key_id)]) == []


def test_a_destroyed_key_opens_nothing_and_the_next_one_is_another(subject_keys: SubjectKeyStore) -> None:
    (closed,) = close(subject_keys, disclosures("identifiers"))
    subject_keys.destroy([closed.key_id])
    assert subject_keys.key_of("target", ORDER) is None
    assert subject_keys.decrypt_values(ENTRY, [closed]) == []
    (again,) = close(subject_keys, disclosures("identifiers"))
    assert again.key_id != closed.key_id


def test_a_destroyed_key_leaves_no_byte_of_itself_in_any_file(subject_keys: SubjectKeyStore) -> None:
    for subject in ("one", "target", "three"):
        close(subject_keys, disclosures("identifiers"), identifiers=subject)
    key_id = subject_keys.key_of("target", ORDER)
    c = sqlite3.connect(str(subject_keys.place))
    (secret,) = c.execute(
        "SELECT secret FROM subject_key JOIN subject_name USING (subject) WHERE name = 'target'"
    ).fetchone()
    c.close()
    files = list(Path(str(subject_keys.place)).parent.iterdir())
    assert any(secret in file.read_bytes() for file in files), "else this test proves nothing"
    assert key_id is not None
    subject_keys.destroy([key_id], "other", ["orn"])
    assert not any(secret in file.read_bytes() for file in Path(str(subject_keys.place)).parent.iterdir())
    assert subject_keys.unrecorded() == [DestroyedKey(key_id, "other", ("orn",))]
    subject_keys.mark_recorded(key_id)
    assert subject_keys.unrecorded() == []
    files = list(Path(str(subject_keys.place)).parent.iterdir())
    assert not any(word in file.read_bytes() for file in files for word in (secret, b"target"))


def test_two_openings_of_the_drawer_agree_on_a_new_subjects_key(subject_keys: SubjectKeyStore) -> None:
    second = SubjectKeyStore(subject_keys.place)
    (one,) = close(subject_keys, disclosures("identifiers"))
    (two,) = close(second, disclosures("identifiers"))
    assert one.key_id == two.key_id
    assert second.decrypt_values(ENTRY, [one]) == subject_keys.decrypt_values(ENTRY, [two])
    subject_keys.destroy([one.key_id])
    assert second.decrypt_values(ENTRY, [two]) == [], "a key another process destroyed is gone here too"
    second.close()


def test_an_order_has_one_companion(subject_keys: SubjectKeyStore) -> None:
    assert subject_keys.companion_of("main") is None
    assert subject_keys.companion_for("main", "first") == "first"
    assert subject_keys.companion_for("main", "second") == "first"
    assert subject_keys.companion_of("main") == "first"
