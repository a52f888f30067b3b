"""The check ends at an entry that is malformed, unsigned, out of place, or signed by a key without the right to."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest

from ledger.bundle.archive import pack, unpack
from ledger.bundle.manifest import open_manifest
from ledger.entries.keyring import REGISTRY_ONLY
from ledger.formats.ed25519 import public_key
from ledger.tlog.note import Checkpoint, format_checkpoint, log_vkey, sign_note
from ledger.tlog.tree import root as root_of
from ledger.verify.report import Report, Verdict
from tests.support.memory_ledger import (
    COMPANION,
    ORDER,
    changed,
    checked,
    ends,
    hand,
    resealed,
    sealed_as,
    small,
    smuggled,
)

Files = dict[str, bytes]


# -- 9: signatures and payloads ----------------------------------------------------------------------------------------


def test_a_signature_that_does_not_hold_is_refused() -> None:
    ledger, _ = small()
    raw = ledger.entries[4]
    head, _, tail = raw.partition(b'"sig":"')
    sig = base64.b64decode(tail[:88])
    order = 2**252 + 27742317777372353535851937790883648493
    malleated = sig[:32] + (int.from_bytes(sig[32:], "little") + order).to_bytes(32, "little")
    for forged in (sig[:-1] + bytes([sig[-1] ^ 1]), bytes(64), malleated):
        fresh, by = small()
        line = head + b'"sig":"' + base64.b64encode(forged) + b'"}]}'
        ends(smuggled(fresh, by, line), fresh, "SIG-BAD", 9, "entries/5")


PAYLOADS: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "a key twice": (lambda p: p[:-1] + b',"v":1}', "JSON-FORM"),
    "white space": (lambda p: p.replace(b":", b": ", 1), "JSON-FORM"),
    "an escape": (lambda p: p.replace(b"XO", b"X\\u004f"), "JSON-FORM"),
    "invalid UTF-8": (lambda p: p.replace(b"XO", b"X\xff"), "JSON-FORM"),
    "2^53": (lambda p: p.replace(b'"seq":2', b'"seq":9007199254740992'), "JSON-NUMBER"),
    "a float": (lambda p: p.replace(b'"seq":2', b'"seq":2.0'), "JSON-NUMBER"),
    "another normal form": (lambda p: p.replace(b"KA-2027", "e\u0301".encode()), "JSON-NFC"),
    "bidi override": (lambda p: p.replace(b"KA-2027", "\u202e".encode()), "JSON-CHAR"),
    "too deep": (lambda p: p.replace(b'"refs":[]', b'"refs":' + b"[" * 17 + b"]" * 17), "JSON-DEPTH"),
    "too deep for parsers": (lambda p: p.replace(b'"refs":[]', b'"refs":' + b"[" * 9000 + b"]" * 9000), "JSON-DEPTH"),
    "a capital key": (lambda p: p.replace(b'"case_ref"', b'"Case"'), "JSON-KEY"),
    "a member of another profile": (lambda p: p[:-1].replace(b'"v":1', b'"v":1,"w":1') + b"}", "JSON-MEMBER"),
    "no such day": (lambda p: p.replace(b'"on":"2027-03-01', b'"on":"2027-02-30'), "JSON-MEMBER"),
    "a required field missing": (lambda p: p.replace(b',"to_party":"XV"', b""), "FACT"),
    "a field of the wrong form": (lambda p: p.replace(b'"to_party":"XV"', b'"to_party":7'), "FACT"),
    "a sealed field in the open": (lambda p: p.replace(b'"to_party"', b'"relevance":"x","to_party"'), "FACT"),
    "no list where digests belong": (
        lambda p: re.sub(rb'"sealed":\[[^]]*', b'"sealed":[', re.sub(rb'"_sd":\[[^]]*\]', b'"_sd":null', p)),
        "SD-COUNT",
    ),
    "a sealed field without a digest": (lambda p: p.replace(b'"sealed":[', b'"sealed":["a",'), "SD-COUNT"),
}  # fmt: skip


@pytest.mark.parametrize("change", PAYLOADS)
def test_a_signed_payload_outside_the_profile_is_refused(change: str) -> None:
    ledger, ilves = small()
    make, code = PAYLOADS[change]
    payload = base64.b64decode(ledger.entries[4].partition(b'"payload":"')[2].partition(b'"')[0])
    made = make(payload)
    assert made != payload
    ends(smuggled(ledger, ilves, sealed_as(made, ilves)), ledger, code, 9, "" if code == "FACT" else "entries/5")


# -- 10: places --------------------------------------------------------------------------------------------------------

PLACES: dict[str, tuple[dict[str, Any], str]] = {
    "another log": ({"log": "ledger.test/other"}, "CTX-LOG"),
    "a gap": ({"seq": 4}, "CTX-CHAIN"),
    "a number twice": ({"seq": 2}, "CTX-CHAIN"),
    "the entry before the last as predecessor": ({"prev": "@3"}, "CTX-CHAIN"),
    "no predecessor": ({"prev": None}, "CTX-CHAIN"),
    "an order that begins with two": ({"order": COMPANION, "seq": 2}, "CTX-CHAIN"),
    "an order that begins behind somebody": ({"order": COMPANION, "seq": 1}, "CTX-CHAIN"),
    "an answer under another instrument": ({"instrument": "EPOC"}, "CTX-INSTRUMENT"),
    "no instrument": ({"instrument": None}, "CTX-INSTRUMENT"),
    "an id that was used": ({"entry": "@4"}, "CTX-REPLAY"),
}


@pytest.mark.parametrize("change", PLACES)
def test_an_entry_out_of_its_place_is_refused(change: str) -> None:
    ledger, ilves = small()
    said, code = PLACES[change]
    at = ledger.record(ilves, "order-transmitted", {"addressee": "skylark", "channel": "mail"}, order=ORDER)
    raw = ledger.entries[at]
    meant = {
        "@3": ledger.leaf(3),
        "@4": resealed_payload(ledger.entries[4])["entry"],
    }
    said = {name: meant.get(str(value), value) for name, value in said.items()}
    ledger, ilves = small()
    ends(smuggled(ledger, ilves, resealed(raw, lambda p: p.update(said), ilves)), ledger, code, 10, "entries/5")


def resealed_payload(raw: bytes) -> dict[str, Any]:
    payload: dict[str, Any] = json.loads(base64.b64decode(raw.partition(b'"payload":"')[2].partition(b'"')[0]))
    return payload


def test_a_chain_cut_at_its_end_is_not_what_the_maker_signed() -> None:
    ledger, ilves = small()

    def cut(files: Files) -> None:
        for part in ("entries/4.dsse.json", "entries/4.tlog-proof", "disclosures/4.txt"):
            del files[f"{ledger.folder}/{part}"]

    ends(changed(ledger.bundle(ilves), cut, ilves.signer("ISS")), ledger, "CTX-CHAIN", 10, "manifest")


def test_a_chain_cut_at_its_beginning_or_middle_is_refused_whatever_its_maker_says() -> None:
    for lost in (0, 1, 3):
        ledger, ilves = small()

        def cut(files: Files, lost: int = lost, here: str = ledger.folder) -> None:
            for part in ("dsse.json", "tlog-proof"):
                del files[f"{here}/entries/{lost}.{part}"]

        ends(changed(ledger.bundle(ilves), cut, ilves.signer("ISS")), ledger, "CTX-CHAIN", 10, "entries/")


def test_a_bundle_without_its_order_or_the_registry_is_refused() -> None:
    ledger, ilves = small()
    said = open_manifest(unpack(ledger.bundle(ilves))["manifest.dsse.json"])
    for indexes in ((0, 1, 2), (3, 4)):

        def drop(files: Files, indexes: tuple[int, ...] = indexes) -> None:
            for path in list(files):
                if any(f"/{n}." in path for n in range(5) if n not in indexes):
                    del files[path]

        heads = {o: h for o, h in said.heads.items() if (o == ORDER) == (indexes == (3, 4))}
        data = changed(ledger.bundle(ilves), drop, ilves.signer("ISS"), heads=heads)
        ends(data, ledger, "CTX-CHAIN", 10, "manifest")


# -- 11: keys ----------------------------------------------------------------------------------------------------------

TRANSMITTED = {"addressee": "skylark", "channel": "mail"}


def test_a_key_signs_between_its_acceptance_and_its_end_and_position_decides() -> None:
    ledger, ilves = small()
    aspen = hand("aspen")
    office = {"actor": "aspen", "party": "XO", "roles": ["ISS"], "valid_from": "2027-01-01"}
    ledger.record(ledger.keeper, "authority-registered", office)
    ledger.record(ledger.keeper, "key-registered", {"actor": "aspen", "key": aspen.key, "roles": ["ISS"]})
    early = ledger.record(aspen, "order-transmitted", TRANSMITTED, order=ORDER)
    ledger.record(aspen, "key-accepted", {"key": aspen.key}, role="ISS")
    ends(ledger.bundle(ilves), ledger, "KEY-UNKNOWN", 11, f"entries/{early}")

    ledger, ilves = small()
    aspen = ledger.enrol("aspen", "XO", "ISS")
    ledger.record(aspen, "order-transmitted", TRANSMITTED, order=ORDER)
    ledger.record(ledger.keeper, "key-revoked", {"actor": "aspen", "cause": "lost"})
    assert checked(ledger.bundle(ilves), ledger).verdict is Verdict.PASSED
    late = ledger.record(aspen, "order-transmitted", TRANSMITTED, order=ORDER)
    ends(ledger.bundle(ilves), ledger, "KEY-ENDED", 11, f"entries/{late}")


def test_a_stranger_a_borrowed_name_and_a_wrong_party_are_unknown() -> None:
    for signer in (hand("stranger"), hand("ilves", key="other"), hand("ilves", "XV")):
        ledger, ilves = small()
        at = ledger.record(signer, "order-transmitted", TRANSMITTED, order=ORDER)
        ends(ledger.bundle(ilves), ledger, "KEY-UNKNOWN", 11, f"entries/{at}")


def registry(kind: str, public: dict[str, Any], code: str, by: str = "registrar", **more: Any) -> None:
    ledger, ilves = small()
    signer = ledger.keeper if by == "registrar" else ilves
    at = ledger.record(signer, kind, public, **more)
    ends(ledger.bundle(ilves), ledger, code, 11, f"entries/{at}")


def test_the_registry_takes_only_what_its_rules_allow() -> None:
    new, ilves = hand("ilves", key="new").key, hand("ilves").key
    key = {"roles": ["ISS"], "key": new}
    registry("key-registered", {"actor": "registrar", **key}, "KEY-ROLE")
    registry("key-registered", {"actor": "nobody", **key}, "KEY-UNKNOWN")
    registry("key-registered", {"actor": "ilves", **key}, "KEY-ROLE", by="ilves", role="ADM")
    registry("key-registered", {"actor": "ilves", "roles": ["ISS"], "key": "00" * 32}, "KEY-POINT")
    registry("key-registered", {"actor": "ilves", "roles": ["ISS"], "key": "zz"}, "KEY-POINT", loose=True)
    registry("key-registered", {"actor": "ilves", "roles": ["ISS"], "key": ilves}, "KEY-ROTATION")
    registry("key-accepted", {"key": new}, "KEY-UNKNOWN", by="ilves", role="ISS")
    registry("key-accepted", {"key": ilves}, "KEY-ROTATION", by="ilves", role="ISS")
    rotated = {"actor": "ilves", "old_key": ilves, "new_key": new}
    registry("key-rotated", rotated, "KEY-ROTATION", by="ilves", role="ISS")
    registry("key-revoked", {"actor": "ilves", "cause": "lost"}, "KEY-ROLE", by="ilves", role="ISS")
    registry("key-revoked", {"actor": "nobody", "cause": "lost"}, "KEY-UNKNOWN")
    registry("order-transmitted", TRANSMITTED, "CTX-ORDER", by="ilves", role="ISS")
    registry("key-revoked", {"actor": "ilves", "cause": "lost"}, "CTX-ORDER", order=ORDER)


@pytest.mark.parametrize("kind", sorted(REGISTRY_ONLY))
def test_an_entry_of_the_registry_in_a_schema_of_next_year_changes_nothing_and_is_shown_raw(kind: str) -> None:
    """A later schema may rename its fields, so no field of it is read."""

    def later(payload: dict[str, Any]) -> None:
        payload.update(kind=kind, schema=2, public={"actor": 7, "sung": True})
        payload["signer"]["role"] = "ADM"

    ledger, ilves = small()
    ledger.record(ledger.keeper, "key-revoked", {"actor": "ilves", "cause": "lost"})
    raw = resealed(ledger.entries[-1], later, ledger.keeper)
    ledger, ilves = small()
    ledger.append(raw)
    report = checked(ledger.bundle(ilves), ledger)
    assert report.verdict is Verdict.PASSED
    assert [r.entries for r in report.procedure if r.code == "G-UNKNOWN-KIND"] == [(ledger.leaf(5),)]


def test_a_rotation_to_the_committed_key_holds_and_to_another_does_not() -> None:
    new = hand("aspen", key="second")
    committed = sha256(public_key(new.seed)).hexdigest()
    for key, passes in ((new.key, True), (hand("aspen", key="third").key, False)):
        ledger, ilves = small()
        aspen = ledger.enrol("aspen", "XO", "ISS", next_key_sha256=committed)
        ledger.record(aspen, "key-rotated", {"actor": "aspen", "old_key": aspen.key, "new_key": key}, role="ISS")
        data = ledger.bundle(ilves)
        if passes:
            assert checked(data, ledger).verdict is Verdict.PASSED
        else:
            ends(data, ledger, "KEY-ROTATION", 11)


def test_the_maker_of_a_bundle_must_hold_a_key_of_the_ledger_then() -> None:
    ledger, ilves = small()
    for signer in (hand("stranger"), hand("ilves", key="other"), hand("ilves", "XV")):
        data = pack(ledger.contents(), signer.signer("ISS"))
        ends(data, ledger, "KEY-UNKNOWN", 11, "manifest")
    before = ledger.checkpoint()
    contents = ledger.contents(note=before)
    aspen = ledger.enrol("aspen", "XO", "ISS")
    ends(pack(contents, aspen.signer("ISS")), ledger, "KEY-UNKNOWN", 11, "manifest")
    assert checked(ledger.bundle(aspen), ledger).verdict is Verdict.PASSED
    ledger.record(ledger.keeper, "key-revoked", {"actor": "ilves", "cause": "lost"})
    ends(ledger.bundle(ilves), ledger, "KEY-ENDED", 11, "manifest")


def test_a_log_key_signs_the_sizes_the_register_gives_it() -> None:
    ledger, ilves = small()
    old, new = (log_vkey(ledger.origin, public_key(hand(name).seed)) for name in ("log", "log 2"))
    ledger.record(ledger.keeper, "log-key-rotated", {"old_key": old, "new_key": new, "from_size": 7})
    assert checked(ledger.bundle(ilves), ledger).verdict is Verdict.PASSED
    ledger.record(ilves, "order-transmitted", TRANSMITTED, order=ORDER)
    ends(ledger.bundle(ilves), ledger, "CP-KEY", 11, "checkpoint")

    both = ledger.policy().replace(b"quorum", f"log {new}\nquorum".encode())

    def signed_by(*names: str, size: int) -> Report:
        body = format_checkpoint(Checkpoint(ledger.origin, size, root_of(size, ledger.read)))
        notes = [sign_note(body, ledger.origin, hand(name).seed) for name in names]
        note = (notes[0] + "".join(note.removeprefix(f"{body}\n") for note in notes[1:])).encode()
        ledger.log = hand(names[0])
        data = ledger.bundle(ilves, note=note)
        ledger.log = hand("log")
        return checked(data, ledger, trust=ledger.trust(both))

    for names, size in ((("log 2",), 7), (("log", "log 2"), 7), (("log 2", "log"), 7), (("log", "log 2"), 6)):
        assert signed_by(*names, size=size).verdict is Verdict.PASSED, (names, size)
    for name, size in (("log", 7), ("log 2", 6)):
        assert [r.code for r in signed_by(name, size=size).reasons] == ["CP-KEY"], (name, size)
