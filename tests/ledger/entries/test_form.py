"""Form of typed values: a digest, zone, office, Party, reference or date is checked before it is signed."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import zoneinfo
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
from click.testing import Result

from cli.exit_codes import Exit
from cli.stories.model import read_story
from ledger.adapters.folders import order_names as names
from ledger.entries.case import Unread, instant
from ledger.entries.form import RegisteredNames, named_in, plain, slips
from ledger.facts import KINDS, FactError, build, check_form
from ledger.facts.value_forms import TextForm, texts
from ledger.facts.value_types import Actor, Party, form_of
from ledger.formats import time_zones
from tests.support.cli import STORIES, House, ledger_of, reply, run
from tests.support.facts import ORDER, in_full
from tests.support.judging import finds, finds_not
from tests.support.scenarios import Fact, fact, given, issued, received, sent

A, B = "9f86d081" * 8, "6a" * 32
GIVEN = ("-f", "exhibit=KA-0311/1", "-f", "released_by=orn", "-f", "received_by=lab", "--as", "orn")
MOVED = ("record", "custody-transferred", "main", *GIVEN)
INFORM = ("record", "customer-notified", "main", "-f", "channel=letter", "--as", "orn")
PARTY = ("record", "party-registered", "-f", "party=XQ", "-f", "declarations_verified=false", "--as", "registrar")
ISSUE = ("issue", "--instrument", "2AP-7", "--to", "XV", "--as", "ilves")


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return ledger_of("S1", tmp_path)


def left_alone(done: Result, code: str, *says: str) -> None:
    """Assert exit status 5 with this code and at most three lines of message, which contain `says`."""
    assert done.exit_code == Exit.REFUSED, done.output
    assert done.stderr.count(code) == 1, done.stderr
    assert len(done.stderr.splitlines()) <= 3
    for words in says:
        assert words in done.stderr, done.stderr


def count(ledger: Path) -> int:
    return int(reply("checkpoint", ledger=ledger)["size"])


def fields(*said: str) -> tuple[str, ...]:
    return tuple(word for each in said for word in ("-f", each))


# -- the command line --------------------------------------------------------------------------------------------------

HANDED = ("exhibit=E", "released_by=nobody", "received_by=orn", "check=not-checked")
OFFICE = ("actor=x", "party=XO", "roles=JUDGE", "valid_from=2027-01-01")
REFUSED = {
    "an event in 2035": ((*INFORM, "--on", "2035-01-01T00:00:00Z"), "FORM-DATE", "look at the year"),
    "a digest that is a file name": (
        (*MOVED, "-f", "check=equal", "-f", "digest_before=retrun.zip"),
        "FACT",
        f"digest_before=return.zip hashes a file, digest_before={A}",
    ),
    "a digest of another length": ((*MOVED, "-f", "check=equal", "-f", f"digest_after={A[:40]}"), "FACT", "64 hex"),
    "a digest in capitals": ((*MOVED, "-f", "check=equal", "-f", f"digest_after={A.upper()}"), "FACT", "lower case"),
    "an equal digest that is none": ((*MOVED, "-f", "check=equal"), "FORM-EQUAL", "digest_before=FILE"),
    "two equal digests that differ": (
        (*MOVED, "-f", "check=equal", "-f", f"digest_before={A}", "-f", f"digest_after={B}"),
        "FORM-EQUAL",
        "check=differ",
    ),
    "an equal copy without a digest": (
        ("record", "working-copy-made", "main", *fields("exhibit=E", "copy=E/1", "check=equal"), "--as", "orn"),
        "FORM-EQUAL",
        "digest_before",
    ),
    "an equal receipt without files": (
        ("record", "evidence-received", "main", "-f", "check=equal", "--as", "orn"),
        "FORM-EQUAL",
        "manifest=FILE",
    ),
    "a zone on Mars": ((*PARTY, "-f", "zone=Mars/Olympus"), "FACT", "such as Europe/Oslo"),
    "a zone as it stands in the help": ((*PARTY, "-f", "zone=AREA/CITY"), "FACT", "such as Europe/Oslo"),
    "a zone in small letters": ((*PARTY, "-f", "zone=europe/oslo"), "FACT", "did you mean Europe/Oslo?"),
    "a treaty without its day": ((*PARTY, "-f", "zone=UTC", "-f", "in_force=2AP"), "FACT", "2AP=2027-01-01"),
    "a provider nobody registered": ((*ISSUE, "--provider", "gmail"), "OFFICE-UNKNOWN", "-f actor=gmail"),
    "a provider with a slip of the pen": ((*ISSUE, "--provider", "skylrak"), "OFFICE-UNKNOWN", "did you mean skylark?"),
    "who gave and who took": (
        ("record", "custody-transferred", "main", *fields(*HANDED), "--as", "orn"),
        "OFFICE-UNKNOWN",
        "--unregistered",
    ),
    "a notified authority nobody registered": (
        ("notify", "main", "--to", "ghost", "--as", "ilves"),
        "OFFICE-UNKNOWN",
        "authority-registered",
    ),
    "a recipient nobody registered": (
        ("disclose", __file__, "main", "--elements", "name", "--channel", "mail", "--to", "polis", "--as", "skylark"),
        "OFFICE-UNKNOWN",
        "polis is no office",
    ),
    "somebody else's act": ((*INFORM, "--speaks", "import", "--whose", "ghost"), "OFFICE-UNKNOWN", "whose: ghost"),
    "no name of an office": ((*INFORM, "--speaks", "import", "--whose", "The Ghost"), "FACT", "such as pp-karsk"),
    "a Party that takes part and is not registered": (
        ("issue", "--instrument", "2AP-7", "--to", "IE", "--as", "ilves"),
        "PARTY-UNKNOWN",
        "-f party=IE -f zone=ZONE",
    ),
    "a third State that is no code": (
        ("record", "onward-transferred", "main", "-f", "recipient_party=Ireland", "--as", "orn"),
        "FACT",
        "such as XO",
    ),
    "a role that is a word": (
        ("record", "authority-registered", *fields(*OFFICE), "--as", "registrar"),
        "FACT",
        "did you mean VAL (validating",
    ),
    "a data element that is half a word": (
        ("disclose", __file__, "main", "--elements", "email", "--channel", "mail", "--as", "skylark"),
        "FACT",
        "did you mean email-address",
    ),
    "a day on the order that has not come": ((*ISSUE, "-f", "date_issued=2101-01-01"), "FORM-DATE", "look at the year"),
    "a moment of receipt that has not come": (
        ("record", "request-accepted", "main", "-f", "complete_at=2101-01-01T00:00:00Z", "--as", "skylark"),
        "FORM-DATE",
        "look at the year",
    ),
    "a reference of blanks": ((*ISSUE, "--reference", " "), "FACT", "such as PPO-2026-123"),
    "a reference that means a new order": ((*ISSUE, "--reference", "new"), "FACT", "such as PPO-2026-123"),
    "an exhibit without a number": (
        ("record", "evidence-accessed", "main", "-f", "exhibit=", "-f", "purpose_code=trial", "--as", "orn"),
        "FACT",
        "such as EX-1",
    ),
    "a custodian nobody registered": (
        ("erase", "main", "--cause", "other", "--custodian", "ghost", "--as", "orn", "--yes"),
        "OFFICE-UNKNOWN",
        "ghost is no office",
    ),
}  # fmt: skip


def test_what_is_not_of_its_type_is_refused_and_the_message_shows_what_would_be_right(ledger: Path) -> None:
    before = count(ledger)
    for number, (name, (args, code, says)) in enumerate(REFUSED.items()):
        dry = ("--dry-run",) if number % 2 and args[0] != "erase" else ()
        done = run(*args, *dry, ledger=ledger)
        assert done.exit_code == Exit.REFUSED, (name, done.output)
        left_alone(done, code, says)
    assert count(ledger) == before


def test_an_office_a_party_and_a_zone_that_are_known_are_recorded(ledger: Path) -> None:
    reply(*PARTY, "-f", "zone=Europe/Oslo", "-f", "in_force=2AP=2027-01-01", ledger=ledger)
    reply(*ISSUE[:4], "XQ", *ISSUE[5:], "--provider", "skylark", "--reference", "R-9", ledger=ledger)
    third = ("-f", "recipient_party=IE", "-f", "recipient_office=garda")
    reply("record", "onward-transferred", "main", *third, "--as", "orn", ledger=ledger)


def test_the_flag_names_an_office_as_it_is_and_later_steps_of_its_order_name_it_too(ledger: Path) -> None:
    sent = ("record", "order-transmitted", "R-9", "-f", "channel=mail", "--as", "ilves", "-f")
    reply("issue", "--instrument", "2AP-7", "--to", "IE", "--as", "ilves", "--provider", "gmail", "--unregistered",
         "--reference", "R-9", ledger=ledger)  # fmt: skip
    reply(*sent, "addressee=gmail", ledger=ledger)
    left_alone(run(*sent, "addressee=gmial", ledger=ledger), "OFFICE-UNKNOWN")
    left_alone(run(*ISSUE, "--provider", "gmail", ledger=ledger), "OFFICE-UNKNOWN")


def test_the_command_that_a_message_shows_registers_the_office(ledger: Path) -> None:
    refused = run(*ISSUE, "--provider", "gmail", ledger=ledger).stderr
    found = re.search(r"`comity ([^`]+)`", refused)
    assert found is not None
    typed = found[1].replace("PARTY", "XV").replace("ROLE", "SP").split()
    assert run(*typed, ledger=ledger).exit_code == 0
    reply(*ISSUE, "--provider", "gmail", ledger=ledger)
    refused = run("issue", "--instrument", "2AP-7", "--to", "IE", "--as", "ilves", ledger=ledger).stderr
    found = re.search(r"`comity ([^`]+)`", refused)
    assert found is not None
    assert "zone=ZONE" in found[1]  # a zone is asked, and never guessed
    assert run(*found[1].replace("ZONE", "Europe/Dublin").split(), ledger=ledger).exit_code == 0
    reply("issue", "--instrument", "2AP-7", "--to", "IE", "--as", "ilves", ledger=ledger)


def test_a_file_that_is_named_as_a_digest_is_hashed(ledger: Path, tmp_path: Path) -> None:
    file = tmp_path / "return.zip"
    file.write_bytes(b"what was handed over")
    digests = ("-f", f"digest_before={file}", "-f", f"digest_after={sha256(file.read_bytes()).hexdigest()}")
    answer = reply(*MOVED, "-f", "check=equal", *digests, "--dry-run", ledger=ledger)
    assert set(answer["sealed"].values()) == {sha256(b"what was handed over").hexdigest()}


def test_a_digest_that_is_sealed_is_not_repeated_in_its_refusal(ledger: Path) -> None:
    done = run(*MOVED, "-f", "check=equal", "-f", "digest_before=secret-name", ledger=ledger)
    assert "secret-name" not in done.output


# -- tables ------------------------------------------------------------------------------------------------------------

ROWS: dict[str, tuple[dict[str, str], str, str]] = {
    "an event in 2035": ({"occurred": "2035-01-01T00:00:00Z"}, "occurred", "it is said to happen"),
    "a digest that is a file name": ({"digest_before": "return.zip"}, "digest_before", "a SHA-256, 64 hex digits"),
    "an office nobody registered": ({"received_by": "ghost"}, "received_by", "ghost is no office"),
    "an actor nobody registered": ({"actor": "spirit"}, "actor", "spirit is no office"),
    "a reference taken twice": (
        {"kind": "order-issued", "order": "again", "reference": "R-1", "instrument": "2AP-7"}
        | {"from_party": "XO", "to_party": "XV", "exhibit": "", "released_by": "", "received_by": "", "check": ""},
        "reference",
        "ilves has an order of the reference 'R-1'",
    ),
    "an equal digest that is none": ({"check": "equal"}, "digest_before", "check=equal is said of no digest"),
    "a word for yes": ({"unregistered": "perhaps"}, "unregistered", "expected yes or no"),
}


def row(**more: str) -> dict[str, str]:
    common = {"order": "main", "kind": "custody-transferred", "occurred": "2027-06-01T09:00:00Z", "exhibit": "E-1"}
    return {**common, "released_by": "orn", "received_by": "lab", "check": "not-checked", **more}


def table(path: Path, *rows: dict[str, str]) -> Path:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(dict.fromkeys(name for each in rows for name in each)))
    writer.writeheader()
    writer.writerows(rows)
    path.write_text(text.getvalue())
    return path


def test_a_table_names_row_and_column_of_what_is_not_of_its_type(ledger: Path, tmp_path: Path) -> None:
    reply(*ISSUE, "--reference", "R-1", ledger=ledger)
    before = count(ledger)
    rows = [row(), *(row(**cells) for cells, _, _ in ROWS.values())]
    for more in (("--dry-run",), ()):
        done = run("import", str(table(tmp_path / "t.csv", *rows)), "--as", "ilves", *more, "--json", ledger=ledger)
        assert done.exit_code == Exit.REFUSED, done.output
        faults = json.loads(done.stdout)["faults"]
        assert [(f["row"], f["column"]) for f in faults] == [
            (number, column) for number, (_, column, _) in enumerate(ROWS.values(), 3)
        ]
        assert all(says in f["says"] for f, (_, _, says) in zip(faults, ROWS.values(), strict=True))
    assert count(ledger) == before


def test_a_row_that_says_so_names_an_office_as_it_is_and_a_file_beside_the_table_is_hashed(
    ledger: Path, tmp_path: Path
) -> None:
    (tmp_path / "return.zip").write_bytes(b"x")
    cells = row(unregistered="yes", received_by="ghost", check="equal", digest_before="return.zip")
    reply("import", str(table(tmp_path / "t.csv", cells)), "--as", "ilves", ledger=ledger)
    shown = reply("timeline", "main", "--reveal", "--because", "a test", "--as", "orn", ledger=ledger)["timeline"]
    assert [x["fields"].get("digest_before") for x in shown if x["fields"].get("received_by") == "ghost"] == [
        sha256(b"x").hexdigest()
    ]


def test_a_row_that_is_on_record_from_before_is_not_asked_again(
    ledger: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = ("import", str(table(tmp_path / "t.csv", row(check="equal", received_by="ghost"))), "--as", "ilves")
    with monkeypatch.context() as then:  # a version without the check
        then.setattr("cli.imports.row_parser.slips", lambda *_, **__: ())
        assert reply(*said, ledger=ledger)["recorded"] == 1
    assert reply(*said, ledger=ledger)["already"] == 1
    again = ("import", str(table(tmp_path / "u.csv", row(check="equal", exhibit="E-2"))), "--as", "ilves")
    assert "check=equal is said of no digest" in run(*again, ledger=ledger).stderr


def test_letters_of_an_office_nobody_registered_need_the_column(ledger: Path, tmp_path: Path) -> None:
    (tmp_path / "scans").mkdir()
    (tmp_path / "scans" / "2027-03-01 reply.pdf").write_bytes(b"%PDF-1.7")
    said = (
        "import",
        "letters",
        str(tmp_path / "scans"),
        "--order",
        "main",
        "--kind",
        "order-received",
        "--as",
        "ilves",
    )
    refused = run(*said, "--whose", "ghost", ledger=ledger)
    left_alone(refused, "ghost is no office", "2027-03-01 reply.pdf, actor")
    reply(*said, "--whose", "ghost", "-f", "unregistered=yes", ledger=ledger)


def test_a_message_with_an_office_nobody_registered_needs_the_flag(tmp_path: Path) -> None:
    message, ledger = tmp_path / "message.json", ledger_of("landmark-yahoo-belgium", tmp_path)
    assert run("export", "main", "--format", "hi1", "-o", str(message), ledger=ledger).exit_code == 0
    empty = House(tmp_path / "other").begun().with_office("taker", "ISS")
    take = ("import", "hi1", str(message), "--as", "taker", "--dry-run")
    refused = empty.run(*take)
    assert refused.exit_code == Exit.REFUSED
    assert "no office of the register" in refused.stderr
    assert "no Party of the register" in refused.stderr
    done = empty.run(*take, "--unregistered")
    assert "of the register" not in done.output


# -- references --------------------------------------------------------------------------------------------------------


@cache
def _two() -> Path:
    return House(Path(mkdtemp(prefix="comity-test-"))).furnished().with_office("lind", "ISS").folder


@pytest.fixture
def house(tmp_path: Path) -> House:
    """Make two offices, ilves and lind, and the order PPO-1 of ilves."""
    return House(Path(shutil.copytree(_two(), tmp_path / "house")))


def issue(house: House, by: str, reference: str = "PPO-1", *more: str) -> Any:
    said = ("issue", "--instrument", "2AP-7", "--to", "XO", "--reference", reference, "--as", by, *more)
    return house.run(*said, "--json")


def test_a_reference_is_refused_to_the_office_that_has_it_and_not_to_another(house: House) -> None:
    before = count_of(house)
    first = house.reply("orders")["orders"][0]["order"]
    for more in ((), ("--dry-run",)):
        left_alone(issue(house, "ilves", "PPO-1", *more), "REFERENCE-TAKEN", first[:8], "--order")
    assert count_of(house) == before
    assert issue(house, "lind").exit_code == 0
    left_alone(issue(house, "lind"), "REFERENCE-TAKEN")
    assert issue(house, "lind", "PPO-2").exit_code == 0


def count_of(house: House) -> int:
    return int(house.reply("checkpoint")["size"])


def test_an_act_takes_a_reference_of_its_signers_office_whomever_it_names(house: House) -> None:
    named = ("-f", "issuing_authority=ilves")
    assert issue(house, "lind", "PPO-1", *named).exit_code == 0, "ilves has it, and lind has not"
    left_alone(issue(house, "lind", "PPO-1"), "REFERENCE-TAKEN", "lind has an order")
    assert issue(house, "lind", "PPO-8", *named).exit_code == 0
    assert issue(house, "ilves", "PPO-8").exit_code == 0, "nobody else takes a number of ilves"
    left_alone(issue(house, "ilves", "PPO-8", "-f", "issuing_authority=lind"), "REFERENCE-TAKEN", "ilves has an order")
    orders = {house.reply("show", f"{office}/PPO-8")["order"] for office in ("ilves", "lind")}
    assert len(orders) == 2


def test_what_was_taken_over_takes_a_reference_of_the_registered_office_it_names(house: House) -> None:
    taken, ghost = ("--speaks", "import"), ("--unregistered", "-f", "issuing_authority=ghost")
    left_alone(issue(house, "lind", "PPO-1", *taken, "--whose", "ilves"), "REFERENCE-TAKEN", "ilves has an order")
    named = (*taken, "-f", "issuing_authority=ilves")
    left_alone(issue(house, "lind", "PPO-1", *named), "REFERENCE-TAKEN", "ilves has an order")
    left_alone(issue(house, "ilves", "PPO-1", *taken, *ghost), "REFERENCE-TAKEN", "ilves has an order")
    assert issue(house, "ilves", "PPO-1", *taken, "-f", "issuing_authority=lind").exit_code == 0
    left_alone(issue(house, "lind"), "REFERENCE-TAKEN")


def test_a_new_version_and_a_repeated_command_are_no_second_order(house: House) -> None:
    assert issue(house, "ilves", "PPO-1", "--order", "PPO-1").exit_code == 0
    left_alone(issue(house, "ilves", "PPO-1", "--id", "ab" * 16), "REFERENCE-TAKEN")
    made = [json.loads(issue(house, "ilves", "PPO-7", "--id", "cd" * 16).stdout) for _ in range(2)]
    assert [m["already"] for m in made] == [False, True]


def test_a_reference_of_two_offices_is_asked_with_the_office(house: House) -> None:
    lind = json.loads(issue(house, "lind").stdout)["order"]
    asked = house.run("show", "PPO-1")
    assert asked.exit_code == Exit.USAGE, asked.output
    for words in ("ORDER-AMBIGUOUS", "ilves/PPO-1", "lind/PPO-1", "OFFICE/REFERENCE", "comity order rename"):
        assert words in asked.stderr
    assert house.reply("show", "lind/PPO-1")["order"] == lind
    assert house.reply("show", "ilves/PPO-1")["order"] != lind
    closed = house.reply("record", "order-closed", "lind/PPO-1", "-f", "outcome=withdrawn", "--as", "lind")
    assert closed["order"] == lind
    assert house.reply("custody", "lind/PPO-1")["order"] == lind


def stands(house: House, reference: str, order: str) -> str:
    """Record an order of ilves as a version without the check of references did; return its id."""
    from ledger.adapters.folders.user_folders import Home
    from ledger.adapters.keys.key_files import load
    from ledger.application.journal import Journal
    from ledger.entries.envelope import Circumstances

    home = Home(house.folder / "state" / "comity", house.keys)
    with Journal.open(house.ledger, home) as journal:
        signer = journal.signer("ilves", "ISS", load(house.keys / "ilves"))
        now = journal.now()
        fact = build("order-issued", {**ORDER, "reference": reference, "to_party": "XO"}, {})
        return journal.record(fact, order, signer, Circumstances(now, now)).order


OF_BEFORE = "8f14e45f-ceea-467f-9575-7d5a1e2b3c4d"


def test_an_office_before_a_reference_that_has_a_stroke_itself_is_no_riddle(house: House) -> None:
    stands(house, "12/2026", OF_BEFORE)
    assert house.reply("show", "12/2026")["order"] == house.reply("show", "ilves/12/2026")["order"]
    assert house.run("show", "lind/12/2026").exit_code == Exit.USAGE
    assert issue(house, "ilves", "12/2026", "--order", OF_BEFORE).exit_code == 0, "it keeps its reference"
    left_alone(issue(house, "ilves", "ilves/2026", "--order", OF_BEFORE), "FACT", "2026")


ALIKE = ("ppo-1", "\uff30\uff30\uff2f-1", "Ppo-\uff11")
TYPED = {
    "PPO\u20101": "PPO-1",
    "PPO\u20111": "PPO-1",
    "PPO\u20139": "PPO-9",
    "PPO\u22129": "PPO-9",
    "PPO  9": "PPO 9",
    "PPO\u00a09": "PPO 9",
    "ilves/PPO-9": "PPO-9",
    "ilves\uff0fPPO-9": "PPO-9",
    "8f14e45f": "PPO-2026-123",
    "8F14E45F-cee": "PPO-2026-123",
    "deadbeef": "PPO-2026-123",
    "8f14e45fZ": "PPO-2026-123",
}


def test_references_of_one_office_that_look_alike_are_one(house: House, tmp_path: Path) -> None:
    before = count_of(house)
    for reference in ALIKE:
        left_alone(issue(house, "ilves", reference), "REFERENCE-TAKEN", "'PPO-1'", repr(reference))
        done = imported(house, tmp_path, {**OPENS, "order": reference})
        assert f"{reference!r} looks like it" in json.loads(done.stdout)["faults"][0]["says"]
    assert {plain(reference) for reference in (*ALIKE, "PPO\u20101", "PPO \uff0d 1", "PPO\ufe631")} == {"ppo-1"}
    done = imported(house, tmp_path, {**OPENS, "order": "T-1"}, {**OPENS, "order": "t-1"})
    assert [(f["row"], f["column"]) for f in json.loads(done.stdout)["faults"]] == [(3, "reference")]
    assert count_of(house) == before
    assert issue(house, "lind", "ppo-1").exit_code == 0


LOOK_ALIKE = ("РРО-1", "РPO-1", "рро-1", "ΡΡΟ-1", "ΡРΟ-1", "ᏢᏢO-1", "РРО‐l")


@pytest.mark.parametrize("reference", LOOK_ALIKE)
def test_a_reference_of_other_letters_that_look_the_same_is_refused_unless_it_is_meant(
    house: House, tmp_path: Path, reference: str
) -> None:
    reference = reference.replace("\u2010", "-")
    before = count_of(house)
    left_alone(issue(house, "ilves", reference), "REFERENCE-ALIKE", "'PPO-1'", "U+", "--lookalike")
    done = imported(house, tmp_path, {**OPENS, "order": reference})
    assert [f["code"] for f in json.loads(done.stdout)["faults"]] == ["REFERENCE-ALIKE"]
    assert count_of(house) == before
    assert issue(house, "lind", reference).exit_code == 0, "another office's reference is another one"
    assert issue(house, "ilves", reference, "--lookalike").exit_code == 0
    left_alone(issue(house, "ilves", reference, "--lookalike"), "REFERENCE-TAKEN")


def test_a_row_says_that_its_reference_is_meant_and_two_rows_look_alike_too(house: House, tmp_path: Path) -> None:
    said = {**OPENS, "order": "РРО-1"}
    assert imported(house, tmp_path, {**said, "lookalike": "yes"}).exit_code == 0
    two = imported(house, tmp_path, {**OPENS, "order": "OC-2"}, {**OPENS, "order": "ОС-2"})
    assert [(f["row"], f["code"]) for f in json.loads(two.stdout)["faults"]] == [(3, "REFERENCE-ALIKE")]


def test_references_of_one_script_are_refused_for_no_likeness_within_ascii(house: House, tmp_path: Path) -> None:
    for reference in ("PPO-l", "PPO-I", "PP0-1", "СУ-7", "日本-1", "ÄÖ-1", "ПРО-1"):
        assert issue(house, "ilves", reference).exit_code == 0, reference
    assert (
        house.run(
            "issue", "--instrument", "2AP-7", "--to", "XO", "--reference", "СУ-7", "--as", "ilves", "--order", "СУ-7"
        ).exit_code
        == 0
    )


def test_a_reference_that_cannot_be_typed_or_means_something_else_is_refused(house: House, tmp_path: Path) -> None:
    stands(house, "OLD-1", OF_BEFORE)
    before = count_of(house)
    for reference, shown in TYPED.items():
        left_alone(issue(house, "ilves", reference, "--dry-run"), "FACT", f"such as {shown}")
        done = imported(house, tmp_path, {**OPENS, "order": "T-1", "reference": reference})
        assert [f["column"] for f in json.loads(done.stdout)["faults"]] == ["reference"], reference
    assert count_of(house) == before
    for reference in ("20260311", "facade-7", "Ärzte-1", "2026-123", "47 Js 123/26", "12/2026"):
        assert issue(house, "ilves", reference, "--dry-run").exit_code == 0, reference


def test_a_table_opens_an_order_of_another_office_by_office_and_reference(house: House, tmp_path: Path) -> None:
    opens = {"kind": "order-issued", "occurred": "2026-03-01T09:40:00Z", "instrument": "2AP-7", "from_party": "XO"}
    rows = [{"order": "lind/PPO-1", "to_party": "XO", "unregistered": "yes", **opens}]
    rows += [{**rows[0], "order": "lind/PPO-2"}, {**rows[0], "order": "Z", "reference": "PPO-2"}]
    said = ("import", str(table(tmp_path / "t.csv", *rows)), "--as", "lind", "--speaks")
    refused = house.run(*said[:-1])
    assert refused.exit_code == Exit.REFUSED
    assert "row 4, reference: lind has an order of the reference 'PPO-2'" in refused.stderr
    again = ("import", str(table(tmp_path / "t.csv", *rows[:2])), "--as", "lind")
    assert house.reply(*again)["recorded"] == 2
    assert house.reply(*again)["already"] == 2
    refs = sorted(o["ref"] for o in house.reply("orders")["orders"])
    assert refs == ["PPO-1", "PPO-1", "PPO-2"]
    both = ("import", str(table(tmp_path / "u.csv", {**rows[0], "order": "PPO-1"})), "--as", "lind", "--dry-run")
    assert "ilves/PPO-1" in house.run(*both).stderr


def test_a_row_makes_no_version_of_an_order_of_another_office_that_has_the_number(house: House, tmp_path: Path) -> None:
    cells = {"order": "PPO-1", "kind": "order-issued", "occurred": "2026-03-01T09:40:00Z", "instrument": "2AP-7"}
    opens = {**cells, "from_party": "XO", "to_party": "XO"}
    done = house.run("import", str(table(tmp_path / "t.csv", opens)), "--as", "lind", "--dry-run")
    assert done.exit_code == Exit.REFUSED
    assert "row 2, reference: PPO-1 is an order of ilves on record, and not of lind; lind/PPO-1 opens" in done.stderr
    version = table(tmp_path / "t.csv", {**opens, "issuing_authority": "ilves", "version": "yes"})
    assert house.reply("import", str(version), "--as", "lind", "--dry-run")["new_orders"] == 0


OPENS = {"kind": "order-issued", "occurred": "2026-03-01T09:40:00Z", "instrument": "2AP-7"}
OPENS |= {"from_party": "XO", "to_party": "XO"}


def imported(house: House, path: Path, *rows: dict[str, str], by: str = "ilves") -> Any:
    return house.run("import", str(table(path / "t.csv", *rows)), "--as", by, "--json")


def faults_of(done: Result) -> list[tuple[int, str]]:
    assert done.exit_code == Exit.REFUSED, done.output
    assert {f["code"] for f in json.loads(done.stdout)["faults"]} == {"REFERENCE-TAKEN"}
    assert all("here already" in f["says"] and "column version" in f["hint"] for f in json.loads(done.stdout)["faults"])
    return [(f["row"], f["column"]) for f in json.loads(done.stdout)["faults"]]


def test_a_row_makes_a_version_of_an_order_that_is_there_only_if_it_says_so(house: House, tmp_path: Path) -> None:
    before, first = count_of(house), house.reply("show", "PPO-1")["order"]
    there = {**OPENS, "order": "PPO-1"}
    says = [{**there, "id": "1"}, {**OPENS, "order": first}, {**there, "reference": "PPO-2"}]
    twice = [{**OPENS, "order": "T-1", "id": id} for id in ("1", "2")]
    done = imported(house, tmp_path, *says, *twice)
    assert faults_of(done) == [(2, "reference"), (3, "reference"), (4, "reference"), (6, "reference")]
    assert count_of(house) == before
    done = imported(house, tmp_path, {**there, "version": "yes"}, twice[0], {**twice[1], "version": "yes"})
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["new_orders"] == 1
    assert house.reply("show", "PPO-1")["order"] == first


def test_a_table_that_is_read_again_makes_no_version(house: House, tmp_path: Path) -> None:
    rows = [{**OPENS, "order": "T-1"}, {**OPENS, "order": "T-2", "id": "7"}]
    assert json.loads(imported(house, tmp_path, *rows).stdout)["recorded"] == 2
    assert json.loads(imported(house, tmp_path, *rows).stdout)["already"] == 2
    assert faults_of(imported(house, tmp_path, *rows, rows[0])) == [(4, "reference")]


def test_an_order_that_other_rows_opened_is_issued_once_without_a_word(house: House, tmp_path: Path) -> None:
    got = {"order": "T-1", "kind": "order-received", "occurred": "2026-03-02T09:40:00Z", "instrument": "2AP-7"}
    done = imported(house, tmp_path, got, {**OPENS, "order": "T-1"})
    assert done.exit_code == 0, done.output


def test_a_row_that_puts_an_issued_order_right_is_no_second_order(house: House, tmp_path: Path) -> None:
    right = {**OPENS, "order": "PPO-1", "replaces": "#1", "why": "the instrument was misread"}
    assert imported(house, tmp_path, right).exit_code == 0


def test_a_version_is_one_of_the_office_whose_order_it_is_whatever_it_is_called(house: House, tmp_path: Path) -> None:
    row = {**OPENS, "order": "PPO-1", "reference": "OTHER", "version": "yes"}
    done = imported(house, tmp_path, row, by="lind")
    assert done.exit_code == Exit.REFUSED, done.output
    assert "is an order of ilves on record, and not of lind" in done.output


def test_only_an_issued_order_has_versions(house: House, tmp_path: Path) -> None:
    row = {"order": "PPO-1", "kind": "order-received", "occurred": "2026-03-02T09:40:00Z", "version": "yes"}
    done = imported(house, tmp_path, row)
    assert [f["column"] for f in json.loads(done.stdout)["faults"]] == ["version"]


def test_a_name_given_here_decides_nothing_that_a_row_signs(house: House, tmp_path: Path) -> None:
    house.reply("order", "rename", "PPO-1", "NEWNO-5")
    before = count_of(house)
    done = imported(house, tmp_path, {**OPENS, "order": "NEWNO-5", "reference": "NEWNO-5", "version": "yes"})
    assert done.exit_code == Exit.REFUSED, done.output
    assert [f["column"] for f in json.loads(done.stdout)["faults"]] == ["order"]
    assert "is a name given here" in done.stdout
    assert count_of(house) == before
    got = {"order": "NEWNO-5", "kind": "order-received", "occurred": "2026-03-02T09:40:00Z"}
    assert json.loads(imported(house, tmp_path, got).stdout)["new_orders"] == 0
    house.reply("order", "rename", "PPO-1", "PPO-1")
    done = imported(house, tmp_path, {**OPENS, "order": "PPO-1", "version": "yes"})
    assert done.exit_code == 0, done.output
    issued = [e for e in house.reply("timeline", "PPO-1")["timeline"] if e["kind"] == "order-issued"]
    assert [e["fields"]["reference"] for e in issued] == ["PPO-1", "PPO-1"]


def test_a_suspicion_about_a_key_begins_before_it_is_reported(house: House) -> None:
    before = count_of(house)
    done = house.run("key", "compromised", "lind", "--since", "2101-01-01T00:00:00Z", "--yes")
    left_alone(done, "FORM-DATE", "look at the year")
    left_alone(
        house.run("key", "enrol", "x", "--public", A, "--role", "JUDGE", "--party", "XO"), "FACT", "did you mean VAL"
    )
    assert count_of(house) == before


def test_an_office_is_enrolled_for_a_party_that_is_registered(house: House) -> None:
    for name in ("one", "two"):
        house.reply("key", "new", name)
    before = count_of(house)
    left_alone(house.run("key", "enrol", "one", "--role", "ISS", "--party", "QQ"), "PARTY-UNKNOWN", "-f party=QQ")
    assert count_of(house) == before
    assert issue(house, "ilves", "R-1", "--to", "QQ").exit_code == Exit.REFUSED
    assert house.run("key", "enrol", "one", "--role", "ISS", "--party", "QQ", "--unregistered").exit_code == 0
    party = ("-f", "party=QW", "-f", "zone=Europe/Oslo", "-f", "declarations_verified=false", "--as", "registrar")
    house.reply("record", "party-registered", *party)
    assert house.run("key", "enrol", "two", "--role", "ISS", "--party", "QW").exit_code == 0


# -- names of data subjects --------------------------------------------------------------------------------------------


def delay(house: House, subject: str, order: str = "PPO-1", **more: Any) -> Any:
    words = ("record", "customer-notification-delayed", order, "-f", "reasons=x", "-f", "review_on=2099-01-01")
    return run(*words, "--as", "ilves", "--subject", subject, ledger=house.ledger, **house.env, **more)


def erase(house: House, subject: str) -> Any:
    said = ("--everywhere", "--cause", "erasure-granted", "--as", "ilves", "--yes")
    return house.run("erase", "--subject", subject, *said)


def test_names_of_data_subjects_are_one_whatever_their_white_space(house: House) -> None:
    for name in ("A\u0308nna Kask", "\u00c4nna  Kask", " \u00c4nna Kask "):
        done = delay(house, name)
        assert (done.exit_code, "another person" in done.stderr) == (0, False), done.output
    assert "covers 3 values in 3 entries" in erase(house, "\u00c4nna   Kask").stderr


def test_names_nearly_alike_are_named_by_an_erasure_and_stay(house: House) -> None:
    for name in ("Anna Kask", "anna kask", "Anna Kaski", "Anna K\u00e4sk", "witness 3", "witness 4"):
        assert delay(house, name).exit_code == 0
    done = erase(house, "Anna Kask")
    assert done.exit_code == 0, done.output
    assert "covers 1 value" in done.stderr
    for name in ("anna kask", "Anna Kaski", "Anna K\u00e4sk"):
        assert f"{name!r} is another person here than 'Anna Kask', and stays" in done.stderr
    assert "another person" not in erase(house, "witness 3").stderr, "numbers tell persons apart"
    assert "'anna kask' is another person" in erase(house, "Anna Kask").stderr, (
        "a name that nobody has is told them too"
    )


def test_on_a_terminal_it_is_asked_whether_a_new_name_is_meant(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    assert delay(house, "Anna Kask").exit_code == 0
    before = count_of(house)
    monkeypatch.setattr("cli.terminal.prompts.attended", lambda: True)
    done = delay(house, "Anna Kaks Kask", stdin="n\n")
    assert done.exit_code == 0, done.output
    done = delay(house, "anna Kask", stdin="n\n")
    assert (done.exit_code, count_of(house)) == (Exit.INTERRUPTED, before + 1), done.output
    assert "'Anna Kask' is another person here than 'anna Kask'" in done.output
    assert delay(house, "anna Kask", stdin="y\n").exit_code == 0
    assert delay(house, "anna Kask").exit_code == 0, "asked once"


def test_a_name_with_several_spaces_from_before_is_still_reached(house: House) -> None:
    with monkey_of("ledger.adapters.subject_keys.key_store.check_name", "cli.session.subjects.check_name"):
        assert delay(house, "Anna  Kask").exit_code == 0
    done = erase(house, "Anna  Kask")
    assert "covers 1 value" in done.stderr, done.output


@contextmanager
def monkey_of(*names: str) -> Iterator[None]:
    """Patch functions as in a version that kept the names of data subjects as typed."""
    with pytest.MonkeyPatch.context() as then:
        for name in names:
            then.setattr(name, str.strip)
        yield


# -- own names ---------------------------------------------------------------------------------------------------------


def test_a_name_of_ones_own_fits_one_order_in_every_command_and_changes_no_entry(house: House) -> None:
    issue(house, "lind")
    before = count_of(house)
    ilves = house.reply("show", "ilves/PPO-1")["order"]
    assert house.reply("order", "rename", "ilves/PPO-1", "karsk-1") == {
        "format": "comity.name/1",
        "order": ilves,
        "name": "karsk-1",
    }
    assert count_of(house) == before
    for words in ("show", "custody", "timeline", "judge"):
        assert json.loads(house.run(words, "karsk-1", "--json").stdout)["order"] == ilves, words
    assert (
        house.reply("record", "order-closed", "karsk-1", "-f", "outcome=withdrawn", "--as", "ilves")["order"] == ilves
    )
    assert {o["name"] for o in house.reply("orders")["orders"]} == {"karsk-1", None}
    assert "karsk-1" in house.run("orders").stdout
    assert house.reply("order", "rename", "karsk-1", "karsk-one")["order"] == ilves
    assert house.run("show", "karsk-1").exit_code == Exit.USAGE, "an order has one name of its own"
    assert house.reply("fsck")["verdict"] == "CONSISTENT"


def test_a_name_that_another_order_has_is_refused(house: House) -> None:
    issue(house, "lind", "PPO-2")
    other = house.reply("show", "PPO-2")["order"]
    assert house.reply("order", "rename", "PPO-2", "mine")["order"] == other
    for name in ("PPO-2", "lind/PPO-2", "mine", other, other[:6]):
        left_alone(house.run("order", "rename", "PPO-1", name), "NAME-TAKEN" if name != other else "FACT")
    for name in ("", " x", "new", "-x"):
        done = house.run("order", "rename", "PPO-1", "--", name)
        left_alone(done, "FACT", "such as PPO-2026-123")
    assert house.reply("orders")["orders"][0]["name"] in (None, "mine")


def test_references_that_are_ambiguous_from_before_are_resolved_by_a_name(house: House) -> None:
    made = stands(house, "PPO-1", OF_BEFORE)
    assert house.run("show", "PPO-1").exit_code == Exit.USAGE
    assert "(8f14e45f)" in house.run("show", "ilves/PPO-1").stderr
    assert house.reply("order", "rename", "8f14e45f", "second")["order"] == made
    assert house.reply("show", "second")["order"] == made


@pytest.mark.parametrize("text", ["", "{", "{}", "[]", '{"orders": []}'])
def test_a_file_of_names_that_cannot_be_read_is_said_and_may_go(text: str, house: House) -> None:
    (house.ledger / names.NAMES).write_text(text)
    done = house.run("show", "PPO-1")
    assert "NAMES" in done.stderr
    assert "may be deleted" in done.stderr
    (house.ledger / names.NAMES).unlink()
    assert house.run("show", "PPO-1").exit_code == 0


def test_a_copy_of_a_ledger_takes_the_names_along(house: House, tmp_path: Path) -> None:
    house.reply("order", "rename", "PPO-1", "mine")
    house.reply("backup", str(house.ledger), "-o", str(tmp_path / "copy.tar"))
    house.reply("restore", str(tmp_path / "copy.tar"), str(tmp_path / "back"))
    found = run("show", "mine", "--json", ledger=tmp_path / "back", **house.env)
    assert json.loads(found.stdout)["order"] == house.reply("show", "PPO-1")["order"]


# -- by type, and in recorded entries ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_an_office_and_a_party_of_any_kind_are_asked_by_their_type(kind: str) -> None:
    """The test names no field, so it covers later kinds as well."""
    fact = build(*in_full(kind))
    strange = {
        path
        for name, field in KINDS[kind].fields().items()
        for path, _, word in texts(field.form, getattr_of(fact, name), name)
        if word.registered
    }
    nobody = RegisteredNames((), ())
    codes = ("OFFICE-UNKNOWN", "PARTY-UNKNOWN")
    asked = {s.where.removeprefix(f"{kind}.") for s in slips(fact, nobody, NOW) if s.code in codes}
    assert asked == strange
    assert not [s for s in slips(fact, RegisteredNames(("pp-karsk",), ("XO",)), NOW) if s.code in codes]
    assert not [s for s in slips(fact, nobody, NOW, unregistered=True) if s.code in codes]


NOW = instant("2030-01-01T00:00:00Z")


def getattr_of(fact: Any, name: str) -> Any:
    from ledger.facts import public_of, sealed_of

    return {**public_of(fact), **sealed_of(fact)}[name]


def test_offices_and_parties_have_the_types_that_ask() -> None:
    """The fields without a check: new entries of the register, and States that take no part."""
    unasked = {
        f"{kind}.{name}"
        for kind, cls in KINDS.items()
        for name, field in cls.fields().items()
        if field.type.removeprefix("list[").removesuffix("]") in ("actor", "party")
        and not getattr(field.form, "item", field.form).registered  # type: ignore[union-attr]
    }
    assert unasked == {
        "party-registered.party",
        "authority-registered.actor",
        "reasoned-objection-filed.conflicting_law_party",
        "protection-examined.public_authority_in",
        "foreign-government-informed.government",
        "traffic-data-partially-disclosed.other_provider_party",
        "onward-transfer-authorisation-requested.recipient_party",
        "onward-transferred.recipient_party",
    }
    for hint in (Actor, Party):
        form = form_of(hint)
        assert isinstance(form, TextForm)
        assert form.registered


@pytest.mark.parametrize(
    ("kind", "public", "sealed"),
    [
        ("party-registered", {"party": "XQ", "zone": "Mars/Olympus", "declarations_verified": False}, {}),
        (
            "custody-transferred",
            {"exhibit": "", "released_by": "ghost", "received_by": "ghost", "check": "equal"},
            {"digest_before": "return.zip"},
        ),
        ("order-issued", {**ORDER, "reference": "new", "languages": ["english"]}, {}),
        ("key-registered", {"actor": "x", "key": "no key", "roles": ["ISS"]}, {}),
    ],
)
def test_an_entry_that_stands_with_such_a_value_has_the_form_of_its_kind(
    kind: str, public: dict[str, Any], sealed: dict[str, Any]
) -> None:
    always = {name for name, field in KINDS[kind].fields().items() if field.sealed and field.always}
    check_form(kind, public, always | set(sealed))  # as every verifier checks
    with pytest.raises(FactError):
        build(kind, public, sealed)


CODE = "W-NOT-ITS-TYPE"
SERVED = given(issued("2027-03-01T09:00Z"), sent("2027-03-02T08:00Z"), received("2027-03-02T08:30Z"))


def handed(**fields: Any) -> Fact:
    common = {"exhibit": "EX-1", "released_by": "orn", "received_by": "orn", "check": "not-checked", **fields}
    return fact("custody-transferred", "2027-03-05T09:00Z", "orn", "RET", **common)


def test_an_entry_that_stands_with_a_value_not_of_its_type_is_a_remark() -> None:
    finds(SERVED.when(handed(digest_before="return.zip")), CODE)
    finds(SERVED.when(handed(exhibit=" ")), CODE)
    finds_not(SERVED.when(handed(digest_before=A)), CODE)
    finds_not(SERVED.when(handed(digest_before=Unread.WITHHELD)), CODE)
    finds(SERVED.where("XV", zone="Mars/Olympus"), CODE)
    finds(given(issued("2027-03-01T09:00Z", date_issued="2037-03-01")), CODE)
    finds_not(given(issued("2027-03-01T09:00Z", date_issued="2027-03-01")), CODE)
    assert finds(SERVED.when(handed(digest_before="return.zip")), CODE).effects == ()


def test_zones_are_those_of_the_pinned_table_on_every_machine() -> None:
    assert (str(files("tzdata") / "zoneinfo"),) == zoneinfo.TZPATH
    assert {"UTC", "Europe/Oslo", "Atlantic/Reykjavik"} <= time_zones.names()
    assert {"Factory", "localtime", "europe/oslo", ""}.isdisjoint(time_zones.names())


def test_every_story_names_a_zone_that_exists() -> None:
    for file in STORIES.glob("*.toml"):
        story = read_story(file.read_bytes(), file.stem)
        assert {party.zone for party in story.parties.values()} <= time_zones.names(), file.stem


def test_what_an_order_names_is_read_from_its_entries() -> None:
    case = given(issued("2027-03-01T09:00Z"), sent("2027-03-02T08:00Z")).case
    assert named_in(case.entries) == {"ilves", "skylark", "XO", "XV"}, "offices and Parties, and no other words"
