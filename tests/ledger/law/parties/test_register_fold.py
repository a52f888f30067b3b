"""What the register holds after its entries: who may change it, what a change keeps, what a replacement takes away."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from msgspec.structs import replace

from ledger.entries.case import Entry
from ledger.law.parties.party_register import Register, fold, register_at
from tests.support.scenarios import LABELS, Fact, entry, fact, leaf, moment

DAY = "2027-03-0{}T09:00Z"


def put(kind: str, day: int = 1, *, role: str = "ADM", by: str = "registrar", **fields: Any) -> Fact:
    """Make an entry of the register, on a day of March."""
    return fact(kind, DAY.format(day), by, role, **fields)


def recorded(*facts: Fact) -> tuple[Entry, ...]:
    return tuple(entry(f, index, "registry", None, {"registrar": "XR"}) for index, f in enumerate(facts))


def register(*facts: Fact) -> Register:
    return fold(recorded(*facts))


def office(day: int = 1, kind: str = "authority-registered", **fields: Any) -> Fact:
    stated = {"actor": "ncco", "valid_from": f"2027-03-0{day}", **fields}
    return put(kind, day, **{name: value for name, value in stated.items() if value is not None})


PARTY = put("party-registered", label="party", party="XV", zone="Europe/Stockholm", holidays=[])
MARCH_5 = moment("2027-03-05T12:00Z")

# -- which entries count -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "counts"),
    [
        (PARTY, True),
        (replace(PARTY, role="SP"), False),
        (replace(PARTY, kind="party-blessed"), False),
    ],
)
def test_an_entry_counts_if_its_kind_is_known_and_its_role_may_record_it(changed: Fact, counts: bool) -> None:
    found = register(changed)
    assert ("XV" in found.parties) is counts
    assert bool(found.of("party-registered", "party-blessed")) is counts


@pytest.mark.parametrize(("by", "zone"), [("registrar", "Europe/Oslo"), ("another", "Europe/Stockholm")])
def test_only_its_own_signer_replaces_an_entry(by: str, zone: str) -> None:
    again = put(
        "party-registered", 2, by=by, role="ADM" if by == "registrar" else "SP",
        party="XV", zone="Europe/Oslo", holidays=[], replaces="party",
    )  # fmt: skip
    found = register(PARTY, again)
    assert found.parties["XV"].zone == zone
    assert len(found.of("party-registered")) == 1


def test_a_replacement_recorded_before_what_it_names_replaces_nothing() -> None:
    early = put("party-registered", 1, label="early", party="XO", zone="UTC", holidays=[], replaces="party")
    assert set(register(early, PARTY).parties) == {"XO", "XV"}


def test_entries_are_known_from_their_moment_and_warnings_from_their_recording() -> None:
    entries = recorded(
        PARTY,
        put("party-registered", 5, party="XO", zone="UTC", holidays=[]),
        put("key-compromised", 6, actor="ncco", suspected_since="2027-03-01T00:00:00Z"),
    )
    before = register_at(entries, moment("2027-03-05T08:59:59Z"))
    assert set(before.parties) == {"XV"}
    assert [c.actor for c in before.compromises] == ["ncco"]
    assert set(register_at(entries, moment("2027-03-05T09:00Z")).parties) == {"XO", "XV"}


def test_entries_of_several_kinds_come_in_the_order_in_which_they_happened() -> None:
    def notice(day: int, label: str) -> Fact:
        return put("notice-published", day, role="DPO", label=label, valid_from="2027-03-01")

    found = register(notice(3, "later"), notice(1, "first"), replace(PARTY, on=moment(DAY.format(2))))
    assert [LABELS[e.leaf] for e in found.of("notice-published", "party-registered")] == ["first", "party", "later"]
    assert [LABELS[e.leaf] for e in found.of("party-registered")] == ["party"]
    assert found.of("transfers-suspended") == ()


# -- Parties -----------------------------------------------------------------------------------------------------------


def test_a_party_has_what_its_entry_states_and_nothing_else() -> None:
    stated: dict[str, Any] = {
        "in_force": ["2AP=2027-01-01", "BC=soon", "EPOC"],
        "not_bound_by": ["COA"],
        "languages": ["sv", "en"],
        "declarations_verified": True,
    }
    party = register(put("party-registered", party="XV", zone="UTC", holidays=["2027-03-01"], **stated)).parties["XV"]
    assert party.in_force == {"2AP": date(2027, 1, 1)}
    assert [party.not_bound_by, party.languages] == [{"COA"}, {"sv", "en"}]
    assert party.declarations_verified
    assert party.days.why_free(date(2027, 3, 1)) == "public holiday"
    bare = register(PARTY).parties["XV"]
    assert (bare.in_force, bare.not_bound_by, bare.languages) == ({}, frozenset(), frozenset())
    assert not bare.declarations_verified
    assert bare.days.working(date(2027, 3, 1))


def test_a_party_that_is_not_registered_has_utc_and_no_holidays() -> None:
    found = register(PARTY)
    assert found.days("XV").zone == "Europe/Stockholm"
    assert [found.days(code).zone for code in ("ZZ", None)] == ["UTC", "UTC"]


# -- declarations ------------------------------------------------------------------------------------------------------


def declared(day: int, valid_from: str, valid_until: str | None = None, code: str = "D-8-11", **more: Any) -> Fact:
    stated = {"party": "XV", "declaration": code, "valid_from": valid_from, "valid_until": valid_until, **more}
    return put("declaration-recorded", day, **{name: value for name, value in stated.items() if value is not None})


@pytest.mark.parametrize(
    ("on", "in_force"),
    [("2027-02-28", False), ("2027-03-01", True), ("2027-03-10", True), ("2027-03-11", False)],
)
def test_a_declaration_is_in_force_from_its_first_day_to_its_last(on: str, in_force: bool) -> None:
    found = register(declared(1, "2027-03-01", "2027-03-10"))
    day = date.fromisoformat(on)
    assert (found.declaration("XV", "D-8-11", day) is not None) is in_force
    assert set(found.declared("XV", day)) == ({"D-8-11"} if in_force else set())


def test_of_several_declarations_the_one_recorded_last_counts_once_its_day_has_come() -> None:
    found = register(declared(1, "2027-03-01", terms="P14D"), declared(2, "2027-04-01", terms="P30D", verified=True))
    before, after = (found.declaration("XV", "D-8-11", date(2027, m, 1)) for m in (3, 4))
    assert before is not None
    assert after is not None
    assert (before.terms, before.verified, before.circumstances) == ("P14D", False, ())
    assert (after.terms, after.verified, after.valid_until) == ("P30D", True, None)


def test_the_declarations_of_a_party_are_its_own() -> None:
    found = register(declared(1, "2027-03-01"), declared(1, "2027-03-01", code="D-9-5", party="XO"))
    assert set(found.declared("XV", date(2027, 3, 5))) == {"D-8-11"}
    assert set(found.declared("XO", date(2027, 3, 5))) == {"D-9-5"}


# -- offices -----------------------------------------------------------------------------------------------------------

KEPT = ("party", "roles", "names", "designations", "languages")
STATED: dict[str, Any] = {
    "party": "XV",
    "roles": ["NOT"],
    "names": {"en": "Office", "sv": "Kontor"},
    "designations": ["C-7-5-e"],
    "languages": ["sv"],
}


def test_a_change_of_an_office_keeps_what_it_does_not_name_and_takes_what_it_empties() -> None:
    found = register(
        PARTY,
        office(1, **STATED),
        office(2, "authority-changed"),
        office(3, "authority-changed", roles=[], designations=[]),
    )
    first, second, third = (found.office("ncco", date(2027, 3, n)) for n in (1, 2, 3))
    assert first is not None
    assert second is not None
    assert third is not None
    assert [getattr(first, name) for name in KEPT] == ["XV", {"NOT"}, STATED["names"], {"C-7-5-e"}, {"sv"}]
    assert [getattr(second, name) for name in KEPT] == [getattr(first, name) for name in KEPT]
    assert [third.roles, third.designations, third.languages] == [set(), set(), {"sv"}]


def test_an_office_that_only_a_change_names_is_of_the_party_of_the_signer_and_holds_nothing() -> None:
    only = register(office(1, "authority-changed")).office("ncco")
    assert only is not None
    assert [getattr(only, name) for name in KEPT] == ["XR", set(), {}, set(), set()]


@pytest.mark.parametrize(("on", "roles"), [("2027-03-01", {"NOT"}), ("2027-03-04", {"CAQ"}), (None, {"SP"})])
def test_an_office_is_as_of_a_day_or_as_recorded_last_and_before_its_first_day_as_recorded_first(
    on: str | None, roles: set[str]
) -> None:
    found = register(
        office(2, roles=["NOT"]),
        office(3, "authority-changed", roles=["CAQ"]),
        office(5, "authority-changed", roles=["SP"]),
    )
    state = found.office("ncco", date.fromisoformat(on) if on else None)
    assert state is not None
    assert state.roles == roles
    assert found.office("nobody") is None


def test_the_day_of_an_office_is_that_of_its_party() -> None:
    found = register(PARTY, office(1, **STATED), office(5, "authority-changed", roles=["CAQ"]))
    assert found.roles("ncco", moment("2027-03-04T22:59:59Z")) == {"NOT"}
    assert found.roles("ncco", moment("2027-03-04T23:00:00Z")) == {"CAQ"}
    assert found.roles("nobody", MARCH_5) == frozenset()


def test_an_office_that_ended_holds_no_role_and_is_designated_for_nothing() -> None:
    found = register(PARTY, office(1, **STATED, valid_until="2027-03-05"))
    last, after = moment("2027-03-05T22:59:59Z"), moment("2027-03-05T23:00:00Z")
    assert (found.ended("ncco", last), found.ended("ncco", after), found.ended("nobody", after)) == (False, True, False)
    assert [found.roles("ncco", at) for at in (last, after)] == [{"NOT"}, set()]
    assert [found.designated("XV", "C-7-5-e", at) for at in (last, after)] == [{"ncco"}, set()]
    assert not register(PARTY, office(1, **STATED)).ended("ncco", after)


def test_an_office_is_designated_by_its_own_party_under_the_declaration_that_it_names() -> None:
    found = register(PARTY, office(1, **STATED), office(1, actor="other", party="XV", roles=["NOT"]))
    assert found.designated("XV", "C-7-5-e", MARCH_5) == {"ncco"}
    assert found.designated("XO", "C-7-5-e", MARCH_5) == frozenset()
    assert found.designated("XV", "D-8-11", MARCH_5) == frozenset()


def test_an_office_has_its_name_in_the_first_language_asked_for_else_in_any_else_its_id() -> None:
    found = register(office(1, **STATED))
    assert [found.name("ncco", *tags) for tags in (("sv", "en"), ("de", "en"), ("de",), ())] == [
        *("Kontor", "Office", "Office", "Office")
    ]
    assert found.name("nobody", "en") == "nobody"


# -- keys under suspicion ----------------------------------------------------------------------------------------------


def key(kind: str, day: int, actor: str = "ncco", **fields: Any) -> Fact:
    return put(kind, day, actor=actor, **fields)


def suspected(day: int = 4, since: str = "2027-03-03T09:00:00Z", **fields: Any) -> Fact:
    return key("key-compromised", day, suspected_since=since, **fields)


@pytest.mark.parametrize(
    ("facts", "until", "successor"),
    [
        ([], None, None),
        ([key("key-rotated", 5, old_key="k1", new_key="k2")], "2027-03-05T09:00Z", "k2"),
        ([key("key-registered", 6, key="k3", roles=["NOT"])], "2027-03-06T09:00Z", "k3"),
        ([key("key-registered", 6, key="k1", roles=["NOT"])], None, None),  # the suspected key once more
        ([key("key-rotated", 5, "other", old_key="x", new_key="y")], None, None),
        (
            [
                key("key-rotated", 5, old_key="k1", new_key="k2"),
                key("key-rotated", 6, old_key="k2", new_key="k3"),
            ],
            "2027-03-05T09:00Z",
            "k2",
        ),
    ],
    ids=["none", "rotated", "registered anew", "the same key", "another office", "the first of two"],
)
def test_a_suspicion_ends_with_the_next_key_of_the_office(
    facts: list[Fact], until: str | None, successor: str | None
) -> None:
    found = register(key("key-registered", 1, key="k1", roles=["NOT"]), suspected(), *facts)
    (suspicion,) = found.compromises
    assert (suspicion.until, suspicion.successor) == (moment(until) if until else None, successor)
    assert suspicion.key == "k1"


def test_a_key_of_the_moment_of_suspicion_does_not_end_it() -> None:
    at = key("key-rotated", 3, old_key="k1", new_key="k2")
    (suspicion,) = register(key("key-registered", 1, key="k1", roles=["NOT"]), at, suspected()).compromises
    assert (suspicion.key, suspicion.until) == ("k2", None)


def test_the_suspected_key_is_the_one_named_else_the_last_of_the_office_else_not_known() -> None:
    keys = (key("key-registered", 1, key="k1", roles=["NOT"]), key("key-registered", 2, "other", key="x", roles=["SP"]))
    assert register(*keys, suspected()).compromises[0].key == "k1"
    assert register(*keys, suspected(key="k0")).compromises[0].key == "k0"
    assert register(suspected()).compromises[0].key is None


def test_an_entry_is_under_suspicion_of_its_own_office_from_its_first_moment_until_its_end() -> None:
    found = register(suspected(), key("key-rotated", 5, old_key="k1", new_key="k2"))
    moments = (moment(f"2027-03-{t}Z") for t in ("03T08:59:59", "03T09:00:00", "05T08:59:59", "05T09:00:00"))
    assert [found.compromised("ncco", at) is not None for at in moments] == [False, True, True, False]
    assert found.compromised("other", moment("2027-03-04T09:00Z")) is None


def test_a_suspicion_that_its_signer_takes_back_is_kept_with_every_entry_that_replaced_it() -> None:
    first = suspected(4, label="first")
    second = suspected(5, label="second", replaces="first", since="2027-03-04T09:00:00Z")
    third = suspected(6, label="third", replaces="second", since="2027-03-05T09:00:00Z")
    foreign = suspected(6, label="foreign", replaces="first", by="other", role="SP")
    found = register(first, second, foreign, third)
    kept = {LABELS[old.leaf]: [LABELS[e.leaf] for e in since] for old, since in found.withdrawn}
    assert kept == {"first": ["second", "third"], "second": ["third"]}
    assert [c.leaf for c in found.compromises] == [leaf("third", "registry")]
    assert register(first).withdrawn == []
