"""Mutations of a script before anything is signed: each says what verdict it deserves at most.

A mutation takes a `Liar` over the script, changes it and returns what it deserves, or None where it finds
nothing to change. Two mutations of one case never touch the same deeds, nor the same side of the bundle
("@maker"). The docstring of a mutation describes the dishonest act.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from ledger.facts import KINDS
from ledger.facts.vocabulary import ROLES
from ledger.formats.dsse import EVENT_TYPE
from tests.browser.support.mutations import HOSTILE
from tests.fuzz.script import Deed, Expect, Script, Wrap
from tests.fuzz.worlds import FILE, HIDDEN, MANIFEST, OFFICES, ref

FAILED, OPEN, PASSED = "TOTAL-FAILED", "INDETERMINATE", "TOTAL-PASSED"
REGISTER_KINDS = frozenset(n for n, k in KINDS.items() if k.group == "governance")
EVIDENCE = ("data-disclosed", "evidence-received", "order-received", "order-transmitted", "disclosure-declined")


class Liar:
    """A script that mutations change."""

    def __init__(self, script: Script, chance: random.Random, number: int) -> None:
        self.script, self.chance, self.number = script, chance, number
        self.touched: set[str] = set()
        self.added = 0

    # -- what there is -------------------------------------------------------------------------------------------------

    def deeds(self, *kinds: str, log: str = "own", order: str | None = "main", loose: bool = False) -> list[Deed]:
        """Return deeds of an order that are in a log, of these kinds if any are given."""
        return [
            d
            for d in self.script.deeds
            if d.log == log and d.order == order and d.loose is loose and d.kind != "head"
            if not kinds or d.kind in kinds
        ]

    def one(self, deeds: list[Deed]) -> Deed | None:
        return self.chance.choice(deeds) if deeds else None

    def wrappers(self) -> list[Deed]:
        return [d for d in self.deeds() if d.wraps and d.wraps.head and d.wraps.proof == "good"]

    def offices(self, log: str = "own") -> dict[str, str]:
        """Return who can sign now, by key."""
        able: dict[str, str] = {}
        for d in self.script.deeds:
            if d.log != log or d.order is not None:
                continue
            if d.kind == "key-accepted":
                able[d.by.partition("/")[0]] = d.by
            elif d.kind in ("key-revoked", "key-compromised"):
                able.pop(d.public["actor"], None)
            elif d.kind == "key-rotated":
                able[d.public["actor"]] = d.public["new_key"]["of"]
        return able

    def able(self, *roles: str) -> str | None:
        """Return an actor who holds one of these roles, by key."""
        found = [by for actor, by in self.offices().items() if set(OFFICES[actor][1]) & set(roles)]
        return self.chance.choice(sorted(found)) if found else None

    # -- what is done --------------------------------------------------------------------------------------------------

    def add(self, kind: str, by: str, order: str | None = "main", *, log: str = "own", **more: Any) -> str:
        """Add a deed at the end, a minute after the last."""
        id = f"m{self.number}.{self.added}"
        self.added += 1
        at = max(d.at for d in self.script.deeds) + 1
        self.script.deeds.append(Deed(id, kind, at, by, log, order, **more))
        self.touched.add(id)
        bundle = self.script.bundle
        bundle.at = max(bundle.at, at + 30)
        bundle.times = {n: max(t, at) for n, t in bundle.times.items()}
        return id

    def head(self) -> str:
        now = max(d.at for d in self.script.deeds)
        return self.add("head", "", None, log="other", times={"1": now} if self.script.witnessed_there else {})

    def pick(self, deeds: list[Deed]) -> Deed | None:
        """Return one of these, to be changed; no other mutation may."""
        found = self.one(deeds)
        if found:
            self.touched.add(found.id)
        return found


Mutation = Callable[[Liar], Expect | None]
MUTATIONS: dict[str, Mutation] = {}


def mutation(make: Mutation) -> Mutation:
    MUTATIONS[make.__name__] = make
    return make


def apply(script: Script, name: str, seed: int, number: int) -> tuple[Script, Expect, set[str]] | None:
    """Return the script with this mutation, what it deserves, and which deeds it is about."""
    made = script.clone()
    liar = Liar(made, random.Random(f"{name} {seed}"), number)
    expect = MUTATIONS[name](liar)
    if expect is None:
        return None
    kept = liar.touched | set(expect.keeps)
    wraps = [d.wraps for d in made.deeds if d.id in kept and d.wraps]
    expect.keeps = sorted(kept | {w.of for w in wraps} | {w.head for w in wraps if w.head})
    return made, expect, kept


# -- who signs ---------------------------------------------------------------------------------------------------------


@mutation
def signed_by_a_stranger(m: Liar) -> Expect | None:
    deed = m.pick(m.deeds())
    if deed is None:
        return None
    deed.key = m.chance.choice(("stranger", "skylark/other", "registrar"))
    if deed.key == "registrar" and deed.by == "registrar":
        return None
    return Expect(f"{deed.id} ({deed.kind}) is signed in the name of {deed.by} with the key of {deed.key}", FAILED)


@mutation
def signed_with_the_key_of_another_office(m: Liar) -> Expect | None:
    deed, able = m.pick(m.deeds()), m.offices()
    others = [by for actor, by in able.items() if deed and actor != deed.by.partition("/")[0]]
    if deed is None or not others:
        return None
    deed.key = m.chance.choice(others)
    return Expect(f"{deed.id} ({deed.kind}) names {deed.by} and is signed with the key of {deed.key}", FAILED)


@mutation
def signed_in_anothers_name(m: Liar) -> Expect | None:
    """The signer keeps its key and says it is another office."""
    deed = m.pick(m.deeds())
    if deed is None:
        return None
    name = m.chance.choice([a for a in (*OFFICES, "registrar", "nobody") if a != deed.by.partition("/")[0]])
    deed.changes["signer.actor"] = name
    return Expect(f"{deed.id} says that {name} signs it, with the key of {deed.by}", FAILED)


@mutation
def of_another_party(m: Liar) -> Expect | None:
    deed = m.pick(m.deeds())
    if deed is None:
        return None
    deed.changes["signer.party"] = "XX"
    return Expect(f"{deed.id} says that {deed.by} is of the Party XX", FAILED)


ROLE_LIES: tuple[tuple[str, str, dict[str, Any], dict[str, Any]], ...] = (
    ("court-ruled", "CT", {"ruling": "dispute-settled"}, {}),
    ("order-validated", "VAL", {"capacity": "judge", "decision": "approved"}, {}),
    ("order-supervised", "VAL", {"capacity": "judge", "decision": "approved"}, {}),
    ("order-received", "SP", {"proof_kind": "own-stamp"}, {}),
    ("data-disclosed", "SP", {"partial": False, "channel": "mail"}, {"manifest": MANIFEST}),
    ("evidence-received", "RET", {"check": "equal"}, {"manifest": MANIFEST}),
    ("no-ground-confirmed", "NOT", {}, {}),
    ("notification-received", "NOT", {}, {}),
    ("authenticity-confirmed", "ISS", {"method": "call-back"}, {}),
    ("order-withdrawn", "ISS", {"data_handling": "delete"}, {}),
    ("further-use-decided", "CT", {"case_ref": "K-2", "decision": "allowed"}, {}),
    ("expert-verification-performed", "EXP", {"tool": "x", "tool_version": "1", "result": "reproduced"}, {}),
)


def _role_lie(m: Liar, roles: tuple[str, ...]) -> tuple[str, str, dict[str, Any], dict[str, Any]] | None:
    """A kind and a role that is not among these, as it may be stated."""
    able = [lie for lie in ROLE_LIES if lie[1] not in roles]
    kind, role, public, sealed = m.chance.choice(able)
    public = dict(public)
    if kind == "court-ruled":
        dispute = m.one(m.deeds("receipt-disputed", "event-disputed"))
        if dispute:
            public["settles"] = ref("leaf", dispute.id)
    if "method" in public or "check" in public or "decision" in public:
        for name in ("method", "check", "decision"):
            if name in public:
                one_of = KINDS[kind].fields()[name].one_of
                public[name] = public[name] if public[name] in one_of else one_of[0]
    return kind, role, public, sealed


@mutation
def a_role_that_the_key_does_not_hold(m: Liar) -> Expect | None:
    actor, by = m.chance.choice(sorted(m.offices().items()))
    lie = _role_lie(m, OFFICES[actor][1]) if actor in OFFICES else None
    if lie is None:
        return None
    kind, role, public, sealed = lie
    id = m.add(kind, by, role=role, public=public, sealed=sealed)
    what = f"{by}, who holds {OFFICES[actor][1]}, signs {kind} as {role} ({id})"
    return Expect(what, PASSED, PASSED, weightless=[id], codes=["V-ROLE-NOT-HELD", "KEY-ROLE"])


@mutation
def a_role_that_the_office_no_longer_holds(m: Liar) -> Expect | None:
    actor, by = m.chance.choice(sorted(m.offices().items()))
    lies = [lie for lie in ROLE_LIES if lie[1] in OFFICES[actor][1]]
    rest = OFFICES[actor][1]
    if not lies:
        return None
    kind, role, public, sealed = m.chance.choice(lies)
    left = [r for r in rest if r != role] or ["AUD"]
    if actor == m.script.bundle.by.partition("/")[0] and m.script.bundle.role not in left:
        return None
    said = {"actor": actor, "roles": left, "valid_from": "2027-02-01"}
    end = m.add("authority-changed", "registrar", None, public=said)
    id = m.add(kind, by, role=role, public=dict(public), sealed=sealed)
    what = f"{actor} holds {left} alone by {end}, and signs {kind} as {role} ({id})"
    return Expect(what, PASSED, PASSED, weightless=[id], codes=["V-ROLE-NOT-HELD", "KEY-ROLE"], keeps=[end])


@mutation
def a_role_of_only_one_of_two_keys(m: Liar) -> Expect | None:
    """The office holds two roles, and this key was registered for one of them."""
    able = [(a, by) for a, by in sorted(m.offices().items()) if len(OFFICES[a][1]) > 1]
    if not able:
        return None
    actor, _ = m.chance.choice(able)
    roles = OFFICES[actor][1]
    lies = [lie for lie in ROLE_LIES if lie[1] in roles]
    if not lies:
        return None
    kind, role, public, sealed = m.chance.choice(lies)
    only = [r for r in roles if r != role]
    by = f"{actor}/narrow"
    said = {"actor": actor, "key": ref("key", by), "roles": only}
    keeps = [
        m.add("key-registered", "registrar", None, public=said),
        m.add("key-accepted", by, None, role=only[0], public={"key": ref("key", by)}),
    ]
    id = m.add(kind, by, role=role, public=dict(public), sealed=sealed)
    what = f"{actor} signs {kind} as {role} with a key registered for {only} ({id})"
    return Expect(what, PASSED, PASSED, weightless=[id], codes=["V-ROLE-NOT-HELD", "KEY-ROLE"], keeps=keeps)


@mutation
def any_role(m: Liar) -> Expect | None:
    """Some entry in a role that its signer does not hold, whatever its kind."""
    deeds = [d for d in m.deeds() if d.by and not any(d.id in str(o.public) for o in m.script.deeds)]
    deed = m.pick(deeds)
    if deed is None:
        return None
    held = OFFICES.get(deed.by.partition("/")[0], ("", ("ADM",)))[1]
    deed.role = m.chance.choice([r for r in ROLES if r not in held])
    what = f"{deed.by}, who holds {held}, signs {deed.id} ({deed.kind}) as {deed.role}"
    return Expect(what, PASSED, PASSED, codes=["V-ROLE-NOT-HELD", "KEY-ROLE"])


# -- keys --------------------------------------------------------------------------------------------------------------


def _fact(m: Liar) -> tuple[str, str, dict[str, Any], dict[str, Any], str] | None:
    """Some fact that somebody here may state: kind, role, values, the hand."""
    able = m.offices()
    lies = [(lie, by) for lie in ROLE_LIES for a, by in sorted(able.items()) if lie[1] in OFFICES[a][1]]
    if not lies:
        return None
    (kind, role, public, sealed), by = m.chance.choice(lies)
    return kind, role, dict(public), sealed, by


@mutation
def after_the_key_was_revoked(m: Liar) -> Expect | None:
    fact = _fact(m)
    if fact is None or fact[4] == m.script.bundle.by:
        return None
    kind, role, public, sealed, by = fact
    end = m.add("key-revoked", "registrar", None, public={"actor": by.partition("/")[0], "cause": "lost"})
    id = m.add(kind, by, role=role, public=public, sealed=sealed)
    return Expect(f"{by} signs {kind} ({id}) after its key was revoked ({end})", FAILED)


@mutation
def before_the_key_was_accepted(m: Liar) -> Expect | None:
    accepted = m.pick(m.deeds("key-accepted", order=None))
    if accepted is None:
        return None
    actor = accepted.by.partition("/")[0]
    id = m.add(
        "order-drafted", accepted.by, role=OFFICES[actor][1][0], public={"instrument": "2AP-7", "to_party": "XV"}
    )
    deed = m.script.deeds.pop()
    place = m.script.deeds.index(accepted)
    deed.at = accepted.at
    m.script.deeds.insert(place, deed)
    return Expect(f"{actor} signs {id} before it accepted its key ({accepted.id})", FAILED)


@mutation
def since_the_key_may_be_stolen(m: Liar) -> Expect | None:
    """The key is reported, suspected since before its office signed anything."""
    deed = m.one([d for d in m.deeds() if d.by.partition("/")[0] in m.offices()])
    if deed is None or deed.by == m.script.bundle.by:
        return None
    actor = deed.by.partition("/")[0]
    if deed.by != m.offices()[actor]:
        return None
    said = {"actor": actor, "suspected_since": "2027-02-01T00:00:00Z"}
    end = m.add("key-compromised", "registrar", None, public=said)
    what = f"{deed.id} is signed with a key suspected since before ({end})"
    return Expect(what, OPEN, OPEN, codes=["KEY-SUSPECT"], keeps=[deed.id])


@mutation
def the_registrar_serves_itself(m: Liar) -> Expect | None:
    said: dict[str, Any] = {"actor": "registrar", "key": ref("key", "registrar/second"), "roles": ["ADM"]}
    id = m.add("key-registered", "registrar", None, public=said)
    return Expect(f"the registrar enrols a key for itself ({id})", FAILED)


@mutation
def somebody_else_keeps_the_register(m: Liar) -> Expect | None:
    actor, by = m.chance.choice(sorted(m.offices().items()))
    said, more = m.chance.choice(
        (
            ({"actor": actor, "cause": "lost"}, "key-revoked"),
            ({"actor": "new", "party": "XO", "roles": ["ISS"], "valid_from": "2027-01-01"}, "authority-registered"),
            ({"actor": actor, "roles": list(ROLES)[:3], "valid_from": "2027-02-01"}, "authority-changed"),
            ({"actor": actor, "key": ref("key", f"{actor}/more"), "roles": ["CT"]}, "key-registered"),
        )
    )
    id = m.add(more, by, None, role=m.chance.choice(("ADM", OFFICES[actor][1][0])), public=dict(said))
    return Expect(f"{by} writes {more} into the register ({id})", FAILED)


@mutation
def a_rotation_to_another_key(m: Liar) -> Expect | None:
    actor, by = m.chance.choice(sorted(m.offices().items()))
    said = {"actor": actor, "old_key": ref("key", by), "new_key": ref("key", f"{actor}/third")}
    id = m.add("key-rotated", by, None, role=OFFICES[actor][1][0], public=said)
    return Expect(f"{by} rotates its key to one it had not committed to ({id})", FAILED)


@mutation
def a_key_used_twice(m: Liar) -> Expect | None:
    able = sorted(m.offices().items())
    actor, by = m.chance.choice(able)
    said = {"actor": m.chance.choice(able)[0], "key": ref("key", by), "roles": ["ISS"]}
    id = m.add("key-registered", "registrar", None, public=said)
    return Expect(f"the key of {actor} is registered again ({id})", FAILED)


# -- places ------------------------------------------------------------------------------------------------------------


@mutation
def out_of_its_place(m: Liar) -> Expect | None:
    deed = m.pick(m.deeds(order=m.chance.choice(("main", "main", None))))
    if deed is None:
        return None
    other = m.one([d for d in m.deeds() if d.id != deed.id])
    changes: list[dict[str, Any]] = [
        {"seq": m.chance.choice((0, 1, 99))} if deed is not m.deeds(order=deed.order)[0] else {"seq": 2},
        {"prev": "ab" * 32},
        {"log": "ledger.test/xv"},
        {"order": "12121212-2222-4333-8444-555555555555"} if deed is not m.deeds(order=deed.order)[-1] else {"seq": 99},
        {"instrument": "BC-18" if deed.order and m.script.instruments["main"] != "BC-18" else "EPOC"},
    ]
    if other:
        changes.append({"entry": ref("entry", other.id)})
        if m.script.deeds.index(other) < m.script.deeds.index(deed) and other is not m.deeds()[0]:
            changes.append({"seq": 1, "prev": None})
    deed.changes |= m.chance.choice(changes)
    return Expect(f"{deed.id} ({deed.kind}) says {deed.changes}", FAILED)


@mutation
def an_entry_left_out(m: Liar) -> Expect | None:
    """The maker leaves an entry out, and its list says so; what follows no longer fits."""
    mine = m.deeds(order=m.chance.choice(("main", None)))
    deed = m.pick(mine[:-1])
    if deed is None:
        return None
    m.script.bundle.omit.append(deed.id)
    return Expect(f"the maker leaves {deed.id} ({deed.kind}) out", FAILED)


@mutation
def the_end_left_out(m: Liar) -> Expect | None:
    order = m.chance.choice(("main", "register"))
    mine = m.deeds(order=None if order == "register" else order)
    if len(mine) < 3 or m.script.bundle.cut:
        return None
    count = m.chance.randint(1, 2)
    gone = mine[-count:]
    m.script.bundle.cut[order] = count
    m.touched |= {d.id for d in gone}
    what = f"the maker leaves the last {count} of the {order} out ({', '.join(f'{d.id} {d.kind}' for d in gone)})"
    if order == "register":
        return Expect(what, unproven="register")
    return Expect(what, unproven="no later entry")


@mutation
def an_older_head(m: Liar) -> Expect | None:
    """A head that covers less than what travels is no head of it."""
    m.touched |= {"@opens", "@maker"}
    own = [d for d in m.script.deeds if d.log == "own" and d.kind != "head" and not d.loose]
    last = own[-1]
    if last.order not in ("main", None):
        return None
    m.touched |= {last.id}
    m.script.bundle.behind = 1
    return Expect("the head is one entry older than the log; an honest bundle of that moment")


@mutation
def the_same_leaf_twice(m: Liar) -> Expect | None:
    deed = m.one(m.deeds())
    if deed is None:
        return None
    id = m.add(deed.kind, deed.by, again=deed.id)
    m.script.bundle.said = {**m.script.bundle.said}
    return Expect(f"the bytes of {deed.id} stand in the log once more ({id})", FAILED, keeps=[deed.id])


@mutation
def an_order_drawn_in(m: Liar) -> Expect | None:
    """An entry of another order says that it belongs to this one, by somebody who may not."""
    actor, by = m.chance.choice(sorted(m.offices().items()))
    if "ISS" in OFFICES[actor][1] or m.script.bundle.audience not in ("CT", "ISS"):
        return None
    hidden = {"main_order": ref("order", "main")}
    own = [lie for lie in ROLE_LIES if lie[1] in OFFICES[actor][1]]
    if not own:
        return None
    kind, role, public, sealed = m.chance.choice(own)
    keep = m.add(kind, by, "linked", role=role, public=dict(public), sealed=sealed)
    said = {"asked_of": "court"}
    id = m.add("ex-post-validation-sought", by, "linked", role="ISS", public=said, sealed=hidden)
    if "linked" not in m.script.bundle.more:
        m.script.bundle.more = [*m.script.bundle.more, "linked"]
    what = f"{by} says as ISS in the order 'linked' that it belongs to 'main' ({id})"
    return Expect(what, PASSED, weightless=[id], keeps=[keep])


# -- what arrives from other records -----------------------------------------------------------------------------------


def _there(m: Liar, by: str, key: str | None = None, **more: Any) -> str:
    """A disclosure of skylark in the other ledger."""
    said = {"partial": False, "channel": "mail"}
    return m.add(
        "data-disclosed", by, role="SP", key=key, public=said, sealed={"manifest": MANIFEST}, log="other", **more
    )


def _hand_there(m: Liar) -> str:
    return m.offices("other").get("skylark", "skylark")


def _receive(m: Liar, of: str, head: str | None, order: str = "main", public: Any = None, **wrap: Any) -> str:
    by = m.able("ISS", "RET", "SP", "CT") or "ilves"
    role = next(r for r in OFFICES[by.partition("/")[0]][1] if r in KINDS["counterparty-record-received"].signers)
    wrapped = Wrap(of, head, **wrap)
    return m.add("counterparty-record-received", by, order, role=role, wraps=wrapped, public=public or {})


@mutation
def arrived_under_a_key_of_nobody(m: Liar) -> Expect | None:
    name = m.chance.choice(("skylark", "ncco", "court"))
    kind, role, public, sealed = m.chance.choice(ROLE_LIES)
    there = m.add(kind, name, role=role, key="stranger", public=dict(public), sealed=sealed, log="other")
    id = _receive(m, there, m.head())
    what = f"{kind} in the name of {name} stands in the other log ({there}), signed by a stranger, wrapped by {id}"
    return Expect(what, PASSED, PASSED, weightless=[there])


@mutation
def arrived_from_a_log_nobody_trusts(m: Liar) -> Expect | None:
    kind, role, public, sealed = m.chance.choice(ROLE_LIES)
    name = m.chance.choice(("skylark", "ncco", "court"))
    there = m.add(kind, name, role=role, key="stranger", public=dict(public), sealed=sealed, log="third")
    head = m.add("head", "", None, log="third")
    id = _receive(m, there, head)
    what = f"{kind} in the name of {name} stands in a log that nobody trusts ({there}), wrapped by {id}"
    return Expect(what, PASSED, PASSED, weightless=[there])


@mutation
def arrived_under_a_key_revoked_here(m: Liar) -> Expect | None:
    if "skylark" not in m.offices() or _hand_there(m) != m.offices()["skylark"]:
        return None
    cause = m.chance.choice(("key-revoked", "key-compromised"))
    said: dict[str, Any] = {"actor": "skylark", "cause": "lost"}
    if cause == "key-compromised":
        said = {"actor": "skylark", "suspected_since": "2027-03-20T00:00:00Z"}
    end = m.add(cause, "registrar", None, public=said)
    there = _there(m, "skylark")
    id = _receive(m, there, m.head())
    what = f"an entry of the other log ({there}), wrapped by {id}, is signed with a key that ended here before ({end})"
    return Expect(what, PASSED, OPEN, weightless=[there], keeps=[end])


@mutation
def a_crossed_letter_of_a_revoked_key(m: Liar) -> Expect | None:
    fact = _fact(m)
    if fact is None or fact[4] == m.script.bundle.by:
        return None
    kind, role, public, sealed, by = fact
    cause = m.chance.choice(("key-revoked", "key-compromised"))
    actor = by.partition("/")[0]
    said: dict[str, Any] = {"actor": actor, "cause": "lost"}
    if cause == "key-compromised":
        said = {"actor": actor, "suspected_since": "2027-03-20T00:00:00Z"}
    end = m.add(cause, "registrar", None, public=said)
    late = m.add(kind, by, role=role, public=public, sealed=sealed, loose=True)
    id = _receive(m, late, None)
    what = f"a letter of {by} ({late}) crossed, wrapped by {id} after its key had ended ({end})"
    return Expect(what, PASSED, OPEN, weightless=[late], keeps=[end])


@mutation
def a_crossed_letter_of_a_stolen_key(m: Liar) -> Expect | None:
    fact = _fact(m)
    if fact is None or fact[4] == m.script.bundle.by:
        return None
    kind, role, public, sealed, by = fact
    late = m.add(kind, by, role=role, public=public, sealed=sealed, loose=True)
    id = _receive(m, late, None)
    said = {"actor": by.partition("/")[0], "suspected_since": "2027-02-20T00:00:00Z"}
    end = m.add("key-compromised", "registrar", None, public=said)
    what = f"a letter of {by} ({late}) crossed, wrapped by {id}; its key was suspect before ({end})"
    return Expect(what, OPEN, codes=["KEY-SUSPECT"], keeps=[end])


@mutation
def a_letter_of_another_order(m: Liar) -> Expect | None:
    """A genuine entry sealed for another order is wrapped into this one as a crossed letter, or from this very log."""
    fact = _fact(m)
    if fact is None:
        return None
    kind, role, public, sealed, by = fact
    late = m.add(kind, by, "linked", role=role, public=public, sealed=sealed, loose=m.chance.random() < 0.5)
    id = _receive(m, late, None)
    what = f"{kind} of {by}, sealed for the order 'linked' ({late}), is wrapped into 'main' by {id}"
    return Expect(what, PASSED, PASSED, weightless=[late])


@mutation
def an_entry_of_this_order_again(m: Liar) -> Expect | None:
    deed = m.one([d for d in m.deeds() if not d.wraps and d.kind not in HIDDEN])
    if deed is None:
        return None
    id = _receive(m, deed.id, None)
    what = f"{deed.id} ({deed.kind}), which stands in this order, is wrapped as a crossed letter by {id}"
    return Expect(what, PASSED, PASSED, weightless=[id], own=True, keeps=[deed.id])


@mutation
def arrived_twice(m: Liar) -> Expect | None:
    wrapper = m.one(m.wrappers())
    if wrapper is None or wrapper.wraps is None:
        return None
    head = wrapper.wraps.head if m.chance.random() < 0.5 else m.head()
    id = _receive(m, wrapper.wraps.of, head)
    what = f"{wrapper.wraps.of}, wrapped by {wrapper.id}, is wrapped again by {id}"
    return Expect(what, PASSED, PASSED, weightless=[id], own=True, keeps=[wrapper.id, wrapper.wraps.of])


@mutation
def arrived_under_another_instrument(m: Liar) -> Expect | None:
    other = "BC-18" if m.script.instruments["main"] != "BC-18" else "EPOC"
    there = _there(m, _hand_there(m), changes={"instrument": other})
    id = _receive(m, there, m.head())
    what = f"an entry of the other log under {other} ({there}) is wrapped into an order of another instrument by {id}"
    return Expect(what, PASSED, PASSED, weightless=[there])


@mutation
def arrived_from_another_order(m: Liar) -> Expect | None:
    """A genuine entry that the other log holds under another order is wrapped into this one."""
    there = m.add(
        "data-disclosed", _hand_there(m), "linked", role="SP", public={"partial": False, "channel": "mail"},
        sealed={"manifest": MANIFEST}, log="other",
    )  # fmt: skip
    id = _receive(m, there, m.head())
    what = f"an entry of the other log under the order 'linked' ({there}) is wrapped into 'main' by {id}"
    return Expect(what, PASSED, PASSED, weightless=[there])


@mutation
def arrived_under_a_head_that_no_witness_saw(m: Liar) -> Expect | None:
    if not m.script.witnessed_there:
        return None
    there = _there(m, _hand_there(m))
    id = _receive(m, there, m.add("head", "", None, log="other"))
    what = f"no witness saw the head of the other log under which {there} is wrapped by {id}"
    return Expect(what, PASSED, PASSED, weightless=[there])


@mutation
def without_the_register_of_the_other_log(m: Liar) -> Expect | None:
    """Who signed there is proven by its register alone, where its key is not enrolled here."""
    hand = _hand_there(m)
    if hand == m.offices().get("skylark"):
        return None
    there = _there(m, hand)
    id = _receive(m, there, m.head())
    m.script.bundle.registers = m.chance.choice(("none", "spoiled"))
    m.touched |= {"@registers"} | {d.id for d in m.wrappers()}
    what = f"{hand} signs {there} in the other log, wrapped by {id}; its register is {m.script.bundle.registers}"
    return Expect(what, PASSED, PASSED, weightless=[there])


@mutation
def arrived_from_a_register(m: Liar) -> Expect | None:
    there = m.one([d for d in m.deeds(log="other", order=None) if d.kind == "key-accepted"])
    if there is None:
        return None
    id = _receive(m, there.id, m.head())
    what = f"{there.id}, of the other log's register, is wrapped by {id}"
    return Expect(what, PASSED, PASSED, weightless=[id], own=True, keeps=[there.id])


@mutation
def arrived_with_the_values_of_another(m: Liar) -> Expect | None:
    sealed = [d for d in m.deeds() if d.sealed and d.kind == "order-issued"]
    if not sealed or m.script.bundle.audience not in ("CT", "ISS"):
        return None
    there = _there(m, _hand_there(m))
    id = _receive(m, there, m.head(), values=False)
    m.script.bundle.opens.append([f"foreign {there}", sealed[0].id])
    m.touched.add("@opens")
    what = f"{there}, wrapped by {id}, is opened with what {sealed[0].id} committed to"
    return Expect(what, FAILED, keeps=[sealed[0].id], codes=["SD-UNKNOWN"])


@mutation
def a_key_of_another_role_there(m: Liar) -> Expect | None:
    """The other log's own entry, in a role that its signer does not hold there."""
    there = m.add(
        "court-ruled", _hand_there(m), role="CT", public={"ruling": "dispute-settled"}, log="other",
    )  # fmt: skip
    id = _receive(m, there, m.head())
    what = f"skylark, who holds SP, signs court-ruled as CT in the other log ({there}), wrapped by {id}"
    return Expect(what, PASSED, PASSED, weightless=[there])


