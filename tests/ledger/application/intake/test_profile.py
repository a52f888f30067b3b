"""A mapping profile: what it may state, and that a fault names its place."""

from __future__ import annotations

import pytest
from jsonschema import Draft202012Validator

from ledger.application.intake import profile as profile_module
from ledger.application.intake.profile import SHARED, columns_of, parse_profile, schema
from ledger.application.intake.profile_draft import draft_profile, guess_header
from ledger.application.intake.table_file import read_table
from ledger.errors import RecordError
from tests.support.intake.tables import HEADINGS, PROFILE, csv_of, rows
from tests.support.intake.workbooks import xlsx


def refused(profile: str) -> RecordError:
    with pytest.raises(RecordError) as error:
        parse_profile(profile.encode(), "p")
    assert error.value.code == "PROFILE-FORM"
    return error.value


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('zone = "Europe/Prague"', 'zone = "Europe/Karsk"', "no such time zone"),
        ('instrument = "2AP-7"', 'instrument = "2AP-77"', "no such instrument"),
        ('kind = "order-received"', 'kind = "order-recieved"', "no kind of fact that a table can state"),
        ('kind = "order-received"', 'kind = "key-registered"', "no kind of fact that a table can state"),
        ('channel = "mail"', 'chanel = "mail"', "order-transmitted has no such field"),
        ('channel = "mail"', "", "order-transmitted needs it"),
        ('codes = "offices", required', 'codes = "office", required', "no list of codes is called 'office'"),
        ('channel = "mail"', 'channel = { column = "x", split = ";" }', "`split` is for a list"),
        ("required = true\n", "requird = true\n", "unknown field"),
        ('version = "1"', "version = 1", "Expected `str`"),
        ('dates = "day-first"', 'dates = "first"', "Invalid enum value"),
        ("[order]", "[order", "not TOML"),
        ('when = "Doručeno"', 'when = "Doručeno"\nat = "25:00"', "is no time of day"),
        ('channel = "mail"', 'channel = "???"', "entry 2 (order-transmitted).channel: ??? is left"),
        ('= "skylark"', '= "???"', "codes.offices: ??? is left at "),
    ],
)
def test_a_fault_of_a_profile_says_what_is_wrong(old: str, new: str, says: str) -> None:
    assert PROFILE.count(old) >= 1
    assert says in refused(PROFILE.replace(old, new)).says


def test_all_faults_are_reported_together() -> None:
    says = refused(PROFILE.replace("Europe/Prague", "x").replace('channel = "mail"', 'chanel = "mail"')).says
    assert "table.zone" in says
    assert "entry 2 (order-transmitted).chanel" in says


def test_a_published_schema_takes_the_profile_that_the_program_takes() -> None:
    import tomllib

    Draft202012Validator(schema()).validate(tomllib.loads(PROFILE))


def test_the_columns_that_a_profile_may_state_are_those_of_the_import() -> None:
    from cli.imports.columns import COLUMNS

    assert set(SHARED) == set(COLUMNS) - {"order", "kind", "occurred", "instrument"}


def test_a_draft_of_a_table_is_a_profile_once_it_is_completed() -> None:
    table = read_table(xlsx({"Příkazy": [["Přehled 2026"], HEADINGS, *rows(5)]}), "t")
    assert guess_header(table) == 2
    text = draft_profile(table, 2, "Karsk 2026")
    assert "???" in text
    assert '"Skylark a.s." = "???"' in text
    for old, new in {
        'zone = "???"': 'zone = "Europe/Prague"',
        "??? day-first": "day-first",
        'instrument = "???"': 'instrument = "2AP-7"',
        'from_party = "???"': 'from_party = "XO"',
        'to_party = "???"': 'to_party = "XV"',
        '= "???"': '= "skylark"',
    }.items():
        text = text.replace(old, new)
    assert "???" not in text
    profile = parse_profile(text.encode(), "p")
    assert [entry.kind for entry in profile.entry] == ["order-issued", "order-transmitted", "order-received"]
    assert (profile.name, profile.table.sheet, profile.table.header) == ("karsk-2026", "Příkazy", 2)


