"""The check ends at an entry that is malformed, unsigned, out of place, or signed by a key without the right to."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from hashlib import sha256
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from ledger.bundle.archive import pack, unpack
from ledger.bundle.layout import Arranged
from ledger.bundle.manifest import HeadOf, open_manifest
from ledger.entries.envelope import open_
from ledger.entries.keyring import KEY_KINDS, REGISTRY_ONLY, Registrar
from ledger.entries.payload import SignedBy
from ledger.errors import RecordError
from ledger.formats.ed25519 import public_key
from ledger.tlog.note import (
    MLDSA44,
    Checkpoint,
    Head,
    Vkey,
    format_checkpoint,
    log_vkey,
    note_digest,
    parse_checkpoint,
    parse_vkey,
    sign_note,
    split_note,
)
from ledger.tlog.policy import Policy
from ledger.tlog.tree import root as root_of
from ledger.trust.trust_folder import Sizes
from ledger.verify.entries import (
    _check_maker,
    check_leaf,
    check_leaves,
    check_lines,
    check_log_keys,
    check_places,
    check_rotations,
    choose_registrar,
    doubt_key,
    is_suspect,
    open_entries,
    suspect,
)
from ledger.verify.heads import Heads
from ledger.verify.progress import VerificationLog
from ledger.verify.report import Report, Verdict
from tests.support.memory_ledger import (
    COMPANION,
    ORDER,
    ORIGIN,
    Ledger,
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
    stolen = {"actor": "ilves", "suspected_since": "2027-01-01T00:00:00Z"}
    registry("key-compromised", stolen, "KEY-ROLE", by="ilves", role="ISS")
    registry("order-transmitted", TRANSMITTED, "CTX-ORDER", by="ilves", role="ISS")
    registry("key-revoked", {"actor": "ilves", "cause": "lost"}, "CTX-ORDER", order=ORDER)


@pytest.mark.parametrize("kind", sorted(REGISTRY_ONLY | {"key-suspended", "weather-observed"}))
def test_an_entry_of_the_registry_in_a_schema_of_next_year_is_shown_raw_and_a_doubt_if_it_is_about_keys(
    kind: str,
) -> None:
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
    says = "a later version wrote 1 entry on keys in the register (5), not read here: a key may have ended"
    doubts = [("KEY-SCHEMA", says, f"{ledger.folder}/entries/5.dsse.json")]
    of_keys = kind in KEY_KINDS or kind == "key-suspended"
    assert [(r.code, r.says, r.where) for r in report.reasons] == (doubts if of_keys else [])
    assert report.verdict is (Verdict.INDETERMINATE if of_keys else Verdict.PASSED)
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


# -- each check on its own ---------------------------------------------------------------------------------------------

LEDGER, _ = small()
NOTE = LEDGER.checkpoint()
HEAD = Head(parse_checkpoint(split_note(NOTE)[0]), NOTE, ())


def code_of(call: Any, *given: Any) -> tuple[str, str]:
    with pytest.raises(RecordError) as refused:
        call(*given)
    return refused.value.code, refused.value.where


def test_a_proof_leads_from_its_own_entry_to_the_head_of_the_bundle() -> None:
    raw, proof = LEDGER.entries[3], LEDGER.proof(3, NOTE)
    check_leaf(raw, proof, 3, HEAD)
    assert code_of(check_leaf, raw, LEDGER.proof(3, LEDGER.checkpoint(4)), 3, HEAD)[0] == "PRF-FORMAT"
    assert code_of(check_leaf, raw, proof, 2, HEAD)[0] == "PRF-INDEX"
    assert code_of(check_leaf, LEDGER.entries[2], proof, 3, HEAD)[0] == "PRF-PATH"


def test_an_entry_and_its_proof_are_both_in_a_bundle_each_entry_once() -> None:
    heads = Heads("log", HEAD, {}, {})
    entries = {n: LEDGER.entries[n] for n in (3, 4)}
    proofs = {n: LEDGER.proof(n, NOTE) for n in (3, 4)}
    book = VerificationLog()
    check_leaves(Arranged(entries=entries, proofs=proofs), heads, book)
    assert book.detail == "2 entries in the tree of 5"
    for parts, wrong in (
        (Arranged(entries=entries, proofs={3: proofs[3]}), ("PRF-FORMAT", "log/entries/4")),
        (Arranged(entries={3: entries[3]}, proofs=proofs), ("PRF-FORMAT", "log/entries/4")),
        (Arranged(entries={**entries, 4: b"x"}, proofs=proofs), ("ENV-NONCANON", "log/entries/4.dsse.json")),
        (Arranged(entries={**entries, 4: entries[3]}, proofs=proofs), ("PRF-PATH", "log/entries/4.tlog-proof")),
    ):
        assert code_of(check_leaves, parts, heads, book) == wrong


def test_the_same_bytes_are_one_entry_of_a_log() -> None:
    twice = Ledger()
    for raw in (LEDGER.entries[3], LEDGER.entries[4], LEDGER.entries[3]):
        twice.append(raw)
    note = twice.checkpoint()
    head = Head(parse_checkpoint(split_note(note)[0]), note, ())
    parts = Arranged(entries=dict(enumerate(twice.entries)), proofs={n: twice.proof(n, note) for n in range(3)})
    assert code_of(check_leaves, parts, Heads("log", head, {}, {}), VerificationLog()) == (
        "LEAF-DUPLICATE",
        "log/entries/2.dsse.json",
    )


OPENED = {index: open_(raw) for index, raw in enumerate(LEDGER.entries)}
ENDS = {LEDGER.registry: HeadOf(3, LEDGER.leaf(2)), ORDER: HeadOf(2, LEDGER.leaf(4))}


def places(heads: dict[str, HeadOf], opened: Any = OPENED, order: str = ORDER) -> str:
    """Return what the step says of these heads in a manifest."""
    book, manifest = VerificationLog(), SimpleNamespace(log=ORIGIN, order=order, heads=heads)
    check_places(opened, manifest, Heads("log", HEAD, {}, {}), book)  # type: ignore[arg-type]
    return book.detail


def test_each_order_ends_where_the_manifest_says() -> None:
    assert places(ENDS) == "2 orders, each whole from its first entry on"
    register = {LEDGER.registry: ENDS[LEDGER.registry]}
    for heads, opened, says in (
        (register, OPENED, f"order {ORDER} ends at entry 2 here, says the manifest: nowhere"),
        (
            {**ENDS, COMPANION: HeadOf(4, "ab" * 32)},
            OPENED,
            f"order {COMPANION} is not here, says the manifest: at entry 4 (abababab..)",
        ),
        (
            {**ENDS, ORDER: HeadOf(2, "ab" * 32)},
            OPENED,
            f"order {ORDER} ends at entry 2 here, says the manifest: at entry 2 (abababab..)",
        ),
        (register, {n: OPENED[n] for n in range(3)}, "the order is not in the bundle"),
        ({ORDER: ENDS[ORDER]}, {n: OPENED[n] for n in (3, 4)}, "the registry is not in the bundle"),
    ):
        with pytest.raises(RecordError, match="CTX-CHAIN") as refused:
            places(heads, opened)
        assert (refused.value.says, refused.value.where) == (says, "manifest.dsse.json")
    with pytest.raises(RecordError, match="CTX-CHAIN") as refused:
        places(ENDS, {n: OPENED[n] for n in (0, 1, 2, 4)})
    assert refused.value.where == "log/entries/4.dsse.json"


def test_signatures_are_counted_and_an_entry_that_does_not_open_is_named() -> None:
    heads, book = Heads("log", HEAD, {}, {}), VerificationLog()
    raw = LEDGER.entries[3]
    assert list(open_entries(Arranged(entries={3: raw, 4: LEDGER.entries[4]}), heads, book)) == [3, 4]
    assert book.detail == "2 signatures"
    at = raw.index(b'"sig":"') + 7
    forged = raw[:at] + (b"B" if raw[at : at + 1] == b"A" else b"A") + raw[at + 1 :]
    assert code_of(open_entries, Arranged(entries={3: forged}), heads, book) == ("SIG-BAD", "log/entries/3.dsse.json")


MAKER = SignedBy("aa", "ilves", "ISS", "XO")


@pytest.mark.parametrize(
    ("key", "party", "holds", "code"),
    [
        ({}, "XO", True, None),
        (None, "XO", True, "KEY-UNKNOWN"),
        ({"accepted": None}, "XO", True, "KEY-UNKNOWN"),
        ({"actor": "aspen"}, "XO", True, "KEY-UNKNOWN"),
        ({"ended": 4}, "XO", True, "KEY-ENDED"),
        ({}, "XV", True, "KEY-UNKNOWN"),
        ({}, None, True, "KEY-UNKNOWN"),
        ({}, "XO", False, "KEY-ROLE"),
    ],
)
def test_the_maker_holds_an_accepted_key_of_an_office_of_its_party_in_its_role(
    key: dict[str, Any] | None, party: str | None, holds: bool, code: str | None
) -> None:
    keys = {} if key is None else {"aa": SimpleNamespace(**{"accepted": 1, "ended": None, "actor": "ilves", **key})}
    offices = {} if party is None else {"ilves": SimpleNamespace(party=party)}
    keyring: Any = SimpleNamespace(keys=keys, offices=offices, holds=lambda signer, size: holds and size == 5)
    manifest: Any = SimpleNamespace(signer=MAKER)
    if code is None:
        _check_maker(keyring, manifest, 5)
    else:
        assert code_of(_check_maker, keyring, manifest, 5) == (code, "manifest.dsse.json")


def test_the_registrar_is_the_trusted_one_and_without_one_the_first_signer_for_information() -> None:
    first = SignedBy("ab" * 32, "first", "REG", "XV")
    book = VerificationLog(of="folder")
    assert choose_registrar(LEDGER.trust(), first, book) == LEDGER.trust().registrar
    assert book.not_proven == []
    for trust in (None, replace(LEDGER.trust(), registrar=None)):
        book = VerificationLog(of="folder")
        assert choose_registrar(trust, first, book) == Registrar("first", "XV", "ab" * 32)
        assert book.not_proven == [
            "That first keeps the register of this log: its key was taken from the folder itself."
        ]


OLD, NEW, THIRD = (parse_vkey(log_vkey(ORIGIN, public_key(letter * 32))) for letter in (b"1", b"2", b"3"))
QUANTUM, LATER = (Vkey.of(ORIGIN, MLDSA44, bytes([n]) * 1312) for n in (1, 2))


def rotated(old: Vkey, new: Vkey, size: int, kind: str = "log-key-rotated", schema: int = 1) -> Any:
    public = {"old_key": old.text, "new_key": new.text, "from_size": size}
    return SimpleNamespace(payload=SimpleNamespace(kind=kind, schema=schema, public=public))


def signed(*notes: tuple[int, tuple[Vkey, ...]]) -> Heads:
    """Return heads of these sizes with the keys that signed each; the last one is the head of the bundle."""
    heads = [
        Head(Checkpoint(ORIGIN, size, bytes(32)), f"note {size} {n}".encode(), ()) for n, (size, _) in enumerate(notes)
    ]
    every = {note_digest(head.note): head for head in heads}
    by = {note_digest(head.note): frozenset(keys) for head, (_, keys) in zip(heads, notes, strict=True)}
    return Heads("log", heads[-1], every, by)


@pytest.mark.parametrize(
    ("size", "keys", "holds"),
    [
        (6, (OLD,), True),
        (7, (OLD,), False),
        (6, (NEW,), False),
        (7, (NEW,), True),
        (6, (OLD, NEW), True),
        (7, (OLD, NEW), True),
        (7, (THIRD,), True),
        (7, (), True),
    ],
)
def test_a_rotation_says_which_key_signs_from_its_size_on(size: int, keys: tuple[Vkey, ...], holds: bool) -> None:
    heads, rotations = signed((size, keys), (9, (NEW,))), [rotated(OLD, NEW, 7)]
    if holds:
        check_log_keys(rotations, heads)
    else:
        assert code_of(check_log_keys, rotations, heads) == ("CP-KEY", f"log/heads/{next(iter(heads.all))}")
    check_log_keys([rotated(OLD, NEW, 7, schema=99), rotated(OLD, NEW, 7, kind="key-rotated")], heads)


def rotations(heads: Heads, *opened: Any, **sizes: Sizes) -> list[str]:
    book = VerificationLog()
    keys = {name: {"old": OLD, "new": NEW}[name].text for name in sizes}
    trust = replace(LEDGER.trust(), sizes={keys[name]: each for name, each in sizes.items()}) if sizes else None
    check_rotations(opened, heads, trust, book)
    return [f"{doubt.code} {doubt.where} {doubt.says[:6]}" for doubt in book.doubts]


def test_several_keys_of_a_log_are_a_doubt_unless_the_register_or_the_policy_says_what_each_signs() -> None:
    two, doubt = signed((5, (OLD,)), (9, (NEW,))), "CP-KEY log 2 keys"
    assert rotations(two) == [doubt]
    assert rotations(two, rotated(OLD, NEW, 7)) == []
    assert rotations(two, rotated(OLD, THIRD, 7)) == [doubt]
    assert rotations(two, old=Sizes(0, 7), new=Sizes(7)) == []
    assert rotations(two, new=Sizes(7)) == [doubt]
    assert rotations(signed((5, (OLD,)), (9, (OLD,)))) == []
    assert rotations(signed((5, (OLD, QUANTUM)), (9, (OLD,)))) == [], "one of each algorithm"
    assert rotations(signed((5, (QUANTUM,)), (9, (LATER,)))) == [doubt]


def lines(heads: Heads, *logs: Vkey, opened: Any = (), quantum: Sizes | None = None) -> list[str]:
    """Return the doubts on missing lines; `quantum` are the sizes that a signed policy gives to that key."""
    book = VerificationLog()
    trust = replace(LEDGER.trust(), sizes={QUANTUM.text: quantum}) if quantum else None
    check_lines(opened, heads, Policy(logs, {}, {}, "none"), trust, book)
    return [f"{doubt.code} {doubt.where}" for doubt in book.doubts]


def test_a_line_is_missing_where_a_key_of_the_policy_signs_the_size() -> None:
    bare, both = signed((5, (OLD,)), (9, (OLD,))), signed((5, (OLD, QUANTUM)), (9, (OLD, QUANTUM)))
    first = f"log/heads/{next(iter(bare.all))}"
    assert lines(both, OLD, QUANTUM) == lines(bare, OLD) == []
    assert lines(bare, OLD, QUANTUM) == ["CP-KEY log/checkpoint"]
    assert lines(bare, OLD, QUANTUM, opened=None) == ["CP-KEY log/checkpoint"]
    assert lines(bare, OLD, QUANTUM, quantum=Sizes(10)) == []
    assert code_of(lambda: lines(bare, OLD, QUANTUM, quantum=Sizes(9))) == ("CP-KEY", "log/checkpoint")
    assert code_of(lambda: lines(bare, OLD, QUANTUM, quantum=Sizes(5, 6))) == ("CP-KEY", first)
    half = signed((5, (OLD,)), (9, (OLD, QUANTUM)))
    assert lines(half, OLD, QUANTUM) == [], "of an earlier state nothing is said"
    assert code_of(lambda: lines(bare, OLD, QUANTUM, opened=[rotated(LATER, QUANTUM, 9)])) == (
        "CP-KEY",
        "log/checkpoint",
    )
    assert lines(bare, OLD, QUANTUM, opened=[rotated(LATER, QUANTUM, 10)]) == ["CP-KEY log/checkpoint"]
    classical = signed((5, (QUANTUM,)), (9, (QUANTUM,)))
    assert code_of(lambda: lines(classical, OLD, QUANTUM)) == ("CP-KEY", first)
    replaced = [rotated(OLD, NEW, 4)]
    assert lines(classical, OLD, QUANTUM, opened=replaced) == ["CP-KEY log/checkpoint"], "the policy lacks the new key"
    assert code_of(lambda: lines(classical, NEW, QUANTUM, opened=replaced)) == ("CP-KEY", first)
    assert lines(classical, OLD, QUANTUM, opened=None) == ["CP-KEY log/checkpoint"]
    other = parse_vkey(log_vkey("ledger.test/other", public_key(b"4" * 32)))
    assert lines(classical, QUANTUM, other) == [], "a key of another log"


@pytest.mark.parametrize(
    ("sizes", "due"),
    [((Sizes(0, 7), Sizes(7)), True), ((Sizes(7), Sizes(0, 7)), True), ((Sizes(0, 3), Sizes(10)), False)],
)
def test_a_line_is_missing_where_one_of_two_keys_of_an_algorithm_signs_the_size(
    sizes: tuple[Sizes, Sizes], due: bool
) -> None:
    bare = signed((5, (OLD,)), (9, (OLD,)))
    trust = replace(LEDGER.trust(), sizes=dict(zip((QUANTUM.text, LATER.text), sizes, strict=True)))
    policy = Policy((OLD, QUANTUM, LATER), {}, {}, "none")
    if due:
        assert code_of(check_lines, (), bare, policy, trust, VerificationLog())[0] == "CP-KEY"
    else:
        check_lines((), bare, policy, trust, VerificationLog())


def reported(**more: Any) -> Any:
    base = {"public": "aa", "actor": "ilves", "reported": 5, "suspected_since": "2027-03-01T12:00:00Z"}
    return SimpleNamespace(**{**base, **more})


def by_key(key: str) -> Any:
    return SimpleNamespace(payload=SimpleNamespace(signer=SimpleNamespace(key=key)))


def test_an_entry_is_suspect_that_a_reported_key_signed_before_the_report_and_nothing_proves_older() -> None:
    times: Any = SimpleNamespace(before=lambda index, moment: index < 3 and moment == "2027-03-01T12:00:00Z")
    assert [is_suspect(by_key("aa"), index, reported(), times) for index in (2, 3, 4, 5, 6)] == [
        *(False, True, True, False, False)
    ]
    assert not is_suspect(by_key("bb"), 4, reported(), times)
    assert not is_suspect(by_key("aa"), 4, reported(reported=None), times)
    assert not is_suspect(by_key("aa"), 4, reported(suspected_since=None), times)
    keyring: Any = SimpleNamespace(keys={"aa": reported(), "bb": reported(public="bb", reported=None)})
    entries = {index: by_key("aa" if index != 4 else "bb") for index in range(7)}
    assert list(suspect(entries, keyring, times)) == [("ilves", "2027-03-01T12:00:00Z", [3])]
    assert list(suspect({0: by_key("aa")}, keyring, times)) == []


@pytest.mark.parametrize(("number", "more"), [(1, False), (20, False), (21, True)])
def test_a_doubt_on_a_key_lists_twenty_entries_and_counts_all(number: int, more: bool) -> None:
    book = VerificationLog()
    doubt_key("ilves", "2027-03-01T12:00:00Z", range(number), "log/entries/0", book)
    (doubt,) = book.doubts
    assert (doubt.code, doubt.where) == ("KEY-SUSPECT", "log/entries/0")
    listed = ", ".join(map(str, range(min(number, 20)))) + (", ..." if more else "")
    assert f"that {number} {'entry' if number == 1 else 'entries'} ({listed}) existed before" in doubt.says
