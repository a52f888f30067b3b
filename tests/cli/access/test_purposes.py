"""The purpose and the person of each opening of sealed values: a default that is true, or a question to the user."""

from __future__ import annotations

import json
import shutil
from functools import cache
from itertools import product
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, get_args

import click
import pytest

from cli.access.persons import checked, person_of, remembered
from cli.access.purposes import CODES, INVESTIGATING, TABLE, Code, purpose_of
from cli.invocation import Invocation
from cli.session.ledger_reader import reading
from cli.session.open_ledger import hand, writing
from cli.terminal import prompts
from ledger.bundle.archive import unpack
from ledger.bundle.layout import MANIFEST
from ledger.bundle.manifest import open_manifest
from ledger.facts import KINDS
from ledger.facts.rights.use import View
from ledger.facts.vocabulary import ROLES, Purpose
from tests.support.cli import PERSON, House, ledger_of, reply, run, size
from tests.support.kept_files import Kept

ROOT = Path(__file__).parents[3]
WHY = ("--because", "a test")
NOBODY = {"COMITY_PERSON": ""}
OWN = {"DPO": "supervision", "SA": "supervision", "AUD": "audit", "DEF": "defence", "CT": "trial"}
FOR = {"CT": "trial", "DEF": "defence", "DPO": "supervision", "SA": "supervision", "AUD": "audit"}
OPENERS = [role for role in ROLES if role in KINDS["record-accessed"].signers]
SECRET = "An online shop"


# -- the table ---------------------------------------------------------------------------------------------------------


def test_each_code_of_the_vocabulary_is_explained() -> None:
    assert tuple(CODES) == get_args(Purpose)
    assert all(CODES.values())


@pytest.mark.parametrize("role", OPENERS)
def test_a_purpose_is_that_of_the_opener_or_of_the_reader_and_never_of_another_role(role: str) -> None:
    for reader, view in product([None, *ROLES], get_args(View)):
        found = purpose_of(view, role, reader)
        if reader == "CUST":
            assert found == "rights-request"
        elif role in OWN:
            assert found == OWN[role]
        elif reader in FOR:
            assert found == FOR[reader]
        elif view == "dpo":
            assert found is None, "an office may answer a person, or watch over itself"
        else:
            known = role in INVESTIGATING or reader in INVESTIGATING
            assert found == ("investigation" if known else None)


def test_the_documented_table_is_the_one_that_is_asked() -> None:
    text = (ROOT / "docs" / "reference" / "command-line.md").read_text("utf-8")
    table = text.partition("| opened | purpose |\n")[2].partition("\n\n")[0]
    said = [line.rstrip(" |").rpartition("| ")[2].strip("`") for line in table.splitlines()[1:]]
    assert said == [*(row.code or "asked for" for row in TABLE), "asked for"]


def test_only_an_office_that_investigates_or_reads_for_it_opens_for_an_investigation() -> None:
    assert INVESTIGATING.isdisjoint({*OWN, "SP", "REG", "NOT", "CAQ", "VAL", "POC", "DPA14", "EXP", "CUST"})
    asked = {role for role in OPENERS if purpose_of("timeline", role) is None}
    assert asked == {"VAL", "SP", "REG", "NOT", "CAQ", "POC", "DPA14", "EXP"}


@pytest.mark.parametrize(
    ("said", "shows"),
    [
        ("trail", ("did you mean trial?", "--purpose trial --because 'hearing on Monday'")),
        ("Trial on Monday", ("the codes are investigation,", "--purpose trial --because 'Trial on Monday'")),
        ("subject access request 1", ("rights-request", "--purpose CODE --because 'subject access request 1'")),
        ("", ("the codes are investigation,", "--purpose CODE")),
    ],
)
def test_words_in_place_of_a_code_are_refused_and_shown_where_they_go(
    said: str, shows: tuple[str, ...], tmp_path: Path
) -> None:
    with pytest.raises(click.BadParameter) as refused:
        Code().convert(said, None, None)
    assert [part for part in shows if part not in refused.value.format_message()] == []
    ledger = ledger_of("S1", tmp_path)
    before, file = size(ledger), tmp_path / "court.zip"
    done = run("export", "main", "--audience", "CT", "--purpose", said, "-o", str(file), ledger=ledger)
    assert (done.exit_code, file.exists(), size(ledger)) == (2, False, before)
    assert [part for part in shows if part not in done.stderr] == []


# -- the recorded purpose ----------------------------------------------------------------------------------------------