@mutation
def arrived_after_its_key_ended_there(m: Liar) -> Expect | None:
    hand = _hand_there(m)
    if hand == m.offices().get("skylark"):
        return None
    end = m.add("key-revoked", "keeper", None, log="other", public={"actor": "skylark", "cause": "lost"})
    there = _there(m, hand)
    id = _receive(m, there, m.head())
    what = f"{hand} signs {there} in the other log after its key was revoked there ({end}), wrapped by {id}"
    return Expect(what, PASSED, PASSED, weightless=[there], keeps=[end])


@mutation
def arrived_with_a_spoiled_proof(m: Liar) -> Expect | None:
    there = _there(m, _hand_there(m))
    spoiled = m.chance.choice(("path", "index", "signed", "none", "fails"))
    wrap: dict[str, Any] = {"check": "verifies"}
    if spoiled == "signed":
        wrap["signed"] = "stranger"
    elif spoiled == "fails":
        wrap = {"proof": "path"}
    else:
        wrap["proof"] = spoiled
    id = _receive(m, there, m.head(), **wrap)
    what = f"an entry of the other log ({there}) is wrapped by {id} with the proof {spoiled}"
    return Expect(what, PASSED, PASSED, weightless=[there])


@mutation
def a_wrapper_that_says_otherwise(m: Liar) -> Expect | None:
    there = _there(m, _hand_there(m))
    said: dict[str, Any] = m.chance.choice(
        (
            {"index": 99},
            {"leaf": "cd" * 32},
            {"origin": "ledger.test/third"},
            {"envelope": "cd" * 32},
        )
    )
    id = _receive(m, there, m.head(), public=said)
    what = f"an entry of the other log ({there}) is wrapped by {id}, which says {said}"
    return Expect(what, PASSED, PASSED, weightless=[there])


