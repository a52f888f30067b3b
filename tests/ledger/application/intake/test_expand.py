"""A table with one order per row, as rows of facts: every fault has its row and its column."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from ledger.application.intake import expand as expand_module
from ledger.application.intake.expand import CellNote, Expansion, _constant, expand, sentences
from ledger.application.intake.profile import parse_profile
from ledger.application.intake.table_file import read_table
from ledger.errors import RecordError
from tests.support.intake.tables import HEADINGS, PROFILE, csv_of, rows
from tests.support.intake.workbooks import Raw, ods, xlsx


def made(data: bytes, profile: str = PROFILE) -> Expansion:
    read = parse_profile(profile.encode(), "p")
    rule = read.table
    return expand(read_table(data, "t", sheet=rule.sheet, encoding=rule.encoding), read, "t")


def faults(data: bytes, profile: str = PROFILE) -> list[str]:
    expansion = made(data, profile)
    return list(sentences(expansion.faults, expansion.sheet))


def changed(column: str, value: str, at: int = 0) -> list[list[str]]:
    table = rows(3)
    table[at][HEADINGS.index(column)] = value
    return table


def test_a_row_makes_one_fact_for_each_date_that_it_states() -> None:
    expansion = made(csv_of(rows(4)))
    assert [(f.number, f.kind) for f in expansion.facts[-2:]] == [(5, "order-issued"), (5, "order-transmitted")]
    assert (expansion.rows, len(expansion.facts), expansion.faults, expansion.notes) == (4, 11, [], [])


def test_a_day_without_a_time_counts_as_noon_there_and_as_an_estimate() -> None:
    issued, sent, came = made(csv_of(rows(1))).facts
    assert (issued.cells["occurred"], issued.cells["on_source"]) == ("2026-01-02T11:00:00Z", "estimate")
    assert (sent.cells["occurred"], sent.cells.get("on_source")) == ("2026-01-03T08:01:00Z", None)
    assert (came.cells["on_source"], came.cells["actor"]) == ("receipt-stamp", "skylark")
    assert issued.cells["date_issued"] == "2026-01-02"


@pytest.mark.parametrize("make", [xlsx, ods])
def test_a_workbook_and_a_csv_of_the_same_table_make_the_same_facts(make: object) -> None:
    table = rows(4)
    dated = [[row[0], date(2026, 1, 1 + n), *row[2:]] for n, row in enumerate(table, 1)]
    data = make({"Příkazy": [HEADINGS, *dated]})  # type: ignore[operator]
    assert [f.cells for f in made(data).facts] == [f.cells for f in made(csv_of(table)).facts]


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        ("Vydáno", "12.03.26", "row 2, column 'Vydáno': '12.03.26' has a year of 2 digits"),
        ("Vydáno", "", "row 2, column 'Vydáno': order-issued has no date"),
        ("Odesláno", "29.03.2026 02:30", "row 2, column 'Odesláno': 2026-03-29 02:30 comes never"),
        ("Číslo jednací", "", "row 2, column 'Číslo jednací': no reference of an order"),
        ("Poskytovatel", "Skylrk", "row 2, column 'Poskytovatel': the word 'Skylrk' is not in the list 'offices'"),
        ("Poskytovatel", "", "row 2, column 'Poskytovatel': is empty, and the profile says that it is required"),
    ],
)
def test_a_fault_names_row_and_column(column: str, value: str, says: str) -> None:
    assert any(text.startswith(says) for text in faults(csv_of(changed(column, value))))


def test_a_row_with_a_fault_in_a_column_of_several_entries_makes_none_of_them() -> None:
    expansion = made(csv_of(changed("Poskytovatel", "Unknown")))
    assert [fact.number for fact in expansion.facts if fact.number == 2] == []
    assert len(expansion.faults) == 1


def test_a_date_with_two_readings_is_a_fault_until_the_profile_states_the_order() -> None:
    data = csv_of(changed("Vydáno", "03.04.2026"))
    assert "can be two days" in faults(data, PROFILE.replace('dates = "day-first"\n', ""))[0]
    assert faults(data) == []


def test_a_local_time_without_a_zone_is_a_fault() -> None:
    assert "no zone is stated" in faults(csv_of(rows(1)), PROFILE.replace('zone = "Europe/Prague"\n', ""))[0]


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ('<c r="{r}" t="e"><v>#REF!</v></c>', "the cell has an error"),
        ('<c r="{r}"><f>A1</f></c>', "a formula without a stored result"),
        ('<c r="{r}"><v>46093</v></c>', "expected a date, got the number 46093"),
    ],
)
def test_a_cell_of_a_workbook_that_shows_no_date_is_a_fault_with_its_sheet(cell: str, says: str) -> None:
    table: list[list[object]] = [HEADINGS, *map(list, rows(2))]  # type: ignore[list-item]
    table[2][1] = Raw(cell)
    assert faults(xlsx({"Příkazy": table}))[0].startswith(f"sheet 'Příkazy', row 3, column 'Vydáno': {says}")  # type: ignore[dict-item]


def test_a_cell_that_is_merged_with_another_row_is_a_fault() -> None:
    data = xlsx({"A": [HEADINGS, *rows(2)]}, more='<mergeCells><mergeCell ref="E2:E3"/></mergeCells>')
    assert "row 3, column 'Poskytovatel': the cell is merged with E2" in faults(data)[0]


def test_a_number_in_a_sealed_column_is_a_fault_that_does_not_repeat_it() -> None:
    table: list[list[object]] = [HEADINGS, *map(list, rows(1))]  # type: ignore[list-item]
    table[1][5] = 4471123
    found = faults(xlsx({"A": table}))  # type: ignore[dict-item]
    assert "column 'Účet'" in found[0]
    assert "4471123" not in found[0]


def test_a_column_that_is_missing_or_doubled_ends_the_reading_with_a_hint() -> None:
    with pytest.raises(RecordError) as missing:
        made(csv_of(rows(1)).replace("Vydáno".encode(), b"Vydano"))
    assert missing.value.code == "TABLE-COLUMNS"
    assert "no column is called 'Vydáno'" in missing.value.says
    assert "Vydano" in missing.value.hint
    with pytest.raises(RecordError, match="2 columns are called 'Vydáno'"):
        made(csv_of(rows(1)).replace("Odesláno".encode(), "Vydáno".encode()))


def test_columns_that_no_rule_reads_and_cells_without_heading_are_said() -> None:
    expansion = made(csv_of(rows(1)), PROFILE.replace('ignore = ["Poznámka"]\n', ""))
    assert "column 'Poznámka': is read by no rule of the profile" in sentences(expansion.notes, "")
    loose = made(csv_of([[*rows(1)[0], "stray"]]))
    assert [note.says for note in loose.notes] == ["this cell has no heading, and is not read"]


def test_a_row_of_sums_is_left_out_if_the_profile_lists_its_word() -> None:
    table = [*rows(1), ["Summe", "", "", "", "", "1", ""]]
    assert made(csv_of(table)).rows == 1
    assert "no reference" not in " ".join(faults(csv_of(table)))


def test_a_value_whose_date_is_missing_is_said() -> None:
    profile = PROFILE.replace('channel = "mail"', 'channel = { column = "Poznámka", codes = "channels" }')
    profile = profile.replace('ignore = ["Poznámka"]\n', "") + '[codes.channels]\n"Pošta" = "post"\n'
    table = changed("Odesláno", "")
    for row in table:
        row[6] = "pošta"
    notes = list(sentences(made(csv_of(table), profile).notes, ""))
    assert notes == ["row 2, column 'Poznámka': is filled in, and 'Odesláno' is empty: no order-transmitted is made"]


def test_an_entry_is_made_only_of_rows_with_the_words_that_it_names() -> None:
    profile = PROFILE.replace('when = "Odesláno"', 'when = "Odesláno"\nonly = { column = "Poznámka", words = ["ja"] }')
    table = changed("Poznámka", "ja")
    assert sum(fact.kind == "order-transmitted" for fact in made(csv_of(table), profile).facts) == 1


def test_several_values_of_a_cell_are_split() -> None:
    profile = PROFILE.replace('{ column = "Účet" }', '{ column = "Účet", split = "," }')
    fact = made(csv_of(changed("Účet", "a, b,,c")), profile).facts[0]
    assert fact.cells["identifiers"] == "a\nb\nc"


def test_a_hidden_row_and_a_hidden_column_are_read_and_said() -> None:
    data = xlsx({"A": [HEADINGS, *rows(1)]}, before='<cols><col min="2" max="2" hidden="1"/></cols>')
    assert list(sentences(made(data).notes, "A")) == ["sheet 'A', column 'Vydáno': is hidden in the sheet, and is read"]


def test_the_row_of_the_headings_is_not_blank() -> None:
    blank = PROFILE.replace("[table]\n", "[table]\nheader = 9\n")
    with pytest.raises(RecordError, match="row 9 is blank, and should have the headings") as refused:
        made(csv_of(rows(2)), blank)
    assert "`header`" in refused.value.hint


def test_a_table_states_at_most_the_facts_of_one_import(monkeypatch: pytest.MonkeyPatch) -> None:
    count = len(made(csv_of(rows(3))).facts)
    monkeypatch.setattr(expand_module, "MOST_FACTS", count)
    assert len(made(csv_of(rows(3))).facts) == count
    monkeypatch.setattr(expand_module, "MOST_FACTS", count - 1)
    with pytest.raises(RecordError, match=f"more than {count - 1} facts"):
        made(csv_of(rows(3)))


def test_what_is_hidden_is_said_once_with_its_first_row() -> None:
    table = read_table(csv_of(rows(4)), "t")
    profile = parse_profile(PROFILE.encode(), "p")
    kept = table.facts
    facts: Any = SimpleNamespace(**{name: getattr(kept, name) for name in dir(kept) if not name.startswith("_")})
    facts.hidden, facts.hidden_rows, facts.hidden_columns = True, {2, 4}, {1, 99}
    expansion = expand(replace(table, sheet="A", hidden=["Old"], facts=facts), profile, "t")
    said = list(sentences(expansion.notes, "A"))
    assert said[:4] == [
        "sheet 'A': sheet 'A' is hidden in the workbook, and is read",
        "sheet 'A': sheet 'Old' is hidden, and is not read",
        "sheet 'A', row 2: 2 rows are hidden in the sheet, and are read; the first is row 2",
        f"sheet 'A', column {HEADINGS[0]!r}: is hidden in the sheet, and is read",
    ]


def test_a_constant_of_a_profile_is_written_as_a_cell() -> None:
    written = [_constant(each) for each in (True, False, 7, "a text", ["a", "b"])]
    assert written == ["yes", "no", "7", "a text", "a\nb"]


# -- single rules ------------------------------------------------------------------------------------------------------

HEAD = """
format = "comity.import-profile/1"
name = "p"
version = "1"
[table]
zone = "UTC"
dates = "day-first"
[order]
reference = { column = "Ref" }
instrument = "2AP-7"
"""
ISSUED = """
[[entry]]
kind = "order-issued"
when = "Day"
[entry.fields]
from_party = "XO"
to_party = "XV"
identifiers = { column = "Account" }
"""


def read(profile: str, *lines: str) -> Expansion:
    return made("".join(f"{line}\r\n" for line in lines).encode(), profile)


def cells(profile: str, *lines: str) -> list[dict[str, object]]:
    expansion = read(profile, *lines)
    assert list(sentences(expansion.faults, "")) == []
    return [dict(fact.cells) for fact in expansion.facts]


def test_the_instrument_may_be_a_column_and_is_left_out_where_it_is_empty() -> None:
    profile = HEAD.replace('"2AP-7"', '{ column = "Law", codes = "laws" }') + '[codes.laws]\n"E" = "EPOC"\n' + ISSUED
    first, second = read(profile, "Ref;Day;Account;Law", "A;25.03.2026;a;E", "B;25.03.2026;b;").facts
    assert (first.cells["instrument"], first.columns["instrument"]) == ("EPOC", "Law")
    assert "instrument" not in second.cells
    assert "instrument" not in read(HEAD + ISSUED, "Ref;Day;Account", "A;25.03.2026;a").facts[0].columns
    assert first.columns == {"order": "Ref", "occurred": "Day", "instrument": "Law", "identifiers": "Account"}
    (fault,) = read(profile, "Ref;Day;Account;Law", "A;25.03.2026;a;F").faults
    assert (fault.row, fault.column, fault.says) == (2, "Law", "the word 'F' is not in the list 'laws'")


@pytest.mark.parametrize(
    ("rule", "line", "occurred", "source"),
    [
        ("", "A;25.03.2026;a;", "2026-03-25T12:00:00Z", "estimate"),
        ("", "A;25.03.2026 08:30;a;", "2026-03-25T08:30:00Z", None),
        ('at = "09:15"\n', "A;25.03.2026;a;", "2026-03-25T09:15:00Z", "estimate"),
        ('time = "Clock"\n', "A;25.03.2026;a;10:20:30", "2026-03-25T10:20:30Z", None),
        ('time = "Clock"\n', "A;25.03.2026;a;", "2026-03-25T12:00:00Z", "estimate"),
        ('time = "Clock"\nat = "09:15"\n', "A;25.03.2026;a;", "2026-03-25T09:15:00Z", "estimate"),
        ('time = "Clock"\n', "A;25.03.2026 08:30;a;10:20", "2026-03-25T08:30:00Z", None),
    ],
)
def test_the_moment_of_an_entry_is_that_of_its_columns_and_of_a_day_alone_an_estimate(
    rule: str, line: str, occurred: str, source: str | None
) -> None:
    profile = HEAD + ISSUED.replace('when = "Day"\n', f'when = "Day"\n{rule}')
    (made_of,) = cells(profile, "Ref;Day;Account;Clock", line)
    assert (made_of["occurred"], made_of.get("on_source")) == (occurred, source)


def test_a_fault_of_a_moment_is_of_the_column_that_has_it() -> None:
    profile = HEAD + ISSUED.replace('when = "Day"\n', 'when = "Day"\ntime = "Clock"\n')
    heads = "Ref;Day;Account;Clock"
    assert [(each.row, each.column) for each in read(profile, heads, "A;25.03.2026;a;late").faults] == [(2, "Clock")]
    assert [(each.row, each.column) for each in read(profile, heads, "A;soon;a;10:20").faults] == [(2, "Day")]
    stated = profile.replace('to_party = "XV"', 'to_party = "XV"\non_source = "own-act"')
    assert cells(stated, heads, "A;25.03.2026;a;")[0]["on_source"] == "own-act"


@pytest.mark.parametrize(
    ("rule", "value", "text"),
    [
        ("", "a", "a"),
        ("", "", None),
        (', default = "d"', "", "d"),
        (', default = "d"', "a", "a"),
        (', required = true, default = "d"', "", "d"),
        (', split = ","', " a ,, b ", "a\nb"),
        (', codes = "words"', "Yes", "y"),
        (', codes = "words"', "  yEs  ", "y"),
        (', codes = "words", split = "/"', "yes/no", "y\nn"),
    ],
)
def test_the_value_of_a_field_is_the_text_of_its_cell_by_its_rule(rule: str, value: str, text: str | None) -> None:
    profile = HEAD + '[codes.words]\nyes = "y"\nno = "n"\n' + ISSUED.replace('"Account" }', f'"Account"{rule} }}')
    (made_of,) = cells(profile, "Ref;Day;Account;More", f"A;25.03.2026;{value};x")
    assert made_of.get("identifiers") == text


def test_a_required_cell_that_is_empty_and_an_unknown_word_are_faults_and_no_fact_is_made() -> None:
    required = HEAD + ISSUED.replace('"Account" }', '"Account", required = true }')
    expansion = read(required, "Ref;Day;Account;x", "A;25.03.2026;;x", "B;25.03.2026;b;x")
    assert [(each.row, each.column, each.says) for each in expansion.faults] == [
        (2, "Account", "is empty, and the profile says that it is required")
    ]
    assert [fact.cells["order"] for fact in expansion.facts] == ["B"]
    coded = ISSUED.replace('to_party = "XV"', 'to_party = { column = "To", codes = "words" }')
    codes = f'{HEAD}[codes.words]\nyes = "y"\n{coded}'
    (near,) = read(codes, "Ref;Day;Account;To", "A;25.03.2026;a;yess").faults
    (far,) = read(codes, "Ref;Day;Account;To", "A;25.03.2026;a;zzzz").faults
    assert ("yes" in near.hint, far.hint) == (True, "add it to [codes.words] of the profile")


def test_a_date_of_a_field_is_a_day_or_a_moment_by_its_type() -> None:
    profile = HEAD + ISSUED.replace('to_party = "XV"', 'to_party = "XV"\ndate_issued = { column = "Other" }')
    (made_of,) = cells(profile, "Ref;Day;Account;Other", "A;25.03.2026;a;26.03.2026 08:30")
    assert made_of["date_issued"] == "2026-03-26"


def test_the_same_fault_of_several_rules_is_said_once_and_each_row_has_its_own() -> None:
    twice = (
        HEAD
        + ISSUED
        + ISSUED.replace('"order-issued"', '"order-transmitted"').replace(
            'from_party = "XO"\nto_party = "XV"\nidentifiers = { column = "Account" }',
            'addressee = "x"\nchannel = "mail"',
        )
    )
    expansion = read(twice, "Ref;Day;Account", "A;soon;a", "B;soon;b", "C;25.03.2026;c")
    assert [(each.row, each.column) for each in expansion.faults] == [(2, "Day"), (3, "Day")]
    assert [(fact.number, fact.kind) for fact in expansion.facts] == [(4, "order-issued"), (4, "order-transmitted")]


def test_only_columns_that_the_entries_of_one_date_read_are_missed_with_it() -> None:
    profile = (
        HEAD
        + ISSUED
        + (
            '[[entry]]\nkind = "order-transmitted"\nwhen = "Sent"\n[entry.fields]\n'
            'addressee = { column = "Account" }\nchannel = { column = "How" }\n'
        )
    )
    heads = "Ref;Day;Account;Sent;How"
    expansion = read(profile, heads, "A;25.03.2026;a;;mail", "B;25.03.2026;b;;", "C;;c;26.03.2026;mail")
    says = "is filled in, and 'Sent' is empty: no order-transmitted is made"
    assert [(each.row, each.column, each.says) for each in expansion.notes] == [(2, "How", says)]
    assert [fact.number for fact in expansion.facts] == [2, 3, 4]


def test_headings_are_compared_with_single_blanks_and_their_first_fault_has_the_hint() -> None:
    (made_of,) = cells(HEAD + ISSUED, "Ref; Day ;Account", "A;25.03.2026;a")
    assert made_of["order"] == "A"
    with pytest.raises(RecordError) as refused:
        read(HEAD + ISSUED, "Ref;Dai;Acount", "A;25.03.2026;a")
    assert refused.value.says.startswith("row 1: no column is called 'Day'")
    assert "no column is called 'Account'" in refused.value.says
    assert "Dai" in refused.value.hint
    with pytest.raises(RecordError, match="2 columns are called 'Day'") as doubled:
        read(HEAD + ISSUED, "Ref;Day;Account;Day", "A;25.03.2026;a;")
    assert doubled.value.hint == "give each a separate heading"


def test_what_is_above_or_behind_the_headings_is_not_read() -> None:
    profile = HEAD.replace("[table]\n", "[table]\nheader = 2\n") + ISSUED
    expansion = read(profile, "Orders;;", "Ref;Day;Account", "A;25.03.2026;a;stray;more", ";;;", "B;25.03.2026;b")
    assert [fact.cells["order"] for fact in expansion.facts] == ["A", "B"]
    assert [(each.row, each.column) for each in expansion.notes] == [(3, "column D")]


def test_a_row_is_skipped_by_its_first_filled_cell_and_a_faulty_reference_is_one_fault() -> None:
    skipping = HEAD.replace("[table]\n", '[table]\nskip = ["Sum"]\n') + ISSUED
    expansion = read(skipping, "Ref;Day;Account", ";Sum;3", "A;25.03.2026;a")
    assert (expansion.rows, list(sentences(expansion.faults, ""))) == (1, [])
    coded = (
        HEAD.replace('{ column = "Ref" }', '{ column = "Ref", codes = "refs" }') + '[codes.refs]\nA = "A"\n' + ISSUED
    )
    assert [each.says for each in read(coded, "Ref;Day;Account", "B;25.03.2026;b").faults] == [
        "the word 'B' is not in the list 'refs'"
    ]
    local = HEAD.replace('zone = "UTC"\n', "") + ISSUED
    (fault,) = read(local, "Ref;Day;Account", "A;25.03.2026;a").faults
    assert (fault.row, fault.column, "no zone is stated" in fault.says) == (2, "Day", True)


def test_columns_without_a_heading_are_no_unread_columns_and_a_note_on_the_table_has_no_place() -> None:
    assert read(HEAD + ISSUED, "Ref;Day;Account;;;More", "A;25.03.2026;a;;;").unread == ["More"]
    assert list(sentences([CellNote(0, "", "it is so"), CellNote(3, "", "it is so")], "")) == [
        "it is so",
        "row 3: it is so",
    ]


def test_the_first_five_missing_columns_are_named() -> None:
    more = "".join(f'{name} = {{ column = "{name}" }}\n' for name in ("providers", "data_categories", "actor"))
    with pytest.raises(RecordError) as refused:
        read(HEAD + ISSUED + more, "x;y", "1;2")
    assert refused.value.says.count("no column is called") == 5
    assert refused.value.hint == "there are 'x', 'y'"


def test_hidden_columns_are_said_in_the_order_of_the_sheet() -> None:
    table = read_table(b"Ref;b;c;d;e;f;g;Account;Day\r\nA;;;;;;;a;25.03.2026\r\n", "t")
    profile = parse_profile((HEAD + ISSUED).encode(), "p")
    kept = table.facts
    facts: Any = SimpleNamespace(**{name: getattr(kept, name) for name in dir(kept) if not name.startswith("_")})
    facts.hidden_columns = {1, 8}
    notes = expand(replace(table, facts=facts), profile, "t").notes
    assert [note.column for note in notes if "is hidden" in note.says] == ["Ref", "Account"]


@pytest.mark.parametrize("ending", [["x"], ["", "x"]])
def test_the_first_filled_cell_without_a_heading_is_said(ending: list[str]) -> None:
    (note,) = read(HEAD + ISSUED, "Ref;Day;Account", ";".join(["A", "25.03.2026", "a", *ending])).notes
    assert note.column == f"column {'DE'[len(ending) - 1]}"


def test_a_row_that_ends_before_a_column_has_an_empty_cell_there() -> None:
    assert "identifiers" not in cells(HEAD + ISSUED, "Ref;Day;Account", "A;25.03.2026")[0]


def test_a_source_that_a_column_leaves_empty_is_not_stated() -> None:
    profile = HEAD + ISSUED + 'on_source = { column = "Source" }\n'
    first, second = cells(profile, "Ref;Day;Account;Source", "A;25.03.2026;a;own-act", "B;25.03.2026;b;")
    assert (first["on_source"], second.get("on_source")) == ("own-act", None)


def test_a_word_of_a_list_may_mean_a_day() -> None:
    profile = f'{HEAD}[codes.days]\nEaster = "2026-04-05"\n{ISSUED}date_issued = {{ column = "Own", codes = "days" }}\n'
    assert cells(profile, "Ref;Day;Account;Own", "A;25.03.2026;a;easter")[0]["date_issued"] == "2026-04-05"


SERVED = """
[[entry]]
kind = "duplicate-service-recorded"
when = "Day"
[entry.fields]
first = "A"
second_on = { column = "Other" }
"""


def test_a_moment_in_a_field_is_read_with_its_time() -> None:
    (served,) = cells(HEAD + SERVED, "Ref;Day;Other", "A;25.03.2026;26.03.2026 08:30")
    assert served["second_on"] == "2026-03-26T08:30:00Z"


@pytest.mark.parametrize("name", ["sentence_months", "return_timeframe", "emergency"])
def test_a_number_in_a_field_of_numbers_needs_no_word_of_the_profile(name: str) -> None:
    issued = ISSUED + f'{name} = {{ column = "Own" }}\n'
    data = xlsx({"A": [["Ref", "Day", "Account", "Own"], ["A", "25.03.2026", "a", 1]]})
    (fact,) = made(data, HEAD + issued).facts
    assert fact.cells[name] == "1"


UNSTORED = '<c r="{r}"><f>A1</f></c>'


@pytest.mark.parametrize("column", ["Ref", "Day", "Clock", "Own"])
def test_a_cell_without_a_result_is_one_fault_and_no_entry_is_made_of_its_row(column: str) -> None:
    profile = HEAD + ISSUED.replace('when = "Day"\n', 'when = "Day"\ntime = "Clock"\n')
    profile += 'date_issued = { column = "Own" }\n'
    row: dict[str, Any] = {"Ref": "A", "Day": "25.03.2026", "Account": "a", "Clock": "10:20", "Own": "26.03.2026"}
    row[column] = Raw(UNSTORED)
    expansion = made(xlsx({"A": [list(row), list(row.values())]}), profile)
    assert [(note.row, note.column, note.says) for note in expansion.faults] == [
        (2, column, "a formula without a stored result")
    ]
    assert expansion.facts == []


def test_a_cell_that_is_merged_with_its_heading_is_empty() -> None:
    data = xlsx({"A": [HEADINGS, *rows(1)]}, more='<mergeCells><mergeCell ref="F1:F2"/></mergeCells>')
    assert faults(data) == []


def test_a_missing_column_of_a_workbook_is_named_with_its_sheet() -> None:
    with pytest.raises(RecordError) as refused:
        made(xlsx({"Orders": [["Ref", "Day"], ["A", "25.03.2026"]]}), HEAD + ISSUED)
    assert refused.value.says.startswith("sheet 'Orders', row 1: no column is called 'Account'")


def test_the_reference_is_not_missed_with_a_date_although_an_entry_reads_it() -> None:
    profile = HEAD + ISSUED.replace('{ column = "Account" }', '{ column = "Ref" }')
    assert read(profile, "Ref;Day", "A;", "B;25.03.2026").notes == []
