"""A drafted profile states what the headings and the first rows of a table show, and asks a person for the rest."""

from __future__ import annotations

import tomllib
from datetime import date, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from ledger.application.intake import profile_draft
from ledger.application.intake.profile_draft import _first, _is_dated, _order_of, _text, draft_profile, guess_header
from ledger.application.intake.table_file import Table, read_table


def table(*lines: str) -> Table:
    return read_table("".join(f"{line}\n" for line in lines).encode(), "t")


def drafted(*lines: str, header: int = 1) -> Any:
    return tomllib.loads(draft_profile(table(*lines), header, "x"))


def lines_of(*lines: str) -> list[str]:
    return draft_profile(table(*lines), 1, "x").splitlines()


@pytest.mark.parametrize(
    ("rows", "header"),
    [
        ([["Orders 2026"], ["Nr", "Date", "Account"], ["A", "B", "C"]], 2),
        ([["Nr", "Date", "Account"], ["A", "B", "C"]], 1),
        ([[1, 2, 3, 4], ["Nr", "Date"]], 2),
        ([["", "", "", ""], ["Nr"]], 2),
        ([*[["x"]] * 19, ["a", "b"]], 20),
        ([*[["x"]] * 20, ["a", "b"]], 1),
        ([], 1),
    ],
)
def test_the_headings_are_the_first_row_with_most_texts_among_twenty(rows: list[list[object]], header: int) -> None:
    made: Any = SimpleNamespace(rows=[SimpleNamespace(number=n, cells=cells) for n, cells in enumerate(rows, 1)])
    assert guess_header(made) == header


@pytest.mark.parametrize(
    ("titles", "found"),
    [
        (("Date", "Our ref."), "Our ref."),
        (("Číslo jednací", "Ref"), "Číslo jednací"),
        (("Preference", "Aktennr"), "Aktennr"),
        (("Preference",), ""),
        (("(Nr.)", "Ref"), "(Nr.)"),
        ((), ""),
    ],
)
def test_a_column_is_known_by_the_beginning_of_a_word_of_its_heading_without_accents(
    titles: tuple[str, ...], found: str
) -> None:
    assert _first({title: [] for title in titles}, ("ref", "nr", "cislo", "akten")) == found


def test_the_reference_is_the_column_that_says_so_or_else_the_first() -> None:
    assert drafted("Name;Ref;Date", "a;A-1;25.03.2026")["order"]["reference"] == {"column": "Ref"}
    assert drafted("Name;Other", "a;b")["order"]["reference"] == {"column": "Name"}
    empty = draft_profile(table("", "x"), 7, "x")
    assert 'reference = { column = "???" }' in empty
    assert "header = 7" in empty
    assert "used" not in empty


@pytest.mark.parametrize(
    ("cells", "is_dated"),
    [
        (["25.03.2026"], True),
        (["25.03.2026", "soon", ""], False),
        (["25.03.2026", "26.03.2026", "soon", "", ""], True),
        (["03/25/2026"], True),
        ([date(2026, 3, 25)], True),
        ([datetime(2026, 3, 25)], True),  # noqa: DTZ001 - as a workbook states it
        ([46_000], False),
        (["", ""], False),
        ([], False),
    ],
)
def test_a_column_has_dates_if_most_of_its_filled_cells_are_dates(cells: list[Any], is_dated: bool) -> None:
    assert _is_dated(cells) is is_dated


@pytest.mark.parametrize(
    ("texts", "order"),
    [
        (["25.03.2026", "03.04.2026"], "day-first"),
        (["03/25/2026", "03/04/2026"], "month-first"),
        (["03.04.2026"], "??? day-first"),
        (["25.03.2026", "03/25/2026"], "??? day-first"),
        (["2026-03-25", "text"], ""),
        (["2026-03-25", "25.03.2026"], "day-first"),
        ([], ""),
    ],
)
def test_the_order_of_day_and_month_is_the_one_that_all_dates_fit(texts: list[str], order: str) -> None:
    assert _order_of(texts) == order


def test_what_the_table_does_not_show_is_a_question_in_the_line() -> None:
    both = 'dates = "??? day-first"  # or "month-first": the table does not show it'
    assert both in lines_of("Ref;Issued", "A;03.04.2026")
    assert 'dates = "day-first"' in lines_of("Ref;Issued", "A;25.04.2026")


