"""Hostile entries: JSON (J1 to J7), envelopes (E1 to E5), signatures (Ed, E0)."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from hashlib import sha512
from typing import Any

from nacl.bindings import (
    crypto_core_ed25519_scalar_mul,
    crypto_core_ed25519_scalar_reduce,
    crypto_scalarmult_ed25519_base_noclamp,
)

from ledger.bundle.archive import unpack
from ledger.formats.dsse import EVENT_TYPE, keyid, pae
from ledger.formats.ed25519 import sign
from ledger.formats.selective_disclosure import digest_of
from tests.browser.rows.case import PASSES, Case, CaseReader, Make, case, entered
from tests.ledger.verify.test_entries import TRANSMITTED
from tests.ledger.verify.test_hostile import ENVELOPES
from tests.support.memory_ledger import (
    ISSUED,
    ORDER,
    SEALED,
    Hand,
    Ledger,
    changed,
    hand,
    resealed,
    rezipped,
    sealed_as,
    small,
)


def payload_of(raw: bytes) -> bytes:
    return base64.b64decode(raw.partition(b'"payload":"')[2].partition(b'"')[0])


def said(code: str, old: bytes, new: bytes) -> Make:
    """Change the payload of an honest entry, signed by its signer."""

    def make(ledger: Ledger, by: Hand) -> bytes:
        payload = payload_of(ledger.entries[4])
        assert old in payload
        return sealed_as(payload.replace(old, new, 1), by)

    return entered(code, make)


def spelt(code: str, change: Callable[[bytes], bytes]) -> Make:
    """Encode the line of an honest entry in another way."""

    def make(ledger: Ledger, by: Hand) -> bytes:
        made = change(ledger.entries[3])
        assert made != ledger.entries[3]
        return made

    return entered(code, make)


def number(code: str, text: str) -> Make:
    return said(code, b'"seq":2', f'"seq":{text}'.encode())


def text(code: str, value: str | bytes) -> Make:
    return said(code, b"KA-2027", value if isinstance(value, bytes) else value.encode())


def read(code: str, value: str) -> Make:
    """Record an entry with an unreadable reference: it is found, and counted."""

    def made() -> Case:
        ledger, ilves = small()
        ledger.record(ilves, "order-issued", {**ISSUED, "case_ref": value}, SEALED, order=ORDER, loose=True)
        return case(ledger.bundle(ilves), ledger, code)

    return made


def name(code: str, key: str) -> Make:
    return said(code, b'"case_ref"', f'"{key}"'.encode())


def refs(code: str, value: bytes) -> Make:
    return said(code, b'"refs":[]', b'"refs":' + value)


def deep_list() -> Case:
    """Nest a hundred thousand brackets: too many for an entry, but possible in the list of a bundle."""
    ledger, ilves = small()
    data = ledger.bundle(ilves)
    raw = unpack(data)["manifest.dsse.json"]
    deep = payload_of(raw)[:-1] + b',"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    line = raw.replace(base64.b64encode(payload_of(raw)), base64.b64encode(deep))
    return case(rezipped(data, lambda f: f.update({"manifest.dsse.json": line})), ledger, "BND-MANIFEST")


def opened(code: str, plain: bytes) -> Make:
    """Commit to a value in an invalid form, by its signer."""

    def make() -> Case:
        ledger, ilves = small()
        said = base64.urlsafe_b64encode(plain).rstrip(b"=").decode()

        def commit(payload: dict[str, Any]) -> None:
            payload["public"]["_sd"] = sorted([*payload["public"]["_sd"][1:], digest_of(said)])
            payload.update(seq=3, prev=ledger.leaf(4), entry="ab" * 16)

        ledger.append(resealed(ledger.entries[4], commit, ilves))
        path = f"{ledger.folder}/disclosures/5.txt"
        data = changed(ledger.bundle(ilves), lambda f: f.update({path: f"{said}\n".encode()}), ilves.signer("ISS"))
        return case(data, ledger, code)

    return make


def prototype() -> Case:
    """Use a name with a meaning in JavaScript in an otherwise honest entry: it changes nothing."""
    ledger, ilves = small()

    def add(payload: dict[str, Any]) -> None:
        payload["public"] |= {"__proto__": {"kind": "key-revoked"}}
        payload.update(seq=3, prev=ledger.leaf(4), entry="ab" * 16)

    ledger.append(resealed(ledger.entries[4], add, ilves))
    return case(ledger.bundle(ilves), ledger, PASSES)


SALT = b'["AAAAAAAAAAAAAAAAAAAAAA","identifiers",'

JSON: dict[str, CaseReader] = {
    "J1": {
        "in the payload": said("JSON-FORM", b'"v":1', b'"v":1,"v":1'),
        "in the envelope": spelt("ENV-NONCANON", ENVELOPES["a member twice"][0]),
    },
    "J2": {
        "2^53": number("JSON-NUMBER", "9007199254740992"),
        "-2^53": number("JSON-NUMBER", "-9007199254740992"),
        "2^53+1": number("JSON-NUMBER", "9007199254740993"),
        "2^64": number("JSON-NUMBER", "18446744073709551616"),
        "10^30": number("JSON-NUMBER", "1" + "0" * 30),
        "1.0": number("JSON-NUMBER", "1.0"),
        "1e3": number("JSON-NUMBER", "1e3"),
        "-0": number("JSON-FORM", "-0"),
        "1e400": number("JSON-FORM", "1e400"),
        "NaN": number("JSON-FORM", "NaN"),
        "Infinity": number("JSON-FORM", "-Infinity"),
    },
    "J4": {
        "no UTF-8": text("JSON-FORM", b"\xff"),
        "overlong": text("JSON-FORM", b"\xc0\xaf"),
        "a surrogate in UTF-8": text("JSON-FORM", b"\xed\xa0\x80"),
        "a lone surrogate, escaped": text("JSON-FORM", "\\ud800"),
        "a byte order mark": said("JSON-FORM", b'{"', b'\xef\xbb\xbf{"'),
        "a control character": text("JSON-FORM", "\x01"),
        "a control character, escaped": text("JSON-CHAR", "\\u0001"),
        "NUL": text("JSON-FORM", "\0"),
        "DEL": text("JSON-CHAR", "\x7f"),
    },
    "J5": {
        "decomposed": text("JSON-NFC", "e\u0301"),
        "an escape for a letter": text("JSON-FORM", "\\u00e9"),
        "a direction override": text("JSON-CHAR", "\u202e"),
        "a joiner in a name": name("JSON-KEY", "case\u200dref"),
        "a joiner in a reference": read("TEXT-UNSEEN", "KA\u200d-2027"),
        "a space of no width in a reference": read("TEXT-UNSEEN", "KA\u200b-2027"),
        "a mark of a later Unicode": read("TEXT-UNASSIGNED", "a\U0001e08f\u0323"),
        "no form C beside a mark of a later Unicode": text("JSON-NFC", "\U0001e08fe\u0301"),
    },
    "J6": {
        "17 deep": refs("JSON-DEPTH", b"[" * 17 + b"]" * 17),
        "1,025 deep": refs("JSON-DEPTH", b"[" * 1_025 + b"]" * 1_025),
        "100,000 deep": deep_list,
        "100,000 deep, in a value": opened("JSON-DEPTH", SALT + b"[" * 100_000 + b"]" * 100_000 + b"]"),
        "2,001 values": refs("JSON-SIZE", b"[" + b"0," * 2_000 + b"0]"),
        "32,769 bytes": refs("ENV-SIZE", b'["' + b"x" * 32_769 + b'"]'),
        "a value of 100,001 nodes": opened("JSON-SIZE", SALT + b"[" + b"0," * 100_001 + b"0]]"),
    },
    "J7": {
        "__proto__, a name like any other": prototype,
        "__proto__ and more": name("JSON-KEY", "__proto__x" * 7),
        "empty": name("JSON-KEY", ""),
        "a capital": name("JSON-KEY", "A"),
        "65 characters": name("JSON-KEY", "a" * 65),
        "Cyrillic": name("JSON-KEY", "c\u0430se_ref"),
    },
}  # fmt: skip


# -- envelopes ---------------------------------------------------------------------------------------------------------


def body(change: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """Return a change of the base64 of the payload in an entry."""
    return lambda raw: re.sub(rb'(?<="payload":")[^"]+', lambda found: change(found[0]), raw)


def signature(change: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    return lambda raw: re.sub(rb'(?<="sig":")[^"]+', lambda found: change(found[0]), raw)


def trailing(raw: bytes) -> bytes:
    """Set bits after the last byte, which no decoder reads: `QR==` for `QQ==`."""
    return re.sub(rb"(.)==$", lambda found: bytes([found[1][0] + 1]) + b"==", raw)


def reordered(raw: bytes) -> bytes:
    head, _, tail = raw[1:-1].partition(b',"payloadType"')
    return b'{"payloadType"' + tail + b"," + head + b"}"


def borrowed(ledger: Ledger, by: Hand) -> bytes:
    """Return an entry signed by one enrolled key under the id of another."""
    return re.sub(rb'(?<="keyid":")[0-9a-f]+', keyid(bytes.fromhex(ledger.keeper.key)).encode(), ledger.entries[3])


def by_stranger() -> Case:
    ledger, ilves = small()
    ledger.record(hand("stranger"), "order-transmitted", TRANSMITTED, order=ORDER)
    return case(ledger.bundle(ilves), ledger, "KEY-UNKNOWN")


def signing(make: Callable[[bytes, Hand], bytes], key: bytes | None = None) -> Callable[[Ledger, Hand], bytes]:
    """Sign an honest payload by `make` of payload and signer; `key` replaces the key of the signer."""

    def made(ledger: Ledger, by: Hand) -> bytes:
        public = key or bytes.fromhex(by.key)
        payload = payload_of(ledger.entries[4]).replace(by.key.encode(), public.hex().encode())
        sig = make(payload, by)
        return (
            b'{"payload":"' + base64.b64encode(payload)
            + f'","payloadType":"{EVENT_TYPE}","signatures":[{{"keyid":"{keyid(public)}","sig":"'.encode()
            + base64.b64encode(sig) + b'"}]}'
        )  # fmt: skip

    return made


def lengths_moved(payload: bytes, by: Hand) -> bytes:
    """Sign as if the last byte of the type belonged to the payload."""
    kind = EVENT_TYPE.encode()
    return sign(by.seed, b"DSSEv1 %d %b %d %b" % (len(kind) - 1, kind[:-1], len(payload) + 1, kind[-1:] + payload))


def type_longer(payload: bytes, by: Hand) -> bytes:
    """Sign a type of spaces and digits: its end equals the separator and length before the payload."""
    kind = b"%b %d %b" % (EVENT_TYPE.encode(), len(payload), payload[:8])
    return sign(by.seed, pae(kind.decode(), payload[8:]))


ENVELOPED: dict[str, CaseReader] = {
    "E1": {
        "the alphabet of the web": spelt("ENV-NONCANON", body(lambda b: b"_" + b[1:])),
        "no padding": spelt("ENV-NONCANON", signature(lambda s: s.rstrip(b"="))),
        "more padding": spelt("ENV-NONCANON", signature(lambda s: s + b"=")),
        "bits that nobody reads": spelt("ENV-NONCANON", signature(trailing)),
        "bits of the payload that nobody reads": spelt("ENV-NONCANON", body(lambda b: b.rstrip(b"=")[:-1] + b"R==")),
        "a line end inside": spelt("ENV-NONCANON", body(lambda b: b[:76] + b"\r\n" + b[76:])),
    },
    "E2": {
        "a member more": spelt("ENV-NONCANON", ENVELOPES["a member more"][0]),
        "another order": spelt("ENV-NONCANON", reordered),
        "white space": spelt("ENV-NONCANON", ENVELOPES["white space"][0]),
        "a newline at the end": spelt("ENV-NONCANON", ENVELOPES["trailing newline"][0]),
        "two signatures": spelt("ENV-SIGCOUNT", ENVELOPES["two signatures"][0]),
        "no signature": spelt("ENV-SIGCOUNT", ENVELOPES["no signature"][0]),
        "a key id in capitals": spelt("ENV-NONCANON", ENVELOPES["key id in capitals"][0]),
    },
    "E3": {
        "of another enrolled key": entered("ENV-KEYID", borrowed),
        "unknown, the signature good": spelt("ENV-KEYID", ENVELOPES["a key id of somebody else"][0]),
        "a key that nobody enrolled": by_stranger,
    },
    "E4": {
        "other letters": spelt("ENV-TYPE", lambda raw: raw.replace(b"vnd.comity", b"vnd.Comity")),
        "with parameters": spelt("ENV-TYPE", ENVELOPES["the type with a parameter"][0]),
        "of a manifest": spelt("ENV-TYPE", ENVELOPES["the type of a manifest"][0]),
    },
    "E5": {
        "a byte of the type in the payload": entered("SIG-BAD", signing(lengths_moved)),
        "a type of spaces and digits": entered("SIG-BAD", signing(type_longer)),
    },
}  # fmt: skip


# -- signatures that only other libraries accept -----------------------------------------------------------------------

ORDER_OF_BASE = 2**252 + 27742317777372353535851937790883648493
IDENTITY = b"\1" + bytes(31)  # a point of order one
IDENTITY_OTHERWISE = b"\1" + bytes(30) + b"\x80"  # the same with the sign of zero, which no encoder writes


def forged(payload: bytes, by: Hand) -> bytes:
    """Forge a signature for a key of order one: any scalar times the base point verifies."""
    scalar = b"\5" + bytes(31)
    return crypto_scalarmult_ed25519_base_noclamp(scalar) + scalar


def malleated(payload: bytes, by: Hand) -> bytes:
    """Add the order of the base point to the scalar of a good signature."""
    good = sign(by.seed, pae(EVENT_TYPE, payload))
    return good[:32] + (int.from_bytes(good[32:], "little") + ORDER_OF_BASE).to_bytes(32, "little")


def of_no_point(payload: bytes, by: Hand) -> bytes:
    """Sign with an R of order one, as only the owner of a key can: S = k times the secret scalar."""
    digest = bytearray(sha512(by.seed).digest()[:32])
    digest[0] &= 248
    digest[31] = digest[31] & 127 | 64
    secret = crypto_core_ed25519_scalar_reduce(bytes(digest) + bytes(32))
    challenge = sha512(IDENTITY + bytes.fromhex(by.key) + pae(EVENT_TYPE, payload)).digest()
    k = crypto_core_ed25519_scalar_reduce(challenge)
    return IDENTITY + crypto_core_ed25519_scalar_mul(k, secret)


SIGNED: dict[str, CaseReader] = {
    "Ed": {
        "a key of order one": entered("SIG-BAD", signing(forged, IDENTITY)),
        "the same key, spelt otherwise": entered("SIG-BAD", signing(forged, IDENTITY_OTHERWISE)),
        "R of order one": entered("SIG-BAD", signing(of_no_point)),
        "a scalar beyond the order": entered("SIG-BAD", signing(malleated)),
    },
    "E0": {
        "key and signature": entered("SIG-BAD", signing(lambda payload, by: bytes(64), bytes(32))),
        "a signature": entered("SIG-BAD", signing(lambda payload, by: bytes(64))),
    },
}

ROWS: dict[str, CaseReader] = {**JSON, **ENVELOPED, **SIGNED}
