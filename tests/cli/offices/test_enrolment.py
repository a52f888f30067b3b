"""Several Parties and offices with their keys are registered by one command, from one address book."""

from __future__ import annotations

import csv
import io
import re
import shlex
from pathlib import Path

import pytest

from cli.exit_codes import Exit
from cli.offices.address_book import COLUMNS, TEMPLATE
from tests.support.cli import ORIGIN, House, run

HEAD = "party,zone,actor,name,name_de,roles,key,holder\n"
BOOK = HEAD + (
    "XO,Europe/Oslo,ilves,Prosecutor's Office Karsk,Staatsanwaltschaft Karsk,issuing authority,new,Dina Ilves\n"
    'XO,,lab,Laboratory,,"LAB; forensic examiner",new,\n'
    "XV,Europe/Dublin,skylark,Skylark Mail Ltd,,service provider,,\n"
    "XW,Europe/Paris,,,,,,\n"
)


@pytest.fixture
def house(tmp_path: Path) -> House:
    (tmp_path / "offices.csv").write_text(BOOK)
    return House(tmp_path)


def entries(house: House) -> int:
    return int(house.reply("checkpoint")["size"])


def begun(house: House) -> str:
    done = house.run("init", str(house.ledger), "--origin", ORIGIN, "--offices", str(house.folder / "offices.csv"))
    assert done.exit_code == 0, done.output
    return str(done.output)


def test_one_command_begins_a_ledger_with_parties_offices_and_keys_that_sign(house: House) -> None:
    begun(house)
    keys = {k["actor"]: (k["state"], k["roles"], k["here"]) for k in house.reply("key", "list")["keys"]}
    assert keys["ilves"] == ("current", ["ISS"], "ilves")
    assert keys["lab"] == ("current", ["LAB"], "lab")
    assert "skylark" not in keys
    issued = house.run("issue", "--instrument", "EPOC", "--to", "XV", "--provider", "skylark", "--as", "ilves")
    assert issued.exit_code == 0, issued.output


def test_the_template_can_be_recorded_as_it_is_and_explains_each_column(house: House) -> None:
    shown = run("offices", "add", "--template")
    (house.folder / "offices.csv").write_text(shown.stdout)
    assert next(csv.DictReader(io.StringIO(shown.stdout)))["actor"] == TEMPLATE[0]["actor"]
    assert all(f"  {name}: " in shown.stderr for name in COLUMNS)
    begun(house)


def test_the_same_address_book_again_records_nothing_and_a_longer_one_the_rest(house: House) -> None:
    begun(house)
    before = entries(house)
    book = house.folder / "offices.csv"
    done = house.reply("offices", "add", str(book))
    assert entries(house) == before
    assert [o["recorded"] for o in done["offices"]] == [[], [], []]
    book.write_text(BOOK + "XW,,court,Court,,CT,new,\n")
    assert house.reply("offices", "add", str(book))["offices"][-1]["recorded"] == [
        *("authority-registered", "key-registered", "key-accepted"),
    ]


def test_an_interrupted_beginning_is_finished_by_the_same_command(house: House) -> None:
    assert house.run("init", str(house.ledger), "--origin", ORIGIN).exit_code == 0
    assert "is there already; going on" in begun(house)
    again = house.run("init", str(house.ledger), "--origin", ORIGIN)
    assert (again.exit_code, "LEDGER-EXISTS" in again.stderr) == (Exit.REFUSED, True)


def test_all_faults_of_an_address_book_are_shown_by_row_and_column_and_nothing_is_recorded(house: House) -> None:
    house.begun()
    before = entries(house)
    (house.folder / "offices.csv").write_text(
        HEAD
        + "XO,Europe/Oslo,ilves,Office,,JUDGE,new,\n"
        + "XQ,,court,Court,,CT,new,\n"
        + "XV,Mars/Olympus,sky,Sky,,SP,,\n"
        + "XV,,sky,Sky,,SP,,\n"
        + "XV,,,Sky,,,,\n"
    )
    done = house.run("offices", "add", str(house.folder / "offices.csv"))
    assert done.exit_code == Exit.REFUSED
    assert "offices.csv row 2, roles: 'JUDGE' is no role; did you mean VAL" in " ".join(done.stderr.split())
    assert "row 6, actor: name belongs to an office" in done.stderr
    (house.folder / "offices.csv").write_text(
        HEAD + "XQ,,court,Court,,CT,new,\nXV,Mars/Olympus,sky,Sky,,SP,,\nXV,,sky,Sky,,SP,,\n"
    )
    done = house.run("offices", "add", str(house.folder / "offices.csv"))
    for part in ("row 2, zone: XQ is not registered yet", "row 3, zone: ", "row 4, actor: sky has a row already"):
        assert part in " ".join(done.stderr.split())
    assert not (house.keys / "court").exists()
    assert entries(house) == before


