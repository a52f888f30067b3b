"""Who may see what of a ledger, as a table: one row for each caller, one column for each thing."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest

from ledger.entries.keyring import Keyring, RegisteredKey, Registrar, SigningOffice
from ledger.entries.placement import access_of, map_of, registry_of
from ledger.errors import RecordError
from ledger.facts.vocabulary import ROLES
from server.access import (
    OVERSIGHT,
    WHOLE,
    Access,
    Caller,
    caller_of,
    caller_of_account,
    caller_of_guest,
)
from tests.support.scenarios import order_id

ORIGIN = "ledger.test/xo/karsk"
ACCESS = Access(ORIGIN, "XO")
NAMED, OTHER = order_id("an order that names the caller"), order_id("an order that does not")
THINGS = {
    "register": registry_of(ORIGIN),
    "map": map_of(ORIGIN),
    "accesses": access_of(ORIGIN),
    "an order that names it": NAMED,
    "another order": OTHER,
}
TABLE = """
    caller            register  map  accesses  named  other  validation
    XO ISS            yes       yes  no        yes    yes    yes
    XO VAL            yes       yes  no        yes    yes    yes
    XO RET            yes       yes  no        yes    yes    no
    XO SEEK           yes       yes  no        yes    yes    no
    XO CAR            yes       yes  no        yes    yes    no
    XO CAQ            yes       yes  no        yes    yes    no
    XO POC            yes       yes  no        yes    yes    no
    XO SYS            yes       yes  no        yes    yes    no
    XO AUD            yes       yes  yes       yes    yes    yes
    XO ADM            yes       yes  yes       yes    yes    no
    XO DPO            yes       yes  yes       yes    yes    yes
    XO CT             yes       yes  no        yes    no     yes
    XO SA             yes       yes  no        yes    no     yes
    XO DEF            yes       yes  no        yes    no     no
    XO LAB            yes       yes  no        yes    no     no
    XO SP             yes       yes  no        yes    no     no
    XV SP             yes       yes  no        yes    no     no
    XV REG            yes       yes  no        yes    no     no
    XV NOT            yes       yes  no        yes    no     no
    XV DPO            yes       yes  no        yes    no     yes
    XV AUD            yes       yes  no        yes    no     yes
    XV ISS            yes       yes  no        yes    no     yes
    XV ADM            yes       yes  no        yes    no     no
    XV CAQ            yes       yes  no        yes    no     no
    XO SP,RET         yes       yes  no        yes    yes    no
    XO -              yes       yes  no        no     no     no
    guest:XV SP       yes       yes  no        yes    no     no
    guest:XV NOT      yes       yes  no        yes    no     no
    guest:XO SP       yes       yes  no        yes    no     no
    guest:XO SP,ISS   yes       yes  no        yes    no     yes
    guest:XO ADM      yes       yes  no        yes    no     no
    guest:XV -        yes       yes  no        no     no     no
"""
COLUMNS = tuple(THINGS)


def rows() -> Iterator[tuple[Caller, list[bool]]]:
    for line in TABLE.strip().splitlines()[1:]:
        party, roles, *cells = line.split()
        held = frozenset() if roles == "-" else frozenset(roles.split(","))
        invited = party.startswith("guest:")
        yield (
            Caller("00" * 32, "caller", party.removeprefix("guest:"), held, guest=invited),
            [cell == "yes" for cell in cells],
        )


def called(value: object) -> str:
    return f"{'guest ' * value.guest}{value.party} {','.join(sorted(value.roles))}" if isinstance(value, Caller) else ""


@pytest.mark.parametrize(("caller", "cells"), list(rows()), ids=called)
def test_who_may_see_what_is_the_table(caller: Caller, cells: list[bool]) -> None:
    named = {id: {"somebody", "XV", "XO"} for id in THINGS.values()} | {NAMED: {"caller", "XV"}}
    seen = [ACCESS.sees_order(caller, order, partial(named.__getitem__, order)) for order in THINGS.values()]
    assert [*seen, ACCESS.sees_kind(caller, "ex-post-validation-sought")] == cells
    assert ACCESS.sees_kind(caller, "order-issued")


@pytest.mark.parametrize("guest", [True, False])
@pytest.mark.parametrize("party", ["XO", "XV"])
@pytest.mark.parametrize("role", ["", *sorted(ROLES)])
def test_the_names_by_which_a_caller_sees_orders_are_what_decides_on_each_order(
    role: str, party: str, guest: bool
) -> None:
    caller = Caller("", "ilves", party, frozenset((role,)) if role else frozenset(), guest=guest)
    names = ACCESS.sees_by(caller)
    for named in (set[str](), {"ilves"}, {"harbor", "XO", "XV"}, {"harbor", "ilves"}):
        seen = names is None or bool(names & named)
        assert ACCESS.sees_order(caller, OTHER, partial(frozenset, named)) is seen


def test_a_registrar_is_a_person_of_the_ledgers_party_with_the_role_adm() -> None:
    def decides(party: str, *roles: str, account: str = "id") -> bool:
        return ACCESS.keeps_register(Caller("", "office", party, frozenset(roles), account=account))

    assert (decides("XO", "ADM"), decides("XO", "ISS", "ADM")) == (True, True)
    assert not any(decides("XO", role) for role in WHOLE - {"ADM"})
    assert not decides("XV", "ADM"), "another Party's registrar keeps another register"
    assert not decides("XO", "ADM", account=""), "a key is no person"


BUNDLES = """
    caller            for its role  for a court
    XO ISS            yes           yes
    XO RET            yes           yes
    XO AUD            yes           yes
    XO CT             yes           yes
    XO SP             yes           no
    XV SP             yes           no
    XV NOT            yes           no
    XV CT             yes           yes
    XO -              no            no
