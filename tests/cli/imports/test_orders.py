"""A table of many orders: the entries of its rows, its errors, and that all rows are recorded or none."""

from __future__ import annotations

import base64
import hashlib
import json
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cli.command_tables import IMPORT
from cli.exit_codes import Exit
from cli.imports import import_run
from cli.imports.columns import IMPORTED
from cli.imports.row_index import Index
from cli.imports.template import template_of
from cli.stories.model import Story, StoryFact
from ledger.adapters.storage.entry_store import EntryStore
from ledger.application.journal import Journal
from ledger.entries.case import Case, Entry
from tests.support.cli import STORIES, House, ledger_of, reply, run
from tests.support.import_tables import HEAD, alike, entries, opening, sending, sheet_of, written
from tests.support.story_files import story


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return ledger_of("S1", tmp_path)


# -- the entries of rows -----------------------------------------------------------------------------------------------


RECEIVED = "counterparty-record-received"  # only `receive` makes it, so no spreadsheet has it
FEW = ("S1", "S3", "taken-over-from-paper")
ALL = sorted(path.stem for path in STORIES.glob("*.toml"))


@pytest.mark.parametrize("name", [n if n in FEW else pytest.param(n, marks=pytest.mark.slow) for n in ALL])
def test_a_storys_facts_as_a_spreadsheet_give_the_storys_timeline(name: str, tmp_path: Path) -> None:
    ledger, tale = ledger_of(name, tmp_path), story(name)
    table = tmp_path / "sheet.csv"
    kept = [f for f in tale.facts if f.type != RECEIVED and (not f.replaces or _own(tale, f))]
    kept = [f for f in kept if not _unequal({**f.public, **f.sealed})]
    tale = msgspec.structs.replace(tale, facts=kept)
    table.write_bytes(sheet_of(tale).encode("utf-8-sig"))
    answer = reply("import", str(table), ledger=ledger)
    assert answer["recorded"] == answer["rows"] == len([fact for fact in tale.facts if fact.order])
    played = json.loads((ledger / "story.json").read_text())["orders"]
    with Journal.open(ledger, writable=False) as journal, closing(Index(journal, {})) as index:
        again = {name: named.id for name in played if (named := index.order(f"again-{name}"))}
        assert again
        ids = {id: name for names in (played, again) for name, id in names.items()}
        for order, id in again.items():
            said = _own_replacements(journal.case(played[order]))
            said = msgspec.structs.replace(
                said, entries=tuple(e for e in said.entries if not _unequal({**e.public, **e.sealed}))
            )
            before = [row for row in alike(said, ids) if row[1] != RECEIVED]
            assert alike(journal.case(id), ids) == before


def _own(tale: Story, fact: StoryFact) -> bool:
    """Return whether a fact replaces one of the same signer; a row cannot replace another signer's fact."""
    return any((f.order, f.label, f.by) == (fact.order, fact.replaces, fact.by) for f in tale.facts)


def _unequal(values: dict[str, Any]) -> bool:
    """Return whether a handover claims equality without two equal digests; a row cannot claim that."""
    digests = {values[name] for name in ("digest_before", "digest_after") if values.get(name)}
    return values.get("check") == "equal" and bool({"released_by", "copy"} & values.keys()) and len(digests) != 1


def _own_replacements(case: Case) -> Case:
    signers = {e.leaf: e.by for e in case.entries}
    return msgspec.structs.replace(
        case, entries=tuple(e for e in case.entries if not e.replaces or signers[e.replaces] == e.by)
    )


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_the_template_of_every_kind_can_be_imported_as_it_is(form: str, ledger: Path, tmp_path: Path) -> None:
    table = tmp_path / f"template.{form}"
    table.write_text(template_of(form, list(IMPORTED)), encoding="utf-8")
    answer = reply("import", str(table), "--as", "ilves", "--role", "ISS", "--dry-run", ledger=ledger)
    assert answer["rows"] == len(IMPORTED)
    assert answer["new_orders"] == 1