PUBLIC = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ("XV,Europe/Dublin,anna,Anna,,CUST,new,\n", "row 3, key: anna cannot sign as CUST"),
        (f"XO,,registrar,R,,ADM,{PUBLIC},\n", "row 3: the registrar may not enrol a key for itself"),
        (f"XV,Europe/Dublin,a,A,,SP,{PUBLIC},\nXV,,b,B,,SP,{PUBLIC},\n", "row 4, key: this is the key of a"),
        (f"XV,Europe/Dublin,a,A,,SP,{'0' * 64},\n", "row 3: not 64 hex digits of a point of prime order"),
        (f"XV,Europe/Dublin,a,{'N' * 70_000},,SP,,\n", "row 3"),
        ("XV,Europe/Dublin,a,A\u202eB,,SP,,\n", "row 3, name: "),
        ("XV,Europe/Dublin,a,A,A\u202eB,SP,,\n", "row 3, name_de: "),
        ("XO,,registrar.ledger.example.xo.karsk,R,,SP,new,\n", "row 3, key: this is the key of registrar"),
        ("XV,Europe/Dublin,a.pub,A,,SP,new,\n", "row 3, key: 'a.pub' is no name for a key"),
    ],
    ids=["role", "registrar", "key", "point", "long", "bidi", "German", "file of the registrar", "public file"],
)
def test_what_the_ledger_would_refuse_is_a_fault_of_its_row_and_no_ledger_or_key_is_made(
    house: House, rows: str, says: str
) -> None:
    book = house.folder / "offices.csv"
    book.write_text(HEAD + "XO,Europe/Oslo,ilves,Office,,ISS,new,\n" + rows)
    done = house.run("init", str(house.ledger), "--origin", ORIGIN, "--offices", str(book))
    assert (done.exit_code, says in " ".join(done.stderr.split())) == (Exit.REFUSED, True), done.stderr
    assert not house.ledger.exists()
    assert not house.keys.exists()


def test_a_key_accepts_in_the_role_that_signs(house: House) -> None:
    (house.folder / "offices.csv").write_text(HEAD + "XO,Europe/Oslo,ilves,Office,,CUST; ISS,new,\n")
    assert "accepted" in begun(house)


def test_a_public_key_is_enrolled_and_its_holder_accepts_it_elsewhere(house: House) -> None:
    house.begun()
    (house.folder / "offices.csv").write_text(HEAD + f"XO,Europe/Oslo,ilves,Office,,ISS,{PUBLIC},\n")
    done = house.run("offices", "add", str(house.folder / "offices.csv"))
    assert "on its own machine: comity key accept ilves" in done.stdout
    assert [k["state"] for k in house.reply("key", "list")["keys"] if k["key"] == PUBLIC] == ["pending"]


def test_several_keys_on_one_machine_are_mentioned_once(house: House) -> None:
    says = "one account can sign for each of them"
    assert " ".join(begun(house).split()).count(says) == 1
    (house.folder / "offices.csv").write_text(BOOK + "XW,,court,Court,,CT,new,\n")
    assert says not in house.run("offices", "add", str(house.folder / "offices.csv")).output


def test_the_commands_that_a_new_ledger_prints_are_complete(house: House) -> None:
    ledger = str(house.ledger)
    done = house.away("init", ledger, "--origin", ORIGIN)
    assert f"  comity offices add offices.csv --ledger {ledger}\n" in done.stderr
    done = house.away("init", ledger, "--origin", ORIGIN, "--offices", str(house.folder / "offices.csv"))
    assert f"  comity issue --template EPOC --ledger {ledger} > order.json\n" in done.stderr


# -- with questions ----------------------------------------------------------------------------------------------------


def test_questions_need_a_terminal_and_say_what_to_give_instead(house: House) -> None:
    done = house.run("init", str(house.ledger), "--guided")
    assert (done.exit_code, house.ledger.exists()) == (Exit.USAGE, False)
    assert "--offices" in done.stderr


def test_answers_make_a_ledger_that_can_issue(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.terminal.prompts.attended", lambda: True)
    answers = ["", "", "Oslo", "Europe/Oslo", "ilves", "Office Karsk", "judge of sorts", "ISS", "Dina Ilves", "n"]
    answers += ["XV", "Europe/Dublin", "skylark", "Skylark Mail Ltd", "y", "", "", ""]
    asked = house.away("init", str(house.ledger), "--guided", stdin="\n".join(answers))
    assert asked.exit_code == 0, asked.output
    assert "expected a time zone by its IANA name" in asked.output
    monkeypatch.undo()
    issued = house.run("issue", "--instrument", "EPOC", "--to", "XV", "--provider", "skylark", "--as", "ilves")
    assert issued.exit_code == 0, issued.output


def test_a_declined_last_question_makes_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.terminal.prompts.attended", lambda: True)
    answers = ["", "", "", "", "", "", "", "n", "", "n"]
    asked = house.away("init", str(house.ledger), "--guided", stdin="\n".join(answers))
    assert asked.exit_code == Exit.INTERRUPTED
    assert not house.ledger.exists()
    assert not house.keys.exists()


def test_the_fault_of_a_second_person_says_three_commands_that_give_that_person_a_key(tmp_path: Path) -> None:
    house = House(tmp_path).begun()
    head = "party,zone,actor,name,roles,key,holder\n"
    first = "XO,Europe/Oslo,ilves,Office,ISS;RET,new,Dina Ilves\n"
    book = tmp_path / "offices.csv"
    book.write_text(f"{head}{first}XO,,ilves,Office,ISS;RET,new,Jürgen Weiß\n")
    refused = house.run("offices", "add", str(book))
    typed = [shlex.split(line)[1:] for line in re.findall("`(comity key .*?)`", refused.stderr)]
    book.write_text(f"{head}{first}")
    assert house.run("offices", "add", str(book)).exit_code == 0
    assert [words[:2] for words in typed] == [["key", "new"], ["key", "enrol"], ["key", "accept"]]
    for words in typed:
        here = [str(house.keys / "ilves-2.pub") if word == "FILE.pub" else word for word in words]
        done = house.run(*here)
        assert done.exit_code == 0, done.output
    keys = [key for key in house.reply("key", "list")["keys"] if key["actor"] == "ilves"]
    assert len(keys) == 2