@mutation
def another_head_than_the_one_of_its_proof(m: Liar) -> Expect | None:
    there = _there(m, _hand_there(m))
    id = _receive(m, there, m.head())
    m.script.deed(id).other = {"checkpoint_sha256": "cd" * 32}
    what = f"an entry of the other log ({there}) is wrapped by {id} under another head than that of its proof"
    return Expect(what, PASSED, PASSED, weightless=[there])


@mutation
def a_false_word_about_another_record(m: Liar) -> Expect | None:
    there = m.one(m.deeds(log="other"))
    by = m.able("ISS", "RET", "SP", "CT")
    if there is None or by is None:
        return None
    wrapped = [d for d in m.wrappers() if d.wraps and d.wraps.of == there.id]
    if not wrapped:
        return None
    said = {
        "origin": ref("origin", "other"),
        "index": 77,
        "leaf": ref("leaf", there.id),
        "checkpoint_sha256": "cd" * 32,
    }
    if m.chance.random() < 0.5:
        said["index"], said["origin"] = 1, "ledger.test/elsewhere"
    role = OFFICES[by.partition("/")[0]][1][0]
    id = m.add("purpose-recorded", by, role=role, public={"case_ref": "x", "purpose_code": _code("purpose-recorded")})
    m.script.deed(id).other = said
    return Expect(f"{id} says falsely where {there.id} stands", PASSED, PASSED, keeps=[wrapped[0].id])


