"""A received entry counts as far as this verifier proves it: log, quorum, key, role, order, once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from types import SimpleNamespace
from typing import Any

import pytest

from ledger.entries.case import replacements
from ledger.entries.envelope import Circumstances, EntryPlace, OpenedEntry, open_, seal
from ledger.entries.log_keys import NONE
from ledger.entries.payload import Condition
from ledger.entries.placement import Link
from ledger.entries.wrapped_entry import KIND, wrapping, wrapping_crossed
from ledger.facts import build
from ledger.formats.selective_disclosure import veil
from ledger.tlog.note import MLDSA44, Vkey
from ledger.tlog.tree import Frontier
from ledger.trust.trust_folder import Trust, parse_trust
from ledger.verify.other_records.other_logs import NotProven
from ledger.verify.other_records.received_entries import _backed, _check_enrolled, says_nothing
from ledger.verify.report import Report, Verdict
from tests.ledger.entries.test_log_keys import KEY, first, line, policy, second
from tests.support.memory_ledger import BEGINS, NOW, ORDER, Hand, Ledger, checked, hand, resealed, small

OTHER_ORDER = "22222222-2222-4333-8444-555555555555"
RECEIVED = {"proof_kind": "own-stamp"}
EPOC = {"instrument": "EPOC", "from_party": "XO", "to_party": "XV"}


class World:
    """Two logs: that of XO, with an order of ilves, and that of XV, in which skylark signs."""

    def __init__(self, made: type[Ledger] = Ledger, **there: Any) -> None:
        self.here, self.ilves = small()
        self.there = made(origin="ledger.test/xv", log=hand("log xv"), keeper=hand("registrar-xv", "XV"), **there)
        self.skylark = self.there.enrol("skylark", "XV", "SP")
        self.foreign: dict[str, bytes] = {}
        self.notes: tuple[Any, ...] = ()

    def says(
        self, kind: str = "order-received", by: Hand | None = None, role: str = "SP", order: str = ORDER, **more: Any
    ) -> int:
        """Record an entry in the log of XV; return its index."""
        public = more.pop("public", RECEIVED)
        return self.there.record(
            by or self.skylark, kind, public, more.pop("sealed", None), role=role, order=order, **more
        )

    def arrives(
        self, index: int, order: str = ORDER, check: str = "verifies", by: Hand | None = None, **more: Any
    ) -> int:
        """Wrap an entry of the log of XV here; `more` are the fields of the wrapper. Return its index."""
        raw, proof = self.there.entries[index], self.there.proof(index, self.there.checkpoint(None, *self.notes))
        fact, other = wrapping(raw, proof, check)
        name = sha256(raw).hexdigest()
        self.foreign |= {name: raw, f"{name}.tlog-proof": proof}
        public = {n: getattr(fact, n) for n in ("origin", "index", "leaf", "envelope", "proof_check")}
        instrument = more.pop("instrument", "2AP-7")
        return self.here.record(
            by or self.ilves, fact.kind, {**public, **more}, order=order, other=other, instrument=instrument
        )

    def trust(self, **others: bytes) -> Trust:
        """Return the trust in both logs; `others` changes the trust in the log of XV."""
        there = {**self.there.trust_files(), **others}
        return parse_trust({**self.here.trust_files(), **{f"others/xv/{name}": text for name, text in there.items()}})

    def report(self, trust: Trust | None = None, order: str = ORDER, register: bool = True) -> Report:
        """Return the report of a court on the bundle of the order."""
        return checked(self.data(order, register=register), self.here, trust=trust or self.trust())

    def data(self, order: str = ORDER, register: bool = True) -> bytes:
        """Return the bundle of the order, with the register of the other log."""
        registers = {self.there.origin: self.there.register(self.there.checkpoint(None, *self.notes))}
        return self.here.bundle(self.ilves, foreign=self.foreign, others=registers if register else {}, order=order)


def acts(report: Report) -> list[tuple[str, str]]:
    """Return kind and signer of the received entries that count."""
    assert report.verdict is Verdict.PASSED, report.reasons
    assert report.case is not None
    return [(e.kind, e.by) for e in report.case.entries if e.received is not None and not e.known_to]


def unproven(report: Report, *words: str) -> None:
    """Assert that no received entry counts, and that one finding on a wrapper contains these words."""
    assert acts(report) == []
    says = [r.says for r in report.procedure if r.code == "ENT-UNPROVEN"]
    assert len(says) == 1
    assert all(word in says[0] for word in words), says


def test_an_entry_of_a_trusted_log_by_a_key_of_its_register_is_its_signers_act() -> None:
    world = World()
    world.arrives(world.says())
    report = world.report()
    assert acts(report) == [("order-received", "skylark")]
    assert any("no key was revoked" in says and "ledger.test/xv" in says for says in report.not_proven)


# -- the log and its keys ----------------------------------------------------------------------------------------------


def test_a_key_that_no_register_had_proves_nothing() -> None:
    world = World()
    world.arrives(world.says(by=hand("ncco", "XV"), role="NOT", kind="notification-received", public={}))
    unproven(world.report(), "KEY-UNKNOWN", "ncco")


class Twice(Ledger):
    """A log that signs twice from entry `begins` on; `stripped` notes have one line all the same."""

    begins, stripped = 3, False

    def checkpoint(self, size: int | None = None, *times: datetime, root: bytes | None = None) -> bytes:
        note = super().checkpoint(size, *times, root=root)
        due = int(note.split(b"\n")[1]) >= self.begins and not self.stripped
        return note + line(self, note) if due else note

    def recorded(self) -> Twice:
        said = {"old_key": NONE, "new_key": second(self).text, "from_size": self.begins}
        self.record(self.keeper, "log-key-rotated", said)
        return self


@pytest.mark.parametrize("stripped", [False, True])
@pytest.mark.parametrize("begins", [3, 9])
def test_a_line_that_the_register_of_another_log_asks_for_is_needed(begins: int, stripped: bool) -> None:
    world = World(Twice)
    assert isinstance(world.there, Twice)
    world.there.begins, world.there.stripped = begins, stripped
    world.there.recorded()
    world.arrives(world.says())
    both = world.trust(policy=policy(first(world.there), second(world.there)))
    if stripped and begins == 3:
        unproven(world.report(both), "CP-KEY", "with its ML-DSA-44 key: the line is missing")
    else:
        assert acts(world.report(both)) == [("order-received", "skylark")]
    assert acts(world.report()) == [("order-received", "skylark")], "the policy that names the first key alone"


NEW = Vkey.of("ledger.test/xv", MLDSA44, KEY.public).text
FORMLESS: list[dict[str, Any]] = [
    {"key": "x"},
    {"old_key": NONE, "new_key": 5, "from_size": 3},
    {"old_key": NONE, "new_key": NEW, "from_size": "x"},
    {"old_key": NONE, "new_key": NEW},
]


def handed_over(public: dict[str, Any]) -> tuple[World, Trust, bytes]:
    """Make a bundle with a register of another log in which anybody has signed a change of its keys.

    The trust names two keys of that log, of two algorithms.
    """
    world = World(Twice)
    assert isinstance(world.there, Twice)
    world.there.recorded()
    world.arrives(world.says())
    register = dict(world.there.register())
    last = max(register)
    raw = resealed(register[last][0], lambda said: said.update(public=public), hand("anybody", "XV"))
    register[last] = (raw, register[last][1])
    data = world.here.bundle(world.ilves, foreign=world.foreign, others={world.there.origin: register}, order=ORDER)
    return world, world.trust(policy=policy(first(world.there), second(world.there))), data


@pytest.mark.parametrize("public", FORMLESS)
def test_a_change_of_keys_without_its_form_in_the_register_of_another_log_is_no_error_of_the_verifier(
    public: dict[str, Any],
) -> None:
    world, trust, data = handed_over(public)
    unproven(checked(data, world.here, trust=trust), "KEY-UNKNOWN", "its register fails")


def test_a_second_key_of_which_the_register_of_another_log_says_nothing_leaves_older_heads_as_they_are() -> None:
    world = World()
    world.arrives(world.says())
    both = world.trust(policy=policy(first(world.there), second(world.there)))
    assert acts(world.report(both)) == [("order-received", "skylark")]


def test_without_the_register_of_its_log_its_key_is_not_proven() -> None:
    world = World()
    world.arrives(world.says())
    unproven(world.report(register=False), "KEY-UNKNOWN", "its register is not here")


def test_a_register_that_another_registrar_kept_proves_nothing() -> None:
    world = World()
    world.arrives(world.says())
    other = f"registrar-xv XV {hand('somebody', 'XV').key}\n".encode()
    unproven(world.report(world.trust(registrar=other)), "KEY-UNKNOWN", "its register fails")


def test_a_register_with_a_gap_or_a_false_entry_proves_nothing() -> None:
    world = World()
    world.arrives(world.says())
    register = world.there.register()
    first, *_ = register
    for code, broken in (
        ("CTX-CHAIN", {n: both for n, both in register.items() if n != first}),
        ("PRF-INDEX", {**register, first: (register[first][0], register[first + 1][1])}),
        ("ENV-NONCANON", {**register, first: (register[first][0][:-20] + b"A" * 20, register[first][1])}),
    ):
        data = world.here.bundle(world.ilves, foreign=world.foreign, others={world.there.origin: broken})
        unproven(checked(data, world.here, trust=world.trust()), f"its register fails, {code}")


def test_a_log_that_nobody_trusts_proves_nothing() -> None:
    world = World()
    world.arrives(world.says())
    unproven(world.report(world.here.trust()), "NO_TRUST_ANCHOR", "no key of it is trusted")


def test_a_head_without_the_quorum_of_the_other_logs_policy_proves_nothing() -> None:
    world = World(witnesses=2)
    world.arrives(world.says())
    unproven(world.report(), "CP-QUORUM", "0 of 2 witnesses")
    world = World(witnesses=2)
    world.notes = (BEGINS, BEGINS)
    world.arrives(world.says())
    assert acts(world.report()) == [("order-received", "skylark")]
    world.notes = (BEGINS, NOW.replace(year=2030))
    world.foreign.clear()
    world.here, world.ilves = small()
    world.arrives(world.says(public={"proof_kind": "portal-log"}))
    unproven(world.report(), "CP-QUORUM", "1 of 2 witnesses")


@pytest.mark.parametrize("actor", ["supreme-court", "ilves"])
def test_another_registrar_has_no_say_about_offices_of_this_party(actor: str) -> None:
    world = World()
    stranger = world.there.enrol(actor, "XO", "CT", key="of somebody else")
    world.here.record(world.here.keeper, "authority-registered", {
        "actor": "supreme-court", "party": "XO", "roles": ["CT"], "valid_from": "2027-01-01",
    })  # fmt: skip
    ruling = {"ruling": "dispute-settled"}
    world.arrives(world.says("court-ruled", by=stranger, role="CT", public=ruling))
    unproven(world.report(), "KEY-UNKNOWN")


@pytest.mark.parametrize("roles", [["SP"], ["NOT", "SP"], ["NOT"]])
def test_registering_an_office_takes_away_no_role_that_its_own_register_proves(roles: list[str]) -> None:
    before, after = World(), World()
    office = {"actor": "skylark", "party": "XV", "roles": roles, "valid_from": "2027-01-01"}
    before.here.record(before.here.keeper, "authority-registered", office)
    before.arrives(before.says())
    after.arrives(after.says())
    after.here.record(after.here.keeper, "authority-registered", office)
    assert acts(before.report()) == acts(after.report()) == [("order-received", "skylark")]


def test_a_role_that_our_registrar_takes_away_counts_no_more_from_that_position_on() -> None:
    world = World()
    office = {"actor": "skylark", "party": "XV", "roles": ["SP"], "valid_from": "2027-01-01"}
    world.here.record(world.here.keeper, "authority-registered", office)
    world.arrives(world.says())
    changed = {"actor": "skylark", "roles": ["NOT"], "valid_from": "2027-01-01"}
    world.here.record(world.here.keeper, "authority-changed", changed)
    assert acts(world.report()) == [("order-received", "skylark")]
    world.arrives(world.says(public={"proof_kind": "portal-log"}))
    report = world.report()
    assert acts(report) == [("order-received", "skylark")]
    assert any("KEY-ROLE" in r.says and "took that role away" in r.says for r in report.procedure)


def test_an_office_registered_here_for_another_party_is_not_the_one_that_signed() -> None:
    world = World()
    world.here.record(world.here.keeper, "authority-registered", {
        "actor": "skylark", "party": "XW", "roles": ["SP"], "valid_from": "2027-01-01",
    })  # fmt: skip
    world.arrives(world.says())
    unproven(world.report(), "KEY-UNKNOWN")


def test_a_role_that_the_key_does_not_hold_in_its_own_register_proves_nothing() -> None:
    world = World()
    world.arrives(world.says("court-ruled", role="CT", public={"ruling": "dispute-settled"}))
    unproven(world.report(), "KEY-ROLE")


def enrolled(world: World) -> None:
    """Register the key of skylark here too."""
    key = world.skylark.key
    world.here.enrol("skylark", "XV", "SP")
    assert key == hand("skylark", "XV").key


def test_a_key_enrolled_here_proves_an_entry_without_the_register_of_its_log() -> None:
    world = World()
    enrolled(world)
    world.arrives(world.says())
    assert acts(world.report(register=False)) == [("order-received", "skylark")]


def test_a_key_that_ended_here_speaks_no_more() -> None:
    world = World()
    enrolled(world)
    world.here.record(world.here.keeper, "key-revoked", {"actor": "skylark", "key": world.skylark.key, "cause": "lost"})
    world.arrives(world.says())
    unproven(world.report(), "KEY-ENDED")


def test_a_key_that_was_reported_here_is_suspect_in_what_arrived_before_too() -> None:
    world = World()
    enrolled(world)
    world.arrives(world.says())
    said = {"actor": "skylark", "key": world.skylark.key, "suspected_since": "2027-01-01T00:00:00Z"}
    world.here.record(world.here.keeper, "key-compromised", said)
    report = world.report()
    assert [r.code for r in report.reasons] == ["KEY-SUSPECT"], "its acceptance is suspect too"
    assert report.case is not None
    assert [e for e in report.case.entries if e.received] == []
    assert any(r.code == "ENT-UNPROVEN" and "KEY-SUSPECT" in r.says for r in report.procedure)


def test_a_key_that_ended_in_its_own_register_before_the_entry_proves_nothing() -> None:
    world = World()
    world.there.record(
        world.there.keeper, "key-revoked", {"actor": "skylark", "key": world.skylark.key, "cause": "lost"}
    )
    world.arrives(world.says())
    unproven(world.report(), "KEY-ENDED")


def test_a_key_that_was_reported_in_its_own_register_is_suspect_unless_witnesses_saw_the_entry_before() -> None:
    for since, counts in (("2027-01-01T00:00:00Z", False), ("2027-06-01T00:00:00Z", True)):
        world = World(witnesses=1)
        world.notes = (BEGINS,)
        world.arrives(world.says())
        said = {"actor": "skylark", "key": world.skylark.key, "suspected_since": since}
        world.there.record(world.there.keeper, "key-compromised", said)
        report = world.report()
        if counts:
            assert acts(report) == [("order-received", "skylark")]
        else:
            unproven(report, "KEY-SUSPECT")


def test_a_wrapper_whose_own_role_is_not_held_proves_no_arrival() -> None:
    world = World()
    enrolled(world)
    index = world.arrives(world.says(), by=world.skylark)  # signed under its first permitted role, which skylark lacks
    report = world.report()
    assert acts(report) == []
    assert world.here.leaf(index) in next(r for r in report.procedure if r.code == "V-ROLE-NOT-HELD").entries


# -- the order of an entry ---------------------------------------------------------------------------------------------


def test_an_entry_about_another_order_does_not_count_in_this_one() -> None:
    world = World()
    world.arrives(world.says(order=OTHER_ORDER))
    unproven(world.report(), "CTX-ORDER", OTHER_ORDER)


def test_an_entry_under_another_instrument_does_not_count() -> None:
    world = World()
    world.arrives(world.says(instrument="EPOC"))
    unproven(world.report(), "CTX-INSTRUMENT", "EPOC")


def test_one_entry_counts_once_however_often_it_is_wrapped() -> None:
    world = World()
    index = world.says()
    world.arrives(index)
    world.arrives(index)
    report = world.report()
    assert acts(report) == [("order-received", "skylark")]
    assert [r.entries for r in report.procedure if r.code == "ENT-UNPROVEN"] == [
        (world.here.leaf(world.here.size - 1),)
    ]


def crossing(world: World, by: Hand, order: str = ORDER, instrument: str = "2AP-7", role: str = "ISS") -> OpenedEntry:
    """Seal an entry for this log that comes too late for its place in the order."""
    place = EntryPlace(world.here.origin, order, 2, world.here.leaf(3), instrument)
    fact = build("order-transmitted", {"addressee": "skylark", "channel": "mail"}, {})
    said = Circumstances(world.here.clock, world.here.clock)
    return open_(seal(fact, place, by.signer(role), said, "ee" * 16, world.here.salt).raw)


def wrap(world: World, opened: OpenedEntry, order: str = ORDER, instrument: str = "2AP-7") -> None:
    fact = wrapping_crossed(opened.raw, world.here.size)
    public = {n: getattr(fact, n) for n in ("origin", "index", "leaf", "envelope", "proof_check")}
    world.here.record(world.ilves, fact.kind, public, order=order, instrument=instrument)
    world.foreign[sha256(opened.raw).hexdigest()] = opened.raw


def test_a_crossed_letter_counts_in_its_own_order_alone() -> None:
    world = World()
    wrap(world, crossing(world, world.ilves))
    assert acts(world.report()) == [("order-transmitted", "ilves")]
    world = World()
    wrap(world, crossing(world, world.ilves, order=OTHER_ORDER))
    unproven(world.report(), "CTX-ORDER")
    world = World()
    wrap(world, crossing(world, world.ilves, instrument="EPOC"))
    unproven(world.report(), "CTX-INSTRUMENT")


def test_an_entry_of_this_log_itself_counts_where_it_stands_and_not_once_more() -> None:
    world = World()
    wrap(world, open_(world.here.entries[4]))
    unproven(world.report(), "LEAF-DUPLICATE")


def test_a_crossed_letter_in_a_role_that_its_key_does_not_hold_does_not_count() -> None:
    world = World()
    wrap(world, crossing(world, world.ilves, role="CAR"))
    unproven(world.report(), "KEY-ROLE")


def test_a_crossed_letter_of_a_stolen_key_does_not_count() -> None:
    world = World()
    wrap(world, crossing(world, world.ilves))
    said = {"actor": "ilves", "key": world.ilves.key, "suspected_since": "2027-01-01T00:00:00Z"}
    world.here.record(world.here.keeper, "key-compromised", said)
    maker = world.here.enrol("orn", "XO", "ISS")
    data = world.here.bundle(maker, foreign=world.foreign)
    report = checked(data, world.here, trust=world.trust())
    assert report.verdict is Verdict.INDETERMINATE
    assert any(r.code == "ENT-UNPROVEN" and "KEY-SUSPECT" in r.says for r in report.procedure)


# -- the entries that it supports or replaces --------------------------------------------------------------------------

DISCLOSED = {"channel": "provider-portal", "partial": False}
MANIFEST = {"manifest": {"elements": ["name"], "files": [{"name": "r", "size": 1, "sha256": "ab" * 32}]}}


def observed(world: World) -> str:
    """Record ilves's observation of skylark's disclosure; return the leaf of the entry."""
    office = {"actor": "skylark", "party": "XV", "roles": ["SP"], "valid_from": "2027-01-01"}
    world.here.record(world.here.keeper, "authority-registered", office)
    said: dict[str, Any] = {"speaks": "observation", "whose": "skylark"}
    index = world.here.record(world.ilves, "data-disclosed", DISCLOSED, MANIFEST, role="ISS", order=ORDER, **said)
    return world.here.leaf(index)


def first_hand(report: Report) -> bool:
    return "G-SECOND-HAND" not in {r.code for r in report.procedure}


def test_only_the_same_act_of_the_same_signer_makes_an_observation_first_hand() -> None:
    world = World()
    leaf = observed(world)
    assert not first_hand(world.report())
    world.arrives(world.says("data-disclosed", public=DISCLOSED, sealed=MANIFEST), backs=leaf)
    assert first_hand(world.report())


def test_the_sealed_fields_that_could_not_be_compared_with_the_act_are_named() -> None:
    world = World()
    leaf = observed(world)
    index = world.arrives(world.says("data-disclosed", public=DISCLOSED, sealed=MANIFEST), backs=leaf)
    says = f"That what entry {index} wraps and what it backs say the same of manifest: closed."
    assert [line for line in world.report().not_proven if "say the same of" in line] == [says]


def test_the_entries_of_other_records_that_count_are_counted() -> None:
    world = World()
    says = []
    world.arrives(world.says())
    says.append(world.report())
    world.arrives(world.says("data-disclosed", public=DISCLOSED, sealed=MANIFEST))
    says.append(world.report())
    says.append(world.report(register=False))
    counts = ["1 entry of other records", "2 entries of other records", "0 entries of other records"]
    assert [[s.says for s in report.steps if "other records" in s.says] for report in says] == [[c] for c in counts]


def test_an_act_that_its_signer_replaced_in_its_own_log_supports_nothing_any_more() -> None:
    world = World()
    leaf = observed(world)
    act = world.says("data-disclosed", public=DISCLOSED, sealed=MANIFEST)
    world.arrives(act, backs=leaf)
    strange = world.says("data-disclosed", by=world.there.enrol("fjord", "XV", "SP"), public=DISCLOSED, sealed=MANIFEST,
                         replaces=world.there.leaf(act))  # fmt: skip
    world.arrives(strange)
    assert first_hand(world.report()), "nobody replaces the act of another"
    otherwise = {"manifest": {**MANIFEST["manifest"], "files": [{"name": "r", "size": 1, "sha256": "cd" * 32}]}}
    world.arrives(world.says("data-disclosed", public=DISCLOSED, sealed=otherwise, replaces=world.there.leaf(act)))
    assert not first_hand(world.report())


def of_a_later_schema(ledger: Ledger, index: int, by: Hand, **public: Any) -> None:
    """Sign the newest entry of a ledger again as one of a later version, and put it in its place."""
    raw = resealed(ledger.entries[index], lambda said: said.update(schema=99, public={**said["public"], **public}), by)
    kept = ledger.entries[:index]
    assert len(kept) == len(ledger.entries) - 1
    ledger.entries, ledger._stored, ledger._tree = [], [], Frontier()
    for each in (*kept, raw):
        ledger.append(each)
    p = open_(raw).payload
    ledger._links[p.order] = Link(p.seq, ledger.leaf(index), p.instrument)


def later(which: str) -> World:
    """Wrap an act that backs an observation of it; one of the two, or both, are of a schema of a later version."""
    world = World()
    observed(world)
    index = world.here.size - 1
    if which != "theirs":
        of_a_later_schema(world.here, index, world.ilves, partial=0)
    act = world.says("data-disclosed", public=DISCLOSED, sealed=MANIFEST)
    if which != "ours":
        of_a_later_schema(world.there, act, world.skylark, partial=True, channel="otherwise")
    world.arrives(act, backs=world.here.leaf(index))
    return world


@pytest.mark.parametrize("kind", ["key-revoked", "key-suspended", "party-registered"])
def test_an_entry_of_a_log_with_entries_on_keys_of_a_later_version_is_not_proven(kind: str) -> None:
    world = World()
    act = world.says("data-disclosed", public=DISCLOSED, sealed=MANIFEST)
    revoked = world.there.record(world.there.keeper, "key-revoked", {"actor": "skylark", "cause": "lost"})
    raw = resealed(
        world.there.entries[revoked],
        lambda said: said.update(kind=kind, schema=99, public={"actor": 7}),
        world.there.keeper,
    )
    kept = world.there.entries[:revoked]
    world.there.entries, world.there._stored, world.there._tree = [], [], Frontier()
    for each in (*kept, raw):
        world.there.append(each)
    world.arrives(act)
    unproven = [r.says for r in world.report().procedure if r.code == "ENT-UNPROVEN"]
    assert bool(unproven) is (kind != "party-registered")
    assert all("a later version wrote what its register says of keys (KEY-SCHEMA)" in says for says in unproven)


LATER = ["ours", "theirs", "both"]


@pytest.mark.parametrize("which", LATER)
def test_an_entry_of_a_schema_that_is_not_known_here_supports_nothing_because_nothing_compares_the_two(
    which: str,
) -> None:
    report = later(which).report()
    assert not first_hand(report) or which != "theirs"
    (says,) = [r.says for r in report.procedure if r.code == "ENT-UNPROVEN"]
    assert "that it supports data-disclosed of skylark: this version does not know the schema" in says


@pytest.mark.parametrize("kind", ["order-received", "another-signer", "another-order", "invented", "untrusted"])
def test_what_is_not_proven_to_support_an_entry_leaves_it_second_hand(kind: str) -> None:
    world = World()
    leaf = observed(world)
    trust = None
    if kind == "order-received":
        world.arrives(world.says(), backs=leaf)
    elif kind == "another-signer":
        other = world.there.enrol("fjord", "XV", "SP")
        world.arrives(world.says("data-disclosed", by=other, public=DISCLOSED, sealed=MANIFEST), backs=leaf)
    elif kind == "another-order":
        told = world.says("data-disclosed", order=OTHER_ORDER, public=DISCLOSED, sealed=MANIFEST)
        world.arrives(told, backs=leaf)
    elif kind == "untrusted":
        world.arrives(world.says("data-disclosed", public=DISCLOSED, sealed=MANIFEST), backs=leaf)
        trust = world.here.trust()
    else:
        said = {"origin": "nowhere.test/x", "index": 1, "leaf": "ab" * 32, "envelope": "cd" * 32, "backs": leaf}
        world.here.record(world.ilves, "counterparty-record-received", {**said, "proof_check": "verifies"}, order=ORDER)
    report = world.report(trust)
    assert report.verdict is Verdict.PASSED
    assert not first_hand(report)
    assert {"ENT-UNPROVEN", "ENT-ABSENT"} & {r.code for r in report.procedure}


def test_an_entry_of_another_log_replaces_nothing_in_this_one() -> None:
    world = World()
    enrolled(world)
    ours = world.here.record(world.skylark, "order-received", RECEIVED, role="SP", order=ORDER)
    world.arrives(world.says(public={"proof_kind": "portal-log"}, replaces=world.here.leaf(ours)))
    report = world.report()
    assert report.case is not None
    assert acts(report) == [("order-received", "skylark")]
    assert replacements(report.case.entries, NOW) == {}


def test_an_entry_of_another_log_replaces_an_earlier_one_of_that_log_by_the_same_signer() -> None:
    world = World()
    first = world.says()
    world.arrives(first)
    world.arrives(world.says(public={"proof_kind": "portal-log"}, replaces=world.there.leaf(first)))
    report = world.report()
    assert report.case is not None
    assert list(replacements(report.case.entries, NOW)) == [world.there.leaf(first)]


# -- a false statement of one signer -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "spoil",
    [
        lambda raw: raw[:-10] + b"A" * 10,
        lambda raw: b"no envelope",
        lambda raw: raw.replace(b'"signatures"', b'"signaturez"'),
    ],
)
def test_bytes_that_are_no_entry_are_a_finding_on_their_wrapper(spoil: Callable[[bytes], bytes]) -> None:
    world = World()
    raw = spoil(world.there.entries[world.says()])
    name = sha256(raw).hexdigest()
    said = {"origin": "ledger.test/xv", "index": 3, "leaf": "ab" * 32, "envelope": name, "proof_check": "verifies"}
    world.here.record(world.ilves, "counterparty-record-received", said, order=ORDER)
    world.foreign = {name: raw}
    report = world.report()
    assert acts(report) == []
    assert "ENT-MISMATCH" in {r.code for r in report.procedure}


def test_the_register_of_another_log_may_be_missing_or_broken_without_harm_to_the_record() -> None:
    world = World()
    junk = dict.fromkeys(range(3), (b"junk", b"junk"))
    data = world.here.bundle(world.ilves, foreign=world.foreign, others={world.there.origin: junk})
    assert checked(data, world.here, trust=world.trust()).verdict is Verdict.PASSED


# -- attempted attacks -------------------------------------------------------------------------------------------------


def test_an_observation_that_says_otherwise_is_not_made_first_hand_by_the_act_it_names() -> None:
    world = World()
    leaf = observed(world)
    otherwise = {"manifest": {**MANIFEST["manifest"], "files": [{"name": "r", "size": 1, "sha256": "cd" * 32}]}}
    world.arrives(world.says("data-disclosed", public={**DISCLOSED, "partial": True}, sealed=otherwise), backs=leaf)
    report = world.report()
    assert not first_hand(report)
    assert "ENT-MISMATCH" in {r.code for r in report.procedure}
    assert acts(report) == [("data-disclosed", "skylark")], "the act itself counts"


def test_a_key_of_one_office_here_is_no_other_office_anywhere() -> None:
    world = World()
    fjord = replace(world.skylark, actor="fjord")
    office = {"actor": "fjord", "party": "XV", "roles": ["SP"], "valid_from": "2027-01-01"}
    world.there = Ledger(origin="ledger.test/xv", log=hand("log xv"), keeper=hand("registrar-xv", "XV"))
    world.there.record(world.there.keeper, "authority-registered", office)
    world.there.record(world.there.keeper, "key-registered", {"actor": "fjord", "key": fjord.key, "roles": ["SP"]})
    world.there.record(fjord, "key-accepted", {"key": fjord.key}, role="SP")
    world.arrives(world.says(by=fjord))
    assert acts(world.report()) == [("order-received", "fjord")]
    enrolled(world)
    unproven(world.report(), "KEY-UNKNOWN", "skylark")


def test_another_registrar_vouches_for_offices_of_its_own_party_alone() -> None:
    world = World()
    stranger = world.there.enrol("fjord", "XW", "SP")
    world.arrives(world.says(by=stranger))
    unproven(world.report(), "KEY-UNKNOWN", "not for that log to say")


def test_two_trees_of_one_size_of_another_log_prove_nothing_but_that() -> None:
    world = World()
    world.arrives(world.says())
    twin = World()
    at = twin.says(public={"proof_kind": "portal-log"})
    world.there, world.skylark = twin.there, twin.skylark
    world.arrives(at)
    report = world.report()
    assert report.verdict is Verdict.PASSED
    assert any("SPLIT-VIEW" in r.says or "SPLIT-ORDER" in r.says for r in report.procedure if r.code == "ENT-UNPROVEN")


def test_a_commitment_that_is_copied_into_another_log_is_found_on_its_wrapper() -> None:
    world, twin = World(), World()
    commitment = sorted(open_(world.here.entries[4]).sd)[0]
    raw = twin.there.entries[twin.says("data-disclosed", public=DISCLOSED, sealed=MANIFEST)]
    copied = resealed(raw, lambda p: p["public"].update(_sd=[commitment]), world.skylark)
    at = world.arrives(world.there.append(copied))
    found = [r for r in world.report().procedure if r.code == "SD-COPIED"]
    assert [r.entries for r in found] == [(world.here.leaf(at),)]


def test_a_value_of_another_log_without_its_form_is_a_finding_and_spoils_nothing() -> None:
    world, twin = World(), World()
    raw = twin.there.entries[twin.says("data-disclosed", public=DISCLOSED, sealed=MANIFEST)]
    spoilt = veil("manifest", "not a manifest", bytes(16))
    at = world.there.append(resealed(raw, lambda p: p["public"].update(_sd=[spoilt.digest]), world.skylark))
    world.arrives(at)
    world.foreign[f"{sha256(world.there.entries[at]).hexdigest()}.txt"] = f"{spoilt.text}\n".encode()
    report = world.report()
    assert acts(report) == [("data-disclosed", "skylark")]
    assert "SD-FORM" in {r.code for r in report.procedure}


@pytest.mark.parametrize("value", ["SP", 7, None, [["SP"]]])
def test_a_false_entry_of_another_register_is_a_finding_and_no_crash(value: Any) -> None:
    world, twin = World(), World()
    office = {"actor": "fjord", "party": "XV", "roles": ["SP"], "valid_from": "2027-01-01"}
    raw = twin.there.entries[twin.there.record(twin.there.keeper, "authority-registered", office)]
    world.arrives(world.says())
    world.there.append(resealed(raw, lambda p: p["public"].update(roles=value), world.there.keeper))
    unproven(world.report(), "FACT")


def test_the_condition_of_an_entry_of_another_log_is_not_compared_with_the_entries_of_this_one() -> None:
    world = World()
    sent = ("order-transmitted", {"addressee": "skylark", "channel": "mail"})
    world.here.record(world.ilves, *sent, order=ORDER)  # which the condition would exclude, if it were about this log
    index = world.says(unless=Condition(0, [ORDER], [sent[0]]))
    world.arrives(index)
    report = world.report()
    assert acts(report) == [("order-received", "skylark")]
    assert "CTX-CONDITION" not in {remark.code for remark in report.procedure}
    assert [says for says in report.not_proven if "CTX-CONDITION" in says] == [
        f"CTX-CONDITION: that the log ledger.test/xv held to the condition of its entry {index}."
    ]


def test_an_acknowledgement_and_an_entry_of_a_register_say_nothing_of_an_order() -> None:
    there, office = small(origin="ledger.test/xv", log=hand("log xv"))
    said = {"origin": "ledger.test/xo", "index": 4, "leaf": "ab" * 32, "envelope": "cd" * 32}
    index = there.record(office, KIND, {**said, "proof_check": "not-checked"}, order=ORDER)
    silent = [says_nothing(open_(raw).payload) for raw in there.entries]
    orders = [open_(raw).payload.order for raw in there.entries]
    assert silent == [order != ORDER or n == index for n, order in enumerate(orders)]
    assert {True, False} == set(silent)


@pytest.mark.parametrize(
    ("key", "office", "holds", "code"),
    [
        ({}, {}, True, ""),
        ({"accepted": None}, {}, True, "KEY-UNKNOWN"),
        ({"accepted": 9}, {}, True, "KEY-UNKNOWN"),
        ({"accepted": 8}, {}, True, ""),
        ({"ended": 8}, {}, True, "KEY-ENDED"),
        ({"ended": 9}, {}, True, ""),
        ({"reported": 1, "suspected_since": "2027-03-01T00:00:00Z"}, {}, True, "KEY-SUSPECT"),
        ({"reported": 1, "suspected_since": "2027-04-01T00:00:00Z"}, {}, True, ""),  # it is older by a proof
        ({"reported": 1, "suspected_since": None}, {}, True, "KEY-SUSPECT"),
        ({}, None, True, "KEY-ROLE"),
        ({}, {"party": "XX"}, True, "KEY-ROLE"),
        ({}, {}, False, "KEY-ROLE"),
    ],
)
def test_a_key_of_our_register_signs_what_arrives_between_its_acceptance_and_its_end_in_a_held_role(
    key: dict[str, Any], office: dict[str, Any] | None, holds: bool, code: str
) -> None:
    there, _ = small(origin="ledger.test/xv", log=hand("log xv"))
    inner = open_(there.entries[4])
    signer = inner.payload.signer
    known = SimpleNamespace(**{"accepted": 3, "ended": None, "reported": None, "suspected_since": None, **key})
    offices = {} if office is None else {signer.actor: SimpleNamespace(**{"party": signer.party, **office})}
    ours: Any = SimpleNamespace(keys={signer.key: known}, offices=offices, holds=lambda *_: holds)
    here: Any = SimpleNamespace(before=lambda *asked: asked == (9, "2027-04-01T00:00:00Z"))
    if not code:
        _check_enrolled(9, inner, ours, here)
        return
    with pytest.raises(NotProven) as lacks:
        _check_enrolled(9, inner, ours, here)
    assert lacks.value.code == code


def test_a_key_that_its_office_has_not_accepted_here_is_none_of_its_keys() -> None:
    world = World()
    world.here.enrol("skylark", "XV", "SP", key="of this register")
    said = {"actor": "skylark", "key": world.skylark.key, "roles": ["SP"]}
    world.here.record(world.here.keeper, "key-registered", said)
    world.arrives(world.says())
    unproven(world.report(), "KEY-UNKNOWN", "skylark has keys in this register, and it is none of them")


@pytest.mark.parametrize("there", ["none", "in another order"])
def test_an_entry_supports_only_an_entry_of_this_order(there: str) -> None:
    ledger, _ = small()
    ours = open_(ledger.entries[4])
    wrapper: Any = SimpleNamespace(payload=SimpleNamespace(public={"backs": ours.leaf}, order="another order"))
    here: Any = SimpleNamespace(entry=lambda leaf: ours if there == "in another order" else None)
    with pytest.raises(NotProven, match="there is no such entry in this order"):
        _backed(ours, wrapper, here)
    wrapper.payload.order = ours.payload.order
    here.entry = lambda leaf: ours
    assert _backed(ours, wrapper, here) is ours


MISFORMED: list[tuple[str, dict[str, Any]]] = [
    ("witness-changed", {"policy_text": "Ödön"}),
    ("policy-adopted", {"policy": "Ödön", "document": [], "valid_from": "2027-01-01"}),
    ("record-accessed", {"view": "timeline", "purpose_code": "investigation", "orders": 5, "case": "Ödön"}),
    ("authority-changed", {"actor": "Ödön", "names": 5, "valid_from": "2027-01-01"}),
    ("order-received", {"proof_kind": ["Ödön"]}),
]


def misformed(kind: str, public: dict[str, Any]) -> tuple[World, bytes]:
    """Make a bundle with an entry of another log in which a field has not its form."""
    world = World()
    says = world.says()
    world.there.entries[says] = resealed(
        world.there.entries[says], lambda said: said.update(kind=kind, public=public, sealed=[]), world.skylark
    )
    relisted = Ledger(origin=world.there.origin, log=world.there.log, keeper=world.there.keeper)
    for raw in world.there.entries:
        relisted.append(raw)
    world.there = relisted
    world.arrives(says)
    registers = {world.there.origin: world.there.register()}
    return world, world.here.bundle(world.ilves, foreign=world.foreign, others=registers, order=ORDER)


@pytest.mark.parametrize(("kind", "public"), MISFORMED)
def test_an_arrived_entry_in_which_a_field_has_not_its_form_is_a_finding_whatever_its_letters(
    kind: str, public: dict[str, Any]
) -> None:
    world, data = misformed(kind, public)
    report = checked(data, world.here, trust=world.trust())
    assert acts(report) == []
    (says,) = [r.says for r in report.procedure if r.code == "ENT-MISMATCH"]
    assert "FACT" in says
