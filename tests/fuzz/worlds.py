"""Honest worlds from a seed: two ledgers that keep one order between them, and a bundle of one of them."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from ledger.entries.case import wire
from ledger.facts import KINDS, Field
from ledger.facts.value_forms import ListForm, TextForm
from ledger.facts.vocabulary import ELEMENTS, INSTRUMENTS
from tests.fuzz.built import KEEPERS
from tests.fuzz.script import Bundle, Deed, Script, Verifier, Wrap
from tests.support.memory_ledger import BEGINS

FILE = {"name": "main.json", "size": 4210, "sha256": "32" * 32}
MANIFEST = {"elements": ["name"], "files": [FILE]}

OFFICES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "ilves": ("XO", ("ISS", "VAL")),
    "orn": ("XO", ("RET", "SEEK")),
    "court": ("XO", ("CT",)),
    "dpo": ("XO", ("DPO",)),
    "lab": ("XO", ("LAB",)),
    "counsel": ("XO", ("DEF",)),
    "central": ("XO", ("CAR", "ISS", "POC")),
    "skylark": ("XV", ("SP",)),
    "ncco": ("XV", ("NOT", "CAQ")),
}
THERE = ("skylark", "ncco")  # who writes into the other ledger
HIDDEN = frozenset(name for name, kind in KINDS.items() if kind.shown_to)
APART = frozenset({"counterparty-record-received", "payload-key-destroyed", "order-issued", "record-accessed"})
AUDIENCES = ("CT", "CT", "SP", "DEF", "DPO", "RET", "ISS", "NOT", "SA")


def ref(what: str, of: str = "", **more: Any) -> dict[str, Any]:
    """Return the placeholder of something that is known later."""
    return {"$": what, **({"of": of} if of else {}), **more}


class _World:
    """A script while it is written; time goes on with every deed."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.clock = 0
        self.deeds: list[Deed] = []
        self.offices: dict[str, list[str]] = {"own": [], "other": []}
        chance = self.chance
        self.instruments = {
            "main": chance.choice(("2AP-7", "2AP-7", "EPOC", *INSTRUMENTS)),
            "linked": chance.choice(("2AP-8", "BC-31", "EPOC-PR", *INSTRUMENTS)),
        }
        self.instruments = {n: i if i in INSTRUMENTS else "2AP-7" for n, i in self.instruments.items()}
        self.instruments["companion"] = self.instruments["main"]
        self.witnesses = chance.choice((0, 0, 1, 2, 3, 3))
        self.witnessed_there = self.maybe(0.3)
        self.quorum = "none" if not self.witnesses else chance.choice(("all", "any", str((self.witnesses + 2) // 2)))

    def maybe(self, odds: float) -> bool:
        return self.chance.random() < odds

    def do(self, kind: str, by: str, order: str | None = "main", *, wait: int = 0, **more: Any) -> str:
        self.clock += wait or self.chance.choice((1, 2, 7, 40))
        id = f"d{len(self.deeds)}"
        self.deeds.append(Deed(id, kind, self.clock, by, order=order, **more))
        return id

    def times(self) -> dict[str, int]:
        """Return by when each witness saw a head that is signed now."""
        return {str(n): self.clock + self.chance.randrange(3) for n in range(1, self.witnesses + 1)}

    def head(self, log: str = "own", cite: bool = False) -> str:
        times = self.times() if log == "own" else {"1": self.clock} if self.witnessed_there else {}
        id = self.do("head", "", None, log=log, cite=cite, times=times)
        self.clock += 3
        return id

    # -- registers -----------------------------------------------------------------------------------------------------

    def enrol(self, actor: str, log: str = "own", key: str = "", **more: Any) -> None:
        party, roles = OFFICES[actor]
        keeper, holder = KEEPERS[log], f"{actor}{key and '/'}{key}"
        office = {"actor": actor, "party": party, "roles": list(roles), "valid_from": "2027-01-01"}
        self.do("authority-registered", keeper, None, public=office, log=log)
        self.key(actor, holder, log, **more)
        self.offices[log].append(actor)

    def key(self, actor: str, holder: str, log: str = "own", **more: Any) -> None:
        _, roles = OFFICES[actor]
        public = {"actor": actor, "key": ref("key", holder), "roles": list(roles), **more}
        self.do("key-registered", KEEPERS[log], None, public=public, log=log)
        self.do("key-accepted", holder, None, public={"key": ref("key", holder)}, role=roles[0], log=log)

    # -- facts ---------------------------------------------------------------------------------------------------------

    def holder(self, roles: Sequence[str], log: str = "own") -> tuple[str, str] | None:
        """Return an actor of this ledger with one of these roles, and the role."""
        able = [(a, r) for a in self.offices[log] for r in OFFICES[a][1] if r in roles]
        return self.chance.choice(able) if able else None

    def value(self, field: Field) -> Any:
        """Return a value of a field's form."""
        chance = self.chance
        if field.type.startswith("list["):
            one = Field(**{n: getattr(field, n) for n in field.__struct_fields__} | {"type": field.type[5:-1]})
            return [self.value(one) for _ in range(chance.randint(1, 2))]
        match field.type:
            case "bool":
                return self.maybe(0.5)
            case "int":
                return chance.randint(0, 9)
            case "instant":
                return wire(BEGINS + timedelta(hours=chance.randint(0, 900)))
            case "date":
                return (BEGINS + timedelta(days=chance.randint(-5, 90))).date().isoformat()
            case "duration":
                return chance.choice(("P20D", "PT8H", "P1M"))
            case "party":
                return chance.choice(("XO", "XV"))
            case "actor":
                return chance.choice(tuple(OFFICES))
            case "code":
                return chance.choice(field.one_of)
            case "element":
                return chance.choice(tuple(ELEMENTS))
            case "event":
                mine = [d.id for d in self.deeds if d.order == "main" and d.log == "own" and not d.loose]
                return ref("leaf", chance.choice(mine)) if mine else "ab" * 32
            case "document":
                return {"code": "paper", "media": "application/pdf", "size": 1, "sha256": "0" * 64}
            case "manifest":
                return MANIFEST
            case "order":
                return ref("order", "linked")
            case "role":
                return "ISS"
            case "instrument":
                return self.instruments["main"]
            case _:
                text = chance.choice(("some", "other", "D-7-7"))
                form = field.form.item if isinstance(field.form, ListForm) else field.form
                patterns = [form.pattern, form.strict_pattern] if isinstance(form, TextForm) else []
                texts = (text, "ab" * 32, "en", "2AP=2027-01-01", "1250.00", "EUR")
                return next(t for t in texts if all(re.fullmatch(p, t) for p in patterns if p))

    def any_fact(self, order: str = "main", log: str = "own") -> None:
        """Return a fact of any kind that one of the offices may state."""
        kinds = [n for n, k in KINDS.items() if k.group != "governance" and n not in HIDDEN | APART]
        kind = self.chance.choice(kinds)
        found = self.holder(KINDS[kind].signers, log)
        if found is None:
            return
        fields = {n: f for n, f in KINDS[kind].fields().items() if f.required or self.maybe(0.3)}
        said = {n: self.value(f) for n, f in fields.items()}
        public = {n: v for n, v in said.items() if not fields[n].sealed}
        sealed = {n: v for n, v in said.items() if fields[n].sealed}
        self.do(kind, found[0], order, role=found[1], public=public, sealed=sealed, log=log)

    def issue(self, order: str, log: str = "own") -> str:
        instrument = self.instruments[order]
        public = {
            "instrument": instrument, "from_party": "XO", "to_party": "XV", "case_ref": f"KA-2027-{order}",
            "providers": ["skylark"], "elements_sought": ["name"],
        }  # fmt: skip
        sealed = {"identifiers": ["skyl-4471"], "summary_of_facts": "Payments for goods that were never sent."}
        by = self.chance.choice([a for a in ("ilves", "central") if a in self.offices[log]] or ["ilves"])
        return self.do("order-issued", by, order, role="ISS", public=public, sealed=sealed, log=log)


def world(seed: int) -> Script:
    """Return the honest script of this seed."""
    w = _World(seed)
    chance = w.chance
    if w.maybe(0.1):
        w.do("log-succeeded", "registrar", None)
    for code in ("XO", "XV"):
        if w.maybe(0.5):
            said = {"party": code, "names": {"en": code}, "zone": "Europe/Oslo", "declarations_verified": True}
            w.do("party-registered", "registrar", None, public=said)
    w.enrol("ilves", next_key_sha256=ref("keyhash", "ilves/second"))
    for actor in chance.sample([a for a in OFFICES if a not in ("ilves", "skylark")], chance.randint(0, 4)):
        w.enrol(actor)
    if w.maybe(0.65):
        w.enrol("skylark")
    for actor in ("skylark", "ncco") if w.maybe(0.5) else ("skylark",):
        # an office that has keys here speaks with one of these elsewhere too
        w.enrol(actor, "other", key="" if actor in w.offices["own"] or w.maybe(0.5) else "there")
    if w.maybe(0.6):
        w.head(cite=True)

    if w.maybe(0.7):
        w.do("order-supervised", "ilves", role="VAL", public={"capacity": "public-prosecutor", "decision": "approved"})
    w.issue("main")
    w.do("order-transmitted", "ilves", role="ISS", public={"addressee": "skylark", "channel": "mail"})
    if w.maybe(0.3):
        w.issue("linked")
        w.any_fact("linked")
    if w.maybe(0.2):
        said = {"asked_of": "court"}
        hidden = {"main_order": ref("order", "main")}
        w.do("ex-post-validation-sought", "ilves", "companion", role="ISS", public=said, sealed=hidden)
    if "skylark" in w.offices["own"]:
        receipt = w.do("order-received", "skylark", role="SP", public={"proof_kind": "own-stamp"})
        if w.maybe(0.3):
            said = {"about": ref("leaf", receipt), "claimed_on": "2027-03-02T09:00:00Z"}
            w.do("receipt-disputed", "ilves", role="ISS", public=said)
    for _ in range(chance.randint(0, 4)):
        w.any_fact()
    if w.maybe(0.4):
        w.head(cite=w.maybe(0.5))
    _from_there(w)
    _changes(w)
    for _ in range(chance.randint(0, 3)):
        w.any_fact()
    audience = chance.choice(AUDIENCES)
    more = [label for label in ("linked", "companion") if any(d.order == label for d in w.deeds) and w.maybe(0.6)]
    if audience not in ("CT", "VAL", "ISS"):
        more = [label for label in more if label != "companion"]
    by, role = ("ilves", "ISS")
    bundle = Bundle(w.clock + 60, by, role, audience, "main", more, w.times())
    if any(d.kind == "key-rotated" and d.public["actor"] == "ilves" for d in w.deeds):
        bundle.by = "ilves/second"
    used = w.instruments
    parties = {actor: party for actor, (party, _) in OFFICES.items()}
    script = Script(used, parties, w.deeds, bundle, Verifier(), w.witnesses, w.quorum, w.witnessed_there)
    if w.maybe(0.1):
        script.verifier.anchor = chance.choice(("head", "head"))
    return script


def _from_there(w: _World) -> None:
    """Record what the other side records in its ledger, and what of it arrives here."""
    chance = w.chance
    there: list[str] = []
    for _ in range(chance.randint(0, 3)):
        before = len(w.deeds)
        if w.maybe(0.5):
            actor = chance.choice(w.offices["other"])
            key = "there" if any(d.by == f"{actor}/there" for d in w.deeds) else ""
            by = f"{actor}{key and '/'}{key}"
            kind, role, public, sealed = chance.choice(_THERE[actor])
            w.do(kind, by, role=role, public=public, sealed=sealed, log="other")
        there += [d.id for d in w.deeds[before:]]
    if not there:
        return
    head = w.head("other")
    for id in there:
        if w.maybe(0.8):
            deed = w.deeds[int(id[1:])]
            wrap = Wrap(id, head)
            public = {}
            mine = [d for d in w.deeds if d.kind == deed.kind and d.log == "own" and d.by == deed.by.partition("/")[0]]
            if mine and w.maybe(0.3):
                public["backs"] = ref("leaf", mine[-1].id)
            w.do("counterparty-record-received", "ilves", role="ISS", wraps=wrap, public=public)
    if w.maybe(0.2) and "skylark" in w.offices["own"]:
        said = {"reason_code": "none-given"}
        late = w.do("disclosure-declined", "skylark", role="SP", public=said, loose=True)
        w.any_fact()
        w.do("counterparty-record-received", "ilves", role="ISS", wraps=Wrap(late))


_THERE: Mapping[str, Sequence[tuple[str, str, dict[str, Any], dict[str, Any]]]] = {
    "skylark": (
        ("order-received", "SP", {"proof_kind": "own-stamp"}, {}),
        ("data-disclosed", "SP", {"partial": False, "channel": "mail"}, {"manifest": MANIFEST}),
        ("disclosure-declined", "SP", {"reason_code": "none-given"}, {"reasons": "Nothing was found."}),
    ),
    "ncco": (
        ("notification-received", "NOT", {}, {}),
        ("no-ground-confirmed", "NOT", {}, {}),
        ("request-accepted", "CAQ", {"complete_at": "2027-03-02T09:00:00Z"}, {}),
    ),
}


def _changes(w: _World) -> None:
    """Change keys, erase values, correct entries."""
    chance, said = w.chance, dict[str, Any]()
    others = [a for a in w.offices["own"] if a not in ("ilves", "skylark")]
    if others and w.maybe(0.3):
        gone = chance.choice(others)
        w.do("key-revoked", "registrar", None, public={"actor": gone, "cause": "left-office"})
        w.offices["own"].remove(gone)
    if w.maybe(0.2):
        said = {"actor": "ilves", "old_key": ref("key", "ilves"), "new_key": ref("key", "ilves/second")}
        w.do("key-rotated", "ilves", None, role="ISS", public=said)
        w.offices["own"].remove("ilves")  # its facts would be signed with the old key
    elif w.maybe(0.3):
        issued = next(d for d in w.deeds if d.kind == "order-issued" and d.order == "main" and d.log == "own")
        digest = [ref("digest", issued.id, field="identifiers")]
        said = {
            "key_ref": "k1",
            "method": "crypto-erased",
            "cause": "erasure-granted",
            "digests": digest,
        }
        by = issued.by if issued.by in w.offices["own"] else "ilves"
        w.do("payload-key-destroyed", by, role="ISS", public=said)
    elif w.maybe(0.3):
        sent = next(d for d in w.deeds if d.kind == "order-transmitted" and d.by in w.offices["own"])
        said = {"addressee": "skylark", "channel": "courier"}
        w.do("order-transmitted", sent.by, role="ISS", public=said, replaces=ref("leaf", sent.id))
    if w.maybe(0.15):
        said = {"old_key": ref("vkey", "own/first"), "new_key": ref("vkey", "own/second")}
        said["from_size"] = ref("size", "own", plus=1)
        w.do("log-key-rotated", "registrar", None, public=said, rotates="second")
    if w.witnesses and w.maybe(0.15):
        text = {"code": "policy", "media": "text/plain", "size": 3, "sha256": ref("policy", "own")}
        w.do("witness-changed", "registrar", None, public={"policy_text": text})
    if w.maybe(0.3):
        w.head(cite=w.maybe(0.5))