"""


@pytest.mark.parametrize("line", BUNDLES.strip().splitlines()[1:])
def test_who_may_have_a_bundle_for_which_audience_is_the_table(line: str) -> None:
    party, role, *cells = line.split()
    caller = Caller("00" * 32, "caller", party, frozenset() if role == "-" else frozenset({role}))
    made = [ACCESS.makes_bundle(caller, audience) for audience in (role, "CT")]
    assert made == [cell == "yes" for cell in cells]


FILES = """
    caller            sends its own  sends another's  opens
    XO ISS            yes            no               yes
    XO RET            yes            no               yes
    XO AUD            yes            no               yes
    XO CT             yes            no               no
    XO SP             yes            no               no
    XV SP             yes            no               no
    XV ISS            yes            no               no
    XV NOT            yes            no               no
    XO -              no             no               no
"""


@pytest.mark.parametrize("line", FILES.strip().splitlines()[1:])
def test_who_sends_and_opens_which_files_is_the_table(line: str) -> None:
    party, role, *cells = line.split()
    caller = Caller("00" * 32, "caller", party, frozenset() if role == "-" else frozenset({role}))
    may = [ACCESS.sends_file(caller, "caller"), ACCESS.sends_file(caller, "another"), ACCESS.opens_files(caller)]
    assert may == [cell == "yes" for cell in cells]


def test_the_party_of_an_order_is_not_its_office() -> None:
    provider = Caller("00" * 32, "skylark", "XV", frozenset({"SP"}))
    assert not ACCESS.sees_order(provider, OTHER, lambda: {"harbor", "XV"})


INVITED = """
    office            may be guests
    XV SP             yes
    XV NOT            yes
    XN CAQ            yes
    XO SP             yes
    XO NOT            yes
    XO CAQ            no
    XO SP,ISS         no
    XO SP,AUD         no
    XV ISS            no
    XV DEF            no
    XV -              no