def test_an_entry_is_drafted_for_each_date_with_the_fields_of_its_kind() -> None:
    made = drafted(
        "Ref;Issued;Sent;Received;Provider;Account;State;Case",
        "A;25.03.2026;26.03.2026;27.03.2026;Skylark;k;EE;7 Js 1",
    )
    issued, sent, received = made["entry"]
    assert [(each["kind"], each["when"]) for each in made["entry"]] == [
        ("order-issued", "Issued"),
        ("order-transmitted", "Sent"),
        ("order-received", "Received"),
    ]
    assert issued["fields"] == {
        "from_party": "???",
        "providers": {"column": "Provider", "codes": "offices"},
        "identifiers": {"column": "Account"},
        "case_ref": {"column": "Case"},
        "to_party": {"column": "State", "codes": "parties"},
    }
    assert sent["fields"] == {"addressee": {"column": "Provider", "codes": "offices"}, "channel": "not-known"}
    assert received["fields"] == {"actor": {"column": "Provider", "codes": "offices"}, "on_source": "???"}
    assert made["codes"] == {"offices": {"Skylark": "???"}, "parties": {"EE": "EE"}}


def test_without_a_column_of_providers_or_states_a_person_is_asked() -> None:
    made = drafted("Ref;Sent;Received", "A;26.03.2026;27.03.2026")
    assert (made["entry"][0]["kind"], made["entry"][0]["when"]) == ("order-issued", "Sent")
    assert [each["fields"] for each in made["entry"]][1:] == [
        {"addressee": "???", "channel": "not-known"},
        {"actor": "???", "on_source": "???"},
    ]
    assert "codes" not in made
    (issued,) = drafted("Ref;Issued", "A;26.03.2026")["entry"]
    assert issued["fields"] == {"from_party": "???", "to_party": "???"}


def test_a_date_of_no_known_meaning_is_taken_for_the_issue_and_other_columns_are_left_to_a_person() -> None:
    lines = lines_of("Ref;When;Then;Remark", "A;26.03.2026;27.03.2026;x")
    assert 'when = "When"' in lines
    assert '# columns that no rule reads yet: "Then", "Remark"' in lines
    assert not any(line.startswith("# columns that no") for line in lines_of("Ref;Issued", "A;26.03.2026"))
    assert '# columns that no rule reads yet: "Remark"' in lines_of("Ref;Issued;Remark", "A;26.03.2026;x")


def test_numbers_are_read_as_they_are_written() -> None:
    rows = table("Ref;Issued;Account", "A;26.03.2026;k")
    (head, row) = rows.rows
    numbered = type(row)(row.number, (7, row.cells[1], 9.5))
    made = tomllib.loads(draft_profile(type(rows)(**{**fields_of(rows), "rows": (head, numbered)}), 1, "x"))
    assert made["order"]["reference"] == {"column": "Ref", "number": "plain"}
    assert made["entry"][0]["fields"]["identifiers"] == {"column": "Account", "number": "plain"}


def fields_of(rows: Table) -> dict[str, Any]:
    return {name: getattr(rows, name) for name in rows.__struct_fields__}


def test_a_list_of_words_has_each_word_of_all_rows_once_and_not_more_than_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profile_draft, "MOST_WORDS", 2)
    rows = [f"A;26.03.2026;{word}" for word in ("b", " b ", "", "a", "c")]
    assert list(drafted("Ref;Issued;Provider", *rows)["codes"]["offices"]) == ["b", "a"]
    monkeypatch.setattr(profile_draft, "SAMPLE", 1)
    assert list(drafted("Ref;Issued;Provider", *rows)["codes"]["offices"]) == ["b", "a"]


def test_short_rows_and_columns_without_a_heading_are_no_fault() -> None:
    made = drafted("Ref;;Issued", "A", "B;x;26.03.2026;y")
    assert made["entry"][0]["when"] == "Issued"
    assert made["order"]["reference"] == {"column": "Ref"}


@pytest.mark.parametrize("text", ['a "b" \\ c', "line\nbreak", "tab\t", "\x7f", "\x00", "ä Straße", ""])
def test_any_text_is_written_as_a_text_of_toml(text: str) -> None:
    assert tomllib.loads(f"a = {_text(text)}") == {"a": text}
    assert "\n" not in _text(text)


