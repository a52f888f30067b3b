"""An entry of the register changes only the orders that name an office or a Party of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from cli.lists.judged_row import shown
from ledger.entries.case import Case, Entry, wire
from ledger.law.parties.register_reach import names_of, reach
from tests.support.scenarios import entry, fact
from tests.support.story_files import STORY_NAMES, cases, source

CODES = ("D-8-11", "D-14-10-b", "C-14-10-b", "N-7-5-a")


def stories() -> Iterator[tuple[str, Case, Any]]:
    """Yield each order of each story, with its last moment."""
    for story in STORY_NAMES:
        ends = {e["order"]: e["as_of"].astimezone(UTC) for e in source(story).get("expect", ())}
        for name, case in cases(story).items():
            if name in ends:
                yield story, case, ends[name]


def invented(case: Case) -> Iterator[Entry]:
    """Yield entries that could come next in the register: of each office and Party there, and of new ones."""
    offices = {e.get("actor"): e.get("party") for e in case.registry if e.kind == "authority-registered"}
    parties = {e.get("party") for e in case.registry if e.kind == "party-registered"}
    last = max((e.at for e in (*case.registry, *case.entries)), default=None)
    assert last is not None
    on, day = wire(last + timedelta(minutes=1)), last.date().isoformat()
    keeper = next(e for e in case.registry)
    some: list[tuple[str, dict[str, Any]]] = []
    for actor in offices:
        some.append(("authority-changed", {"actor": actor, "valid_from": "2020-01-01", "valid_until": day}))
        some.append(("authority-changed", {"actor": actor, "valid_from": "2020-01-01", "roles": ["CRT"]}))
        some.append(("authority-changed", {"actor": actor, "valid_from": "2020-01-01", "designations": [*CODES]}))
        some.append(("key-compromised", {"actor": actor, "suspected_since": "2020-01-01T00:00:00Z"}))
    for party in sorted({*parties, "XQ"}):
        new = {"actor": f"new-{party.lower()}", "party": party, "roles": ["NOT", "SUP"], "valid_from": "2020-01-01"}
        some.append(("authority-registered", new))
        some.append(("authority-registered", {**new, "designations": [*CODES]}))
        some.append(("party-registered", {"party": party, "zone": "Asia/Tokyo", "declarations_verified": True}))
        for code in CODES:
            stated = {"party": party, "declaration": code, "valid_from": "2020-01-01", "verified": True}
            some.append(("declaration-recorded", stated))
    some.append(("timestamp-anchored", {"tree_size": 3}))
    some.append(("witness-changed", {}))
    index = max(e.index for e in (*case.registry, *case.entries)) + 1
    for number, (kind, fields) in enumerate(some):
        made = fact(kind, on, keeper.by, keeper.role, label=f"invented {number}", **fields)
        yield entry(made, index, keeper.order, None, {keeper.by: keeper.party})


def check(case: Case, fresh: Entry, registry: Sequence[Entry], moment: Any, before: Any) -> bool:
    """Return whether an entry reaches an order; if not, assert that it changes nothing of it."""
    named = reach((fresh,), registry)
    if named is None or named & names_of(case):
        return True
    after = shown(Case(case.order, case.instrument, case.entries, tuple(registry), case.label), moment)
    assert after == before, f"{fresh.kind} {fresh.public} of {sorted(named)} changes {case.label}"
    return False


ORDERS = [
    pytest.param(case, moment, id=f"{name}-{case.label}", marks=() if name.startswith("S") else pytest.mark.slow)
    for name, case, moment in stories()
]


@pytest.mark.parametrize(("case", "moment"), ORDERS)
def test_an_order_is_as_before_if_a_new_entry_of_the_register_names_nothing_of_it(case: Case, moment: Any) -> None:
    moment = max(moment, *(fresh.on for fresh in invented(case)))
    before = shown(case, moment)
    reached = [check(case, fresh, (*case.registry, fresh), moment, before) for fresh in invented(case)]
    assert any(reached)
    assert not all(reached)


@pytest.mark.parametrize(("case", "moment"), ORDERS)
def test_an_order_is_as_before_if_an_entry_of_its_own_register_names_nothing_of_it(case: Case, moment: Any) -> None:
    moment = max(moment, *(e.on for e in case.registry))
    for size, fresh in enumerate(case.registry):
        registry = case.registry[: size + 1]
        earlier = Case(case.order, case.instrument, case.entries, registry[:-1], case.label)
        named = reach((fresh,), registry)
        if named is not None and not named & names_of(earlier):
            check(earlier, fresh, registry, moment, shown(earlier, moment))


def test_a_replaced_entry_of_the_register_reaches_what_it_named_and_an_unknown_one_everything() -> None:
    _, case, _ = next(stories())
    office, other, *_ = (e for e in case.registry if e.kind == "authority-registered")
    instead = replace(other, leaf="0" * 64, replaces=office.leaf)
    assert reach((instead,), (*case.registry, instead)) == frozenset({office.get("actor"), other.get("actor")})
    assert reach((instead,), (instead,)) is None
    assert reach((replace(other, kind="notice-published"),), case.registry) is None
    assert reach((), case.registry) == frozenset()


def test_a_designated_office_reaches_the_orders_of_its_party() -> None:
    _, case, _ = next(stories())
    office = next(e for e in case.registry if e.kind == "authority-registered")
    actor, party = office.get("actor"), office.get("party")
    assert reach((office,), (office,)) == frozenset({actor})
    named = replace(office, public={**office.public, "designations": ["D-14-10-b"]})
    later = replace(office, kind="authority-changed", public={"actor": actor, "valid_from": "2027-01-01"})
    assert reach((named,), (named,)) == frozenset({actor, party})
    assert reach((later,), (named, later)) == frozenset({actor, party, later.party})
    elsewhere = replace(named, public={**named.public, "party": "XQ"})  # the registrar is of another Party
    assert reach((elsewhere,), (elsewhere,)) == frozenset({actor, "XQ"})
    assert reach((later,), (elsewhere, later)) == frozenset({actor, "XQ", later.party})
    other = replace(named, public={**named.public, "actor": "another", "party": "XZ"})
    assert reach((later,), (elsewhere, other, later)) == frozenset({actor, "XQ", later.party})
    key = replace(named, kind="key-registered", public={"actor": actor, "designations": ["D-14-10-b"], "party": "XZ"})
    assert reach((office,), (key, office)) == frozenset({actor})


def test_an_entry_about_a_key_reaches_the_office_that_it_names_else_its_signer() -> None:
    _, case, _ = next(stories())
    office = next(e for e in case.registry if e.kind == "authority-registered")
    for kind in ("key-registered", "key-accepted", "key-rotated", "key-revoked", "key-compromised"):
        named = replace(office, kind=kind, public={"actor": "another"})
        assert reach((named,), (named,)) == frozenset({"another"})
        own = replace(office, kind=kind, public={})
        assert reach((own,), (own,)) == frozenset({office.by})
