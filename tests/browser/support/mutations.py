"""Make damaged bundles: flipped bits, dishonest makers and signers, entries that no program of ours writes.

Each is derived from a number alone, so that a disagreement can be reproduced.
"""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import msgspec
import orjson
from msgspec.structs import replace

from ledger.bundle.archive import pack, unpack
from ledger.bundle.manifest import Manifest, open_manifest
from ledger.entries.payload import Other
from ledger.entries.placement import access_of, map_of
from ledger.errors import RecordError
from ledger.facts import KINDS
from ledger.facts.vocabulary import ROLES
from ledger.formats.dsse import EVENT_TYPE, seal_bytes
from ledger.tlog.tree import format_proof, prove_inclusion
from ledger.trust.trust_folder import Trust, format_registrar, parse_trust
from tests.support.memory_ledger import (
    COMPANION,
    NOW,
    ORDER,
    Hand,
    Ledger,
    changed,
    hand,
    listed,
    rezipped,
    small,
    smuggled,
)

Files = dict[str, bytes]

HOSTILE: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 7, 2**53 - 1, "", "x", "2", "é", "a\nb", "2027-02-29", "2028-02-29T23:59:59Z",
    "2027-01-01T24:00:00Z", "ab" * 32, "AB" * 32, ORDER, [], ["x"], ["b", "a"], [None], {}, {"a": 1}, {"_sd": []},
    "x" * 201,
)  # fmt: skip


@dataclass(frozen=True)
class Case:
    """The input of a verifier: a bundle, the trust, a checkpoint held from elsewhere, and a moment."""

    what: str
    data: bytes
    trust: Trust | None
    anchor: bytes | None
    now: datetime


def cases(count: int, first: int = 0) -> Iterator[Case]:
    """Yield `count` mutations, beginning with number `first`."""
    for number in range(first, first + count):
        chance = random.Random(number)
        way = WAYS[number % len(WAYS)]
        ledger, by = chance.choice(BASES)()
        data = way(chance, ledger, by)
        yield _asked(f"{number} {way.__name__}", chance, ledger, data)


def _asked(what: str, chance: random.Random, ledger: Ledger, data: bytes) -> Case:
    """Choose a trust: mostly the full one, sometimes less or an altered one."""
    full = ledger.trust()
    trusts: list[Callable[[], Trust | None]] = [
        lambda: None,
        lambda: parse_trust({"policy": ledger.policy()}),
        lambda: ledger.trust(ledger.policy("none")),
        lambda: ledger.trust(ledger.policy() + b"# newer\n"),
        lambda: (
            parse_trust({"policy": ledger.policy(), "registrar": format_registrar(full.registrar)})
            if full.registrar
            else None
        ),
    ]
    trust = chance.choice(trusts)() if chance.random() < 0.3 else full
    notes = [ledger.checkpoint(), ledger.checkpoint(max(1, ledger.size - 1)), ledger.checkpoint(root=bytes(32))]
    anchor = chance.choice(notes) if chance.random() < 0.1 else None
    return Case(what, data, trust, anchor, NOW + timedelta(days=chance.choice((0, 0, 0, -80, 400))))


# -- valid bundles -----------------------------------------------------------------------------------------------------

SENT = {"addressee": "skylark", "channel": "mail"}


def plain() -> tuple[Ledger, Hand]:
    return small()


def witnessed() -> tuple[Ledger, Hand]:
    """Make a ledger with three witnesses, a note that entries cite, and one more head."""
    ledger, ilves = small(witnesses=3)
    at = datetime(2027, 3, 1, 12, tzinfo=NOW.tzinfo)
    ledger.witnessed(at, at + timedelta(minutes=1), at + timedelta(minutes=2))
    ledger.record(ilves, "order-transmitted", SENT, order=ORDER, on=at + timedelta(minutes=5))
    return ledger, ilves


def entangled() -> tuple[Ledger, Hand]:
    """Make a ledger that wraps an entry of another log, and an answer to it."""
    there, _ = small(origin="ledger.test/xv", log=hand("log xv"))
    raw = there.entries[4]
    name = sha256(raw).hexdigest()
    said = {"origin": there.origin, "index": 4, "leaf": there.leaf(4), "envelope": name, "proof_check": "verifies"}
    ledger, ilves = small()
    ledger.record(ilves, "counterparty-record-received", said, order=ORDER)
    other = Other(there.origin, 4, there.leaf(4), "cd" * 32)
    ledger.record(ilves, "order-transmitted", SENT, order=ORDER, other=other)
    proof = format_proof(4, prove_inclusion(4, there.size, there.read), there.checkpoint())
    ledger.foreign = {name: raw, f"{name}.tlog-proof": proof}
    return ledger, ilves