@pytest.mark.parametrize(
    ("name", "written"), [("Karsk 2026", "karsk-2026"), ("Ö/Ü", "o-u"), ("--", "orders"), ("a" * 70, "a" * 60)]
)
def test_the_name_of_a_profile_has_small_letters_digits_and_dashes(name: str, written: str) -> None:
    assert tomllib.loads(draft_profile(table("Ref", "A"), 1, name))["name"] == written


def test_columns_with_the_same_heading_are_those_of_the_row_of_the_headings() -> None:
    above = draft_profile(table("Orders;Orders;", "Ref;Issued;", "A;25.03.2026;"), 2, "x")
    assert "same heading" not in above
    doubled = draft_profile(table("Orders;2026;", "Ref;Ref;Issued", "A;B;25.03.2026"), 2, "x")
    assert "# columns with the same heading: Ref" in doubled.splitlines()


def test_the_form_of_a_table_is_stated_where_it_is_not_the_usual_one() -> None:
    plain = tomllib.loads(draft_profile(table("Ref;Remark", "A;x"), 1, "x"))["table"]
    assert plain == {"zone": "???"}
    other = tomllib.loads(draft_profile(table("above;", "Ref;Remark", "A;x"), 2, "x", encoding="cp1252"))["table"]
    assert other == {"zone": "???", "header": 2, "encoding": "cp1252"}


def test_a_reference_that_is_a_date_is_no_date_of_an_entry_and_a_date_no_field() -> None:
    made = drafted("Ref;Case date;Account;Sent", "25.03.2026;26.03.2026;27.03.2026;28.03.2026")
    assert made["order"]["reference"] == {"column": "Ref"}
    assert [(each["kind"], each["when"]) for each in made["entry"]] == [
        ("order-issued", "Case date"),
        ("order-transmitted", "Sent"),
    ]
    assert made["entry"][0]["fields"] == {"from_party": "???", "to_party": "???"}
    alone = drafted("Date no.;Account", "25.03.2026;a")
    assert [each["when"] for each in alone["entry"]] == ["???"]


def test_a_column_with_some_numbers_is_read_as_they_are_written_and_its_dates_do_not_hide_texts() -> None:
    rows = table("Ref;Issued;Account", "A;25.03.2026;k", "B;26.03.2026;l")
    head, first, second = rows.rows
    numbered = type(first)(first.number, ("A", date(2026, 3, 25), 9.5))
    made = tomllib.loads(draft_profile(type(rows)(**{**fields_of(rows), "rows": (head, numbered, second)}), 1, "x"))
    assert made["table"]["dates"] == "day-first"
    assert made["entry"][0]["fields"]["identifiers"] == {"column": "Account", "number": "plain"}


def test_a_row_that_ends_at_a_column_has_an_empty_cell_there() -> None:
    assert drafted("Ref;Issued", "A", "B;26.03.2026")["entry"][0]["when"] == "Issued"
    blank = draft_profile(table("Ref;;;Issued", "A;;;26.03.2026"), 1, "x")
    assert "columns that no rule" not in blank
    assert "same heading" not in blank


def test_the_usual_table_of_a_provider_is_drafted_with_the_authority_that_issued_each_order() -> None:
    made = drafted(
        "Ticket;Received;Authority;Reference;Country;Account;Data;Answered",
        "LM-1;25.09.2026;StA Görlitz;45 Js 1/26;DE;k@x;subscriber;30.09.2026",
        "LM-2;26.09.2026;Sta Gorlitz!;45 Js 2/26;Germany;k@x;mails;",
    )
    issued, received, answered = made["entry"]
    authority = {"column": "Authority", "codes": "authorities"}
    assert (issued["kind"], issued["when"]) == ("order-issued", "Received")  # the table has no day of issue
    assert issued["fields"] == {
        "from_party": {"column": "Country", "codes": "parties"},
        "actor": authority,
        "issuing_authority": authority,
        "identifiers": {"column": "Account"},
        "data_categories": {"column": "Data", "codes": "categories"},
        "providers": "???",
        "to_party": "???",
    }
    assert (received["kind"], received["fields"]) == ("order-received", {"on_source": "???"})  # the importer's own act
    assert (answered["kind"], answered["when"], "actor" in answered["fields"]) == ("data-disclosed", "Answered", False)
    assert made["codes"] == {
        "authorities": {"StA Görlitz": "sta-gorlitz", "Sta Gorlitz!": "sta-gorlitz-2"},
        "parties": {"DE": "DE", "Germany": "???"},
        "categories": {"subscriber": "subscriber", "mails": "???"},
    }
