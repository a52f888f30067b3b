"""From a script to bytes: every deed sealed and chained, every head signed, the bundle packed, its list signed."""

from __future__ import annotations

import json
import random
import re
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from unittest import mock

import msgspec
from msgspec.structs import replace

from ledger.bundle.archive import pack
from ledger.bundle.audience import readable
from ledger.bundle.contents import Contents
from ledger.bundle.manifest import Manifest
from ledger.entries.case import wire
from ledger.entries.envelope import Circumstances, EntryPlace, OpenedEntry, Sealed, Signer, entry_of, seal
from ledger.entries.envelope import open_ as open_entry
from ledger.entries.payload import Document, Other, Seen
from ledger.entries.placement import Link
from ledger.entries.wrapped_entry import wrapping, wrapping_crossed
from ledger.errors import RecordError
from ledger.facts import build as fact_of
from ledger.facts import public_of
from ledger.formats.canonical_json import canonical
from ledger.formats.dsse import EVENT_TYPE, seal_bytes
from ledger.formats.ed25519 import sign
from ledger.formats.selective_disclosure import Disclosure, digest_of
from ledger.tlog.note import Checkpoint, cosign, format_checkpoint, log_vkey, note_digest, sign_note, witness_vkey
from ledger.tlog.tree import format_proof, leaf_hash, prove_consistency, prove_inclusion
from ledger.tlog.tree import root as root_of
from ledger.trust.trust_folder import Sizes, Trust, parse_trust
from tests.fuzz.script import Deed, Script
from tests.support.memory_ledger import BEGINS, COMPANION, LINKED, NOW, ORDER, Hand, Ledger, changed, hand

ORDERS = {"main": ORDER, "companion": COMPANION, "linked": LINKED}
ORIGINS = {"own": "ledger.test/xo/karsk", "other": "ledger.test/xv", "third": "ledger.test/third"}
KEEPERS = {"own": "registrar", "other": "keeper", "third": "stranger"}
PARTIES = {"own": "XO", "other": "XV", "third": "XX"}
NOBODY = "ab" * 32


@dataclass
class Built:
    """The files of a verifier, and which deed each leaf is."""

    data: bytes
    trust: Trust | None
    anchor: bytes | None
    now: datetime
    deeds: dict[str, str]
    skipped: list[str]


def person(name: str, parties: Mapping[str, str]) -> Hand:
    """Return the signer behind `actor` or `actor/key`."""
    actor, _, key = name.partition("/")
    return hand(actor, parties.get(actor, "XX"), key or "first")


def log_hand(log: str, key: str = "first") -> Hand:
    return hand(f"log {log}", key=key)


def at(minutes: int) -> datetime:
    return BEGINS + timedelta(minutes=minutes)


def build(script: Script) -> Built:
    """Return the case of a script; a deed that cannot be sealed at all is skipped."""
    return _Builder(script).built()


@dataclass
class _Log(Ledger):
    """A ledger of which any witnesses may have seen any head, and whose log key is another one from a size on."""

    notes: dict[str, bytes] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)  # deed -> index

    def note(
        self, times: Mapping[str, int], size: int | None = None, by: Hand | None = None, root: bytes | None = None
    ) -> bytes:
        size = self.size if size is None else size
        body = format_checkpoint(Checkpoint(self.origin, size, root or root_of(size, self.read)))
        note = sign_note(body, self.origin, (by or self.log).seed)
        for n, time in sorted(times.items()):
            seconds = int(at(time).timestamp())
            note += cosign(note.encode(), f"witness.test/{n}", hand(f"witness {n}").seed, seconds)
        return note.encode()


