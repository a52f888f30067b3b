"""A key file of ML-DSA-44 is private and durable, is read if it is one, and its signatures are verified or refused."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from ledger.adapters.keys import mldsa
from ledger.errors import LedgerError, RecordError
from tests.support.files.system_calls import synced_sizes

native = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.mldsa", reason="needs cryptography 50")


def code(path: Path) -> str:
    with pytest.raises(LedgerError) as refused:
        mldsa.load(path)
    return refused.value.code


def test_a_new_key_is_in_a_private_file_that_is_durable_and_made_once(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "log.mldsa.key"
    with synced_sizes() as sizes:
        made = mldsa.new(path)
    assert [name for name, _ in sizes] == [path.name, "keys"]
    assert sizes[0][1] == path.stat().st_size
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    before = path.read_bytes()
    with pytest.raises(FileExistsError):
        mldsa.new(path)
    assert path.read_bytes() == before
    read = mldsa.load(path)
    assert (read.public, len(read.public)) == (made.public, 1_312)
    one, two = made.sign(b"message"), read.sign(b"message")
    assert (len(one), one != two) == (2_420, True)
    for signature in (one, two):
        assert mldsa.verify(made.public, b"message", signature) is True
        assert mldsa.verify(made.public, b"another", signature) is False
        assert mldsa.verify(made.public, b"message", signature[:-1] + bytes([signature[-1] ^ 1])) is False


@pytest.mark.parametrize(("mode", "refused"), [(0o600, False), (0o400, False), (0o640, True), (0o601, True)])
def test_a_key_that_others_can_read_is_not_used(mode: int, refused: bool, tmp_path: Path) -> None:
    path = tmp_path / "key"
    mldsa.new(path)
    path.chmod(mode)
    if refused:
        assert code(path) == "KEY-MODE"
    else:
        mldsa.load(path)


def test_what_is_no_key_of_this_algorithm_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key"
    assert code(path) == "KEY-MISSING"
    path.touch(0o600)
    for data in (b"", b"\xff\xfe", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"):
        path.write_bytes(data)
        with pytest.raises(LedgerError, match="is not a private key without passphrase: ") as refused:
            mldsa.load(path)
        assert refused.value.code == "KEY-FORMAT"
    other = ed25519.Ed25519PrivateKey.generate()
    path.write_bytes(
        other.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    with pytest.raises(LedgerError, match="is not an ML-DSA-44 key") as refused:
        mldsa.load(path)
    assert (refused.value.code, refused.value.hint) == ("KEY-FORMAT", "openssl genpkey -algorithm ML-DSA-44")


@pytest.mark.parametrize(
    ("error", "says"), [(ValueError("no PEM"), "no PEM"), (TypeError("locked"), "locked"), (KeyError("x"), "KeyError")]
)
def test_errors_of_the_parser_are_said_if_they_are_about_the_file(
    error: Exception, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mldsa.new(tmp_path / "key")

    def fail(data: bytes, password: None) -> None:
        raise error

    monkeypatch.setattr(serialization, "load_pem_private_key", fail)
    with pytest.raises(LedgerError) as refused:
        mldsa.load(tmp_path / "key")
    assert refused.value.says == f"{tmp_path / 'key'} is not a private key without passphrase: {says}"


def test_without_the_library_no_key_is_made_and_no_signature_taken_for_a_good_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = mldsa.new(tmp_path / "key")
    signature = made.sign(b"message")
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.asymmetric.mldsa", None)
    with pytest.raises(RecordError, match="CP-KEY"):
        mldsa.verify(made.public, b"message", signature)
    assert code(tmp_path / "key") == "KEY-FORMAT"
    with pytest.raises(LedgerError, match="ML-DSA-44 is not to be had here"):
        mldsa.new(tmp_path / "another")
    assert not (tmp_path / "another").exists()


def test_where_the_library_does_not_have_the_algorithm_a_signature_is_not_judged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(public: bytes) -> None:
        raise UnsupportedAlgorithm("not in this OpenSSL")

    monkeypatch.setattr(native, "MLDSA44PublicKey", SimpleNamespace(from_public_bytes=fail))
    with pytest.raises(RecordError, match="CP-KEY") as refused:
        mldsa.verify(bytes(1_312), b"message", bytes(2_420))
    assert refused.value.hint == "install cryptography 50 or later"
