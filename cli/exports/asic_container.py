"""Put the evidence bundle into an ASiC-E container, signed by an X.509 key, or unsigned for a card to sign."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from cli.exit_codes import Exit, Stop
from cli.exports.formats import ExportRequest
from cli.session import ledger_choice
from cli.terminal import file_io, output

TO_SIGN = ".manifest.xml"


def asic(wanted: ExportRequest) -> bytes | None:
    """Write the container of one bundle; without a signature, also write its manifest, which a card then signs.

    Return the bytes instead if they go to standard output.
    """
    from dataclasses import replace

    from cli.handover.evidence_bundle import bundle
    from cli.terminal.file_io import check_new, write_new
    from projections.exchange.asic import SIGNATURE, container, manifest

    if wanted.unsigned == (wanted.cert is not None):
        raise Stop("a container is signed by --cert FILE --key FILE, or made with --unsigned")
    if wanted.cert is not None and wanted.handed.key_file is None:
        raise Stop("--cert needs its key", hint="--key FILE, in PEM; a key on a card signs what --unsigned writes")
    if wanted.unsigned and wanted.file == "-":
        raise Stop("an unsigned container is two files", hint="-o FILE")
    name = f"{Path(wanted.file).stem if wanted.file != '-' else 'order'}.evidence.zip"
    # --key is the key of the certificate here; a key of the ledger on this machine signs the bundle inside.
    handed = replace(wanted.handed, key_file=None) if wanted.cert else wanted.handed
    sign = sealing(wanted.cert, str(wanted.handed.key_file), ledger_choice.now()) if wanted.cert else None
    to_sign = Path(f"{wanted.file}{TO_SIGN}")
    if sign is None:
        check_new(str(to_sign), "a manifest")
    with bundle(wanted.one, name, handed) as evidence:
        files = {name: evidence.data}
        data = container(files, sign(manifest(files)) if sign else None)
        if sign is None:
            write_new(str(to_sign), manifest(files))
        if wanted.file == "-":
            return data
        try:
            write_new(wanted.file, data, evidence.close_access)
        except BaseException:
            if sign is None:
                to_sign.unlink()
            raise
    if sign is None:
        output.tell(f"{to_sign}: sign this (CAdES, detached), and add the signature as {SIGNATURE}")
    return None


def sealing(cert: str, key: str, at: datetime) -> Callable[[bytes], bytes]:
    """Return a function that makes the CAdES signature over bytes; key and certificate are PEM files."""
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
    from cryptography.x509 import load_pem_x509_certificate

    from projections.exchange.cades import Certificate, signed, to_be_signed

    certificate_file, key_file = file_io.read(cert), file_io.read(key)
    try:
        x509 = load_pem_x509_certificate(certificate_file)
    except Exception:  # a foreign parser on untrusted bytes may raise anything
        raise Stop(f"{cert} is no certificate in PEM", code=Exit.UNDECIDABLE) from None
    passphrase = _passphrase(key)
    try:
        private = load_pem_private_key(key_file, passphrase)
    except Exception as error:
        raise Stop(f"{key} cannot be read as a key in PEM: {error}", code=Exit.UNDECIDABLE) from None
    if private.public_key() != x509.public_key():
        raise Stop(f"{key} is not the key of {cert}", code=Exit.UNDECIDABLE)
    if not isinstance(private, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        hint = "what relying parties read today (ETSI TS 119 312)"
        raise Stop(f"{key}: a container is signed with RSA or ECDSA", hint=hint, code=Exit.UNDECIDABLE)
    if not x509.not_valid_before_utc <= at <= x509.not_valid_after_utc:
        output.tell(f"{cert} runs from {x509.not_valid_before_utc} to {x509.not_valid_after_utc}: not now")
    algorithm = "rsa" if isinstance(private, rsa.RSAPrivateKey) else "ecdsa"
    certificate = Certificate(
        x509.public_bytes(Encoding.DER), x509.issuer.public_bytes(), x509.serial_number, algorithm
    )

    def sign(content: bytes) -> bytes:
        message = to_be_signed(content, certificate, at)
        if isinstance(private, rsa.RSAPrivateKey):
            signature = private.sign(message, padding.PKCS1v15(), SHA256())
        else:
            signature = private.sign(message, ec.ECDSA(SHA256()))
        return signed(content, certificate, at, signature)

    return sign


def _passphrase(key: str) -> bytes | None:
    """Ask for the passphrase of an encrypted key file; there is no option for it."""
    from getpass import getpass

    if b"ENCRYPTED" not in file_io.read(key)[:4096]:
        return None
    if not output.terminal():
        raise Stop(f"{key} has a passphrase, and nobody is here to type it", code=Exit.UNDECIDABLE)
    return getpass(f"passphrase of {key}: ").encode()