def _code(kind: str, field: str = "purpose_code") -> str:
    return KINDS[kind].fields()[field].one_of[0]


@mutation
def backed_by_nothing(m: Liar) -> Expect | None:
    """An invented record that backs an observation of somebody here."""
    by = m.able("RET", "ISS", "SEEK")
    if by is None:
        return None
    role = next(r for r in OFFICES[by.partition("/")[0]][1] if r in ("RET", "ISS", "SEEK"))
    said = {"partial": False, "channel": "mail"}
    seen = m.add(
        "data-disclosed", by, role=role, public=said, sealed={"manifest": MANIFEST}, speaks="observation",
        whose="skylark",
    )  # fmt: skip
    invented = {
        "origin": m.chance.choice(("ledger.test/invented", "ledger.test/xv")), "index": 3, "leaf": "cd" * 32,
        "envelope": "ef" * 32, "proof_check": "verifies", "backs": ref("leaf", seen),
    }  # fmt: skip
    id = m.add("counterparty-record-received", by, role="ISS" if role == "SEEK" else role, public=invented)
    what = f"{seen}, an observation of {by}, is backed by an invented record ({id})"
    return Expect(what, PASSED, PASSED, weightless=[id], own=True, keeps=[seen])


@mutation
def backed_by_something_else(m: Liar) -> Expect | None:
    """A genuine entry of the other record, of another kind or another signer, backs an observation of somebody here."""
    by = m.able("RET", "ISS")
    if by is None:
        return None
    role = next(r for r in OFFICES[by.partition("/")[0]][1] if r in ("RET", "ISS"))
    said: dict[str, Any] = {"proof_kind": "own-stamp"}
    kind, whose = "order-received", "skylark"
    if m.chance.random() < 0.5:
        kind, said, whose = "data-disclosed", {"partial": False, "channel": "mail"}, "ncco"
    sealed = {"manifest": MANIFEST} if kind == "data-disclosed" else {}
    seen = m.add(kind, by, role=role, public=said, sealed=sealed, speaks="observation", whose=whose)
    there = _there(m, _hand_there(m))
    id = _receive(m, there, m.head(), public={"backs": ref("leaf", seen)})
    what = f"{seen}, an observation of {by} on {whose}, is backed by {there}, a data-disclosed of skylark ({id})"
    return Expect(what, PASSED, PASSED, weightless=[id], own=True, keeps=[seen, there])