def busy() -> tuple[Ledger, Hand]:
    """Make a ledger with rotated and revoked keys, an erased value, and a second order."""
    ledger, ilves = small()
    new = hand("aspen", key="second")
    aspen = ledger.enrol("aspen", "XO", "ISS", next_key_sha256=sha256(bytes.fromhex(new.key)).hexdigest())
    ledger.record(aspen, "order-transmitted", SENT, order=ORDER)
    rotated = {"actor": "aspen", "old_key": aspen.key, "new_key": new.key}
    ledger.record(aspen, "key-rotated", rotated, role="ISS")
    ledger.record(
        ledger.keeper, "key-compromised", {"actor": "aspen", "key": new.key, "suspected_since": "2027-03-01T09:00:00Z"}
    )
    gone = next(d.digest for d in ledger.held[4] if d.name == "identifiers")
    destroyed = {"key_ref": "k1", "method": "crypto-erased", "cause": "erasure-granted", "digests": [gone]}
    ledger.record(ilves, "payload-key-destroyed", destroyed, order=ORDER)
    return ledger, ilves


def committing() -> tuple[Ledger, Hand]:
    """Make a ledger that has committed the heads of its orders, with an entry behind the commit."""
    ledger, ilves = small()
    ledger.commit(ledger.enrol("ledger", "XO", "SYS"))
    ledger.record(ilves, "order-transmitted", SENT, order=ORDER)
    return ledger, ilves


BASES = (plain, witnessed, entangled, busy, committing)

# -- mutations ---------------------------------------------------------------------------------------------------------


def _note(ledger: Ledger) -> bytes:
    at = datetime(2027, 3, 1, 13, tzinfo=NOW.tzinfo)
    return ledger.checkpoint(None, *[at + timedelta(minutes=n) for n in range(ledger.witnesses)])


def honest(ledger: Ledger, by: Hand) -> bytes:
    return ledger.bundle(by, note=_note(ledger))


def spoiled(chance: random.Random, content: bytes) -> bytes:
    """Change, remove or insert some bytes."""
    made = bytearray(content)
    for _ in range(chance.choice((1, 1, 1, 2, 5))):
        at = chance.randrange(len(made) + 1)
        match chance.randrange(4):
            case 0 if at < len(made):
                made[at] ^= 1 << chance.randrange(8)
            case 1:
                del made[at : at + chance.choice((1, 1, 2, 40))]
            case 2:
                made[at:at] = chance.choice((b"\n", b" ", b"=", b"0", b"\0", b'"', b"\xff", b"\xc3\xa9", b"A" * 40))
            case _:
                made[at : at + 1] = made[at : at + 1] * 2
    return bytes(made)


def flipped(chance: random.Random, ledger: Ledger, by: Hand) -> bytes:
    """Change the bytes of the archive."""
    return spoiled(chance, honest(ledger, by))


def swapped(chance: random.Random, ledger: Ledger, by: Hand) -> bytes:
    """Change files without a new signature."""
    data = honest(ledger, by)
    paths = sorted(unpack(data))

    def change(files: Files) -> None:
        path = chance.choice(paths)
        match chance.randrange(4):
            case 0:
                del files[path]
            case 1:
                files[path] = files[chance.choice(paths)]
            case 2:
                files[chance.choice((path + "x", path.upper(), "views/a.csv", "zz", path + "/a"))] = files[path]
            case _:
                files[path] = spoiled(chance, files[path])

    return rezipped(data, change)


def lied(chance: random.Random, ledger: Ledger, by: Hand) -> bytes:
    """Change files, and list the changed ones in a manifest that the maker signs."""
    data = honest(ledger, by)
    paths = [path for path in sorted(unpack(data)) if path not in ("mimetype", "manifest.dsse.json", "SHA256SUMS")]

    def change(files: Files) -> None:
        path = chance.choice(paths)
        match chance.randrange(6):
            case 0:
                del files[path]
            case 1:
                files[path] = files[chance.choice(paths)]
            case _:
                files[path] = spoiled(chance, files[path])

    return changed(data, change, by.signer("ISS"))


