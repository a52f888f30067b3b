"""An order between two ledgers on two machines: registers that meet, and names of offices of the other ledger."""

from __future__ import annotations

import html
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.support.cli import House

ORDER_NAME = "530 Js 1187/26"
GORLITZ = "Staatsanwaltschaft Görlitz, Zentralstelle für Internetkriminalität"
ORDER = {
    "issuing_capacity": "judge",
    "return_authority": "gorlitz",
    "notification_test": "required",
    "notified_authority": "garda",
    "offence_threshold": "three-years-or-more",
    "dp_regime": "LED",
    "languages": ["en"],
    "data_categories": ["content"],
    "identifiers": ["user-80417"],
    "offence_provisions": ["Penal Code, fraud"],
    "necessity_grounds": "The data cannot be had in a way that weighs less on the person.",
    "summary_of_facts": "Invoices with changed account numbers were sent to several firms.",
}


def judged(house: House) -> dict[str, Any]:
    result = house.run("judge", ORDER_NAME, "--json")
    assert result.exit_code in (0, 3), result.output
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


class Office(House):
    """A ledger of one office on its own machine."""

    def __init__(self, folder: Path, origin: str, actor: str, role: str, name: str) -> None:
        folder.mkdir()
        super().__init__(folder)
        self.actor = actor
        party = origin.split("/")[1].upper()
        self.done("init", str(self.ledger), "--origin", origin)
        self.reply("key", "new", actor)
        self.done("key", "enrol", actor, "--role", role, "--party", party, "--office", name)
        self.done("key", "accept", actor)
        for code, zone in (("DE", "Europe/Berlin"), ("IE", "Europe/Dublin")):
            self.registers("party-registered", party=code, zone=zone, declarations_verified="true")

    def done(self, *args: str) -> str:
        result = self.run(*args)
        assert result.exit_code in (0, 3), result.output
        return str(result.output)

    def registers(self, kind: str, **fields: str) -> None:
        self.done("record", kind, *(part for f in fields.items() for part in ("-f", "=".join(f))), "--as", "registrar")

    def records(self, kind: str, *said: str) -> str:
        return self.done("record", kind, ORDER_NAME, *said, "--as", self.actor)

    def sends(self, other: Office, audience: str, **env: str) -> str:
        file = str(self.folder / f"for-{other.actor}.evidence.zip")
        self.done("export", ORDER_NAME, "--audience", audience, "-o", file, "--as", self.actor)
        return other.done("receive", file, "--as", other.actor)

    def judged(self) -> dict[str, Any]:
        return judged(self)


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> tuple[Office, Office]:
    """Return the prosecutor's and the provider's ledger; the order was raised a ground against, narrowed, answered."""
    folder = tmp_path_factory.mktemp("border")
    gorlitz = Office(folder / "de", "ledger.example/de/gorlitz", "gorlitz", "ISS", GORLITZ)
    lunasa = Office(folder / "ie", "ledger.example/ie/lunasa", "lunasa", "SP", "Lúnasa Mail Limited")
    gorlitz.done("counterparty", "add", str(lunasa.ledger / "trust"))
    lunasa.done("counterparty", "add", str(gorlitz.ledger / "trust"))
    gorlitz.registers("authority-registered", actor="garda", party="IE", roles="NOT", valid_from="2026-01-01")
    file = folder / "order.json"
    file.write_text(json.dumps(ORDER), "utf-8")
    gorlitz.done(
        *("issue", "--instrument", "EPOC", "--to", "IE", "--provider", "lunasa", "--unregistered"),
        *("--reference", ORDER_NAME, "--element", "message-content", "--from", str(file), "--as", "gorlitz"),
    )
    gorlitz.records("order-transmitted", "-f", "addressee=lunasa", "-f", "channel=provider-portal")
    gorlitz.records("notification-sent", "-f", "notified_authority=garda", "-f", "includes=order")
    ground = ("-f", "grounds=EPOC:12(1)(a)", "-f", "scope=part", "-f", "elements=message-content")
    gorlitz.records("ground-for-refusal-raised", *ground, "--speaks", "observation", "--whose", "garda")
    gorlitz.sends(lunasa, "SP")
    return gorlitz, lunasa


def copied(office: Office, folder: Path) -> House:
    """Return a ledger that a test may change."""
    shutil.copytree(office.folder, folder, dirs_exist_ok=True)
    return House(folder)


def codes(judged: dict[str, Any]) -> set[str]:
    return {finding["code"] for finding in judged["findings"]}


def register(house: House, **fields: str) -> None:
    said = [part for f in fields.items() for part in ("-f", "=".join(f))]
    assert house.run("record", "authority-registered", *said, "--as", "registrar").exit_code == 0


def test_an_authority_that_only_the_other_register_knows_makes_no_violation_here(sent: tuple[Office, Office]) -> None:
    gorlitz, lunasa = (office.judged() for office in sent)
    assert "G-OFFICE-UNCONFIRMED" in codes(lunasa)
    assert "record authority-registered -f actor=garda" in sent[1].done("judge", ORDER_NAME)
    assert {code for code in codes(lunasa) - codes(gorlitz) if code.startswith("V")} == set()
    assert (gorlitz["state"], lunasa["state"]) == ("REFUSED_BY_STATE", "UNDETERMINED")


def test_both_judge_the_same_once_both_register_the_authority(sent: tuple[Office, Office], tmp_path: Path) -> None:
    here = copied(sent[1], tmp_path)
    register(here, actor="garda", party="IE", roles="NOT", valid_from="2026-01-01")
    gorlitz, lunasa = sent[0].judged(), judged(here)
    assert codes(lunasa) == codes(gorlitz)
    assert lunasa["state"] == gorlitz["state"]
    assert [(d["id"], d["verdict"], d.get("due")) for d in lunasa["deadlines"]] == [
        (d["id"], d["verdict"], d.get("due")) for d in gorlitz["deadlines"]
    ]


def test_registering_the_other_office_after_its_order_came_changes_nothing(
    sent: tuple[Office, Office], tmp_path: Path
) -> None:
    here = copied(sent[1], tmp_path)
    before, listed = judged(here), here.run("orders").output
    register(here, actor="gorlitz", party="DE", roles="RET", valid_from="2026-12-01")
    after = judged(here)
    assert {name: value for name, value in after.items() if name != "as_of"} == {
        name: value for name, value in before.items() if name != "as_of"
    }
    assert here.run("orders").output == listed
    assert ORDER_NAME in listed


def test_an_office_of_the_other_ledger_is_named_with_the_ledger_that_names_it(sent: tuple[Office, Office]) -> None:
    _, lunasa = sent
    named = f"{GORLITZ} (as ledger.example/de/gorlitz registers it)"
    assert named in " ".join(lunasa.done("timeline", ORDER_NAME).split())
    for report in ("order-form", "custody"):
        page = lunasa.folder / f"{report}.html"
        lunasa.done("report", report, ORDER_NAME, "--format", "html", "--as", "lunasa", "-o", str(page))
        assert named in html.unescape(page.read_text("utf-8"))
    german = lunasa.folder / "form.de.html"
    lunasa.done(
        "report", "order-form", ORDER_NAME, "--format", "html", "--lang", "de", "--as", "lunasa", "-o", str(german)
    )
    assert f"{GORLITZ} (so im Register von ledger.example/de/gorlitz)" in html.unescape(german.read_text("utf-8"))
