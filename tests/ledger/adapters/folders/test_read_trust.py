"""A trust folder of another party is read as plain files or as versions of a signed policy, and never half."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ledger.adapters.folders.handed_folder import TRUST_FILE
from ledger.adapters.folders.read_trust import (
    keep_pin,
    kept_pin,
    plain_files,
    read_trust_folder,
    trust_files,
    versions_of,
)
from ledger.errors import RecordError
from ledger.formats.ed25519 import public_key, sign
from ledger.trust.signed_policy import check_versions, draft, format_version, signed
from ledger.trust.trust_folder import fingerprint_of, parse_trust
from tests.ledger.trust.test_signed_policy import BASE, SEEDS
from tests.support.memory_ledger import small


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the user of each test an own configuration folder."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path / "config"


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    files = small()[0].trust_files()
    files |= {"tsa/b.pem": b"b", "tsa/a.pem": b"a", "others/x/policy": files["policy"]}
    files |= {"others/x/registrar": files["registrar"], "others/y/policy": files["policy"]}
    files |= {"secret": b"never read", "others/x/secret": b"never read"}
    for name, content in files.items():
        (tmp_path / "theirs" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "theirs" / name).write_bytes(content)
    return tmp_path / "theirs"


@pytest.fixture(scope="module")
def version() -> bytes:
    made = draft(
        msgspec.structs.replace(BASE, authorities=(sha256(b"a").hexdigest(),), algorithms=("ed25519", "rfc3161"))
    )
    for name in ("ada", "bo"):
        made = signed(made, public_key(SEEDS[name]), partial(sign, SEEDS[name]))
    return format_version(made)


def refused(call: Callable[..., object], *given: Any) -> tuple[str, str, str | None]:
    with pytest.raises(RecordError) as raised:
        call(*given)
    return raised.value.code, raised.value.says, raised.value.where


def test_only_the_files_that_a_verifier_reads_are_read(plain: Path) -> None:
    files = trust_files(str(plain))
    assert list(files) == [
        "policy",
        "registrar",
        "tsa/a.pem",
        "tsa/b.pem",
        "others/x/policy",
        "others/x/registrar",
        "others/y/policy",
    ]
    (plain / "mirrors").write_bytes(b"# none\n")
    assert trust_files(str(plain))["mirrors"] == b"# none\n"
    assert read_trust_folder(str(plain)) == parse_trust(plain_files(str(plain)))


def test_each_file_may_be_as_large_as_the_reference_says_and_no_larger(plain: Path) -> None:
    for name in ("tsa/a.pem", "policy", "1.trust.json"):
        kept = (plain / name).read_bytes() if (plain / name).exists() else None
        (plain / name).write_bytes(b"#" * (TRUST_FILE + 1))
        assert refused(read_trust_folder, str(plain))[0] == "NOT-A-FILE"
        (plain / name).unlink() if kept is None else (plain / name).write_bytes(kept)


@pytest.mark.parametrize("store", ["entries.db", "store"])
def test_the_trust_folder_of_a_ledger_is_found_below_it(plain: Path, tmp_path: Path, store: str) -> None:
    plain.rename(tmp_path / "trust")
    assert plain_files(str(tmp_path)) == {}
    (tmp_path / store).touch()
    assert plain_files(str(tmp_path)) == plain_files(str(tmp_path / "trust")) != {}


@pytest.mark.parametrize("store", ["entries.db", "store"])
def test_a_folder_without_a_trust_folder_is_no_ledger_whatever_else_it_has(plain: Path, store: str) -> None:
    files = plain_files(str(plain))
    (plain / store).touch()
    assert plain_files(str(plain)) == files != {}


def test_a_fingerprint_has_to_be_that_of_the_files(plain: Path) -> None:
    right = fingerprint_of(plain_files(str(plain)))
    assert read_trust_folder(str(plain), right) == read_trust_folder(str(plain))
    says = "it has no signed trust policy, and its files have another fingerprint than the one given"
    assert refused(read_trust_folder, str(plain), "00" * 32) == ("TRUST-FORMAT", says, str(plain))


def test_a_folder_without_a_policy_is_none(tmp_path: Path) -> None:
    (tmp_path / "registrar").write_text("x")
    assert refused(read_trust_folder, str(tmp_path)) == ("TRUST-FORMAT", "it has no file named policy", str(tmp_path))


def test_signed_versions_need_a_fingerprint_that_came_by_another_way(plain: Path, version: bytes) -> None:
    assert (versions_of(str(plain)), versions_of(str(plain / "policy")), versions_of(str(plain / "none"))) == (
        [],
        [],
        [],
    )
    (plain / "1.trust.json").write_bytes(version)
    versions = versions_of(str(plain))
    assert len(versions) == 1
    says = "nothing says that its first version is the true one"
    assert refused(read_trust_folder, str(plain)) == ("NO_TRUST_ANCHOR", says, str(plain))
    keep_pin(str(plain), versions[0].fingerprint)
    trust = read_trust_folder(str(plain))
    assert trust.authorities == (b"a",)  # the other one is not named
    assert check_versions(versions, versions[0].fingerprint) == versions[0]
    assert refused(read_trust_folder, str(plain), "00" * 32)[0].startswith("POL-")


@pytest.mark.parametrize("name", ["fingerprint", "fingerprints", "page/fingerprint"])
def test_a_fingerprint_in_a_folder_does_not_vouch_for_the_folder(plain: Path, version: bytes, name: str) -> None:
    (plain / "1.trust.json").write_bytes(version)
    (plain / name).parent.mkdir(exist_ok=True)
    (plain / name).write_text(versions_of(str(plain))[0].fingerprint + "\n")
    code, says, where = refused(read_trust_folder, str(plain))
    assert (code, where) == ("NO_TRUST_ANCHOR", str(plain))
    assert ("came in the same folder" in says) is (name == "fingerprint")


def test_a_kept_fingerprint_is_of_one_folder_and_not_of_its_copies(plain: Path, version: bytes) -> None:
    (plain / "1.trust.json").write_bytes(version)
    keep_pin(str(plain), versions_of(str(plain))[0].fingerprint)
    assert read_trust_folder(f"{plain}/../{plain.name}/").policy.logs
    copy = plain.with_name("stick")
    shutil.copytree(plain, copy)
    assert refused(read_trust_folder, str(copy))[0] == "NO_TRUST_ANCHOR"


def test_a_kept_fingerprint_is_64_hex_digits(tmp_path: Path, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert kept_pin(str(tmp_path)) is None
    keep_pin(str(tmp_path), "ab" * 32)
    assert kept_pin(str(tmp_path)) == "ab" * 32
    (file,) = (config / "comity" / "fingerprints").iterdir()
    assert file.stat().st_mode & 0o077 == 0
    for content in (b"ab", "ü".encode() * 32):
        file.write_bytes(content)
        with pytest.raises(RecordError):
            kept_pin(str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", "")
    monkeypatch.setenv("HOME", "/")
    assert kept_pin(str(tmp_path)) is None  # nowhere to keep it