def claimed(chance: random.Random, ledger: Ledger, by: Hand) -> bytes:
    """Sign a manifest with a wrong statement."""
    files = dict(unpack(honest(ledger, by)))
    said = msgspec.to_builtins(open_manifest(files["manifest.dsse.json"]))
    said.pop("files")
    for _ in range(chance.choice((1, 1, 2))):
        _alter(chance, said)
    try:
        manifest = msgspec.convert({**said, "files": []}, Manifest)
    except msgspec.ValidationError:
        return honest(ledger, by)
    changes = {name: getattr(manifest, name) for name in Manifest.__struct_fields__ if name not in ("files", "signer")}
    try:
        return listed(files, manifest, by.signer("ISS"), **changes)
    except RecordError:
        return honest(ledger, by)


def committed(chance: random.Random, ledger: Ledger, by: Hand) -> bytes:
    """Commit to heads, sometimes to wrong ones, and change the proofs; the maker lists the changed files."""
    node = ledger.enrol("node", "XO", "SYS" if chance.random() < 0.9 else "AUD")
    sizes = (ledger.size, ledger.size, ledger.size - 1, 0, ledger.size + chance.choice((1, 2, 9)))
    roots = (None, None, None, ledger.map_at(max(ledger.size - 1, 1)).tree.root(), bytes(32))
    fact = {"size": chance.choice(sizes)}
    root = chance.choice(roots) or ledger.map_at(fact["size"]).tree.root()
    order = map_of(ledger.origin) if chance.random() < 0.9 else access_of(ledger.origin)
    role = "SYS" if chance.random() < 0.9 else "AUD"
    ledger.committed = ledger.record(node, "heads-committed", {**fact, "map_root": root.hex()}, order=order, role=role)
    if chance.random() < 0.3:
        ledger.record(by, "order-transmitted", SENT, order=ORDER)
    data = honest(ledger, by)
    paths = [path for path in sorted(unpack(data)) if path.startswith("map/")]

    def change(files: Files) -> None:
        path = chance.choice(paths)
        match chance.randrange(8):
            case 0:
                del files[path]
            case 1:
                files[path] = files[chance.choice(paths)]
            case 2:
                files[f"map/{chance.choice((COMPANION, 'more', 'audits/1', ORDER.upper()))}.mptproof"] = files[path]
            case 3 | 4:
                files[path] = spoiled(chance, files[path])
            case _:
                pass

    return changed(data, change, by.signer("ISS")) if paths else data


def written(chance: random.Random, ledger: Ledger, by: Hand) -> bytes:
    """Sign an entry that no software of ours would write."""
    return _written(chance, ledger, by, plausibly=False)


def pretended(chance: random.Random, ledger: Ledger, by: Hand) -> bytes:
    """Sign an entry of good form with a false statement."""
    return _written(chance, ledger, by, plausibly=True)


def _written(chance: random.Random, ledger: Ledger, by: Hand, *, plausibly: bool) -> bytes:
    """Add a signed entry with an altered payload at the end of its order, in the log."""
    signer, kind, public, role = chance.choice(_next(ledger, by))
    before = len(ledger.entries)
    order = None if signer is not by or kind.startswith("key-") else ORDER
    sealed = {"identifiers": ["x"], "summary_of_facts": "y"} if kind == "order-issued" else None
    ledger.record(signer, kind, public, sealed, role=role, order=order)
    payload = json.loads(base64.b64decode(json.loads(ledger.entries[-1])["payload"]))
    texts = [d.text for d in ledger.held.get(before, ())]
    if plausibly:
        chance.choice(PLAUSIBLE)(chance, payload)
    else:
        _alter(chance, payload)
    body = orjson.dumps(payload, option=orjson.OPT_SORT_KEYS)
    if not plausibly and chance.random() < 0.3:
        body = _misspelt(chance, body)
    sign = signer.signer("ISS")
    raw = seal_bytes(body, EVENT_TYPE, sign.public, sign.sign)
    fresh = _again(ledger, before)
    fresh.append(raw)
    fresh.held[before] = ledger.held.get(before, ())
    try:
        contents = fresh.contents(note=_note(fresh))
        if all(n != before for n, _, _ in contents.entries):
            raise RecordError("JSON", "an exporter would not see it")
        if chance.random() < 0.7 and texts:
            contents = replace(contents, disclosures={**contents.disclosures, before: texts})
        return pack(contents, by.signer("ISS"))
    except (RecordError, KeyError, TypeError, AttributeError, ValueError):
        return smuggled(_again(ledger, before), by, raw)


