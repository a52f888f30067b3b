"""The plan of an address book has what the register lacks, and names what it leaves as it is and what it refuses."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cli.offices.address_book import NEW, BookRow
from cli.offices.enrolment import StandInKeys
from cli.offices.enrolment_plan import EnrolmentPlan, OfficeItem, Register
from ledger.entries.keyring import Keyring, RegisteredKey, Registrar, SigningOffice
from tests.support.memory_ledger import hand

NOW = datetime(2027, 3, 1, 23, 30, tzinfo=UTC)
KEEPER = hand("registrar")
ZONE = {"zone": "Europe/Oslo"}
PARTY = BookRow(2, "XO", zone="Europe/Oslo")


class Keys(StandInKeys):
    """Keys by the names of their files: each file has the key of a hand of that name."""

    def public(self, file: Path) -> bytes:
        return bytes.fromhex(hand(file.name).key)


def plan(
    folder: Path, *rows: BookRow, parties: Mapping[str, Mapping[str, Any]] | None = None, **offices: SigningOffice
) -> EnrolmentPlan:
    """Return the plan of rows for a register with these Parties and offices, and a key of each office."""
    keyring = Keyring("", Registrar("registrar", "XO", KEEPER.key))
    for actor, office in offices.items():
        keyring.offices[actor] = office
        if office.changes:
            key = hand(actor).key
            keyring.keys[key] = RegisteredKey(key, actor, office.roles, accepted=1)
    register = Register("ledger.example/xo/karsk", keyring, parties or {}, 9, NOW, folder)
    return EnrolmentPlan(register, rows, KEEPER.signer("ADM"), Keys())


def office(actor: str, party: str, *roles: str, key: bool = False) -> SigningOffice:
    return SigningOffice(actor, party, roles, [(1, roles)] if key else [])


def facts(made: EnrolmentPlan) -> list[tuple[str, str, str]]:
    return [(fact.kind, signer.actor, signer.role) for fact, signer in made.facts]


def faults(made: EnrolmentPlan) -> list[tuple[int, str, str]]:
    return [(number, wrong.column, wrong.says) for number, wrong in made.faults]


def test_a_party_and_an_office_with_a_key_are_four_entries_of_which_the_office_signs_the_last(tmp_path: Path) -> None:
    row = BookRow(3, "XO", "ilves", names={"en": "Karsk"}, roles=("ISS", "RET"), key=NEW, holder="Dina Ilves")
    made = plan(tmp_path, PARTY, row)
    assert faults(made) == []
    assert facts(made) == [
        ("party-registered", "registrar", "ADM"),
        ("authority-registered", "registrar", "ADM"),
        ("key-registered", "registrar", "ADM"),
        ("key-accepted", "ilves", "ISS"),
    ]
    (party, _), (registered, _), (key, _), (accepted, signer) = made.facts
    assert (party.zone, party.declarations_verified) == ("Europe/Oslo", False)  # type: ignore[attr-defined]
    assert (registered.party, registered.roles, str(registered.valid_from)) == (  # type: ignore[attr-defined]
        *("XO", ("ISS", "RET"), "2027-03-01"),
    )
    assert (key.key, key.actor, key.holder) == (hand("ilves").key, "ilves", "Dina Ilves")  # type: ignore[attr-defined]
    assert accepted.key == signer.public.hex() == hand("ilves").key  # type: ignore[attr-defined]
    kinds = ["authority-registered", "key-registered", "key-accepted"]
    assert made.items == [
        OfficeItem("XO", "", [], "", "", ["party-registered"]),
        OfficeItem("XO", "ilves", ["ISS", "RET"], hand("ilves").key, str(tmp_path / "ilves"), kinds),
    ]


def test_what_is_registered_already_is_recorded_no_second_time_and_a_difference_is_named(tmp_path: Path) -> None:
    known = {"XO": ZONE}
    same = plan(tmp_path, PARTY, BookRow(3, "XO", "ilves", roles=("RET", "ISS")), parties=known,
                ilves=office("ilves", "XO", "ISS", "RET"))  # fmt: skip
    assert (facts(same), faults(same), same.unlike) == ([], [], [])
    assert same.items == [OfficeItem("XO", "ilves", ["RET", "ISS"], "", "", [])]
    other = plan(tmp_path, BookRow(2, "XO", zone="Europe/Dublin"), BookRow(3, "XO", "ilves", roles=("ISS",)),
                 parties=known, ilves=office("ilves", "XO", "ISS", "RET"))  # fmt: skip
    assert (facts(other), faults(other)) == ([], [])
    zone, roles = other.unlike
    assert zone.startswith("XO stays registered with the zone Europe/Oslo; comity record party-registered -f party=XO")
    assert roles.startswith("ilves stays registered as ISS, RET; ")
    unsaid = plan(tmp_path, BookRow(2, "XO"), parties=known)
    assert (facts(unsaid), faults(unsaid), unsaid.unlike) == ([], [], [])


def test_the_zone_of_a_party_is_stated_once_in_any_of_its_rows(tmp_path: Path) -> None:
    later = plan(tmp_path, BookRow(2, "XO", "ilves", roles=("ISS",)), BookRow(3, "XO", zone="Europe/Oslo"))
    assert faults(later) == []
    assert facts(later)[0] == ("party-registered", "registrar", "ADM")
    assert faults(plan(tmp_path, PARTY, BookRow(3, "XO", zone="Europe/Oslo"))) == []
    two = plan(tmp_path, PARTY, BookRow(3, "XO", zone="Europe/Dublin"))
    assert faults(two) == [(3, "zone", "XO has the zone Europe/Oslo in row 2")]
    none = plan(tmp_path, BookRow(2, "XO", "ilves", roles=("ISS",)))
    assert (2, "zone", "XO is not registered yet: in which time zone is it?") in faults(none)


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        (BookRow(3, "XW", "ilves", roles=("ISS",)), (3, "party", "ilves is registered as an office of XO")),
        (BookRow(3, "XO", "orn", roles=("RET",), key=hand("ilves").key), (3, "key", "this is the key of ilves")),
        (BookRow(3, "XO", "court", roles=("ISS",), key="no-file.pub"), (3, "key", "")),
    ],
)
def test_a_row_that_the_register_contradicts_is_a_fault(
    row: BookRow, fault: tuple[int, str, str], tmp_path: Path
) -> None:
    made = plan(tmp_path, row, parties={"XO": ZONE, "XW": ZONE}, ilves=office("ilves", "XO", "ISS", key=True))
    (found,) = faults(made)
    assert found[:2] == fault[:2]
    assert found[2].startswith(fault[2])
    assert not [kind for kind, _, _ in facts(made) if kind.startswith("key-")]


def test_an_office_has_one_row(tmp_path: Path) -> None:
    row = BookRow(3, "XO", "ilves", roles=("ISS",))
    made = plan(tmp_path, PARTY, row, BookRow(4, "XO", "ilves", roles=("RET",)))
    assert faults(made) == [(4, "actor", "ilves has a row already")]
    assert len(made.items) == 2


def test_no_second_key_is_made_for_an_office_that_has_one_elsewhere(tmp_path: Path) -> None:
    made = plan(tmp_path, BookRow(3, "XO", "ilves", roles=("ISS",), key=NEW.upper()), parties={"XO": ZONE},
                ilves=office("ilves", "XO", "ISS", key=True))  # fmt: skip
    assert (facts(made), faults(made)) == ([], [])
    assert made.unlike == ["ilves has a key in the register, and none was made: `comity key list` shows it"]
    assert made.items == [OfficeItem("XO", "ilves", ["ISS"], "", "", [])]
    (tmp_path / "ilves").write_text("a key")
    (tmp_path / "ilves.pub").write_text("its public half")
    here = plan(tmp_path, BookRow(3, "XO", "ilves", roles=("ISS",), key=NEW), parties={"XO": ZONE},
                ilves=office("ilves", "XO", "ISS", key=True))  # fmt: skip
    assert (facts(here), here.unlike) == ([], [])
    assert here.items == [OfficeItem("XO", "ilves", ["ISS"], hand("ilves").key, str(tmp_path / "ilves"), [])]


def test_a_key_from_elsewhere_is_registered_and_accepted_there(tmp_path: Path) -> None:
    made = plan(tmp_path, PARTY, BookRow(3, "XO", "ilves", roles=("ISS",), key=hand("ilves").key))
    assert faults(made) == []
    assert [kind for kind, _, _ in facts(made)] == ["party-registered", "authority-registered", "key-registered"]
    assert made.items[-1].key == hand("ilves").key
    assert made.items[-1].file == ""


def test_an_office_in_no_role_that_signs_has_no_key(tmp_path: Path) -> None:
    made = plan(tmp_path, PARTY, BookRow(3, "XO", "person", roles=("CUST",), key=NEW))
    assert [fault[:2] for fault in faults(made)] == [(3, "key")]


def test_what_the_ledger_would_refuse_is_a_fault_of_its_column(tmp_path: Path) -> None:
    unfit = BookRow(3, "XO", "ilves", names={"de": "A\u202eB"}, roles=("ISS",))
    made = plan(tmp_path, BookRow(2, "XO", zone="Oslo"), unfit)
    assert {(number, column) for number, column, _ in faults(made)} == {(2, "zone"), (3, "name_de")}
