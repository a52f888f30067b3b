"""Request time stamps from an authority (RFC 3161), and read stored ones.

The raw reply is kept and never encoded again. It is judged at its time (genTime), with certificates from the
trust folder alone: certificates in the token only help to build the chain. `rfc3161-client` checks signature
and chain. It refuses a certificate set that is not in DER order, as OpenSSL's own authority writes it. No
signature covers that order, so the library gets a copy with the set in order.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import new
from pathlib import Path
from typing import TYPE_CHECKING

from ledger.adapters.http_client import ask, is_address
from ledger.adapters.system_clock import away
from ledger.adapters.timestamps.certificate_order import in_order
from ledger.entries.case import wire
from ledger.errors import LedgerError, RecordError
from ledger.verify.timestamps import ReadStamp, Stamp

if TYPE_CHECKING:
    from cryptography.x509 import Certificate, Name
    from rfc3161_client import Accuracy, SignerInfo, TimeStampResponse

SECONDS = 15.0
LARGEST = 65_536  # bytes of a reply
APART = timedelta(minutes=5)  # limit between the authority's clock and ours
WORST = timedelta(days=366)  # limit of an accuracy
HASHES = {  # of the imprint and of the signature; SHA-1 and older hashes prove nothing any more
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}
SUFFIXES = (".pem", ".crt", ".cer", ".der")  # of certificate files
_GRANTED, _WITH_MODS = 0, 1


def obtain(url: str, data: bytes, trusted: Sequence[bytes], now: datetime, *, sha512: bool = False) -> bytes:
    """Return an authority's time stamp over `data`: the raw reply, verified.

    `trusted` are certificate files as in `read_stamp`. `LedgerError`: HTTP-SILENT, TSA-REFUSED (no token, or
    an invalid one), CLOCK-AHEAD if its clock and ours are ten minutes apart, NO-TSA without the extra.
    """
    need()
    from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

    algorithm = HashAlgorithm.SHA512 if sha512 else HashAlgorithm.SHA256
    request = TimestampRequestBuilder().data(data).hash_algorithm(algorithm).cert_request(cert_request=True).build()
    reply = asyncio.run(ask(url, LARGEST, SECONDS, request.as_bytes(), media="application/timestamp-query"))
    if reply.status != 200 or len(reply.body) > LARGEST:
        raise LedgerError("TSA-REFUSED", f"{url}: status {reply.status}, {len(reply.body)} bytes")
    try:
        stamp = read_stamp(reply.body, data, trusted, nonce=request.nonce)
    except RecordError as wrong:
        raise LedgerError("TSA-REFUSED", f"{url}: {wrong}", wrong.hint) from wrong
    if (doubt := away(now, [(url, stamp.at)])) is not None:
        raise doubt
    if abs(stamp.at - now) > APART + stamp.accuracy:
        raise LedgerError(
            "TSA-REFUSED", f"{url}: it says {wire(stamp.at)}, the clock here {wire(now)}", "which is off?"
        )
    return reply.body


def read_stamp(reply: bytes, data: bytes, trusted: Sequence[bytes], nonce: int | None = None) -> Stamp:
    """Return what a stored reply proves about `data`, judged at its time; `verify` takes it as `stamps`.

    `trusted` are certificate files, PEM or DER: authorities, and the issuers above them up to self-signed
    roots. `RecordError`: TST-FORMAT (cannot be read here), TST-STATUS, TST-IMPRINT (other data, or a broken
    hash), TST-NONCE, TST-EKU (its signer is not for time stamps alone), TST-SIG, TST-CHAIN, TST-TIME;
    TRUST-FORMAT.
    """
    need()
    trusted_certificates = [certificate for file in trusted for certificate in certificates(file)]
    try:
        return _judged(reply, data, trusted_certificates, nonce)
    except RecordError:
        raise
    except Exception as error:  # foreign parsers on untrusted bytes may raise anything
        reason = " ".join(str(error).split()) or type(error).__name__
        raise RecordError("TST-FORMAT", f"not read here: {reason}") from error


def _judged(reply: bytes, data: bytes, known: Sequence[Certificate], nonce: int | None) -> Stamp:
    from cryptography.x509 import load_der_x509_certificate
    from rfc3161_client import VerificationError, VerifierBuilder, decode_timestamp_response

    if len(reply) > LARGEST:
        raise RecordError("TST-FORMAT", f"not read here: more than {LARGEST} bytes")
    response = decode_timestamp_response(in_order(reply))
    if response.status not in (_GRANTED, _WITH_MODS):
        says = "; ".join(response.status_string) or "the authority made no token"
        raise RecordError("TST-STATUS", f"status {response.status}: {says}")
    info, signers = response.tst_info, list(response.signed_data.signer_infos)
    if response.status == _WITH_MODS or len(signers) != 1:
        raise RecordError("TST-FORMAT", "not read here: granted with modifications, or not signed exactly once")
    algorithm = HASHES.get(info.message_imprint.hash_algorithm.dotted_string)
    if algorithm is None:
        raise RecordError(
            "TST-IMPRINT", f"by {info.message_imprint.hash_algorithm.dotted_string}, which proves nothing"
        )
    if info.message_imprint.message != new(algorithm, data).digest():
        raise RecordError("TST-IMPRINT", "over other bytes than these")
    if nonce is not None and info.nonce != nonce:
        raise RecordError("TST-NONCE", "an answer to another question")
    inside = [load_der_x509_certificate(certificate) for certificate in sorted(response.signed_data.certificates)]
    signer = _signer(signers[0], inside or known)
    _check_purpose(signer)
    roots = [certificate for certificate in known if certificate.issuer == certificate.subject]
    if not roots:
        raise RecordError("TST-CHAIN", "none of the trusted certificates is a root")
    verifier = VerifierBuilder(
        roots=roots,
        # none with the signer's issuer and number: OpenSSL would take it for the signer, and the stamp name another
        intermediates=[c for c in known if c not in roots and _named(c) != _named(signer)],
        tsa_certificate=None if inside else signer,
    ).build()
    try:
        verifier.verify_message(response, data)
    except VerificationError as error:
        raise _broken(str(error), response) from error
    for hashed in response.signed_data.digest_algorithms:  # OpenSSL checks that the signer's is among them
        if hashed.dotted_string not in HASHES:
            raise RecordError("TST-SIG", f"by {hashed.dotted_string}, which proves nothing")
    at, authority = info.gen_time.astimezone(UTC), signer.subject.rfc4514_string()
    return Stamp(at, _accuracy(response), authority, info.policy.dotted_string)


def authorities(folder: Path) -> dict[str, str]:
    """Return the authorities that a ledger asks, name -> URL: the lines of `authorities` in its trust/tsa, in order.

    `LedgerError` TRUST if the file is malformed.
    """
    try:
        lines = (folder / "authorities").read_text("ascii").splitlines()
    except FileNotFoundError:
        return {}
    except ValueError:
        raise LedgerError("TRUST", f"{folder / 'authorities'} is not a list of names and URLs") from None
    named = [line.split() for line in lines if line.strip() and not line.startswith("#")]
    for number, parts in enumerate(named, 1):
        if len(parts) != 2 or not is_address(parts[1]):
            raise LedgerError("TRUST", f"{folder / 'authorities'}, authority {number}: a name and a URL, no more")
    return {parts[0]: parts[1] for parts in named}


def trusted(folder: Path) -> tuple[bytes, ...]:
    """Return the certificate files in trust/tsa, as bytes."""
    if not folder.is_dir():
        return ()
    return tuple(path.read_bytes() for path in sorted(folder.iterdir()) if path.suffix in SUFFIXES)


def certificates(file: bytes) -> list[Certificate]:
    """Return the certificates of a PEM or DER file; TRUST-FORMAT if it has none."""
    from cryptography.x509 import load_der_x509_certificate, load_pem_x509_certificates

    try:
        return load_pem_x509_certificates(file) if b"-----BEGIN" in file else [load_der_x509_certificate(file)]
    except Exception as error:  # a foreign parser on untrusted bytes may raise anything
        raise RecordError("TRUST-FORMAT", f"no certificate of a time-stamp authority: {error}", where="tsa") from error


def reader() -> ReadStamp | None:
    """Return the reader of tokens for `verify`; None without the extra, and then tokens are left unchecked."""
    try:
        need()
    except LedgerError:
        return None
    return read_stamp


def need() -> None:
    """Raise `LedgerError` NO-TSA if the extra is not installed."""
    try:
        import rfc3161_client  # noqa: F401
    except ImportError:
        raise LedgerError("NO-TSA", "time stamps need rfc3161-client", "pip install 'comity[tsa]'") from None


def _signer(info: SignerInfo, candidates: Sequence[Certificate]) -> Certificate:
    """Return the signer's certificate, by issuer and serial number, because any other one may be injected."""
    for certificate in candidates:
        if _named(certificate) == (info.issuer, info.serial_number):
            return certificate
    raise RecordError("TST-CHAIN", "the certificate of its signer is not there")