# -- what takes the place of what --------------------------------------------------------------------------------------


@mutation
def a_condition_that_was_disregarded(m: Liar) -> Expect | None:
    """The log took an entry although its signer demanded that there is none like an earlier one."""
    mine = m.deeds()
    deed = m.pick([d for d in mine[1:] if "unless" not in d.changes])
    if deed is None:
        return None
    before = m.one(mine[: mine.index(deed)])
    names = sorted({before.kind, "order-withdrawn"}) if before else []
    deed.changes["unless"] = {"after": 0, "orders": [ref("order", "main")], "kinds": names}
    return Expect(f"{deed.id} excludes {names}", PASSED, codes=["CTX-CONDITION"])


@mutation
def a_condition_that_was_kept(m: Liar) -> Expect | None:
    """A condition over an order that is here, or over one that is not: nothing changes, but it may be unproven."""
    deed = m.pick([d for d in m.deeds() if "unless" not in d.changes])
    if deed is None:
        return None
    elsewhere = m.chance.random() < 0.5
    order: Any = "99999999-9999-4999-8999-999999999999" if elsewhere else ref("order", "main")
    deed.changes["unless"] = {"after": 0, "orders": [order], "kinds": ["unheard-of"]}
    return Expect(f"{deed.id} excludes what nobody said", unproven="CTX-CONDITION" if elsewhere else "")


@mutation
def replaced_by_somebody_else(m: Liar) -> Expect | None:
    deed = m.one([d for d in m.deeds() if d.kind in EVIDENCE and d.replaces is None])
    others = [by for a, by in sorted(m.offices().items()) if deed and a != deed.by.partition("/")[0]]
    if deed is None or not others:
        return None
    by = m.chance.choice(others)
    roles = OFFICES[by.partition("/")[0]][1]
    id = m.add(
        deed.kind, by, role=deed.role if deed.role in roles else roles[0], public=deed.public, sealed=deed.sealed,
        replaces=ref("leaf", deed.id), speaks="observation", whose=deed.by.partition("/")[0],
    )  # fmt: skip
    what = f"{id} of {by} says that it replaces {deed.id} of {deed.by}"
    return Expect(what, PASSED, keeps=[deed.id])


@mutation
def replaced_from_elsewhere(m: Liar) -> Expect | None:
    """An entry of another log, in the name of the same office, replaces one of ours."""
    deed = m.one([d for d in m.deeds() if d.kind in EVIDENCE and d.role and d.replaces is None])
    if deed is None:
        return None
    log = m.chance.choice(("other", "third"))
    key = "stranger" if log == "third" or m.chance.random() < 0.5 else None
    there = m.add(
        deed.kind, deed.by, role=deed.role, key=key, public=deed.public, sealed=deed.sealed, log=log,
        replaces=ref("leaf", deed.id),
    )  # fmt: skip
    id = _receive(m, there, m.add("head", "", None, log=log))
    what = f"{there}, in the name of {deed.by} in the {log} log, replaces {deed.id} here, wrapped by {id}"
    # with a key that is enrolled here, it is that office's act all the same, and replaces nothing here
    return Expect(what, PASSED, PASSED, weightless=[there], own=key is None, keeps=[deed.id])


@mutation
def a_contradiction_taken_back(m: Liar) -> Expect | None:
    """What arrived differs from what was sent; the office that said so says otherwise, once or twice."""
    able = m.offices()
    receiver = m.able("RET", "ISS", "SEEK")
    if "skylark" not in able or receiver is None:
        return None
    role = next(r for r in OFFICES[receiver.partition("/")[0]][1] if r in ("RET", "ISS", "SEEK"))
    sent = m.add(
        "data-disclosed", able["skylark"], role="SP", public={"partial": False, "channel": "mail"},
        sealed={"manifest": MANIFEST},
    )  # fmt: skip
    other = {**MANIFEST, "files": [{**FILE, "sha256": "ff" * 32}]}
    said: dict[str, Any] = {"check": "differ", "about": ref("leaf", sent)}
    last = m.add("evidence-received", receiver, role=role, public=said, sealed={"manifest": other})
    keeps, more = [sent, last], []
    for _ in range(m.chance.choice((1, 1, 2))):
        check = m.chance.choice(("equal", "not-checked"))
        sealed = m.chance.choice(({}, {"manifest": MANIFEST}, {"manifest": {"elements": ["name"], "files": []}}))
        about = m.chance.choice(({}, {"about": ref("leaf", sent)}))
        last = m.add(
            "evidence-received", receiver, role=role, public={"check": check, **about}, sealed=sealed,
            replaces=ref("leaf", last),
        )  # fmt: skip
        more.append(last)
    what = f"{receiver} said that {sent} arrived otherwise ({keeps[1]}), and takes it back ({', '.join(more)})"
    if m.script.deed(last).sealed == {"manifest": MANIFEST}:
        return Expect(what, PASSED, PASSED, keeps=[*keeps, *more])  # it states the digests again, and they are equal
    return Expect(what, PASSED, PASSED, withdraws=more, keeps=keeps)


