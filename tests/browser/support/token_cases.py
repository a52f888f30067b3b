"""Time-stamp tokens by name: valid, wrong with their code, hostile, and those outside the page's algorithms."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID

from ledger.adapters.timestamps.rfc3161 import LARGEST
from tests.support.tokens import BEGINS, ENDS, STAMPING, Stamper, der, null, octets, oid, seq

DATA = b"ledger.test/xo/karsk\n11\nGuu/uN0MdSxZTcx3YF1sy9NOyLouSYoLTghQ+IcpN6Y=\n"
AT = datetime(2027, 3, 1, 12, tzinfo=UTC)

Case = tuple[bytes, bytes, list[bytes]]  # a reply, the stamped bytes, the trusted certificate files

# -- authorities that follow the rules ---------------------------------------------------------------------------------


def authority(room: int | None = None, *more: x509.ExtensionType) -> tuple[tuple[x509.ExtensionType, bool], ...]:
    return ((x509.BasicConstraints(ca=True, path_length=room), True), *((each, True) for each in more))


def usage(*names: str) -> x509.KeyUsage:
    all_names = (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
        "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )  # fmt: skip
    return x509.KeyUsage(**{name: name in names for name in all_names})


def below(*between: Stamper, **said: Any) -> Stamper:
    """Make a stamper under its root and the authorities between, from the top down."""
    above = Stamper("Top Root", extensions=authority(), serial=1)
    for each in between:
        above = replace(each, above=above)
    return Stamper("Leaf", above=above, **said)


PLAIN = Stamper()
RSA = Stamper("RSA", key=rsa.generate_private_key(65537, 2048))
PSS = Stamper("Leaf", above=Stamper("RSA Root", key=RSA.key, extensions=authority(), serial=1), pss=True)
P384 = Stamper("P384", key=ec.generate_private_key(ec.SECP384R1()), digest="sha384")
P521 = Stamper("P521", key=ec.generate_private_key(ec.SECP521R1()), digest="sha512")
DEEP = below(
    Stamper("Middle", extensions=authority(1, usage("key_cert_sign", "crl_sign"))),
    Stamper("Lower", extensions=authority(0)),
    extensions=((x509.ExtendedKeyUsage([STAMPING]), True), (usage("digital_signature", "content_commitment"), True)),
)


def chain(stamper: Stamper) -> tuple[bytes, ...]:
    """Return its certificate and the ones above it, without the root."""
    above = stamper.above
    return (stamper.der, *(chain(above) if above and not above.name.endswith(" Root") else ()))


EACH = (PLAIN, RSA, PSS, P384, P521, DEEP)  # one for each algorithm, and a long chain


def under_root(stamper: Stamper, at: datetime = AT, trusted: bytes | None = None, **said: Any) -> Case:
    """Make a token that contains its chain, with its root or other `trusted` certificates."""
    reply = stamper.stamp(DATA, at, **{"certificates": chain(stamper), **said})
    return reply, DATA, [stamper.root.pem if trusted is None else trusted]


GOOD: dict[str, Case] = {
    "plain": under_root(PLAIN),
    "within an accuracy": under_root(PLAIN, accuracy=timedelta(seconds=3, milliseconds=4, microseconds=5)),
    "within a second": under_root(PLAIN, fraction=".25"),
    "over SHA-384, signed over SHA-512": under_root(PLAIN, imprint="sha384", digest="sha512"),
    "RSA": under_root(RSA, digest="sha384"),
    "a root that signs with RSA-PSS": under_root(PSS),
    "P-384": under_root(P384),
    "P-521": under_root(P521),
    "a chain of four": under_root(DEEP),
    "a chain of which half is held": (DEEP.stamp(DATA, AT), DATA, [DEEP.root.der, *chain(DEEP)[1:]]),
    "its certificate is held": under_root(PLAIN, certificates=(), trusted=PLAIN.root.pem + PLAIN.pem),
    "another certificate slipped in": under_root(PLAIN, certificates=(PLAIN.der, RSA.der, RSA.root.der)),
    "certificates as OpenSSL orders them": under_root(PLAIN, certificates=(PLAIN.der, PLAIN.root.der), order=-1),
    "at the first second": under_root(PLAIN, BEGINS),
    "at the last second": under_root(PLAIN, ENDS - timedelta(seconds=1)),
}


# -- wrong authorities, and attackers ----------------------------------------------------------------------------------


def spoof() -> Case:
    """Insert a certificate with the issuer and number of the signer before it."""
    other = Stamper("X", key=PLAIN.key, above=Stamper("Stamper Root"), serial=PLAIN.serial)
    return under_root(PLAIN, certificates=(other.der, PLAIN.der))


def flipped(case: Case) -> Case:
    reply, data, trusted = case
    return reply[:-1] + bytes((reply[-1] ^ 1,)), data, trusted


def respelt(case: Case, *, zero: bool) -> Case:
    """Return a case whose reply has one length longer than DER has it: with a zero before it, or in the long form."""
    reply, data, trusted = case
    assert reply[:2] == b"\x30\x82", "the length of the reply has two bytes"
    if zero:
        return b"\x30\x83\0" + reply[2:], data, trusted
    status = seq(b"\x02\1\0")
    assert reply[4:].startswith(status)
    return seq(b"\x30\x81" + status[1:], reply[4 + len(status) :]), data, trusted


FOR_CODE = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING])
FOR_TWO = x509.ExtendedKeyUsage([STAMPING, ExtendedKeyUsageOID.CODE_SIGNING])
FORMLESS = x509.UnrecognizedExtension(ExtensionOID.EXTENDED_KEY_USAGE, der(0x02, b"\x05"))  # a number
FOR_STAMPS = (x509.ExtendedKeyUsage([STAMPING]), True)
STRANGE = (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\0"), True)
FOR_MORE = (usage("digital_signature", "key_agreement"), True)
WRONG: dict[str, tuple[str, Case]] = {
    "over other bytes": ("TST-IMPRINT", (PLAIN.stamp(b"other", AT), DATA, [PLAIN.root.pem])),
    "by SHA-1": ("TST-IMPRINT", under_root(PLAIN, imprint="sha1")),
    "refused, with a token": ("TST-STATUS", under_root(PLAIN, status=2)),
    "granted with modifications": ("TST-FORMAT", under_root(PLAIN, status=1)),
    "bytes after its end": ("TST-FORMAT", (under_root(PLAIN)[0] + b"\0", DATA, [PLAIN.root.pem])),
    "a length with a zero before it": ("TST-FORMAT", respelt(under_root(PLAIN), zero=True)),
    "a short length in the long form": ("TST-FORMAT", respelt(under_root(PLAIN), zero=False)),
    "a fraction in another spelling": ("TST-FORMAT", under_root(PLAIN, fraction=".50")),
    "longer than any authority sends": ("TST-FORMAT", under_root(PLAIN, more=bytes(LARGEST))),
    "no purpose": ("TST-EKU", under_root(Stamper("A", extensions=()))),
    "another purpose": ("TST-EKU", under_root(Stamper("A", extensions=((FOR_CODE, True),)))),
    "two purposes": ("TST-EKU", under_root(Stamper("A", extensions=((FOR_TWO, True),)))),
    "not critically so": ("TST-EKU", under_root(Stamper("A", extensions=((FOR_STAMPS[0], False),)))),
    "a purpose of no form": ("TST-EKU", under_root(Stamper("A", extensions=((FORMLESS, True),)))),
    "no root": ("TST-CHAIN", under_root(PLAIN, trusted=PLAIN.pem)),
    "nothing trusted": ("TST-CHAIN", (under_root(PLAIN)[0], DATA, [])),
    "another root": ("TST-CHAIN", under_root(PLAIN, trusted=RSA.root.pem)),
    "another root of that name": ("TST-CHAIN", under_root(PLAIN, trusted=Stamper().root.pem)),
    "a root that came inside": (
        "TST-CHAIN", under_root(PLAIN, certificates=(PLAIN.der, PLAIN.root.der), trusted=RSA.root.pem)
    ),
    "its signer's certificate nowhere": ("TST-CHAIN", under_root(PLAIN, certificates=())),
    "certificates, and not its signer's": ("TST-CHAIN", under_root(PLAIN, certificates=(RSA.der,))),
    "a certificate under its signer's name": ("TST-CHAIN", spoof()),
    "a chain with a gap": ("TST-CHAIN", under_root(DEEP, certificates=(DEEP.der,))),
    "expired": ("TST-CHAIN", under_root(PLAIN, ENDS)),
    "not yet": ("TST-CHAIN", under_root(PLAIN, BEGINS - timedelta(seconds=1))),
    "something critical that is not known": ("TST-CHAIN", under_root(Stamper("A", extensions=(FOR_STAMPS, STRANGE)))),
    "a key for other work too": ("TST-CHAIN", under_root(Stamper("A", extensions=(FOR_STAMPS, FOR_MORE)))),
    "below who is no authority": ("TST-CHAIN", under_root(below(Stamper("Middle", extensions=(FOR_STAMPS,))))),
    "below who may not sign certificates": (
        "TST-CHAIN", under_root(below(Stamper("Middle", extensions=authority(None, usage("crl_sign")))))
    ),
    "deeper than it may be": (
        "TST-CHAIN",
        under_root(below(Stamper("Middle", extensions=authority(0)), Stamper("Lower", extensions=authority()))),
    ),
    "above expired": ("TST-CHAIN", under_root(below(Stamper("Middle", extensions=authority(), ends=AT)))),
    "a bit of its signature": ("TST-SIG", flipped(under_root(PLAIN))),
    "signed over SHA-1": ("TST-SIG", under_root(PLAIN, digest="sha1")),
    "an accuracy of years": ("TST-TIME", under_root(PLAIN, accuracy=timedelta(days=400))),
}  # fmt: skip


NAMES = x509.NameConstraints([x509.DNSName("example.org")], None)
UNREAD: dict[str, Case] = {
    "signed without attributes": under_root(PLAIN, attributes=False),
    "a curve that browsers do not have": under_root(Stamper("A", key=ec.generate_private_key(ec.BrainpoolP256R1()))),
    "a constraint on names": under_root(below(Stamper("Middle", extensions=authority(None, NAMES)))),
    "signed by RSA-PSS": under_root(RSA, pss=True),
}


# -- hostile DER -------------------------------------------------------------------------------------------------------


def nested(depth: int, tag: int = 0x30) -> bytes:
    """Return `depth` nested structures."""
    made = b""
    for _ in range(depth):
        made = der(tag, made)
    return made


def in_token(certificates: bytes) -> bytes:
    """Return a reply with these bytes in place of its certificates."""
    token = seq(b"\x02\1\3", der(0x31), seq(oid("1.2.840.113549.1.9.16.1.4")), der(0xA0, certificates), der(0x31))
    return seq(seq(b"\x02\1\0"), seq(oid("1.2.840.113549.1.7.2"), der(0xA0, token)))


HOSTILE = {
    "nested 16,000 deep": nested(16_000)[-LARGEST:],
    "nested 16,000 deep among the certificates": in_token(nested(15_000)),
    "nested 10,000 deep in the parameters of an algorithm": in_token(
        seq(seq(b"\x02\1\1", seq(oid("1.2.3"), nested(10_000))), seq(oid("1.2.3")), b"\x03\1\0")
    ),
    "a length of 4 GB": b"\x30\x84\xff\xff\xff\xff\x02",
    "a length of 100 bytes": b"\x30\xe4" + b"\xff" * 200,
    "a length that is not known": b"\x30\x80" + seq(b"\x02\1\0") + b"\0\0",
    "a length with a zero before it": b"\x30\x82\0\x05" + seq(b"\x02\1\0"),
    "a tag of many bytes": b"\x3f" + b"\xff" * 60_000,
    "30,000 elements": seq(null * 30_000),
    "8,000 certificates": in_token(seq(null * 2) * 8_000),
    "an identifier of 60,000 bytes": seq(seq(b"\x02\1\0"), seq(der(0x06, b"\x81" * 60_000 + b"\1"))),
    "a status of 60,000 bytes": seq(seq(der(0x02, b"\x7f" * 60_000))),
    "only zeros": bytes(LARGEST),
    "only the beginning": under_root(PLAIN)[0][:400],
    "a text": octets(b"hello"),
}