def test_a_draft_states_the_order_of_day_and_month_only_if_the_table_shows_it() -> None:
    one = read_table(csv_of([["A", "25.03.2026", "", "", "", "", ""]]), "t")
    both = read_table(csv_of([["A", "03.04.2026", "", "", "", "", ""]]), "t")
    assert 'dates = "day-first"' in draft_profile(one, 1, "x")
    assert 'dates = "??? day-first"' in draft_profile(both, 1, "x")


def test_headings_with_quotes_and_line_breaks_do_not_break_the_draft() -> None:
    import tomllib

    table = read_table(xlsx({"A": [['Nr "x" \\ y', "Datum\nvom"], ["A-1", "25.03.2026"]]}), "t")
    drafted = tomllib.loads(draft_profile(table, 1, "x"))
    assert drafted["order"]["reference"]["column"] == 'Nr "x" \\ y'


def test_a_column_of_dates_is_no_field_even_if_its_heading_names_one() -> None:
    import tomllib

    lines = "Az;Ausgestellt;Eingang beim Provider;Anbieter\r\nA-1;25.03.2026;26.03.2026 08:05;Skylark AS\r\n"
    drafted = tomllib.loads(draft_profile(read_table(lines.encode(), "t"), 1, "x"))
    assert [entry["kind"] for entry in drafted["entry"]] == ["order-issued", "order-received"]
    assert drafted["entry"][0]["fields"]["providers"]["column"] == "Anbieter"
    assert drafted["codes"]["offices"] == {"Skylark AS": "???"}


def hints(profile: str) -> list[str]:
    with pytest.raises(RecordError) as error:
        parse_profile(profile.encode(), "p")
    return [error.value.says, error.value.hint]


@pytest.mark.parametrize(
    ("old", "new", "hint"),
    [
        ('kind = "order-issued"', 'kind = "zzzz"', "`comity vocabulary` lists the kinds"),
        ('kind = "order-issued"', 'kind = "order-isued"', "order-issued"),
        ("date_issued =", "qqqq =", "`comity vocabulary order-issued` lists them"),
        ("date_issued =", "date_isued =", "date_issued"),
        ('codes = "offices", required', 'codes = "zzzz", required', "[codes.zzzz] states it"),
        ('codes = "offices", required', 'codes = "ofices", required', "offices"),
        ('instrument = "2AP-7"', 'instrument = "2AP-77"', "2AP-7"),
        ('zone = "Europe/Prague"', 'zone = "Europe/Prag"', "a zone is named as Europe/Oslo"),
    ],
)
def test_a_fault_of_a_profile_says_what_may_be_meant_or_where_it_is_listed(old: str, new: str, hint: str) -> None:
    assert old in PROFILE
    assert any(hint in text for text in hints(PROFILE.replace(old, new, 1)))


def test_a_draft_names_columns_with_the_same_heading_and_says_where_the_table_is() -> None:
    doubled = read_table(b"Nr;Datum;Konto;Konto;;\nA;25.03.2026;x;y;;\n", "t")
    assert "# columns with the same heading: Konto" in draft_profile(doubled, 1, "x").splitlines()
    plain = draft_profile(read_table(b"Nr;Datum;Konto\nA;25.03.2026;x\n", "t"), 1, "Ärger & Söhne!")
    assert "same heading" not in plain
    assert 'name = "arger-sohne"' in plain
    assert not any(line.startswith(("sheet", "header", "encoding")) for line in plain.splitlines())
    cp1252 = read_table("Übersicht\nNr;Datum\nA;25.03.2026\n".encode("cp1252"), "t", encoding="cp1252")
    other = draft_profile(cp1252, 2, "!", encoding="cp1252")
    assert [
        line for start in ("header", "encoding", "name") for line in other.splitlines() if line.startswith(f"{start} =")
    ] == ["header = 2", 'encoding = "cp1252"', 'name = "orders"']


def test_a_draft_of_a_table_without_dates_leaves_the_moment_open() -> None:
    text = draft_profile(read_table(b"Nr;Konto\nA;x\n", "t"), 1, "x")
    assert 'when = "???"' in text
    assert 'kind = "order-issued"' in text
    assert "dates =" not in text
    numbers = draft_profile(read_table(xlsx({"A": [["Nr", "Konto"], [7, 9]]}), "t"), 1, "x")
    assert 'reference = { column = "Nr", number = "plain" }' in numbers