@mutation
def destroyed_by_somebody_else(m: Liar) -> Expect | None:
    deed = m.one([d for d in m.deeds() if d.sealed and d.by.partition("/")[0] in ("ilves", "central")])
    able = m.offices()
    others = [(a, by) for a, by in sorted(able.items()) if a in ("skylark", "dpo", "lab", "counsel", "court")]
    if deed is None or not others:
        return None
    actor, by = m.chance.choice(others)
    role = m.chance.choice(("ADM", OFFICES[actor][1][0]))
    if actor in ("dpo",) and role != "ADM":
        return None  # a data protection officer may decide it
    said = {"key_ref": "k1", "method": "crypto-erased", "cause": "erasure-granted", "digests": ref("digests", deed.id)}
    id = m.add("payload-key-destroyed", by, role=role, public=said)
    m.script.bundle.closes.append(deed.id)
    m.touched.add(deed.id)
    what = f"{by} says as {role} that what {deed.by} sealed in {deed.id} was destroyed ({id})"
    m.touched.add("@opens")
    return Expect(what, PASSED, weightless=[id], own=True, keeps=[deed.id])


@mutation
def a_commitment_copied(m: Liar) -> Expect | None:
    deed = m.one([d for d in m.deeds("order-issued") if d.sealed])
    by = m.able("ISS")
    if deed is None or by is None:
        return None
    id = m.add("order-issued", by, role="ISS", public=deed.public, sealed=deed.sealed)
    m.script.deed(id).changes["public._sd"] = ref("digests", deed.id)
    m.script.bundle.opens.append([id, deed.id])
    if m.script.bundle.audience in ("SP", "DEF", "SA", "DPO"):
        return None
    m.touched.add("@opens")
    return Expect(f"{id} commits to what {deed.id} committed to, and opens it", codes=["SD-COPIED", "SD-DUP"])


# -- dates -------------------------------------------------------------------------------------------------------------


@mutation
def dated_after_its_signature(m: Liar) -> Expect | None:
    replaced = [d.replaces["of"] for d in m.deeds() if d.replaces]
    deed = m.pick([d for d in m.deeds() if d.by and not d.wraps and d.id not in replaced])
    if deed is None:
        return None
    deed.on = deed.at + m.chance.choice((6, 60, 60 * 24 * 30))
    what = f"{deed.id} ({deed.kind}) says that it happened {deed.on - deed.at} minutes after it was signed"
    return Expect(what, codes=["V-AFTER-SIGNATURE"])


@mutation
def dated_otherwise(m: Liar) -> Expect | None:
    deed = m.pick([d for d in m.deeds() if d.by])
    if deed is None:
        return None
    deed.changes |= m.chance.choice(
        (
            {"on": "1970-01-01T00:00:00Z"},
            {"on": "9999-12-31T23:59:59Z"},
            {"signed_at": "1999-01-01T00:00:00Z"},
            {"signed_at": "9999-12-31T23:59:59Z"},
            {"on": "0001-01-01T00:00:00Z", "signed_at": "0001-01-01T00:00:00Z"},
        )
    )
    return Expect(f"{deed.id} says {deed.changes}", PASSED, PASSED)


@mutation
def cites_what_it_cannot_have_seen(m: Liar) -> Expect | None:
    deed = m.pick(m.deeds())
    if deed is None:
        return None
    heads = [d.id for d in m.script.deeds if d.kind == "head" and d.log == "own"]
    note = ref("note", m.chance.choice(heads)) if heads and m.chance.random() < 0.6 else "cd" * 32
    origin = ref("origin", m.chance.choice(("own", "own", "other")))
    seen = {"origin": origin, "size": m.chance.choice((99, 2**53 - 1)), "note": note}
    deed.changes["seen"] = seen
    return Expect(f"{deed.id} cites {seen}", PASSED, PASSED, codes=["TIME-SEEN"])


# -- witnesses and heads -----------------------------------------------------------------------------------------------


@mutation
def witnesses_too_few(m: Liar) -> Expect | None:
    if not m.script.witnesses:
        return None
    quorum = m.script.quorum
    need = {"all": m.script.witnesses, "any": 1}.get(quorum) or (int(quorum) if quorum.isdigit() else 0)
    if need == 0:
        return None
    names = sorted(m.script.bundle.times)
    m.script.bundle.times = {n: m.script.bundle.times[n] for n in names[: need - 1]}
    m.touched.add("@times")
    return Expect(
        f"{need - 1} witnesses saw the head, {quorum} of {m.script.witnesses} must", OPEN, codes=["CP-QUORUM"]
    )


@mutation
def witnesses_from_the_future(m: Liar) -> Expect | None:
    if not m.script.bundle.times or m.script.quorum in ("any", "none"):
        return None
    year = 60 * 24 * 365
    m.script.bundle.times = {n: t + year for n, t in m.script.bundle.times.items()}
    m.touched.add("@times")
    return Expect("the witnesses say that they saw the head in a year", OPEN, OPEN, codes=["CP-FUTURE"])


@mutation
def another_tree_of_one_size(m: Liar) -> Expect | None:
    heads = [d.id for d in m.script.deeds if d.kind == "head" and d.log == "own"]
    if not heads:
        return None
    id = m.chance.choice(heads)
    m.script.bundle.forks.append(id)
    m.touched.add(id)
    return Expect(f"another root of the size of {id} travels, signed by the log", FAILED, codes=["SPLIT-VIEW"])


@mutation
def no_proof_that_it_grew(m: Liar) -> Expect | None:
    heads = [d for d in m.script.deeds if d.kind == "head" and d.log == "own"]
    if not heads or m.script.deeds.index(heads[0]) > len(m.script.deeds) - 3:
        return None
    m.script.bundle.consistency = m.chance.choice(("none", "wrong"))
    most = OPEN if m.script.bundle.consistency == "none" else FAILED
    m.touched |= {d.id for d in heads}
    return Expect(f"proofs of consistency are {m.script.bundle.consistency}", most, codes=["CP-CONSISTENCY"])


@mutation
def the_log_signed_with_another_key(m: Liar) -> Expect | None:
    rotated = any(d.rotates for d in m.script.deeds)
    m.script.bundle.sign = m.chance.choice(("stranger", "log own")) if rotated else "stranger"
    m.touched |= {d.id for d in m.script.deeds if d.rotates}
    return Expect(f"the head is signed by {m.script.bundle.sign}", FAILED)


# -- the maker of the bundle -------------------------------------------------------------------------------------------


@mutation
def a_maker_in_a_role_it_does_not_hold(m: Liar) -> Expect | None:
    able = m.offices()
    actor, by = m.chance.choice(sorted(able.items()))
    m.script.bundle.by = by
    m.script.bundle.role = m.chance.choice([r for r in ROLES if r not in OFFICES[actor][1]])
    m.touched.add("@maker")
    return Expect(f"{by} makes the bundle as {m.script.bundle.role}", FAILED, codes=["KEY-ROLE"])


@mutation
def a_maker_without_a_key(m: Liar) -> Expect | None:
    match m.chance.randrange(4):
        case 0:
            m.script.bundle.by = "nobody"
        case 1:
            m.script.bundle.key = "stranger"
        case 2:
            m.script.bundle.party = "XX"
        case _:
            others = sorted(by for a, by in m.offices().items() if a != m.script.bundle.by.partition("/")[0])
            m.script.bundle.key = m.chance.choice(others) if others else "stranger"
    m.touched.add("@maker")
    return Expect(f"the maker is {m.script.bundle.by} of {m.script.bundle.party} with {m.script.bundle.key}", FAILED)


@mutation
def a_maker_whose_key_had_ended(m: Liar) -> Expect | None:
    by = m.script.bundle.by
    if m.offices().get(by.partition("/")[0]) != by:
        return None
    said = {"actor": by.partition("/")[0], "cause": "lost"}
    end = m.add("key-revoked", "registrar", None, public=said)
    m.touched.add("@maker")
    return Expect(f"the maker's key was revoked by {end}", FAILED)