def test_a_row_speaks_as_import_and_of_another_on_that_ones_word(ledger: Path, tmp_path: Path) -> None:
    head = "order,kind,occurred,actor,instrument,from_party,to_party,addressee,channel\n"
    rows = [
        "PPO-9,order-issued,2026-03-01T10:40:00+01:00,,2AP-7,XO,XV,,\n",
        "PPO-9,order-received,2026-03-02T08:30:00Z,skylark,,,,,\n",
    ]
    reply("import", str(written(tmp_path / "t.csv", rows, head)), "--as", "ilves", ledger=ledger)
    with Journal.open(ledger, writable=False) as journal:
        mine, theirs = journal.case(journal.find("PPO-9")).entries
    assert (mine.speaks, mine.whose, mine.on_source, mine.get("reference")) == ("import", None, "own-act", "PPO-9")
    assert (theirs.speaks, theirs.whose, theirs.on_source) == ("import", "skylark", "other-party")
    assert mine.on.isoformat() == "2026-03-01T09:40:00+00:00"


def test_rows_go_on_with_an_order_that_is_on_record(ledger: Path, tmp_path: Path) -> None:
    table = written(tmp_path / "t.csv", [sending("main")])
    answer = reply("import", str(table), "--as", "ilves", ledger=ledger)
    assert (answer["orders"], answer["new_orders"], answer["recorded"]) == (1, 0, 1)


def test_a_file_that_a_cell_names_is_recorded_by_its_digest(ledger: Path, tmp_path: Path) -> None:
    (tmp_path / "scan.pdf").write_bytes(b"%PDF-1.7")
    row = "main,order-received,2026-03-02T08:30:00Z,skylark,scan.pdf\n"
    table = written(tmp_path / "t.csv", [row], "order,kind,occurred,actor,proof\n")
    reply("import", str(table), "--as", "ilves", ledger=ledger)
    with Journal.open(ledger, writable=False) as journal:
        proof = max(journal.case(journal.find("759427d8")).entries, key=lambda e: e.index).get("proof")
    assert proof["size"] == 8
    assert proof["sha256"] == hashlib.sha256(b"%PDF-1.7").hexdigest()


@pytest.mark.parametrize("mark", [";", "\t", "|"])
def test_a_header_tells_its_delimiter(mark: str, ledger: Path, tmp_path: Path) -> None:
    table = written(tmp_path / "t.csv", [opening("A-1").replace(",", mark)], HEAD.replace(",", mark))
    assert reply("import", str(table), "--as", "ilves", ledger=ledger)["recorded"] == 1


@pytest.mark.parametrize("said", ["", ";;", "comma"])
def test_a_delimiter_of_other_than_one_character_is_refused(said: str, ledger: Path, tmp_path: Path) -> None:
    table = written(tmp_path / "t.csv", [opening("A-1")], HEAD)
    result = run("import", str(table), "--as", "ilves", "--delimiter", said, ledger=ledger)
    assert result.exit_code == 2
    assert "--delimiter is one character" in result.output


def test_what_was_imported_is_one_row_of_csv_with_its_counts(ledger: Path, tmp_path: Path) -> None:
    table = written(tmp_path / "t.csv", [opening("A-1")], HEAD)
    head, row = run("import", str(table), "--as", "ilves", "--format", "csv", ledger=ledger).stdout.splitlines()
    found = dict(zip(head.split(","), row.split(","), strict=True))
    assert (found["recorded"], found["already"], found["dry_run"]) == ("1", "0", "no")
    assert "unwound" not in found


def test_a_spreadsheets_own_line_about_its_delimiter_is_read(ledger: Path, tmp_path: Path) -> None:
    table = written(tmp_path / "t.csv", [opening("A-1").replace(",", ";")], "sep=;\n" + HEAD.replace(",", ";"))
    assert reply("import", str(table), "--as", "ilves", ledger=ledger)["recorded"] == 1


def test_a_table_comes_through_a_pipe(ledger: Path) -> None:
    row = {"order": "A-1", "kind": "order-issued", "occurred": "2026-03-01T09:40:00Z"}
    row |= {"public": {"instrument": "2AP-7", "from_party": "XO", "to_party": "XV"}, "sealed": {"identifiers": ["a"]}}  # type: ignore[dict-item]
    result = run("import", "-", "--as", "ilves", "--json", ledger=ledger, stdin=json.dumps(row))
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["recorded"] == 1


# -- times -------------------------------------------------------------------------------------------------------------


def test_a_time_without_its_offset_is_meant_in_the_zone_that_was_said(ledger: Path, tmp_path: Path) -> None:
    table = written(tmp_path / "t.csv", [opening("A-1", at="2026-07-01 09:40")])
    assert run("import", str(table), "--as", "ilves", ledger=ledger).exit_code == 5
    reply("import", str(table), "--as", "ilves", "--zone", "Europe/Stockholm", ledger=ledger)
    with Journal.open(ledger, writable=False) as journal:
        assert journal.case(journal.find("A-1")).entries[0].on.isoformat() == "2026-07-01T07:40:00+00:00"


