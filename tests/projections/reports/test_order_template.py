"""The template of an order names and explains every field that its instrument asks for, and states none of them."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cli.exit_codes import Exit
from ledger.facts import build, kind_of
from ledger.facts.vocabulary import INSTRUMENTS
from ledger.law import FINDING_RULES
from ledger.law.next_steps.lookup import FINDINGS
from ledger.law.rules.check import FindingRule
from ledger.law.rules.order_contents import CONTENTS
from projections.reports.order_template import BY_ITSELF, example, template
from tests.support.cli import House, run

BOOK = "party,zone,actor,name,roles,key\nXO,UTC,ilves,Office,ISS,new\nXV,Europe/Dublin,skylark,Skylark,SP,\n"


@pytest.fixture
def house(tmp_path: Path) -> House:
    (tmp_path / "offices.csv").write_text(BOOK)
    house = House(tmp_path).begun()
    assert house.run("offices", "add", str(tmp_path / "offices.csv")).exit_code == 0
    return house


def filled(house: House, document: dict[str, Any], **values: Any) -> str:
    (house.folder / "order.json").write_text(json.dumps(document | values))
    return str(house.folder / "order.json")


def made(instrument: str, house: House | None = None) -> dict[str, Any]:
    words = ("issue", "--template", instrument)
    done = run(*words) if house is None else house.run(*words)
    assert done.exit_code == 0, done.output
    document: dict[str, Any] = json.loads(done.stdout)
    return document


@pytest.mark.parametrize("instrument", INSTRUMENTS)
def test_each_field_that_the_instrument_asks_for_is_there_without_a_value_and_explained(instrument: str) -> None:
    document = made(instrument)
    asked = {name for point in CONTENTS.get(instrument, ()) for name in point.fields} - {*BY_ITSELF}
    fields = {name for name in document if not name.startswith("#")}
    assert asked <= fields
    assert {name for name in document if name.startswith("# ")} == {f"# {name}" for name in fields}
    assert [name for name in fields if document[name] is not None] == ["instrument"]
    for point in CONTENTS.get(instrument, ()):
        assert all(f"{point.cite} asks for it" in document[f"# {n}"] for n in point.fields if n not in BY_ITSELF)


@pytest.mark.parametrize("name", [n for n in template("2AP-7", {}) if not n.startswith("#") and n != "supervision"])
def test_each_example_has_the_form_of_its_field(name: str) -> None:
    field = kind_of("order-issued").fields()[name]
    parties = {"instrument": "2AP-7", "from_party": "XO", "to_party": "XV"}
    value = {name: json.loads(example(field))}
    build("order-issued", parties | ({} if field.sealed else value), value if field.sealed else {})


def test_what_the_register_leaves_no_choice_about_is_filled_in(house: House) -> None:
    document = made("EPOC", house)
    assert (document["to_party"], document["providers"]) == ("XV", ["skylark"])
    assert f"comity issue --from order.json --as ilves --ledger {house.ledger}" not in run("issue").stdout


@dataclass
class Reader:
    """A ledger of the Party XO whose register has these offices: Party, short name, roles."""

    register: tuple[tuple[str, str, tuple[str, ...]], ...]

    def keyring(self) -> Any:
        offices = {name: SimpleNamespace(party=p, actor=name, roles=roles) for p, name, roles in self.register}
        return SimpleNamespace(offices=offices)

    def party(self) -> str:
        return "XO"


ISSUER, PROVIDER = ("XO", "ilves", ("RET", "ISS")), ("XV", "skylark", ("SP",))


@pytest.mark.parametrize(
    ("register", "to", "office"),
    [
        ((), None, "OFFICE"),
        ((ISSUER, PROVIDER), ("XV", ["skylark"]), "ilves"),
        ((ISSUER, ("XW", "fjord", ("CT", "REG"))), ("XW", ["fjord"]), "ilves"),
        ((PROVIDER, ISSUER, ("XO", "court", ("CT", "VAL"))), ("XV", ["skylark"]), "ilves"),
        # there is a choice, or nothing to choose
        ((ISSUER, ("XO", "second", ("ISS",)), PROVIDER), ("XV", ["skylark"]), "OFFICE"),
        ((ISSUER, PROVIDER, ("XW", "fjord", ("SP",))), None, "ilves"),
        # who is of the wrong Party or in another role is neither
        ((("XO", "own", ("SP",)), ISSUER), None, "ilves"),
        ((("XV", "other", ("ISS",)), PROVIDER), ("XV", ["skylark"]), "OFFICE"),
        ((ISSUER, ("XV", "notified", ("NOT", "CAQ"))), None, "ilves"),
        ((ISSUER, ("XO", "own", ("SP",)), PROVIDER), ("XV", ["skylark"]), "ilves"),
    ],
)
def test_the_only_provider_abroad_is_filled_in_and_the_only_office_that_issues_is_named(
    register: Any, to: tuple[str, list[str]] | None, office: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def opened(*, describe: bool = True) -> Iterator[Reader]:
        yield Reader(register)

    monkeypatch.setattr("cli.session.ledger_reader.reading_anywhere", opened)
    monkeypatch.setattr("cli.session.ledger_choice.has_ledger", lambda: True)
    done = run("issue", "--template", "EPOC")
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    assert (document["to_party"], document["providers"]) == (to or (None, None))
    assert f"comity issue --from order.json --as {office}" in done.stderr


def test_a_template_is_linted_as_it_is_and_all_that_is_missing_is_listed_at_once(house: House) -> None:
    done = house.run("lint", filled(house, made("EPOC", house)), "--json")
    assert done.exit_code == Exit.FINDINGS
    codes = [item["code"] for item in json.loads(done.stdout)["missing"]]
    assert {"FE503", "FE504", "FE506", "FE509", "FE510", "FE512"} <= {*codes}
    assert "FE501" not in codes  # the command that issues states it


def test_a_filled_template_is_issued_and_what_stays_null_is_not_stated(house: House) -> None:
    document = filled(house, made("EPOC", house), reference="E-7", identifiers=["acct-1"], data_categories=["content"])
    done = house.run("issue", "--from", document, "--as", "ilves")
    assert done.exit_code == 0, done.output
    (entry,) = house.reply("timeline", "E-7")["timeline"]
    assert entry["fields"]["to_party"] == "XV"
    assert "offence_provisions" not in entry["fields"]
    assert entry["fields"]["identifiers"] == "[sealed]"


def test_faults_of_form_are_listed_together_with_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "o.json").write_text('{"instrument": "2AP-7", "elements_sought": ["email"], "nothing": 1, "#": ""}')
    done = run("lint", str(tmp_path / "o.json"), "--json")
    assert done.exit_code == Exit.UNDECIDABLE
    missing = json.loads(done.stdout)["missing"]
    says = " ".join(f"{item['level']} {item['says']} {item['add']}" for item in missing)
    for part in ("email-address", "expected a field of order-issued", "to_party: ", "from_party: ", "offences"):
        assert part in says
    (tmp_path / "o.json").write_text("{}")
    empty = json.loads(run("lint", str(tmp_path / "o.json"), "--json").stdout)["missing"]
    assert [item["level"] for item in empty] == ["form"] * 3


@pytest.mark.parametrize("within", [None, ("public", "sealed")])
def test_a_null_states_nothing_also_in_a_file_without_explanations(
    house: House, within: tuple[str, str] | None
) -> None:
    public = {"instrument": "EPOC", "to_party": "XV", "supervision": None}
    order = public | {"offences": None} if within is None else {"public": public, "sealed": {"offences": None}}
    done = house.run("issue", "--from", filled(house, order), "--as", "ilves", "--dry-run")
    assert done.exit_code == 0, done.output
    stated = json.loads(done.stdout)
    assert "supervision" not in stated["public"]
    assert stated["sealed"] == {}


def test_without_a_file_the_instrument_and_the_party_are_asked_for(house: House) -> None:
    done = house.run("issue", "--to", "XV", "--as", "ilves")
    assert (done.exit_code, "--instrument CODE is missing" in done.stderr) == (Exit.USAGE, True)


def test_an_instrument_is_named_in_words_or_met_with_what_is_meant() -> None:
    assert made("order under an agreement made under the CLOUD Act, 18 U.S.C. 2523")["instrument"] == "COA"
    wrong = run("issue", "--template", "production order")
    assert (wrong.exit_code, "did you mean" in wrong.stderr) == (Exit.USAGE, True)


# -- an act that is not in force ---------------------------------------------------------------------------------------


def test_an_order_under_a_treaty_that_is_not_known_to_bind_says_how_the_register_states_it(house: House) -> None:
    document = made("2AP-7", house) | {"reference": "P-1"}
    (finding,) = [
        item
        for item in json.loads(house.run("lint", filled(house, document), "--json").stdout)["missing"]
        if item["code"] == "V-NOT-IN-FORCE"
    ]
    assert [command.split()[4] for command in finding["commands"]] == ["party=XO", "party=XV"]
    issued = house.run("issue", "--from", filled(house, document), "--as", "ilves")
    typed = [line.strip() for line in issued.stderr.splitlines() if line.startswith("  comity record party-registered")]
    assert [line.replace(f" --ledger {house.ledger}", "") for line in typed] == finding["commands"]
    for command in finding["commands"]:
        words = command.replace("DAY", "2026-01-01").split()[1:]
        assert house.run(*words).exit_code == 0
    linted = house.run("lint", filled(house, document)).stdout
    assert "V-NOT-IN-FORCE" not in linted


def test_a_field_is_explained_with_its_form_its_codes_and_the_provisions_that_ask_for_it() -> None:
    epoc, direct = template("EPOC", {"reference": "E-7"}), template("2AP-7", {})
    assert epoc["# elements_sought"].endswith("Codes: `comity vocabulary elements`. Section F of the form.")
    without = {name for name, says in epoc.items() if name.startswith("# ") and "Codes: " not in str(says)}
    assert {"# reference", "# providers"} <= without
    assert "EPOC:5(5)(d) asks for it." in epoc["# data_categories"]
    assert "(`comity vocabulary " in epoc["# data_categories"]
    assert "2AP:7(4)(f) asks for it if a request for confidentiality is on record." in direct["# special_instructions"]
    assert ("Sealed." in epoc["# identifiers"], "Sealed." in epoc["# reference"]) == (True, False)
    assert (epoc["instrument"], epoc["reference"], epoc["case_ref"]) == ("EPOC", "E-7", None)
    assert not {*BY_ITSELF} & {*epoc}


# -- template and law agree --------------------------------------------------------------------------------------------

READS = re.compile(r"(?:order|issued|version)\.(?:states|lacks|get|stated)\(\"(\w+)\"")
NO_QUESTION = {"from_party", "to_party", "issuing_authority"}  # every order has them


def rules_of(instrument: str) -> list[FindingRule]:
    return [rule for rule in FINDING_RULES if not rule.instruments or instrument in rule.instruments]


@pytest.mark.parametrize("instrument", INSTRUMENTS)
def test_every_field_that_a_rule_reads_of_the_order_is_in_the_template(instrument: str) -> None:
    there, fields = template(instrument, {}).keys(), kind_of("order-issued").fields()
    for rule in rules_of(instrument):
        look = rule.look.func if isinstance(rule.look, partial) else rule.look
        read = {name for name in READS.findall(inspect.getsource(look)) if name in fields} - NO_QUESTION
        assert read <= there, rule.code


@pytest.mark.parametrize("instrument", INSTRUMENTS)
def test_every_field_that_a_remedy_states_again_is_in_the_template(instrument: str) -> None:
    there, fields = template(instrument, {}).keys(), kind_of("order-issued").fields()
    for rule in rules_of(instrument):
        for remedy in FINDINGS.get(rule.code, ()):
            command = remedy.command or ""
            again = "order-issued" in remedy.about and command.startswith("record KIND ")
            stated = set(re.findall(r"-f (\w+)=", command)) if again else set()
            stated |= set(re.findall(r"-f changed_fields=(\w+)", command))
            assert {name for name in stated if name in fields} <= there, rule.code


def test_a_draft_is_judged_with_what_is_on_record(house: House) -> None:
    house.with_office("court", "VAL")
    begun = house.reply(
        "record", "order-validated", "new", "--instrument", "EPOC", "-f", "capacity=judge", "-f", "decision=approved",
        "--as", "court",
    )["order"]  # fmt: skip
    file = filled(house, made("EPOC", house), issuing_capacity="public-prosecutor", data_categories=["content"])

    def lacks(*more: str) -> set[str]:
        return {item["code"] for item in json.loads(house.run("lint", file, "--json", *more).stdout)["missing"]}

    assert "FE511" in lacks()
    assert "FE511" not in lacks("--order", begun)
    assert lacks("--order", begun) < lacks()
    issued = house.run("issue", "--from", file, "--order", begun, "--reference", "E-9", "--as", "ilves")
    assert issued.exit_code == 0, issued.output
    done = house.run("lint", file, "--order", "E-9")
    assert (done.exit_code, "`comity judge E-9` says what it lacks" in done.stderr) == (Exit.USAGE, True)
