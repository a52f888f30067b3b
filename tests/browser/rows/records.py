"""Hostile trees, orders, keys and values: T3, P1, P2, R1 to R3, K1 to K4, S1, S2."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from typing import Any

import msgspec

from ledger.entries.payload import Seen
from ledger.formats.ed25519 import public_key
from ledger.formats.selective_disclosure import digest_of, veil
from ledger.tlog.note import log_vkey, note_digest
from ledger.tlog.tree import Frontier, format_proof, leaf_hash, prove_inclusion
from tests.browser.rows.case import PASSES, Case, CaseReader, Make, case, entered
from tests.ledger.verify.other_records.test_counterparties import OLD, succeeded
from tests.ledger.verify.test_entries import PLACES, TRANSMITTED, resealed_payload
from tests.ledger.verify.test_hostile import proved
from tests.ledger.verify.test_time_brackets import bracketed, t
from tests.support.memory_ledger import ORDER, Hand, Ledger, changed, hand, resealed, small, smuggled

Files = dict[str, bytes]


# -- trees and proofs --------------------------------------------------------------------------------------------------


def refiled(code: str, change: Callable[[Files, Ledger], object]) -> Make:
    """Change files of an honest bundle; its maker lists the changed ones."""

    def make() -> Case:
        ledger, ilves = small()
        return case(changed(ledger.bundle(ilves), lambda f: change(f, ledger), ilves.signer("ISS")), ledger, code)

    return make


def swapped(files: Files, ledger: Ledger) -> None:
    one, two = (f"{ledger.folder}/entries/{n}.dsse.json" for n in (3, 4))
    files[one], files[two] = files[two], files[one]


def forged_together(files: Files, ledger: Ledger) -> None:
    """Replace entry 3, with the proof that it would have in a tree with its leaf."""
    raw = resealed(ledger.entries[3], lambda p: p.update(on="2027-03-02T09:00:00Z"), hand("ilves"))
    tree, stored = Frontier(), list[bytes]()
    for n, entry in enumerate(ledger.entries):
        stored += tree.add(leaf_hash(raw if n == 3 else entry))
    path = prove_inclusion(3, ledger.size, lambda indexes: [stored[n] for n in indexes])
    files[f"{ledger.folder}/entries/3.dsse.json"] = raw
    files[f"{ledger.folder}/entries/3.tlog-proof"] = format_proof(3, path, ledger.checkpoint())


def proof(code: str, make: Callable[[Ledger, list[bytes]], bytes]) -> Make:
    """Replace the proof of entry 3."""

    def made() -> Case:
        ledger, _ = small()
        data, ledger = proved(3, make(ledger, prove_inclusion(3, 5, ledger.read)))
        return case(data, ledger, code)

    return made


def spelt(code: str, old: bytes, new: bytes) -> Make:
    def make(ledger: Ledger, path: list[bytes]) -> bytes:
        made = format_proof(3, path, ledger.checkpoint())
        assert old in made
        return made.replace(old, new, 1)

    return proof(code, make)


def moved(code: str, index: int) -> Make:
    """Move the last entry to a higher index."""

    def move(files: Files, ledger: Ledger) -> None:
        path = prove_inclusion(4, 5, ledger.read)
        files[f"{ledger.folder}/entries/{index}.dsse.json"] = files[f"{ledger.folder}/entries/4.dsse.json"]
        files[f"{ledger.folder}/entries/{index}.tlog-proof"] = format_proof(index, path, ledger.checkpoint())

    return refiled(code, move)


def node_as_leaf(files: Files, ledger: Ledger) -> None:
    path = prove_inclusion(0, 5, ledger.read)[1:]
    files[f"{ledger.folder}/entries/0.dsse.json"] = b"".join(leaf_hash(raw) for raw in ledger.entries[:2])
    files[f"{ledger.folder}/entries/0.tlog-proof"] = format_proof(0, path, ledger.checkpoint())


TREES: dict[str, CaseReader] = {
    "T3": {
        "two entries swapped": refiled("PRF-PATH", swapped),
        "entry and leaf forged together": refiled("PRF-PATH", forged_together),
        "the path of an older size": proof(
            "PRF-PATH", lambda ledger, _: format_proof(3, prove_inclusion(3, 4, ledger.read), ledger.checkpoint())
        ),
    },
    "P1": {
        "the index is the size": moved("PRF-INDEX", 5),
        "beyond the size": moved("PRF-INDEX", 7),
        "of another entry": proof("PRF-INDEX", lambda ledger, path: format_proof(2, path, ledger.checkpoint())),
        "a hash too few": proof("PRF-PATH", lambda ledger, path: format_proof(3, path[:-1], ledger.checkpoint())),
        "a hash too many": proof(
            "PRF-PATH", lambda ledger, path: format_proof(3, [*path, bytes(32)], ledger.checkpoint())
        ),
        "63 hashes": proof("PRF-PATH", lambda ledger, path: format_proof(3, path * 21, ledger.checkpoint())),
        "65 hashes": spelt("PRF-FORMAT", b"index 3\n", b"index 3\n" + (base64.b64encode(bytes(32)) + b"\n") * 62),
        "a node as a leaf": refiled("ENV-NONCANON", node_as_leaf),
        "the path of another": proof(
            "PRF-PATH", lambda ledger, _: format_proof(3, prove_inclusion(2, 5, ledger.read), ledger.checkpoint())
        ),
    },
    "P2": {
        "another header": spelt("PRF-FORMAT", b"@v1", b"@v2"),
        "extra twice": spelt("PRF-FORMAT", b"index", b"extra AAAA\nextra AAAA\nindex"),
        "index 03": spelt("PRF-FORMAT", b"index 3", b"index 03"),
        "CR": spelt("PRF-FORMAT", b"index 3\n", b"index 3\r\n"),
        "a hash of 31 bytes": spelt("PRF-FORMAT", b"index 3\n", b"index 3\n" + base64.b64encode(bytes(31)) + b"\n"),
        "no blank line": spelt("PRF-FORMAT", b"\n\n", b"\n"),
        "for another checkpoint": proof(
            "PRF-FORMAT",
            lambda ledger, _: format_proof(3, prove_inclusion(3, 4, ledger.read), ledger.checkpoint(4)),
        ),
    },
}


# -- places ------------------------------------------------------------------------------------------------------------


def placed(change: str) -> Make:
    """Make an entry that states another place, as in test_verify_entries."""

    def make() -> Case:
        wrong, code = PLACES[change]
        ledger, ilves = small()
        at = ledger.record(ilves, "order-transmitted", TRANSMITTED, order=ORDER)
        meant = {"@3": ledger.leaf(3), "@4": resealed_payload(ledger.entries[4])["entry"]}
        raw = resealed(
            ledger.entries[at], lambda p: p.update({n: meant.get(str(v), v) for n, v in wrong.items()}), ilves
        )
        ledger, ilves = small()
        return case(smuggled(ledger, ilves, raw), ledger, code)

    return make


def replayed() -> Case:
    ledger, ilves = small()
    return case(smuggled(ledger, ilves, ledger.entries[3]), ledger, "LEAF-DUPLICATE")


def seen(wrong: dict[str, Any]) -> Make:
    """Make an entry that cites a note wrongly."""

    def make() -> Case:
        ledger, ilves = bracketed()
        assert ledger.seen is not None
        ledger.seen = msgspec.structs.replace(ledger.seen, **wrong)
        ledger.record(ilves, "order-transmitted", TRANSMITTED, order=ORDER)
        return case(ledger.bundle(ilves, note=ledger.checkpoint(None, t(10), t(11), t(12))), ledger, "TIME-SEEN")

    return make


def forked() -> Case:
    """Make an entry that cites another tree of its log, which the log signed too; the bundle has both."""
    ledger, ilves = bracketed()
    note = ledger.checkpoint(5, root=bytes(32))
    ledger.heads[note_digest(note)] = note
    ledger.seen = Seen(ledger.origin, 5, note_digest(note))
    ledger.record(ilves, "order-transmitted", TRANSMITTED, order=ORDER)
    return case(ledger.bundle(ilves, note=ledger.checkpoint(None, t(10), t(11), t(12))), ledger, "SPLIT-VIEW")


PLACED: dict[str, CaseReader] = {
    "R1": {
        "in its log, whole": replayed,
        "in its log, under its id": placed("an id that was used"),
        "another log": placed("another log"),
        "another order": placed("an order that begins behind somebody"),
        "another instrument": placed("an answer under another instrument"),
    },
    "R2": {
        "the previous entry of a sibling": placed("the entry before the last as predecessor"),
        "a gap": placed("a gap"),
        "a number twice": placed("a number twice"),
        "an order that begins with two": placed("an order that begins with two"),
    },
    "R3": {
        "a larger size than there is": seen({"size": 99}),
        "another log": seen({"origin": "ledger.test/other"}),
        "another size than the note": seen({"size": 4}),
        "a fork": forked,
    },
}


# -- keys --------------------------------------------------------------------------------------------------------------


def recorded(code: str, record: Callable[[Ledger, Hand], object]) -> Make:
    """Make a ledger with an entry that its register does not allow."""

    def make() -> Case:
        ledger, ilves = small()
        record(ledger, ilves)
        return case(ledger.bundle(ilves), ledger, code)

    return make


def registered(ledger: Ledger) -> Hand:
    aspen = hand("aspen")
    office = {"actor": "aspen", "party": "XO", "roles": ["ISS"], "valid_from": "2027-01-01"}
    ledger.record(ledger.keeper, "authority-registered", office)
    ledger.record(ledger.keeper, "key-registered", {"actor": "aspen", "key": aspen.key, "roles": ["ISS"]})
    return aspen


def early(ledger: Ledger, _: Hand) -> None:
    aspen = registered(ledger)
    ledger.record(aspen, "order-transmitted", TRANSMITTED, order=ORDER)
    ledger.record(aspen, "key-accepted", {"key": aspen.key}, role="ISS")


def late(ledger: Ledger, _: Hand) -> None:
    aspen = ledger.enrol("aspen", "XO", "ISS")
    ledger.record(ledger.keeper, "key-revoked", {"actor": "aspen", "cause": "lost"})
    ledger.record(aspen, "order-transmitted", TRANSMITTED, order=ORDER)


def rotated(ledger: Ledger, _: Hand) -> None:
    committed = sha256(public_key(hand("aspen", key="second").seed)).hexdigest()
    aspen = ledger.enrol("aspen", "XO", "ISS", next_key_sha256=committed)
    third = hand("aspen", key="third").key
    ledger.record(aspen, "key-rotated", {"actor": "aspen", "old_key": aspen.key, "new_key": third}, role="ISS")


def unaccepted(ledger: Ledger, _: Hand) -> None:
    ledger.record(registered(ledger), "order-transmitted", TRANSMITTED, order=ORDER)


def itself(ledger: Ledger, _: Hand) -> None:
    key = hand("registrar", key="new").key
    ledger.record(ledger.keeper, "key-registered", {"actor": "registrar", "key": key, "roles": ["ADM"]})


def stolen(since: datetime, code: str) -> Make:
    def make() -> Case:
        ledger, ilves = bracketed()
        aspen = ledger.enrol("aspen", "XO", "ISS")
        said = {"actor": "ilves", "key": ilves.key, "suspected_since": since.strftime("%Y-%m-%dT%H:%M:%SZ")}
        ledger.record(ledger.keeper, "key-compromised", said)
        return case(ledger.bundle(aspen, note=ledger.checkpoint(None, t(20), t(21), t(22))), ledger, code)

    return make


def beyond_its_sizes(ledger: Ledger, ilves: Hand) -> None:
    old, new = (log_vkey(ledger.origin, public_key(hand(name).seed)) for name in ("log", "log 2"))
    ledger.record(ledger.keeper, "log-key-rotated", {"old_key": old, "new_key": new, "from_size": 6})
    ledger.record(ilves, "order-transmitted", TRANSMITTED, order=ORDER)


def successor(late: bool = False, **said: Any) -> Make:
    def make() -> Case:
        ledger, ilves, foreign = succeeded(OLD.checkpoint(), late=late, **said)
        return case(ledger.bundle(ilves, foreign=foreign), ledger, "CTX-SUCCESSOR")

    return make


KEYS: dict[str, CaseReader] = {
    "K1": {"before its acceptance": recorded("KEY-UNKNOWN", early), "after its end": recorded("KEY-ENDED", late)},
    "K2": {
        "before the entry": stolen(t(1), "KEY-SUSPECT"),
        "at the entry": stolen(t(2), "KEY-SUSPECT"),
        "after the entry": stolen(t(3), PASSES),
    },
    "K3": {
        "to another key": recorded("KEY-ROTATION", rotated),
        "without possession": recorded("KEY-UNKNOWN", unaccepted),
        "a registrar for itself": recorded("KEY-ROLE", itself),
    },
    "K4": {
        "beyond its sizes": recorded("CP-KEY", beyond_its_sizes),
        "another root": successor(root="ab" * 32),
        "another size": successor(size=4),
        "itself": successor(predecessor="ledger.test/xo/2"),
        "later in the register": successor(late=True),
    },
}


# -- values ------------------------------------------------------------------------------------------------------------


def disclosed(code: str, change: Callable[[Ledger, list[str]], list[str]], index: int = 4) -> Make:
    """Change the disclosures of an entry, by the maker."""

    def refile(files: Files, ledger: Ledger) -> None:
        path = f"{ledger.folder}/disclosures/{index}.txt"
        texts = files.get(path, b"").decode().splitlines()
        files[path] = "".join(f"{text}\n" for text in change(ledger, texts)).encode()

    return refiled(code, refile)


def committed(code: str, plain: str) -> Make:
    """Commit to a value in an invalid form, by its signer."""

    def make() -> Case:
        ledger, ilves = small()
        text = base64.urlsafe_b64encode(plain.encode()).rstrip(b"=").decode()
        gone = next(d.digest for d in ledger.held[4] if d.name == "identifiers")

        def commit(payload: dict[str, Any]) -> None:
            digests = [d for d in payload["public"]["_sd"] if d != gone]
            payload["public"]["_sd"] = sorted([*digests, digest_of(text)])
            payload.update(seq=3, prev=ledger.leaf(4), entry="ab" * 16)

        ledger.append(resealed(ledger.entries[4], commit, ilves))
        path = f"{ledger.folder}/disclosures/5.txt"
        data = changed(ledger.bundle(ilves), lambda f: f.update({path: f"{text}\n".encode()}), ilves.signer("ISS"))
        return case(data, ledger, code)

    return make


def digest_twice(ledger: Ledger, by: Hand) -> bytes:
    return resealed(ledger.entries[4], lambda p: p["public"].update(_sd=p["public"]["_sd"][:1] * 2), by)


def reencoded(_: Ledger, texts: list[str]) -> list[str]:
    plain = base64.urlsafe_b64decode(texts[0] + "=" * (-len(texts[0]) % 4)).replace(b",", b", ", 1)
    return [base64.urlsafe_b64encode(plain).rstrip(b"=").decode(), *texts[1:]]


def erased() -> Case:
    """Present a bundle from before an erasure after it: its opened values are reported as erased."""
    ledger, ilves = small()
    gone = next(d.digest for d in ledger.held[4] if d.name == "identifiers")
    said = {"key_ref": "k1", "method": "crypto-erased", "cause": "erasure-granted", "digests": [gone]}
    ledger.record(ilves, "payload-key-destroyed", said, order=ORDER)
    return case(ledger.bundle(ilves), ledger, "SD-ERASED")


# -- roles and other logs ----------------------------------------------------------------------------------------------


def not_held(ledger: Ledger, ilves: Hand) -> None:
    ledger.record(ilves, "court-ruled", {"ruling": "other"}, role="CT", order=ORDER)


def taken_away(ledger: Ledger, ilves: Hand) -> None:
    roles = {"actor": "ilves", "roles": ["VAL"], "valid_from": "2027-01-01"}
    aspen = ledger.enrol("aspen", "XO", "ISS")
    ledger.record(ledger.keeper, "authority-changed", {**roles, "actor": "aspen"})
    ledger.record(aspen, "order-transmitted", TRANSMITTED, role="ISS", order=ORDER)


def made_as_court() -> Case:
    ledger, ilves = small()
    return case(ledger.bundle(ilves, role="CT"), ledger, "KEY-ROLE")


def destroyed_by_a_provider(ledger: Ledger, _: Hand) -> None:
    skylark = ledger.enrol("skylark", "XV", "SP")
    said = {"key_ref": "k1", "method": "crypto-erased", "cause": "erasure-granted"}
    digests = sorted(d.digest for d in ledger.held[4])
    ledger.record(skylark, "payload-key-destroyed", {**said, "digests": digests}, role="SP", order=ORDER)


def wrapping_of(code: str, order: str = ORDER, here: bool = True, **wrong: Any) -> Make:
    """Wrap an entry of an untrusted log; `wrong` is what its wrapper states of it."""

    def make() -> Case:
        there, _ = small(origin="ledger.test/xv", log=hand("log xv"))
        raw, name = there.entries[4], sha256(there.entries[4]).hexdigest()
        said = {"origin": there.origin, "index": 4, "leaf": there.leaf(4), "envelope": name, "proof_check": "verifies"}
        ledger, ilves = small()
        ledger.record(ilves, "counterparty-record-received", {**said, **wrong}, order=order)
        foreign = {name: raw, f"{name}.tlog-proof": there.proof(4)} if here else {}
        return case(ledger.bundle(ilves, foreign=foreign), ledger, code)

    return make


def replayed_letter() -> Case:
    """Wrap an entry of this log in the same log, as if it had crossed another one on its way."""
    ledger, ilves = small()
    raw, name = ledger.entries[4], sha256(ledger.entries[4]).hexdigest()
    said = {"origin": ledger.origin, "index": 5, "leaf": ledger.leaf(4), "envelope": name, "proof_check": "not-checked"}
    ledger.record(ilves, "counterparty-record-received", said, order=ORDER)
    return case(ledger.bundle(ilves, foreign={name: raw}), ledger, "ENT-UNPROVEN")


OTHERS: dict[str, CaseReader] = {
    "K5": {
        "a role that the key does not hold": recorded("V-ROLE-NOT-HELD", not_held),
        "a role that was taken from the office": recorded("V-ROLE-NOT-HELD", taken_away),
        "a maker in a role that it does not hold": made_as_court,
        "values of another that are said to be erased": recorded("SD-CUSTODIAN", destroyed_by_a_provider),
    },
    "O1": {
        "of a log that nobody trusts": wrapping_of("ENT-UNPROVEN"),
        "of another leaf": wrapping_of("ENT-MISMATCH", leaf="ab" * 32),
        "of another log": wrapping_of("ENT-MISMATCH", origin="ledger.test/else"),
        "at another place": wrapping_of("ENT-MISMATCH", index=3),
        "that is not here": wrapping_of("ENT-ABSENT", here=False),
        "that stands in the log itself": replayed_letter,
    },
}

SALT = "AAAAAAAAAAAAAAAAAAAAAA"
STRANGE = veil("identifiers", ["other"], bytes(16)).text

VALUES: dict[str, CaseReader] = {
    "S1": {
        "of another entry": disclosed("SD-UNKNOWN", lambda ledger, _: [d.text for d in ledger.held[4]], 3),
        "that nobody uses": disclosed("SD-UNKNOWN", lambda _, texts: [*texts, STRANGE]),
        "twice": disclosed("SD-DUP", lambda _, texts: [*texts, texts[0]]),
        "a claim that is there already": committed("SD-DUP", f'["{SALT}","case_ref","x"]'),
        "a digest in two places": entered("SD-COUNT", digest_twice),
        "a further digest in a value": committed("SD-NAME", f'["{SALT}","identifiers",[{{"_sd":["x"]}}]]'),
        "a further digest in an array": committed("SD-NAME", f'["{SALT}","identifiers",[{{"...":"x"}}]]'),
        "the name _sd": committed("SD-NAME", f'["{SALT}","_sd","x"]'),
        "an array of two": committed("SD-FORMAT", f'["{SALT}","x"]'),
        "an array of four": committed("SD-FORMAT", f'["{SALT}","identifiers","x","y"]'),
        "a salt that is no text": committed("SD-FORMAT", '[7,"identifiers",["x"]]'),
        "with padding": disclosed("SD-UNKNOWN", lambda _, texts: [texts[0] + "=", *texts[1:]]),
        "serialised again": disclosed("SD-UNKNOWN", reencoded),
        "none": disclosed("SD-FORMAT", lambda _, texts: []),
    },
    "S2": {"a value that is erased": erased},
}

ROWS: dict[str, CaseReader] = {**TREES, **PLACED, **KEYS, **VALUES, **OTHERS}