@pytest.mark.parametrize("at", ["2026-10-25 02:30", "2026-03-29 02:30"])
def test_a_time_that_a_clock_shows_twice_or_never_is_a_fault(at: str, ledger: Path, tmp_path: Path) -> None:
    table = written(tmp_path / "t.csv", [opening("A-1", at=at)])
    result = run("import", str(table), "--as", "ilves", "--zone", "Europe/Stockholm", ledger=ledger)
    assert result.exit_code == 5
    assert "row 2, occurred" in result.stderr
    assert "where clocks change" in result.stderr


# -- all or nothing ----------------------------------------------------------------------------------------------------


def test_a_bad_row_leaves_nothing_behind_and_every_fault_has_its_row_and_column(ledger: Path, tmp_path: Path) -> None:
    rows = [opening("A-1"), sending("A-1", at="yesterday", channel="pidgeon"), opening("A-2"), sending("A-3")]
    before = entries(ledger)
    with Journal.open(ledger, writable=False) as journal:
        assert journal.subject_keys is not None
        subjects = journal.subject_keys.subjects()
    result = run("import", str(written(tmp_path / "t.csv", rows)), "--as", "ilves", "--json", ledger=ledger)
    assert result.exit_code == 5
    faults = {(fault["row"], fault["column"]) for fault in json.loads(result.stdout)["faults"]}
    assert faults == {(3, "occurred"), (3, "channel"), (5, "instrument")}
    assert entries(ledger) == before
    with Journal.open(ledger, writable=False) as journal:
        assert journal.subject_keys is not None
        assert journal.subject_keys.subjects() == subjects


def test_so_many_faults_are_told_as_were_asked_for_and_the_rest_counted(ledger: Path, tmp_path: Path) -> None:
    rows = [opening("A-1"), *(sending("A-1", channel=f"pigeon-{n}") for n in range(30))]
    result = run("import", str(written(tmp_path / "t.csv", rows)), "--as", "ilves", "--errors", "4", ledger=ledger)
    assert result.stderr.count(", channel: ") == 4
    assert "and 26 more" in result.stderr
    assert "30 faults in 31 rows; nothing was recorded" in result.stderr


def test_a_fault_does_not_repeat_what_would_be_sealed(ledger: Path, tmp_path: Path) -> None:
    table = written(tmp_path / "t.csv", [opening("A-1", identifiers="secret\u200e-name")])
    result = run("import", str(table), "--as", "ilves", ledger=ledger)
    assert "identifiers" in result.stderr
    assert "secret" not in result.stderr


def test_a_dry_run_counts_no_row_that_is_on_record_already(ledger: Path, tmp_path: Path) -> None:
    table = written(tmp_path / "t.csv", [opening("A-1"), sending("A-1")])
    assert run("import", str(table), "--as", "ilves", ledger=ledger).exit_code == 0
    result = run("import", str(table), "--as", "ilves", "--dry-run", ledger=ledger)
    assert "0 entries would be recorded" in result.stdout


@pytest.mark.parametrize("reference", ["A\u20131", "A  1", "abcdef01"])
def test_a_row_gives_an_order_no_reference_that_record_refuses(reference: str, ledger: Path, tmp_path: Path) -> None:
    before = entries(ledger)
    result = run("import", str(written(tmp_path / "t.csv", [opening(reference)])), "--as", "ilves", ledger=ledger)
    assert result.exit_code != 0
    assert "reference" in result.stderr
    assert entries(ledger) == before


def test_a_dry_run_checks_everything_and_records_nothing(ledger: Path, tmp_path: Path) -> None:
    before = entries(ledger)
    table = written(tmp_path / "t.csv", [opening("A-1"), sending("A-1")])
    result = run("import", str(table), "--as", "ilves", "--dry-run", ledger=ledger)
    assert "2 entries would be recorded, of 1 order (1 new)" in result.stdout
    assert entries(ledger) == before