def _misspelt(chance: random.Random, body: bytes) -> bytes:
    """Return JSON in an unusual spelling, or invalid JSON."""
    old, new = chance.choice(
        (
            (b'"schema":1', b'"schema":1.0'), (b'"schema":1', b'"schema":1e0'), (b'"schema":1', b'"schema":-0'),
            (b'"schema":1', b'"schema":9007199254740992'), (b'"schema":1', b'"schema":18446744073709551616'),
            (b'"schema":1', b'"schema":1e400'), (b'"schema":1', b'"schema":01'), (b'"schema":1', b'"schema":NaN'),
            (b'"refs":[]', b'"refs":' + b"[" * 17 + b"]" * 17), (b'"refs":[]', b'"refs":' + b"[" * 1100 + b"]" * 1100),
            (b'"refs":[]', b'"refs":[' + b"0," * 2001 + b"0]"), (b'"refs":[]', b'"refs":["' + b"x" * 33_000 + b'"]'),
            (b'"refs":[]', '"refs":["e\u0301"]'.encode()), (b'"refs":[]', '"refs":["\u202e"]'.encode()),
            (b'"refs":[]', b'"refs":["\\ud800"]'), (b'"refs":[]', b'"refs":["\\ud83d\\ude00"]'),
            (b'"refs":[]', b'"refs":["\xed\xa0\x80"]'), (b'"refs":[]', b'"refs":["\x7f"]'),
            (b'"refs":[]', b'"refs":["\x01"]'),
            (b'"refs":[]', b'"refs":[],"refs":[]'), (b'"refs":[]', b'"refs":[{"__proto__":1}]'),
            (b'"refs":[]', b'"refs":[{"":1}]'),
            (b'"refs":[]', b'"refs":[{"A":1}]'), (b'"refs":[]', b'"refs": []'), (b'"refs":[]', b'"refs":["a\\/b"]'),
            (b'"refs":[]', '"refs":["\u200d"]'.encode()), (b'"refs":[]', '"refs":["\U0001f600"]'.encode()),
        )
    )  # fmt: skip
    return body.replace(old, new, 1) if chance.random() < 0.9 else spoiled(chance, body)


def _put(name: str, *values: Any) -> Callable[[random.Random, dict[str, Any]], None]:
    """Return a change that sets a member, also `signer.role` or `public.actor`, to one of these values."""

    def change(chance: random.Random, payload: dict[str, Any]) -> None:
        *outer, last = name.split(".")
        inner = payload
        for each in outer:
            inner = inner.get(each) or {}
        inner[last] = chance.choice(values)

    return change


