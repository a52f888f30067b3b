"""An address book is a table whose rows are read whole, or refused with every fault by row and column."""

from __future__ import annotations

import io

import pytest

from cli.exit_codes import Exit, Stop
from cli.offices.address_book import BookRow, read_book, template


def read(text: str) -> list[BookRow]:
    return read_book(io.BytesIO(text.encode()), "book.csv")


def test_a_row_has_its_names_by_language_its_lists_and_its_flags() -> None:
    head = "Party,Party Name,party_name_de,party_name_fr_ch,zone,declarations verified,in_force,actor,"
    rows = read(
        f"{head}name,name_de,roles,key,holder\n"
        'XO,Party XO,Partei XO,Partie XO,Europe/Oslo,YES,2AP=2027-01-01; CoE=2026-01-01,ilves,Office,Amt,"ISS; issuing'
        ' authority, RET",new,Dina Ilves\n'
        "XV,,,,,false,,,,,,,\n"
        "XW,,Partei XW,,,,,wim,,,SP,,\n"
    )
    assert rows == [
        BookRow(
            number=2,
            party="XO",
            actor="ilves",
            zone="Europe/Oslo",
            party_names={"en": "Party XO", "de": "Partei XO", "fr_ch": "Partie XO"},
            declarations_verified=True,
            in_force=("2AP=2027-01-01", "CoE=2026-01-01"),
            names={"en": "Office", "de": "Amt"},
            roles=("ISS", "RET"),
            key="new",
            holder="Dina Ilves",
        ),
        BookRow(number=3, party="XV"),
        BookRow(number=4, party="XW", actor="wim", party_names={"de": "Partei XW"}, roles=("SP",)),
    ]


def test_the_template_is_an_address_book_of_two_parties() -> None:
    one, other = read(template())
    assert (one.party, one.actor, one.roles, one.key, one.holder) == (
        "XO",
        "ilves",
        ("ISS", "RET"),
        "new",
        "Dina Ilves",
    )
    assert (other.party, other.actor, other.roles, other.key) == ("XV", "skylark", ("SP",), "")
    assert (one.party_names, one.declarations_verified) == ({"en": "Party XO"}, True)


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (",ilves,,,,,", "party: which Party?; a code such as XO"),
        ("XO,,Office,,,,", "actor: name belongs to an office, and the row names none"),
        ("XO,,,ISS,,,", "actor: roles belongs to an office"),
        ("XO,,,,new,,", "actor: key belongs to an office"),
        ("XO,,,,,Dina,", "actor: holder belongs to an office"),
        ("XO,ilves,,,,,", "roles: in which role does ilves sign?"),
        ("XO,ilves,,ISS,,Dina,", "holder: the person uses a key, and the row has none; key new makes one"),
        ("XO,ilves,,king,,,", "roles: 'king' is no role"),
        ("XO,ilves,,ISS,,,maybe", "declarations_verified: yes or no, not 'maybe'"),
    ],
)
def test_a_fault_is_named_by_its_row_and_column(row: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Stop, match=r"1 fault in book\.csv; nothing was recorded") as found:
        read(f"party,actor,name,roles,key,holder,declarations_verified\nXV,,,,,,no\n{row}\n")
    assert found.value.code is Exit.REFUSED
    assert capsys.readouterr().err.startswith(f"book.csv row 3, {says}")


def test_a_cell_without_a_column_is_a_fault_next_to_those_of_its_row(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Stop, match=r"3 faults in book\.csv"):
        read("party,actor\nXO,,stray\nXV,\n,ilves,stray\n")
    stray = "#3: this cell stands under no column; is a text with the delimiter unquoted?"
    assert capsys.readouterr().err.splitlines() == [
        f"book.csv row 2, {stray}",
        f"book.csv row 4, {stray}",
        "book.csv row 4, party: which Party?; a code such as XO",
    ]


def test_twenty_faults_are_shown_and_all_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Stop, match="25 faults in"):
        read("party,actor\n" + "XO,ilves\n" * 25)
    assert len(capsys.readouterr().err.splitlines()) == 20


def test_a_table_without_rows_or_with_another_column_is_no_address_book() -> None:
    with pytest.raises(Stop, match="has no row") as empty:
        read("party,actor\n")
    assert empty.value.code is Exit.UNDECIDABLE
    with pytest.raises(Stop, match="no column is called 'office'"):
        read("party,office\nXO,x\n")