@cache
def _original() -> Path:
    """Make a ledger with an order PPO-2 of ilves that has sealed values, and offices of other roles."""
    house = House(Path(mkdtemp(prefix="comity-test-"))).furnished()
    asked = ("issue", "--unregistered", "--instrument", "2AP-7", "--to", "XV", "--reference", "PPO-2", "--as", "ilves")
    assert house.run(*asked, "-f", f"summary_of_facts={SECRET}", "-f", "identifiers=skyl-4471").exit_code == 0
    for actor, roles in (("dpo", ["DPO"]), ("aud", ["AUD"]), ("skylark", ["SP"]), ("both", ["ISS", "DPO"])):
        house.with_office(actor, *roles)
    return house.folder


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(Path(shutil.copytree(_original(), tmp_path / "house")))


def accesses(house: House) -> list[tuple[str, str, str, Any]]:
    """Return role, view, purpose and person of each recorded access."""
    with (
        click.Context(click.Command("test"), obj=Invocation(ledger=str(house.ledger))),
        reading(house.ledger) as reader,
    ):
        return [(e.role, e.public["view"], e.public["purpose_code"], e.get("person")) for e in reader.accesses()]


@pytest.mark.parametrize(
    ("actor", "role", "purpose"),
    [("ilves", "ISS", "investigation"), ("dpo", "DPO", "supervision"), ("aud", "AUD", "audit")],
)
def test_an_opening_says_the_purpose_of_the_office_that_opens(
    house: House, actor: str, role: str, purpose: str
) -> None:
    assert house.run("timeline", "PPO-2", "--reveal", *WHY, "--as", actor).exit_code == 0
    assert accesses(house) == [(role, "timeline", purpose, PERSON)]


def test_the_reveal_of_a_data_protection_officer_says_so(house: House) -> None:
    done = house.run("register", "PPO-2", "--reveal", "--because", "audit by the DPO", "--as", "dpo")
    assert done.exit_code in (0, 3), done.output
    assert accesses(house) == [("DPO", "dpo", "supervision", PERSON)]
    assert (
        "read the record (the report on data protection) for the supervision of data protection. "
        f"(justification: audit by the DPO; person: {PERSON})"
    ) in " ".join(done.stdout.split())


@pytest.mark.parametrize("command", [("register", "PPO-2"), ("report", "dpo", "PPO-2")])
def test_an_issuing_office_says_what_it_opens_the_processing_record_for(house: House, command: tuple[str, ...]) -> None:
    reveal = (*command, "--reveal", "--because", "subject access request 1", "--as", "ilves")
    before = house.run("checkpoint").stdout
    done = house.run(*reveal)
    assert (done.exit_code, done.stdout) == (5, "")
    assert "--purpose CODE" in done.stderr
    assert house.run("checkpoint").stdout == before
    assert house.run(*reveal, "--purpose", "rights-request").exit_code in (0, 3)
    assert accesses(house) == [("ISS", "dpo", "rights-request", PERSON)]


def test_an_office_with_two_purposes_says_which_and_signs_in_that_role(house: House) -> None:
    reveal = ("timeline", "PPO-2", "--reveal", *WHY, "--as", "both")
    done = house.run(*reveal)
    assert (done.exit_code, done.stdout) == (5, "")
    assert "ISS (investigation) or DPO (supervision)" in done.stderr
    for purpose in ("supervision", "investigation", "rights-request"):
        assert house.run(*reveal, "--purpose", purpose).exit_code == 0
    assert [(role, purpose) for role, _, purpose, _ in accesses(house)] == [
        ("DPO", "supervision"),
        ("ISS", "investigation"),
        ("ISS", "rights-request"),
    ]


@pytest.mark.parametrize(
    ("actor", "audience", "purpose"),
    [
        ("ilves", "COURT", "trial"),
        ("ilves", "DEF", "defence"),
        ("ilves", "CUST", "rights-request"),
        ("ilves", "NOT", "investigation"),
        ("ilves", "AUD", "audit"),
        ("dpo", "CUST", "rights-request"),
        ("dpo", "ISS", "supervision"),
        ("skylark", "ISS", "investigation"),
    ],
)
def test_a_bundle_states_one_purpose_in_its_manifest_and_in_its_access_entry(
    house: House, actor: str, audience: str, purpose: str
) -> None:
    file = house.folder / "out.zip"
    done = house.run("export", "PPO-2", "--audience", audience, "--as", actor, "-o", str(file))
    assert done.exit_code == 0, done.output
    assert open_manifest(unpack(file.read_bytes())[MANIFEST]).purpose == purpose
    opened = [] if audience in ("AUD", "CUST") else [(purpose, PERSON)]  # these roles read no sealed value here
    assert [(said, who) for _, _, said, who in accesses(house)] == opened