def _named(certificate: Certificate) -> tuple[Name, int]:
    return certificate.issuer, certificate.serial_number


def _check_purpose(signer: Certificate) -> None:
    """Raise TST-EKU unless time stamping is the only extended key usage, and critical (RFC 3161, 2.3)."""
    from cryptography.x509 import ExtendedKeyUsage, ExtensionNotFound
    from cryptography.x509.oid import ExtendedKeyUsageOID

    try:
        usage = signer.extensions.get_extension_for_class(ExtendedKeyUsage)
    except (ExtensionNotFound, ValueError):
        raise RecordError("TST-EKU", "the certificate of its signer says nothing of time stamping") from None
    if not usage.critical or list(usage.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise RecordError(
            "TST-EKU", "the certificate of its signer is not for time stamping alone, or not critically so"
        )


def _broken(says: str, response: TimeStampResponse) -> RecordError:
    reason = says.partition("Verify error: ")[2].partition('"')[0]  # in OpenSSL's words
    if not reason:
        return RecordError("TST-SIG", "the signature does not hold")
    return RecordError("TST-CHAIN", f"no good chain at {wire(response.tst_info.gen_time)}: {reason.strip()}")


def _accuracy(response: TimeStampResponse) -> timedelta:
    accuracy: Accuracy | None = response.tst_info.accuracy
    if accuracy is None:
        return timedelta(0)
    if (accuracy.seconds or 0) > WORST.total_seconds():
        raise RecordError("TST-TIME", f"within {accuracy.seconds} seconds says nothing")
    return timedelta(
        seconds=accuracy.seconds or 0, milliseconds=accuracy.millis or 0, microseconds=accuracy.micros or 0
    )