@mutation
def a_manifest_that_says_otherwise(m: Liar) -> Expect | None:
    said: tuple[dict[str, Any], str, list[str]] = m.chance.choice(
        (
            ({"heads": {}}, FAILED, []),
            ({"order": ref("order", "linked")}, PASSED, []),
            ({"log": "ledger.test/xv"}, FAILED, []),
            ({"withheld_count": 77}, PASSED, ["CMP-WITHHELD"]),
            ({"audience": "nobody"}, PASSED, []),
            ({"made_at": "1970-01-01T00:00:00Z"}, PASSED, ["CMP-MADE-AT"]),
            ({"test": True}, PASSED, []),
            ({"heads": {"12121212-2222-4333-8444-555555555555": {"seq": 1, "leaf": "ab" * 32}}}, FAILED, []),
            ({"legal_basis": ["x"] * 50, "purpose": "anything"}, PASSED, []),
        )
    )
    m.script.bundle.said |= said[0]
    return Expect(f"the manifest says {said[0]}", said[1], codes=said[2])


@mutation
def opened_for_the_wrong_audience(m: Liar) -> Expect | None:
    issued = [d for d in m.deeds("order-issued") if d.sealed]
    destroyed = m.deeds("payload-key-destroyed")
    if not issued or m.script.bundle.opens or destroyed:
        return None
    m.script.bundle.audience = "SP"
    m.script.bundle.opened_all = True
    m.touched.add("@opens")
    return Expect("everything is opened for the provider", PASSED, PASSED, codes=["CMP-AUDIENCE"])


@mutation
def opened_with_what_is_anothers(m: Liar) -> Expect | None:
    sealed = [d for d in m.deeds() if d.sealed]
    if len(sealed) < 2:
        return None
    one, other = m.chance.sample(sealed, 2)
    m.script.bundle.opens.append([one.id, other.id])
    m.touched |= {one.id, other.id}
    m.touched.add("@opens")
    return Expect(f"{one.id} is opened with what {other.id} committed to", FAILED)


@mutation
def opened_although_destroyed(m: Liar) -> Expect | None:
    if not m.deeds("payload-key-destroyed"):
        return None
    m.script.bundle.opened_all = True
    m.touched.add("@opens")
    return Expect("what was erased is opened all the same", PASSED, PASSED, codes=["SD-ERASED"])


@mutation
def closed_without_a_word(m: Liar) -> Expect | None:
    sealed = [d for d in m.deeds() if d.sealed and m.script.bundle.audience in ("CT", "ISS")]
    deed = m.pick([d for d in sealed if d.kind in ("order-issued", "data-disclosed") and d.by != "skylark"])
    if deed is None or m.deeds("payload-key-destroyed"):
        return None
    m.script.bundle.closes.append(deed.id)
    m.touched.add("@opens")
    return Expect(f"nothing of {deed.id} is opened, and the manifest does not say so", codes=["CMP-WITHHELD"])


@mutation
def another_policy_in_the_bundle(m: Liar) -> Expect | None:
    m.script.bundle.policy = m.chance.choice(("none", "stranger", "comment"))
    return Expect(f"the policy in the bundle is {m.script.bundle.policy}; yours judges")


@mutation
def a_bundle_of_another_log(m: Liar) -> Expect | None:
    if not m.deeds(log="other"):
        return None
    m.touched |= {"@opens", "@maker", "@times"}
    m.script.bundle.foreign_origin = True
    m.script.bundle.by = _hand_there(m)
    m.script.bundle.role = "SP"
    m.script.bundle.more = []
    m.script.bundle.opens = []
    return Expect("a bundle of the other log, and the trust is in this one", OPEN, codes=["CP-ORIGIN"])


@mutation
def a_file_gone_or_more(m: Liar) -> Expect | None:
    bundle = m.script.bundle
    match m.chance.randrange(6):
        case 0:
            bundle.drop.append(r"entries/\d+\.tlog-proof")
            return Expect("no proofs", FAILED)
        case 1:
            bundle.drop.append("heads/")
            return Expect("no heads but the one")
        case 2:
            bundle.drop.append("foreign/")
            return Expect("nothing of other records", PASSED)
        case 3:
            bundle.put["foreign/" + "ab" * 32] = "x"
            return Expect("a file of another record that is another file", FAILED, codes=["DOC-HASH"])
        case 4:
            bundle.put["documents/" + "ab" * 32] = "x"
            return Expect("a document that is another one", FAILED, codes=["DOC-HASH"])
        case _:
            bundle.put["extra"] = "x"
            return Expect("a file that the layout does not have", FAILED)


@mutation
def a_bit_flipped(m: Liar) -> Expect | None:
    m.script.bundle.flip = [m.chance.randrange(1000), m.chance.randrange(10**6)]
    return Expect("one bit of one file is another, and the list was signed after")


# -- times and texts ---------------------------------------------------------------------------------------------------


@mutation
def witnesses_of_odd_times(m: Liar) -> Expect | None:
    """Whatever times witnesses give, of whichever heads: brackets and findings, and the same by both."""
    heads = [d for d in m.script.deeds if d.kind == "head" and d.log == "own"]
    if not m.script.witnesses:
        return None
    m.touched |= {"@times"} | {d.id for d in heads}
    long = (-60 * 24 * 365 * 50, -600, 0, 5, 6, 60, 60 * 24 * 60)
    for times in (*(d.times for d in heads), m.script.bundle.times):
        for name in list(times):
            if m.chance.random() < 0.7:
                times[name] += m.chance.choice(long)
            elif m.chance.random() < 0.3:
                del times[name]
    return Expect("the witnesses of the heads give odd times")


@mutation
def a_suspicion_of_some_day(m: Liar) -> Expect | None:
    deed = m.one([d for d in m.deeds() if m.offices().get(d.by.partition("/")[0]) == d.by])
    if deed is None or deed.by == m.script.bundle.by:
        return None
    since = ref("moment", at=deed.at + m.chance.choice((-5, -1, 0, 1, 5, 60)))
    said = {"actor": deed.by.partition("/")[0], "suspected_since": since}
    id = m.add("key-compromised", "registrar", None, public=said)
    what = f"the key of {deed.id} is suspected since about then ({id})"
    return Expect(what, PASSED, OPEN, keeps=[deed.id])


@mutation
def a_policy_that_followed(m: Liar) -> Expect | None:
    """The register says which policy followed which."""
    m.script.bundle.policy = m.chance.choice(("comment", "comment", "same"))
    first, then = m.chance.choice((("own", "copy"), ("copy", "own")))
    for of in (first, then):
        text = {"code": "policy", "media": "text/plain", "size": 3, "sha256": ref("policy", of)}
        m.add("witness-changed", "registrar", None, public={"policy_text": text})
    newer = then == "copy" and m.script.bundle.policy != "same"
    m.touched.add("@policy")
    if m.script.verifier.anchor:
        return None
    what = f"the register says that the policy {then} followed {first}; the copy is {m.script.bundle.policy}"
    return Expect(what, OPEN if newer else PASSED, codes=["POL-NEWER"] if newer else [])


@mutation
def another_quorum(m: Liar) -> Expect | None:
    if not m.script.witnesses:
        return None
    m.script.verifier.quorum = m.chance.choice(("all", "any", "none", "1"))
    m.touched.add("@times")
    return Expect(f"the verifier asks for {m.script.verifier.quorum}")


TEXTS = (
    "plain", "e\u0301", "\u00e9", "\u200b", "\u200d", "\u200e", "\u2028", "\u202e", "\u2066", "\ufeff", "\u00ad",
    "a\U0001e08f\u0323", "\U000e0041", "\u3164", "\u115f", "\ufe0f", "\U0001f468\u200d\U0001f469", "\u0378",
    "\U000323b0", "\ue000", "\uffff", "\U0010ffff", "\u061c", "\t", "\r\n", "\x7f", "\x85", "\ud7a4", "\u1100\u1161",
    "\uac00", "\u0344", "\u2126", "\u212b", "\ufb1d", "\u1e9b\u0323", "\u0d4c", "\u0dda", "\u0f73", "\u0958", "",
    "A" * 40_000,
)  # fmt: skip