def test_an_import_interrupted_while_it_is_stored_leaves_nothing(
    ledger: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = entries(ledger)
    real = EntryStore.append_pages

    def cut(store: EntryStore, pages: object, *, expected: object) -> range:
        def one() -> object:
            yield next(iter(pages))  # type: ignore[call-overload]
            raise KeyboardInterrupt

        return real(store, one(), expected=expected)  # type: ignore[arg-type]

    monkeypatch.setattr(EntryStore, "append_pages", cut)
    table = written(tmp_path / "t.csv", [opening("A-1"), sending("A-1")])
    assert run("import", str(table), "--as", "ilves", ledger=ledger).exit_code == 130
    assert entries(ledger) == before
    monkeypatch.undo()
    assert reply("import", str(table), "--as", "ilves", ledger=ledger)["recorded"] == 2


def test_what_somebody_else_records_meanwhile_comes_first_and_the_table_is_sealed_again(
    ledger: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = EntryStore.append_pages
    times = []

    def late(store: EntryStore, pages: object, *, expected: object) -> range:
        times.append(1)
        if len(times) == 1:
            other = written(tmp_path / "other.csv", [sending("main", channel="fax")])
            monkeypatch.setattr(EntryStore, "append_pages", real)
            reply("import", str(other), "--as", "ilves", ledger=ledger)
            monkeypatch.setattr(EntryStore, "append_pages", late)
        return real(store, pages, expected=expected)  # type: ignore[arg-type]

    monkeypatch.setattr(EntryStore, "append_pages", late)
    answer = reply("import", str(written(tmp_path / "t.csv", [sending("main")])), "--as", "ilves", ledger=ledger)
    assert (len(times), answer["recorded"]) == (2, 1)
    channels = [e.get("channel") for e in _case(ledger, "759427d8") if e.kind == "order-transmitted"]
    assert channels[-2:] == ["fax", "mail"]


def _case(ledger: Path, order: str) -> list[Entry]:
    with Journal.open(ledger, writable=False) as journal:
        return sorted(journal.case(journal.find(order)).entries, key=lambda e: e.index)


def test_a_table_that_changes_while_it_is_read_is_not_recorded(
    ledger: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table, before = written(tmp_path / "t.csv", [opening("A-1")]), entries(ledger)
    real = import_run.check

    def check(*given: object, **more: object) -> object:
        found = real(*given, **more)  # type: ignore[arg-type]
        written(table, [opening("A-1"), sending("A-1")])
        return found

    monkeypatch.setattr(import_run, "check", check)
    result = run("import", str(table), "--as", "ilves", ledger=ledger)
    assert (result.exit_code, "changed while it was read" in result.stderr) == (4, True)
    assert entries(ledger) == before


# -- a second import ---------------------------------------------------------------------------------------------------


def test_a_table_read_again_records_only_what_is_new_in_it(ledger: Path, tmp_path: Path) -> None:
    rows = [opening("A-1"), sending("A-1"), sending("A-1")]
    table = written(tmp_path / "t.csv", rows)
    first = reply("import", str(table), "--as", "ilves", ledger=ledger)
    again = reply("import", str(table), "--as", "ilves", ledger=ledger)
    longer = reply("import", str(written(table, [*rows, sending("A-1")])), "--as", "ilves", ledger=ledger)
    assert [(a["recorded"], a["already"]) for a in (first, again, longer)] == [(3, 0), (0, 3), (1, 3)]


def test_a_rows_own_id_makes_it_one_entry_and_another_fact_under_it_is_a_fault(ledger: Path, tmp_path: Path) -> None:
    head = "order,kind,occurred,addressee,channel,id\n"
    row = "main,order-transmitted,2026-03-02T08:00:00Z,skylark,mail,4711\n"
    reply("import", str(written(tmp_path / "t.csv", [row], head)), "--as", "ilves", ledger=ledger)
    table = written(tmp_path / "t.csv", [row.replace("mail", "fax")], head)
    result = run("import", str(table), "--as", "ilves", ledger=ledger)
    assert result.exit_code == 5
    assert "row 2, id" in result.stderr


def test_two_rows_of_one_id_are_a_fault(ledger: Path, tmp_path: Path) -> None:
    row = "main,order-transmitted,2026-03-02T08:00:00Z,skylark,mail,4711\n"
    table = written(tmp_path / "t.csv", [row, row], "order,kind,occurred,addressee,channel,id\n")
    result = run("import", str(table), "--as", "ilves", ledger=ledger)
    assert (result.exit_code, "row 3, id: an earlier row has the id '4711'" in result.stderr) == (5, True)


def test_nothing_sealed_goes_into_the_id_of_an_entry(tmp_path: Path) -> None:
    ids = []
    for name in ("one", "two"):
        ledger = ledger_of("S1", tmp_path / name)
        table = written(tmp_path / "t.csv", [opening("A-1", identifiers=f"person-{name}")])
        reply("import", str(table), "--as", "ilves", ledger=ledger)
        payload = base64.b64decode(json.loads(entries(ledger)[-1][1])["payload"])
        ids.append(json.loads(payload)["entry"])
    assert ids[0] == ids[1]


# -- files that are not tables -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "code", "says"),
    [
        (HEAD.encode("utf-16"), 4, "UTF-16"),
        (b"PK\x03\x04rest", 4, "a spreadsheet itself"),
        (HEAD.encode() + b"A-1,order-issued,\xe4\n", 4, "line 2 is not UTF-8 at byte 98"),
        (HEAD.encode() + b"A-1\0,\n", 4, "NUL"),
        (HEAD.encode() + b'A-1,"order-issued\n', 4, "the row that begins in line 2 is not CSV"),
        (b"", 4, "no header"),
        (b"order,kind,occured\n", 5, "did you mean occurred?"),
        (b"order,kind,occurred,Kind\n", 5, "kind stands twice"),
        (HEAD.encode() + b"A-1,order-issued,2026-03-01T09:40:00Z,2AP-7,XO,XV,,,a,b\n", 5, "row 2, #10"),
        (HEAD.encode() + b"A-1,key-revoked,2026-03-01T09:40:00Z,2AP-7,,,,,\n", 5, "stands in the register"),
        (b'{"order": "A\\ud800"}\n', 5, "row 1, order: expected a string, without control"),
        (HEAD.encode() + b"A-1\x07,order-issued,2026-03-01T09:40:00Z,2AP-7,XO,XV,,,\n", 5, "row 2, order"),
        (
            b"order,kind,occurred,audience\nmain,order-received,2026-03-01T09:40:00Z,circumstances=XX\n",
            5,
            "row 2, audience",
        ),
        (b"order,kind,occurred,actor\nmain,order-received,2026-03-01T09:40:00Z,Sky Lark\n", 5, "row 2, actor"),
        (b'{"order": "A-1"\n{"order": "A-1", "order": "A-2"}\n[1]\n', 5, "row 2: not a JSON object"),
    ],
)
def test_what_is_no_table_is_said_with_its_place(
    raw: bytes, code: int, says: str, ledger: Path, tmp_path: Path
) -> None:
    table = tmp_path / "t.csv"
    table.write_bytes(raw)
    before = entries(ledger)
    result = run("import", str(table), "--as", "ilves", ledger=ledger)
    assert (result.exit_code, result.stderr.count(says) > 0) == (code, True), result.stderr
    assert entries(ledger) == before


def test_an_actor_that_no_register_knows_is_told(ledger: Path, tmp_path: Path) -> None:
    row = "main,order-received,2026-03-02T08:30:00Z,brightmore\n"
    table = written(tmp_path / "t.csv", [row], "order,kind,occurred,actor\n")
    refused = run("import", str(table), "--as", "ilves", ledger=ledger)
    assert (refused.exit_code, "row 2, actor: brightmore is no office" in refused.stderr) == (Exit.REFUSED, True)
    row = row.replace("\n", ",yes\n")
    table = written(tmp_path / "t.csv", [row], "order,kind,occurred,actor,unregistered\n")
    result = run("import", str(table), "--as", "ilves", ledger=ledger)
    assert (result.exit_code, "brightmore" in result.stderr) == (0, True)


@pytest.mark.parametrize("name", ["", *IMPORT])
def test_the_help_of_every_import_starts_with_examples(name: str) -> None:
    result = run("import", *([name] if name else []), "--help")
    assert result.exit_code == 0
    assert result.stdout.startswith("Examples:\n  comity import")


def test_a_row_does_not_replace_an_entry_of_another_signer(tmp_path: Path) -> None:
    house = House(tmp_path).furnished().with_office("orn", "RET")
    before = house.reply("checkpoint")["size"]
    table, on = tmp_path / "orders.csv", datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    table.write_text(f"order,kind,occurred,channel,replaces,why\nPPO-1,customer-notified,{on},letter,#1,wrong\n")
    for signer, refused in (("orn", True), ("ilves", False)):
        done = house.run("import", str(table), "--as", signer, "--dry-run")
        assert ("replaces: the entry is ilves's" in done.output) is refused, done.output
    assert house.reply("checkpoint")["size"] == before
