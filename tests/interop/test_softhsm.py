"""A token that never releases its key: SoftHSM 2 signs entries, and every one of them verifies."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import Certificate

from ledger.adapters.document_signatures.certificate_key import open_certificate_key
from ledger.adapters.document_signatures.pdf_signature import sign_pdf
from ledger.adapters.keys.open_key import open_key
from ledger.errors import LedgerError
from ledger.formats.ed25519 import verify_signature
from tests.support.cli import House, ledger_of, run
from tests.support.signatures.certificates import NOW, certified, issuer, pem
from tests.support.signatures.signed_papers import LABEL, accepted, authority, paper

ROOT = Path(__file__).parents[2]
MODULE = Path("/usr/lib/softhsm/libsofthsm2.so")
pytestmark = pytest.mark.interop


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, dict[str, Certificate]]]:
    """Make a token `karsk` with keys of several types.

    Yield its URI without an object, and the certificates of its keys that sign papers.
    """
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
            certificates = with_certificates(session)
        (folder / "pin").write_text("1234\n")
        (folder / "pin").chmod(0o600)
        yield f"pkcs11:token=karsk;object={{}}?module-path={MODULE}&pin-source=file:{folder}/pin", certificates


@pytest.fixture
def token(made: tuple[str, dict[str, Certificate]]) -> str:
    """Return the URI of the token, without an object."""
    return made[0]


@pytest.fixture
def seals(made: tuple[str, dict[str, Certificate]]) -> dict[str, Certificate]:
    """Return the certificates of the keys that sign papers, by label."""
    return made[1]


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
    house.reply("key", "new", "ilves", "--at", token.format("ilves"))
    assert house.run("key", "enrol", "ilves", "--role", "ISS", "--party", "XO").exit_code == 0
    assert house.run("key", "accept", "ilves").exit_code == 0
    house.order()
    assert house.run("fsck").exit_code == 0
    assert house.reply("key", "list")["keys"][-1]["here"] == "ilves"


def with_certificates(session: Any) -> dict[str, Certificate]:
    """Make keys that sign papers in a token, RSA and ECDSA, each with its certificate; return the certificates."""
    import pkcs11
    from pkcs11.util.ec import encode_named_curve_parameters

    _, private = session.generate_keypair(pkcs11.KeyType.RSA, 2048, store=True, label="seal", id=b"seal")
    curve = {pkcs11.Attribute.EC_PARAMS: encode_named_curve_parameters("secp256r1")}
    parameters = session.create_domain_parameters(pkcs11.KeyType.EC, curve, local=True)
    public, _ = parameters.generate_keypair(store=True, label="curve", id=b"curve")
    point = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), public[pkcs11.Attribute.EC_POINT][-65:])
    found = {"seal": certified(public_rsa(private)), "curve": certified(point, 21)}
    for label, certificate in found.items():
        session.create_object(
            {
                pkcs11.Attribute.CLASS: pkcs11.ObjectClass.CERTIFICATE,
                pkcs11.Attribute.CERTIFICATE_TYPE: pkcs11.CertificateType.X_509,
                pkcs11.Attribute.TOKEN: True,
                pkcs11.Attribute.LABEL: label,
                pkcs11.Attribute.ID: label.encode(),
                pkcs11.Attribute.SUBJECT: certificate.subject.public_bytes(),
                pkcs11.Attribute.VALUE: certificate.public_bytes(Encoding.DER),
            }
        )
    return found


def public_rsa(private: Any) -> RSAPublicKey:
    from pkcs11 import Attribute

    modulus, exponent = (int.from_bytes(private[a], "big") for a in (Attribute.MODULUS, Attribute.PUBLIC_EXPONENT))
    return RSAPublicNumbers(exponent, modulus).public_key()


@pytest.mark.parametrize("label", ["seal", "curve"])
def test_a_key_in_a_token_signs_papers_that_pyhanko_accepts(
    label: str, token: str, seals: dict[str, Certificate]
) -> None:
    key = open_certificate_key(token.format(label), None, NOW)
    assert key.certificate == seals[label]
    assert accepted(sign_pdf(paper()[0], key, NOW, authority().stamp, LABEL))


def test_the_certificate_of_a_key_in_a_token_may_be_in_a_file(
    token: str, seals: dict[str, Certificate], tmp_path: Path
) -> None:
    (tmp_path / "seal.pem").write_bytes(pem(issuer(), seals["seal"]))
    key = open_certificate_key(token.format("seal"), str(tmp_path / "seal.pem"), NOW)
    assert (key.certificate, key.issuers) == (seals["seal"], (issuer(),))


def test_a_key_in_a_token_without_its_certificate_signs_no_papers(
    token: str, seals: dict[str, Certificate], tmp_path: Path
) -> None:
    (tmp_path / "other.pem").write_bytes(pem(seals["curve"]))
    for label, file, code in (
        ("rsa", None, "CERT-MISSING"),
        ("seal", str(tmp_path / "other.pem"), "CERT-KEY"),
        ("nobody", None, "KEY-MISSING"),
    ):
        with pytest.raises(LedgerError) as found:
            open_certificate_key(token.format(label), file, NOW)
        assert found.value.code == code


def test_a_report_is_signed_on_the_command_line_with_a_key_in_a_token(
    token: str, seals: dict[str, Certificate], tmp_path: Path
) -> None:
    file, signing = tmp_path / "custody.pdf", ("--no-time-stamp", "--sign", token.format("seal"))
    ledger = ledger_of("S1", tmp_path)
    done = run("report", "custody", "main", "--format", "pdf", *signing, "-o", str(file), ledger=ledger)
    assert file.exists(), done.output
    assert accepted(file.read_bytes())
