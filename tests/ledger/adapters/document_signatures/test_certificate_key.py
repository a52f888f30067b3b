"""Keys that sign papers: files in PEM and PKCS#12, their passphrases, and the certificates with them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates
from cryptography.x509 import Name, NameAttribute, ObjectIdentifier
from cryptography.x509.oid import NameOID

from ledger.adapters.document_signatures.algorithms import holds, sign
from ledger.adapters.document_signatures.certificate_key import CertificateKey, open_certificate_key
from ledger.errors import LedgerError
from tests.support.signatures.certificates import NOW, issuer, pem, private_key, sealed


def fault(reference: str, certificate: str | None = None, passphrase: bytes | None = None) -> str:
    with pytest.raises(LedgerError) as found:
        open_certificate_key(reference, certificate, NOW, lambda _: passphrase)
    return found.value.code


@pytest.mark.parametrize(("kind", "digest"), [("rsa", "sha256"), ("p256", "sha256"), ("p384", "sha384")])
def test_a_key_in_pem_signs_with_the_digest_of_its_kind(kind: str, digest: str, tmp_path: Path) -> None:
    key = open_certificate_key(*sealed(kind).pem(tmp_path), NOW)
    assert (key.digest, key.name, key.issuers) == (digest, "Dina Ilves", ())
    assert holds(key.certificate.public_key(), key.sign(b"message"), b"message", digest)
    assert not holds(key.certificate.public_key(), key.sign(b"message"), b"massage", digest)


def test_a_file_in_pkcs12_has_key_certificate_and_issuer(tmp_path: Path) -> None:
    asked: list[str] = []

    def secret(what: str) -> bytes:
        asked.append(what)
        return b"word"

    key = open_certificate_key(sealed().p12(tmp_path), None, NOW, secret)
    assert asked == [f"passphrase of {tmp_path / 'seal.p12'}"]
    assert key.issuers == (issuer(),)
    assert open_certificate_key(sealed().p12(tmp_path, None), None, NOW).name == key.name


def test_key_and_certificates_may_be_in_one_file_of_pem_in_any_order(tmp_path: Path) -> None:
    one = sealed("p256")
    key, _ = one.pem(tmp_path)
    Path(key).write_bytes(pem(issuer(), one.certificate) + Path(key).read_bytes())
    found = open_certificate_key(key, None, NOW)
    assert (found.certificate, found.issuers) == (one.certificate, (issuer(),))


def test_a_passphrase_opens_a_key_and_a_wrong_one_or_none_is_refused(tmp_path: Path) -> None:
    key, certificate = sealed().pem(tmp_path, b"word")
    assert open_certificate_key(key, certificate, NOW, lambda _: b"word").name == "Dina Ilves"
    for file, given in ((key, certificate), (sealed().p12(tmp_path), None)):
        assert fault(file, given) == "KEY-LOCKED"
        assert fault(file, given, b"sword") == "KEY-LOCKED"


def test_the_certificate_of_another_key_is_refused(tmp_path: Path) -> None:
    key, _ = sealed("p256").pem(tmp_path)
    (tmp_path / "other.pem").write_bytes(pem(sealed("rsa").certificate))
    assert fault(key, str(tmp_path / "other.pem")) == "CERT-KEY"
    assert fault(key) == "CERT-MISSING"
    (tmp_path / "none.pem").write_text("no certificate")
    assert fault(key, str(tmp_path / "none.pem")) == "CERT-MISSING"


@pytest.mark.parametrize("begins", [NOW - timedelta(days=9), NOW + timedelta(seconds=1)])
def test_a_certificate_signs_only_while_it_is_in_force(begins: object, tmp_path: Path) -> None:
    early = NOW - timedelta(days=9) == begins
    one = (
        sealed(begins=NOW - timedelta(days=9), ends=NOW - timedelta(seconds=1))
        if early
        else sealed(begins=NOW + timedelta(seconds=1))
    )
    assert fault(*one.pem(tmp_path)) == "CERT-TIME"


def test_a_certificate_that_is_not_for_signatures_signs_nothing(tmp_path: Path) -> None:
    assert fault(*sealed(signs=False).pem(tmp_path)) == "CERT-USE"


def test_a_key_that_others_can_read_signs_nothing(tmp_path: Path) -> None:
    key, certificate = sealed().pem(tmp_path)
    Path(key).chmod(0o644)
    assert fault(key, certificate) == "KEY-MODE"


def test_what_is_no_key_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "text").touch(mode=0o600)
    (tmp_path / "text").write_text("no key")
    assert fault(str(tmp_path / "text")) == "KEY-FORMAT"
    assert fault(str(tmp_path / "absent")) == "KEY-MISSING"


def test_a_certificate_that_is_malformed_inside_is_no_certificate(tmp_path: Path) -> None:
    key, _ = sealed("p256").pem(tmp_path)
    der = sealed("p256").certificate.public_bytes(Encoding.DER)
    spoilt = der.replace(b"Dina Ilves", b"Dina \xff\xfeves")
    assert spoilt != der
    (tmp_path / "spoilt.der").write_bytes(spoilt)
    assert fault(key, str(tmp_path / "spoilt.der")) == "CERT-MISSING"


def test_a_key_that_signs_entries_signs_no_papers(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import PrivateFormat
    from cryptography.x509 import CertificateBuilder

    private = Ed25519PrivateKey.generate()
    subject = issuer().subject
    certificate = (
        CertificateBuilder(subject, subject, private.public_key(), 9)
        .not_valid_before(NOW)
        .not_valid_after(NOW + timedelta(days=1))
        .sign(private_key("p256"), SHA256())
    )
    file = tmp_path / "ed25519"
    file.touch(mode=0o600)
    file.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + pem(certificate))
    assert fault(str(file)) == "KEY-FORMAT"


def test_a_signature_that_the_certificate_does_not_verify_is_none() -> None:
    certificate = sealed("p256").certificate
    private = private_key("p256")
    for raw in (lambda message: b"", lambda message: sign(private, message + b"!", "sha256")):
        with pytest.raises(LedgerError, match="what the key of Dina Ilves signed does not verify") as refused:
            CertificateKey(certificate, (), "sha256", raw).sign(b"paper")
        assert refused.value.code == "KEY-ANSWER"


@pytest.mark.parametrize(
    ("parts", "name"),
    [
        ([(NameOID.ORGANIZATION_NAME, "Office"), (NameOID.COMMON_NAME, "Dina Ilves")], "Dina Ilves"),
        ([(NameOID.COUNTRY_NAME, "EE"), (NameOID.ORGANIZATION_NAME, "Office")], "Office"),
        ([(NameOID.COUNTRY_NAME, "EE")], "C=EE"),
    ],
)
def test_a_key_is_called_by_its_person_else_by_its_office_else_by_its_whole_subject(
    parts: list[tuple[ObjectIdentifier, str]], name: str
) -> None:
    subject = Name([NameAttribute(oid, value) for oid, value in parts])
    certificate: Any = SimpleNamespace(subject=subject)
    key = CertificateKey(certificate, (), "sha256", lambda message: message)
    assert (key.name, key.subject) == (name, subject.rfc4514_string())


def test_a_certificate_signs_from_its_first_second_to_its_last(tmp_path: Path) -> None:
    for one in (sealed(begins=NOW), sealed(begins=NOW - timedelta(days=9), ends=NOW)):
        assert open_certificate_key(*one.pem(tmp_path), NOW).name == "Dina Ilves"


def test_a_file_in_pkcs12_may_have_a_key_alone(tmp_path: Path) -> None:
    file = tmp_path / "key.p12"
    file.touch(mode=0o600)
    file.write_bytes(serialize_key_and_certificates(b"key", private_key("p256"), None, None, NoEncryption()))
    assert fault(str(file)) == "CERT-MISSING"
    (tmp_path / "cert.pem").write_bytes(pem(sealed("p256").certificate, issuer(), issuer()))
    key = open_certificate_key(str(file), str(tmp_path / "cert.pem"), NOW)
    assert (key.name, key.issuers) == ("Dina Ilves", (issuer(),))
