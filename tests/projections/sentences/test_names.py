"""Names of offices and States as the register has them at the end, in a language where it has one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from ledger.entries.case import ReceivedRegister
from projections.sentences.names import language_name, names_of, territory
from tests.support.scenarios import Fact, case, fact, issued, sent


def row(kind: str, n: int, **fields: Any) -> Fact:
    return fact(kind, f"2027-01-02T09:{n:02}Z", "registrar", "ADM", label=f"row {n}", **fields)


ROWS = (
    row(
        "authority-registered", 1, actor="lab", party="XP", names={"en": "Lab", "de": "Labor"}, valid_from="2027-01-01"
    ),
    row("authority-changed", 2, actor="lab", names={"fr": "Labo", "sv": "Labbet"}, valid_from="2027-01-01"),
    row("authority-changed", 3, actor="lab", valid_from="2027-01-01"),
    row("authority-registered", 4, actor="bare", party="XQ", valid_from="2027-01-01"),
    row("party-registered", 5, party="XP", zone="Europe/Oslo", names={"fi": "Maa", "en": "Land"}),
    row("party-registered", 6, party="IE", zone="Europe/Dublin", names={"ga": "Éire"}),
    row("party-registered", 7, party="XR", zone="UTC"),
)
CASE = case((issued("2027-03-01T09:00Z"), sent("2027-03-01T10:00Z", label="sent")), "2AP-7", register=ROWS)
NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)


def test_an_office_has_its_newest_names_in_the_language_else_in_english_else_the_first_else_its_id() -> None:
    names = names_of(CASE)
    assert [names.office("lab", lang) for lang in ("fr", "sv", "en", "de")] == ["Labo", "Labbet", "Labo", "Labo"]
    assert [names.office(actor) for actor in ("bare", "unknown")] == ["bare", "unknown"]
    assert names.offices["lab"] == "Labo"
    assert "bare" not in names.offices


def test_a_state_has_its_registered_name_else_that_of_the_cldr_if_it_has_one_registered_else_its_code() -> None:
    names = names_of(CASE)
    assert [names.party("XP", lang) for lang in ("fi", "en", "de")] == ["Maa", "Land", "Land"]
    assert [names.party("IE", lang) for lang in ("ga", "de", "en")] == ["Éire", "Irland", "Ireland"]
    assert [names.party(code) for code in ("XR", "XX")] == ["XR", "XX"]


def test_an_entry_has_its_number_in_its_order_also_under_the_leaf_that_it_proves() -> None:
    first, second = CASE.entries
    whole = replace(CASE, entries=(replace(first, proves="f" * 64), replace(second, proves=first.leaf, order="other")))
    names = names_of(whole)
    assert names.entry(first.leaf) == str(first.seq)
    assert names.entry("f" * 64) == str(first.seq)
    assert names.entry(second.leaf) == f"C{second.seq}"
    assert names.entry("0" * 64) is None


def test_an_office_has_the_time_of_its_party() -> None:
    names = names_of(CASE)
    assert [names.zone(actor) for actor in ("lab", "bare", "unknown")] == ["Europe/Oslo", "", ""]
    assert [names.times(actor).beside(NOON) for actor in ("lab", "unknown")] == ["13:00 in Oslo", ""]


def test_an_office_of_another_register_has_the_time_that_our_registrar_states_of_the_party_it_names() -> None:
    named = {party: row("authority-registered", 8, actor="court", party=party) for party in ("XP", "IE")}
    registers = {
        party: ReceivedRegister(
            f"ledger.example/{party}", party, case((issued("2027-03-01T09:00Z"),), "2AP-7", register=(one,)).registry
        )
        for party, one in named.items()
    }
    assert names_of(replace(CASE, others=(registers["XP"],))).zone("court") == "Europe/Oslo"
    assert names_of(replace(CASE, others=tuple(registers.values()))).zone("court") == ""


def test_names_of_states_and_languages_are_those_of_the_cldr() -> None:
    assert [territory("DE", lang) for lang in ("en", "de", "fr")] == ["Germany", "Deutschland", "Allemagne"]
    assert territory("XO", "en") is None
    assert [language_name("sv", lang) for lang in ("en", "de")] == ["Swedish", "Schwedisch"]
    assert language_name("xx-none", "en") == "xx-none"


def test_a_name_that_reads_like_words_of_the_program_is_set_in_quotation_marks_in_each_language() -> None:
    names = {"en": "TOTAL-FAILED", "de": "TOTAL-PASSED", "fr": "échouée"}
    rows = (
        row("authority-registered", 1, actor="lab", party="XP", names=names, valid_from="2027-01-01"),
        row("authority-registered", 2, actor="0badc0de", party="XP", valid_from="2027-01-01"),
        row("party-registered", 3, party="XP", zone="Europe/Oslo", names={"en": "passed", "de": "Land"}),
    )
    told = names_of(case((issued("2027-03-01T09:00Z"),), "2AP-7", register=rows))
    assert [told.office("lab", lang) for lang in ("en", "de", "fr")] == [
        "“TOTAL-FAILED”",
        "„TOTAL-PASSED“",
        "«\u00a0échouée\u00a0»",
    ]
    assert told.offices["lab"].names["de"] == "„TOTAL-PASSED“"
    assert told.office("0badc0de") == "“0badc0de”"
    assert [told.party("XP", lang) for lang in ("en", "de")] == ["“passed”", "Land"]