@mutation
def a_strange_text(m: Liar) -> Expect | None:
    """Characters of every sort, public or sealed, in free texts and in names."""
    deed = m.pick([d for d in m.deeds() if d.by])
    if deed is None:
        return None
    text = m.chance.choice(("", "x")) + m.chance.choice(TEXTS) + m.chance.choice(("", "y", m.chance.choice(TEXTS)))
    if deed.sealed and m.chance.random() < 0.5:
        name = m.chance.choice(sorted(deed.sealed))
        deed.hides = {name: m.chance.choice((text, [text], {"elements": [text], "files": []}))}
        return Expect(f"{deed.id} seals {name} as {text[:50]!r}")
    names = ["public." + n for n, v in deed.public.items() if isinstance(v, str)]
    name = m.chance.choice([*names, "public.case_ref", "signer.actor", "whose", "refs"])
    deed.changes[name] = [text] if name == "refs" else text
    return Expect(f"{deed.id} has {name} {text[:50]!r}")


@mutation
def a_strange_value(m: Liar) -> Expect | None:
    """A sealed value of a form that its kind does not have."""
    deed = m.pick([d for d in m.deeds() if d.by and d.sealed])
    if deed is None:
        return None
    name = m.chance.choice((*sorted(deed.sealed), "circumstances", "x"))
    deed.hides = {name: m.chance.choice((*HOSTILE, {"elements": ["name"], "files": [{"name": 7}]}))}
    return Expect(f"{deed.id} seals {deed.hides}")


# -- the verifier ------------------------------------------------------------------------------------------------------


@mutation
def less_trust(m: Liar) -> Expect | None:
    held = m.script.verifier
    match m.chance.randrange(6):
        case 0:
            held.policy = "none"
            return Expect("nobody is trusted", PASSED if held.anchor else OPEN)
        case 1:
            held.registrar = "none"
            return Expect("no registrar is trusted", PASSED if held.anchor else OPEN)
        case 2:
            held.registrar = m.chance.choice(("other", "stranger"))
            return Expect("another registrar is trusted", FAILED)
        case 3:
            held.policy = "stranger"
            return Expect("another log key is trusted", FAILED)
        case 4:
            held.more_witnesses = 2
            return Expect("two witnesses more are asked for", OPEN, codes=["CP-QUORUM"])
        case _:
            held.others = False
            return Expect("nobody is trusted about other records")


@mutation
def another_anchor(m: Liar) -> Expect | None:
    held = m.script.verifier
    if held.anchor:
        return None
    held.anchor = m.chance.choice(("head", "older", "wrong", "foreign"))
    if held.anchor in ("wrong", "foreign"):
        return Expect(f"the checkpoint held is {held.anchor}", FAILED, codes=["ANCHOR-MISMATCH", "CP-FORMAT"])
    return Expect(f"the checkpoint held is {held.anchor}")


@mutation
def a_signed_policy_that_ends(m: Liar) -> Expect | None:
    held = m.script.verifier
    if any(d.rotates for d in m.script.deeds) or m.script.bundle.sign:
        return None
    m.touched.add("@sizes")
    if m.chance.random() < 0.3:
        held.until = m.chance.choice((-400, -1))
        return Expect("the policy has expired", PASSED, PASSED, unproven="POL-EXPIRED")
    held.sizes = m.chance.choice(([0, 3], [2000, 3000], [0, 2000], [0]))
    if held.sizes in ([0, 2000], [0]):
        return Expect(f"the log's key signs the sizes {held.sizes}", PASSED, PASSED)
    return Expect(f"the log's key signs the sizes {held.sizes} alone", FAILED, codes=["CP-KEY"])


@mutation
def a_suspicion_that_moves(m: Liar) -> Expect | None:
    """A second report may date the suspicion earlier, never later."""
    deed = m.one([d for d in m.deeds() if m.offices().get(d.by.partition("/")[0]) == d.by])
    if deed is None or deed.by == m.script.bundle.by:
        return None
    said = {"actor": deed.by.partition("/")[0], "key": ref("key", deed.by), "suspected_since": "2027-02-01T00:00:00Z"}
    first = m.add("key-compromised", "registrar", None, public=said)
    late = {**said, "suspected_since": "2027-12-01T00:00:00Z"}
    id = m.add("key-compromised", "registrar", None, public=late)
    what = f"{deed.id} is signed with a key suspected since before ({first}), and {id} says since later"
    return Expect(what, OPEN, OPEN, codes=["KEY-SUSPECT"], keeps=[deed.id])


# -- anything ----------------------------------------------------------------------------------------------------------


@mutation
def the_registers_past(m: Liar) -> Expect | None:
    """What is allowed only at certain places of a register, or must follow from it."""
    note: dict[str, Any] = {"predecessor": "ledger.test/xo/older", "size": 3, "root": "ab" * 32, "cause": "planned"}
    if m.chance.random() < 0.5:
        id = m.add("log-succeeded", "registrar", None, public=note)
        return Expect(f"a log before this one is named late ({id})", FAILED, codes=["CTX-SUCCESSOR"])
    now = next((d.rotates for d in m.script.deeds if d.rotates), "first")
    said = {"old_key": ref("vkey", f"own/{now}"), "new_key": ref("vkey", "own/third"), "from_size": 1}
    id = m.add("log-key-rotated", "registrar", None, public=said)
    return Expect(f"the log key that signs here ended at size 1, says {id}", FAILED, codes=["CP-KEY"])


@mutation
def anything_in_a_payload(m: Liar) -> Expect | None:
    """Some member of some entry, the register's too, is something else."""
    deed = m.pick(m.deeds(order=m.chance.choice(("main", "main", None)), log=m.chance.choice(("own", "own", "other"))))
    if deed is None:
        return None
    names = (
        "v", "log", "entry", "order", "seq", "prev", "seen", "kind", "schema", "instrument", "refs", "signer", "speaks",
        "on", "on_source", "signed_at", "public", "sealed", "documents", "whose", "replaces", "audience", "other",
        "signer.key", "signer.role", "public._sd", "public.actor", "public.roles", "public.key", "public.about",
    )  # fmt: skip
    value = m.chance.choice(
        (*HOSTILE, {"$": "absent"}, EVENT_TYPE, ref("leaf", deed.id), "counterparty-record-received")
    )
    deed.changes[m.chance.choice(names)] = value
    return Expect(f"{deed.id} ({deed.kind}) has {deed.changes}")


@mutation
def another_kind(m: Liar) -> Expect | None:
    """The kind is another one, or one that no reader knows yet; an entry of the form it has is still an entry."""
    deed = m.pick([d for d in m.deeds() if not any(d.id in str(o.public) for o in m.script.deeds if o.log == "own")])
    if deed is None:
        return None
    if m.chance.random() < 0.5:
        deed.changes |= m.chance.choice(({"kind": "order-sung"}, {"schema": 99}))
        return Expect(f"{deed.id} says {deed.changes}", PASSED, PASSED, codes=["G-UNKNOWN-KIND"])
    deed.changes["kind"] = m.chance.choice(tuple(KINDS))
    return Expect(f"{deed.id} ({deed.kind}) says that it is {deed.changes['kind']}")


@mutation
def an_unknown_kind_arrives(m: Liar) -> Expect | None:
    there = _there(m, _hand_there(m), changes=m.chance.choice(({"kind": "order-sung"}, {"schema": 99})))
    id = _receive(m, there, m.head())
    return Expect(f"{there} is of a kind that nobody knows, wrapped by {id}", PASSED, PASSED)


@mutation
def readers_of_ones_own(m: Liar) -> Expect | None:
    deed = m.pick([d for d in m.deeds() if d.sealed and not d.audience])
    if deed is None:
        return None
    name = m.chance.choice(sorted(deed.sealed))
    deed.audience = {name: m.chance.sample(tuple(ROLES), 2)}
    return Expect(f"{deed.id} names the readers {deed.audience}", PASSED, PASSED)


@mutation
def whose_act(m: Liar) -> Expect | None:
    deed = m.pick([d for d in m.deeds() if d.by and not d.wraps])
    if deed is None:
        return None
    deed.speaks = m.chance.choice(("observation", "import"))
    deed.whose = m.chance.choice((*OFFICES, "nobody"))
    return Expect(f"{deed.id} ({deed.kind}) is an {deed.speaks} of {deed.whose}", PASSED, PASSED)
