"""Time-stamp tokens with any content and any time, signed by authorities made here.

`openssl ts` (time_stamp_authority.py) stamps the present moment and cannot be made to write wrong content.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from hashlib import new

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
STAMPING = ExtendedKeyUsageOID.TIME_STAMPING
HASH = {"sha1": "1.3.14.3.2.26", "sha256": "2.16.840.1.101.3.4.2.1", "sha384": "2.16.840.1.101.3.4.2.2",
        "sha512": "2.16.840.1.101.3.4.2.3"}  # fmt: skip
OF = {"sha1": hashes.SHA1(), "sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}  # noqa: S303 - what no verifier may believe
SIGNED_DATA, TST_INFO = "1.2.840.113549.1.7.2", "1.2.840.113549.1.9.16.1.4"
CONTENT_TYPE, MESSAGE_DIGEST = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"
RSA, PSS, ECDSA = "1.2.840.113549.1.1.1", "1.2.840.113549.1.1.10", "1.2.840.10045.4.3.2"
BEGINS, ENDS = datetime(2020, 1, 1, tzinfo=UTC), datetime(2040, 1, 1, tzinfo=UTC)


# -- DER ---------------------------------------------------------------------------------------------------------------


def der(tag: int, *parts: bytes) -> bytes:
    """Return one element."""
    body = b"".join(parts)
    if len(body) < 128:
        return bytes((tag, len(body))) + body
    size = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes((tag, 128 + len(size))) + size + body


seq, octets, null = partial(der, 0x30), partial(der, 0x04), der(0x05)


def set_of(*parts: bytes, tag: int = 0x31) -> bytes:
    return der(tag, *sorted(parts))


def number(value: int, tag: int = 0x02) -> bytes:
    return der(tag, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def oid(dotted: str) -> bytes:
    first, second, *rest = map(int, dotted.split("."))
    arcs = [40 * first + second, *rest]
    return der(0x06, *(_arc(arc) for arc in arcs))


def _arc(arc: int) -> bytes:
    digits = [arc & 127]
    while arc := arc >> 7:
        digits.append(128 | arc & 127)
    return bytes(reversed(digits))


def moment(at: datetime, fraction: str = "") -> bytes:
    return der(0x18, f"{at:%Y%m%d%H%M%S}{fraction}Z".encode())


# -- authorities -------------------------------------------------------------------------------------------------------


@dataclass
class Stamper:
    """An authority below a separate root, or below `above`, with the content of its certificate.

    One whose name ends in `Root` is a root.
    """

    name: str = "Stamper"
    key: Key = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    above: Stamper | None = None
    begins: datetime = BEGINS
    ends: datetime = ENDS
    extensions: tuple[tuple[x509.ExtensionType, bool], ...] = ((x509.ExtendedKeyUsage([STAMPING]), True),)
    digest: str = "sha256"
    pss: bool = False
    serial: int = 7

    @cached_property
    def root(self) -> Stamper:
        """Return the authority whose certificate is trusted."""
        ca = (x509.BasicConstraints(ca=True, path_length=None), True)
        if self.name.endswith(" Root"):
            return self
        return self.above.root if self.above else Stamper(f"{self.name} Root", extensions=(ca,), serial=1)

    @property
    def subject(self) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.name)])

    @property
    def issuer(self) -> Stamper:
        return self.above or self.root

    @cached_property
    def certificate(self) -> x509.Certificate:
        built = x509.CertificateBuilder(self.issuer.subject, self.subject, self.key.public_key(), self.serial)
        built = built.not_valid_before(self.begins).not_valid_after(self.ends)
        for extension, critical in self.extensions:
            built = built.add_extension(extension, critical)
        hashed = OF[self.digest]
        assert isinstance(hashed, (hashes.SHA256, hashes.SHA384, hashes.SHA512))
        pss = padding.PSS(padding.MGF1(hashed), 32) if self.pss else None
        return built.sign(self.issuer.key, hashed, rsa_padding=pss)

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    def sign(self, message: bytes, digest: str, *, pss: bool = False) -> bytes:
        if isinstance(self.key, rsa.RSAPrivateKey):
            pad = padding.PSS(padding.MGF1(OF[digest]), 32) if pss else padding.PKCS1v15()
            return self.key.sign(message, pad, OF[digest])
        return self.key.sign(message, ec.ECDSA(OF[digest]))

    def stamp(
        self,
        data: bytes,
        at: datetime,
        accuracy: timedelta | None = None,
        *,
        fraction: str = "",
        imprint: str = "sha256",
        digest: str = "sha256",
        certificates: tuple[bytes, ...] | None = None,
        order: int = 1,
        attributes: bool = True,
        pss: bool = False,
        more: bytes = b"",
        status: int = 0,
    ) -> bytes:
        """Return a reply over `data` that says `at`; `certificates` are in it in DER order, or with -1 in reverse.

        `more` is the end of its TSTInfo.
        """
        content = seq(
            number(1), oid("1.2.3.4.1"), seq(seq(oid(HASH[imprint]), null), octets(new(imprint, data).digest())),
            number(42), moment(at, fraction), b"" if accuracy is None else _accuracy(accuracy), more,
        )  # fmt: skip
        inside = sorted(certificates if certificates is not None else (self.der,))[::order]
        signed = set_of(
            seq(oid(CONTENT_TYPE), set_of(oid(TST_INFO))),
            seq(oid(MESSAGE_DIGEST), set_of(octets(new(digest, content).digest()))),
        )
        method = PSS if pss else RSA if isinstance(self.key, rsa.RSAPrivateKey) else ECDSA
        signer = seq(
            number(1), seq(self.issuer.subject.public_bytes(), number(self.serial)), seq(oid(HASH[digest]), null),
            b"\xa0" + signed[1:] if attributes else b"", seq(oid(method)),
            octets(self.sign(signed if attributes else content, digest, pss=pss)),
        )  # fmt: skip
        token = seq(
            number(3), set_of(seq(oid(HASH[digest]), null)), seq(oid(TST_INFO), der(0xA0, octets(content))),
            der(0xA0, *inside) if inside else b"", set_of(signer),
        )  # fmt: skip
        return seq(seq(number(status)), seq(oid(SIGNED_DATA), der(0xA0, token)))


def _accuracy(said: timedelta) -> bytes:
    parts = number(int(said.total_seconds()))
    millis, micros = divmod(said.microseconds, 1000)
    return seq(parts, number(millis, 0x80) if millis else b"", number(micros, 0x81) if micros else b"")