"""


@pytest.mark.parametrize("line", INVITED.strip().splitlines()[1:])
def test_of_which_offices_people_may_be_guests_is_the_table(line: str) -> None:
    party, roles, cell = line.split()
    assert ACCESS.is_invited(party, () if roles == "-" else roles.split(",")) == (cell == "yes")


def test_guests_are_invited_by_the_issuing_office_of_the_ledgers_party_and_by_a_registrar() -> None:
    def invites(actor: str, party: str, *roles: str, account: str = "id", guest: bool = False) -> bool:
        return ACCESS.invites(Caller("", actor, party, frozenset(roles), account=account, guest=guest), {"ilves"})

    assert [invites("ilves", "XO", role) for role in ("ISS", "CAR", "POC", "ADM")] == [True] * 4
    assert invites("registrar", "XO", "ADM")
    assert invites("ilves", "XO", "ISS", account=""), "a program of the issuing office"
    assert not any(invites("ilves", "XO", role) for role in WHOLE - {"ISS", "CAR", "POC", "ADM"})
    assert not invites("orn", "XO", "ISS"), "another office"
    assert not invites("ilves", "XV", "ISS"), "another Party"
    assert not invites("registrar", "XO", "ADM", account=""), "a registrar is a person"
    assert not invites("ilves", "XO", "ISS", guest=True)


def test_a_guest_has_the_roles_of_accepted_keys_alone_and_may_accept_others() -> None:
    made = keyring()
    made.offices["skylark"] = SigningOffice("skylark", "XV", ("SP", "ISS"), [(2, ("SP", "ISS"))])
    made.keys["cc"] = RegisteredKey("cc", "skylark", ("SP", "ISS"), accepted=5)
    made.keys["dd"] = RegisteredKey("dd", "skylark", ("SP",))
    made.keys["ee"] = RegisteredKey("ee", "skylark", ("SP",), accepted=5, ended=6)

    def guest(*own: str) -> tuple[set[str], set[str]]:
        found = caller_of_guest(made, "id", "skylark", frozenset(own), 9)
        return set(found.roles), set(found.pending)

    assert guest() == (set(), set())
    assert guest("cc") == ({"SP"}, set()), "no role in which an office keeps a ledger"
    assert guest("dd") == (set(), {"SP"})
    assert guest("ee") == (set(), set()), "the key has ended"
    assert guest("aa") == (set(), set()), "a key of another office"
    with pytest.raises(RecordError, match="API-DENIED"):
        caller_of_guest(made, "id", "nowhere", frozenset(), 9)


def test_a_guest_begins_no_order_and_accepts_keys_alone_in_the_register() -> None:
    guest, other = (Caller("", "skylark", "XV", frozenset({"SP"}), account="id", guest=g) for g in (True, False))
    register, kinds = registry_of(ORIGIN), ("key-accepted", "policy-adopted", "order-received")
    assert [ACCESS.records(guest, register, kind, begins=False) for kind in kinds] == [True, False, False]
    assert [ACCESS.records(guest, NAMED, kind, begins=False) for kind in kinds] == [True, True, True]
    assert [ACCESS.records(guest, NAMED, kind, begins=True) for kind in kinds] == [False, False, False]
    assert all(ACCESS.records(other, order, "policy-adopted", begins=True) for order in (register, NAMED))


def test_who_oversees_also_sees_every_order() -> None:
    assert OVERSIGHT <= WHOLE


def keyring() -> Keyring:
    from ledger.formats.ed25519 import public_key

    made = Keyring(registry_of(ORIGIN), Registrar("registrar", "XO", public_key(b"\x01" * 32).hex()))
    made.offices["ilves"] = SigningOffice("ilves", "XO", ("ISS", "RET"), [(2, ("ISS",)), (8, ("ISS", "RET"))])
    made.keys["aa"] = RegisteredKey("aa", "ilves", ("ISS", "RET", "VAL"), accepted=4, ended=10)
    made.keys["bb"] = RegisteredKey("bb", "ilves", ("ISS",))
    return made


def test_a_caller_has_the_roles_that_key_and_office_hold_now() -> None:
    assert caller_of(keyring(), "aa", 7).roles == {"ISS"}
    assert caller_of(keyring(), "aa", 9).roles == {"ISS", "RET"}


def test_a_key_that_is_not_accepted_has_no_roles() -> None:
    caller = caller_of(keyring(), "bb", 9)
    assert (caller.accepted, caller.roles) == (False, frozenset())


def test_a_person_has_the_roles_that_the_office_holds_now_or_some_of_them() -> None:
    def roles(size: int, *given: str) -> set[str]:
        return set(caller_of_account(keyring(), "id", "ilves", given, frozenset({"aa"}), size).roles)

    assert (roles(7), roles(9)) == ({"ISS"}, {"ISS", "RET"})
    assert (roles(9, "RET", "DPO"), roles(7, "RET")) == ({"RET"}, set())
    with pytest.raises(RecordError, match="API-DENIED"):
        caller_of_account(keyring(), "id", "nowhere", (), frozenset(), 9)


def test_a_person_signs_with_keys_of_their_own_and_a_key_with_itself() -> None:
    person = caller_of_account(keyring(), "id", "ilves", (), frozenset({"aa"}), 9)
    assert [person.signs_with(key) for key in ("aa", "bb", "")] == [True, False, False]
    caller = caller_of(keyring(), "aa", 9)
    assert [caller.signs_with(key) for key in ("aa", "bb", "")] == [True, False, False]
    assert len({person.name, caller.name}) == 2


@pytest.mark.parametrize(("key", "size", "code"), [("cc", 9, "KEY-UNKNOWN"), ("aa", 11, "KEY-ENDED")])
def test_a_key_that_is_unknown_or_has_ended_is_nobody(key: str, size: int, code: str) -> None:
    with pytest.raises(RecordError, match=code):
        caller_of(keyring(), key, size)