def test_a_bundle_whose_purpose_nobody_knows_is_not_made(house: House) -> None:
    file = house.folder / "out.zip"
    asked = ("export", "PPO-2", "--audience", "SP", "--as", "skylark", "-o", str(file))
    done = house.run(*asked)
    assert (done.exit_code, file.exists(), accesses(house)) == (5, False, [])
    assert "--purpose CODE" in done.stderr
    assert house.run(*asked, "--purpose", "other", "--because", "our own file").exit_code == 0


def test_a_purpose_that_is_said_stands(house: House) -> None:
    file = house.folder / "out.zip"
    asked = ("export", "PPO-2", "--audience", "COURT", "--as", "ilves", "-o", str(file))
    assert house.run(*asked, "--purpose", "prosecution", "--because", "charges").exit_code == 0
    assert open_manifest(unpack(file.read_bytes())[MANIFEST]).purpose == "prosecution"
    assert [purpose for _, _, purpose, _ in accesses(house)] == ["prosecution"]


def test_a_purpose_without_an_opening_is_a_mistake(house: House) -> None:
    done = house.run("timeline", "PPO-2", "--purpose", "trial")
    assert (done.exit_code, "--purpose without --reveal" in done.stderr) == (2, True)


def test_who_may_not_record_a_report_opens_nothing_for_it(house: House) -> None:
    """The role is checked before values are opened and a file is written."""
    file = house.folder / "custody.html"
    asked = ("report", "custody", "PPO-2", "--record", "-o", str(file), "--reveal", *WHY, "--as")
    assert house.run(*asked, "nobody").exit_code == 2
    assert house.run(*asked, "both").exit_code == 2, "in which of two roles?"
    assert (accesses(house), file.exists()) == ([], False)


# -- the person --------------------------------------------------------------------------------------------------------


REVEALS = [
    ("timeline", "PPO-2", "--reveal", *WHY, "--as", "ilves"),
    ("custody", "PPO-2", "--reveal", *WHY, "--as", "ilves"),
    ("replay", "PPO-2", "--at", "2099-01-01T00:00:00Z", "--reveal", *WHY, "--as", "ilves"),
    ("register", "PPO-2", "--reveal", *WHY, "--as", "ilves", "--purpose", "audit"),
    ("report", "custody", "PPO-2", "--reveal", *WHY, "--as", "ilves"),
    ("export", "PPO-2", "--format", "custody-csv", "--reveal", *WHY, "--as", "ilves", "-o", "-"),
    ("export", "PPO-2", "--format", "case", "--reveal", *WHY, "--as", "ilves", "-o", "-"),
    ("desk", "--as", "ilves", "--listen", "127.0.0.1:0"),
]


@pytest.mark.parametrize("command", REVEALS, ids=lambda c: " ".join(c[:2]))
def test_without_a_person_nothing_is_shown_or_recorded(house: House, command: tuple[str, ...]) -> None:
    house.env |= NOBODY
    done = house.run(*command)
    assert (done.exit_code, done.stdout) == (5, ""), done.output
    assert "comity key person ilves 'Name Surname'" in done.stderr
    assert "--person TEXT" in done.stderr
    assert accesses(house) == []


def test_without_a_person_no_bundle_with_opened_values_is_made(house: House) -> None:
    house.env |= NOBODY
    file = house.folder / "court.zip"
    asked = ("export", "PPO-2", "--audience", "COURT", "--as", "ilves", "-o", str(file))
    done = house.run(*asked)
    assert (done.exit_code, file.exists(), accesses(house)) == (5, False, [])
    assert list((house.folder / "state").rglob("pending/*")) == []
    assert house.run(*asked, "--person", "Dina Ilves").exit_code == 0
    assert accesses(house) == [("ISS", "export", "trial", "Dina Ilves")]


def test_the_person_is_the_one_said_else_the_one_set_else_the_holder_of_the_key(tmp_path: Path) -> None:
    house = House(tmp_path).begun()
    house.env |= NOBODY
    house.reply("key", "new", "ilves")
    enrol = ("key", "enrol", "ilves", "--role", "ISS", "--party", "XO", "--holder", "Dina Ilves")
    assert (house.run(*enrol).exit_code, house.run("key", "accept", "ilves").exit_code) == (0, 0)
    house.order()
    reveal = ("timeline", "PPO-1", "--reveal", *WHY, "--as", "ilves")
    assert house.run(*reveal).exit_code == 0
    assert house.run("key", "person", "ilves", "  Max  Gru\u0308n ").exit_code == 0
    assert house.run(*reveal).exit_code == 0
    assert house.run(*reveal, "--person", "Eva Rand").exit_code == 0
    house.env["COMITY_PERSON"] = "Ada Roe"
    assert house.run(*reveal).exit_code == 0
    assert [who for *_, who in accesses(house)] == ["Dina Ilves", "Max Gr\u00fcn", "Eva Rand", "Ada Roe"]
    assert house.reply("key", "person", "ilves")["persons"][0]["person"] == "Max Gr\u00fcn"
    assert "Dina" not in house.run("key", "person", "ilves").output, "the holder is sealed"


