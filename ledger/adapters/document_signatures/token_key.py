"""Sign with an RSA or ECDSA key in a token or HSM behind PKCS#11, and read its certificate there.

The URI is that of `ledger.adapters.keys.pkcs11`. The certificate is the object with the id of the key, else the one
with its label. Source: PKCS #11 v3.1, 6.1.6 (CKM_SHA256_RSA_PKCS) and 6.3.12 (CKM_ECDSA).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import new
from typing import TYPE_CHECKING, Any

from ledger.adapters.document_signatures.algorithms import CURVES
from ledger.adapters.document_signatures.certificate_file import certificates_in
from ledger.adapters.keys.pkcs11 import KeyUri, Pin, name_of, open_session
from ledger.errors import LedgerError

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from pkcs11 import Session


def find_in_token(uri: str, given: Sequence[Certificate], pin: Pin) -> tuple[Certificate, Callable[[bytes], bytes]]:
    """Return the certificate of a key in a token, and the key as a function that signs.

    `given` are certificates from a file; without them the certificate is read in the token. `LedgerError` as of
    `ledger.adapters.keys.pkcs11.find`, and CERT-MISSING, CERT-KEY, KEY-FORMAT.
    """
    session, place = open_session(uri, pin)
    try:
        return _found(session, place, given)
    except BaseException:
        session.close()
        raise


def _found(
    session: Session, place: KeyUri, given: Sequence[Certificate]
) -> tuple[Certificate, Callable[[bytes], bytes]]:
    from pkcs11 import Attribute, MultipleObjectsReturned, NoSuchKey, ObjectClass, PKCS11Error

    which = f"token {place.token}, {place.object or (place.id or b'').hex()}"
    try:
        private = session.get_key(ObjectClass.PRIVATE_KEY, label=place.object, id=place.id)
        found = list(given) or _certificates(session, place, private[Attribute.ID])
        certificate = next((c for c in found if _fits(session, private, c)), None)
    except (NoSuchKey, MultipleObjectsReturned):
        raise LedgerError("KEY-MISSING", f"{which}: no private key of this name, or several") from None
    except PKCS11Error as error:
        raise LedgerError("KEY-AWAY", f"token {place.token}: {name_of(error)}") from None
    if not found:
        raise LedgerError("CERT-MISSING", f"{which}: no certificate with this key", "--sign-cert FILE")
    if certificate is None:
        raise LedgerError("CERT-KEY", f"{which}: not the key of the certificate")
    return certificate, _signing(session, place, private, certificate)


def _certificates(session: Session, place: KeyUri, id: bytes) -> list[Certificate]:
    """Return the certificates with the id of a key, else those with its label."""
    from pkcs11 import Attribute, ObjectClass

    for named in ({Attribute.ID: id}, {Attribute.LABEL: place.object}):
        objects = (
            session.get_objects({Attribute.CLASS: ObjectClass.CERTIFICATE, **named}) if all(named.values()) else ()
        )
        if found := [one[Attribute.VALUE] for one in objects]:
            return [one for der in found for one in certificates_in(der, f"token {place.token}")]
    return []


def _fits(session: Session, private: Any, certificate: Certificate) -> bool:
    """Return False if the token shows another public key; a token that shows none is asked when it signs."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
    from pkcs11 import Attribute, KeyType, ObjectClass

    try:
        public = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return False
    if isinstance(public, rsa.RSAPublicKey):
        modulus = private[Attribute.MODULUS] if private.key_type == KeyType.RSA else b""
        return int.from_bytes(modulus, "big") == public.public_numbers().n
    if not isinstance(public, ec.EllipticCurvePublicKey) or private.key_type != KeyType.EC:
        return False
    point = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    named = {Attribute.CLASS: ObjectClass.PUBLIC_KEY, Attribute.ID: private[Attribute.ID]}
    shown = [one[Attribute.EC_POINT] for one in session.get_objects(named)]
    return not shown or any(one.endswith(point) for one in shown)  # an OCTET STRING, or the bare point


def _signing(session: Session, place: KeyUri, private: Any, certificate: Certificate) -> Callable[[bytes], bytes]:
    """Return the signature of a key in a token as a function of the message; the session is open as long as it."""
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
    from pkcs11 import Mechanism, PKCS11Error

    public = certificate.public_key()

    def sign(message: bytes, session: Session = session) -> bytes:  # the key is usable as long as its session is
        try:
            if not isinstance(public, ec.EllipticCurvePublicKey):
                return bytes(private.sign(message, mechanism=Mechanism.SHA256_RSA_PKCS))
            raw: bytes = private.sign(new(CURVES[public.curve.name], message).digest(), mechanism=Mechanism.ECDSA)
        except PKCS11Error as error:
            raise LedgerError("KEY-AWAY", f"token {place.token}: {name_of(error)}", "is it still there?") from None
        half = len(raw) // 2
        return encode_dss_signature(int.from_bytes(raw[:half], "big"), int.from_bytes(raw[half:], "big"))

    return sign