def test_a_profile_names_each_column_that_it_reads_with_the_places_that_read_it() -> None:
    profile = parse_profile(
        PROFILE.replace('instrument = "2AP-7"', 'instrument = { column = "Poznámka" }')
        .replace('when = "Odesláno"', 'when = "Odesláno"\ntime = "Čas"\nonly = { column = "Ano", words = ["ja"] }')
        .encode(),
        "p",
    )
    assert columns_of(profile) == {
        "Číslo jednací": ["order.reference"],
        "Poznámka": ["order.instrument"],
        "Vydáno": ["order-issued.when", "order-issued.date_issued"],
        "Poskytovatel": ["order-issued.providers", "order-transmitted.addressee", "order-received.actor"],
        "Účet": ["order-issued.identifiers"],
        "Odesláno": ["order-transmitted.when"],
        "Čas": ["order-transmitted.time"],
        "Ano": ["order-transmitted.only"],
        "Doručeno": ["order-received.when"],
    }
    assert "order.instrument" not in str(columns_of(parse_profile(PROFILE.encode(), "p")))
    assert profile.title == "karsk-orders 1"


def test_a_profile_is_read_up_to_its_largest_size_and_in_utf_8(monkeypatch: pytest.MonkeyPatch) -> None:
    data = PROFILE.encode()
    monkeypatch.setattr(profile_module, "LARGEST", len(data))
    assert parse_profile(data, "p").name == "karsk-orders"
    assert f"{len(data) + 1} bytes are too many" in refused(f"{PROFILE}\n").says
    monkeypatch.undo()
    with pytest.raises(RecordError, match="not TOML"):
        parse_profile(PROFILE.encode("cp1250", "replace").replace(b"?", b"\xe8"), "p")


def test_five_faults_are_named_and_the_others_counted() -> None:
    kinds = "".join(f'[[entry]]\nkind = "none-{n}"\nwhen = "Vydáno"\n' for n in range(7))
    assert refused(PROFILE + kinds).says.count("no kind of fact") == 5
    assert refused(PROFILE + kinds).says.endswith("; and 2 more")
    six = kinds.partition('[[entry]]\nkind = "none-6')[0]
    assert refused(PROFILE + six).says.endswith("; and 1 more")
    five = "".join(f'[[entry]]\nkind = "none-{n}"\nwhen = "Vydáno"\n' for n in range(5))
    assert "more" not in refused(PROFILE + five).says.rpartition(";")[2]
    assert refused(PROFILE.replace('dates = "day-first"', 'dates = "first"')).says.startswith("table.dates: Invalid")


def test_a_list_may_be_split_and_fields_of_every_entry_may_be_stated() -> None:
    split = PROFILE.replace('{ column = "Účet" }', '{ column = "Účet", split = "," }')
    assert parse_profile(split.encode(), "p").entry[0].fields["identifiers"]
    for name in sorted(SHARED)[:3]:
        stated = PROFILE.replace('channel = "mail"', f'channel = "mail"\n{name} = "x"')
        assert name in parse_profile(stated.encode(), "p").entry[1].fields
    column = PROFILE.replace('instrument = "2AP-7"', 'instrument = { column = "Poznámka", codes = "laws" }')
    assert refused(column).says == "order.instrument: no list of codes is called 'laws'"
    assert parse_profile(PROFILE.replace('instrument = "2AP-7"', "").encode(), "p").order.instrument == ""
    assert parse_profile(PROFILE.replace('zone = "Europe/Prague"', "").encode(), "p").table.zone == ""


def test_the_hint_is_that_of_the_first_fault_that_has_one_and_a_fault_of_the_whole_has_no_place() -> None:
    coded = PROFILE.replace('{ column = "Číslo jednací" }', '{ column = "Číslo jednací", codes = "refs" }')
    assert refused(coded).says == "order.reference: no list of codes is called 'refs'"
    split = PROFILE.replace('channel = "mail"', 'channel = { column = "x", split = ";" }\nqqqq = "x"')
    assert refused(split).hint == "`comity vocabulary order-transmitted` lists them"
    assert refused("[").says.startswith("not TOML")


def test_a_field_of_every_entry_may_be_split() -> None:
    shared = PROFILE.replace('channel = "mail"', 'channel = "mail"\non_source = { column = "Poznámka", split = "," }')
    assert parse_profile(shared.encode(), "p").entry[1].fields["on_source"]
