"""A token that never releases its key: SoftHSM 2 signs entries, and every one of them verifies."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.adapters.keys.open_key import open_key
from ledger.errors import LedgerError
from ledger.formats.ed25519 import verify_signature
from tests.support.cli import House

ROOT = Path(__file__).parents[2]
MODULE = Path("/usr/lib/softhsm/libsofthsm2.so")
pytestmark = pytest.mark.interop


@pytest.fixture(scope="session")
def token(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Make a token `karsk` with two Ed25519 keys and one of another type; yield its URI without an object."""
    pkcs11 = pytest.importorskip("pkcs11", reason="needs the extra `pkcs11`")
    if not MODULE.exists():
        pytest.skip("needs softhsm2; `make interop` installs it")
    folder = tmp_path_factory.mktemp("hsm")
    (folder / "tokens").mkdir()
    (folder / "conf").write_text(f"directories.tokendir = {folder}/tokens\nlog.level = ERROR\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", str(folder / "conf"))
        made = ["softhsm2-util", "--init-token", "--free", "--label", "karsk", "--pin", "1234", "--so-pin", "5678"]
        subprocess.run(made, check=True, capture_output=True)
        with pkcs11.lib(str(MODULE)).get_token(token_label="karsk").open(user_pin="1234", rw=True) as session:
            for label in ("ilves", "aspen"):
                curve = {pkcs11.Attribute.EC_PARAMS: bytes.fromhex("06032b6570")}  # 1.3.101.112, RFC 8410
                ed25519 = session.create_domain_parameters(pkcs11.KeyType.EC_EDWARDS, curve, local=True)
                ed25519.generate_keypair(
                    mechanism=pkcs11.Mechanism.EC_EDWARDS_KEY_PAIR_GEN, store=True, label=label, id=label.encode()
                )
            session.generate_keypair(pkcs11.KeyType.RSA, 2048, store=True, label="rsa")
        (folder / "pin").write_text("1234\n")
        (folder / "pin").chmod(0o600)
        yield f"pkcs11:token=karsk;object={{}}?module-path={MODULE}&pin-source=file:{folder}/pin"


def fault(uri: str) -> str:
    with pytest.raises(LedgerError) as found:
        open_key(uri)
    return found.value.code


def test_a_key_in_a_token_signs_what_libsodium_verifies(token: str) -> None:
    key = open_key(token.format("ilves"))
    assert verify_signature(key.public, b"message", key.sign(b"message"))
    assert open_key(token.format("aspen")).public != key.public
    assert open_key(token.format("ilves").replace("object=", "id=")).public == key.public


def test_a_token_opens_with_its_pin_only(token: str) -> None:
    asking = token.format("ilves").partition("&")[0]
    assert open_key(asking, lambda what: b"1234" if "karsk" in what else None).public
    for pin in (b"9999", None):  # in a process that has not opened the token before
        code = f"from ledger.adapters.keys.open_key import open_key; open_key({asking!r}, lambda _: {pin!r})"
        done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.stderr.splitlines()[-1].startswith("ledger.errors.LedgerError: KEY-LOCKED")


def test_what_is_not_there_is_said_to_be_missing_or_away(token: str, tmp_path: Path) -> None:
    assert fault(token.format("nobody")) == "KEY-MISSING"
    assert fault(token.format("rsa")) == "KEY-MISSING"
    assert fault(token.format("ilves").replace("karsk", "elsewhere")) == "KEY-AWAY"
    (tmp_path / "pin").write_text("1234")
    (tmp_path / "pin").chmod(0o644)
    public = token.format("ilves").partition("&")[0] + f"&pin-source=file:{tmp_path}/pin"
    assert fault(public) == "KEY-MODE"


def test_an_office_with_its_key_in_a_token_records_and_its_entries_verify(token: str, tmp_path: Path) -> None:
    house = House(tmp_path).begun()
    house.told("key", "new", "ilves", "--at", token.format("ilves"))
    assert house.run("key", "enrol", "ilves", "--role", "ISS", "--party", "XO").exit_code == 0
    assert house.run("key", "accept", "ilves").exit_code == 0
    house.order()
    assert house.run("fsck").exit_code == 0
    assert house.told("key", "list")["keys"][-1]["here"] == "ilves"