KEYS = tuple(hand(name).key for name in ("ilves", "registrar", "birch", "aspen"))
ACTORS = ("ilves", "registrar", "birch", "aspen", "nobody")
PLAUSIBLE: tuple[Callable[[random.Random, dict[str, Any]], None], ...] = (
    _put("schema", 2, 3),
    lambda chance, payload: payload.update(schema=2, public=chance.choice(({}, {"actor": 7}, {"key": []}))),
    _put("kind", *KINDS),
    _put("kind", "key-registered", "key-accepted", "key-rotated", "order-transmitted", "order-sung", "key-revoked"),
    _put("log", "ledger.test/xv"),
    _put("order", "99999999-2222-4333-8444-555555555555"),
    _put("seq", 1, 2, 3, 4, 5),
    _put("prev", None, "ab" * 32),
    _put("instrument", None, "EPOC", "2AP-7"),
    _put("speaks", "observation", "import"),
    _put("on", "2027-02-29T00:00:00Z", "1999-01-01T00:00:00Z", "2031-01-01T00:00:00Z", "2027-03-01T23:59:60Z"),
    _put("signed_at", "1999-01-01T00:00:00Z", "2031-01-01T00:00:00Z", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59Z"),
    _put("seen", None, {"origin": "ledger.test/xo/karsk", "size": 99, "note": "ab" * 32}),
    _put("seen", {"origin": "ledger.test/xv", "size": 1, "note": "ab" * 32}),
    _put("signer.actor", *ACTORS),
    _put("signer.role", *ROLES),
    _put("signer.party", "XV", "XO"),
    _put("whose", "pp-karsk"),
    _put("replaces", "ab" * 32),
    _put("audience", {"summary_of_facts": ["CT"]}, {"nothing": []}),
    _put("other", {"origin": "ledger.test/xv", "index": 4, "leaf": "ab" * 32, "checkpoint_sha256": "cd" * 32}),
    _put("public._sd", None, [], ["A" * 43]),
    _put("public.sung", True, {"any": ["thing"]}),
    _put("public.actor", *ACTORS),
    _put("public.key", *KEYS, "00" * 32, "zz"),
    _put("public.old_key", *KEYS),
    _put("public.new_key", *KEYS, "00" * 32, hand("cedar").key),
    _put("public.roles", [], ["ISS"], ["ADM", "ISS"], ["X"]),
    _put("public.digests", [], ["A" * 43], ["x"]),
    _put("public.from_size", 0, 4, 2**53 - 1, -1),
    _put("public.suspected_since", "2027-02-30T00:00:00Z", "2026-01-01T00:00:00Z", "2030-01-01T00:00:00Z"),
    _put("sealed", [], ["identifiers"], ["summary_of_facts", "identifiers"]),
)


def _again(ledger: Ledger, size: int) -> Ledger:
    """Return the same ledger as it was with `size` entries."""
    made = Ledger(origin=ledger.origin, witnesses=ledger.witnesses, keeper=ledger.keeper, log=ledger.log)
    for n, raw in enumerate(ledger.entries[:size]):
        made.append(raw)
        made.held[n] = ledger.held.get(n, ())
    made.heads, made.foreign, made.seen, made.clock = ledger.heads, ledger.foreign, ledger.seen, ledger.clock
    return made


def _next(ledger: Ledger, by: Hand) -> list[tuple[Hand, str, dict[str, Any], str | None]]:
    keeper, birch = ledger.keeper, hand("birch")
    text = {"code": "policy", "media": "text/plain", "size": 3, "sha256": "ab" * 32}
    office = {"actor": "birch", "party": "XO", "roles": ["ISS"], "valid_from": "2027-01-01"}
    issued = {"instrument": "2AP-7", "from_party": "XO", "to_party": "XV", "case_ref": "K-2"}
    return [
        (by, "order-transmitted", SENT, "ISS"),
        (by, "order-issued", issued, "ISS"),
        (by, "payload-key-destroyed", {"key_ref": "k", "method": "crypto-erased", "cause": "erasure-granted"}, None),
        (keeper, "authority-registered", office, None),
        (keeper, "authority-changed", {"actor": by.actor, "roles": ["ISS"], "valid_from": "2027-02-01"}, None),
        (keeper, "key-registered", {"actor": by.actor, "key": birch.key, "roles": ["ISS"]}, None),
        (keeper, "key-revoked", {"actor": by.actor, "cause": "lost"}, None),
        (keeper, "key-compromised", {"actor": by.actor, "suspected_since": "2027-03-01T09:00:00Z"}, None),
        (keeper, "key-rotated", {"actor": by.actor, "old_key": by.key, "new_key": birch.key}, None),
        (keeper, "witness-changed", {"policy_text": text}, None),
        (keeper, "log-key-rotated", {"old_key": "a", "new_key": "b", "from_size": 3}, None),
    ]


def _alter(chance: random.Random, value: dict[str, Any]) -> None:
    """Change one member of an object, or of an object inside it."""
    if not value:
        return
    name = chance.choice(sorted(value))
    inner = value[name]
    match chance.randrange(7):
        case 0:
            del value[name]
        case 1:
            value[chance.choice(("v", "_sd", "sung", "schema", "kind", "whose", "replaces", "other", "audience"))] = (
                chance.choice(HOSTILE)
            )
        case 2 if isinstance(inner, dict) and inner:
            _alter(chance, inner)
        case 3 if isinstance(inner, list):
            value[name] = chance.choice((inner[::-1], inner * 2, inner[1:], [*inner, "x"], [*inner, None]))
        case 4 if isinstance(inner, int):
            value[name] = inner + chance.choice((1, -1, 2))
        case 5 if isinstance(inner, str) and inner:
            at = chance.randrange(len(inner))
            value[name] = inner[:at] + chance.choice("09afZ-_é\u202e\n") + inner[at + 1 :]
        case _:
            value[name] = chance.choice(HOSTILE)


WAYS: tuple[Callable[[random.Random, Ledger, Hand], bytes], ...] = (
    flipped, swapped, lied, lied, claimed, committed, committed, written, written, pretended, pretended, pretended,
)  # fmt: skip