@pytest.mark.parametrize("name", ["", "  ", "12", "a\nb\u202e", "x" * 201, "Eva\u200bRand"])
def test_what_is_no_name_of_a_person_is_refused_before_anything_is_recorded(house: House, name: str) -> None:
    for command in (("timeline", "PPO-2", "--reveal", *WHY, "--as", "ilves", "--person", name),
                    ("key", "person", "ilves", name)):  # fmt: skip
        done = house.run(*command)
        assert done.exit_code == 5, done.output
        assert "--person 'Dina Ilves'" in done.stderr
    assert accesses(house) == []
    assert not (house.keys / "persons").exists()


def test_the_first_use_at_a_terminal_asks_once_for_each_key(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def answers(text: str, **_: Any) -> str:
        asked.append(text)
        return "Dina  Ilves"

    monkeypatch.setattr(prompts, "attended", lambda: True)
    monkeypatch.setattr(click, "prompt", answers)
    with click.Context(click.Command("test"), obj=Invocation(ledger=str(house.ledger))):
        for name, value in house.env.items():
            monkeypatch.setenv(name, value)
        with writing() as journal:
            signer = hand(journal, "record-accessed", "ilves", "ISS", None)
            assert [person_of(journal, signer, None) for _ in range(2)] == ["Dina Ilves"] * 2
            assert remembered(journal.home, signer.public) == "Dina Ilves"
    assert len(asked) == 1


def test_the_file_of_a_person_is_read_by_its_owner_alone(house: House) -> None:
    assert house.run("key", "person", "ilves", "Dina Ilves").exit_code == 0
    (file,) = (house.keys / "persons").iterdir()
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert house.run("key", "person", "skylark2", "Dina Ilves").exit_code == 2


def test_in_the_ledger_of_a_story_persons_are_as_invented_as_their_offices(tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    done = run("custody", "main", "--reveal", *WHY, "--as", "orn", ledger=ledger, **NOBODY)
    assert done.exit_code == 0, done.output
    file = str(tmp_path / "court.zip")
    assert run("export", "main", "--audience", "COURT", "-o", file, ledger=ledger, **NOBODY).exit_code == 0
    with reading(ledger) as reader:
        assert [e.get("person") for e in reader.accesses()] == [
            "an invented person of Cyber Unit Karsk",
            "an invented person of Prosecutor's Office Karsk",
        ]
    (ledger / "TEST").unlink()
    done = run("custody", "main", "--reveal", *WHY, "--as", "orn", ledger=ledger, **NOBODY)
    assert done.exit_code != 0, "only a test ledger is a story's"


def test_a_name_is_kept_in_one_form() -> None:
    assert checked("  Jo\u0308rg   M\u00fcller-O'Neil ", ()) == "J\u00f6rg M\u00fcller-O'Neil"


def test_reading_and_exporting_without_opening_asks_for_no_person(house: House) -> None:
    house.env |= NOBODY
    assert house.run("timeline", "PPO-2").exit_code == 0
    file = house.folder / "node.zip"
    assert house.run("export", "PPO-2", "--audience", "SYS", "--as", "ilves", "-o", str(file)).exit_code == 0
    assert reply("verify", str(file), "--trust", str(house.ledger / "trust"))["verdict"] == "TOTAL-PASSED"


def test_a_ledger_of_the_first_version_records_persons_from_now_on(tmp_path: Path) -> None:
    house = Kept("karsk", tmp_path)
    house.env |= NOBODY

    def reads() -> list[str]:
        return [read["person"] for read in json.loads(house.run("report", "dpo", "E-8", "--json").stdout)["reads"]]

    reveal = ("timeline", "E-8", "--reveal", *WHY, "--as", "orn")
    before = reads()
    assert set(before) == {"not stated"}
    assert house.run(*reveal).exit_code == 5
    assert reads() == before
    assert house.run("key", "person", "orn", "Pavel Orn").exit_code == 0
    assert house.run(*reveal).exit_code == 0
    assert reads() == [*before, "[sealed]"]
    assert accesses(house)[-1] == ("RET", "timeline", "investigation", "Pavel Orn")