class _Builder:
    def __init__(self, script: Script) -> None:
        self.script = script
        self.parties = {**{k: PARTIES[log] for log, k in KEEPERS.items()}, **script.parties}
        self.logs = {
            log: _Log(origin, 0, person(KEEPERS[log], self.parties), log_hand(log)) for log, origin in ORIGINS.items()
        }
        self.sealed: dict[str, tuple[str, Sealed]] = {}  # deed -> log and what was sealed
        self.foreign: dict[str, bytes] = {}
        self.wrapped: list[tuple[str, str, bool]] = []  # name in foreign/, deed, whether it is opened
        self.skipped: list[str] = []
        self.destroyed: set[str] = set()

    # -- deeds -------------------------------------------------------------------------------------------------------

    def built(self) -> Built:
        for deed in self.script.deeds:
            try:
                self._head(deed) if deed.kind == "head" else self._do(deed)
            except RecordError:
                if deed.wraps is None:  # what is wrapped may be none
                    self.skipped.append(deed.id)
        data = self._bundle()
        trust = self._trust()
        now = NOW + timedelta(days=self.script.verifier.days)
        deeds = {s.leaf: id for id, (_, s) in self.sealed.items()}
        return Built(data, trust, self._anchor(), now, deeds, self.skipped)

    def _head(self, deed: Deed) -> None:
        log = self.logs[deed.log]
        note = log.note(deed.times)
        log.notes[deed.id] = note
        if deed.log == "own":
            log.heads[note_digest(note)] = note
        if deed.cite:
            log.seen = Seen(log.origin, log.size, note_digest(note))

    def _do(self, deed: Deed) -> None:
        log = self.logs[deed.log]
        if deed.again is not None:
            log.append(self.sealed[deed.again][1].raw)
            return
        order = ORDERS[deed.order] if deed.order else log.registry
        public, other = self._meant(deed.public), self._meant(deed.other)
        if deed.wraps is not None:
            about, place = self._wrap(deed)
            public, other = {**about, **public}, msgspec.to_builtins(place) | (other or {}) if place else other
        documents: tuple[Document, ...] = ()
        if deed.kind == "log-succeeded" and "predecessor" not in public:
            about, documents = self._predecessor()
            public = {**about, **public}
        fact = fact_of(deed.kind, public, self._meant(deed.sealed))
        before = log._links.get(order)
        instrument = self.script.instruments[deed.order] if deed.order else None
        place_here = EntryPlace(
            log.origin, order, before.seq + 1 if before else 1, before.leaf if before else None, instrument, log.seen
        )
        said = Circumstances(
            on=at(deed.at if deed.on is None else deed.on), signed_at=at(deed.at), speaks=deed.speaks,  # type: ignore[arg-type]
            on_source=deed.on_source, whose=deed.whose, replaces=self._meant(deed.replaces),  # type: ignore[arg-type]
            audience=deed.audience or None, documents=documents,
            other=msgspec.convert(other, Other) if other else None,
        )  # fmt: skip
        by = person(deed.by, self.parties)
        signer = by.signer(deed.role or fact.signers[0])
        if deed.key is not None:
            key = person(deed.key, self.parties)
            signer = replace(signer, public=bytes.fromhex(key.key), sign=lambda m: sign(key.seed, m))
        made = seal(fact, place_here, signer, said, self._entry_id(deed), log.salt)
        if deed.hides:
            made = self._hidden(made, deed, signer, log)
        if deed.changes:
            made = self._changed(made, deed, signer)
        self.sealed[deed.id] = (deed.log, made)
        if deed.loose:
            return
        index = log.append(made.raw)
        log.held[index] = made.disclosures
        log.places[deed.id] = index
        log._links[order] = Link(place_here.seq, made.leaf, instrument)
        if deed.kind == "payload-key-destroyed":
            self.destroyed.update(public.get("digests", ()))
        if deed.rotates:
            log.log = log_hand(deed.log, deed.rotates)

    def _entry_id(self, deed: Deed) -> str:
        return sha256(f"entry {deed.id}".encode()).hexdigest()[:32]

    def _hidden(self, made: Sealed, deed: Deed, signer: Signer, log: _Log) -> Sealed:
        """Return the entry that commits to other values, whose form is not checked."""
        kept = [d for d in made.disclosures if d.name not in deed.hides]
        made = replace(made, disclosures=(*kept, *(_veiled(n, v, log.salt(16)) for n, v in deed.hides.items())))
        digests = sorted(d.digest for d in made.disclosures)
        names = sorted(d.name for d in made.disclosures)
        return self._changed(made, deed.clone(changes={"public._sd": digests, "sealed": names}), signer)

    def _changed(self, made: Sealed, deed: Deed, signer: Signer) -> Sealed:
        payload = json.loads(b64decode(json.loads(made.raw)["payload"]))
        for name, value in deed.changes.items():
            *outer, last = name.split(".")
            inner = payload
            for each in outer:
                inner = inner[each]
            if value == {"$": "absent"}:
                inner.pop(last, None)
            else:
                inner[last] = self._meant(value)
        raw = seal_bytes(_written(payload), EVENT_TYPE, signer.public, signer.sign)
        return Sealed(raw, leaf_hash(raw).hex(), made.disclosures)

    def _meant(self, value: Any) -> Any:
        """Return the value with every placeholder replaced."""
        if isinstance(value, list):
            return [self._meant(each) for each in value]
        if not isinstance(value, dict):
            return value
        if "$" not in value:
            return {name: self._meant(each) for name, each in value.items()}
        of = value.get("of", "")
        match value["$"]:
            case "leaf":
                return self.sealed[of][1].leaf if of in self.sealed else NOBODY
            case "entry":
                return sha256(f"entry {of}".encode()).hexdigest()[:32]
            case "envelope":
                return sha256(self.sealed[of][1].raw).hexdigest() if of in self.sealed else NOBODY
            case "digest":
                named = self.sealed[of][1].disclosures if of in self.sealed else ()
                return next((d.digest for d in named if d.name == value["field"]), "A" * 43)
            case "digests":
                return sorted(d.digest for d in self.sealed[of][1].disclosures) if of in self.sealed else []
            case "key":
                return person(of, self.parties).key
            case "keyhash":
                return sha256(bytes.fromhex(person(of, self.parties).key)).hexdigest()
            case "vkey":
                log, _, key = of.partition("/")
                return log_vkey(ORIGINS[log], bytes.fromhex(log_hand(log, key or "first").key))
            case "size":
                return self.logs[of].size + value.get("plus", 0)
            case "index":
                return next((log.places[of] for log in self.logs.values() if of in log.places), 0)
            case "note":
                return next((note_digest(log.notes[of]) for log in self.logs.values() if of in log.notes), NOBODY)
            case "policy":
                copy = self._copy() if of == "copy" else self._own_policy()
                return sha256(copy).hexdigest()
            case "moment":
                return wire(at(value["at"]))
            case "order":
                return ORDERS[of]
            case "origin":
                return ORIGINS[of]
            case what:
                raise KeyError(what)

    # -- what arrives ------------------------------------------------------------------------------------------------

    def _wrap(self, deed: Deed) -> tuple[dict[str, Any], Other | None]:
        wrap = deed.wraps
        assert wrap is not None
        if wrap.of not in self.sealed:
            raise RecordError("FUZZ", "what was to be wrapped is not there")
        origin, sealed = self.sealed[wrap.of]
        name = sha256(sealed.raw).hexdigest()
        if wrap.file:
            self.foreign[name] = sealed.raw
            self.wrapped.append((name, wrap.of, wrap.values))
        if wrap.head is None:
            public = public_of(wrapping_crossed(sealed.raw, self.logs[deed.log].size))
            return public | ({"proof_check": wrap.check} if wrap.check else {}), None
        log = self.logs[origin]
        if wrap.head not in log.notes or wrap.of not in log.places:
            raise RecordError("FUZZ", "there is no head to prove it under")
        proof = self._proof(wrap.of, wrap.head, log, wrap.proof, wrap.signed)
        fact, place = wrapping(sealed.raw, proof, wrap.check or ("verifies" if wrap.proof == "good" else "fails"))
        if wrap.file and wrap.proof != "none":
            self.foreign[f"{name}.tlog-proof"] = proof
        return public_of(fact), place

    def _proof(self, deed: str, head: str, log: _Log, spoiled: str, signed: str | None) -> bytes:
        note, index = log.notes[head], log.places[deed]
        size = int(note.split(b"\n")[1])
        if index >= size:
            raise RecordError("FUZZ", "the head is older")
        if signed is not None:
            note = log.note({}, size, person(signed, self.parties))
        path = prove_inclusion(index, size, log.read)
        if spoiled == "path":
            path = [bytes(32), *path[1:]] if path else [bytes(32)]
        if spoiled == "note":
            note = note.replace(b"\n\n", b"\n", 1)
        return format_proof(index + (spoiled == "index"), path, note)

    @staticmethod
    def _old() -> tuple[bytes, str]:
        old = Ledger(origin="ledger.test/xo/old", log=hand("log old"))
        old.enrol("ilves", "XO", "ISS")
        return old.checkpoint(), old.origin

    def _predecessor(self) -> tuple[dict[str, Any], tuple[Document, ...]]:
        note, origin = self._old()
        _, size, root = note.decode().split("\n")[:3]
        name = sha256(note).hexdigest()
        self.foreign[name] = note
        public = {"predecessor": origin, "size": int(size), "root": b64decode(root).hex(), "cause": "planned"}
        return public, (Document("predecessor-head", "text/plain", len(note), name),)

    # -- the bundle --------------------------------------------------------------------------------------------------

    def _bundle(self) -> bytes:
        asked = self.script.bundle
        log = self.logs["other" if asked.foreign_origin else "own"]
        for index, disclosures in log.held.items():
            log.held[index] = tuple(d for d in disclosures if asked.opened_all or d.digest not in self.destroyed)
        size = max(0, log.size - asked.behind)
        note = log.note(asked.times, size, person(asked.sign, self.parties) if asked.sign else None)
        maker = person(asked.by, {**self.parties, **({asked.by.partition("/")[0]: asked.party} if asked.party else {})})
        log.foreign = self._foreign()
        orders = [ORDERS[name] for name in asked.more if ORDERS[name] in log._links]
        with _lenient():
            contents = self._contents(log, note, orders)
            signer = maker.signer(asked.role)
            if asked.key:
                key = person(asked.key, self.parties)
                signer = replace(signer, public=bytes.fromhex(key.key), sign=lambda m: sign(key.seed, m))
            data = pack(contents, signer)
            said = self._meant(asked.said)
            if said or asked.put or asked.drop or asked.flip:
                data = changed(data, self._refiled, signer, **_converted(said))
        return data

    def _foreign(self) -> dict[str, bytes]:
        """Return the files of other records, with the values that this audience may read."""
        files = dict(self.foreign)
        for name, deed, values in self.wrapped:
            sealed = self.sealed[deed][1]
            try:
                entry = entry_of(open_entry(sealed.raw, verify=False), 0)
            except RecordError:
                continue
            may = entry.sealed.keys() & readable(entry, self.script.bundle.audience) if values else ()
            texts = [d.text for d in sealed.disclosures if d.name in may and d.digest not in self.destroyed]
            for id, other in self.script.bundle.opens:
                if id == f"foreign {deed}":
                    texts = [d.text for d in self.sealed[other][1].disclosures]
            if texts:
                files[f"{name}.txt"] = "".join(f"{text}\n" for text in texts).encode()
        return files

    def _contents(self, log: _Log, note: bytes, orders: list[str]) -> Contents:
        asked = self.script.bundle
        size = int(note.split(b"\n")[1])
        heads = {d: n for d, n in log.heads.items() if n != note}
        for id in [id for id in asked.forks if id in log.notes]:
            fork = log.note({}, int(log.notes[id].split(b"\n")[1]), root=sha256(id.encode()).digest())
            heads[note_digest(fork)] = fork
        sizes = {int(n.split(b"\n")[1]) for n in heads.values()} - {size, 0}
        pairs = {(min(m, size), max(m, size)) for m in sizes}
        consistency = {pair: prove_consistency(*pair, log.read) for pair in pairs if asked.consistency != "none"}
        if asked.consistency == "wrong":
            consistency = {pair: [bytes(32), *path[1:]] for pair, path in consistency.items()}
        signed_by_log = log.note({}, size)
        contents = log.contents(
            asked.audience, *orders, order=ORDERS[asked.order], note=signed_by_log, policy=self._copy(), heads=heads,
            consistency=consistency,
        )  # fmt: skip
        kept = self._kept(log, contents.entries)
        entries = [(n, raw, format_proof(n, prove_inclusion(n, size, log.read), note)) for n, raw, _ in kept]
        texts = self._texts(log, contents, {n for n, _, _ in kept}, size)
        about = replace(contents.about, made_at=at(asked.at))
        about = replace(about, withheld=tuple(w for w in about.withheld if w.index in {n for n, _, _ in kept}))
        others: dict[str, Any] = {}
        if "others" in Contents.__struct_fields__ and asked.registers != "none":
            others = {"others": self._registers()}
        return replace(contents, checkpoint=note, entries=entries, disclosures=texts, about=about, **others)

    def _registers(self) -> dict[str, dict[int, tuple[bytes, bytes]]]:
        """Return the registers of the other logs from which something arrived, each under the last head in use."""
        used = {deed.wraps.head for deed in self.script.deeds if deed.wraps and deed.wraps.head}
        found = {}
        for log in self.logs.values():
            notes = [note for id, note in log.notes.items() if id in used]
            if not notes or log.origin == ORIGINS["own"]:
                continue
            note = max(notes, key=lambda n: (n.count(b"witness.test/"), int(n.split(b"\n")[1])))
            size = int(note.split(b"\n")[1])
            indexes = [n for n, _ in log.seen_by([log.registry]) if n < size]
            if self.script.bundle.registers == "cut":
                indexes = indexes[:-1]
            register = {n: (log.entries[n], format_proof(n, prove_inclusion(n, size, log.read), note)) for n in indexes}
            if self.script.bundle.registers == "spoiled" and len(indexes) > 1:
                register[indexes[0]] = (register[indexes[1]][0], register[indexes[0]][1])
            found[log.origin] = register
        return found

    def _kept(self, log: _Log, entries: Any) -> list[tuple[int, bytes, bytes]]:
        asked = self.script.bundle
        omitted = {log.places[id] for id in asked.omit if id in log.places}
        found = [each for each in entries if each[0] not in omitted]
        for name, count in asked.cut.items():
            order = log.registry if name == "register" else ORDERS[name]
            mine = [n for n, raw, _ in found if _opened(raw).payload.order == order]
            last = set(mine[len(mine) - count :] if count < len(mine) else [])
            found = [each for each in found if each[0] not in last]
        return found

    def _texts(self, log: _Log, contents: Contents, kept: set[int], size: int) -> dict[int, list[str]]:
        asked = self.script.bundle
        if asked.opened_all:
            texts = {n: [d.text for d in log.held.get(n, ())] for n in kept}
        else:
            texts = {n: list(t) for n, t in contents.disclosures.items() if n in kept}
        for id in asked.closes:
            texts.pop(log.places.get(id, -1), None)
        for id, other in asked.opens:
            if id in log.places and other in self.sealed:
                texts[log.places[id]] = [d.text for d in self.sealed[other][1].disclosures]
        return {n: t for n, t in texts.items() if t and n < size}

    def _refiled(self, files: dict[str, bytes]) -> None:
        asked = self.script.bundle
        for part in asked.drop:
            for path in [p for p in files if re.search(part, p)]:
                del files[path]
        for path, text in asked.put.items():
            files[path] = text.encode()
        if asked.flip:
            chance = random.Random(asked.flip[0])
            path = chance.choice(sorted(p for p in files if files[p] and p not in ("mimetype", "manifest.dsse.json")))
            raw = bytearray(files[path])
            bit = asked.flip[1] % (8 * len(raw))
            raw[bit // 8] ^= 1 << bit % 8
            files[path] = bytes(raw)

    # -- the verifier ------------------------------------------------------------------------------------------------

    def policy(self, log: str, witnesses: int, quorum: str, key: Hand | None = None) -> bytes:
        """Return a policy with every key that a log has had, or with another one."""
        keys = {log_hand(log).key: log_hand(log)} | {self.logs[log].log.key: self.logs[log].log}
        hands = [key] if key else list(keys.values())
        lines = [f"log {self._vkey(log, each)}" for each in hands]
        names = [f"w{n}" for n in range(1, witnesses + 1)]
        for n, name in enumerate(names, 1):
            vkey = witness_vkey(f"witness.test/{n}", bytes.fromhex(hand(f"witness {n}").key))
            lines.append(f"witness {name} {vkey}")
        if names and quorum != "none":
            lines.append(f"group some {quorum} {' '.join(names)}")
        lines.append(f"quorum {'some' if names and quorum != 'none' else 'none'}")
        return "".join(f"{line}\n" for line in lines).encode()

    def _own_policy(self, key: Hand | None = None) -> bytes:
        held = self.script.verifier
        count = self.script.witnesses + held.more_witnesses
        quorum = held.quorum or self.script.quorum
        if held.more_witnesses and not held.quorum:
            quorum = "all"
        return self.policy("own", count, quorum, key)

    def _copy(self) -> bytes:
        copy = self.policy("own", self.script.witnesses, self.script.quorum)
        match self.script.bundle.policy:
            case "none":
                return self.policy("own", 0, "none")
            case "stranger":
                return self.policy("own", 0, "none", hand("stranger"))
            case "comment":
                return copy + b"# newer\n"
            case _:
                return copy

    def _trust(self) -> Trust | None:
        held = self.script.verifier
        if held.policy == "none":
            return None
        stranger = hand("stranger") if held.policy == "stranger" else None
        files = {"policy": self._own_policy(stranger)}
        if held.registrar != "none":
            keeper = person(KEEPERS[{"own": "own", "other": "other"}.get(held.registrar, "third")], self.parties)
            files["registrar"] = f"{keeper.actor} {keeper.party} {keeper.key}\n".encode()
        if held.others:
            keeper = self.logs["other"].keeper
            count = int(self.script.witnessed_there)
            files["others/xv/policy"] = self.policy("other", count, "all" if count else "none")
            files["others/xv/registrar"] = f"{keeper.actor} {keeper.party} {keeper.key}\n".encode()
        trust = parse_trust(files)
        if held.sizes:
            trust = replace(trust, sizes={self._vkey("own", log_hand("own")): Sizes(*held.sizes)})
        if held.until is not None:
            trust = replace(trust, until=NOW + timedelta(days=held.until))
        return trust

    @staticmethod
    def _vkey(log: str, by: Hand) -> str:
        return log_vkey(ORIGINS[log], bytes.fromhex(by.key))

    def _anchor(self) -> bytes | None:
        log = self.logs["own"]
        size = max(0, log.size - self.script.bundle.behind)
        match self.script.verifier.anchor:
            case "head":
                return log.note({}, size)
            case "older":
                return log.note({}, max(1, size - 2))
            case "wrong":
                return log.note({}, size, root=bytes(32))
            case "foreign":
                return self.logs["other"].note({})
            case _:
                return None


def _written(value: Any) -> bytes:
    """Return the canonical form of a value; of a value without one, the form it would have."""
    try:
        return canonical(value, max_nodes=100_000)
    except RecordError:
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return text.encode("utf-8", "surrogatepass")


def _veiled(name: str, value: Any, salt: bytes) -> Disclosure:
    def encoded(data: bytes) -> str:
        return urlsafe_b64encode(data).rstrip(b"=").decode()

    text = encoded(_written([encoded(salt), name, value]))
    return Disclosure(salt, name, value, text, digest_of(text))


def _opened(raw: bytes) -> OpenedEntry:
    return open_entry(raw, verify=False)


def _converted(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return members of a manifest from JSON."""
    types = {f.name: f.type for f in msgspec.structs.fields(Manifest)}
    return {name: msgspec.convert(value, types[name]) for name, value in said.items()}


class _LenientChains:
    """Accepts any order of entries: a dishonest maker packs what no honest one would."""

    def __init__(self, origin: str) -> None:
        self.heads: dict[str, Link] = {}

    def follow(self, opened: OpenedEntry) -> None:
        p = opened.payload
        self.heads[p.order] = Link(p.seq, opened.leaf, p.instrument)


@contextmanager
def _lenient() -> Iterator[None]:
    with mock.patch("ledger.bundle.archive.Chains", _LenientChains):
        yield
